"""When did a LiDAR look in a given direction?

A sweep lasts a tenth of a second: a label drawn around its points holds at the moment the beam passed the object, not
at the sweep's timestamp. At 15 m/s that is up to 1.5 m, and in a photo over a hundred pixels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array

_NEIGHBOURS = 15
_MAX_POINTS = 20_000


class SweepClock:
    """Answers from the directions and times of a sweep's own points, whatever the scan pattern is."""

    def __init__(self, points: npt.NDArray[np.floating], origin: FloatArray, times_ns: Int64Array) -> None:
        """points: (N, 3) and origin: (3,) in one frame, metres; times_ns: (N,) int64. N must be at least 1."""
        step = max(1, len(points) // _MAX_POINTS)
        self._origin = np.asarray(origin, dtype=np.float64)
        self._times_ns = np.asarray(times_ns)[::step]
        self._tree = cKDTree(_directions(np.asarray(points[::step], dtype=np.float64), self._origin))

    def time_of(self, points: npt.ArrayLike) -> Int64Array:
        """(M,) int64 ns at which the sweep passed points (M, 3): median over the nearest directions measured."""
        neighbours = min(_NEIGHBOURS, len(self._times_ns))
        targets = _directions(np.asarray(points, dtype=np.float64), self._origin)
        _, index = self._tree.query(targets, k=np.arange(1, neighbours + 1))
        # An element of the neighbourhood, never a mean: at the seam of a sweep both ends are neighbours.
        return np.sort(self._times_ns[index], axis=1)[:, neighbours // 2]


def _directions(points: FloatArray, origin: FloatArray) -> FloatArray:
    rays = points - origin
    return np.asarray(rays / np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-9))
