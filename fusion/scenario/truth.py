"""The exact labels of a scenario, row by row, each at the moment at which the LiDAR looked at its actor."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from fusion.cuboid_table import CuboidTable
from fusion.scenario.lidar_simulator import LidarSimulator
from fusion.scenario.sensors import PERIOD_NS, SpinningLidar
from fusion.scenario.trajectory import Trajectory
from fusion.scenario.world import World
from fusion.timeline import Int64Array

_ROUNDS = 30


def truth_table(
    simulator: LidarSimulator, sweep_ends_ns: Int64Array, point_counts: npt.NDArray[np.int64]
) -> CuboidTable:
    """Rows for every actor within the LiDAR's range, frame by frame.

    point_counts: (frames, actors) LiDAR points on each actor; an actor without any is occluded.
    """
    world, lidar = simulator.world, simulator.lidar
    ids, classes, times, frames, poses, sizes, attributes = [], [], [], [], [], [], []
    for index, actor in enumerate(world.actors):
        seen_ns = viewing_times_ns(world, actor.trajectory, lidar, simulator.ego_from_sensor, sweep_ends_ns)
        world_from_object = actor.trajectory.at(seen_ns)
        in_range = _in_range(simulator, world_from_object, seen_ns)
        for frame in np.flatnonzero(in_range):
            ids.append(actor.track_id)
            classes.append(actor.class_name)
            times.append(int(seen_ns[frame]))
            frames.append(int(frame))
            poses.append(world_from_object[int(frame)])
            sizes.append(actor.size_m)
            attributes.append({"visibility": "observed" if point_counts[frame, index] else "occluded"})
    return CuboidTable(
        track_ids=tuple(ids),
        classes=tuple(classes),
        times_ns=np.array(times, dtype=np.int64),
        frames=np.array(frames, dtype=np.int64),
        world_from_object=RigidTransform.stack(poses),
        sizes_m=np.array(sizes, dtype=np.float64),
        attributes=tuple(attributes),
    )


def viewing_times_ns(
    world: World,
    trajectory: Trajectory,
    lidar: SpinningLidar,
    ego_from_sensor: RigidTransform,
    sweep_ends_ns: Int64Array,
) -> Int64Array:
    """(frames,) int64: when the LiDAR's beam passes the actor's centre in each sweep, by fixed-point iteration.

    Behind the sensor, where the turn begins and ends, the moment is kept within the sweep.
    """
    offsets_ns = np.full(len(sweep_ends_ns), -PERIOD_NS // 2, dtype=np.int64)
    for _ in range(_ROUNDS):
        times_ns = sweep_ends_ns + offsets_ns
        sensor_from_world = (world.world_from_ego(times_ns) * ego_from_sensor).inverse()
        centre = (sensor_from_world * trajectory.at(times_ns)).translation
        azimuth = np.arctan2(centre[:, 1], centre[:, 0])
        following = np.rint(lidar.time_offset_ns(azimuth)).astype(np.int64)
        # Over the seam the next estimate would jump by a whole turn: stay at this end of the sweep.
        jumped = np.abs(following - offsets_ns) > PERIOD_NS * 3 // 4
        following = np.where(jumped, np.where(offsets_ns < -PERIOD_NS // 2, -PERIOD_NS, 0), following)
        if np.array_equal(following, offsets_ns):
            break
        offsets_ns = following
    return np.asarray(sweep_ends_ns + offsets_ns)


def count_points(simulator: LidarSimulator, actors_of_points: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """(actors,) how many points of a sweep lie on each actor."""
    on_actors = actors_of_points[actors_of_points >= 0]
    return np.bincount(on_actors, minlength=len(simulator.world.actors))


def _in_range(
    simulator: LidarSimulator, world_from_object: RigidTransform, times_ns: Int64Array
) -> npt.NDArray[np.bool_]:
    world_from_sensor = simulator.world.world_from_ego(times_ns) * simulator.ego_from_sensor
    away = np.linalg.norm(world_from_object.translation - world_from_sensor.translation, axis=1)
    return np.asarray(away < simulator.lidar.max_range_m)
