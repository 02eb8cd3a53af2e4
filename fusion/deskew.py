"""Motion distortion taken out of sweeps, and put back: every point with the pose of its own time.

A pose between two knots is a straight line and a constant turn, as `EgoMotion.at` says. Per interval the turn is an
axis and an angle (Rodrigues' formula), so that a point costs one small rotation and no pose of its own is ever stored.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from calibration import RigidTransform, quaternion
from calibration.quaternion import FloatArray
from fusion.ego_motion import EgoMotion
from fusion.samples import Float32Array
from fusion.timeline import Int64Array

_SMALL_TURN_RAD = 0.1


def to_world(
    points_m: Float32Array, times_ns: Int64Array, ego_motion: EgoMotion, ego_from_sensor: RigidTransform
) -> Float32Array:
    """(N, 3) float32 in the world, metres, from points (N, 3) in the sensor frame at times (N,) int64 ns."""
    planes = np.empty((3, len(points_m)), np.float32)
    planes_to_world(
        np.ascontiguousarray(points_m.T), times_ns, slice(0, len(points_m)), ego_motion, ego_from_sensor, planes
    )
    return planes.T


def to_reference(
    points_m: Float32Array,
    times_ns: Int64Array,
    ego_motion: EgoMotion,
    ego_from_sensor: RigidTransform,
    reference_ns: int,
) -> Float32Array:
    """(N, 3) float32 in the sensor frame at one moment: exact to float32 however far from the origin the world is."""
    sensor_from_world = (ego_motion.at(reference_ns) * ego_from_sensor).inverse()
    motion = EgoMotion(ego_motion.timeline, sensor_from_world * ego_motion.world_from_ego)
    return to_world(points_m, times_ns, motion, ego_from_sensor)


def from_world(
    points_in_world: Float32Array, times_ns: Int64Array, ego_motion: EgoMotion, ego_from_sensor: RigidTransform
) -> Float32Array:
    """The inverse of `to_world`: (N, 3) as the sensor measured them, of sources that deliver compensated points."""
    planes = np.empty((3, len(points_in_world)), np.float32)
    if len(times_ns):
        columns = np.ascontiguousarray(points_in_world.T)
        _distort(columns, times_ns, *_intervals(ego_motion, times_ns), ego_from_sensor.matrix, planes)
    return planes.T


def planes_to_world(
    planes: Float32Array,
    times_ns: Int64Array,
    part: slice,
    ego_motion: EgoMotion,
    ego_from_sensor: RigidTransform,
    planes_out: Float32Array,
) -> None:
    """`to_world` for the points `part` of planes (3, N), C-contiguous, to the same places of planes_out (3, N)."""
    start, end, _ = part.indices(len(times_ns))
    if end > start:
        intervals = _intervals(ego_motion, times_ns[part])
        _straighten(planes, times_ns, start, end, *intervals, ego_from_sensor.matrix, planes_out)


def _intervals(ego_motion: EgoMotion, times_ns: Int64Array) -> tuple[Any, ...]:
    """Of the intervals between knots that the times fall into: times (K + 1,), start poses (K, 3, 4), moves (K, 3),
    and turns (K, 4): unit axis and angle."""
    knots = ego_motion.timeline.times_ns
    poses = ego_motion.world_from_ego
    if len(knots) == 1:
        still = np.array([knots[0], knots[0] + 1], dtype=np.int64)
        return still, poses.matrix[:, :3], np.zeros((1, 3)), np.array([[1.0, 0.0, 0.0, 0.0]])
    ends = np.searchsorted(knots, [times_ns.min(), times_ns.max()], side="right") - 1
    first, last = np.clip(ends, 0, len(knots) - 2)
    before, after = poses[first : last + 1], poses[first + 1 : last + 2]
    steps = quaternion.to_rotation_vector(quaternion.multiply(quaternion.conjugate(before.rotation), after.rotation))
    angles = np.linalg.norm(steps, axis=1, keepdims=True)
    axes = np.where(angles > 0.0, steps / np.where(angles > 0.0, angles, 1.0), np.array([1.0, 0.0, 0.0]))
    moves: FloatArray = after.translation - before.translation
    return knots[first : last + 2].copy(), before.matrix[:, :3], moves, np.concatenate([axes, angles], axis=1)


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _interval_of(time: int, knots: Int64Array, guess: int) -> Any:
    """Neighbouring points have neighbouring times: look where the last one was first."""
    final = len(knots) - 2
    if knots[guess] <= time < knots[guess + 1]:
        return guess
    return min(max(np.searchsorted(knots, time, side="right") - 1, 0), final)


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _fraction(time: int, knots: Int64Array, interval: int) -> Any:
    """Within the interval; one interval beyond the ends at most, as `EgoMotion.at`."""
    return min(max((time - knots[interval]) / (knots[interval + 1] - knots[interval]), -1.0), 2.0)


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _sine_and_versine(angle: float) -> tuple[float, float]:
    """sin a and 1 - cos a; the series is exact to 1e-15 within its limit, and three times as fast."""
    if abs(angle) > _SMALL_TURN_RAD:
        return np.sin(angle), 1.0 - np.cos(angle)
    square = angle * angle
    sine = angle * (1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0 * (1.0 - square / 72.0))))
    return sine, 0.5 * square * (1.0 - square / 12.0 * (1.0 - square / 30.0 * (1.0 - square / 56.0)))


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _turned(x: float, y: float, z: float, turn: FloatArray, sine: float, versine: float) -> tuple[float, float, float]:
    """Rodrigues' formula: v + sin a (k x v) + (1 - cos a) k x (k x v)."""
    a, b, c = turn[0], turn[1], turn[2]
    u, v, w = b * z - c * y, c * x - a * z, a * y - b * x
    return (
        x + sine * u + versine * (b * w - c * v),
        y + sine * v + versine * (c * u - a * w),
        z + sine * w + versine * (a * v - b * u),
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _straighten(
    planes: Float32Array,
    times: Int64Array,
    start: int,
    end: int,
    knots: Int64Array,
    poses: FloatArray,
    moves: FloatArray,
    turns: FloatArray,
    m: FloatArray,
    out: Float32Array,
) -> None:
    """m: ego_from_sensor (4, 4)."""
    k, time = 0, times[start] - 1
    fraction = sine = versine = 0.0
    for i in range(start, end):
        if times[i] != time:  # all beams of a column fire together
            time = times[i]
            k = _interval_of(time, knots, k)
            fraction = _fraction(time, knots, k)
            sine, versine = _sine_and_versine(fraction * turns[k, 3])
        px, py, pz = planes[0, i], planes[1, i], planes[2, i]
        x = m[0, 0] * px + m[0, 1] * py + m[0, 2] * pz + m[0, 3]
        y = m[1, 0] * px + m[1, 1] * py + m[1, 2] * pz + m[1, 3]
        z = m[2, 0] * px + m[2, 1] * py + m[2, 2] * pz + m[2, 3]
        x, y, z = _turned(x, y, z, turns[k], sine, versine)
        for row in range(3):
            p = poses[k, row]
            out[row, i] = p[0] * x + p[1] * y + p[2] * z + p[3] + fraction * moves[k, row]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _distort(
    planes: Float32Array,
    times: Int64Array,
    knots: Int64Array,
    poses: FloatArray,
    moves: FloatArray,
    turns: FloatArray,
    m: FloatArray,
    out: Float32Array,
) -> None:
    """m: ego_from_sensor (4, 4)."""
    k = 0
    for i in range(len(times)):
        k = _interval_of(times[i], knots, k)
        fraction, p = _fraction(times[i], knots, k), poses[k]
        sine, versine = _sine_and_versine(-fraction * turns[k, 3])
        u = planes[0, i] - p[0, 3] - fraction * moves[k, 0]
        v = planes[1, i] - p[1, 3] - fraction * moves[k, 1]
        w = planes[2, i] - p[2, 3] - fraction * moves[k, 2]
        x = p[0, 0] * u + p[1, 0] * v + p[2, 0] * w
        y = p[0, 1] * u + p[1, 1] * v + p[2, 1] * w
        z = p[0, 2] * u + p[1, 2] * v + p[2, 2] * w
        x, y, z = _turned(x, y, z, turns[k], sine, versine)
        x, y, z = x - m[0, 3], y - m[1, 3], z - m[2, 3]
        for row in range(3):
            out[row, i] = m[0, row] * x + m[1, row] * y + m[2, row] * z
