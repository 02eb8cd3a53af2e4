"""Where could a thing stand? On ground that a LiDAR has seen, with nothing upon it."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.cloud import fused_cloud
from fusion.recording import Recording
from fusion.samples import Float32Array
from fusion.timeline import Int64Array
from labeling.cuboid import Cuboid

_LEAST_GROUND_POINTS = 3
_REACH_M = 1.5  # the ground is looked for so far above and below the guess
_STRAY_POINTS = 3
_CLEARANCE_M = 0.3  # above the ground: kerbs and grass are no things
_FROM_EGO_M = 4.0


class Ground(Protocol):
    """Says where a cuboid would stand."""

    def settle(self, world_from_object: RigidTransform, size_m: FloatArray, frames: Int64Array) -> FloatArray | None:
        """(N, 3) centres of the cuboid, a pose for each of N frames, put on the ground; None where it is not free."""


class MeasuredGround:
    """By the points of a recording. A place without points of the ground is not known to be free."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._clouds: dict[int, Float32Array] = {}

    def settle(self, world_from_object: RigidTransform, size_m: FloatArray, frames: Int64Array) -> FloatArray | None:
        """As `Ground` says; points are looked at in the first, the middle and the last frame."""
        middle = len(frames) // 2
        height_m = self._ground_m(world_from_object[middle], size_m, int(frames[middle]))
        if height_m is None:
            return None
        centres = np.array(world_from_object.translation)
        centres[:, 2] += height_m + 0.5 * size_m[2] - centres[middle, 2]
        settled = RigidTransform(world_from_object.rotation, centres)
        looked_at = {0, middle, len(frames) - 1}
        return centres if all(self._is_free(settled[each], size_m, int(frames[each])) for each in looked_at) else None

    def _points(self, frame: int) -> Float32Array:
        if frame not in self._clouds:
            self._clouds[frame] = fused_cloud(self._recording, frame).points_in_world
        return self._clouds[frame]

    def _ground_m(self, world_from_object: RigidTransform, size_m: FloatArray, frame: int) -> float | None:
        bottom = world_from_object.translation - np.array([0.0, 0.0, 0.5 * size_m[2]])
        slab = Cuboid(
            RigidTransform(world_from_object.rotation, bottom), np.array([size_m[0], size_m[1], 2.0 * _REACH_M])
        )
        points = self._points(frame)
        heights = points[slab.contains(points), 2]
        return float(np.percentile(heights, 20)) if len(heights) >= _LEAST_GROUND_POINTS else None

    def _is_free(self, world_from_object: RigidTransform, size_m: FloatArray, frame: int) -> bool:
        ego = self._recording.ego_motion.at(self._recording.frames.times_ns[frame]).translation
        beside = np.linalg.norm((world_from_object.translation - ego)[:2]) - 0.5 * np.linalg.norm(size_m[:2])
        if beside < _FROM_EGO_M:
            return False
        raised = world_from_object.translation + np.array([0.0, 0.0, 0.5 * _CLEARANCE_M])
        above = Cuboid(RigidTransform(world_from_object.rotation, raised), size_m - np.array([0.0, 0.0, _CLEARANCE_M]))
        return int(above.contains(self._points(frame)).sum()) <= _STRAY_POINTS
