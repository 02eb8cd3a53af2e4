"""How well a rectangle seen from above explains the evidence around it.

Everything is counted in cells of 0.1 m, so that near and far things, one sweep and twenty, weigh alike:

- cells that were hit belong on the sides that could be seen; deeper inside they say little if they are roofs, and that
  the side is no side if they are as low as doors; just outside they say that the box cuts the thing;
- cells inside that beams went through say that the box is too large;
- length and width are likely for the class, or not.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from calibration.quaternion import FloatArray

SIDE_DEPTH_M, SIDE_SPREAD_M = 0.06, 0.12
"""Bodies bulge: bumpers and mirrors touch the box, the rest of a side lies some centimetres within."""
_DEEP, _DEEP_LOW, _OUTSIDE, _FREE = 0.15, -0.5, 1.5, 0.6
_CUT_M, _HALO_M = 0.15, 0.5
"""Hits this far outside speak most against a box; farther off they are ever more likely another thing's."""
_ROUND_M = 0.15
"""Corners are round and beams have a width: passing this far inside says nothing."""
_NATS = 0.35
"""What one cell is worth: neighbouring cells err together."""


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def score(box: FloatArray, hits: FloatArray, free: FloatArray, eyes: FloatArray, prior: FloatArray) -> Any:
    """Log-likelihood (up to a constant) of a box: x, y, yaw, length, width.

    hits: (K, 4) x, y, weight and lowness (0 to 1) of cells; free: (M, 3) x, y and weight; eyes: (E, 2); all in metres
    around one place. prior: mean length, mean width, and their spreads.
    """
    c, s, a, b = np.cos(box[2]), np.sin(box[2]), 0.5 * box[3], 0.5 * box[4]
    front, rear, left, right = _seen_sides(box, eyes)
    total = 0.0
    for k in range(len(hits)):
        x, y = hits[k, 0] - box[0], hits[k, 1] - box[1]
        u, v = c * x + s * y, c * y - s * x
        outside = max(abs(u) - a, abs(v) - b)
        if outside >= _HALO_M:
            continue
        if outside > 0.0:
            total -= hits[k, 2] * _OUTSIDE * min(outside / _CUT_M, (_HALO_M - outside) / (_HALO_M - _CUT_M))
            continue
        depth = 9.0
        if front:
            depth = min(depth, a - u)
        if rear:
            depth = min(depth, a + u)
        if left:
            depth = min(depth, b - v)
        if right:
            depth = min(depth, b + v)
        z = (depth - SIDE_DEPTH_M) / SIDE_SPREAD_M
        deep = _DEEP + (_DEEP_LOW - _DEEP) * hits[k, 3]
        total += hits[k, 2] * (deep + (1.0 - deep) * np.exp(-0.5 * z * z))
    total -= _FREE * _passed_within(box, free)
    long, wide = (box[3] - prior[0]) / prior[2], (box[4] - prior[1]) / prior[3]
    return _NATS * total - 0.5 * (long * long + wide * wide)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _seen_sides(box: FloatArray, eyes: FloatArray) -> Any:
    """Whether an eye looks at the front, the rear, the left, the right."""
    c, s = np.cos(box[2]), np.sin(box[2])
    front, rear, left, right = False, False, False, False
    for e in range(len(eyes)):
        x, y = eyes[e, 0] - box[0], eyes[e, 1] - box[1]
        u, v = c * x + s * y, c * y - s * x
        front |= u > 0.5 * box[3]
        rear |= u < -0.5 * box[3]
        left |= v > 0.5 * box[4]
        right |= v < -0.5 * box[4]
    return front, rear, left, right


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _passed_within(box: FloatArray, free: FloatArray) -> Any:
    """Sum of the cells inside that beams went through, the outermost part left out."""
    c, s = np.cos(box[2]), np.sin(box[2])
    a, b = max(0.5 * box[3] - _ROUND_M, 0.05), max(0.5 * box[4] - _ROUND_M, 0.05)
    total = 0.0
    for k in range(len(free)):
        x, y = free[k, 0] - box[0], free[k, 1] - box[1]
        if abs(c * x + s * y) < a and abs(c * y - s * x) < b:
            total += free[k, 2]
    return total


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def refine(box: FloatArray, hits: FloatArray, free: FloatArray, eyes: FloatArray, prior: FloatArray, steps: int) -> Any:
    """The best box near a first one, by moving one side, both ends or the yaw at a time, in ever smaller steps; and its
    score."""
    best = box.copy()
    value = score(best, hits, free, eyes, prior)
    trial = best.copy()
    side, turn = 0.4, np.deg2rad(6.0)
    for _ in range(steps):
        for _ in range(4):
            improved = False
            for move in range(14):
                trial[:] = best
                _move(trial, move, side, turn)
                if trial[3] < 0.3 or trial[4] < 0.25:
                    continue
                new = score(trial, hits, free, eyes, prior)
                if new > value + 1e-9:
                    value, improved = new, True
                    best[:] = trial
            if not improved:
                break
        side *= 0.5
        turn *= 0.5
    return best, value


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _move(box: FloatArray, move: int, side: float, turn: float) -> None:
    """0-7: one side out or in; 8-9: turn; 10-13: shift along an axis."""
    c, s = np.cos(box[2]), np.sin(box[2])
    if move < 8:
        change = side if move % 2 == 0 else -side
        sign = 1.0 if (move // 2) % 2 == 0 else -1.0
        if move < 4:
            box[3] += change
            box[0] += 0.5 * sign * change * c
            box[1] += 0.5 * sign * change * s
        else:
            box[4] += change
            box[0] -= 0.5 * sign * change * s
            box[1] += 0.5 * sign * change * c
    elif move < 10:
        box[2] += turn if move == 8 else -turn
    else:
        shift = side if move % 2 == 0 else -side
        if move < 12:
            box[0] += shift * c
            box[1] += shift * s
        else:
            box[0] -= shift * s
            box[1] += shift * c


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def closeness(cells: FloatArray, angles: FloatArray, values: FloatArray) -> None:
    """How close cells (K, 2 or more) lie to the two nearer sides of their rectangle at each of the angles (Zhang, Xu,
    Dong, Dolan, "Efficient L-shape fitting for vehicle detection using laser scanners", IV 2017)."""
    for n in range(len(angles)):
        c, s = np.cos(angles[n]), np.sin(angles[n])
        u, v = c * cells[:, 0] + s * cells[:, 1], c * cells[:, 1] - s * cells[:, 0]
        low_u, high_u, low_v, high_v = u.min(), u.max(), v.min(), v.max()
        total = 0.0
        for k in range(len(cells)):
            depth = min(min(high_u - u[k], u[k] - low_u), min(high_v - v[k], v[k] - low_v))
            total += 1.0 / max(depth, 0.1)
        values[n] = total / len(cells)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def top_within(box: FloatArray, pillars: FloatArray) -> Any:
    """Height above the ground of the highest point in a box, as seen from above: nothing that hangs free by 0.7 m
    belongs to it. 0 where there are no points. pillars: (K, 3) x, y and height of points."""
    c, s, a, b = np.cos(box[2]), np.sin(box[2]), 0.5 * box[3] - 0.1, 0.5 * box[4] - 0.1
    highest = np.full(100, -1.0)
    for k in range(len(pillars)):
        x, y = pillars[k, 0] - box[0], pillars[k, 1] - box[1]
        if abs(c * x + s * y) <= a and abs(c * y - s * x) <= b:
            layer = int(pillars[k, 2] / 0.05)
            if 0 <= layer < 100:
                highest[layer] = max(highest[layer], pillars[k, 2])
    top, last = 0.0, -1
    for layer in range(100):
        if highest[layer] >= 0.0:
            if last >= 0 and layer - last > 14:
                break
            last = layer
            top = highest[layer]
    return top
