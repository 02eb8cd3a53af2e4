"""When did each frame's LiDAR look somewhere? Also for frames whose sweep is missing."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fusion.cloud import sweep_in_world
from fusion.cuboid_table import CuboidTable
from fusion.recording import Recording
from fusion.sweep_clock import SweepClock
from fusion.timeline import Int64Array

_KEPT_CLOCKS = 64


class FrameClock:
    """The moments at which the first LiDAR passed places in the world.

    A spinning LiDAR keeps its phase against its timestamps, so a frame without a sweep borrows the clock of the nearest
    frame that has one. A recording without any sweep answers with the frames' middles.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._lidar = next(iter(recording.lidars()), None)
        self._with_sweep = self._frames_with_sweep()
        self._clocks: OrderedDict[int, SweepClock] = OrderedDict()

    def time_at(self, points_in_world: npt.ArrayLike, frame: int) -> Int64Array:
        """(M,) int64 ns at which the frame's LiDAR looked at points (M, 3)."""
        points = np.asarray(points_in_world, dtype=np.float64)
        if not len(self._with_sweep):
            return np.full(len(points), self._recording.frame_middle_ns(frame), dtype=np.int64)
        nearest = self._with_sweep[np.argmin(np.abs(self._with_sweep - frame))]
        frame_ns = self._recording.frames.times_ns[frame]
        points_in_ego = self._recording.ego_motion.at(frame_ns).inverse().apply(points)
        return np.asarray(frame_ns + self._clock(int(nearest)).time_of(points_in_ego))

    def _frames_with_sweep(self) -> Int64Array:
        if self._lidar is None:
            return np.empty(0, dtype=np.int64)
        frames = range(len(self._recording.frames))
        return np.array([f for f in frames if self._recording.sample_of(self._lidar, f) is not None], dtype=np.int64)

    def _clock(self, frame: int) -> SweepClock:
        """In the ego frame at the frame's timestamp, with times relative to it."""
        if frame not in self._clocks:
            self._clocks[frame] = self._build(frame)
            while len(self._clocks) > _KEPT_CLOCKS:
                self._clocks.popitem(last=False)
        self._clocks.move_to_end(frame)
        return self._clocks[frame]

    def _build(self, frame: int) -> SweepClock:
        assert self._lidar is not None
        index = self._recording.sample_of(self._lidar, frame)
        assert index is not None
        cloud = sweep_in_world(self._recording, self._lidar, index)
        frame_ns = self._recording.frames.times_ns[frame]
        if not len(cloud):
            middle = np.array([self._recording.frame_middle_ns(frame) - frame_ns])
            return SweepClock(np.ones((1, 3)), np.zeros(3), middle)
        ego_from_world = self._recording.ego_motion.at(frame_ns).inverse()
        mounting = self._recording.rig[self._lidar].ego_from_sensor.translation
        return SweepClock(ego_from_world.apply(cloud.points_in_world), mounting, cloud.times_ns - frame_ns)


def timed_by_sweeps(table: CuboidTable, recording: Recording) -> CuboidTable:
    """The table with every pose at the moment when its frame's sweep passed it; one with times stays as it is."""
    if table.times_ns is not None:
        return table
    clock = FrameClock(recording)
    times = np.empty(len(table), dtype=np.int64)
    for frame in np.unique(table.frames):
        rows = table.frames == frame
        times[rows] = clock.time_at(table.world_from_object.translation[rows], int(frame))
    return replace(table, times_ns=times)
