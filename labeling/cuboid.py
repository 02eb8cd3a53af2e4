"""A cuboid: a rigid box with a pose.

Corners, in the object's frame (x forward, y left, z up):

        5--------4            index = 4 * top + one of
       /|       /|              0 front left   1 front right
      6--------7 |              2 rear right   3 rear left ... seen from above, clockwise:
      | |      | |
      | 1------|-0    x                 front
      |/       |/     |  z            0-------1
      2--------3   y--+ /             |       |
                                      3-------2
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray

# Signs of the corners (8, 3) in the order of the diagram, and the 12 edges between them: bottom, top, uprights.
CORNER_SIGNS: FloatArray = np.array(
    [[1, 1, -1], [1, -1, -1], [-1, -1, -1], [-1, 1, -1], [1, 1, 1], [1, -1, 1], [-1, -1, 1], [-1, 1, 1]], dtype=float
)
EDGES: npt.NDArray[np.int64] = np.array(
    [[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 6], [6, 7], [7, 4], [0, 4], [1, 5], [2, 6], [3, 7]], dtype=np.int64
)


@dataclass(frozen=True, slots=True, eq=False)
class Cuboid:
    """world_from_object: a single pose of the centre. size_m: (3,) float64 length (x), width (y), height (z)."""

    world_from_object: RigidTransform
    size_m: FloatArray

    @property
    def corners_in_world(self) -> FloatArray:
        """(8, 3) metres, in the order of the diagram."""
        return self.world_from_object.apply(CORNER_SIGNS * (0.5 * np.asarray(self.size_m)))

    def contains(self, points_in_world: npt.NDArray[np.floating], *, margin_m: float = 0.0) -> npt.NDArray[np.bool_]:
        """(N,) whether points (N, 3) lie inside or on the surface, the box grown by a margin on every side."""
        points = np.asarray(points_in_world)
        half = 0.5 * np.asarray(self.size_m) + margin_m
        centre = self.world_from_object.translation
        near = np.flatnonzero(np.all(np.abs(points - centre) <= np.linalg.norm(half), axis=1))
        local = self.world_from_object.inverse().apply(points[near].astype(np.float64).reshape(-1, 3))
        inside = np.zeros(len(points), dtype=np.bool_)
        inside[near] = np.all(np.abs(local) <= half, axis=1)
        return inside
