"""Analytic Jacobians of every lens: the chain of its three stages (see `lens.py`)."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from calibration.camera.lens import (
    COLUMNS,
    DOUBLE_SPHERE,
    FOV,
    KANNALA_BRANDT,
    KIND,
    MEI,
    OCAM,
    PERSPECTIVE,
    SKEW,
    UNIFIED,
    bend_slopes,
    bent,
    ocam_height,
    scale_slopes,
    within,
)
from calibration.camera.plain import BoolArray
from calibration.quaternion import FloatArray


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _scale_by_lens(lens: FloatArray, q: float, z: float, s: float, found: FloatArray) -> None:
    """Slopes of the scale by the lens's coefficients (6,)."""
    kind, rho = lens[KIND], np.sqrt(q)
    found[:] = 0.0
    if kind == PERSPECTIVE:
        return
    d = np.sqrt(q + z * z)
    if kind == UNIFIED:
        bowed = np.sqrt(lens[2] * q + z * z)
        found[0], found[1] = -s * s * (bowed - z), -s * s * lens[1] * q / (2.0 * bowed)
    elif kind == MEI:
        found[0] = -s * s * d
    elif kind == DOUBLE_SPHERE:
        xi, alpha = lens[1], lens[2]
        z2 = xi * d + z
        d2 = np.sqrt(q + z2 * z2)
        found[0], found[1] = -s * s * d * (alpha * z2 / d2 + 1.0 - alpha), -s * s * (d2 - z2)
    elif rho > 1e-9 * z:
        _scale_by_angle(lens, rho, z, s, found)
    elif kind == FOV:
        c, c_w = 2.0 * np.tan(0.5 * lens[1]), 1.0 / np.cos(0.5 * lens[1]) ** 2
        found[0] = (c_w - c / lens[1]) / (lens[1] * z)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _scale_by_angle(lens: FloatArray, rho: float, z: float, s: float, found: FloatArray) -> None:
    """Off the axis, of lenses that count angles."""
    if lens[KIND] == KANNALA_BRANDT:
        angle = np.arctan2(rho, z)
        power = angle**3 / rho
        for k in range(4):
            found[k] = power
            power *= angle * angle
    elif lens[KIND] == FOV:
        w = lens[1]
        c, c_w = 2.0 * np.tan(0.5 * w), 1.0 / np.cos(0.5 * w) ** 2
        found[0] = z * c_w / (w * (z * z + c * c * rho * rho)) - s / w
    elif lens[KIND] == OCAM:
        radius = s * rho
        power = radius * radius / (z - rho * ocam_height(lens, radius)[1])
        for k in range(5):
            found[k] = power
            power *= radius


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _bend_by_coefficients(lens: FloatArray, a: float, b: float, found: FloatArray) -> None:
    """Slopes of the bent place by k1 k2 p1 p2 k3 k4 k5 k6 s1 s2 s3 s4: (2, 12)."""
    r2 = a * a + b * b
    above = 1.0 + r2 * (lens[7] + r2 * (lens[8] + r2 * lens[11]))
    below = 1.0 + r2 * (lens[12] + r2 * (lens[13] + r2 * lens[14]))
    lower = -above / (below * below)
    for axis in range(2):
        place = a if axis == 0 else b
        found[axis, 0], found[axis, 1], found[axis, 4] = (
            place * r2 / below,
            place * r2**2 / below,
            place * r2**3 / below,
        )
        found[axis, 5], found[axis, 6], found[axis, 7] = (
            place * r2 * lower,
            place * r2**2 * lower,
            place * r2**3 * lower,
        )
        found[axis, 8:] = 0.0
        found[axis, 8 + 2 * axis], found[axis, 9 + 2 * axis] = r2, r2 * r2
    found[0, 2], found[0, 3] = 2.0 * a * b, r2 + 2.0 * a * a
    found[1, 2], found[1, 3] = r2 + 2.0 * b * b, 2.0 * a * b


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def jacobians(
    points: FloatArray,
    p: FloatArray,
    lens: FloatArray,
    columns: npt.NDArray[np.int64],
    pixels: FloatArray,
    valid: BoolArray,
    by_point: FloatArray,
    by_parameters: FloatArray,
) -> None:
    """Pixels (N, 2) of points (N, 3) with their slopes (N, 2, 3) and (N, 2, P); NaN outside of the domain.

    columns: (P,) which of fx fy cx cy, six of the lens, twelve of the bend, e, d are wanted.
    """
    e, d = lens[SKEW], lens[SKEW + 1]
    by_lens, by_bend, full = np.empty(6), np.empty((2, 12)), np.zeros((2, COLUMNS))
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        q = x * x + y * y
        valid[i] = within(lens, q, z)
        if not valid[i]:
            pixels[i], by_point[i], by_parameters[i] = np.nan, np.nan, np.nan
            continue
        s, s_q, s_z = scale_slopes(lens, q, z)
        a, b = s * x, s * y
        bent_a, bent_b = bent(lens, a, b)
        pixels[i, 0] = p[0] * (bent_a + e * bent_b) + p[2]
        pixels[i, 1] = p[1] * bent_b + d * p[0] * bent_a + p[3]
        aa, ab, ba, bb = bend_slopes(lens, a, b)
        ua, ub = p[0] * (aa + e * ba), p[0] * (ab + e * bb)
        va, vb = p[1] * ba + d * p[0] * aa, p[1] * bb + d * p[0] * ab
        ax, ay, az = s + 2.0 * s_q * x * x, 2.0 * s_q * x * y, s_z * x
        by, bz = s + 2.0 * s_q * y * y, s_z * y
        by_point[i, 0, 0], by_point[i, 0, 1], by_point[i, 0, 2] = (
            ua * ax + ub * ay,
            ua * ay + ub * by,
            ua * az + ub * bz,
        )
        by_point[i, 1, 0], by_point[i, 1, 1], by_point[i, 1, 2] = (
            va * ax + vb * ay,
            va * ay + vb * by,
            va * az + vb * bz,
        )
        full[0, 0], full[1, 0], full[1, 1] = bent_a + e * bent_b, d * bent_a, bent_b
        full[0, 2] = full[1, 3] = 1.0
        _scale_by_lens(lens, q, z, s, by_lens)
        for k in range(6):
            full[0, 4 + k] = (ua * x + ub * y) * by_lens[k]
            full[1, 4 + k] = (va * x + vb * y) * by_lens[k]
        _bend_by_coefficients(lens, a, b, by_bend)
        for k in range(12):
            full[0, 10 + k] = p[0] * (by_bend[0, k] + e * by_bend[1, k])
            full[1, 10 + k] = p[1] * by_bend[1, k] + d * p[0] * by_bend[0, k]
        full[0, 22], full[1, 23] = p[0] * bent_b, p[0] * bent_a
        for k in range(len(columns)):
            by_parameters[i, 0, k], by_parameters[i, 1, k] = full[0, columns[k]], full[1, columns[k]]
