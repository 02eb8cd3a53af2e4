"""Clouds thinned to what a screen can show: evenly over what is seen, finer near the ego and where someone looks.

Space is cut into voxels whose edge grows with the distance from the eye, so that all look about the same size from
there; every voxel keeps the first point that falls into it. The points stream past once: whenever more voxels are taken
than can be used, all voxels become twice as long and the points kept so far are sifted again. Memory is bounded by the
budget, not by the cloud. (A voxel pyramid of which only the level that is shown is ever built.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.timeline import Int64Array

SCENE_POINTS = 240_000
"""What the page's Rerun paints about as fast as an ordinary sweep."""

_NEAR_M = 10.0
"""Up to here all voxels are of one size."""
_FOCUS_HALVES = 4  # in half octaves: voxels a quarter as long
_FINEST_M = 0.01
_LARGEST_HALVES = 40.0  # 10 km
_ROOM = 3  # points held while streaming, for each one of the budget
_TRIALS = 8
_ENOUGH, _AIM = 0.85, 0.93  # shares of the budget

Table = npt.NDArray[np.uint32]


def thinned(
    points_in_world: Float32Array, eye_in_world: npt.ArrayLike, *, budget: int = SCENE_POINTS, focus: npt.ArrayLike = ()
) -> Int64Array:
    """(M,) increasing indices, M at most `budget`, of points (N, 3) in metres; all of them if N is within the budget.

    eye_in_world: (3,), from where distances count. focus: (F, 4) spheres x, y, z, radius in the world, metres, in which
    voxels are a quarter as long, such as around cuboids. Raises ValueError for a budget below 1.
    """
    if budget < 1:
        raise ValueError(f"a budget of {budget} points")
    if len(points_in_world) <= budget:
        return np.arange(len(points_in_world))
    planes = np.ascontiguousarray(points_in_world.T, dtype=np.float32)
    sieve = _Sieve.looking_from(eye_in_world, focus, budget)
    held = np.empty(_ROOM * budget, np.int64)
    count, halves = _stream(planes, sieve.eye, sieve.spheres, sieve.table, held)
    return np.sort(sieve.fitting(planes, held[:count], halves, budget))


@dataclass(frozen=True, slots=True, eq=False)
class _Sieve:
    """eye: (3,) in the world. spheres: (F, 4), relative to the eye. table: room for the voxels that are taken."""

    eye: FloatArray
    spheres: FloatArray
    table: Table

    @staticmethod
    def looking_from(eye_in_world: npt.ArrayLike, focus: npt.ArrayLike, budget: int) -> _Sieve:
        eye, spheres = np.asarray(eye_in_world, dtype=np.float64), np.array(focus, dtype=np.float64).reshape(-1, 4)
        spheres[:, :3] -= eye
        slots = 1 << int(np.ceil(np.log2(2 * _ROOM * budget + 2)))
        return _Sieve(eye, spheres, np.empty(slots, np.uint32))

    def fitting(self, planes: Float32Array, indices: Int64Array, finest: float, budget: int) -> Int64Array:
        """The first points in the finest voxels that leave no more than the budget.

        finest: the size, in half octaves, at which each of the points has a voxel to itself. The size is looked for as
        on surfaces, where half an octave halves the number of voxels.
        """
        if len(indices) <= budget:
            return indices
        best, low, high = indices[:0], finest, _LARGEST_HALVES
        halves = finest + np.log2(len(indices) / (_AIM * budget))
        for _ in range(_TRIALS):
            kept = indices[_sift(planes, indices, self.eye, self.spheres, halves, self.table)]
            if len(kept) > budget:
                low = halves
            else:
                best, high = kept, halves
                if len(kept) > _ENOUGH * budget:
                    break
            guess = halves + np.log2(len(kept) / (_AIM * budget))
            halves = guess if low < guess < high else 0.5 * (low + high)
        # Nothing to tell so many points apart by: they all lie at one place.
        return best if len(best) else indices[:budget]


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _key(x: float, y: float, z: float, spheres: FloatArray, per_m: FloatArray) -> np.int64:
    """A hash of the voxel around a place relative to the eye. per_m: voxels a metre at each level."""
    square, limit, level = x * x + y * y + z * z, 2.0 * _NEAR_M * _NEAR_M, _FOCUS_HALVES
    while square > limit and level < len(per_m) - 1:  # half octaves of distance are octaves of its square
        level += 1
        limit *= 2.0
    for s in range(spheres.shape[0]):
        u, v, w = x - spheres[s, 0], y - spheres[s, 1], z - spheres[s, 2]
        if u * u + v * v + w * w <= spheres[s, 3] * spheres[s, 3]:
            level -= _FOCUS_HALVES
            break
    finely = per_m[level]
    a, b, c = np.int64(np.floor(x * finely)), np.int64(np.floor(y * finely)), np.int64(np.floor(z * finely))
    mixed = ((np.int64(level) * 1_000_003 + a) * 2_097_169 + b) * 2_097_211 + c
    mixed = (mixed ^ (mixed >> 29)) * np.int64(-4658895280553007687)  # a step of splitmix64 (Steele, Lea, Flood, 2014)
    return mixed ^ (mixed >> 32)


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _take(table: Table, key: np.int64) -> bool:
    """Enter a key into an open-addressed table; whether it was new. Two voxels of one mark, a rarity, cost a point."""
    last = len(table) - 1
    slot, mark = key & last, np.uint32((key >> 30) | 1)
    while table[slot] != 0:
        if table[slot] == mark:
            return False
        slot = (slot + 1) & last
    table[slot] = mark
    return True


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _resolution(halves: float) -> FloatArray:
    """Voxels a metre at each level; level `_FOCUS_HALVES` is that of near points out of focus."""
    per_m = np.empty(_FOCUS_HALVES + 24)
    for level in range(len(per_m)):
        per_m[level] = 2.0 ** (-0.5 * (halves + level - _FOCUS_HALVES)) / _FINEST_M
    return per_m


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _sift(
    planes: Float32Array, indices: Int64Array, eye: FloatArray, spheres: FloatArray, halves: float, table: Table
) -> npt.NDArray[np.bool_]:
    """Which of the points at the indices are the first in their voxel."""
    table[:] = 0
    per_m = _resolution(halves)
    first = np.zeros(len(indices), np.bool_)
    for k in range(len(indices)):
        i = indices[k]
        x, y, z = planes[0, i] - eye[0], planes[1, i] - eye[1], planes[2, i] - eye[2]
        first[k] = _take(table, _key(x, y, z, spheres, per_m))
    return first


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _stream(planes: Float32Array, eye: FloatArray, spheres: FloatArray, table: Table, held: Int64Array) -> Any:
    """Fill `held` with the first point of each voxel; how many there are, and the size of the voxels at the end."""
    table[:] = 0
    count, halves, per_m, before = 0, 0.0, _resolution(0.0), np.int64(0)
    for i in range(planes.shape[1]):
        x, y, z = planes[0, i] - eye[0], planes[1, i] - eye[1], planes[2, i] - eye[2]
        key = _key(x, y, z, spheres, per_m)
        # Beams next to each other often hit one voxel: most points end here.
        if key == before:
            continue
        before = key
        if not _take(table, key):
            continue
        held[count] = i
        count += 1
        while count == len(held) and halves < _LARGEST_HALVES:
            halves += 2.0
            per_m, first, count = _resolution(halves), _sift(planes, held, eye, spheres, halves, table), 0
            for k in range(len(held)):
                if first[k]:
                    held[count] = held[k]
                    count += 1
        if count == len(held):
            break
    return count, halves
