"""Poses between knots.

Positions follow a cubic spline through four or more knots, a shape-preserving cubic (PCHIP) through three, a straight
line through two. Rotations turn at constant speed between neighbours (slerp). At a knot the result is the knot,
exactly. Beyond the ends the last motion goes on for a moment (a camera may fire just before the first sweep), then it
stops.
"""

from __future__ import annotations

import numba
import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array

EXTRAPOLATION_NS = 200_000_000
_SMALL_ANGLE = 1e-6


def knot_velocities(times_ns: Int64Array, positions_m: FloatArray) -> FloatArray:
    """(K, 3) m/s at the knots: with the positions, all that a piecewise cubic needs (Hermite's form)."""
    if len(times_ns) == 1:
        return np.zeros((1, 3))
    knots = (times_ns - times_ns[0]) * 1e-9
    if len(times_ns) == 2:
        return np.repeat((positions_m[1:] - positions_m[:1]) / knots[1], 2, axis=0)
    spline = PchipInterpolator if len(times_ns) == 3 else CubicSpline
    with np.errstate(over="ignore"):  # PCHIP divides by the slopes, be they as small as a number can be
        return np.asarray(spline(knots, positions_m, axis=0)(knots, 1))


def evaluate(
    times_ns: Int64Array,
    positions_m: FloatArray,
    rotations: FloatArray,
    velocities_mps: FloatArray,
    query_ns: Int64Array,
    positions_out: FloatArray,
    rotations_out: FloatArray,
) -> None:
    """Write the poses at query (Q,) int64 ns to (Q, 3) and (Q, 4), from knots: times (K,) increasing, positions
    (K, 3), rotations (K, 4) w x y z, velocities (K, 3)."""
    first, last = int(times_ns[0]) - EXTRAPOLATION_NS, int(times_ns[-1]) + EXTRAPOLATION_NS
    reach = max(first, -(2**63)), min(last, 2**63 - 1)
    _evaluate(times_ns, positions_m, rotations, velocities_mps, reach, query_ns, positions_out, rotations_out)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _evaluate(
    times: Int64Array,
    positions: FloatArray,
    rotations: FloatArray,
    velocities: FloatArray,
    reach: tuple[int, int],
    query: Int64Array,
    position: FloatArray,
    rotation: FloatArray,
) -> None:
    final = len(times) - 1
    for i in range(len(query)):
        inside = min(max(query[i], times[0]), times[final])
        left = np.searchsorted(times, inside, side="right") - 1
        if times[left] == inside:  # a label comes out exactly as it went in
            position[i], rotation[i] = positions[left], rotations[left]
        else:
            _between(times, positions, velocities, left, inside, position[i])
            fraction = (inside - times[left]) / (times[left + 1] - times[left])
            _slerp(rotations[left], rotations[left + 1], fraction, rotation[i])
        if query[i] != inside and final > 0:
            beyond = (min(max(query[i], reach[0]), reach[1]) - inside) * 1e-9
            start = 0 if beyond < 0.0 else final - 1
            seconds = (times[start + 1] - times[start]) * 1e-9
            position[i] += beyond * (positions[start + 1] - positions[start]) / seconds


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _between(
    times: Int64Array, positions: FloatArray, velocities: FloatArray, left: int, time: int, result: FloatArray
) -> None:
    """Cubic in Hermite's form between two knots."""
    seconds = (times[left + 1] - times[left]) * 1e-9
    s = (time - times[left]) * 1e-9 / seconds
    for axis in range(3):
        step = positions[left + 1, axis] - positions[left, axis]
        v0, v1 = seconds * velocities[left, axis], seconds * velocities[left + 1, axis]
        result[axis] = positions[left, axis] + s * (v0 + s * (3.0 * step - 2.0 * v0 - v1 + s * (v0 + v1 - 2.0 * step)))


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _slerp(a: FloatArray, b: FloatArray, fraction: float, result: FloatArray) -> None:
    """Constant angular velocity, the shorter way round: `quaternion.slerp` for one pair."""
    w = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3]
    x = a[0] * b[1] - a[1] * b[0] - a[2] * b[3] + a[3] * b[2]
    y = a[0] * b[2] + a[1] * b[3] - a[2] * b[0] - a[3] * b[1]
    z = a[0] * b[3] - a[1] * b[2] + a[2] * b[1] - a[3] * b[0]
    if w < 0.0:
        w, x, y, z = -w, -x, -y, -z
    sine = np.sqrt(x * x + y * y + z * z)
    half = fraction * np.arctan2(sine, w)
    scale = fraction if sine < _SMALL_ANGLE else np.sin(half) / sine
    c, x, y, z = np.cos(half), scale * x, scale * y, scale * z
    result[0] = a[0] * c - a[1] * x - a[2] * y - a[3] * z
    result[1] = a[0] * x + a[1] * c + a[2] * z - a[3] * y
    result[2] = a[0] * y - a[1] * z + a[2] * c + a[3] * x
    result[3] = a[0] * z + a[1] * y - a[2] * x + a[3] * c
