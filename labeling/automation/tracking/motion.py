"""Constant velocity with random acceleration: the filter that predicts, and the smoother that looks back.

Axes of the world are independent of each other, and a detection errs alike along each, so the three share one
covariance of 2 x 2 (position and speed). R. Kalman, 1960; H. Rauch, F. Tung and C. Striebel, "Maximum likelihood
estimates of linear dynamic systems", AIAA Journal, 1965.
"""

from __future__ import annotations

import numba
import numpy as np

from calibration.quaternion import FloatArray


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def predict(state: FloatArray, covariance: FloatArray, seconds: float, acceleration: float) -> None:
    """In place: state (2, 3) position and velocity, covariance (2, 2), by white acceleration of a density."""
    state[0] += seconds * state[1]
    p00, p01, p11 = covariance[0, 0], covariance[0, 1], covariance[1, 1]
    q = acceleration * acceleration
    covariance[0, 0] = p00 + seconds * (2.0 * p01 + seconds * p11) + q * seconds**4 / 4.0
    covariance[0, 1] = covariance[1, 0] = p01 + seconds * p11 + q * seconds**3 / 2.0
    covariance[1, 1] = p11 + q * seconds**2


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def update(state: FloatArray, covariance: FloatArray, measured: FloatArray, variance: float) -> None:
    """In place, by a measured position (3,) of a variance in each axis."""
    total = covariance[0, 0] + variance
    gain, fast = covariance[0, 0] / total, covariance[1, 0] / total
    for axis in range(3):
        off = measured[axis] - state[0, axis]
        state[0, axis] += gain * off
        state[1, axis] += fast * off
    p01 = covariance[0, 1]
    covariance[1, 1] -= fast * p01
    covariance[0, 1] = covariance[1, 0] = (1.0 - gain) * p01
    covariance[0, 0] *= 1.0 - gain


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def smooth(
    seconds: FloatArray, measured: FloatArray, variances: FloatArray, acceleration: float, speed: float
) -> tuple[FloatArray, FloatArray]:
    """States (K, 2, 3) and covariances (K, 2, 2) at K increasing times, from positions (K, 3) with variances (K,).

    A variance that is infinite measures nothing. speed: what speeds are likely before anything was measured.
    """
    count = len(seconds)
    states, covariances = np.zeros((count, 2, 3)), np.zeros((count, 2, 2))
    ahead, ahead_covariance = np.zeros((count, 2, 3)), np.zeros((count, 2, 2))
    state, covariance = np.zeros((2, 3)), np.array([[1e6, 0.0], [0.0, speed * speed]])
    state[0] = measured[0]
    for k in range(count):
        if k > 0:
            predict(state, covariance, seconds[k] - seconds[k - 1], acceleration)
        ahead[k], ahead_covariance[k] = state, covariance
        if variances[k] < np.inf:
            update(state, covariance, measured[k], variances[k])
        states[k], covariances[k] = state, covariance
    for k in range(count - 2, -1, -1):
        step = seconds[k + 1] - seconds[k]
        p, n = covariances[k], ahead_covariance[k + 1]
        cross = np.array([[p[0, 0] + step * p[0, 1], p[0, 1]], [p[1, 0] + step * p[1, 1], p[1, 1]]])
        determinant = n[0, 0] * n[1, 1] - n[0, 1] * n[1, 0]
        inverse = np.array([[n[1, 1], -n[0, 1]], [-n[1, 0], n[0, 0]]]) / determinant
        gain = cross @ inverse
        states[k] += gain @ (states[k + 1] - ahead[k + 1])
        covariances[k] += gain @ (covariances[k + 1] - n) @ gain.T
    return states, covariances
