"""Where the points say that a cuboid should be: for each row a map of how well the points fit a shifted cuboid.

A question about a whole track (does it lag, does it drift?) is then a path through the maps of its rows, and its answer
the sum along the path, against the sum for the label as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.timeline import Int64Array
from labeling.automation.solver.matching import LAYERS, value_of
from labeling.quality.looking import Looks, Places

ALONG, ACROSS = 17, 11
"""Shifts of a map, odd, so that its middle is none."""
STEP_M: Final = 0.1
_FEWEST = 5
_MOST_EVIDENCE = 25.0
_MOST_POINTS = 100
_AGAINST, _OVER = 0.4, 0.25
_UPRIGHT = 0.55
"""Of the height: so far up the sides of a vehicle stand upright."""


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """values: (R, ALONG, ACROSS) log likelihood ratio of each row's cuboid shifted along and across. steps_m: (R,) of
    the shifts along; across it is STEP_M. counts: (R,) points that had a say."""

    values: FloatArray
    steps_m: FloatArray
    counts: Int64Array

    def along_path(self, rows: Int64Array, shifts_m: FloatArray) -> FloatArray:
        """(H,) sums over rows (K,) of shifts (H, K, 2), along and across, metres; beyond a map its border."""
        sums = np.zeros(len(shifts_m))
        _sum_paths(self.values, self.steps_m, rows, np.ascontiguousarray(shifts_m), sums)
        return sums


def maps_of(places: Places, looks: Looks, walks: Int64Array) -> Maps:
    """Of all places. walks: (R,) 1 for what has no sides, as a person.

    Along, a map reaches farther than the way of one frame.
    """
    count = len(places)
    speeds = np.hypot(*places.velocities_mps.T)
    steps = np.maximum(STEP_M, speeds * 0.1 * 1.4 / (ALONG // 2))
    values = np.zeros((count, ALONG, ACROSS))
    halves = np.ascontiguousarray(0.5 * places.sizes_m)
    _fill(looks.near, looks.near_counts, looks.eyes, halves, walks, steps, values)
    return Maps(values, steps, np.where(looks.near_counts >= _FEWEST, looks.near_counts, 0))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _fill(
    near: Float32Array,
    counts: Int64Array,
    eyes: FloatArray,
    halves: FloatArray,
    walks: Int64Array,
    steps: FloatArray,
    values: FloatArray,
) -> None:
    model = np.zeros((0, 0, LAYERS))
    body = np.zeros(7)
    for r in range(len(values)):
        if counts[r] < _FEWEST:
            continue
        body[:3], body[6] = halves[r], _AGAINST
        every = 1 + counts[r] // _MOST_POINTS
        for i in range(ALONG):
            dx = (i - ALONG // 2) * steps[r]
            for j in range(ACROSS):
                dy = (j - ACROSS // 2) * STEP_M
                total, mine = 0.0, 0
                for n in range(0, counts[r], every):
                    x, y = near[r, n, 0] - dx, near[r, n, 1] - dy
                    if walks[r] == 0 and near[r, n, 2] > _UPRIGHT * 2.0 * halves[r, 2]:
                        value = _above_sides(x, y, halves[r])
                    else:
                        value = value_of(x, y, 0, body, eyes[r, 0] - dx, eyes[r, 1] - dy, model, walks[r] > 0)
                    total += value
                    mine += value > 0.0
                values[r, i, j] = total * min(1.0, _MOST_EVIDENCE / max(mine, 1))


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _above_sides(x: float, y: float, half: FloatArray) -> float:
    """What a point above the sides says: windows lean inwards, so that it must be over the thing and no more."""
    outside = max(abs(x) - half[0], abs(y) - half[1])
    return _OVER if outside <= 0.0 else max(_OVER - (_OVER + _AGAINST) * outside / 0.25, -_AGAINST)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _sum_paths(values: FloatArray, steps: FloatArray, rows: Int64Array, shifts: FloatArray, sums: FloatArray) -> None:
    for h in range(len(shifts)):
        for k in range(len(rows)):
            r = rows[k]
            u = min(max(shifts[h, k, 0] / steps[r] + ALONG // 2, 0.0), ALONG - 1.001)
            v = min(max(shifts[h, k, 1] / STEP_M + ACROSS // 2, 0.0), ACROSS - 1.001)
            i, j = int(u), int(v)
            a, b = u - i, v - j
            sums[h] += (1 - a) * ((1 - b) * values[r, i, j] + b * values[r, i, j + 1]) + a * (
                (1 - b) * values[r, i + 1, j] + b * values[r, i + 1, j + 1]
            )
