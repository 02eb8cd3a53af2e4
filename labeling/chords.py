"""A straight edge in front of a camera, as chords in its image.

An edge is clipped against the near plane and the cone in which the camera model is valid, subdivided in even steps of
the image until its chords are within a fifth of a pixel of the lens's curve, and clipped against the image (Liang and
Barsky, 1984).
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from calibration.camera import distort
from calibration.quaternion import FloatArray

NEAR_M = 0.1
MAX_CHORDS = 64
TOLERANCE_PX = 0.2
_LONGEST, _SHORTEST = 1 / 4, 1 / 64  # of an edge, a chord
COARSE = 8  # steps along what lies outside of the image, for the amodal box only


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def edge_chords(
    a: FloatArray,
    b: FloatArray,
    p: FloatArray,
    limits: FloatArray,
    buffer: npt.NDArray[np.float32],
    used: int,
    whole: FloatArray,
) -> int:
    """Append the chords of the edge from a to b (3,) that lie in the image; `whole` grows by all of them.

    p: the camera's parameters; limits: see `CameraBorder`. Returns how much of the buffer is used.
    """
    low, high = near_interval(a, b)
    low, high = cone_interval(a, b, p[9], low, high)
    if not low < high:
        return used
    if limits[5] == 0.0:
        used = chord(_pixel(a, b, low, p), _pixel(a, b, high, p), limits, buffer, used, whole)
    else:
        first, last = cone_interval(a, b, limits[4], low, high)
        if first > low or last < high:
            for k in range(COARSE + 1):
                u, v = _pixel(a, b, _evenly_seen(a, b, low, high, k / COARSE), p)
                grow(whole, u, v)
        if first < last:
            used = _bent(a, b, first, last, p, limits, buffer, used, whole)
    return used


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _bent(
    a: FloatArray,
    b: FloatArray,
    low: float,
    high: float,
    p: FloatArray,
    limits: FloatArray,
    buffer: npt.NDArray[np.float32],
    used: int,
    whole: FloatArray,
) -> int:
    """The part of an edge around the image, in chords as short as the lens asks for: strongest bends lie at its rim."""
    start, done, step = _pixel(a, b, low, p), 0.0, 1.0
    while done < 1.0:
        end = _pixel(a, b, _evenly_seen(a, b, low, high, done + step), p)
        # Most edges are far away or short, and one chord does; but three points see little of a long one.
        allowed = TOLERANCE_PX if step <= _LONGEST else 0.5 * TOLERANCE_PX
        if step > _SHORTEST and _gap(a, b, low, high, done, step, start, end, p) > allowed:
            step = min(0.5 * step, _LONGEST)
            continue
        used = chord(start, end, limits, buffer, used, whole)
        start, done = end, done + step
        step = min(2.0 * step, _LONGEST, 1.0 - done)
    return used


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _gap(
    a: FloatArray,
    b: FloatArray,
    low: float,
    high: float,
    done: float,
    step: float,
    start: tuple[float, float],
    end: tuple[float, float],
    p: FloatArray,
) -> float:
    """Pixels between a chord and the lens's curve, the largest of its three quarter points."""
    gap = 0.0
    for k in range(1, 4):
        between = _pixel(a, b, _evenly_seen(a, b, low, high, done + 0.25 * k * step), p)
        gap = max(gap, distance_to_line(between, start, end))
    return gap


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _evenly_seen(a: FloatArray, b: FloatArray, low: float, high: float, share: float) -> float:
    """The parameter at a share of the way from low to high as a pinhole sees it: near parts are seen longer."""
    z_low, z_high = a[2] + low * (b[2] - a[2]), a[2] + high * (b[2] - a[2])
    fraction: float = share * z_low / (share * z_low + (1.0 - share) * z_high)
    return low + (high - low) * fraction


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def chord(
    start: tuple[float, float],
    end: tuple[float, float],
    limits: FloatArray,
    buffer: npt.NDArray[np.float32],
    used: int,
    whole: FloatArray,
) -> int:
    """Append one chord, clipped to the image; `whole` grows by all of it."""
    grow(whole, start[0], start[1])
    grow(whole, end[0], end[1])
    written: int = _clip_to_image(start[0], start[1], end[0], end[1], limits, buffer, used)
    return written


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def near_interval(a: FloatArray, b: FloatArray) -> tuple[float, float]:
    """The part of the edge, from 0 to 1, beyond the near plane; low above high where there is none."""
    low, high = 0.0, 1.0
    da, db = a[2] - NEAR_M, b[2] - NEAR_M
    if da < 0.0 and db < 0.0:
        return 1.0, 0.0
    if da < 0.0:
        low = da / (da - db)
    elif db < 0.0:
        high = da / (da - db)
    return low, high


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def cone_interval(a: FloatArray, b: FloatArray, radius: float, low: float, high: float) -> tuple[float, float]:
    """The part of the edge inside the cone x^2 + y^2 <= (radius z)^2 in front of the camera (convex: one interval)."""
    if not low < high or radius > 1e5:
        return low, high
    dx, dy, dz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    r2 = radius * radius * (1.0 - 1e-9)
    qa = dx * dx + dy * dy - r2 * dz * dz
    qb = a[0] * dx + a[1] * dy - r2 * a[2] * dz
    qc = a[0] * a[0] + a[1] * a[1] - r2 * a[2] * a[2]
    middle = 0.5 * (low + high)
    if abs(qa) < 1e-15:
        if abs(qb) < 1e-15:
            return (low, high) if qc <= 0.0 else (1.0, 0.0)
        root = -0.5 * qc / qb
        return (low, min(high, root)) if qb > 0.0 else (max(low, root), high)
    discriminant = qb * qb - qa * qc
    if discriminant <= 0.0:
        return (low, high) if qa * middle * middle + 2.0 * qb * middle + qc <= 0.0 else (1.0, 0.0)
    s = np.sqrt(discriminant)
    first, second = (-qb - s) / qa, (-qb + s) / qa
    if qa > 0.0:
        return max(low, first), min(high, second)
    # The line runs through the cone in front of the camera and the one behind it: ours is where z climbs to.
    return (max(low, first), high) if dz > 0.0 else (low, min(high, second))


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _pixel(a: FloatArray, b: FloatArray, t: float, p: FloatArray) -> tuple[float, float]:
    z = a[2] + t * (b[2] - a[2])
    x, y = distort((a[0] + t * (b[0] - a[0])) / z, (a[1] + t * (b[1] - a[1])) / z, p)
    return p[0] * x + p[2], p[1] * y + p[3]


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def distance_to_line(point: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    """Of a pixel from the line through two others; 0 where these are one."""
    du, dv = end[0] - start[0], end[1] - start[1]
    length = np.sqrt(du * du + dv * dv)
    if length < 1e-9:
        return 0.0
    distance: float = abs(du * (point[1] - start[1]) - dv * (point[0] - start[0])) / length
    return distance


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def grow(box: FloatArray, u: float, v: float) -> None:
    """Let a box (4,) hold a pixel."""
    box[0], box[1] = min(box[0], u), min(box[1], v)
    box[2], box[3] = max(box[2], u), max(box[3], v)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _clip_to_image(
    u0: float, v0: float, u1: float, v1: float, limits: FloatArray, buffer: npt.NDArray[np.float32], used: int
) -> int:
    low, high = 0.0, 1.0
    du, dv = u1 - u0, v1 - v0
    for side in range(4):
        if side == 0:
            slope, room = -du, u0 - limits[0]
        elif side == 1:
            slope, room = du, limits[2] - u0
        elif side == 2:
            slope, room = -dv, v0 - limits[1]
        else:
            slope, room = dv, limits[3] - v0
        if slope == 0.0:
            if room < 0.0:
                return used
        elif slope < 0.0:
            low = max(low, room / slope)
        else:
            high = min(high, room / slope)
        if low > high:
            return used
    buffer[used, 0], buffer[used, 1] = u0 + low * du, v0 + low * dv
    buffer[used, 2], buffer[used, 3] = u0 + high * du, v0 + high * dv
    return used + 1
