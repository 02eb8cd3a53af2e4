"""Rigid transforms between frames: `target_from_source`, so that products cancel by eye.

`camera_from_world = camera_from_ego * ego_from_world`, `points_in_world = world_from_ego.apply(points_in_ego)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import quaternion
from calibration.quaternion import FloatArray

_SMALL_ANGLE = 1e-4


def _read_only(array: FloatArray) -> FloatArray:
    owned = np.array(array, dtype=np.float64, order="C")
    owned.flags.writeable = False
    return owned


@dataclass(frozen=True, slots=True, eq=False)
class RigidTransform:
    """Rotation, then translation; batches over leading axes.

    rotation: (..., 4) float64 unit quaternion, w x y z. translation: (..., 3) float64, metres.
    Both are copied and read-only. Raises ValueError on a zero or non-finite entry or wrong shapes.
    """

    rotation: FloatArray
    translation: FloatArray

    def __post_init__(self) -> None:
        rotation = np.asarray(self.rotation, dtype=np.float64)
        translation = np.asarray(self.translation, dtype=np.float64)
        if rotation.shape[-1:] != (4,) or translation.shape[-1:] != (3,):
            raise ValueError(f"rotation (..., 4) and translation (..., 3), not {rotation.shape}, {translation.shape}")
        if not np.all(np.isfinite(translation)):
            raise ValueError("a translation must be finite")
        batch = np.broadcast_shapes(rotation.shape[:-1], translation.shape[:-1])
        rotation = np.broadcast_to(quaternion.normalize(rotation), (*batch, 4))
        object.__setattr__(self, "rotation", _read_only(rotation))
        object.__setattr__(self, "translation", _read_only(np.broadcast_to(translation, (*batch, 3))))

    @staticmethod
    def identity() -> RigidTransform:
        """The transform that changes nothing."""
        return RigidTransform(quaternion.IDENTITY, np.zeros(3))

    @staticmethod
    def from_matrix(matrix: npt.ArrayLike) -> RigidTransform:
        """From homogeneous matrices (..., 4, 4) or (..., 3, 4)."""
        m = np.asarray(matrix, dtype=np.float64)
        return RigidTransform(quaternion.from_matrix(m[..., :3, :3]), m[..., :3, 3])

    @staticmethod
    def from_yaw(yaw_rad: npt.ArrayLike, translation: npt.ArrayLike) -> RigidTransform:
        """Rotation about z, then translation."""
        return RigidTransform(quaternion.from_yaw(yaw_rad), np.asarray(translation, dtype=np.float64))

    @staticmethod
    def stack(transforms: list[RigidTransform]) -> RigidTransform:
        """Join single transforms (or equal batches) along a new first axis."""
        return RigidTransform(np.stack([t.rotation for t in transforms]), np.stack([t.translation for t in transforms]))

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Leading axes; () for a single transform."""
        return self.translation.shape[:-1]

    def __len__(self) -> int:
        return len(self.translation)

    def __getitem__(self, index: int | slice | npt.NDArray[np.integer]) -> RigidTransform:
        return RigidTransform(self.rotation[index], self.translation[index])

    def __mul__(self, other: RigidTransform) -> RigidTransform:
        """Compose: `a_from_c = a_from_b * b_from_c`; leading axes broadcast."""
        rotation = quaternion.multiply(self.rotation, other.rotation)
        return RigidTransform(rotation, quaternion.rotate(self.rotation, other.translation) + self.translation)

    def inverse(self) -> RigidTransform:
        """`b_from_a` of `a_from_b`."""
        back = quaternion.conjugate(self.rotation)
        return RigidTransform(back, -quaternion.rotate(back, self.translation))

    def apply(self, points: npt.ArrayLike) -> FloatArray:
        """Points (..., N, 3), metres, from the source into the target frame; (3,) for a single transform also."""
        p = np.asarray(points, dtype=np.float64)
        if p.ndim == 1:
            return np.asarray(self.matrix[..., :3, :3] @ p + self.translation)
        return np.asarray(p @ np.swapaxes(self.matrix[..., :3, :3], -1, -2) + self.translation[..., None, :])

    def rotate(self, vectors: npt.ArrayLike) -> FloatArray:
        """Directions (..., 3): rotation without translation."""
        return quaternion.rotate(self.rotation, np.asarray(vectors, dtype=np.float64))

    @property
    def matrix(self) -> FloatArray:
        """Homogeneous matrices (..., 4, 4)."""
        m = np.zeros((*self.batch_shape, 4, 4))
        m[..., :3, :3] = quaternion.to_matrix(self.rotation)
        m[..., :3, 3] = self.translation
        m[..., 3, 3] = 1.0
        return m

    @property
    def yaw_rad(self) -> FloatArray:
        """Heading of the source's x axis in the target's x-y plane, (-pi, pi]."""
        return quaternion.to_yaw(self.rotation)

    def log(self) -> FloatArray:
        """Twist (..., 6): translation part in metres, then rotation vector in radians (SE(3) logarithm).

        Source: Solà, Deray, Atchuthan, "A micro Lie theory", arXiv:1812.01537, appendix D.
        """
        phi = quaternion.to_rotation_vector(self.rotation)
        angle = np.linalg.norm(phi, axis=-1, keepdims=True)
        safe = np.where(angle < _SMALL_ANGLE, 1.0, angle)
        series = 1.0 / 12.0 + angle**2 / 720.0
        closed = 1.0 / safe**2 - 0.5 / safe / np.tan(0.5 * np.where(angle < _SMALL_ANGLE, 1.0, angle))
        coefficient = np.where(angle < _SMALL_ANGLE, series, closed)
        cross = np.cross(phi, self.translation)
        rho = self.translation - 0.5 * cross + coefficient * np.cross(phi, cross)
        return np.concatenate([rho, phi], axis=-1)

    @staticmethod
    def exp(twist: npt.ArrayLike) -> RigidTransform:
        """Inverse of `log`: (..., 6) translation part in metres, then rotation vector in radians."""
        xi = np.asarray(twist, dtype=np.float64)
        rho, phi = xi[..., :3], xi[..., 3:]
        angle = np.linalg.norm(phi, axis=-1, keepdims=True)
        small = angle < _SMALL_ANGLE
        safe = np.where(small, 1.0, angle)
        first = np.where(small, 0.5 - angle**2 / 24.0, (1.0 - np.cos(safe)) / safe**2)
        second = np.where(small, 1.0 / 6.0 - angle**2 / 120.0, (safe - np.sin(safe)) / safe**3)
        cross = np.cross(phi, rho)
        translation = rho + first * cross + second * np.cross(phi, cross)
        return RigidTransform(quaternion.from_rotation_vector(phi), translation)

    def interpolate(self, other: RigidTransform, fraction: npt.ArrayLike) -> RigidTransform:
        """Between self (0) and other (1): straight line of the origin, constant turn. Fractions may extrapolate."""
        f = np.asarray(fraction, dtype=np.float64)
        translation = self.translation + f[..., None] * (other.translation - self.translation)
        return RigidTransform(quaternion.slerp(self.rotation, other.rotation, f), translation)

    def almost_equal(self, other: RigidTransform, *, atol_m: float = 1e-9, atol_rad: float = 1e-9) -> bool:
        """True if origins agree to `atol_m` and rotations to `atol_rad`, everywhere in the batch."""
        turn = quaternion.to_rotation_vector(quaternion.multiply(quaternion.conjugate(self.rotation), other.rotation))
        moved = np.linalg.norm(self.translation - other.translation, axis=-1)
        return bool(np.all(moved <= atol_m) and np.all(np.linalg.norm(turn, axis=-1) <= atol_rad))
