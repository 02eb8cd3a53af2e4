"""Many clouds merged into one: a point for each voxel, at the mean of what fell into it, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.timeline import Int64Array

_BITS = 21
_HALF = 1 << (_BITS - 1)
_FIRST_ROOM = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class MergedCloud:
    """One point for each of N voxels.

    points_in_world: (N, 3) float32, metres, the mean of the points in the voxel. intensity: (N,) float32, their mean.
    counts: (N,) int32, how many there were. voxel_m: the voxels' edge, twice or more what was asked for if the merged
    cloud would have grown too large.
    """

    points_in_world: Float32Array
    intensity: Float32Array
    counts: npt.NDArray[np.int32]
    voxel_m: float

    def __len__(self) -> int:
        return len(self.points_in_world)


class VoxelMerger:
    """Takes clouds one after the other; holds a row of 52 bytes or fewer for each voxel, `most_points` at most.

    When there are more voxels than that, all become twice as long. Places are kept relative to `origin_in_world` (3,),
    within a million voxels of it; what is farther away is left out. Raises ValueError for a size or number below 0.
    """

    def __init__(self, voxel_m: float, *, most_points: int, origin_in_world: npt.ArrayLike = (0.0, 0.0, 0.0)) -> None:
        if not voxel_m > 0.0 or most_points < 1:
            raise ValueError(f"voxels of {voxel_m} m, at most {most_points} points")
        self.voxel_m, self._most = voxel_m, most_points
        self._origin = np.asarray(origin_in_world, dtype=np.float64)
        self._count = 0
        self._allocate(min(_FIRST_ROOM, most_points))

    def add(self, points_in_world: Float32Array, intensity: npt.NDArray[Any]) -> None:
        """Merge points (N, 3), metres, with an intensity each."""
        planes, values = np.ascontiguousarray(points_in_world.T), intensity.astype(np.float32)
        done = 0
        while done < len(values):
            state = self._keys, self._table, self._sums, self._counts, self._count
            done, self._count = _merge(planes, values, done, self._origin, 1.0 / self.voxel_m, *state)
            if done < len(values):
                self._make_room()

    def merged(self) -> MergedCloud:
        """What there is so far."""
        sums, counts = self._sums[: self._count], self._counts[: self._count]
        means = sums / np.maximum(counts, 1)[:, None]
        points = (means[:, :3] + self._origin).astype(np.float32)
        return MergedCloud(points, means[:, 3].astype(np.float32), counts.copy(), self.voxel_m)

    def _allocate(self, room: int) -> None:
        self._keys = np.empty(room, np.int64)
        self._sums, self._counts = np.zeros((room, 4)), np.zeros(room, np.int32)
        self._table = np.full(1 << int(np.ceil(np.log2(2 * room + 1))), -1, np.int32)

    def _make_room(self) -> None:
        """More rows, or larger voxels."""
        keys, sums, counts = self._keys[: self._count], self._sums[: self._count], self._counts[: self._count]
        room = min(2 * len(self._keys), self._most)
        if room == len(self._keys):
            self.voxel_m *= 2.0
            keys = _doubled(keys)
        self._allocate(room)
        self._count = _enter(keys, sums, counts, self._keys, self._table, self._sums, self._counts)


def _doubled(keys: Int64Array) -> Int64Array:
    """The voxels of twice the size that contain those of the keys."""
    mask = (1 << _BITS) - 1
    parts = [(((keys >> (_BITS * axis)) & mask) - _HALF >> 1) + _HALF for axis in range(3)]
    return np.asarray(parts[0] | (parts[1] << _BITS) | (parts[2] << (2 * _BITS)))


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _row_of(key: int, keys: Int64Array, table: npt.NDArray[np.int32], count: int) -> int:
    """The row of a key, or `count`, entered, if it is new and there is room; -1 if there is none."""
    last = len(table) - 1
    mixed = (key ^ (key >> 31)) * np.int64(-4658895280553007687)
    slot = (mixed >> 24) & last
    while table[slot] >= 0:
        if keys[table[slot]] == key:
            return int(table[slot])
        slot = (slot + 1) & last
    if count == len(keys):
        return -1
    table[slot] = count
    keys[count] = key
    return count


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _merge(
    planes: Float32Array,
    intensity: Float32Array,
    start: int,
    origin: FloatArray,
    per_m: float,
    keys: Int64Array,
    table: npt.NDArray[np.int32],
    sums: FloatArray,
    counts: npt.NDArray[np.int32],
    count: int,
) -> tuple[int, int]:
    """Points from `start` on until there is no room; how many are done, and the number of voxels."""
    for i in range(start, planes.shape[1]):
        x, y, z = planes[0, i] - origin[0], planes[1, i] - origin[1], planes[2, i] - origin[2]
        a, b, c = np.floor(x * per_m) + _HALF, np.floor(y * per_m) + _HALF, np.floor(z * per_m) + _HALF
        if not (0 <= a < 2 * _HALF and 0 <= b < 2 * _HALF and 0 <= c < 2 * _HALF):
            continue
        key = np.int64(a) | (np.int64(b) << _BITS) | (np.int64(c) << (2 * _BITS))
        row = _row_of(key, keys, table, count)
        if row < 0:
            return i, count
        count += row == count
        sums[row, 0] += x
        sums[row, 1] += y
        sums[row, 2] += z
        sums[row, 3] += intensity[i]
        counts[row] += 1
    return planes.shape[1], count


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _enter(
    old_keys: Int64Array,
    old_sums: FloatArray,
    old_counts: npt.NDArray[np.int32],
    keys: Int64Array,
    table: npt.NDArray[np.int32],
    sums: FloatArray,
    counts: npt.NDArray[np.int32],
) -> int:
    """Old rows into new ones; several may fall into one. The number of voxels."""
    count = 0
    for k in range(len(old_keys)):
        row = _row_of(old_keys[k], keys, table, count)
        count += row == count
        sums[row] += old_sums[k]
        counts[row] += old_counts[k]
    return count
