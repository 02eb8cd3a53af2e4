"""Where a sensor of a recording is at any nanosecond, and what it measured, seen from there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.recording import Recording
from fusion.samples import PointFrame, Sweep
from fusion.scenario.world import PoseAt
from fusion.timeline import Int64Array


def lidar_motion(recording: Recording, lidar: str) -> PoseAt:
    """`world_from_sensor` of a LiDAR: ego motion times mounting, as everywhere where sweeps are deskewed."""
    ego_from_sensor = recording.rig[lidar].ego_from_sensor

    def world_from_sensor(times_ns: Int64Array) -> RigidTransform:
        return recording.ego_motion.at(times_ns) * ego_from_sensor

    return world_from_sensor


def camera_motion(recording: Recording, camera: str, index: int) -> PoseAt:
    """`world_from_camera` about one photo: a better pose that the stream has for it, carried on by the ego motion."""
    mounted = lidar_motion(recording, camera)
    time_ns = recording.times_ns(camera)[index : index + 1]
    correction = recording.world_from_sensor(camera, index) * mounted(time_ns)[0].inverse()

    def world_from_camera(times_ns: Int64Array) -> RigidTransform:
        return correction * mounted(times_ns)

    return world_from_camera


@dataclass(frozen=True, eq=False)
class MeasuredSweep:
    """A sweep as the rays that measured it.

    times_ns: (N,) int64, of each point. points_in_world: (N, 3) float64. points_in_sensor: (N, 3), seen from where the
    sensor was at each point's own time.
    """

    sweep: Sweep
    frame: PointFrame
    time_ns: int
    world_from_sensor: PoseAt
    world_from_ego: RigidTransform

    @staticmethod
    def of(recording: Recording, lidar: str, index: int) -> MeasuredSweep:
        """One sweep of a recording."""
        time_ns = int(recording.times_ns(lidar)[index])
        return MeasuredSweep(
            recording.sweep(lidar, index),
            recording.point_frame(lidar),
            time_ns,
            lidar_motion(recording, lidar),
            recording.ego_motion.at(np.asarray(time_ns)),
        )

    def __len__(self) -> int:
        return len(self.sweep)

    @cached_property
    def times_ns(self) -> Int64Array:
        """(N,) int64."""
        return np.asarray(self.time_ns + self.sweep.time_offset_ns.astype(np.int64))

    @cached_property
    def points_in_world(self) -> FloatArray:
        """(N, 3) metres."""
        points = self.sweep.points_m.astype(np.float64)
        if self.frame is PointFrame.WORLD:
            return points
        if self.frame is PointFrame.EGO:
            return self.world_from_ego.apply(points)
        poses = self._poses
        return np.asarray(poses.rotate(points) + poses.translation)

    @cached_property
    def points_in_sensor(self) -> FloatArray:
        """(N, 3) metres."""
        if self.frame is PointFrame.SENSOR:
            return self.sweep.points_m.astype(np.float64)
        back = self._poses.inverse()
        return np.asarray(back.rotate(self.points_in_world) + back.translation)

    @cached_property
    def ranges_m(self) -> FloatArray:
        """(N,) metres."""
        return np.asarray(np.linalg.norm(self.points_in_sensor, axis=1))

    @cached_property
    def directions(self) -> FloatArray:
        """(N, 3) unit, in the sensor frame."""
        return np.asarray(self.points_in_sensor / np.maximum(self.ranges_m, 1e-9)[:, None])

    def stored(self, points_in_sensor: FloatArray, times_ns: Int64Array) -> FloatArray:
        """Points (M, 3) seen from the sensor at their own times, in the frame in which the sweep is stored."""
        if self.frame is PointFrame.SENSOR:
            return points_in_sensor
        poses = _poses_at(self.world_from_sensor, times_ns)
        in_world = poses.rotate(points_in_sensor) + poses.translation
        if self.frame is PointFrame.WORLD:
            return np.asarray(in_world)
        return self.world_from_ego.inverse().apply(in_world)

    @cached_property
    def _poses(self) -> RigidTransform:
        return _poses_at(self.world_from_sensor, self.times_ns)


def _poses_at(motion: PoseAt, times_ns: Int64Array) -> RigidTransform:
    """A batch (N,), asked for once for each distinct time."""
    distinct, which = np.unique(times_ns, return_inverse=True)
    return motion(distinct)[which] if len(distinct) else RigidTransform.exp(np.zeros((0, 6)))
