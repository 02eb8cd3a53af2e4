"""Lenses in three stages, from a point (x, y, z) in the camera frame to a pixel (u, v).

1. lens: (a, b) = s (x, y), where the scale s depends on x^2 + y^2 and z alone;
2. bend: (a, b) is distorted in its plane, radially (rational), tangentially, and as by a thin prism;
3. pixels: u = fx (a + e b) + cx, v = fy b + d fx a + cy; e and d are 0 for all but OCam.

So every Jacobian is a short chain, and a new lens is a scale with its slopes (`scale_slopes`), its inverse (`lift` in
`rays.py`) and a class in `kinds.py`. Everything here takes a vector (LENS_SIZE,) that `domain.py` makes.

Sources of the scales:
- Kannala-Brandt: J. Kannala, S. Brandt, "A generic camera model and calibration method for conventional, wide-angle,
  and fish-eye lenses", TPAMI 2006 (the four terms of OpenCV's fisheye and of Kalibr's equidistant);
- unified: C. Geyer, K. Daniilidis, 2000; with distortion C. Mei, P. Rives, "Single view point omnidirectional camera
  calibration from planar grids", ICRA 2007; with alpha and beta B. Khomutenko et al., "An enhanced unified camera
  model", RA-L 2016; double sphere: V. Usenko et al., "The double sphere camera model", 3DV 2018;
- field of view: F. Devernay, O. Faugeras, "Straight lines have to be straight", 2001;
- OCam: D. Scaramuzza et al., "A toolbox for easily calibrating omnidirectional cameras", IROS 2006.
"""

from __future__ import annotations

import numba
import numpy as np

from calibration.camera.plain import BoolArray
from calibration.quaternion import FloatArray

PERSPECTIVE, KANNALA_BRANDT, UNIFIED, MEI, DOUBLE_SPHERE, OCAM, FOV = range(7)

KIND, COEFFICIENTS, BEND, SKEW, BENDS, COS, SIN, RADIUS, BENT_RADIUS, ANGLE = 0, 1, 7, 19, 21, 22, 23, 24, 25, 26
LENS_SIZE = 27
COLUMNS = 24
"""Of a full Jacobian by parameters: fx fy cx cy, six of the lens, twelve of the bend, e, d."""
RADIAL_BEND, FULL_BEND = 1.0, 2.0
_MIN_DEPTH = 1e-9
_CLOSE = 3e-10
"""So short a step of Newton leaves an error of its square."""


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def scale_slopes(lens: FloatArray, q: float, z: float) -> tuple[float, float, float]:
    """s, and its slopes by q = x^2 + y^2 and by z."""
    kind = lens[KIND]
    if kind == PERSPECTIVE:
        s = 1.0 / z
        return s, 0.0, -s * s
    found: tuple[float, float, float]
    if kind == KANNALA_BRANDT:
        found = _fisheye(lens, q, z)
    elif kind == OCAM:
        found = _ocam(lens, q, z)
    elif kind == FOV:
        found = _fov(lens, q, z)
    elif kind == DOUBLE_SPHERE:
        found = _double_sphere(lens, q, z)
    else:
        found = _unified(lens, q, z)
    return found


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def scale(lens: FloatArray, q: float, z: float) -> float:
    """s alone."""
    kind = lens[KIND]
    if kind == PERSPECTIVE:
        found: float = 1.0 / z
    elif kind == KANNALA_BRANDT:
        rho = np.sqrt(q)
        found = 1.0 / z if rho < 1e-12 * z else fisheye_radius(lens, np.arctan2(rho, z)) / rho
    elif kind == UNIFIED:
        found = 1.0 / (lens[1] * np.sqrt(lens[2] * q + z * z) + (1.0 - lens[1]) * z)
    elif kind == MEI:
        found = 1.0 / (z + lens[1] * np.sqrt(q + z * z))
    else:
        found = scale_slopes(lens, q, z)[0]
    return found


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def fisheye_radius(lens: FloatArray, angle: float) -> float:
    """Radius in the plane at an angle off the axis."""
    t = angle * angle
    radius: float = angle * (1.0 + t * (lens[1] + t * (lens[2] + t * (lens[3] + t * lens[4]))))
    return radius


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def fisheye_slope(lens: FloatArray, angle: float) -> float:
    """Of that radius by the angle."""
    t = angle * angle
    slope: float = 1.0 + t * (3.0 * lens[1] + t * (5.0 * lens[2] + t * (7.0 * lens[3] + t * 9.0 * lens[4])))
    return slope


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _fisheye(lens: FloatArray, q: float, z: float) -> tuple[float, float, float]:
    rho, d2 = np.sqrt(q), q + z * z
    angle = np.arctan2(rho, z)
    slope = fisheye_slope(lens, angle)
    if rho < 1e-9 * z:
        return 1.0 / z, 0.0, -1.0 / (z * z)
    radius = fisheye_radius(lens, angle)
    return radius / rho, (slope * z * rho / d2 - radius) / (2.0 * rho * q), -slope / d2


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _fov(lens: FloatArray, q: float, z: float) -> tuple[float, float, float]:
    rho, c = np.sqrt(q), 2.0 * np.tan(0.5 * lens[1])
    if rho < 1e-9 * z:
        return c / (lens[1] * z), 0.0, -c / (lens[1] * z * z)
    angle, below = np.arctan2(c * rho, z), z * z + c * c * q
    return (
        angle / (lens[1] * rho),
        (c * z * rho / below - angle) / (2.0 * lens[1] * rho * q),
        -c / (lens[1] * below),
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _unified(lens: FloatArray, q: float, z: float) -> tuple[float, float, float]:
    """UCM and EUCM: 1 / (alpha d + (1 - alpha) z); Mei and Rives: 1 / (xi d + z)."""
    beta, along = 1.0, 1.0
    if lens[KIND] == UNIFIED:
        beta, along = lens[2], 1.0 - lens[1]
    d = np.sqrt(beta * q + z * z)
    s = 1.0 / (lens[1] * d + along * z)
    return s, -s * s * lens[1] * beta / (2.0 * d), -s * s * (lens[1] * z / d + along)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _double_sphere(lens: FloatArray, q: float, z: float) -> tuple[float, float, float]:
    xi, alpha = lens[1], lens[2]
    d1 = np.sqrt(q + z * z)
    z2 = xi * d1 + z
    d2 = np.sqrt(q + z2 * z2)
    s = 1.0 / (alpha * d2 + (1.0 - alpha) * z2)
    z2_q, z2_z = 0.5 * xi / d1, xi * z / d1 + 1.0
    by_q = alpha * (0.5 + z2 * z2_q) / d2 + (1.0 - alpha) * z2_q
    by_z = alpha * z2 * z2_z / d2 + (1.0 - alpha) * z2_z
    return s, -s * s * by_q, -s * s * by_z


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def ocam_height(lens: FloatArray, rho: float) -> tuple[float, float]:
    """z of the ray at a radius in the plane (the polynomial, 1 at the axis), and its slope."""
    height = 1.0 + rho * rho * (lens[1] + rho * (lens[2] + rho * (lens[3] + rho * (lens[4] + rho * lens[5]))))
    slope = rho * (
        2.0 * lens[1] + rho * (3.0 * lens[2] + rho * (4.0 * lens[3] + rho * (5.0 * lens[4] + rho * 6.0 * lens[5])))
    )
    return height, slope


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _ocam(lens: FloatArray, q: float, z: float) -> tuple[float, float, float]:
    """The radius whose ray has this angle: Newton's method inside a shrinking bracket, from the stereographic one."""
    d, away = np.sqrt(q + z * z), np.sqrt(q)
    if away < 1e-9 * z:
        return 1.0 / z, 0.0, -1.0 / (z * z)
    across, along = away / d, z / d
    low, high = 0.0, lens[RADIUS]
    rho, last = min(2.0 * across / max(1.0 + along, 1e-9), high), np.inf
    for _ in range(60):
        height, slope = ocam_height(lens, rho)
        value = across * height - rho * along
        if value > 0.0:
            low = rho
        else:
            high = rho
        steep = across * slope - along
        following = rho - value / steep if steep != 0.0 else -1.0
        if not low <= following <= high or abs(following - rho) > 0.5 * last:
            following = 0.5 * (low + high)
        last, rho = abs(following - rho), following
        if last <= _CLOSE * (1.0 + rho):
            break
    height, slope = ocam_height(lens, rho)
    below = z - away * slope
    return rho / away, (height / below - rho / away) / (2.0 * q), -rho / (below * away)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def within(lens: FloatArray, q: float, z: float) -> bool:
    """Whether a point lies inside the cone in which the lens is described."""
    if lens[KIND] == PERSPECTIVE and not z > _MIN_DEPTH:
        return False
    return bool(np.sqrt(q) * lens[COS] <= z * lens[SIN] and q + z * z > _MIN_DEPTH * _MIN_DEPTH)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def bent(lens: FloatArray, a: float, b: float) -> tuple[float, float]:
    """Where the bend brings a place in the plane."""
    if lens[BENDS] == 0.0:
        return a, b
    r2 = a * a + b * b
    above = 1.0 + r2 * (lens[7] + r2 * (lens[8] + r2 * lens[11]))
    below = 1.0 + r2 * (lens[12] + r2 * (lens[13] + r2 * lens[14]))
    radial = above / below
    if lens[BENDS] == RADIAL_BEND:
        return a * radial, b * radial
    p1, p2 = lens[9], lens[10]
    return (
        a * radial + 2.0 * p1 * a * b + p2 * (r2 + 2.0 * a * a) + r2 * (lens[15] + r2 * lens[16]),
        b * radial + p1 * (r2 + 2.0 * b * b) + 2.0 * p2 * a * b + r2 * (lens[17] + r2 * lens[18]),
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def bend_slopes(lens: FloatArray, a: float, b: float) -> tuple[float, float, float, float]:
    """The 2x2 Jacobian of the bend, row by row."""
    if lens[BENDS] == 0.0:
        return 1.0, 0.0, 0.0, 1.0
    r2 = a * a + b * b
    above = 1.0 + r2 * (lens[7] + r2 * (lens[8] + r2 * lens[11]))
    below = 1.0 + r2 * (lens[12] + r2 * (lens[13] + r2 * lens[14]))
    radial = above / below
    steep = (lens[7] + r2 * (2.0 * lens[8] + 3.0 * r2 * lens[11])) / below
    steep -= radial * (lens[12] + r2 * (2.0 * lens[13] + 3.0 * r2 * lens[14])) / below
    steep *= 2.0
    p1, p2 = lens[9], lens[10]
    prism_a, prism_b = 2.0 * (lens[15] + 2.0 * r2 * lens[16]), 2.0 * (lens[17] + 2.0 * r2 * lens[18])
    mixed = a * b * steep + 2.0 * p1 * a + 2.0 * p2 * b
    return (
        radial + a * a * steep + 2.0 * p1 * b + 6.0 * p2 * a + a * prism_a,
        mixed + b * prism_a,
        mixed + a * prism_b,
        radial + b * b * steep + 6.0 * p1 * b + 2.0 * p2 * a + b * prism_b,
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def see(p: FloatArray, lens: FloatArray, x: float, y: float, z: float) -> tuple[float, float]:
    """The pixel of a point inside the cone; p: fx fy cx cy, and more that is not looked at."""
    s = scale(lens, x * x + y * y, z)
    a, b = bent(lens, s * x, s * y)
    return p[0] * (a + lens[SKEW] * b) + p[2], p[1] * b + lens[SKEW + 1] * p[0] * a + p[3]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def project_lens(points: FloatArray, p: FloatArray, lens: FloatArray, pixels: FloatArray, valid: BoolArray) -> None:
    """Pixels (N, 2) of points (N, 3), NaN outside of the cone."""
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        if within(lens, x * x + y * y, z):
            pixels[i, 0], pixels[i, 1] = see(p, lens, x, y, z)
            valid[i] = True
        else:
            pixels[i] = np.nan
