"""Unit quaternions as arrays of shape (..., 4), order w, x, y, z (Hamilton product).

Formulae: J. Solà, "Quaternion kinematics for the error-state Kalman filter", arXiv:1711.02508, sections 1-2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

IDENTITY: FloatArray = np.array([1.0, 0.0, 0.0, 0.0])
_SMALL_ANGLE = 1e-6


def normalize(q: npt.ArrayLike) -> FloatArray:
    """Scale to unit length; raises ValueError for a zero or non-finite quaternion."""
    array = np.asarray(q, dtype=np.float64)
    norm = np.linalg.norm(array, axis=-1, keepdims=True)
    if not np.all(np.isfinite(norm)) or np.any(norm < 1e-12):
        raise ValueError("a rotation quaternion must be finite and not zero")
    # A unit quaternion stays as it is, bit for bit: what was read from a file is written back unchanged.
    unit: FloatArray = np.where(np.abs(norm - 1.0) < 1e-15, array, array / norm)
    return unit


def multiply(a: FloatArray, b: FloatArray) -> FloatArray:
    """Hamilton product; the rotation of `b` is applied first."""
    aw, ax, ay, az = np.moveaxis(a, -1, 0)
    bw, bx, by, bz = np.moveaxis(b, -1, 0)
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        axis=-1,
    )


def conjugate(q: FloatArray) -> FloatArray:
    """Inverse rotation of a unit quaternion."""
    return np.asarray(q * np.array([1.0, -1.0, -1.0, -1.0]))


def rotate(q: FloatArray, vectors: FloatArray) -> FloatArray:
    """Rotate vectors (..., 3) by q (..., 4); leading axes broadcast."""
    w, v = q[..., :1], q[..., 1:]
    t = 2.0 * np.cross(v, vectors)
    return np.asarray(vectors + w * t + np.cross(v, t))


def to_matrix(q: FloatArray) -> FloatArray:
    """Rotation matrices (..., 3, 3)."""
    w, x, y, z = np.moveaxis(q, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def from_matrix(matrix: npt.ArrayLike) -> FloatArray:
    """Quaternion with w >= 0 of rotation matrices (..., 3, 3), by Shepperd's method (largest component first)."""
    m = np.asarray(matrix, dtype=np.float64)
    d0, d1, d2 = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    squares = np.stack([1 + d0 + d1 + d2, 1 + d0 - d1 - d2, 1 - d0 + d1 - d2, 1 - d0 - d1 + d2], axis=-1)
    yz, zy, zx = m[..., 2, 1], m[..., 1, 2], m[..., 0, 2]
    xz, xy, yx = m[..., 2, 0], m[..., 1, 0], m[..., 0, 1]
    candidates = np.stack(
        [
            np.stack([squares[..., 0], yz - zy, zx - xz, xy - yx], axis=-1),
            np.stack([yz - zy, squares[..., 1], xy + yx, zx + xz], axis=-1),
            np.stack([zx - xz, xy + yx, squares[..., 2], yz + zy], axis=-1),
            np.stack([xy - yx, zx + xz, yz + zy, squares[..., 3]], axis=-1),
        ],
        axis=-2,
    )
    best = np.argmax(squares, axis=-1)[..., None, None]
    q = normalize(np.take_along_axis(candidates, best, axis=-2)[..., 0, :])
    return np.asarray(np.where(q[..., :1] < 0, -q, q))


def from_rotation_vector(vector: npt.ArrayLike) -> FloatArray:
    """Exponential map so(3) -> SO(3); the vector is axis times angle in radians."""
    v = np.asarray(vector, dtype=np.float64)
    angle = np.linalg.norm(v, axis=-1, keepdims=True)
    half = 0.5 * angle
    safe = np.where(angle < _SMALL_ANGLE, 1.0, angle)
    scale = np.where(angle < _SMALL_ANGLE, 0.5 - angle**2 / 48.0, np.sin(half) / safe)
    return np.concatenate([np.cos(half), scale * v], axis=-1)


def to_rotation_vector(q: FloatArray) -> FloatArray:
    """Logarithm SO(3) -> so(3), the shorter way round: length at most pi."""
    positive = np.where(q[..., :1] < 0, -q, q)
    w, v = positive[..., :1], positive[..., 1:]
    sine = np.linalg.norm(v, axis=-1, keepdims=True)
    safe = np.where(sine < _SMALL_ANGLE, 1.0, sine)
    cosine = np.where(sine < _SMALL_ANGLE, w, 1.0)  # half a turn has w = 0, and its series is not asked
    series = 2.0 / cosine - 2.0 * sine**2 / (3.0 * cosine**3)
    scale = np.where(sine < _SMALL_ANGLE, series, 2.0 * np.arctan2(sine, w) / safe)
    return np.asarray(scale * v)


def from_yaw(yaw_rad: npt.ArrayLike) -> FloatArray:
    """Rotation about z by an angle in radians."""
    half = 0.5 * np.asarray(yaw_rad, dtype=np.float64)
    zero = np.zeros_like(half)
    return np.stack([np.cos(half), zero, zero, np.sin(half)], axis=-1)


def to_yaw(q: FloatArray) -> FloatArray:
    """Heading of the rotated x axis in the x-y plane, in (-pi, pi]."""
    w, x, y, z = np.moveaxis(q, -1, 0)
    yaw: FloatArray = np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    return yaw


def slerp(a: FloatArray, b: FloatArray, fraction: npt.ArrayLike) -> FloatArray:
    """Constant angular velocity from `a` (fraction 0) to `b` (1), the shorter way round."""
    step = to_rotation_vector(multiply(conjugate(a), b))
    return multiply(a, from_rotation_vector(np.asarray(fraction, dtype=np.float64)[..., None] * step))
