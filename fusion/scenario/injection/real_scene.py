"""The real scene as one photo shows it, as far as LiDARs know: points with distances, and which lie on the ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import minimum_filter

from calibration import CameraModel
from calibration.quaternion import FloatArray
from fusion.cloud import Cloud, fused_cloud
from fusion.recording import Recording
from fusion.scenario.injection.ground import MeasuredGround
from fusion.scenario.injection.real_objects import RealObject, brought_to
from fusion.scenario.sensing.ray_caster import BoolArray
from fusion.scenario.world import PoseAt
from fusion.timeline import Int64Array

_SCREEN_CELL_PX = 6
_HIDDEN_M, _HIDDEN_SHARE = 0.5, 0.05
_GROUND_BAND_M = 0.2
_BEHIND_CAMERA_M = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class ScenePoints:
    """Real points that a photo, or part of one, shows. pixels: (N, 2) u, v in it; ranges_m: (N,) from the camera.

    points_in_world: (N, 3) at the photo's moment. on_ground: (N,).
    """

    pixels: FloatArray
    ranges_m: FloatArray
    points_in_world: FloatArray
    on_ground: BoolArray

    def chosen(self, which: Int64Array) -> ScenePoints:
        """Some of them."""
        return ScenePoints(self.pixels[which], self.ranges_m[which], self.points_in_world[which], self.on_ground[which])


class RealScene:
    """The clouds of a recording, ready to be seen from its cameras; the last frame asked for is kept."""

    def __init__(self, recording: Recording, ground: MeasuredGround | None, objects: Sequence[RealObject]) -> None:
        self._recording, self.objects = recording, tuple(objects)
        self._surface = None if ground is None else ground.surface
        self._frame, self._cloud = -1, fused_cloud(recording, 0) if len(recording.frames) else None

    def points(self, camera: CameraModel, motion: PoseAt, time_ns: int, *, most: int | None = None) -> ScenePoints:
        """What a camera shows at a moment. motion: of the camera; most: at most so many points, evenly chosen."""
        cloud = self._cloud_near(time_ns)
        in_world, times_ns = cloud.points_in_world.astype(np.float64), cloud.times_ns
        pose = motion(np.array([time_ns]))[0]
        # Moving things may come into view or leave it on the way to the photo's moment: look a little around.
        near = _in_view(camera, pose.inverse().apply(in_world), margin_px=150)
        in_world = brought_to(in_world[near], times_ns[near], time_ns, self.objects)
        in_camera = pose.inverse().apply(in_world)
        pixels, valid = camera.project(in_camera)
        ranges_m = np.linalg.norm(in_camera, axis=1)
        shown = np.flatnonzero(valid & camera.contains(pixels) & (in_camera[:, 2] > _BEHIND_CAMERA_M))
        shown = shown[_not_hidden(pixels[shown], ranges_m[shown], (camera.height_px, camera.width_px))]
        if most is not None:
            shown = shown[:: max(1, len(shown) // most)]
        return ScenePoints(pixels[shown], ranges_m[shown], in_world[shown], self._on_ground(in_world[shown]))

    def _cloud_near(self, time_ns: int) -> Cloud:
        frame = int(np.argmin(np.abs(self._recording.frame_spans_ns.mean(axis=1) - time_ns)))
        frame = _nearest_with_points(self._recording, frame)
        if frame != self._frame or self._cloud is None:
            self._frame, self._cloud = frame, fused_cloud(self._recording, frame)
        return self._cloud

    def _on_ground(self, points: FloatArray) -> BoolArray:
        if self._surface is None or not len(points):
            return np.zeros(len(points), dtype=np.bool_)
        return np.asarray(np.abs(points[:, 2] - self._surface.at(points[:, :2])) < _GROUND_BAND_M)


def _in_view(camera: CameraModel, points_in_camera: FloatArray, margin_px: float) -> Int64Array:
    pixels, valid = camera.project(points_in_camera)
    end = np.array([camera.width_px, camera.height_px])
    inside = np.all((pixels > -margin_px) & (pixels < end + margin_px), axis=1)
    return np.flatnonzero(valid & inside)


def _nearest_with_points(recording: Recording, frame: int) -> int:
    """The frame itself, or the nearest one in which any LiDAR delivered."""
    frames = range(len(recording.frames))
    delivered = [
        each for each in frames if any(recording.sample_of(lidar, each) is not None for lidar in recording.lidars())
    ]
    return min(delivered, key=lambda each: abs(each - frame)) if delivered else frame


def _not_hidden(pixels: FloatArray, ranges_m: FloatArray, shape: tuple[int, int]) -> BoolArray:
    """(N,) points that have nothing much nearer just beside them: a LiDAR on the roof looks over what hides them."""
    cells = np.floor(pixels / _SCREEN_CELL_PX).astype(np.int64)
    height, width = (side // _SCREEN_CELL_PX + 1 for side in shape)
    cells = np.clip(cells, 0, [width - 1, height - 1])
    nearest = np.full((height, width), np.inf)
    np.minimum.at(nearest, (cells[:, 1], cells[:, 0]), ranges_m)
    front = minimum_filter(nearest, size=3, mode="constant", cval=np.inf)[cells[:, 1], cells[:, 0]]
    return np.asarray(ranges_m <= front * (1.0 + _HIDDEN_SHARE) + _HIDDEN_M)
