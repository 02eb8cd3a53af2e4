"""LAS and LAZ files, through laspy (extra `las`). Format: ASPRS, "LAS specification", 1.0 to 1.4."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from calibration.errors import FormatError, UsageError
from fusion.readers.clouds.table import Column, PointTable, point_table

# LAZ gets real clouds to a tenth; what claims a hundredth is damaged, or a bomb.
_MOST_COMPRESSED = 100
_EXTRA = ("intensity", "gps_time", "return_number", "classification")
_HEADER_BYTES = 375


def read(path: Path) -> PointTable:
    """All points of a LAS or LAZ file, float64.

    Raises UsageError if laspy is not installed, FormatError if the file is malformed or declares more than it can hold.
    """
    laspy = _laspy(path)
    try:
        with laspy.open(path) as file:
            _check_size(file.header, path)
            columns = _columns(file.read())
    except (FormatError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # laspy raises anything, and lazrs panics outside of Exception
        reason = " ".join(str(error).split())[:120]
        raise FormatError(f"not a readable LAS file ({reason})", where=path) from error
    return point_table(columns, path)


def _laspy(path: Path) -> Any:
    try:
        return importlib.import_module("laspy")
    except ImportError as error:
        raise UsageError("LAS files need laspy", do="pip install 'boxwright[las]'", where=path) from error


def _check_size(header: Any, path: Path) -> None:
    size = path.stat().st_size
    needed = int(header.point_count) * int(header.point_format.size)
    packed = header.are_points_compressed
    if int(header.offset_to_point_data) > size or needed > (_MOST_COMPRESSED if packed else 1) * size:
        raise FormatError(f"the file declares {header.point_count} points and has {size} bytes", where=path)


def _columns(points: Any) -> dict[str, Column]:
    columns: dict[str, Column] = {axis: np.asarray(getattr(points, axis), dtype=np.float64) for axis in "xyz"}
    names = set(points.point_format.dimension_names)
    return columns | {name: np.array(points[name]) for name in _EXTRA if name in names}
