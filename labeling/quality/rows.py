"""What frames show of tracks, a column a quantity: the form in which every check reads labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration import quaternion
from calibration.camera import BoolArray
from calibration.quaternion import FloatArray
from fusion import CuboidTable
from fusion.timeline import Int64Array

_VISIBILITY, _OCCLUDED = "visibility", "occluded"
_SMOOTHED_OVER = 2


@dataclass(frozen=True, slots=True, eq=False)
class TrackRows:
    """One track in the K frames that show it, in order of time.

    frames, times_ns: (K,) int64. positions_m: (K, 3) centre in the world. yaws_rad: (K,) unrolled, so that neighbours
    differ by less than a half turn unless the label turns by one. sizes_m: (K, 3). hidden: (K,) labelled as occluded.
    names: what attributes and states it has.
    """

    id: str
    class_name: str
    frames: Int64Array
    times_ns: Int64Array
    positions_m: FloatArray
    yaws_rad: FloatArray
    sizes_m: FloatArray
    hidden: BoolArray
    names: frozenset[str]

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def size_m(self) -> FloatArray:
        """(3,) its median size."""
        return np.asarray(np.median(self.sizes_m, axis=0))

    @property
    def seconds(self) -> FloatArray:
        """(K,) since its first row."""
        return np.asarray((self.times_ns - self.times_ns[0]) * 1e-9)

    @property
    def way_m(self) -> float:
        """How far it gets from where it was at first, seen from above."""
        return float(np.linalg.norm(self.positions_m[:, :2] - self.positions_m[0, :2], axis=1).max())

    def velocities_mps(self) -> FloatArray:
        """(K, 2) from above: median over the steps around each row, so that one jump does not count."""
        if len(self) < 2:
            return np.zeros((len(self), 2))
        steps = np.diff(self.positions_m[:, :2], axis=0) / np.maximum(np.diff(self.seconds), 1e-3)[:, None]
        found = np.empty((len(self), 2))
        for row in range(len(self)):
            around = steps[max(row - _SMOOTHED_OVER, 0) : row + _SMOOTHED_OVER]
            found[row] = np.median(around, axis=0)
        return found


def rows_of_table(table: CuboidTable) -> list[TrackRows]:
    """All tracks of a table with times, in order of first appearance. Raises ValueError for one without."""
    if table.times_ns is None:
        raise ValueError("the rows have no times yet")
    members: dict[str, list[int]] = {}
    for row, track_id in enumerate(table.track_ids):
        members.setdefault(track_id, []).append(row)
    return [_track(table, table.times_ns, np.array(rows)) for rows in members.values()]


def _track(table: CuboidTable, times_ns: Int64Array, rows: Int64Array) -> TrackRows:
    rows = rows[np.argsort(times_ns[rows], kind="stable")]
    rows = rows[np.append(True, np.diff(times_ns[rows]) > 0)]
    named: Sequence[dict[str, str]] = [table.attributes[row] for row in rows]
    return TrackRows(
        id=table.track_ids[rows[0]],
        class_name=table.classes[rows[0]],
        frames=table.frames[rows],
        times_ns=times_ns[rows],
        positions_m=table.world_from_object.translation[rows],
        yaws_rad=np.asarray(np.unwrap(quaternion.to_yaw(table.world_from_object.rotation[rows]))),
        sizes_m=np.asarray(table.sizes_m[rows], dtype=np.float64),
        hidden=np.array([each.get(_VISIBILITY) == _OCCLUDED for each in named], dtype=np.bool_),
        names=frozenset(name for each in named for name in each) - {_VISIBILITY},
    )
