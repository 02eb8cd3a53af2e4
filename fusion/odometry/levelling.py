"""Which way is up: from the ground under the first sweeps."""

from __future__ import annotations

import numpy as np

from calibration import RigidTransform, quaternion
from calibration.quaternion import FloatArray

_REACH_M = 20.0
_STEEPEST_COSINE = np.cos(np.deg2rad(25.0))
_TRIALS = 400
_THICKNESS_M = 0.08
_FEWEST_SHARE = 0.08
_SEED = 0


def ground_normal(points: FloatArray) -> FloatArray | None:
    """(3,) unit normal, upwards, of the plane that most points (N, 3) lie on and fewest below; metres, z roughly up.

    None where nothing flat enough is there. RANSAC (Fischler and Bolles, 1981), then least squares on what it found.
    """
    near = points[np.linalg.norm(points[:, :2], axis=1) < _REACH_M]
    if len(near) < 50:
        return None
    normals, offsets = _planes_through(near, np.random.default_rng(_SEED))
    if not len(normals):
        return None
    heights = near @ normals.T - offsets
    on = (np.abs(heights) < _THICKNESS_M).sum(axis=0)
    # A roof or a table has as many points on it as it likes: what is under it says that it is not the ground.
    score = on - (heights < -3.0 * _THICKNESS_M).sum(axis=0)
    best = int(np.argmax(score))
    if on[best] < _FEWEST_SHARE * len(near) or score[best] <= 0:
        return None
    return _fitted(near[np.abs(heights[:, best]) < _THICKNESS_M])


def levelled(normal: FloatArray) -> RigidTransform:
    """Rotation, by the shortest way, that makes a unit normal (3,) point along z."""
    axis = np.cross(normal, [0.0, 0.0, 1.0])
    sine = float(np.linalg.norm(axis))
    angle = np.arctan2(sine, normal[2])
    turn = axis / sine * angle if sine > 1e-12 else np.zeros(3)
    return RigidTransform(quaternion.from_rotation_vector(turn), np.zeros(3))


def _planes_through(points: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Normals (T, 3) and offsets (T,) of planes through three points each, of those that are not steep."""
    corners = points[rng.integers(0, len(points), (_TRIALS, 3))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    flat = (lengths > 1e-6) & (np.abs(normals[:, 2]) > _STEEPEST_COSINE * lengths)
    units = normals[flat] / (lengths[flat] * np.sign(normals[flat, 2]))[:, None]
    return units, np.einsum("ij,ij->i", units, corners[flat, 0])


def _fitted(points: FloatArray) -> FloatArray:
    _, _, axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    return np.asarray(axes[2] * np.sign(axes[2, 2]))
