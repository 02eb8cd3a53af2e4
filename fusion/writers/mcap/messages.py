"""Our samples, poses and cameras as ROS 2 messages, serialised (CDR)."""

from __future__ import annotations

from typing import Any

import numpy as np

from calibration import CameraModel, RigidTransform
from calibration.camera.named import distortion_of
from fusion.readers.ros.told import TIME_FIELD
from fusion.readers.ros.wire import ros2_store
from fusion.samples import DepthImage, EncodedImage, Sweep

CLOUD = "sensor_msgs/msg/PointCloud2"
PHOTO = "sensor_msgs/msg/CompressedImage"
IMAGE = "sensor_msgs/msg/Image"
LENS = "sensor_msgs/msg/CameraInfo"
TRANSFORMS = "tf2_msgs/msg/TFMessage"
POSE = "geometry_msgs/msg/PoseStamped"

_FLOAT32, _UINT8, _INT32 = 7, 2, 5
_MILLIMETRE = 0.001


def definition(type_name: str) -> str:
    """The text of a message type with all that it is made of."""
    return ros2_store().generate_msgdef(type_name, ros_version=2)[0]


def _make(type_name: str, **fields: Any) -> Any:
    return ros2_store().types[type_name](**fields)


def _packed(message: Any) -> bytes:
    return bytes(ros2_store().serialize_cdr(message, message.__msgtype__))


def _header(time_ns: int, frame: str) -> Any:
    seconds, rest = divmod(int(time_ns), 1_000_000_000)
    stamp = _make("builtin_interfaces/msg/Time", sec=seconds, nanosec=rest)
    return _make("std_msgs/msg/Header", stamp=stamp, frame_id=frame)


def cloud(sweep: Sweep, time_ns: int, frame: str) -> bytes:
    """20 bytes a point: x, y, z, intensity as it came, and nanoseconds against the stamp."""
    brightness = sweep.intensity.dtype
    layout = np.dtype(
        {
            "names": ["x", "y", "z", "intensity", TIME_FIELD],
            "formats": ["<f4", "<f4", "<f4", brightness.newbyteorder("<"), "<i4"],
            "offsets": [0, 4, 8, 12, 16],
            "itemsize": 20,
        }
    )
    table = np.zeros(len(sweep), layout)
    for axis, name in enumerate("xyz"):
        table[name] = sweep.points_m[:, axis]
    table["intensity"], table[TIME_FIELD] = sweep.intensity, sweep.time_offset_ns
    kinds = [_FLOAT32] * 3 + [_UINT8 if brightness == np.uint8 else _FLOAT32, _INT32]
    fields = [
        _make("sensor_msgs/msg/PointField", name=name, offset=4 * place, datatype=kind, count=1)
        for place, (name, kind) in enumerate(zip(layout.names or (), kinds, strict=True))
    ]
    message = _make(
        CLOUD,
        header=_header(time_ns, frame),
        height=1,
        width=len(sweep),
        fields=fields,
        is_bigendian=False,
        point_step=20,
        row_step=20 * len(sweep),
        data=table.view(np.uint8).reshape(-1),
        is_dense=bool(np.isfinite(sweep.points_m).all()),
    )
    return _packed(message)


def photo(image: EncodedImage, time_ns: int, frame: str) -> bytes:
    """The file as it is."""
    kind = image.media_type.removeprefix("image/")
    data = np.frombuffer(image.data, np.uint8)
    return _packed(_make(PHOTO, header=_header(time_ns, frame), format=kind, data=data))


def depth(image: DepthImage, time_ns: int, frame: str) -> bytes:
    """Millimetres as 16UC1; other units as metres in 32FC1, which 16 bits fit into without loss."""
    if image.metres_per_unit == _MILLIMETRE:
        encoding, values = "16UC1", np.ascontiguousarray(image.values, "<u2")
    else:
        encoding, values = "32FC1", np.ascontiguousarray(image.depth_m, "<f4")
    height, width = values.shape
    message = _make(
        IMAGE,
        header=_header(time_ns, frame),
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=width * values.itemsize,
        data=values.view(np.uint8).reshape(-1),
    )
    return _packed(message)


def lens(model: CameraModel, time_ns: int, frame: str) -> bytes:
    """ROS counts pixels as we do, from the centre of the first; what it has no name for is written under ours."""
    name, distortion = distortion_of(model)
    k = np.array([[model.fx_px, 0, model.cx_px], [0, model.fy_px, model.cy_px], [0, 0, 1]], dtype=np.float64)
    region = _make("sensor_msgs/msg/RegionOfInterest", x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
    message = _make(
        LENS,
        header=_header(time_ns, frame),
        height=model.height_px,
        width=model.width_px,
        distortion_model=name,
        d=np.array(distortion, dtype=np.float64),
        k=k.reshape(-1),
        r=np.eye(3).reshape(-1),
        p=np.hstack([k, np.zeros((3, 1))]).reshape(-1),
        binning_x=0,
        binning_y=0,
        roi=region,
    )
    return _packed(message)


def transforms(time_ns: int, parent: str, children: dict[str, RigidTransform]) -> bytes:
    """Where frames sit in their parent: `parent_from_child` of each."""
    links = [
        _make(
            "geometry_msgs/msg/TransformStamped",
            header=_header(time_ns, parent),
            child_frame_id=child,
            transform=_make(
                "geometry_msgs/msg/Transform", translation=_xyz("Vector3", pose), rotation=_quaternion(pose)
            ),
        )
        for child, pose in children.items()
    ]
    return _packed(_make(TRANSFORMS, transforms=links))


def pose(time_ns: int, frame: str, frame_from_sensor: RigidTransform) -> bytes:
    """One pose in a frame."""
    placed = _make(
        "geometry_msgs/msg/Pose",
        position=_xyz("Point", frame_from_sensor),
        orientation=_quaternion(frame_from_sensor),
    )
    return _packed(_make(POSE, header=_header(time_ns, frame), pose=placed))


def _xyz(kind: str, pose: RigidTransform) -> Any:
    x, y, z = pose.translation.tolist()
    return _make(f"geometry_msgs/msg/{kind}", x=x, y=y, z=z)


def _quaternion(pose: RigidTransform) -> Any:
    w, x, y, z = pose.rotation.tolist()
    return _make("geometry_msgs/msg/Quaternion", x=x, y=y, z=z, w=w)
