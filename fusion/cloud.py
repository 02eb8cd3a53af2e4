"""All LiDARs of a frame in one cloud, in the world, every point at its own time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import quaternion
from calibration.quaternion import FloatArray
from fusion.recording.reader import Recording
from fusion.samples import Float32Array, PointFrame, Sweep
from fusion.timeline import Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """Points of one frame.

    points_in_world: (N, 3) float32, metres. intensity: (N,) as it came. times_ns: (N,) int64.
    sources: LiDAR names; counts: how many points each contributed, in that order.
    """

    points_in_world: Float32Array
    intensity: npt.NDArray[np.uint8] | Float32Array
    times_ns: Int64Array
    sources: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.points_in_world)


def fused_cloud(recording: Recording, frame: int) -> Cloud:
    """The frame's cloud over all LiDARs; empty where no LiDAR delivered. Raw sweeps are deskewed by the ego motion."""
    parts = []
    for lidar in recording.lidars():
        index = recording.sample_of(lidar, frame)
        if index is not None:
            parts.append(sweep_in_world(recording, lidar, index))
    if not parts:
        return Cloud(np.empty((0, 3), np.float32), np.empty(0, np.uint8), np.empty(0, np.int64))
    if len(parts) == 1:
        return parts[0]
    return Cloud(
        np.concatenate([part.points_in_world for part in parts]),
        np.concatenate([part.intensity for part in parts]),
        np.concatenate([part.times_ns for part in parts]),
        tuple(part.sources[0] for part in parts),
        tuple(len(part) for part in parts),
    )


def sweep_in_world(recording: Recording, lidar: str, index: int) -> Cloud:
    """One sweep, brought into the world."""
    sweep = recording.sweep(lidar, index)
    times_ns = recording.times_ns(lidar)[index] + sweep.time_offset_ns
    points = _to_world(recording, lidar, index, sweep, times_ns)
    return Cloud(points, sweep.intensity, times_ns, (lidar,), (len(sweep),))


def _to_world(recording: Recording, lidar: str, index: int, sweep: Sweep, times_ns: Int64Array) -> Float32Array:
    frame = recording.point_frame(lidar)
    if frame is PointFrame.WORLD:
        return sweep.points_m
    if frame is PointFrame.EGO:
        world_from_ego = recording.ego_motion.at(recording.times_ns(lidar)[index])
        return world_from_ego.apply(sweep.points_m).astype(np.float32)
    return _deskewed(recording, lidar, sweep, times_ns)


def _deskewed(recording: Recording, lidar: str, sweep: Sweep, times_ns: Int64Array) -> Float32Array:
    """Every point with the sensor's pose at the point's own time; poses are asked once per distinct time."""
    distinct, which = np.unique(times_ns, return_inverse=True)
    poses = recording.ego_motion.at(distinct) * recording.rig[lidar].ego_from_sensor
    rotations: FloatArray = quaternion.to_matrix(poses.rotation)[which]
    points = np.einsum("nij,nj->ni", rotations, sweep.points_m.astype(np.float64)) + poses.translation[which]
    return np.asarray(points, dtype=np.float32)
