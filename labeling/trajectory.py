"""Poses between knots.

Positions follow a cubic spline through four or more knots, a shape-preserving cubic (PCHIP) through three, a straight
line through two. Rotations turn at constant speed between neighbours (slerp). At a knot the result is the knot,
exactly. Beyond the ends the last motion goes on for a moment (a camera may fire just before the first sweep), then it
stops.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline, PchipInterpolator

from calibration import RigidTransform, quaternion
from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array

EXTRAPOLATION_NS = 200_000_000


def poses_at(
    times_ns: Int64Array, positions_m: FloatArray, rotations: FloatArray, query_ns: npt.ArrayLike
) -> RigidTransform:
    """Poses at query (...,) int64 ns of knots: times (K,) increasing, positions (K, 3), rotations (K, 4) w x y z."""
    query = np.asarray(query_ns, dtype=np.int64)
    flat = query.reshape(-1)
    if len(times_ns) == 1:
        position, rotation = np.repeat(positions_m, len(flat), axis=0), np.repeat(rotations, len(flat), axis=0)
    else:
        position = _positions(times_ns, positions_m, flat)
        rotation = _rotations(times_ns, rotations, flat)
        _settle_on_knots(times_ns, positions_m, rotations, flat, position, rotation)
    return RigidTransform(rotation.reshape(*query.shape, 4), position.reshape(*query.shape, 3))


def _seconds(times_ns: Int64Array, start_ns: np.int64) -> FloatArray:
    return np.asarray((times_ns - start_ns) * 1e-9)


def _reach(times_ns: Int64Array) -> tuple[int, int]:
    """First and last time at which the object still moves, within int64."""
    first, last = int(times_ns[0]) - EXTRAPOLATION_NS, int(times_ns[-1]) + EXTRAPOLATION_NS
    return max(first, -(2**63)), min(last, 2**63 - 1)


def _positions(times_ns: Int64Array, positions: FloatArray, query: Int64Array) -> FloatArray:
    start = times_ns[0]
    inside = np.clip(query, times_ns[0], times_ns[-1])
    at, knots = _seconds(inside, start), _seconds(times_ns, start)
    if len(times_ns) == 2:
        result = positions[0] + (at / knots[1])[:, None] * (positions[1] - positions[0])
    elif len(times_ns) == 3:
        result = PchipInterpolator(knots, positions, axis=0)(at)
    else:
        result = CubicSpline(knots, positions, axis=0)(at)
    beyond = (np.clip(query, *_reach(times_ns)) - inside) * 1e-9
    first = (positions[1] - positions[0]) / (knots[1] - knots[0])
    last = (positions[-1] - positions[-2]) / (knots[-1] - knots[-2])
    return np.asarray(result + beyond[:, None] * np.where(beyond[:, None] < 0, first, last))


def _rotations(times_ns: Int64Array, rotations: FloatArray, query: Int64Array) -> FloatArray:
    inside = np.clip(query, times_ns[0], times_ns[-1])
    left = np.clip(np.searchsorted(times_ns, inside, side="right") - 1, 0, len(times_ns) - 2)
    fraction = (inside - times_ns[left]) / (times_ns[left + 1] - times_ns[left])
    return quaternion.slerp(rotations[left], rotations[left + 1], fraction)


def _settle_on_knots(
    times_ns: Int64Array,
    positions: FloatArray,
    rotations: FloatArray,
    query: Int64Array,
    position: FloatArray,
    rotation: FloatArray,
) -> None:
    """Splines pass their knots to within rounding; labels must come out exactly as they went in."""
    index = np.minimum(np.searchsorted(times_ns, query), len(times_ns) - 1)
    exact = times_ns[index] == query
    position[exact] = positions[index[exact]]
    rotation[exact] = rotations[index[exact]]
