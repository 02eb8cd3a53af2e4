"""Does it move, and how fast? The velocity under which the frames around see the same thing.

A thing that stands is seen at the same place in all frames. One that moves leaves it; under its own velocity, though,
its points of all frames fall together again. All speeds along and across the sides of the box are tried, and the best
one is refined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from labeling.automation.one_click.sight import FrameSight

_CELL_M, _BLUR_M = 0.1, 0.15
_STEP_MPS, _FASTEST_MPS = 0.5, 36.0
_STANDS = 0.92
"""Standing still explains at least this share of what the best velocity does: then it stands."""
_CELL_OF_DOUBT = 1.0
"""So many cells a frame may coincide by chance."""
_SLOWEST_MPS = 0.4
"""Slower than this over three frames is less than the points' own spacing."""
_HEADS_MPS = 1.5
"""Faster than this the velocity, known to some 0.3 m/s, says the heading better than the sides do."""


_COMPASS = np.array([[1, 0], [0.7, 0.7], [0, 1], [-0.7, 0.7], [-1, 0], [-0.7, -0.7], [0, -1], [0.7, -0.7]])


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """velocity_mps: (2,) x, y in the world, zeros for what stands. agreement: 0 to 1, how much of the thing the other
    frames saw where this velocity puts it. known: whether any other frame saw it at all."""

    velocity_mps: FloatArray
    agreement: float
    known: bool

    @property
    def heading_rad(self) -> float | None:
        """Where it drives, if it is fast enough to tell."""
        x, y = self.velocity_mps
        return float(np.arctan2(y, x)) if np.hypot(x, y) >= _HEADS_MPS else None

    @property
    def moves(self) -> bool:
        """Whether it moves."""
        return bool(self.velocity_mps.any())


UNKNOWN_MOTION = Motion(np.zeros(2), 0.0, False)


def find_motion(
    own: Float32Array, time_ns: int, others: Sequence[FrameSight], floor: FloatArray, yaw: float, ceiling_m: float
) -> Motion:
    """Of a thing whose points (3, N) were seen at a time, by other frames.

    floor: (5,) the ground below: x, y of a place, z there and slopes. yaw: of its box. ceiling_m: points higher above
    the ground than this are not compared.
    """
    middle = own[:2].mean(axis=1).astype(np.float64)
    field, reach_m = _field(own[:2].T - middle)
    seen = [_around(sight, middle, reach_m, time_ns, floor, ceiling_m) for sight in others if len(sight)]
    clouds = np.concatenate([np.empty((0, 4)), *seen])
    if not len(clouds):
        return UNKNOWN_MOTION
    count = max(sum(len(each) > 0 for each in seen), 1)
    best, value, standing = _search(field, reach_m, clouds, yaw)
    scale = 1.0 / (count * max(float((field > 0.999).sum()), 1.0))
    if value <= 0.0:
        return UNKNOWN_MOTION
    if standing >= _STANDS * value - count * _CELL_OF_DOUBT or np.hypot(*best) < _SLOWEST_MPS:
        return Motion(np.zeros(2), min(standing * scale, 1.0), True)
    return Motion(best, min(value * scale, 1.0), True)


def _field(places: FloatArray) -> tuple[Float32Array, float]:
    """(C, C) 1 in cells that were hit, falling off around them, and how far it reaches from its middle."""
    reach_m = float(np.abs(places).max()) + 1.0
    count = int(np.ceil(2.0 * reach_m / _CELL_M))
    field = np.zeros((count, count), np.float32)
    _blur(places, reach_m, field)
    return field, reach_m


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _blur(places: FloatArray, reach_m: float, field: Float32Array) -> None:
    count = field.shape[0]
    for k in range(len(places)):
        column, row = int((places[k, 0] + reach_m) / _CELL_M), int((places[k, 1] + reach_m) / _CELL_M)
        for i in range(max(row - 4, 0), min(row + 5, count)):
            for j in range(max(column - 4, 0), min(column + 5, count)):
                d2 = ((i - row) ** 2 + (j - column) ** 2) * _CELL_M * _CELL_M
                field[i, j] = max(field[i, j], np.float32(np.exp(-0.5 * d2 / (_BLUR_M * _BLUR_M))))


def _around(
    sight: FrameSight, middle: FloatArray, reach_m: float, time_ns: int, floor: FloatArray, ceiling_m: float
) -> FloatArray:
    """(K, 4) x, y relative to the middle, seconds since the time, and what each counts for: cells that were hit."""
    seconds = abs(float(sight.times_ns[len(sight) // 2] - time_ns)) * 1e-9
    out, far_m = np.empty((20000, 4)), reach_m + _FASTEST_MPS * seconds
    spans = sight.spans(middle, 1.42 * far_m)
    found = _select(sight.points, sight.times_ns, time_ns, spans, middle, far_m, floor, ceiling_m, out)
    return out[:found]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _select(
    points: Float32Array,
    times_ns: Any,
    time_ns: int,
    spans: Any,
    middle: FloatArray,
    far_m: float,
    floor: FloatArray,
    ceiling_m: float,
    out: FloatArray,
) -> int:
    """One point for each cell above the ground."""
    count = int(np.ceil(2.0 * far_m / _CELL_M)) + 1
    taken = np.zeros((count, count), np.bool_)
    found = 0
    for span in range(len(spans)):
        for i in range(spans[span, 0], spans[span, 1]):
            x, y = points[0, i] - middle[0], points[1, i] - middle[1]
            if not (-far_m < x < far_m and -far_m < y < far_m):
                continue
            height = (
                points[2, i] - floor[2] - floor[3] * (points[0, i] - floor[0]) - floor[4] * (points[1, i] - floor[1])
            )
            if not 0.25 < height < ceiling_m:
                continue
            row, column = int((y + far_m) / _CELL_M), int((x + far_m) / _CELL_M)
            if taken[row, column] or found == len(out):
                continue
            taken[row, column] = True
            out[found, 0], out[found, 1], out[found, 2], out[found, 3] = x, y, (times_ns[i] - time_ns) * 1e-9, 1.0
            found += 1
    return found


def _search(field: Float32Array, reach_m: float, clouds: FloatArray, yaw: float) -> tuple[FloatArray, float, float]:
    """The best velocity (2,), how much it explains, and how much standing still does."""
    speeds = np.arange(-_FASTEST_MPS, _FASTEST_MPS + 0.1, _STEP_MPS)
    along = np.stack([np.cos(yaw) * speeds, np.sin(yaw) * speeds], axis=1)
    slow = np.abs(speeds) <= 3.0
    across = np.stack([-np.sin(yaw) * speeds, np.cos(yaw) * speeds], axis=1)
    tried = np.concatenate(
        [np.zeros((1, 2)), along, across, (along[slow][:, None] + across[slow][None]).reshape(-1, 2)]
    )
    values = np.empty(len(tried))
    _explained(field, reach_m, clouds, tried, values)
    # Chance finds more coincidences where more is tried: the fast ones must explain more.
    doubtful = values * (1.0 - 0.004 * np.hypot(*tried.T))
    best = tried[int(np.argmax(doubtful))]
    value = float(values[int(np.argmax(doubtful))])
    step = 0.5 * _STEP_MPS
    while step > 0.02:
        near = best + step * _COMPASS
        around = np.empty(len(near))
        _explained(field, reach_m, clouds, near, around)
        if around.max() > value:
            best, value = near[int(np.argmax(around))], float(around.max())
        else:
            step *= 0.5
    return best, value, float(values[0])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _explained(field: Float32Array, reach_m: float, clouds: FloatArray, velocities: FloatArray, values: Any) -> None:
    count = field.shape[0]
    for n in range(len(velocities)):
        total = 0.0
        for k in range(len(clouds)):
            x = clouds[k, 0] - velocities[n, 0] * clouds[k, 2] + reach_m
            y = clouds[k, 1] - velocities[n, 1] * clouds[k, 2] + reach_m
            column, row = int(x / _CELL_M), int(y / _CELL_M)
            if x >= 0.0 and y >= 0.0 and column < count and row < count:
                total += field[row, column]
        values[n] = total
