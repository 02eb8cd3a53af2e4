"""From Foxglove's schemas (https://docs.foxglove.dev/docs/sdk/schemas) to values.

One schema comes as JSON (mappings, bytes in base64), as protobuf or as ROS 2 (attributes): `_get` reads all of them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np

from calibration.quaternion import FloatArray
from fusion.readers.ros.values import (
    Box,
    Cloud,
    Fix,
    Lens,
    Link,
    Links,
    PackedImage,
    Place3d,
    PointField,
    RawImage,
    Scene,
    Value,
    pose_transform,
    usable_pose,
)

_NUMBER_TYPES = {1: "u1", 2: "i1", 3: "u2", 4: "i2", 5: "u4", 6: "i4", 7: "f4", 8: "f8"}
_LAST_STAMP_NS = 1 << 62


def _get(message: Any, name: str, default: Any = None) -> Any:
    value = message.get(name) if isinstance(message, dict) else getattr(message, name, None)
    return default if value is None else value


def _first(message: Any, *names: str) -> Any:
    """The first of several names that is there: protobuf has lower-case, JSON upper-case K, D, P."""
    return next((value for value in (_get(message, name) for name in names) if value is not None), ())


def _stamp(message: Any) -> int:
    time = _get(message, "timestamp")
    if time is None:
        return 0
    seconds = _first(time, "sec", "seconds") or 0
    stamp = int(seconds) * 1_000_000_000 + int(_first(time, "nsec", "nanosec", "nanos") or 0)
    if abs(stamp) > _LAST_STAMP_NS:
        raise ValueError("a time beyond all times")
    return stamp


def _frame(message: Any, name: str = "frame_id") -> str:
    return str(_get(message, name, "")).removeprefix("/")


def _bytes(message: Any) -> bytes:
    data = _get(message, "data", b"")
    return base64.b64decode(data, validate=True) if isinstance(data, str) else bytes(data)


def _row(position: Any, rotation: Any) -> FloatArray:
    place = [float(_get(position, axis, 0.0)) for axis in "xyz"]
    turn = [float(_get(rotation, axis, 0.0)) for axis in "wxyz"]
    return np.array([*place, *(turn if any(turn) else (1.0, 0.0, 0.0, 0.0))])


def _pose(pose: Any) -> FloatArray:
    return _row(_get(pose, "position"), _get(pose, "orientation"))


def _cloud(message: Any) -> Cloud:
    fields = tuple(
        PointField(
            str(_get(each, "name", "")), int(_get(each, "offset", 0)), np.dtype("<" + _NUMBER_TYPES[int(each_type)])
        )
        for each in _get(message, "fields", ())
        if (each_type := _get(each, "type", 0)) in _NUMBER_TYPES
    )
    data, step = _bytes(message), int(_get(message, "point_stride", 0))
    width = len(data) // step if step > 0 else 0
    row = _pose(_get(message, "pose"))
    identity = not row[:3].any() and row[3] == 1.0
    placed = None if identity or not usable_pose(row) else pose_transform(row)
    return Cloud(_stamp(message), _frame(message), fields, 1, width, step, width * step, memoryview(data), placed)


def _image(message: Any) -> RawImage:
    return RawImage(
        stamp_ns=_stamp(message),
        frame_id=_frame(message),
        height=int(_get(message, "height", 0)),
        width=int(_get(message, "width", 0)),
        encoding=str(_get(message, "encoding", "")),
        big_endian=False,
        step=int(_get(message, "step", 0)),
        data=memoryview(_bytes(message)),
    )


def _compressed(message: Any) -> PackedImage:
    return PackedImage(_stamp(message), _frame(message), str(_get(message, "format", "")), _bytes(message))


def _lens(message: Any) -> Lens:
    d, k, p = (tuple(map(float, _first(message, name, name.upper()))) for name in "dkp")
    return Lens(
        stamp_ns=_stamp(message),
        frame_id=_frame(message),
        width=int(_get(message, "width", 0)),
        height=int(_get(message, "height", 0)),
        model=str(_get(message, "distortion_model", "")),
        d=d,
        k=k,
        p=p,
    )


def _link(message: Any) -> Link:
    pose = _row(_get(message, "translation"), _get(message, "rotation"))
    return Link(_stamp(message), _frame(message, "parent_frame_id"), _frame(message, "child_frame_id"), pose)


def _one_link(message: Any) -> Links:
    return Links((_link(message),))


def _links(message: Any) -> Links:
    return Links(tuple(_link(each) for each in _get(message, "transforms", ())))


def _pose_in_frame(message: Any) -> Place3d:
    return Place3d(_stamp(message), _frame(message), "", _pose(_get(message, "pose")))


def _fix(message: Any) -> Fix:
    place = (float(_get(message, name, 0.0)) for name in ("latitude", "longitude", "altitude"))
    return Fix(_stamp(message), _frame(message), *place)


def _scene(message: Any) -> Scene:
    return Scene(tuple(box for entity in _get(message, "entities", ()) for box in _boxes(entity)))


def _boxes(entity: Any) -> list[Box]:
    cubes = list(_get(entity, "cubes", ()))
    name = str(_get(entity, "id", ""))
    facts = tuple((str(_get(each, "key", "")), str(_get(each, "value", ""))) for each in _get(entity, "metadata", ()))
    boxes = []
    for number, cube in enumerate(cubes):
        size = np.array([float(_get(_get(cube, "size"), axis, 0.0)) for axis in "xyz"])
        own = name if len(cubes) == 1 else f"{name}#{number}"
        boxes.append(Box(_stamp(entity), _frame(entity), own, _pose(_get(cube, "pose")), size, facts))
    return boxes


FOXGLOVE_VALUES: dict[str, Callable[[Any], Value | None]] = {
    "PointCloud": _cloud,
    "RawImage": _image,
    "CompressedImage": _compressed,
    "CameraCalibration": _lens,
    "FrameTransform": _one_link,
    "FrameTransforms": _links,
    "PoseInFrame": _pose_in_frame,
    "LocationFix": _fix,
    "SceneUpdate": _scene,
}
