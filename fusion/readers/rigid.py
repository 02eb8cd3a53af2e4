"""Rigid transforms out of the numbers that datasets list."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.errors import FormatError
from calibration.quaternion import FloatArray
from fusion.readers.folder_files import finite

_SKEW = 0.02
_FAR_M = 10_000.0

# A camera that looks along the ego's x axis: its z is our x, its x our -y, its y our -z.
EGO_FROM_OPTICAL = RigidTransform.from_matrix(np.array([[0.0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0]]))


def rigid(values: object, where: Path) -> RigidTransform:
    """From (..., 3, 4) or (..., 4, 4), metres. Raises FormatError if the rotation part is none, within 2 %."""
    matrix = finite(values, where)
    if matrix.ndim < 2 or matrix.shape[-2:] not in ((3, 4), (4, 4)):
        raise FormatError(f"a pose needs 3x4 or 4x4 numbers, not {matrix.shape}", where=where)
    rotation = matrix[..., :3, :3]
    # Huge numbers overflow the product; what is not finite is no rotation either.
    with np.errstate(over="ignore", invalid="ignore"):
        errors = np.abs(rotation @ np.swapaxes(rotation, -1, -2) - np.eye(3))
        proper = np.all(errors < _SKEW) and np.all(np.linalg.det(rotation) > 0)
    if not proper:
        raise FormatError("the rotation of a pose is not orthonormal and right-handed", where=where)
    return RigidTransform.from_matrix(matrix)


def quaternion_poses(quaternions_wxyz: FloatArray, positions_m: FloatArray, where: Path) -> RigidTransform:
    """From (N, 4) w x y z and (N, 3) metres. Raises FormatError if a quaternion's length is more than 2 % off."""
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(quaternions_wxyz, axis=-1)
    if not np.all(np.abs(lengths - 1.0) < _SKEW):
        raise FormatError("a quaternion is not of unit length", where=where)
    return RigidTransform(quaternions_wxyz, positions_m)


def near_origin(world_from_ego: RigidTransform) -> tuple[RigidTransform, FloatArray]:
    """Poses (N,) whose coordinates are small, and what was subtracted: (3,) whole metres, zero up to 10 km."""
    first = world_from_ego.translation[0]
    origin = np.round(first) if np.max(np.abs(first)) > _FAR_M else np.zeros(3)
    return RigidTransform(world_from_ego.rotation, world_from_ego.translation - origin), origin


def levelled(up_in_source: npt.ArrayLike) -> RigidTransform:
    """`level_from_source`: the smallest turn that brings the direction `up_in_source` (3,) to z."""
    up = np.asarray(up_in_source, dtype=np.float64)
    up = up / np.linalg.norm(up)
    axis = np.cross(up, [0.0, 0.0, 1.0])
    sine = float(np.linalg.norm(axis))
    angle = float(np.arctan2(sine, up[2]))
    axis = axis / sine if sine > 1e-12 else np.array([1.0, 0.0, 0.0])
    half = 0.5 * angle
    return RigidTransform(np.concatenate([[np.cos(half)], np.sin(half) * axis]), np.zeros(3))
