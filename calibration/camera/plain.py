"""Cameras that see straight lines straight, but for polynomials: the kernels of pinhole and Brown-Conrady.

Model and symbols: D. C. Brown, "Close-range camera calibration", 1971, in OpenCV's order k1 k2 p1 p2 k3. They are apart
from the other lenses (`lens.py`) on purpose: one loop for all of them is half as fast for these two.
"""

from __future__ import annotations

from functools import lru_cache

import numba
import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray

BoolArray = npt.NDArray[np.bool_]

SLOWEST, FASTEST = 0.05, 50.0
"""Where the radius in the image climbs slower or faster than this, no lens is described any more."""
_MIN_DEPTH_M = 1e-9


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def distort(x: float, y: float, p: FloatArray) -> tuple[float, float]:
    """Distort one normalised image point by p = fx fy cx cy k1 k2 p1 p2 k3 max_radius."""
    r2 = x * x + y * y
    radial = 1.0 + r2 * (p[4] + r2 * (p[5] + r2 * p[8]))
    return (
        x * radial + 2.0 * p[6] * x * y + p[7] * (r2 + 2.0 * x * x),
        y * radial + p[6] * (r2 + 2.0 * y * y) + 2.0 * p[7] * x * y,
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def project_plain(points: FloatArray, p: FloatArray, pixels: FloatArray, valid: BoolArray) -> None:
    """Pixels (N, 2) of points (N, 3), NaN behind the camera and beyond the lens."""
    for i in range(points.shape[0]):
        z = points[i, 2]
        if not z > _MIN_DEPTH_M:
            pixels[i] = np.nan
            continue
        x, y = points[i, 0] / z, points[i, 1] / z
        if not x * x + y * y <= p[9] * p[9]:
            pixels[i] = np.nan
            continue
        xd, yd = distort(x, y, p)
        pixels[i, 0] = p[0] * xd + p[2]
        pixels[i, 1] = p[1] * yd + p[3]
        valid[i] = True


@lru_cache(maxsize=256)
def max_valid_radius(distortion: tuple[float, float, float, float, float]) -> float:
    """First radius at which the radial polynomial climbs too slowly or too fast for a lens, or infinity."""
    k1, k2, _, _, k3 = distortion
    return min(_slope_reaches(bound, k1, k2, k3) for bound in (SLOWEST, FASTEST))


def _slope_reaches(bound: float, k1: float, k2: float, k3: float) -> float:
    slope = np.array([7.0 * k3, 5.0 * k2, 3.0 * k1, 1.0 - bound])
    slope[np.abs(slope) < 1e-30] = 0.0  # it matters nowhere, and would overflow the search for roots
    roots = np.roots(np.trim_zeros(slope, "f"))
    real = roots[np.abs(roots.imag) < 1e-12].real
    positive = real[real > 0]
    return float(np.sqrt(positive.min())) if len(positive) else float("inf")
