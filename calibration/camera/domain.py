"""How far a lens is described: found from its own numbers.

The widest cone about the axis in which the radius in the image climbs, with the angle off the axis, at 0.05 to 50 times
its slope at the axis. Slower, and the model is about to fold back into the image; faster, and it is about to run to a
pole. For perspective lenses with polynomials it is the slope by the undistorted radius. A bend that is not radial alone
must besides have a Jacobian with a positive definite symmetric part all over the disc: then, the disc being convex, no
two places are bent onto one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numba
import numpy as np

from calibration.camera.lens import (
    ANGLE,
    BEND,
    BENDS,
    BENT_RADIUS,
    COEFFICIENTS,
    COS,
    FULL_BEND,
    KIND,
    LENS_SIZE,
    OCAM,
    PERSPECTIVE,
    RADIAL_BEND,
    RADIUS,
    SIN,
    SKEW,
    bend_slopes,
    scale_slopes,
)
from calibration.camera.plain import FASTEST, SLOWEST, BoolArray
from calibration.camera.rays import radial
from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray

_WIDEST_RAD = np.pi - 1e-6
_ANGLES, _RADII, _DIRECTIONS = 4096, 512, 90
_FARTHEST = 1e6
_NOTHING = 1e-30
"""Coefficients that matter nowhere, and would overflow the search for roots."""
_NO_BEND = (0.0,) * 12


@lru_cache(maxsize=256)
def lens_vector(
    kind: int,
    coefficients: tuple[float, ...],
    bend: tuple[float, ...] = _NO_BEND,
    skew: tuple[float, float] = (0.0, 0.0),
    max_radius: float | None = None,
) -> FloatArray:
    """(LENS_SIZE,) what the kernels of `lens.py` and `rays.py` take; read-only.

    bend: k1 k2 p1 p2 k3 k4 k5 k6 s1 s2 s3 s4. max_radius: of a perspective lens, where that is known.
    Raises CalibrationError for a lens that is not even described at its axis.
    """
    lens = np.zeros(LENS_SIZE)
    lens[KIND] = kind
    lens[COEFFICIENTS : COEFFICIENTS + len(coefficients)] = coefficients
    lens[BEND : BEND + 12], lens[SKEW : SKEW + 2] = bend, skew
    if any(bend):
        tangential = any((*bend[2:4], *bend[8:]))
        lens[BENDS] = FULL_BEND if tangential else RADIAL_BEND
    if kind == PERSPECTIVE:
        lens[RADIUS] = _perspective_radius(lens) if max_radius is None else max_radius
        lens[ANGLE] = np.arctan(lens[RADIUS])
    elif kind == OCAM:
        lens[RADIUS] = _ocam_radius(lens)
        lens[ANGLE] = np.arctan2(lens[RADIUS], np.polyval([*lens[5:0:-1], 0.0, 1.0], lens[RADIUS]))
    else:
        lens[ANGLE] = _widest_angle(lens)
        lens[RADIUS] = _plane_radius(lens, float(lens[ANGLE]))
    if not lens[RADIUS] > 1e-6:
        raise CalibrationError("the lens folds back already at its axis", do="check the order and signs of its numbers")
    lens[COS], lens[SIN] = np.cos(lens[ANGLE]), np.sin(lens[ANGLE])
    lens[BENT_RADIUS] = radial(lens, lens[RADIUS])[0] if np.isfinite(lens[RADIUS]) else np.inf
    lens.flags.writeable = False
    return lens


def _first_positive_root(*polynomials: FloatArray) -> float:
    """Of polynomials with the highest power first; infinity where there is none."""
    first = np.inf
    for polynomial in polynomials:
        trimmed = np.trim_zeros(np.where(np.abs(polynomial) > _NOTHING, polynomial, 0.0), "f")
        if len(trimmed) > 1:
            roots = np.roots(trimmed)
            real = roots[np.abs(roots.imag) < 1e-9 * np.maximum(np.abs(roots.real), 1e-12)].real
            first = min(first, *(float(each) for each in real if each > 0), np.inf)
    return first


def _perspective_radius(lens: FloatArray) -> float:
    """With t = r^2 the radial bend is r N(t) / D(t): its slope is (D (N + 2 t N') - 2 t N D') / D^2."""
    k1, k2, _, _, k3, k4, k5, k6 = lens[BEND : BEND + 8]
    above, below = np.poly1d([k3, k2, k1, 1.0]), np.poly1d([k6, k5, k4, 1.0])
    t = np.poly1d([1.0, 0.0])
    slope = below * (above + 2 * t * above.deriv()) - 2 * t * above * below.deriv()
    square = below * below
    bounds = ((slope - SLOWEST * square), (FASTEST * square - slope), below)
    radius = float(np.sqrt(_first_positive_root(*(each.coeffs for each in bounds))))
    return _disc(lens, radius) if lens[BENDS] == FULL_BEND else radius


def _ocam_radius(lens: FloatArray) -> float:
    """The angle is atan2(rho, Z(rho)): the radius climbs with it by (rho^2 + Z^2) / (Z - rho Z')."""
    height = np.poly1d([*lens[5:0:-1], 0.0, 1.0])
    rho = np.poly1d([1.0, 0.0])
    square, below = rho * rho + height * height, height - rho * height.deriv()
    bounds = (square - SLOWEST * below, FASTEST * below - square, below)
    return min(_first_positive_root(*(each.coeffs for each in bounds)), _FARTHEST)


def _disc(lens: FloatArray, most: float) -> float:
    """The largest radius up to which the bend is sure to be one to one."""
    radii = np.geomspace(1e-3, min(most, _FARTHEST), _RADII)
    good = _sure(lens, radii)
    if good.all():
        return most
    bad = int(np.argmin(good))
    return _last_good(lambda r: bool(_sure(lens, np.array([r]))[0]), radii[bad - 1] if bad else 0.0, radii[bad])


def _sure(lens: FloatArray, radii: FloatArray) -> BoolArray:
    """(N,) whether the smaller eigenvalue of the bend's symmetric Jacobian is positive all along these circles."""
    found: BoolArray = np.asarray(_least_eigenvalues(lens, radii) >= SLOWEST)
    return found


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _least_eigenvalues(lens: FloatArray, radii: FloatArray) -> FloatArray:
    least = np.full(len(radii), np.inf)
    for i in range(len(radii)):
        for k in range(_DIRECTIONS):
            angle = 2.0 * np.pi * k / _DIRECTIONS
            aa, ab, ba, bb = bend_slopes(lens, radii[i] * np.cos(angle), radii[i] * np.sin(angle))
            half, mixed = 0.5 * (aa - bb), 0.5 * (ab + ba)
            least[i] = min(least[i], 0.5 * (aa + bb) - np.sqrt(half * half + mixed * mixed))
    return least


def _widest_angle(lens: FloatArray) -> float:
    """Of a lens that counts in angles, bend included."""
    at_axis = _slopes(lens, np.array([1e-6]))[0]
    if not at_axis > 0.0:
        return 0.0
    most = _disc(lens, np.inf) if lens[BENDS] == FULL_BEND else np.inf

    def described(angles: FloatArray) -> BoolArray:
        share = _slopes(lens, angles) / at_axis
        inside: BoolArray = np.asarray((share >= SLOWEST) & (share <= FASTEST))
        return inside & (np.array([_plane_radius(lens, float(each)) for each in angles]) <= most)

    angles = np.linspace(1e-6, _WIDEST_RAD, _ANGLES)
    good = described(angles)
    if good.all():
        return float(_WIDEST_RAD)
    bad = int(np.argmin(good))
    return _last_good(lambda angle: bool(described(np.array([angle]))[0]), angles[bad - 1] if bad else 0.0, angles[bad])


def _last_good(good: Callable[[float], bool], low: float, high: float) -> float:
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if good(middle) else (low, middle)
    return float(low)


def _plane_radius(lens: FloatArray, angle: float) -> float:
    """Before the bend."""
    s = scale_slopes(lens, np.sin(angle) ** 2, np.cos(angle))[0]
    return float(s * np.sin(angle)) if s > 0.0 else np.inf


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _slopes(lens: FloatArray, angles: FloatArray) -> FloatArray:
    """(N,) of the radius in the image by the angle; NaN where there is no image."""
    found = np.full(len(angles), np.nan)
    for i in range(len(angles)):
        away, along = np.sin(angles[i]), np.cos(angles[i])
        s, s_q, s_z = scale_slopes(lens, away * away, along)
        if s > 0.0:
            slope = (s + 2.0 * s_q * away * away) * along - s_z * away * away
            found[i] = slope * radial(lens, s * away)[1]
    return found
