"""From decoded ROS 1 and ROS 2 messages to values (https://docs.ros.org/en/api/sensor_msgs/html/index-msg.html)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from calibration.quaternion import FloatArray
from fusion.readers.ros.values import (
    Attitude,
    Cloud,
    Fix,
    Lens,
    Link,
    Links,
    PackedImage,
    Place3d,
    PointField,
    RawImage,
    Value,
)

POINT_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 8: "f8"}


def _stamp(message: Any) -> int:
    return int(message.header.stamp.sec) * 1_000_000_000 + int(message.header.stamp.nanosec)


def _frame(name: str) -> str:
    """ROS 1 wrote frames with a leading slash at times."""
    return name.removeprefix("/")


def _pose(position: Any, rotation: Any) -> FloatArray:
    return np.array([position.x, position.y, position.z, rotation.w, rotation.x, rotation.y, rotation.z])


def _cloud(message: Any) -> Cloud:
    order = ">" if message.is_bigendian else "<"
    fields = tuple(
        PointField(str(each.name), int(each.offset), np.dtype(order + POINT_TYPES[each.datatype]))
        for each in message.fields
        if each.datatype in POINT_TYPES
    )
    return Cloud(
        stamp_ns=_stamp(message),
        frame_id=_frame(message.header.frame_id),
        fields=fields,
        height=int(message.height),
        width=int(message.width),
        point_step=int(message.point_step),
        row_step=int(message.row_step),
        data=memoryview(message.data),
    )


def _image(message: Any) -> RawImage:
    return RawImage(
        stamp_ns=_stamp(message),
        frame_id=_frame(message.header.frame_id),
        height=int(message.height),
        width=int(message.width),
        encoding=str(message.encoding),
        big_endian=bool(message.is_bigendian),
        step=int(message.step),
        data=memoryview(message.data),
    )


def _compressed(message: Any) -> PackedImage:
    return PackedImage(
        _stamp(message), _frame(message.header.frame_id), str(message.format), memoryview(message.data).tobytes()
    )


def _lens(message: Any) -> Lens:
    d, k, p = (getattr(message, name) if hasattr(message, name) else getattr(message, name.upper()) for name in "dkp")
    return Lens(
        stamp_ns=_stamp(message),
        frame_id=_frame(message.header.frame_id),
        width=int(message.width),
        height=int(message.height),
        model=str(message.distortion_model),
        d=tuple(map(float, d)),
        k=tuple(map(float, k)),
        p=tuple(map(float, p)),
    )


def _links(message: Any) -> Links:
    return Links(
        tuple(
            Link(
                _stamp(each),
                _frame(each.header.frame_id),
                _frame(each.child_frame_id),
                _pose(each.transform.translation, each.transform.rotation),
            )
            for each in message.transforms
        )
    )


def _odometry(message: Any) -> Place3d:
    pose = message.pose.pose
    child = _frame(message.child_frame_id)
    return Place3d(_stamp(message), _frame(message.header.frame_id), child, _pose(pose.position, pose.orientation))


def _pose_stamped(message: Any) -> Place3d:
    pose = message.pose.pose if hasattr(message.pose, "pose") else message.pose
    return Place3d(_stamp(message), _frame(message.header.frame_id), "", _pose(pose.position, pose.orientation))


def _fix(message: Any) -> Fix | None:
    if message.status.status < 0:  # STATUS_NO_FIX
        return None
    place = (float(message.latitude), float(message.longitude), float(message.altitude))
    return Fix(_stamp(message), _frame(message.header.frame_id), *place)


def _attitude(message: Any) -> Attitude | None:
    if message.orientation_covariance[0] == -1.0:  # the IMU estimates none
        return None
    turn = message.orientation
    return Attitude(_stamp(message), _frame(message.header.frame_id), np.array([turn.w, turn.x, turn.y, turn.z]))


ROS_VALUES: dict[str, Callable[[Any], Value | None]] = {
    "sensor_msgs/PointCloud2": _cloud,
    "sensor_msgs/Image": _image,
    "sensor_msgs/CompressedImage": _compressed,
    "sensor_msgs/CameraInfo": _lens,
    "sensor_msgs/NavSatFix": _fix,
    "sensor_msgs/Imu": _attitude,
    "tf2_msgs/TFMessage": _links,
    "tf/tfMessage": _links,
    "nav_msgs/Odometry": _odometry,
    "geometry_msgs/PoseStamped": _pose_stamped,
    "geometry_msgs/PoseWithCovarianceStamped": _pose_stamped,
}
