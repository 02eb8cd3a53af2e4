"""The points in the cuboids of a trajectory."""

from __future__ import annotations

import numba
import numpy as np

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.timeline import Int64Array
from labeling.automation.solver.evidence import CELLS, LASTS, Z, cell_of
from labeling.automation.solver.lasting import asked_after, is_background
from labeling.automation.solver.matching import BAND
from labeling.automation.solver.smoothing import seen_from
from labeling.automation.solver.tracking import MOST_POINTS, asked_of, deskew, look, velocity_of

_BESIDE_M = 0.3
_MOST_ASKED = 2000
"""About so many points of the neighbourhood are looked at; a share needs no more."""


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def points_inside(
    rows: Float32Array,
    starts: Int64Array,
    corners: FloatArray,
    seconds: FloatArray,
    states: FloatArray,
    moments: FloatArray,
    body: FloatArray,
    motion: FloatArray,
) -> Int64Array:
    """(F,) points within the cuboid, 0.1 m larger, in each frame: at most `MOST_POINTS`."""
    points, counts = np.empty((MOST_POINTS, 4)), np.zeros(len(states), np.int64)
    for k in range(len(states)):
        centre = seen_from(states[k], motion)
        count = look(rows, starts[k], corners[k], centre, body, 0.3, asked_of(states, seconds, k, body), points)
        vx, vy = velocity_of(states[k], motion)
        deskew(points, count, moments[k], vx, vy)
        c, s = np.cos(centre[2]), np.sin(centre[2])
        for n in range(count):
            dx, dy = points[n, 0] - centre[0], points[n, 1] - centre[1]
            counts[k] += abs(c * dx + s * dy) < body[0] + 0.1 and abs(c * dy - s * dx) < body[1] + 0.1
    return counts


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def heights_inside(
    rows: Float32Array,
    starts: Int64Array,
    corners: FloatArray,
    states: FloatArray,
    body: FloatArray,
    motion: FloatArray,
    total: FloatArray,
) -> None:
    """How many points lie in the footprint in each frame, and the sum of their z, to `total` (F, 2)."""
    reach, column = np.sqrt(body[0] ** 2 + body[1] ** 2), int(body[BAND])
    for k in range(len(states)):
        centre = seen_from(states[k], motion)
        c, s = np.cos(centre[2]), np.sin(centre[2])
        first, last = cell_of(centre - reach, corners[k]), cell_of(centre + reach, corners[k])
        for i in range(first[0], last[0] + 1):
            for n in range(starts[k, i * CELLS + first[1]], starts[k, i * CELLS + last[1] + 1]):
                dx, dy = rows[n, 0] - centre[0], rows[n, 1] - centre[1]
                within = abs(c * dx + s * dy) < body[0] and abs(c * dy - s * dx) < body[1]
                if within and body[BAND + 1] <= rows[n, column] <= body[BAND + 2]:
                    total[k, 0] += 1.0
                    total[k, 1] += rows[n, Z]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def left_behind(
    rows: Float32Array,
    starts: Int64Array,
    corner: FloatArray,
    seconds: FloatArray,
    states: FloatArray,
    anchor: int,
    body: FloatArray,
    motion: FloatArray,
) -> float:
    """The share of the points in the cuboid at an anchor that lie where something lasts when the trajectory is not over
    them: if it is large, it is not this thing that moves so."""
    centres = np.empty((len(states), 3))
    for k in range(len(states)):
        centres[k] = seen_from(states[k], motion)
    centre, column = centres[anchor], int(body[BAND])
    reach = np.sqrt(body[0] ** 2 + body[1] ** 2)
    first, last = cell_of(centre - reach, corner), cell_of(centre + reach, corner)
    total, left, seen = 0, 0, 0
    every = 1 + (starts[last[0] * CELLS + last[1] + 1] - starts[first[0] * CELLS + first[1]]) // _MOST_ASKED
    for i in range(first[0], last[0] + 1):
        for n in range(starts[i * CELLS + first[1]], starts[i * CELLS + last[1] + 1]):
            if not body[BAND + 1] <= rows[n, column] <= body[BAND + 2] or not _covers(centre, rows[n], body, 0.0):
                continue
            seen += 1
            if seen % every:
                continue
            asked = 0
            for step, end in ((-1, -1), (1, len(states))):
                k = anchor
                while k != end and _covers(centres[k], rows[n], body, _BESIDE_M):
                    k += step
                if k != end:
                    asked |= asked_after(abs(seconds[k] - seconds[anchor]), step)
            total += 1
            left += is_background(rows[n, LASTS], asked)
    return left / max(total, 1)


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _covers(centre: FloatArray, row: Float32Array, body: FloatArray, margin: float) -> bool:
    c, s = np.cos(centre[2]), np.sin(centre[2])
    dx, dy = row[0] - centre[0], row[1] - centre[1]
    return bool(abs(c * dx + s * dy) < body[0] + margin and abs(c * dy - s * dx) < body[1] + margin)
