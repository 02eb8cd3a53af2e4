"""Rays that are fired at moments of their own, and what they meet."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.scenario.sensing.ray_caster import Int32Array

NOBODY = -1
"""Index of the actor where a ray met the surroundings, or nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """N rays in the world. origins_m, directions: (N, 3) float64, unit; shots: (N,) at which moment, ascending."""

    origins_m: FloatArray
    directions: FloatArray
    shots: Int32Array

    def __len__(self) -> int:
        return len(self.shots)

    @staticmethod
    def fired(world_from_sensor: RigidTransform, directions_in_sensor: FloatArray) -> Rays:
        """B rays in each of S shots; world_from_sensor (S,), directions (S, B, 3)."""
        shots, beams, _ = directions_in_sensor.shape
        shot_of_ray = np.repeat(np.arange(shots, dtype=np.int32), beams)
        return Rays.aimed(world_from_sensor, directions_in_sensor.reshape(-1, 3), shot_of_ray)

    @staticmethod
    def aimed(world_from_sensor: RigidTransform, directions_in_sensor: FloatArray, shots: Int32Array) -> Rays:
        """One ray for each unit direction (N, 3), in shots (N,) of the poses (S,)."""
        rays = Rays(np.empty((len(shots), 3)), np.empty((len(shots), 3)), shots)
        directions = np.ascontiguousarray(directions_in_sensor, dtype=np.float64)
        _aim(world_from_sensor.matrix, directions, shots, rays.origins_m, rays.directions)
        return rays

    def chosen(self, rays: npt.NDArray[np.int64]) -> Rays:
        """Some of them."""
        return Rays(self.origins_m[rays], self.directions[rays], self.shots[rays])

    def advanced(self, distances_m: FloatArray) -> Rays:
        """The same rays from points (N,) further along."""
        return Rays(self.origins_m + distances_m[:, None] * self.directions, self.directions, self.shots)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _aim(
    matrices: FloatArray, directions: FloatArray, shots: Int32Array, origins: FloatArray, turned: FloatArray
) -> None:
    for ray in range(len(shots)):
        pose = matrices[shots[ray]]
        x, y, z = directions[ray, 0], directions[ray, 1], directions[ray, 2]
        for i in range(3):
            origins[ray, i] = pose[i, 3]
            turned[ray, i] = pose[i, 0] * x + pose[i, 1] * y + pose[i, 2] * z


@dataclass(frozen=True, slots=True, eq=False)
class Alone:
    """Which rays would have met which actor if nothing else were there, actor by actor.

    rays: (K,) index of the ray; actors: (K,) of the actor; ranges_m: (K,) float64.
    """

    rays: npt.NDArray[np.int64]
    actors: Int32Array
    ranges_m: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Where N rays ended first.

    ranges_m: (N,) float64, infinite for a ray that met nothing; then `actors` and `surfaces` are -1.
    actors: (N,) index into the world's actors, -1 for props. surfaces: (N,) row of the scene's surface table.
    points_in_mesh, normals_in_mesh: (N, 3) float32 in the frame of the mesh that was met. normals: (N, 3) float32 in
    the world. All normals face the viewer.
    """

    ranges_m: FloatArray
    actors: Int32Array
    surfaces: Int32Array
    points_in_mesh: Float32Array
    normals_in_mesh: Float32Array
    normals: Float32Array
    alone: Alone

    def __len__(self) -> int:
        return len(self.ranges_m)
