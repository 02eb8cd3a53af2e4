"""What actors take away from the light on the ground about them: hard or soft shade of the sun, and of the sky."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.scenario.sensing.light import Light
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.sensing.rays import Rays
from fusion.scenario.world import Actor

_CELL_M = 0.08
_REACH = 1.6
_SKY_RAYS = 40
_SUN_RAYS = 7
_SUN_SPREAD = 0.012
_LIFT_M = 0.005
_BOUNCED = 0.10
"""Share of the light that still comes in below a car, from the ground around."""


@dataclass(frozen=True, slots=True, eq=False)
class GroundShade:
    """Light left on the ground about one actor. plane_from_world: z up from its plane, x along the actor.

    shares: (X, Y, 3) on a grid of cells from `corner` (2,), 1 where nothing is missing.
    """

    plane_from_world: RigidTransform
    corner: FloatArray
    shares: FloatArray

    @staticmethod
    def of(scene: MovingScene, actor: Actor, light: Light, time_ns: int) -> GroundShade:
        """About an actor of the scene at one moment."""
        times_ns = np.array([time_ns])
        down = RigidTransform(np.array([1.0, 0.0, 0.0, 0.0]), np.array([0.0, 0.0, -0.5 * actor.size_m[2]]))
        world_from_plane = actor.trajectory.at(times_ns)[0] * down
        corner, shape = _grid(actor.size_m)
        cells = np.stack(np.meshgrid(*(np.arange(count) + 0.5 for count in shape), indexing="ij"), axis=-1)
        flat = np.concatenate([corner + _CELL_M * cells.reshape(-1, 2), np.full((cells.size // 2, 1), _LIFT_M)], axis=1)
        points = world_from_plane.apply(flat)
        up = world_from_plane.rotate(np.array([0.0, 0.0, 1.0]))
        shares = _left(scene, points, up, light, time_ns).reshape(*shape, 3)
        return GroundShade(world_from_plane.inverse(), corner, gaussian_filter(shares, (0.8, 0.8, 0.0)))

    def along(self, origins_m: FloatArray, directions: FloatArray) -> FloatArray:
        """(N, 3) light left where rays (N, 3) in the world meet the plane; 1 where they do not, or far away."""
        origin, direction = self.plane_from_world.apply(origins_m), self.plane_from_world.rotate(directions)
        steep = np.where(direction[:, 2] < -1e-6, direction[:, 2], -1e-6)
        met = origin[:, :2] - (origin[:, 2] / steep)[:, None] * direction[:, :2]
        cell = (met - self.corner) / _CELL_M - 0.5
        cell[direction[:, 2] >= -1e-6] = -10.0
        inside = np.flatnonzero(np.all((cell > -1.0) & (cell < self.shares.shape[:2]), axis=1))
        left = np.ones((len(origins_m), 3))
        for channel in range(3):
            shares = self.shares[:, :, channel]
            left[inside, channel] = map_coordinates(shares, cell[inside].T, order=1, mode="constant", cval=1.0)
        return left


def _grid(size_m: tuple[float, float, float]) -> tuple[FloatArray, tuple[int, int]]:
    reach = _REACH * size_m[2]
    half = 0.5 * np.array(size_m[:2]) + reach
    across, along = np.ceil(2.0 * half / _CELL_M).astype(int).tolist()
    return -half, (across, along)


def _left(scene: MovingScene, points: FloatArray, up: FloatArray, light: Light, time_ns: int) -> FloatArray:
    """(N, 3) light at points on the ground, as a share of what would be there without anybody."""
    sky = np.mean(_open(scene, points, _hemisphere(up), time_ns), axis=0)[:, None] * light.sky
    everything = light.sky.copy()
    total = sky
    facing = float(light.towards_sun @ up)
    if light.has_shadows and facing > 0.02:
        sun = facing * light.sun
        total = total + np.mean(_open(scene, points, _about(light.towards_sun), time_ns), axis=0)[:, None] * sun
        everything = everything + sun
    share = total / np.maximum(everything, 1e-6)
    return np.asarray(_BOUNCED + (1.0 - _BOUNCED) * share)


def _open(scene: MovingScene, points: FloatArray, directions: FloatArray, time_ns: int) -> FloatArray:
    """(D, N) whether nothing lies in each direction (D, 3) from each point (N, 3)."""
    moments = scene.moments(np.array([time_ns]))
    shots = np.zeros(len(points), dtype=np.int32)
    rows = [
        ~scene.blocked(Rays(points, np.ascontiguousarray(np.broadcast_to(direction, points.shape)), shots), moments)
        for direction in directions
    ]
    return np.asarray(rows, dtype=np.float64)


def _hemisphere(up: FloatArray) -> FloatArray:
    """(D, 3) directions that are the denser the more light they bring to a plane: a spiral over its disc."""
    index = np.arange(_SKY_RAYS) + 0.5
    radius = np.sqrt(index / _SKY_RAYS)
    angle = np.pi * (1.0 + np.sqrt(5.0)) * index
    across, along = _beside(up)
    aside = radius[:, None] * (np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * along)
    return np.asarray(aside + np.sqrt(1.0 - radius**2)[:, None] * up)


def _about(towards: FloatArray) -> FloatArray:
    """(D, 3) directions within the sun's disc, made a little larger by haze."""
    across, along = _beside(towards)
    angle = 2.0 * np.pi * np.arange(_SUN_RAYS - 1) / (_SUN_RAYS - 1)
    ring = towards + _SUN_SPREAD * (np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * along)
    ring /= np.linalg.norm(ring, axis=1, keepdims=True)
    return np.concatenate([towards[None], ring])


def _beside(axis: FloatArray) -> tuple[FloatArray, FloatArray]:
    helper = np.array([1.0, 0.0, 0.0]) if abs(axis[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    across = np.cross(axis, helper)
    across /= np.linalg.norm(across)
    return across, np.cross(axis, across)
