"""The likeliest whole trajectory, from a motion model and from what each frame says: Gauss-Newton over all frames.

States (F, 5): what is steered along its heading (vehicles, two-wheelers) has x, y of its rear axle, yaw, speed and
curvature; what walks has x, y, yaw and the velocity's x, y. The normal equations are block tridiagonal, so a solve is
linear in the number of frames, and the covariance of each frame comes with it (Rauch, Tung, Striebel, "Maximum
likelihood estimates of linear dynamic systems", AIAA Journal 1965, in information form).
"""

from __future__ import annotations

import numba
import numpy as np

from calibration.quaternion import FloatArray

# Motion: [walks (0 or 1), axle behind the centre (m), acceleration (m/s2), largest curvature (1/m), yaw rate (rad/s)]
WALKS, AXLE, ACCELERATION, CURVATURE, YAW_RATE = 0, 1, 2, 3, 4
_ITERATIONS = 8


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def advance(state: FloatArray, seconds: float, motion: FloatArray) -> FloatArray:
    """The state so many seconds later (or, negative, before), if nothing changes."""
    after = state.copy()
    if motion[WALKS] > 0.0:
        after[0] += seconds * state[3]
        after[1] += seconds * state[4]
        return after
    turn = state[4] * state[3] * seconds
    after[2] = state[2] + turn
    after[0] += seconds * state[3] * np.cos(state[2] + 0.5 * turn)
    after[1] += seconds * state[3] * np.sin(state[2] + 0.5 * turn)
    return after


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def slope(state: FloatArray, seconds: float, motion: FloatArray) -> FloatArray:
    """(5, 5) Jacobian of `advance`."""
    jacobian, base = np.empty((5, 5)), advance(state, seconds, motion)
    for column in range(5):
        moved = state.copy()
        moved[column] += 1e-5
        jacobian[:, column] = (advance(moved, seconds, motion) - base) / 1e-5
    return jacobian


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def uncertainty(state: FloatArray, seconds: float, motion: FloatArray) -> FloatArray:
    """(5, 5) covariance of what can happen in between."""
    dt, sign = max(abs(seconds), 1e-4), 1.0 if seconds >= 0.0 else -1.0
    a = 0.25 * motion[ACCELERATION]  # four standard deviations are the limit of the class, held for a second
    result = np.zeros((5, 5))
    if motion[WALKS] > 0.0:
        for axis in range(2):
            result[axis, axis] = a * a * dt**3 / 3.0 + 1e-5
            result[axis, 3 + axis] = result[3 + axis, axis] = 0.5 * a * a * dt**2 * sign
            result[3 + axis, 3 + axis] = a * a * dt
        speed = state[3] ** 2 + state[4] ** 2
        result[2, 2] = (0.25 if speed > 0.1 else 0.02) * dt
        return result
    speed = abs(state[3])
    steering = 0.25 * motion[CURVATURE] if speed < 1.0 else min(0.25 * motion[CURVATURE], 1.2 / speed**2)
    turning = steering * speed
    c, s = np.cos(state[2]), np.sin(state[2])
    along, across = a * a * dt**3 / 3.0 + 1e-5, (0.02 * speed) ** 2 * dt + 4e-6
    result[0, 0], result[1, 1] = c * c * along + s * s * across, s * s * along + c * c * across
    result[0, 1] = result[1, 0] = c * s * (along - across)
    result[2, 2] = turning**2 * dt**3 / 3.0 + 1e-6
    result[3, 3] = a * a * dt
    for axis, part in ((0, c), (1, s)):
        result[axis, 3] = result[3, axis] = 0.45 * a * a * dt**2 * part * sign
    result[4, 4] = steering**2 * dt
    result[2, 4] = result[4, 2] = 0.45 * steering**2 * state[3] * dt**2 * sign
    return result


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def seen_from(state: FloatArray, motion: FloatArray) -> FloatArray:
    """x, y, yaw of the cuboid's centre."""
    centre = state[:3].copy()
    centre[0] += motion[AXLE] * np.cos(state[2])
    centre[1] += motion[AXLE] * np.sin(state[2])
    return centre


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def seen_slope(state: FloatArray, motion: FloatArray) -> FloatArray:
    """(3, 5) Jacobian of `seen_from`."""
    jacobian = np.zeros((3, 5))
    for row in range(3):
        jacobian[row, row] = 1.0
    jacobian[0, 2], jacobian[1, 2] = -motion[AXLE] * np.sin(state[2]), motion[AXLE] * np.cos(state[2])
    return jacobian


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def difference(mean: FloatArray, centre: FloatArray) -> FloatArray:
    """Of two poses; the yaw the shorter way round."""
    off = mean - centre
    off[2] = (off[2] + np.pi) % (2.0 * np.pi) - np.pi
    return off


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def smooth(
    states: FloatArray,
    seconds: FloatArray,
    means: FloatArray,
    information: FloatArray,
    certain: FloatArray,
    motion: FloatArray,
    covariances: FloatArray,
) -> None:
    """Improve the states (F, 5) in place, at seconds (F,), and write their covariances (F, 5, 5).

    means (F, 3), information (F, 3, 3): x, y, yaw of the centre that each frame says. certain: (F,) 1 where a person
    set the pose; elsewhere what contradicts the rest counts less (Geman and McClure's weight).
    """
    count = len(states)
    diagonal, right, below = np.empty((count, 5, 5)), np.empty((count, 5)), np.empty((count, 5, 5))
    gains = np.empty((count, 5, 5))
    for iteration in range(_ITERATIONS):
        _normal_equations(states, seconds, means, information, certain, motion, diagonal, right, below)
        largest = _solve_tridiagonal(diagonal, right, below, gains, states)
        if largest < 1e-4 and iteration > 1:
            break
    covariances[count - 1] = np.linalg.inv(diagonal[count - 1])
    for k in range(count - 2, -1, -1):
        covariances[k] = np.linalg.inv(diagonal[k]) + gains[k] @ covariances[k + 1] @ gains[k].T


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _normal_equations(
    states: FloatArray,
    seconds: FloatArray,
    means: FloatArray,
    information: FloatArray,
    certain: FloatArray,
    motion: FloatArray,
    diagonal: FloatArray,
    right: FloatArray,
    below: FloatArray,
) -> None:
    """below[k]: the block of rows k + 1 and columns k."""
    count = len(states)
    for k in range(count):
        diagonal[k] = 1e-9 * np.eye(5)
        right[k] = 0.0
        # Weak priors: parked and straight unless something says otherwise.
        if motion[WALKS] > 0.0:
            for axis in (3, 4):
                diagonal[k, axis, axis] += 1e-3
                right[k, axis] -= 1e-3 * states[k, axis]
        else:
            widest = min(motion[CURVATURE], 3.0 / max(states[k, 3] ** 2, 1e-3)) * 0.5
            diagonal[k, 4, 4] += 0.1 / widest**2
            right[k, 4] -= 0.1 / widest**2 * states[k, 4]
            diagonal[k, 3, 3] += 1e-4
            right[k, 3] -= 1e-4 * states[k, 3]
        off = difference(means[k], seen_from(states[k], motion))
        weight = 1.0
        if certain[k] == 0.0:
            weight = 1.0 / (1.0 + off @ information[k] @ off / 16.0) ** 2
        jacobian = seen_slope(states[k], motion)
        diagonal[k] += weight * (jacobian.T @ information[k] @ jacobian)
        right[k] += weight * (jacobian.T @ (information[k] @ off))
    for k in range(count - 1):
        dt = seconds[k + 1] - seconds[k]
        jacobian = slope(states[k], dt, motion)
        weight_matrix = np.linalg.inv(uncertainty(states[k], dt, motion))
        off = states[k + 1] - advance(states[k], dt, motion)
        off[2] = (off[2] + np.pi) % (2.0 * np.pi) - np.pi
        pull = jacobian.T @ weight_matrix
        diagonal[k] += pull @ jacobian
        right[k] += pull @ off
        diagonal[k + 1] += weight_matrix
        right[k + 1] -= weight_matrix @ off
        below[k] = -(weight_matrix @ jacobian)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _solve_tridiagonal(
    diagonal: FloatArray, right: FloatArray, below: FloatArray, gains: FloatArray, states: FloatArray
) -> float:
    """Add the solution to the states; diagonal becomes that of the elimination, gains lead from a frame to
    the one before.
    The largest move of a place, metres."""
    count = len(states)
    for k in range(count - 1):
        gains[k] = -np.linalg.solve(diagonal[k], np.ascontiguousarray(below[k].T))
        diagonal[k + 1] += below[k] @ gains[k]
        right[k + 1] += gains[k].T @ right[k]
    step = np.linalg.solve(diagonal[count - 1], right[count - 1])
    largest = 0.0
    for k in range(count - 1, -1, -1):
        if k < count - 1:
            step = np.linalg.solve(diagonal[k], right[k]) + gains[k] @ step
        largest = max(largest, np.sqrt(step[0] ** 2 + step[1] ** 2))
        states[k] += step * min(1.0, 5.0 / max(np.sqrt(step[0] ** 2 + step[1] ** 2), 1e-9))
    return largest
