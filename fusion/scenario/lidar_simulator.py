"""A spinning LiDAR in a moving world: every column of a sweep is cast at its own time, so motion distortion is real."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.samples import Float32Array, Sweep
from fusion.scenario.materials import Pattern
from fusion.scenario.patterns import paint
from fusion.scenario.ray_caster import Hits, RayCaster
from fusion.scenario.sensors import SpinningLidar
from fusion.scenario.world import Actor, World, at_start

_INTENSITY_STEP = 10
# A power of two: the last bits of the float32 coordinates are zero, and the recording file stays small.
_QUANTUM_M = 1.0 / 128.0


@dataclass(frozen=True, slots=True)
class LidarNoise:
    """range_sigma_m: of the distance. dropout: chance that any pulse is lost. intensity_sigma: relative."""

    range_sigma_m: float = 0.008
    dropout: float = 0.02
    intensity_sigma: float = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedSweep:
    """The sweep, points in the sensor frame; actors: (N,) index into the world's actors, -1 for the surroundings."""

    sweep: Sweep
    actors: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Echoes:
    """What R rays met. distances_m: (R,), infinite for nothing; actors, cosines, albedos, transparencies: (R,)."""

    distances_m: Float32Array
    actors: npt.NDArray[np.int64]
    cosines: Float32Array
    albedos: Float32Array
    transparencies: Float32Array

    @staticmethod
    def nothing(count: int) -> _Echoes:
        """All rays go on for ever."""
        zeros = [np.zeros(count, dtype=np.float32) for _ in range(3)]
        return _Echoes(np.full(count, np.inf, dtype=np.float32), np.full(count, -1), zeros[0], zeros[1], zeros[2])

    def take(
        self,
        rays: npt.NDArray[np.int64],
        caster: RayCaster,
        actors: npt.NDArray[np.int64],
        hits: Hits,
        origins_m: FloatArray,
        directions: FloatArray,
    ) -> None:
        """Keep those hits of the given rays that are nearer than what is known; actors: (bodies,) of the caster."""
        nearer = np.flatnonzero(hits.distances_m < self.distances_m[rays])
        chosen, bodies, surfaces = rays[nearer], hits.bodies[nearer], hits.surfaces[nearer]
        distances = hits.distances_m[nearer]
        points = (origins_m[nearer] + distances[:, None] * directions[nearer]).astype(np.float32)
        self.distances_m[chosen] = distances
        self.actors[chosen] = actors[bodies]
        self.cosines[chosen] = np.abs(np.einsum("ij,ij->i", hits.normals[nearer], directions[nearer]))
        self.transparencies[chosen] = caster.surfaces.transparencies[surfaces]
        self.albedos[chosen] = _albedo(caster, bodies, surfaces, points, hits.normals[nearer], distances)


class LidarSimulator:
    """Sweeps of one LiDAR through one world. Actors that move are cast in their own frames, ray by ray."""

    def __init__(self, world: World, lidar: SpinningLidar, ego_from_sensor: RigidTransform) -> None:
        self.world, self.lidar, self.ego_from_sensor = world, lidar, ego_from_sensor
        still = [i for i, actor in enumerate(world.actors) if actor.trajectory.stands_still]
        props = world.props
        self._still_actors = np.array([-1] * len(props) + still)
        self._still = RayCaster(
            [prop.mesh for prop in props] + [world.actors[i].mesh for i in still],
            [prop.world_from_mesh for prop in props] + [at_start(world.actors[i].trajectory) for i in still],
        )
        self._moving = {
            i: RayCaster([actor.mesh], [RigidTransform.identity()])
            for i, actor in enumerate(world.actors)
            if i not in still
        }

    def sweep(self, end_ns: int, rng: np.random.Generator, noise: LidarNoise | None = None) -> SimulatedSweep:
        """The sweep that ends at `end_ns`. Without noise, points are exact but for the rounding of coordinates."""
        directions_in_sensor = self._directions()
        beams = len(self.lidar.elevations_rad)
        offsets_ns = np.repeat(self.lidar.time_offsets_ns, beams)
        world_from_sensor = self.world.world_from_ego(end_ns + self.lidar.time_offsets_ns) * self.ego_from_sensor
        echoes = self._echoes(end_ns + self.lidar.time_offsets_ns, world_from_sensor, directions_in_sensor)
        ranges = echoes.distances_m.astype(np.float64)
        kept = (ranges > self.lidar.min_range_m) & (ranges < self.lidar.max_range_m)
        intensity = 255.0 * echoes.albedos * (0.25 + 0.75 * echoes.cosines)
        if noise is not None:
            kept &= rng.random(len(kept)) > _loss(echoes, noise, self.lidar.max_range_m)
            ranges = ranges + noise.range_sigma_m * rng.standard_normal(len(ranges))
            intensity = intensity * (1.0 + noise.intensity_sigma * rng.standard_normal(len(ranges)))
        points = directions_in_sensor.reshape(-1, 3)[kept] * ranges[kept, None]
        sweep = Sweep(
            (np.rint(points / _QUANTUM_M) * _QUANTUM_M).astype(np.float32),
            _quantised_intensity(intensity[kept]),
            offsets_ns[kept].astype(np.int32),
        )
        return SimulatedSweep(sweep, echoes.actors[kept])

    def _directions(self) -> FloatArray:
        """(columns, beams, 3) unit vectors in the sensor frame."""
        azimuths = self.lidar.azimuth_rad(self.lidar.time_offsets_ns.astype(np.float64))[:, None]
        elevations = np.asarray(self.lidar.elevations_rad)[None, :]
        planar = np.cos(elevations)
        return np.stack(
            np.broadcast_arrays(planar * np.cos(azimuths), planar * np.sin(azimuths), np.sin(elevations)), axis=-1
        )

    def _echoes(
        self, times_ns: npt.NDArray[np.int64], world_from_sensor: RigidTransform, directions_in_sensor: FloatArray
    ) -> _Echoes:
        columns, beams, _ = directions_in_sensor.shape
        echoes = _Echoes.nothing(columns * beams)
        origins, directions = _rays_in(world_from_sensor, directions_in_sensor)
        every_ray = np.arange(columns * beams)
        still_hits = self._still.cast(origins, directions)
        echoes.take(every_ray, self._still, self._still_actors, still_hits, origins, directions)
        for index, caster in self._moving.items():
            actor = self.world.actors[index]
            object_from_sensor = actor.trajectory.at(times_ns).inverse() * world_from_sensor
            near = np.flatnonzero(_may_meet(actor, object_from_sensor, directions_in_sensor))
            if len(near):
                rays = every_ray.reshape(columns, beams)[near].ravel()
                origins, directions = _rays_in(object_from_sensor[near], directions_in_sensor[near])
                hits = caster.cast(origins, directions)
                echoes.take(rays, caster, np.array([index]), hits, origins, directions)
        return echoes


def _rays_in(frame_from_sensor: RigidTransform, directions_in_sensor: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Origins and directions (columns * beams, 3) in a frame, with one pose of the sensor for each column."""
    beams = directions_in_sensor.shape[1]
    rotation = frame_from_sensor.matrix[:, :3, :3]
    directions = directions_in_sensor @ np.swapaxes(rotation, 1, 2)
    return np.repeat(frame_from_sensor.translation, beams, axis=0), directions.reshape(-1, 3)


def _may_meet(
    actor: Actor, object_from_sensor: RigidTransform, directions_in_sensor: FloatArray
) -> npt.NDArray[np.bool_]:
    """(columns,) whether the vertical plane of a column passes through the actor's bounding circle."""
    radius = 0.5 * float(np.hypot(*actor.size_m[:2])) + 0.1
    across = object_from_sensor.rotate(directions_in_sensor[:, 0, :])[:, :2]
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    to_actor = -object_from_sensor.translation[:, :2]
    aside = np.abs(across[:, 0] * to_actor[:, 1] - across[:, 1] * to_actor[:, 0])
    ahead = np.einsum("ij,ij->i", across, to_actor)
    return np.asarray((aside < radius) & (ahead > -radius))


def _albedo(
    caster: RayCaster,
    bodies: npt.NDArray[np.int64],
    surfaces: npt.NDArray[np.int64],
    points_m: Float32Array,
    normals: Float32Array,
    distances_m: Float32Array,
) -> Float32Array:
    """Reflectivity (N,), brighter where the road is painted."""
    table = caster.surfaces
    albedos = table.reflectivities[surfaces]
    road = np.flatnonzero(table.patterns[surfaces] == Pattern.ROAD)
    local_points, local_normals = caster.in_mesh(bodies[road], points_m[road], normals[road])
    painted = paint(table, surfaces[road], local_points, local_normals, distances_m[road])
    albedos[road] *= painted.mean(axis=1) / table.colours[surfaces[road]].mean(axis=1)
    return albedos


def _loss(echoes: _Echoes, noise: LidarNoise, max_range_m: float) -> FloatArray:
    """Chance (R,) that nothing comes back: pulses are lost through glass, at grazing angles, far away."""
    far = np.minimum(echoes.distances_m.astype(np.float64), max_range_m) / max_range_m
    weak = np.clip(1.0 - 5.0 * echoes.cosines * np.sqrt(echoes.albedos), 0.0, 1.0)
    strong = (1.0 - weak * np.sqrt(far)) * (1.0 - 0.15 * far**2)
    return np.asarray(1.0 - (1.0 - noise.dropout) * (1.0 - echoes.transparencies) * strong)


def _quantised_intensity(intensity: FloatArray) -> npt.NDArray[np.uint8]:
    steps = np.rint(np.clip(intensity, 0.0, 255.0) / _INTENSITY_STEP) * _INTENSITY_STEP
    return np.asarray(steps.astype(np.uint8))
