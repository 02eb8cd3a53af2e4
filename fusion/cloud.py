"""All LiDARs of a frame in one cloud, in the world, every point at its own time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import quaternion
from calibration.quaternion import FloatArray
from fusion.recording.reader import Recording
from fusion.samples import Float32Array, PointFrame
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
    found = ((lidar, recording.sample_of(lidar, frame)) for lidar in recording.lidars())
    samples = [(lidar, index) for lidar, index in found if index is not None]
    if not samples:
        return Cloud(np.empty((0, 3), np.float32), np.empty(0, np.uint8), np.empty(0, np.int64))
    return _in_world(recording, samples)


def sweep_in_world(recording: Recording, lidar: str, index: int) -> Cloud:
    """One sweep, brought into the world."""
    return _in_world(recording, [(lidar, index)])


def _in_world(recording: Recording, samples: list[tuple[str, int]]) -> Cloud:
    block, counts = recording.sweeps(samples)
    ends = np.cumsum(counts)
    parts = [slice(end - count, end) for end, count in zip(ends, counts, strict=True)]
    times_ns = np.empty(len(block), np.int64)
    for (lidar, index), part in zip(samples, parts, strict=True):
        np.add(block.time_offset_ns[part], recording.times_ns(lidar)[index], out=times_ns[part])
    points = block.points_m
    if any(recording.point_frame(lidar) is not PointFrame.WORLD for lidar, _ in samples):
        moved = [
            _to_world(recording, lidar, index, points[part], times_ns[part])
            for (lidar, index), part in zip(samples, parts, strict=True)
        ]
        points = np.concatenate(moved)
    return Cloud(points, block.intensity, times_ns, tuple(lidar for lidar, _ in samples), counts)


def _to_world(recording: Recording, lidar: str, index: int, points: Float32Array, times_ns: Int64Array) -> Float32Array:
    frame = recording.point_frame(lidar)
    if frame is PointFrame.WORLD:
        return points
    if frame is PointFrame.EGO:
        world_from_ego = recording.ego_motion.at(recording.times_ns(lidar)[index])
        return world_from_ego.apply(points).astype(np.float32)
    return _deskewed(recording, lidar, points, times_ns)


def _deskewed(recording: Recording, lidar: str, points_m: Float32Array, times_ns: Int64Array) -> Float32Array:
    """Every point with the sensor's pose at the point's own time; poses are asked once per distinct time."""
    distinct, which = np.unique(times_ns, return_inverse=True)
    poses = recording.ego_motion.at(distinct) * recording.rig[lidar].ego_from_sensor
    rotations: FloatArray = quaternion.to_matrix(poses.rotation)[which]
    points = np.einsum("nij,nj->ni", rotations, points_m.astype(np.float64)) + poses.translation[which]
    return np.asarray(points, dtype=np.float32)
