"""What `shutter` asks of a wide lens: how far a moment is ahead of its row, and what of an edge is in view."""

from __future__ import annotations

import numba
import numpy as np

from calibration.camera.lens import COS, SIN, SKEW, bend_slopes, bent, scale_slopes, see, within
from calibration.quaternion import FloatArray
from labeling.chords import NEAR_M
from labeling.wide_chords import cuts_of, seen_angle

_MOST_CUTS = 8
_NOWHERE_M = 1e-6


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def wide_lead(path: FloatArray, s: float, p: FloatArray, lens: FloatArray, rows: float) -> tuple[float, float]:
    """How far s is ahead of the moment of the row in which the point lies at s, and the slope for Newton's step.

    The slope is that of the lead over the lens's scale, times the scale: for a perspective lens that is the lead times
    z, as for plain cameras. Points beyond the lens are brought to its rim: they have a moment too, and no jump.
    """
    x, dx = path[0, 0] + s * (path[1, 0] + s * path[2, 0]), path[1, 0] + 2.0 * s * path[2, 0]
    y, dy = path[0, 1] + s * (path[1, 1] + s * path[2, 1]), path[1, 1] + 2.0 * s * path[2, 1]
    z, dz = path[0, 2] + s * (path[1, 2] + s * path[2, 2]), path[1, 2] + 2.0 * s * path[2, 2]
    q = x * x + y * y
    if not within(lens, q, z):
        rho = np.sqrt(q)
        if rho < _NOWHERE_M:
            return s - ((p[3] + 0.5) / rows - 1.0), 1.0
        z, dz = rho * lens[COS] / lens[SIN], (x * dx + y * dy) / rho * lens[COS] / lens[SIN]
    scale, by_q, by_z = scale_slopes(lens, q, z)
    changing = 2.0 * by_q * (x * dx + y * dy) + by_z * dz
    a, b = scale * x, scale * y
    da, db = scale * dx + changing * x, scale * dy + changing * y
    bent_a, bent_b = bent(lens, a, b)
    aa, ab, ba, bb = bend_slopes(lens, a, b)
    v = p[1] * bent_b + lens[SKEW + 1] * p[0] * bent_a + p[3]
    dv = p[1] * (ba * da + bb * db) + lens[SKEW + 1] * p[0] * (aa * da + ab * db)
    lead = s - ((v + 0.5) / rows - 1.0)
    return lead, 1.0 - dv / rows - lead * changing / scale


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def evenly_turned(a: FloatArray, b: FloatArray, low: float, high: float, share: float) -> float:
    """The parameter at a share of the angle from low to high, in the middle of the readout (law of sines)."""
    if share >= 1.0:
        return high
    near = far = dot = 0.0
    for axis in range(3):
        edge = b[0, axis] - a[0, axis]
        one, two = a[0, axis] + low * edge, a[0, axis] + high * edge
        near, far, dot = near + one * one, far + two * two, dot + one * two
    near, far = np.sqrt(near), np.sqrt(far)
    angle = np.arccos(min(max(dot / max(near * far, 1e-300), -1.0), 1.0))
    if angle < 1e-6 or angle > np.pi - 1e-6:
        return low + (high - low) * share
    first, second = near * np.sin(share * angle), far * np.sin((1.0 - share) * angle)
    fraction: float = first / (first + second)
    return low + (high - low) * fraction


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def wide_beside(
    point: FloatArray, start: FloatArray, end: FloatArray, p: FloatArray, lens: FloatArray, limits: FloatArray
) -> float:
    """Pixels from a point to where it would be in the plane of two others and the camera; 0 for a point out of view."""
    x, y, z = point[0], point[1], point[2]
    if seen_angle(point, point, 0.0) > limits[4]:
        return 0.0
    nx = start[1] * end[2] - start[2] * end[1]
    ny = start[2] * end[0] - start[0] * end[2]
    nz = start[0] * end[1] - start[1] * end[0]
    length2 = nx * nx + ny * ny + nz * nz
    if length2 == 0.0:
        return 0.0
    off = (nx * x + ny * y + nz * z) / length2
    x0, y0, z0 = x - off * nx, y - off * ny, z - off * nz
    if not within(lens, x0 * x0 + y0 * y0, z0):
        return 0.0
    u0, v0 = see(p, lens, x0, y0, z0)
    u, v = see(p, lens, x, y, z)
    distance: float = np.sqrt((u - u0) ** 2 + (v - v0) ** 2)
    return distance


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def wide_in_view(
    first: FloatArray, last: FloatArray, lens: FloatArray, limits: FloatArray, low: float, high: float
) -> tuple[float, float]:
    """An interval, grown by the parts of an edge that lie near the image."""
    cuts = np.empty(_MOST_CUTS)
    count = cuts_of(first, last, lens, limits, cuts)
    for k in range(count - 1):
        if seen_angle(first, last, 0.5 * (cuts[k] + cuts[k + 1])) <= limits[4]:
            low, high = min(low, cuts[k]), max(high, cuts[k + 1])
    return low, high


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def out_of_cone(x: float, y: float, z: float, radius: float, widest: float) -> bool:
    """Whether a sphere misses the cone around the image."""
    distance = np.sqrt(x * x + y * y + z * z)
    if distance <= radius + NEAR_M:
        return False
    return bool(np.arctan2(np.sqrt(x * x + y * y), z) > widest + np.arcsin(radius / distance))
