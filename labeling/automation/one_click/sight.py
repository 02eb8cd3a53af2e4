"""What the LiDARs saw in a frame, prepared for fits: each point with the place it was seen from and its height above
the ground."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from fusion.cloud import Cloud, fused_cloud
from fusion.ground import Ground, find_ground
from fusion.recording import Recording
from fusion.samples import Float32Array
from fusion.timeline import Int64Array

_EYE_STEPS = 11


@dataclass(frozen=True, slots=True, eq=False)
class FrameSight:
    """One frame; planes are contiguous.

    points, eyes: (3, N) float32 in the world, metres: what was hit, and where the LiDAR was at that moment.
    heights: (N,) float32 metres of the points above the ground, eye_heights: of the eyes. times_ns: (N,) int64.
    sources: (N,) uint8, which LiDAR. ground: None where nothing was found; heights are then above the lowest point.
    """

    frame: int
    points: Float32Array
    eyes: Float32Array
    heights: Float32Array
    eye_heights: Float32Array
    times_ns: Int64Array
    ground: Ground | None

    def __len__(self) -> int:
        return self.points.shape[1]

    def ground_at(self, x_m: float, y_m: float) -> float:
        """World z of the ground at a place."""
        if self.ground is None:
            return float(self.points[2].min()) if len(self) else 0.0
        return float(self.ground.height_at(np.array([[x_m, y_m]]))[0])


def frame_sight(recording: Recording, frame: int) -> FrameSight:
    """Read a frame and prepare it; without a sweep it is empty."""
    cloud = fused_cloud(recording, frame)
    eyes = _eyes(recording, frame, cloud)
    middle = eyes.mean(axis=1) if len(cloud) else np.zeros(3)
    ground = find_ground(cloud.points_in_world, middle) if len(cloud) else None
    points = np.ascontiguousarray(cloud.points_in_world.T, dtype=np.float32)
    return FrameSight(frame, points, eyes, _above(ground, points), _above(ground, eyes), cloud.times_ns, ground)


class Sights:
    """The frames of a recording, prepared when first asked for; the last `most` are kept, 60 bytes a point each."""

    def __init__(self, recording: Recording, *, most: int = 32) -> None:
        self.recording, self._most = recording, most
        self._kept: OrderedDict[int, FrameSight] = OrderedDict()

    def __getitem__(self, frame: int) -> FrameSight:
        if frame not in self._kept:
            self._kept[frame] = frame_sight(self.recording, frame)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(frame)
        return self._kept[frame]

    def __len__(self) -> int:
        return len(self.recording.frames)


def _above(ground: Ground | None, planes: Float32Array) -> Float32Array:
    if not planes.shape[1]:
        return np.empty(0, np.float32)
    if ground is None:
        return np.asarray(planes[2] - planes[2].min())
    return (planes[2] - ground.height_at(planes.T)).astype(np.float32)


def _eyes(recording: Recording, frame: int, cloud: Cloud) -> Float32Array:
    """(3, N) where the LiDAR was when it saw each point: between a few moments of the sweep, a straight line."""
    eyes, start = np.empty((3, len(cloud)), np.float32), 0
    for lidar, count in zip(cloud.sources, cloud.counts, strict=True):
        part = slice(start, start + count)
        start += count
        if count:
            times_ns = cloud.times_ns[part]
            moments = np.linspace(times_ns.min(), times_ns.max() + 1, _EYE_STEPS).astype(np.int64)
            mounting = recording.rig[lidar].ego_from_sensor.translation
            places = recording.ego_motion.at(moments).apply(mounting[None, None])[:, 0]
            for axis in range(3):
                seconds = (times_ns - moments[0]) * 1e-9
                eyes[axis, part] = np.interp(seconds, (moments - moments[0]) * 1e-9, places[:, axis])
    return eyes
