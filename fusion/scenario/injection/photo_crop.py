"""The part of a photo that an injected actor can change: a camera with a smaller image and the same lens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration import CameraModel
from calibration.quaternion import FloatArray
from fusion.scenario.sensing.pixel_rays import PixelRays
from fusion.scenario.world import Actor, PoseAt
from fusion.timeline import Int64Array

_BORDER_PX = 12
_FACE_STEPS = 9
_SHADOW_REACH = 1.6
"""Heights of an actor beyond its footprint that its shadow is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class PhotoCrop:
    """Columns left to left + width and rows top to top + height of a photo.

    pixel_rays: of those pixels; time_ns: of the middle of the crop's rows. moments_ns: (M,) of its upper, middle and
    lower row.
    """

    left_px: int
    top_px: int
    width_px: int
    height_px: int
    camera: CameraModel
    pixel_rays: PixelRays
    time_ns: int

    @property
    def rows(self) -> slice:
        """Of the photo."""
        return slice(self.top_px, self.top_px + self.height_px)

    @property
    def columns(self) -> slice:
        """Of the photo."""
        return slice(self.left_px, self.left_px + self.width_px)


def crop_around(
    actors: Sequence[Actor], camera: CameraModel, readout_ns: int, motion: PoseAt, time_ns: int
) -> PhotoCrop | None:
    """Around all actors and the ground beside them, as the photo of `time_ns` shows them; None if it shows none."""
    moments = time_ns + (np.array([-readout_ns, 0, readout_ns]) // 2 if readout_ns else np.zeros(1, np.int64))
    boxes = [box for actor in actors if (box := _box(actor, camera, motion, moments)) is not None]
    if not boxes:
        return None
    low, high = np.min([box[:2] for box in boxes], axis=0), np.max([box[2:] for box in boxes], axis=0)
    left, top = np.maximum(np.floor(low).astype(int) - _BORDER_PX, 0).tolist()
    right = min(int(np.ceil(high[0])) + _BORDER_PX, camera.width_px)
    bottom = min(int(np.ceil(high[1])) + _BORDER_PX, camera.height_px)
    if right - left < 2 or bottom - top < 2:
        return None
    return _crop(camera, readout_ns, motion, time_ns, (left, top, right - left, bottom - top))


def _crop(
    camera: CameraModel, readout_ns: int, motion: PoseAt, time_ns: int, area: tuple[int, int, int, int]
) -> PhotoCrop:
    left, top, width, height = area
    cropped = replace(camera, width_px=width, height_px=height, cx_px=camera.cx_px - left, cy_px=camera.cy_px - top)
    share = (top + 0.5 * height) / camera.height_px - 0.5
    middle_ns = time_ns + round(readout_ns * share)
    rays = PixelRays(cropped, round(readout_ns * height / camera.height_px), motion)
    return PhotoCrop(left, top, width, height, cropped, rays, middle_ns)


def _box(actor: Actor, camera: CameraModel, motion: PoseAt, moments_ns: Int64Array) -> FloatArray | None:
    """(4,) u, v minimum and maximum in the photo, with the shadow; None if the actor itself is not in it."""
    camera_from_object = motion(moments_ns).inverse() * actor.trajectory.at(moments_ns)
    if _out_of_sight(camera_from_object.translation, 0.5 * float(np.linalg.norm(actor.size_m)), camera):
        return None
    own = _bounds(camera_from_object.apply(_shell(actor.size_m)), camera)
    if own is None:
        return None
    length, width, height = actor.size_m
    reach = 2.0 * _SHADOW_REACH * height
    ground = _shell((length + reach, width + reach, 1e-3)) - np.array([0.0, 0.0, 0.5 * height])
    with_shadow = _bounds(camera_from_object.apply(ground), camera)
    if with_shadow is None:
        return own
    return np.concatenate([np.minimum(own[:2], with_shadow[:2]), np.maximum(own[2:], with_shadow[2:])])


def _out_of_sight(centres_m: FloatArray, radius_m: float, camera: CameraModel) -> bool:
    """Whether spheres at centres (M, 3) in the camera all miss the cone about the image."""
    right, bottom = camera.width_px - 0.5, camera.height_px - 0.5
    corners = np.array([[-0.5, -0.5], [right, -0.5], [-0.5, bottom], [right, bottom]])
    rays, valid = camera.unproject(corners)
    if not valid.all():
        return False
    widest = float(np.arctan2(np.hypot(rays[:, 0], rays[:, 1]), rays[:, 2]).max())
    distances = np.linalg.norm(centres_m, axis=1)
    off_axis = np.arctan2(np.hypot(centres_m[:, 0], centres_m[:, 1]), centres_m[:, 2])
    reach = np.arcsin(np.minimum(radius_m / np.maximum(distances, 1e-9), 1.0))
    return bool(np.all((distances > radius_m) & (off_axis > widest + reach)))


def _bounds(points_in_camera: FloatArray, camera: CameraModel) -> FloatArray | None:
    """(4,) of what lies in the image; None if nothing does."""
    pixels, valid = camera.project(points_in_camera.reshape(-1, 3))
    if not valid.any():
        return None
    low, high = pixels[valid].min(axis=0), pixels[valid].max(axis=0)
    end = np.array([camera.width_px, camera.height_px], dtype=np.float64)
    if not valid.all():
        # It passes behind the camera, or beyond the lens: between two of the points it may reach anywhere.
        low, high = np.minimum(low, 0.0), np.maximum(high, end)
    if np.any(high < 0.0) or np.any(low > end - 1.0):
        return None
    return np.concatenate([np.maximum(low, 0.0), np.minimum(high, end)])


def _shell(size_m: tuple[float, float, float]) -> FloatArray:
    """(K, 3) points all over a cuboid about the origin."""
    steps = np.linspace(-0.5, 0.5, _FACE_STEPS)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(grid[np.any(np.abs(grid) > 0.49, axis=1)] * np.asarray(size_m))
