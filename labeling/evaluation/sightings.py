"""Label files as they are, without a recording: who was where in which frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from calibration.errors import FormatError
from calibration.quaternion import FloatArray
from fusion.readers.files import as_int64, read_feather
from fusion.timeline import Int64Array
from labeling.formats.kitti import parse_scored_rows

_POSE = ("qw", "qx", "qy", "qz", "tx_m", "ty_m", "tz_m")
_SIZE = ("length_m", "width_m", "height_m")
_NO_SCORE = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """N cuboids. frames: (N,) int64, numbers or timestamps; ids, classes: (N,) texts; cuboids: (N, 7) upright x y z
    length width height yaw in one frame of the sensors, x forward, metres; scores: (N,)."""

    frames: Int64Array
    ids: npt.NDArray[np.str_]
    classes: npt.NDArray[np.str_]
    cuboids: FloatArray
    scores: FloatArray

    def taking(self, kept: npt.NDArray[np.bool_]) -> Sightings:
        """Those of a mask (N,)."""
        return Sightings(self.frames[kept], self.ids[kept], self.classes[kept], self.cuboids[kept], self.scores[kept])

    @property
    def ranges_m(self) -> FloatArray:
        """(N,) distance from the sensors, in the plane."""
        return np.asarray(np.hypot(self.cuboids[:, 0], self.cuboids[:, 1]))


def read_sightings(path: Path) -> Sightings:
    """A KITTI tracking file (.txt; an 18th column is the score) or an Argoverse 2 annotations.feather.

    Raises FormatError for anything else.
    """
    if not path.is_file():
        raise FormatError("there is no such label file", do="check the path", where=path)
    if path.suffix not in _READERS:
        raise FormatError("not a label file that can be compared", do=f"give {' or '.join(_READERS)}", where=path)
    return _READERS[path.suffix](path)


def _kitti(path: Path) -> Sightings:
    rows, scores = parse_scored_rows(path)
    height, width, length = np.array([row.size_hwl_m for row in rows]).reshape(-1, 3).T
    x, y, z = np.array([row.bottom_m for row in rows]).reshape(-1, 3).T
    turn = np.array([row.rotation_y_rad for row in rows])
    return Sightings(
        np.array([row.frame for row in rows], dtype=np.int64),
        np.array([str(row.number) for row in rows], dtype=np.str_),
        np.array([row.kind for row in rows], dtype=np.str_),
        np.stack([z, -x, 0.5 * height - y, length, width, height, -turn - 0.5 * np.pi], axis=1),
        scores,
    )


def _argoverse2(path: Path) -> Sightings:
    table = read_feather(path, ("timestamp_ns", "track_uuid", "category", *_SIZE, *_POSE))
    w, x, y, z = (np.asarray(table[name], dtype=float) for name in _POSE[:4])
    yaw = np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    columns = [np.asarray(table[name], dtype=float) for name in (*_POSE[4:], *_SIZE)]
    cuboids = np.stack([*columns, yaw], axis=1)
    if not np.all(np.isfinite(cuboids)) or np.any(cuboids[:, 3:6] <= 0.0):
        raise FormatError("a cuboid's number is not finite or a size not positive", where=path)
    try:
        scores = np.asarray(read_feather(path, ("score",))["score"], dtype=float)
    except FormatError:
        scores = np.full(len(yaw), _NO_SCORE)
    ids, classes = (np.asarray(table[name]).astype(np.str_) for name in ("track_uuid", "category"))
    return Sightings(as_int64(table["timestamp_ns"]), ids, classes, cuboids, scores)


_READERS: dict[str, Callable[[Path], Sightings]] = {".txt": _kitti, ".feather": _argoverse2}
