"""Cameras and depth cameras with a global shutter: photos, instance masks and depth at the sensor's own time."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration import Sensor
from calibration.quaternion import FloatArray
from fusion.samples import DepthImage, EncodedImage, Float32Array
from fusion.scenario.ray_caster import Hits, RayCaster, missing_part
from fusion.scenario.shading import shade, to_srgb
from fusion.scenario.world import World

Photo = npt.NDArray[np.uint8]

_JPEG_QUALITY = 80
_EDGE_CONTRAST = 14
_SUBPIXELS = np.array([[-0.375, -0.125], [0.125, -0.375], [0.375, 0.125], [-0.125, 0.375]])

_DEPTH_MAX_M, _DEPTH_MIN_M = 12.0, 0.3
_METRES_PER_UNIT = 0.001
# Focal length times baseline over the step of the matcher: depth comes in steps that grow with its square.
_DISPARITY_STEPS_M = 210.0 * 0.12 * 10.0
_DISPARITY_SIGMA = 0.5
# The window of a stereo matcher: neighbouring pixels err together.
_MATCH_WINDOW_PX = 10


class CameraSimulator:
    """One camera in one world; the rays through its pixel centres are worked out once."""

    def __init__(self, world: World, sensor: Sensor) -> None:
        self.world, self.sensor = world, sensor
        self._pixels = _pixel_grid(sensor.model.width_px, sensor.model.height_px)
        self._rays_in_camera = self._rays(self._pixels)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image in pixels."""
        return self.sensor.model.height_px, self.sensor.model.width_px

    def photo(self, time_ns: int) -> Photo:
        """(H, W, 3) uint8 red, green, blue. Pixels at edges are the mean of four rays, the others one ray."""
        caster = self._caster(time_ns)
        linear = self._colours(caster, time_ns, self._rays_in_camera)
        edges = np.flatnonzero(_at_edges(to_srgb(linear).reshape(*self.shape, 3)))
        fine = self._colours(caster, time_ns, self._subpixel_rays[edges].reshape(-1, 3))
        # The mean is taken after the tone curve, so that bright edges keep their smooth steps.
        photo = to_srgb(linear)
        photo[edges] = np.rint(to_srgb(fine).reshape(-1, len(_SUBPIXELS), 3).mean(axis=1)).astype(np.uint8)
        return photo.reshape(*self.shape, 3)

    def instances(self, time_ns: int, *, only: str | None = None) -> npt.NDArray[np.int64]:
        """(H, W) index into the world's actors through each pixel's centre, -1 for the surroundings and the sky.

        only: with everything else in the world taken away but this actor.
        """
        names = [actor.name for actor in self.world.actors]
        if only is None:
            bodies = self._hits(self._caster(time_ns), time_ns).bodies
            return np.maximum(bodies - len(self.world.props), -1).reshape(self.shape)
        actor = self.world.actor(only)
        hits = self._hits(RayCaster([actor.mesh], [actor.trajectory.at(time_ns)]), time_ns)
        return np.where(hits.bodies >= 0, names.index(only), -1).reshape(self.shape)

    def depth_m(self, time_ns: int) -> FloatArray:
        """(H, W) exact distances along the optical axis, infinite where there is nothing."""
        distances = self._hits(self._caster(time_ns), time_ns).distances_m.astype(np.float64)
        along_axis = 1.0 / np.linalg.norm(self._rays_in_camera, axis=1)
        return np.asarray((distances * along_axis).reshape(self.shape))

    @cached_property
    def _subpixel_rays(self) -> FloatArray:
        """(H * W, 4, 3) rays in the camera."""
        return self._rays((self._pixels[:, None, :] + _SUBPIXELS).reshape(-1, 2)).reshape(-1, len(_SUBPIXELS), 3)

    def _rays(self, pixels: FloatArray) -> FloatArray:
        rays, _ = self.sensor.model.unproject(pixels)
        return rays

    def _caster(self, time_ns: int) -> RayCaster:
        props, actors = self.world.props, self.world.actors
        poses = [prop.world_from_mesh for prop in props] + [actor.trajectory.at(time_ns) for actor in actors]
        return RayCaster([prop.mesh for prop in props] + [actor.mesh for actor in actors], poses)

    def _in_world(self, time_ns: int, rays_in_camera: FloatArray) -> tuple[FloatArray, Float32Array]:
        """Origin (3,) and unit directions (N, 3)."""
        world_from_camera = self.world.world_from_ego(time_ns) * self.sensor.ego_from_sensor
        directions = rays_in_camera @ world_from_camera.matrix[:3, :3].T
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        return world_from_camera.translation, directions.astype(np.float32)

    def _hits(self, caster: RayCaster, time_ns: int) -> Hits:
        origin, directions = self._in_world(time_ns, self._rays_in_camera)
        return caster.cast(origin, directions)

    def _colours(self, caster: RayCaster, time_ns: int, rays_in_camera: FloatArray) -> Float32Array:
        origin, directions = self._in_world(time_ns, rays_in_camera)
        return shade(caster, caster.cast(origin, directions), origin, directions)


def encoded(photo: Photo) -> EncodedImage:
    """The photo as a JPEG. Raises UsageError if OpenCV is not installed."""
    cv2 = _opencv()
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    _, data = cv2.imencode(".jpg", photo[:, :, ::-1], options)
    return EncodedImage(data.tobytes(), "image/jpeg")


def measured(depth_m: FloatArray, rng: np.random.Generator) -> DepthImage:
    """What a stereo depth camera makes of exact depths (H, W): noise and steps that grow with the depth squared."""
    with np.errstate(divide="ignore"):
        disparity = _DISPARITY_STEPS_M / depth_m
    steps = np.maximum(np.rint(disparity + _matching_error(depth_m.shape, rng)), 1.0)
    values = np.rint(_DISPARITY_STEPS_M / steps / _METRES_PER_UNIT)
    seen = (depth_m > _DEPTH_MIN_M) & (depth_m < _DEPTH_MAX_M) & ~_at_jumps(depth_m)
    return DepthImage(np.where(seen, np.minimum(values, 65535), 0).astype(np.uint16), _METRES_PER_UNIT)


def _matching_error(shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """(H, W) error in steps of disparity, the same within a window."""
    window = _MATCH_WINDOW_PX
    coarse = rng.standard_normal((-(-shape[0] // window), -(-shape[1] // window)))
    fine = np.repeat(np.repeat(coarse, window, axis=0), window, axis=1)
    return np.asarray(_DISPARITY_SIGMA * fine[: shape[0], : shape[1]])


def _opencv() -> Any:
    try:
        import cv2
    except (ImportError, OSError) as error:
        raise missing_part("opencv-contrib-python-headless", error) from error
    return cv2


def _pixel_grid(width_px: int, height_px: int) -> FloatArray:
    """(H * W, 2) centres of all pixels, row by row."""
    v, u = np.mgrid[0:height_px, 0:width_px]
    return np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float64)


def _at_edges(photo: Photo) -> npt.NDArray[np.bool_]:
    """(H, W) pixels that differ from a neighbour so much that one ray does not do them justice."""
    levels = photo.astype(np.int16)
    edges = np.zeros(photo.shape[:2], dtype=bool)
    for channel in np.moveaxis(levels, 2, 0):
        across = np.abs(np.diff(channel, axis=1)) > _EDGE_CONTRAST
        down = np.abs(np.diff(channel, axis=0)) > _EDGE_CONTRAST
        edges[:, 1:] |= across
        edges[:, :-1] |= across
        edges[1:] |= down
        edges[:-1] |= down
    return edges


def _at_jumps(depth_m: FloatArray) -> npt.NDArray[np.bool_]:
    """(H, W) where a stereo matcher finds nothing: just left of a nearer thing."""
    inverse = 1.0 / depth_m
    jumps = np.zeros(depth_m.shape, dtype=bool)
    jumps[:, :-1] = inverse[:, 1:] - inverse[:, :-1] > 0.03
    return jumps
