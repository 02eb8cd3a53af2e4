"""A table of cuboids while faults are planted in it: columns that can be changed, and which objects are still whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion import CuboidTable
from fusion.faults import Planted
from fusion.timeline import Int64Array

VISIBILITY = "visibility"  # an attribute of a dataset's rows that says whether the object could be seen
_UNSEEN = "occluded"

Amount = dict[str, float | str]


class Draft:
    """The rows of a table as columns: what a fault may change, it changes here.

    `rows_of` are the objects as they came in: for each identity its rows in the order of frames. An object that a fault
    has touched is no longer a victim for another.
    """

    def __init__(self, table: CuboidTable) -> None:
        self.ids: list[str] = list(table.track_ids)
        self.classes: list[str] = list(table.classes)
        self.frames: Int64Array = np.array(table.frames, dtype=np.int64)
        self.times_ns: Int64Array | None = None if table.times_ns is None else np.array(table.times_ns, dtype=np.int64)
        self.positions: FloatArray = np.array(table.world_from_object.translation)
        self.rotations: FloatArray = np.array(table.world_from_object.rotation)
        self.sizes: FloatArray = np.array(table.sizes_m, dtype=np.float64)
        self.attributes: list[dict[str, str]] = [dict(each) for each in table.attributes]
        self.kept: npt.NDArray[np.bool_] = np.ones(len(table), dtype=np.bool_)
        self.rows_of: dict[str, Int64Array] = _rows_of(table)
        self._touched: set[str] = set()

    def victims(self, least_seen: int, *, moving_m: float = 0.0) -> list[str]:
        """Objects without a fault that are seen (not occluded) in so many frames, and move so far from row to row."""
        return [
            each
            for each, rows in self.rows_of.items()
            if each not in self._touched and self.seen(rows) >= least_seen and self.step_m(each) >= moving_m
        ]

    def seen(self, rows: Int64Array) -> int:
        """In how many of some rows the object is not occluded: a fault that nobody can see is no test."""
        return sum(self.attributes[row].get(VISIBILITY) != _UNSEEN for row in rows)

    def step_m(self, track_id: str) -> float:
        """Mean way in metres from one row of an object to the next, end to end: shaking in place is no motion."""
        rows = self.rows_of[track_id]
        way = self.positions[rows[-1]] - self.positions[rows[0]]
        return float(np.linalg.norm(way)) / max(len(rows) - 1, 1)

    def touch(self, *track_ids: str) -> None:
        """These have their fault."""
        self._touched.update(track_ids)

    def poses(self, rows: Int64Array) -> RigidTransform:
        """`world_from_object` of some rows."""
        return RigidTransform(self.rotations[rows], self.positions[rows])

    def set_poses(self, rows: Int64Array, world_from_object: RigidTransform) -> None:
        """Other poses for some rows."""
        self.rotations[rows], self.positions[rows] = world_from_object.rotation, world_from_object.translation

    def rename(self, rows: Iterable[int], track_id: str) -> None:
        """Some rows are now of this identity."""
        for row in rows:
            self.ids[row] = track_id

    def append_copy(self, rows: Int64Array, track_id: str, positions: FloatArray) -> Int64Array:
        """New rows at the end, like `rows` but of another identity and elsewhere: positions (len(rows), 3) metres."""
        start = len(self.ids)
        self.ids += [track_id] * len(rows)
        self.classes += [self.classes[row] for row in rows]
        self.attributes += [dict(self.attributes[row]) for row in rows]
        self.frames = np.concatenate([self.frames, self.frames[rows]])
        if self.times_ns is not None:
            self.times_ns = np.concatenate([self.times_ns, self.times_ns[rows]])
        self.positions = np.concatenate([self.positions, positions])
        self.rotations = np.concatenate([self.rotations, self.rotations[rows]])
        self.sizes = np.concatenate([self.sizes, self.sizes[rows]])
        self.kept = np.concatenate([self.kept, np.ones(len(rows), dtype=np.bool_)])
        return np.arange(start, len(self.ids), dtype=np.int64)

    def planted(self, kind: str, what: Sequence[str], rows: Int64Array, amount: Amount, note: str = "") -> Planted:
        """The ledger's entry: `rows` are all that are wrong, or missing."""
        frames = int(self.frames[rows].min()), int(self.frames[rows].max())
        times = None
        if self.times_ns is not None:
            times = int(self.times_ns[rows].min()), int(self.times_ns[rows].max())
        return Planted(kind, tuple(what), frames, times, amount, note)

    def table(self) -> CuboidTable:
        """What it is now; rows that no fault concerns stand as they stood, in their order."""
        rows = np.flatnonzero(self.kept)
        return CuboidTable(
            track_ids=tuple(self.ids[row] for row in rows),
            classes=tuple(self.classes[row] for row in rows),
            times_ns=None if self.times_ns is None else self.times_ns[rows],
            frames=self.frames[rows],
            world_from_object=self.poses(rows),
            sizes_m=self.sizes[rows],
            attributes=tuple(self.attributes[row] for row in rows),
        )


def _rows_of(table: CuboidTable) -> dict[str, Int64Array]:
    found: dict[str, list[int]] = {}
    for row, track_id in enumerate(table.track_ids):
        found.setdefault(track_id, []).append(row)
    return {
        track_id: np.array(rows, dtype=np.int64)[np.argsort(table.frames[rows], kind="stable")]
        for track_id, rows in found.items()
    }
