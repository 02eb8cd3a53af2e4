"""LAS and LAZ files, through laspy (extra `las`). Format: ASPRS, "LAS specification", 1.0 to 1.4."""

from __future__ import annotations

import importlib
import struct
from pathlib import Path
from typing import IO, Any

import numpy as np

from calibration.errors import FormatError, UsageError
from fusion.readers.clouds.table import Column, PointTable, point_table

# LAZ gets real clouds to a tenth; what claims a hundredth is damaged, or a bomb.
_MOST_COMPRESSED = 100
_EXTRA = ("intensity", "gps_time", "return_number", "classification")
_HEADER_BYTES = 375
_LASZIP_RECORD = 22204
_LEAST_RECORD_BYTES = 54
_LEAST_CHUNK_BYTES = 8


def read(path: Path) -> PointTable:
    """All points of a LAS or LAZ file, float64.

    Raises UsageError if laspy is not installed, FormatError if the file is malformed or declares more than it can hold.
    """
    laspy = _laspy(path)
    try:
        with path.open("rb") as raw:
            _check_records(raw, path)
            header = laspy.LasHeader.read_from(raw)
            _check_size(header, path)
            if header.are_points_compressed:
                _check_packing(raw, header, path)
        # Of the ways to unpack, the one in a single thread streams; the other allocates before it looks.
        with laspy.open(path, laz_backend=laspy.LazBackend.Lazrs) as file:
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


def _check_records(raw: IO[bytes], path: Path) -> None:
    """laspy goes through as many variable length records as the header declares, whatever there is to read."""
    head, size = raw.read(_HEADER_BYTES).ljust(_HEADER_BYTES, b"\0"), path.stat().st_size
    start, records = struct.unpack_from("<II", head, 96)
    extended = struct.unpack_from("<I", head, 243)[0] if head[25] >= 4 else 0
    if start > size or records * _LEAST_RECORD_BYTES > start or extended * _LEAST_RECORD_BYTES > size:
        raise FormatError(f"the file declares {records + extended} records and has {size} bytes", where=path)
    raw.seek(0)


def _check_size(header: Any, path: Path) -> None:
    size = path.stat().st_size
    needed = int(header.point_count) * int(header.point_format.size)
    packed = header.are_points_compressed
    if int(header.offset_to_point_data) > size or needed > (_MOST_COMPRESSED if packed else 1) * size:
        raise FormatError(f"the file declares {header.point_count} points and has {size} bytes", where=path)


def _check_packing(raw: IO[bytes], header: Any, path: Path) -> None:
    """lazrs trusts the chunk table and the list of items, and ends the process where they ask for too much memory.

    Layout: M. Isenburg, "LASzip: lossless compression of LiDAR data", 2013; the LASzip record and the chunk table.
    """
    record = next((each.record_data_bytes() for each in header.vlrs if each.record_id == _LASZIP_RECORD), b"")
    items = [struct.unpack_from("<HHH", record, 34 + 6 * index) for index in range((len(record) - 34) // 6)]
    sizes = sum(size for _, size, _ in items)
    if len(record) < 40 or len(items) != struct.unpack_from("<H", record, 32)[0] or sizes != header.point_format.size:
        raise FormatError("the LAZ file's list of items does not fit its points", where=path)
    size = path.stat().st_size
    table = _int64_at(raw, int(header.offset_to_point_data), path)
    table = _int64_at(raw, size - 8, path) if table == -1 else table
    if not 0 < table <= size - 8:
        raise FormatError("the LAZ file has no chunk table, it may be truncated", where=path)
    chunks = (_int64_at(raw, table, path) >> 32) & 0xFFFFFFFF
    if chunks > size // _LEAST_CHUNK_BYTES or chunks > max(int(header.point_count), 1):
        raise FormatError(f"the LAZ file declares {chunks} chunks and has {size} bytes", where=path)


def _int64_at(raw: IO[bytes], offset: int, path: Path) -> int:
    raw.seek(offset)
    data = raw.read(8)
    if len(data) != 8:
        raise FormatError("the LAZ file is truncated", where=path)
    return int.from_bytes(data, "little", signed=True)


def _columns(points: Any) -> dict[str, Column]:
    columns: dict[str, Column] = {axis: np.asarray(getattr(points, axis), dtype=np.float64) for axis in "xyz"}
    names = set(points.point_format.dimension_names)
    return columns | {name: np.array(points[name]) for name in _EXTRA if name in names}
