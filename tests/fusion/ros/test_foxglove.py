"""Foxglove's schemas as JSON, protobuf and ROS 2 give the same recording."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mcap.writer import Writer

from calibration import Pinhole, SensorKind
from fusion import EncodedImage, Sweep
from fusion.readers import read_source
from fusion.recording import RecordingSource
from fusion.recording.source import PoseSource
from tests.fusion.ros.logs import PERIOD_NS, START_NS

FRAMES = 3
TABLE = np.zeros(5, [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("intensity", "u1"), ("t", "<u4")])
TABLE["x"] = [1, 2, 3, 4, 5]
TABLE["intensity"] = [10, 20, 30, 40, 50]
TABLE["t"] = [0, 25_000_000, 50_000_000, 75_000_000, 99_000_000]
KINDS = {"<f4": 7, "|u1": 1, "<u4": 5}
PIXELS = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)

Fields = dict[str, Any]
Encode = Callable[[str, Fields], bytes]


def xyz(x: float, y: float, z: float) -> Fields:
    return {"x": x, "y": y, "z": z}


def pose(x: float, y: float, z: float) -> Fields:
    return {"position": xyz(x, y, z), "orientation": {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0}}


def messages(frame: int) -> list[tuple[str, str, Fields]]:
    """Topic, schema and fields; `timestamp` is filled in by who writes."""
    fields = [
        {"name": name, "offset": TABLE.dtype.fields[name][1], "type": KINDS[TABLE.dtype[name].str]}
        for name in TABLE.dtype.names or ()
    ]
    packed = cv2.imencode(".jpg", PIXELS)[1].tobytes()
    k = [5.0, 0.0, 2.5, 0.0, 5.0, 1.5, 0.0, 0.0, 1.0]
    lens = {"frame_id": "cam", "width": 6, "height": 4, "distortion_model": "plumb_bob", "K": k}
    car = {
        "frame_id": "base_link",
        "id": "car-7",
        "metadata": [{"key": "category", "value": "vehicle.car"}, {"key": "visibility", "value": "v80-100"}],
        "cubes": [{"pose": pose(10.0, 0.0, 0.0), "size": xyz(4.0, 2.0, 1.5)}],
    }
    return [
        ("/tf", "FrameTransform", link("map", "base_link", float(frame))),
        ("/tf", "FrameTransform", link("base_link", "top", 0.0, 2.0)),
        ("/tf", "FrameTransform", link("base_link", "cam", 1.0)),
        (
            "/top/points",
            "PointCloud",
            {
                "frame_id": "top",
                "pose": pose(0.0, 0.5, 0.0),
                "point_stride": TABLE.itemsize,
                "fields": fields,
                "data": TABLE.tobytes(),
            },
        ),
        ("/cam/calibration", "CameraCalibration", lens),
        ("/cam/image", "CompressedImage", {"frame_id": "cam", "data": packed, "format": "jpeg"}),
        (
            "/rear/image",
            "RawImage",
            {"frame_id": "cam", "width": 6, "height": 4, "encoding": "rgb8", "step": 18, "data": PIXELS.tobytes()},
        ),
        ("/objects", "SceneUpdate", {"entities": [car]}),
    ]


def link(parent: str, child: str, x: float, z: float = 0.0) -> Fields:
    turn = {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0}
    return {"parent_frame_id": parent, "child_frame_id": child, "translation": xyz(x, 0.0, z), "rotation": turn}


def write(path: Path, encoding: str, schema_encoding: str, schema: Callable[[str], bytes], encode: Encode) -> Path:
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start()
        channels: dict[str, int] = {}
        for frame in range(FRAMES):
            time_ns = START_NS + frame * PERIOD_NS
            for topic, name, fields in messages(frame):
                if topic not in channels:
                    number = writer.register_schema(f"foxglove.{name}", schema_encoding, schema(name))
                    channels[topic] = writer.register_channel(topic, encoding, number)
                writer.add_message(channels[topic], time_ns, encode(name, stamped(fields, time_ns)), time_ns)
        writer.finish()
    return path


def stamped(fields: Fields, time_ns: int) -> Fields:
    stamp = {"sec": time_ns // 10**9, "nsec": time_ns % 10**9}
    entities = [each | {"timestamp": stamp} for each in fields.get("entities", ())]
    return {"entities": entities} if entities else fields | {"timestamp": stamp}


def as_json(_name: str, fields: Fields) -> bytes:
    import json

    data = {"data": base64.b64encode(fields["data"]).decode()} if "data" in fields else {}
    return json.dumps(fields | data).encode()


def check(source: RecordingSource) -> None:
    assert {sensor.name: sensor.kind for sensor in source.rig} == {
        "top": SensorKind.LIDAR,
        "cam": SensorKind.CAMERA,
        "rear": SensorKind.CAMERA,
    }
    streams = {stream.sensor: stream for stream in source.streams}
    sweep = streams["top"].load(1)
    assert isinstance(sweep, Sweep)
    assert np.allclose(sweep.points_m, [[x, 0.5, 0.0] for x in range(1, 6)])
    assert sweep.intensity.tolist() == TABLE["intensity"].tolist()
    assert sweep.time_offset_ns.tolist() == TABLE["t"].tolist()
    assert source.rig["cam"].model == Pinhole(6, 4, 5.0, 5.0, 2.5, 1.5)
    photo, raw = streams["cam"].load(0), streams["rear"].load(0)
    assert isinstance(photo, EncodedImage)
    assert isinstance(raw, EncodedImage)
    assert (photo.media_type, raw.media_type) == ("image/jpeg", "image/png")
    assert source.pose_source is PoseSource.TF
    assert np.allclose(source.ego_motion.at(START_NS + 2 * PERIOD_NS).translation, [2, 0, 0])
    assert np.allclose(source.rig["top"].ego_from_sensor.translation, [0, 0, 2])
    table = source.cuboids()
    assert table is not None
    assert set(table.track_ids) == {"car-7"}
    assert set(table.classes) == {"vehicle.car"}
    assert table.frames.tolist() == [0, 1, 2]
    assert np.allclose(table.world_from_object.translation, [[10, 0, 0], [11, 0, 0], [12, 0, 0]])
    assert table.sizes_m[0].tolist() == [4.0, 2.0, 1.5]
    assert table.attributes[0] == {"visibility_level": "v80-100"}


def test_json(tmp_path: Path) -> None:
    check(read_source(write(tmp_path / "log.mcap", "json", "jsonschema", lambda name: b"{}", as_json)))


def test_ros2(tmp_path: Path) -> None:
    """foxglove_msgs, of which ROS's own type store knows nothing: read by the definitions in the file."""
    from mcap_ros2.writer import Writer as Ros2Writer

    time = "builtin_interfaces/Time timestamp\n"
    parts = "=" * 80 + "\nMSG: foxglove_msgs/PackedElementField\nstring name\nuint32 offset\nuint8 type\n"
    parts += (
        "=" * 80 + "\nMSG: geometry_msgs/Pose\ngeometry_msgs/Point position\ngeometry_msgs/Quaternion orientation\n"
    )
    parts += "=" * 80 + "\nMSG: geometry_msgs/Point\nfloat64 x\nfloat64 y\nfloat64 z\n"
    parts += "=" * 80 + "\nMSG: geometry_msgs/Quaternion\nfloat64 x\nfloat64 y\nfloat64 z\nfloat64 w\n"
    text = time + "string frame_id\ngeometry_msgs/Pose pose\nuint32 point_stride\n"
    text += "foxglove_msgs/PackedElementField[] fields\nuint8[] data\n" + parts
    cloud = next(fields for topic, _, fields in messages(0) if topic == "/top/points")
    stamp = {"sec": START_NS // 10**9, "nanosec": START_NS % 10**9}
    with (tmp_path / "log.mcap").open("wb") as file:
        writer = Ros2Writer(file)
        schema = writer.register_msgdef("foxglove_msgs/msg/PointCloud", text)
        writer.write_message("/top/points", schema, cloud | {"timestamp": stamp}, START_NS)
        writer.finish()
    source = read_source(tmp_path / "log.mcap")
    sweep = source.streams[0].load(0)
    assert isinstance(sweep, Sweep)
    assert np.allclose(sweep.points_m, [[x, 0.5, 0.0] for x in range(1, 6)])
    assert source.streams[0].timeline.times_ns.tolist() == [START_NS]


def test_protobuf(tmp_path: Path) -> None:
    pytest.importorskip("google.protobuf", reason="protobuf is not installed")
    from google.protobuf import json_format, message_factory

    pool, files = _foxglove_pool()

    def encode(name: str, fields: Fields) -> bytes:
        kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"foxglove.{name}"))
        return bytes(json_format.ParseDict(_protobuf_json(fields), kind()).SerializeToString())

    check(read_source(write(tmp_path / "log.mcap", "protobuf", "protobuf", lambda name: files, encode)))


def test_a_protobuf_schema_that_is_none(tmp_path: Path) -> None:
    from calibration.errors import FormatError

    pytest.importorskip("google.protobuf", reason="protobuf is not installed")
    path = write(tmp_path / "log.mcap", "protobuf", "protobuf", lambda name: b"\xff\xfe", as_json)
    with pytest.raises(FormatError, match=r"the schema of /.* is broken"):
        read_source(path)


def _protobuf_json(value: Any) -> Any:
    """Protobuf's own JSON: base64 for bytes, text for times, and K in lower case is K all the same."""
    if isinstance(value, dict):
        if value.keys() == {"sec", "nsec"}:
            seconds = np.datetime64(value["sec"], "s")
            return f"{seconds}.{value['nsec']:09d}Z"
        return {name: _protobuf_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_protobuf_json(each) for each in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _foxglove_pool() -> tuple[Any, bytes]:
    """The part of Foxglove's schemas that is used here, and its FileDescriptorSet, times behind what needs them."""
    from google.protobuf import descriptor_pb2, descriptor_pool, timestamp_pb2

    kinds = descriptor_pb2.FieldDescriptorProto
    simple = {"double": 1, "string": 9, "bytes": 12, "fixed32": 7, "enum": 5}
    described = {
        "Vector3": "double x, double y, double z",
        "Quaternion": "double x, double y, double z, double w",
        "Pose": "Vector3 position, Quaternion orientation",
        "PackedElementField": "string name, fixed32 offset, enum type",
        "PointCloud": "Time timestamp, string frame_id, Pose pose, fixed32 point_stride, "
        "PackedElementField* fields, bytes data",
        "FrameTransform": "Time timestamp, string parent_frame_id, string child_frame_id, Vector3 translation, "
        "Quaternion rotation",
        "CameraCalibration": "Time timestamp, string frame_id, fixed32 width, fixed32 height, string distortion_model, "
        "double* D, double* K, double* R, double* P",
        "CompressedImage": "Time timestamp, string frame_id, bytes data, string format",
        "RawImage": "Time timestamp, string frame_id, fixed32 width, fixed32 height, string encoding, fixed32 step, "
        "bytes data",
        "KeyValuePair": "string key, string value",
        "CubePrimitive": "Pose pose, Vector3 size",
        "SceneEntity": "Time timestamp, string frame_id, string id, KeyValuePair* metadata, CubePrimitive* cubes",
        "SceneUpdate": "SceneEntity* entities",
    }
    file = descriptor_pb2.FileDescriptorProto(name="foxglove.proto", package="foxglove", syntax="proto3")
    file.dependency.append("google/protobuf/timestamp.proto")
    for name, text in described.items():
        kind = file.message_type.add(name=name)
        for number, part in enumerate(text.split(", "), 1):
            type_name, field = part.replace("* ", " * ").replace(" *", "*", 1).split(" ", 1)
            repeated = type_name.endswith("*")
            type_name = type_name.rstrip("*")
            entry = kind.field.add(name=field, number=number)
            entry.label = kinds.LABEL_REPEATED if repeated else kinds.LABEL_OPTIONAL
            entry.type = simple.get(type_name, kinds.TYPE_MESSAGE)
            if type_name not in simple:
                entry.type_name = ".google.protobuf.Timestamp" if type_name == "Time" else f".foxglove.{type_name}"
    times = descriptor_pb2.FileDescriptorProto()
    timestamp_pb2.DESCRIPTOR.CopyToProto(times)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(times.SerializeToString())
    pool.AddSerializedFile(file.SerializeToString())
    return pool, descriptor_pb2.FileDescriptorSet(file=[file, times]).SerializeToString()
