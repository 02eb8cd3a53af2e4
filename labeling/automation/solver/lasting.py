"""Which places are occupied before and after: what moves is not made of them.

A thing that passes a place leaves it empty before and after. A point whose place is occupied in most of the frames of
some seconds before, and in most of those after, belongs to something that stands.
"""

from __future__ import annotations

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.timeline import Int64Array

_CELL_M: Final = 0.2
_LEADS_S: Final = (0.6, 1.2, 2.4, 4.8)
"""The levels: what is there longer before or after than this."""
_LEVELS: Final = len(_LEADS_S)
_SIDES: Final = 2 * _LEVELS
_SPAN_S: Final = 4.0
_FEWEST_FRAMES: Final = 3
_SHARE: Final = 0.8
_THINGS_ABOVE_M: Final = 0.5
"""Lower points may be ground where the ground is a guess."""
_BEYOND_M: Final = 0.5
_SLOWEST_MPS: Final = 0.5


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def level_of(away_s: float) -> int:
    """The level that is longer than a time; -1 if none is."""
    for level in range(_LEVELS):
        if _LEADS_S[level] >= away_s:
            return level
    return -1


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def asked_by(speed: float, half_length: float) -> int:
    """What to ask of the points of a thing that passes at a speed: `is_background` takes it. 0 if it hardly moves."""
    level: int = level_of((2.0 * half_length + _BEYOND_M) / speed) if speed > _SLOWEST_MPS else -1
    return (1 << level) | (1 << (level + _LEVELS)) if level >= 0 else 0


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def asked_after(away_s: float, step: int) -> int:
    """The same of one that is not there so long before (step -1) or after (1)."""
    level: int = level_of(away_s)
    if level < 0:
        return 0
    return 1 << level if step < 0 else 1 << (level + _LEVELS)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def asked_along(states: FloatArray, seconds: FloatArray, frame: int, step: int, last: int, half_length: float) -> int:
    """The same of one that has a trajectory (F, 2 or more: x, y), looking along it up to a frame: step -1 asks what was
    there before it came, 1 what was there after it left; 0 if it was never away."""
    apart = 2.0 * half_length + _BEYOND_M
    for k in range(frame + step, last + step, step):
        if (states[k, 0] - states[frame, 0]) ** 2 + (states[k, 1] - states[frame, 1]) ** 2 > apart * apart:
            asked: int = asked_after(abs(seconds[k] - seconds[frame]), step)
            return asked
    return 0


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def is_background(said: float, asked: int) -> bool:
    """Whether a row's `lasting` says that it is none of the thing's points."""
    bits = int(said)
    return (bits & asked) != 0 and ((bits >> _SIDES) & asked) == 0


def lasting(rows: Float32Array, frames: Int64Array, seconds: FloatArray) -> Float32Array:
    """(N,) bits of rows (N, 3 or more: x, y, height; metres): at which levels the place lasts before
    and after the frame, and at which it was empty. frames: (N,) ascending."""
    if not len(rows):
        return np.empty(0, np.float32)
    cells = np.floor(rows[:, :2] / _CELL_M).astype(np.int64)
    cells -= cells.min(axis=0) - 1
    width = int(cells[:, 1].max()) + 2
    keys = cells[:, 0] * width + cells[:, 1]
    things = rows[:, 2] > _THINGS_ABOVE_M
    occupied = np.unique((keys * len(seconds) + frames)[things])  # by cell, then by frame
    places, first = np.unique(occupied // len(seconds), return_index=True)
    first = np.append(first, len(occupied))
    around = np.array([i * width + j for i in (-1, 0, 1) for j in (-1, 0, 1)], dtype=np.int64)
    bits = np.zeros(len(rows), np.int64)
    _mark(keys, frames, seconds, places, first, occupied % len(seconds), around, bits)
    return bits.astype(np.float32)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _mark(
    keys: Int64Array,
    frames: Int64Array,
    seconds: FloatArray,
    places: Int64Array,
    first: Int64Array,
    occupied: Int64Array,
    around: Int64Array,
    bits: Int64Array,
) -> None:
    there = np.zeros(len(seconds), np.bool_)
    order = np.argsort(keys, kind="mergesort")
    before = -1
    for n in order:
        if keys[n] != before:
            before = keys[n]
            there[:] = False
            for offset in around:
                place = np.searchsorted(places, keys[n] + offset)
                if place < len(places) and places[place] == keys[n] + offset:
                    for m in range(first[place], first[place + 1]):
                        there[occupied[m]] = True
        for level in range(_LEVELS):
            bits[n] |= _bits(there, seconds, frames[n], level)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _bits(there: npt.NDArray[np.bool_], seconds: FloatArray, frame: int, level: int) -> int:
    now, lead = seconds[frame], _LEADS_S[level]
    total, mine = np.zeros(2), np.zeros(2)
    first, last = np.searchsorted(seconds, now - lead - _SPAN_S), np.searchsorted(seconds, now + lead + _SPAN_S)
    for k in range(first, last):
        if abs(seconds[k] - now) >= lead:
            side = 1 if seconds[k] > now else 0
            total[side] += 1.0
            mine[side] += 1.0 if there[k] else 0.0
    bits = 0
    for side in range(2):
        if total[side] >= _FEWEST_FRAMES:
            place = level + side * _LEVELS + (0 if mine[side] >= _SHARE * total[side] else _SIDES)
            bits |= 1 << place
    return bits
