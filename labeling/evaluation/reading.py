"""Label files as they are, without a recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from calibration.errors import FormatError
from fusion.readers.files import as_int64, read_feather
from labeling.evaluation.nuscenes import read_results, read_tables
from labeling.evaluation.sightings import UNKNOWN, Sightings
from labeling.formats.kitti import parse_scored_rows

_POSE = ("qw", "qx", "qy", "qz", "tx_m", "ty_m", "tz_m")
_SIZE = ("length_m", "width_m", "height_m")
_NO_SCORE = 1.0
_KITTI_OCCLUSIONS = {0: "visible", 1: "partly occluded", 2: "largely occluded", 3: "unknown"}


def read_sightings(path: Path) -> Sightings:
    """A KITTI tracking file (.txt; an 18th column is the score), an Argoverse 2 annotations.feather, nuScenes results
    (.json, with `sample.json` beside them) or the folder of nuScenes' tables.

    Raises FormatError for anything else.
    """
    if path.is_dir():
        return read_tables(path)
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
        np.hypot(x, z),
        scores,
        np.full(len(rows), UNKNOWN, np.int64),
        np.array([_KITTI_OCCLUSIONS.get(row.occluded, "") for row in rows], dtype=np.str_),
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
    try:
        points = as_int64(read_feather(path, ("num_interior_pts",))["num_interior_pts"])
    except FormatError:
        points = np.full(len(yaw), UNKNOWN, np.int64)
    ranges = np.hypot(cuboids[:, 0], cuboids[:, 1])
    hidden = np.full(len(yaw), "", dtype=np.str_)
    return Sightings(as_int64(table["timestamp_ns"]), ids, classes, cuboids, ranges, scores, points, hidden)


_READERS: dict[str, Callable[[Path], Sightings]] = {
    ".txt": _kitti,
    ".feather": _argoverse2,
    ".json": read_results,
}
