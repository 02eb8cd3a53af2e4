"""The way back through a lens: from a pixel to its ray, by formula where there is one, else by Newton's method."""

from __future__ import annotations

import numba
import numpy as np

from calibration.camera.lens import (
    ANGLE,
    BENDS,
    BENT_RADIUS,
    DOUBLE_SPHERE,
    FOV,
    FULL_BEND,
    KIND,
    MEI,
    OCAM,
    PERSPECTIVE,
    RADIUS,
    SKEW,
    UNIFIED,
    bend_slopes,
    bent,
    fisheye_radius,
    fisheye_slope,
    ocam_height,
)
from calibration.camera.plain import BoolArray
from calibration.quaternion import FloatArray

_RIM = 1.0 - 1e-12
"""A ray at the very rim must not round to the outside."""
_CLOSE = 3e-10
"""So short a step of Newton leaves an error of its square."""


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def radial(lens: FloatArray, r: float) -> tuple[float, float]:
    """Radius after the bend without its tangential parts, and its slope."""
    r2 = r * r
    below = 1.0 / (1.0 + r2 * (lens[12] + r2 * (lens[13] + r2 * lens[14])))
    share = below * (1.0 + r2 * (lens[7] + r2 * (lens[8] + r2 * lens[11])))
    steep = lens[7] + r2 * (2.0 * lens[8] + 3.0 * r2 * lens[11])
    steep -= share * (lens[12] + r2 * (2.0 * lens[13] + 3.0 * r2 * lens[14]))
    return r * share, share + 2.0 * r2 * steep * below


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _unbent_radius(lens: FloatArray, bent_radius: float, close: float) -> float:
    """Newton's method, kept inside a shrinking bracket, until a step is as short as `close`."""
    most = min(lens[RADIUS], 1e12)
    low, high = 0.0, most
    r: float = min(bent_radius, most)
    last = np.inf
    for _ in range(60):
        value, slope = radial(lens, r)
        value -= bent_radius
        if value > 0.0:
            high = r
        else:
            low = r
        following = r - value / slope if slope > 0.0 else -1.0
        if not low <= following <= high or abs(following - r) > 0.5 * last:
            # Newton's way may turn in circles. Where there is no end, halving takes for ever: so from below.
            following = 0.5 * (low + min(high, 4.0 * low + 1.0))
        last, r = abs(following - r), following
        if last <= close * (1.0 + r):
            break
    return r


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _unbent(lens: FloatArray, bent_a: float, bent_b: float) -> tuple[float, float, bool]:
    """Where the bend brings a place in the plane from, and whether there is such a place inside the domain."""
    radius = np.sqrt(bent_a * bent_a + bent_b * bent_b)
    if not np.isfinite(radius):
        return np.nan, np.nan, False
    most = lens[RADIUS] * _RIM
    if lens[BENDS] == 0.0:
        return bent_a, bent_b, bool(radius <= most)
    if radius < 1e-300:
        return 0.0, 0.0, True
    full = lens[BENDS] == FULL_BEND
    if not full and radius > lens[BENT_RADIUS]:
        return np.nan, np.nan, False
    r = _unbent_radius(lens, radius, 5e-2 if full else _CLOSE)
    a, b = bent_a * r / radius, bent_b * r / radius
    inside = bool(r <= most)
    if full:
        a, b, inside = _polished(lens, a, b, bent_a, bent_b)
    return a, b, inside


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _polished(lens: FloatArray, a: float, b: float, bent_a: float, bent_b: float) -> tuple[float, float, bool]:
    """Newton's method in the plane with the analytic Jacobian, from the radially undistorted place."""
    most = lens[RADIUS]
    for _ in range(30):
        now_a, now_b = bent(lens, a, b)
        aa, ab, ba, bb = bend_slopes(lens, a, b)
        determinant = aa * bb - ab * ba
        if determinant == 0.0:
            break
        ea, eb = (bent_a - now_a) / determinant, (bent_b - now_b) / determinant
        step_a, step_b = bb * ea - ab * eb, aa * eb - ba * ea
        a, b = a + step_a, b + step_b
        r2 = a * a + b * b
        if r2 > most * most:
            shorter = most / np.sqrt(r2)
            a, b = a * shorter, b * shorter
        elif abs(step_a) + abs(step_b) <= _CLOSE * (1.0 + np.sqrt(r2)):
            return a, b, bool(np.sqrt(r2) <= most * _RIM)
    return a, b, False


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def lift(lens: FloatArray, a: float, b: float) -> tuple[float, float, float]:
    """The ray of a place in the plane, of any length."""
    kind, r2 = lens[KIND], a * a + b * b
    if kind == PERSPECTIVE:
        return a, b, 1.0
    if kind == OCAM:
        return a, b, ocam_height(lens, np.sqrt(r2))[0]
    if kind == UNIFIED:
        alpha, beta = lens[1], lens[2]
        root = np.sqrt(max(1.0 - (2.0 * alpha - 1.0) * beta * r2, 0.0))
        return a, b, (1.0 - beta * alpha * alpha * r2) / (alpha * root + 1.0 - alpha)
    if kind == MEI:
        xi = lens[1]
        eta = (xi + np.sqrt(max(1.0 + (1.0 - xi * xi) * r2, 0.0))) / (1.0 + r2)
        return eta * a, eta * b, eta - xi
    if kind == DOUBLE_SPHERE:
        xi, alpha = lens[1], lens[2]
        mz = (1.0 - alpha * alpha * r2) / (alpha * np.sqrt(max(1.0 - (2.0 * alpha - 1.0) * r2, 0.0)) + 1.0 - alpha)
        eta = (mz * xi + np.sqrt(max(mz * mz + (1.0 - xi * xi) * r2, 0.0))) / (mz * mz + r2)
        return eta * a, eta * b, eta * mz - xi
    x, y, z = _lift_angle(lens, a, b)
    return x, y, z


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _lift_angle(lens: FloatArray, a: float, b: float) -> tuple[float, float, float]:
    """Lenses that count angles."""
    radius = np.sqrt(a * a + b * b)
    if radius < 1e-150:
        return 0.0, 0.0, 1.0
    if lens[KIND] == FOV:
        angle = lens[1] * radius
        away = np.sin(angle) / (2.0 * np.tan(0.5 * lens[1]) * radius)
        return a * away, b * away, np.cos(angle)
    angle = _fisheye_angle(lens, radius)
    away = np.sin(angle) / radius
    return a * away, b * away, np.cos(angle)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _fisheye_angle(lens: FloatArray, radius: float) -> float:
    """Newton's method, kept inside a shrinking bracket."""
    low, high = 0.0, lens[ANGLE]
    angle: float = min(radius, high)
    last = np.inf
    for _ in range(60):
        value = fisheye_radius(lens, angle) - radius
        if value > 0.0:
            high = angle
        else:
            low = angle
        following = angle - value / fisheye_slope(lens, angle)
        if not low <= following <= high or abs(following - angle) > 0.5 * last:
            following = 0.5 * (low + high)
        last, angle = abs(following - angle), following
        if last <= _CLOSE:
            break
    return angle


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def unproject_lens(pixels: FloatArray, p: FloatArray, lens: FloatArray, rays: FloatArray, valid: BoolArray) -> None:
    """Rays (N, 3) of pixels (N, 2), NaN outside of the domain: z = 1 for a perspective lens, else of unit length."""
    determinant = p[1] - lens[SKEW] * lens[SKEW + 1] * p[0]
    for i in range(pixels.shape[0]):
        across = (pixels[i, 0] - p[2]) / p[0]
        bent_b = (pixels[i, 1] - p[3] - lens[SKEW + 1] * p[0] * across) / determinant
        a, b, valid[i] = _unbent(lens, across - lens[SKEW] * bent_b, bent_b)
        if not valid[i]:
            rays[i] = np.nan
            continue
        x, y, z = lift(lens, a, b)
        length = 1.0 if lens[KIND] == PERSPECTIVE else np.sqrt(x * x + y * y + z * z)
        rays[i, 0], rays[i, 1], rays[i, 2] = x / length, y / length, z / length
