"""Point cloud files of any format as one neutral table; the next format is one file and one entry here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from calibration.errors import FormatError
from fusion.readers.clouds import las, pcd, ply, raw
from fusion.readers.clouds.sweep import as_sweep
from fusion.readers.clouds.table import PointTable

__all__ = ["CLOUD_FORMATS", "CLOUD_SUFFIXES", "PointTable", "as_sweep", "read_cloud"]

# By suffix: the files that say what their columns are, and those that need to be told.
CLOUD_FORMATS: dict[str, Callable[[Path], PointTable]] = {
    ".pcd": pcd.read,
    ".ply": ply.read,
    ".las": las.read,
    ".laz": las.read,
}
_BARE_FORMATS: dict[str, Callable[[Path, Sequence[str]], PointTable]] = {
    ".bin": raw.read_bin,
    ".npy": raw.read_npy,
    ".npz": raw.read_npz,
}
CLOUD_SUFFIXES = (*CLOUD_FORMATS, *_BARE_FORMATS)


def read_cloud(path: Path, columns: Sequence[str] = raw.KITTI_COLUMNS) -> PointTable:
    """All points of a file; the suffix says which format. columns: names for `.bin`, `.npy` and `.npz`.

    Raises FormatError if the format is unknown or the file malformed, UsageError if its reader is not installed.
    """
    suffix = path.suffix.lower()
    if suffix in CLOUD_FORMATS:
        return CLOUD_FORMATS[suffix](path)
    if suffix in _BARE_FORMATS:
        return _BARE_FORMATS[suffix](path, columns)
    raise FormatError(f"no point cloud format has the suffix {suffix!r}", do=f"one of {CLOUD_SUFFIXES}", where=path)
