"""Clouds that are nothing but numbers: `.bin` of KITTI and nuScenes, `.npy` and `.npz` of numpy."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from calibration.errors import FormatError, UnsafeInputError
from fusion.readers.clouds.table import Column, PointTable, check_room, point_table
from fusion.readers.folder_files import parsing

KITTI_COLUMNS = ("x", "y", "z", "intensity")
NUSCENES_COLUMNS = (*KITTI_COLUMNS, "ring")
# Deflate gets a cloud to half; a thousandth is a bomb.
_MOST_COMPRESSED = 50
_BARE = ("points", "points_m", "xyz", "arr_0", "data")


def read_bin(path: Path, columns: Sequence[str] = KITTI_COLUMNS) -> PointTable:
    """Little-endian float32 rows. Raises FormatError if the file is no whole number of rows."""
    step = 4 * len(columns)
    try:
        size = path.stat().st_size
        if size % step:
            raise FormatError(f"{size} bytes are no whole number of rows of {len(columns)} float32", where=path)
        table = np.fromfile(path, "<f4").reshape(-1, len(columns))
    except OSError as error:
        raise FormatError(f"a cloud cannot be read ({error.strerror})", where=path) from error
    return _named(table, columns, path)


def read_npy(path: Path, columns: Sequence[str] = KITTI_COLUMNS) -> PointTable:
    """An array (N, K), its columns named in order, or a structured array (N,). Nothing is ever unpickled."""
    try:
        with path.open("rb") as file:
            return _named(_array(file, path.stat().st_size, path), columns, path)
    except OSError as error:
        raise FormatError(f"a cloud cannot be read ({error.strerror})", where=path) from error


def read_npz(path: Path, columns: Sequence[str] = KITTI_COLUMNS) -> PointTable:
    """An array (N, K) called `points`, `points_m`, `xyz`, `data` or `arr_0`, and beside or instead columns by name."""
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = {Path(entry.filename).stem: _entry(archive, entry, path) for entry in archive.infolist()}
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise FormatError("not a readable npz file", where=path) from error
    table: dict[str, Column] = {}
    for name in [each for each in _BARE if each in arrays][:1]:
        bare = arrays.pop(name)
        named = _columns(bare, columns if bare.ndim == 2 and bare.shape[1] >= len(columns) else columns[:3], path)
        table.update(named)
    table.update(arrays)
    if len({len(column) if column.ndim else -1 for column in table.values()}) > 1:
        raise FormatError("the arrays of the npz file have different lengths", where=path)
    return point_table(table, path)


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> Column:
    if entry.file_size > _MOST_COMPRESSED * path.stat().st_size:
        raise FormatError(f"{entry.filename!r} unpacks to {entry.file_size} bytes, that is a zip bomb", where=path)
    with archive.open(entry) as file:
        return _array(file, entry.file_size, path)


def _array(file: IO[bytes], size: int, path: Path) -> Column:
    """The header is read by itself: numpy would allocate whatever it declares."""
    with parsing("not a readable npy file", path):
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, by_columns, dtype = read_header(file)
    if dtype.hasobject:
        raise UnsafeInputError("the array holds Python objects", do="save it as numbers", where=path)
    needed = math.prod(shape) * dtype.itemsize
    check_room(needed, size, path)
    with parsing("not a readable npy file", path):
        data = np.frombuffer(file.read(needed), dtype)
        return data.reshape(shape, order="F" if by_columns else "C")


def _named(array: Column, names: Sequence[str], path: Path) -> PointTable:
    return point_table(_columns(array, names, path), path)


def _columns(array: Column, names: Sequence[str], path: Path) -> dict[str, Column]:
    if array.dtype.names and array.ndim == 1:
        return {name: _number(array[name], path) for name in array.dtype.names}
    if array.ndim != 2 or array.shape[1] < 3:
        raise FormatError(f"an array of shape {array.shape} is no list of points", where=path)
    _number(array, path)
    return {name: array[:, index] for index, name in enumerate(names[: array.shape[1]])}


def _number(array: Column, path: Path) -> Column:
    if array.dtype.kind not in "fiu":
        raise FormatError(f"an array of {array.dtype} holds no numbers", where=path)
    return array
