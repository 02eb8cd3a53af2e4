"""All LiDARs of a frame in one cloud, in the world, every point at its own time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from fusion.deskew import planes_to_world
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
        planes = np.empty((3, len(block)), np.float32)
        for (lidar, index), part in zip(samples, parts, strict=True):
            _to_world(recording, lidar, index, points.T, times_ns, part, planes)
        points = planes.T
    return Cloud(points, block.intensity, times_ns, tuple(lidar for lidar, _ in samples), counts)


def _to_world(
    recording: Recording,
    lidar: str,
    index: int,
    planes: Float32Array,
    times_ns: Int64Array,
    part: slice,
    planes_out: Float32Array,
) -> None:
    """The part of planes (3, N) that one sweep brought, to the same places of planes_out."""
    frame, motion = recording.point_frame(lidar), recording.ego_motion
    if frame is PointFrame.WORLD:
        planes_out[:, part] = planes[:, part]
    elif frame is PointFrame.EGO:
        held = motion.held_at(int(recording.times_ns(lidar)[index]))
        planes_to_world(planes, times_ns, part, held, RigidTransform.identity(), planes_out)
    else:
        planes_to_world(planes, times_ns, part, motion, recording.rig[lidar].ego_from_sensor, planes_out)
