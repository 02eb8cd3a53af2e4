"""Overlap of upright cuboids, pair by pair."""

from __future__ import annotations

import numpy as np
import shapely

from calibration import RigidTransform
from calibration.quaternion import FloatArray

_SIGNS = 0.5 * np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])


def aligned_ious(one: RigidTransform, size: FloatArray, two: RigidTransform, other: FloatArray) -> FloatArray:
    """(F,) 3D IoU of poses (F,) of one size (3,) with poses (F,) of another; only the yaw of each counts."""
    centre = two.translation[:1]
    first, second = _outlines(one, size, centre), _outlines(two, other, centre)
    shared = shapely.area(shapely.intersection(first, second))
    low = np.maximum(one.translation[:, 2] - 0.5 * size[2], two.translation[:, 2] - 0.5 * other[2])
    high = np.minimum(one.translation[:, 2] + 0.5 * size[2], two.translation[:, 2] + 0.5 * other[2])
    volume = shared * np.maximum(high - low, 0.0)
    return np.asarray(volume / (np.prod(size) + np.prod(other) - volume))


def _outlines(poses: RigidTransform, size: FloatArray, centre: FloatArray) -> FloatArray:
    yaw = np.atleast_1d(poses.yaw_rad)[:, None]
    x, y = _SIGNS[:, 0] * size[0], _SIGNS[:, 1] * size[1]
    dx, dy = np.cos(yaw) * x - np.sin(yaw) * y, np.sin(yaw) * x + np.cos(yaw) * y
    places = poses.translation - centre
    return np.asarray(shapely.polygons(np.stack([places[:, :1] + dx, places[:, 1:2] + dy], axis=-1)))
