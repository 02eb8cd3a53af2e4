"""Small logs of every kind, made with the libraries that other people read and write them with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mcap.writer import CompressionType, IndexType, Writer
from rosbags.rosbag1 import Writer as Bag1Writer
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin
from rosbags.rosbag2 import Writer as Bag2Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

START_NS = 1_700_000_000_000_000_000
PERIOD_NS = 100_000_000

ROS2 = get_typestore(Stores.ROS2_JAZZY)
ROS1 = get_typestore(Stores.ROS1_NOETIC)
ROS1.register(get_types_from_msg("geometry_msgs/TransformStamped[] transforms", "tf2_msgs/msg/TFMessage"))

NUMBERS = {"i1": 1, "u1": 2, "i2": 3, "u2": 4, "i4": 5, "u4": 6, "f4": 7, "f8": 8}


class Said(NamedTuple):
    """One message: topic, when it is logged, and a ROS message or a JSON value."""

    topic: str
    log_ns: int
    message: Any


def make(type_name: str, store: Any = ROS2, **fields: Any) -> Any:
    return store.types[type_name](**fields)


def header(time_ns: int, frame: str, store: Any = ROS2) -> Any:
    seconds, rest = divmod(time_ns, 1_000_000_000)
    stamp = make("builtin_interfaces/msg/Time", store, sec=seconds, nanosec=rest)
    first = {"seq": 0} if store is ROS1 else {}
    return make("std_msgs/msg/Header", store, **first, stamp=stamp, frame_id=frame)


def cloud(table: np.ndarray, time_ns: int, frame: str, store: Any = ROS2, *, rows: int = 1, padding: int = 0) -> Any:
    """From a structured array (N,), with its byte order, its offsets, and padding behind each row."""
    layout = table.dtype
    fields = [
        make(
            "sensor_msgs/msg/PointField",
            store,
            name=name,
            offset=layout.fields[name][1],
            datatype=NUMBERS[layout[name].str[1:]],
            count=1,
        )
        for name in layout.names
    ]
    width = len(table) // rows
    data = np.zeros((rows, width * layout.itemsize + padding), np.uint8)
    data[:, : width * layout.itemsize] = np.frombuffer(table.tobytes(), np.uint8).reshape(rows, -1)
    return make(
        "sensor_msgs/msg/PointCloud2",
        store,
        header=header(time_ns, frame, store),
        height=rows,
        width=width,
        fields=fields,
        is_bigendian=layout["x"].str[0] == ">",
        point_step=layout.itemsize,
        row_step=data.shape[1],
        data=data.reshape(-1),
        is_dense=True,
    )


def points(count: int = 40, seed: int = 0, order: str = "<", extra: str = "") -> np.ndarray:
    """x, y, z, intensity and whatever `extra` (name:type) says."""
    names = [("x", "f4"), ("y", "f4"), ("z", "f4"), ("intensity", "f4")]
    names += [tuple(extra.split(":"))] if extra else []  # type: ignore[list-item]
    table = np.zeros(count, [(name, order + kind) for name, kind in names])
    rng = np.random.default_rng(seed)
    for name in "xyz":
        table[name] = rng.uniform(-30, 30, count)
    table["intensity"] = rng.integers(0, 255, count)
    return table


def image(pixels: np.ndarray, encoding: str, time_ns: int, frame: str, store: Any = ROS2, padding: int = 0) -> Any:
    row = np.ascontiguousarray(pixels).view(np.uint8).reshape(pixels.shape[0], -1)
    data = np.pad(row, ((0, 0), (0, padding)))
    return make(
        "sensor_msgs/msg/Image",
        store,
        header=header(time_ns, frame, store),
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=int(pixels.dtype.str[0] == ">"),
        step=data.shape[1],
        data=data.reshape(-1),
    )


def packed(data: bytes, form: str, time_ns: int, frame: str) -> Any:
    values = np.frombuffer(data, np.uint8)
    return make("sensor_msgs/msg/CompressedImage", header=header(time_ns, frame), format=form, data=values)


def lens(
    time_ns: int,
    frame: str,
    store: Any = ROS2,
    *,
    size: tuple[int, int] = (64, 48),
    k: tuple[float, float, float, float] = (60.0, 61.0, 31.5, 23.5),
    d: tuple[float, ...] = (),
    model: str = "plumb_bob",
    p: tuple[float, float, float, float] | None = None,
) -> Any:
    matrix = np.array([k[0], 0, k[2], 0, k[1], k[3], 0, 0, 1.0])
    fx, fy, cx, cy = p or k
    region = make(
        "sensor_msgs/msg/RegionOfInterest", store, x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
    )
    values = {
        "d": np.array(d, np.float64),
        "k": matrix,
        "r": np.eye(3).reshape(-1),
        "p": np.array([fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1.0, 0]),
    }
    named = {name.upper() if store is ROS1 else name: value for name, value in values.items()}
    return make(
        "sensor_msgs/msg/CameraInfo",
        store,
        header=header(time_ns, frame, store),
        height=size[1],
        width=size[0],
        distortion_model=model,
        **named,
        binning_x=0,
        binning_y=0,
        roi=region,
    )


def pose_parts(row: Iterable[float], store: Any, position: str) -> tuple[Any, Any]:
    x, y, z, qw, qx, qy, qz = map(float, row)
    turn = make("geometry_msgs/msg/Quaternion", store, x=qx, y=qy, z=qz, w=qw)
    return make(f"geometry_msgs/msg/{position}", store, x=x, y=y, z=z), turn


def transform(time_ns: int, parent: str, child: str, row: Iterable[float], store: Any = ROS2) -> Any:
    place, turn = pose_parts(row, store, "Vector3")
    moved = make("geometry_msgs/msg/Transform", store, translation=place, rotation=turn)
    link = make(
        "geometry_msgs/msg/TransformStamped",
        store,
        header=header(time_ns, parent, store),
        child_frame_id=child,
        transform=moved,
    )
    return make("tf2_msgs/msg/TFMessage", store, transforms=[link])


def pose_stamped(time_ns: int, frame: str, row: Iterable[float]) -> Any:
    place, turn = pose_parts(row, ROS2, "Point")
    pose = make("geometry_msgs/msg/Pose", position=place, orientation=turn)
    return make("geometry_msgs/msg/PoseStamped", header=header(time_ns, frame), pose=pose)


def odometry(time_ns: int, frame: str, child: str, row: Iterable[float]) -> Any:
    place, turn = pose_parts(row, ROS2, "Point")
    pose = make("geometry_msgs/msg/Pose", position=place, orientation=turn)
    zero = make("geometry_msgs/msg/Vector3", x=0.0, y=0.0, z=0.0)
    twist = make("geometry_msgs/msg/Twist", linear=zero, angular=zero)
    return make(
        "nav_msgs/msg/Odometry",
        header=header(time_ns, frame),
        child_frame_id=child,
        pose=make("geometry_msgs/msg/PoseWithCovariance", pose=pose, covariance=np.zeros(36)),
        twist=make("geometry_msgs/msg/TwistWithCovariance", twist=twist, covariance=np.zeros(36)),
    )


def fix(time_ns: int, latitude: float, longitude: float, altitude: float, status: int = 0) -> Any:
    return make(
        "sensor_msgs/msg/NavSatFix",
        header=header(time_ns, "gps"),
        status=make("sensor_msgs/msg/NavSatStatus", status=status, service=1),
        latitude=latitude,
        longitude=longitude,
        altitude=altitude,
        position_covariance=np.zeros(9),
        position_covariance_type=0,
    )


def imu(time_ns: int, quaternion_wxyz: tuple[float, float, float, float]) -> Any:
    w, x, y, z = quaternion_wxyz
    zero = make("geometry_msgs/msg/Vector3", x=0.0, y=0.0, z=0.0)
    return make(
        "sensor_msgs/msg/Imu",
        header=header(time_ns, "imu"),
        orientation=make("geometry_msgs/msg/Quaternion", x=x, y=y, z=z, w=w),
        orientation_covariance=np.zeros(9),
        angular_velocity=zero,
        angular_velocity_covariance=np.zeros(9),
        linear_acceleration=zero,
        linear_acceleration_covariance=np.zeros(9),
    )


def write_mcap_log(
    path: Path,
    said: Iterable[Said],
    *,
    chunked: bool = True,
    indexed: bool = True,
    compression: CompressionType = CompressionType.ZSTD,
    chunk_size: int = 4096,
    json_types: Mapping[str, str] | None = None,
) -> Path:
    """ROS 2 messages as CDR; values of `json_types` topics as JSON of that schema."""
    with path.open("wb") as file:
        writer = Writer(
            file,
            chunk_size=chunk_size,
            compression=compression,
            use_chunking=chunked,
            index_types=IndexType.ALL if indexed else IndexType.NONE,
            repeat_channels=indexed,
            repeat_schemas=indexed,
            use_statistics=indexed,
            use_summary_offsets=indexed,
        )
        writer.start(profile="ros2")
        channels: dict[str, int] = {}
        for topic, log_ns, message in said:
            as_json = json_types is not None and topic in json_types
            if topic not in channels:
                if as_json:
                    schema = writer.register_schema(json_types[topic], "jsonschema", b"{}")  # type: ignore[index]
                    channels[topic] = writer.register_channel(topic, "json", schema)
                else:
                    name = message.__msgtype__
                    text = ROS2.generate_msgdef(name, ros_version=2)[0].encode()
                    channels[topic] = writer.register_channel(
                        topic, "cdr", writer.register_schema(name, "ros2msg", text)
                    )
            data = json.dumps(message).encode() if as_json else bytes(ROS2.serialize_cdr(message, message.__msgtype__))
            writer.add_message(channels[topic], log_ns, data, log_ns)
        writer.finish()
    return path


def write_bag1(path: Path, said: Iterable[Said], compression: Any = None) -> Path:
    bag = Bag1Writer(path)
    if compression is not None:
        bag.set_compression(compression)
    with bag:
        connections: dict[str, Any] = {}
        for topic, log_ns, message in said:
            if topic not in connections:
                connections[topic] = bag.add_connection(topic, message.__msgtype__, typestore=ROS1)
            bag.write(connections[topic], log_ns, ROS1.serialize_ros1(message, message.__msgtype__))
    return path


def write_bag2(folder: Path, said: Iterable[Said], *, mcap: bool = False, packed_messages: bool = False) -> Path:
    plugin = StoragePlugin.MCAP if mcap else StoragePlugin.SQLITE3
    bag = Bag2Writer(folder, version=9, storage_plugin=plugin)
    if packed_messages:
        bag.set_compression(CompressionMode.MESSAGE, CompressionFormat.ZSTD)
    with bag:
        connections: dict[str, Any] = {}
        for topic, log_ns, message in said:
            if topic not in connections:
                connections[topic] = bag.add_connection(topic, message.__msgtype__, typestore=ROS2)
            bag.write(connections[topic], log_ns, ROS2.serialize_cdr(message, message.__msgtype__))
    return folder


def drive(store: Any = ROS2, frames: int = 5, extra: str = "") -> list[Said]:
    """A LiDAR and a camera on a vehicle that drives along x at 10 m/s."""

    said = [
        Said("/tf_static", START_NS, transform(START_NS, "base_link", "lidar", (0, 0, 2, 1, 0, 0, 0), store)),
        Said(
            "/tf_static",
            START_NS,
            transform(START_NS, "base_link", "optical", (1, 0, 1.5, 0.5, -0.5, 0.5, -0.5), store),
        ),
    ]
    for index in range(frames):
        time_ns = START_NS + index * PERIOD_NS
        table = points(seed=index, extra=extra)
        said.append(Said("/tf", time_ns, transform(time_ns, "odom", "base_link", (index, 0, 0, 1, 0, 0, 0), store)))
        said.append(Said("/lidar/points", time_ns, cloud(table, time_ns, "lidar", store)))
        said.append(Said("/front/camera_info", time_ns, lens(time_ns + 5, "optical", store)))
        pixels = np.full((48, 64, 3), index % 25 * 10, np.uint8)
        said.append(Said("/front/image_raw", time_ns, image(pixels, "rgb8", time_ns + 5, "optical", store)))
    return said
