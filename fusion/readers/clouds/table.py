"""Points as a file lists them, column by column, whatever the file's format is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.errors import FormatError

Column = npt.NDArray[Any]

_INTENSITY = ("intensity", "i", "reflectance", "reflectivity", "remission", "scalar_intensity", "scalar_reflectance")
_TIME = ("timestamp", "time", "t", "gps_time", "time_offset", "offset_time", "offset_ns", "time_ns", "time_stamp")


@dataclass(frozen=True, slots=True, eq=False)
class PointTable:
    """N points.

    points_m: (N, 3) float32 or float64, metres, in the file's frame. intensity, time: (N,) as stored, unit unknown,
    None where the file has none. columns: every other column by name, (N,) or (N, K). dropped: how many points were
    left out because a coordinate is not finite. viewpoint: where the file says that its sensor stood (PCD), None if it
    does not.
    """

    points_m: npt.NDArray[np.floating]
    intensity: Column | None = None
    time: Column | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    dropped: int = 0
    viewpoint: RigidTransform | None = None

    def __len__(self) -> int:
        return len(self.points_m)


def point_table(columns: Mapping[str, Column], where: Path, viewpoint: RigidTransform | None = None) -> PointTable:
    """Of columns of one length, named as in the file. Raises FormatError if there is no x, y or z.

    Coordinates are float64 if the file has them so, or as integers that float32 cannot hold, else float32.
    """
    by_name = {name.lower(): name for name in reversed(list(columns))}
    try:
        axes = [columns[by_name[axis]] for axis in "xyz"]
    except KeyError as error:
        raise FormatError(f"the points have no column {error}, only {', '.join(columns)}", where=where) from error
    if any(axis.ndim != 1 for axis in axes):
        raise FormatError("x, y and z must be single numbers", where=where)
    precise = any(axis.dtype.itemsize > 4 or (axis.dtype.kind in "iu" and axis.dtype.itemsize > 2) for axis in axes)
    points: npt.NDArray[np.floating] = np.stack(axes, axis=1).astype(np.float64 if precise else np.float32, copy=False)
    kept = np.isfinite(points).all(axis=1)
    chosen = slice(None) if kept.all() else kept
    intensity, time = (_first(by_name, wanted) for wanted in (_INTENSITY, _TIME))
    special = {by_name[axis] for axis in "xyz"} | {intensity, time}
    return PointTable(
        points_m=points[chosen],
        intensity=None if intensity is None else columns[intensity][chosen],
        time=None if time is None else columns[time][chosen],
        columns={name: column[chosen] for name, column in columns.items() if name not in special},
        dropped=int(len(points) - kept.sum()),
        viewpoint=viewpoint,
    )


def _first(by_name: Mapping[str, str], wanted: tuple[str, ...]) -> str | None:
    return next((by_name[name] for name in wanted if name in by_name), None)


def check_room(needed: int, available: int, where: Path) -> None:
    """Raises FormatError if the file declares more bytes than it has."""
    if needed > available:
        raise FormatError(
            f"the file declares {needed} bytes of points and has {max(available, 0)}, it may be truncated", where=where
        )
