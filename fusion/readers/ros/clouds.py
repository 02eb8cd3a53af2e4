"""Point clouds: any layout of fields to points, intensities and times."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.readers.ros.log import DamageError
from fusion.readers.ros.point_times import TIME_NAMES, PointClock
from fusion.readers.ros.values import Cloud, PointField
from fusion.samples import Sweep

_INTENSITIES = ("intensity", "intensities", "i", "reflectivity", "reflectance", "reflection", "signal")
_LARGEST_POINT_BYTES = 1 << 16


def fields_by_name(cloud: Cloud) -> dict[str, PointField]:
    """The fields under their names in lower case; of two of one name the first."""
    named: dict[str, PointField] = {}
    for field in cloud.fields:
        named.setdefault(field.name.lower(), field)
    return named


def intensity_field(cloud: Cloud) -> str | None:
    """Name of the field that says how bright a point is."""
    return _first_of(_INTENSITIES, cloud)


def time_field(cloud: Cloud) -> str | None:
    """Name of the field that says when a point was measured."""
    return _first_of(TIME_NAMES, cloud)


def _first_of(names: tuple[str, ...], cloud: Cloud) -> str | None:
    there = fields_by_name(cloud)
    return next((name for name in names if name in there), None)


def check_layout(cloud: Cloud) -> None:
    """Raises DamageError if the cloud has no x, y, z or says that it is larger than it is."""
    named = fields_by_name(cloud)
    if not all(axis in named for axis in "xyz"):
        raise DamageError("a cloud without x, y and z")
    if not 0 < cloud.point_step <= _LARGEST_POINT_BYTES:
        raise DamageError(f"a cloud of {cloud.point_step} bytes a point")
    ends = [each.offset + each.dtype.itemsize for each in named.values() if each.offset >= 0]
    if max(ends) > cloud.point_step:
        raise DamageError("a cloud whose fields reach beyond its points")
    row = cloud.width * cloud.point_step
    if cloud.height > 1 and cloud.row_step < row:
        raise DamageError("a cloud whose rows are shorter than its points")
    if cloud.height and cloud.width and (cloud.height - 1) * cloud.row_step + row > len(cloud.data):
        raise DamageError("a cloud that is shorter than it says")


def column(cloud: Cloud, name: str) -> npt.NDArray[Any]:
    """(N,) one field of all points, a view of the message's bytes in the byte order that it came in."""
    field = fields_by_name(cloud)[name]
    strides = (cloud.row_step, cloud.point_step)
    if not (cloud.height and cloud.width):
        return np.empty(0, field.dtype)
    view: npt.NDArray[Any] = np.ndarray(
        (cloud.height, cloud.width), field.dtype, buffer=cloud.data, offset=field.offset, strides=strides
    )
    return view.reshape(-1)


def points(cloud: Cloud) -> FloatArray:
    """(N, 3) float64 metres in the cloud's frame."""
    placed = np.stack([column(cloud, axis).astype(np.float64) for axis in "xyz"], axis=1)
    return placed if cloud.frame_from_cloud is None else cloud.frame_from_cloud.apply(placed)


def sweep(
    cloud: Cloud, stamp_ns: int, clock: PointClock | None, target_from_frame: RigidTransform | None, *, clean: bool
) -> Sweep:
    """The cloud as a sweep.

    stamp_ns: the sweep's time. clock: how its time field is meant. target_from_frame: a move into another frame, done
    in float64. clean: leave out what is no measurement, that is points at infinity and at the exact origin.
    """
    check_layout(cloud)
    placed = points(cloud)
    keep: Any = slice(None)
    if clean:
        keep = np.flatnonzero(np.isfinite(placed).all(axis=1) & placed.any(axis=1))
        placed = placed[keep]
    if target_from_frame is not None:
        placed = target_from_frame.apply(placed)
    return Sweep(placed.astype(np.float32), _intensity(cloud)[keep], _offsets(cloud, stamp_ns, clock)[keep])


def _intensity(cloud: Cloud) -> npt.NDArray[np.uint8] | npt.NDArray[np.float32]:
    name = intensity_field(cloud)
    if name is None:
        return np.zeros(cloud.width * cloud.height, np.uint8)
    values = column(cloud, name)
    return values.astype(np.uint8) if values.dtype == np.uint8 else values.astype(np.float32)


def _offsets(cloud: Cloud, stamp_ns: int, clock: PointClock | None) -> npt.NDArray[np.int32]:
    if clock is None or clock.field not in fields_by_name(cloud):
        return np.zeros(cloud.width * cloud.height, np.int32)
    return clock.offsets_ns(column(cloud, clock.field), stamp_ns)
