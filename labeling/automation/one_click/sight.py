"""What the LiDARs saw in a frame, prepared for fits: each point with the place it was seen from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.cloud import Cloud, fused_cloud
from fusion.ground import Ground, find_ground
from fusion.recording import Recording
from fusion.samples import Float32Array
from fusion.timeline import Int64Array

_EYE_STEPS = 11
_EYE_MOVES_M = 2.0
"""Half of how far a LiDAR moves within a sweep, and more."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameSight:
    """One frame; planes are contiguous, points ordered by LiDAR and then by azimuth around its mean place.

    points, eyes: (3, N) float32 in the world, metres: what was hit, and where the LiDAR was at that moment.
    times_ns: (N,) int64. sources: (N,) uint8, which LiDAR. azimuths: (N,) float32 around the
    LiDARs' mean places `middles` (L, 2); ends: (L + 1,) where the points of each LiDAR start, and the last ones end.
    world_from_ego: in the middle of the frame. ground: None where none was found.
    """

    frame: int
    points: Float32Array
    eyes: Float32Array
    times_ns: Int64Array
    sources: npt.NDArray[np.uint8]
    azimuths: Float32Array
    middles: FloatArray
    ends: npt.NDArray[np.int64]
    world_from_ego: RigidTransform
    ground: Ground | None

    def __len__(self) -> int:
        return int(self.points.shape[1])

    def spans(self, place: FloatArray, reach_m: float) -> npt.NDArray[np.int64]:
        """(S, 2) first and past the last of the runs of points whose beams may come within reach of a place (x, y)."""
        found = []
        for lidar, (x, y) in enumerate(self.middles):
            first, last = int(self.ends[lidar]), int(self.ends[lidar + 1])
            dx, dy = float(place[0] - x), float(place[1] - y)
            distance, reach = np.hypot(dx, dy), reach_m + _EYE_MOVES_M
            if distance <= reach:
                found.append((first, last))
                continue
            middle, half = np.arctan2(dy, dx), np.arcsin(reach / distance)
            azimuths = self.azimuths[first:last]
            for turn in (-2.0 * np.pi, 0.0, 2.0 * np.pi):
                low, high = np.searchsorted(azimuths, [middle + turn - half, middle + turn + half])
                if high > low:
                    found.append((first + int(low), first + int(high)))
        return np.array(found, dtype=np.int64).reshape(-1, 2)

    def ground_at(self, x_m: float, y_m: float) -> float:
        """World z of the ground at a place."""
        if self.ground is None:
            return float(self.points[2].min()) if len(self) else 0.0
        return float(self.ground.height_at(np.array([[x_m, y_m]]))[0])


def frame_sight(recording: Recording, frame: int) -> FrameSight:
    """Read a frame and prepare it; without a sweep it is empty."""
    cloud = fused_cloud(recording, frame)
    eyes = _eyes(recording, cloud)
    ground = find_ground(cloud.points_in_world, eyes.mean(axis=1)) if len(cloud) else None
    ends = np.concatenate([[0], np.cumsum(cloud.counts)]).astype(np.int64)
    sources = np.repeat(np.arange(len(cloud.counts), dtype=np.uint8), cloud.counts)
    middles = np.array([eyes[:2, a:b].mean(axis=1) if b > a else (0.0, 0.0) for a, b in pairwise(ends)]).reshape(-1, 2)
    points = cloud.points_in_world.T
    offsets = points[:2] - middles[sources].T
    azimuths = np.arctan2(offsets[1], offsets[0]).astype(np.float32)
    order = np.lexsort((azimuths, sources))
    return FrameSight(
        frame=frame,
        points=np.ascontiguousarray(points[:, order], dtype=np.float32),
        eyes=np.ascontiguousarray(eyes[:, order]),
        times_ns=cloud.times_ns[order],
        sources=sources[order],
        azimuths=azimuths[order],
        middles=middles,
        ends=ends,
        world_from_ego=recording.ego_motion.at(recording.frame_middle_ns(frame)),
        ground=ground,
    )


class Sights:
    """The frames of a recording, prepared when first asked for; the last `most` are kept, 37 bytes a point each."""

    def __init__(self, recording: Recording, *, most: int = 32) -> None:
        self.recording, self._most = recording, most
        self._kept: OrderedDict[int, FrameSight] = OrderedDict()
        lidars, frames = recording.lidars(), range(len(recording.frames))
        with_sweep = [each for each in frames if any(recording.sample_of(lidar, each) is not None for lidar in lidars)]
        self.delivered = np.array(with_sweep, dtype=np.int64)

    def around(self, frame: int, steps: Sequence[int]) -> list[int]:
        """Frames so many sweeps before and after a frame, itself left out; those that exist."""
        here = int(np.searchsorted(self.delivered, frame))
        places = sorted({here + step for step in steps if 0 <= here + step < len(self.delivered)} - {here})
        return [int(self.delivered[place]) for place in places]

    def seconds_from(self, frame: int, other: int) -> float:
        """Time from one frame to another, s."""
        times_ns = self.recording.frames.times_ns
        return float(times_ns[other] - times_ns[frame]) * 1e-9

    def __getitem__(self, frame: int) -> FrameSight:
        if frame not in self._kept:
            self._kept[frame] = frame_sight(self.recording, frame)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(frame)
        return self._kept[frame]

    def __len__(self) -> int:
        return len(self.recording.frames)


def _eyes(recording: Recording, cloud: Cloud) -> Float32Array:
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
