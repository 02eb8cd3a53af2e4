"""Cameras in a moving world: photos with a global or a rolling shutter, and who is on which pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration import CameraModel
from calibration.quaternion import FloatArray
from fusion.samples import EncodedImage
from fusion.scenario.language.sensors import Camera
from fusion.scenario.sensing.exposure import Photo, at_edges, bloom, developed, fall, with_noise
from fusion.scenario.sensing.light import Light
from fusion.scenario.sensing.moments import Moments
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.sensing.pixel_rays import PixelRays
from fusion.scenario.sensing.ray_caster import Int32Array, missing_part
from fusion.scenario.sensing.rays import NOBODY, Hits, Rays
from fusion.scenario.sensing.shading import Colours, Shader
from fusion.scenario.sensing.visibility import Visibility, visibility_of
from fusion.scenario.world import PoseAt

_SUBPIXELS = np.array([[-0.36, -0.14], [0.30, -0.24], [0.06, 0.38]])
"""With the centre, four rays that differ in both directions."""
_BEHIND_M = 1e-3
_MAX_PANES = 3
_CLEAR = 0.5
"""What lets more light through than this, and is nobody, hides nobody."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedPhoto:
    """pixels: (H, W, 3) uint8 red, green, blue."""

    pixels: Photo
    visibility: Visibility


class CameraSimulator:
    """One camera in one world. world_from_sensor: its true poses, camera z forward, x right, y down.

    Row v is exposed at `row_times_ns`; with a readout of 0 all at once.
    """

    def __init__(self, scene: MovingScene, model: CameraModel, camera: Camera, world_from_sensor: PoseAt) -> None:
        self._scene, self._camera = scene, camera
        self._pixels = PixelRays(model, round(camera.readout_ms * 1e6), world_from_sensor)
        self._light = Light.of(scene.world.weather)
        self._gain = self._light.gain * camera.exposure
        self._shader = Shader(scene, self._light)

    def shot(self, time_ns: int, rng: np.random.Generator | None) -> SimulatedPhoto:
        """The photo the middle of which is exposed at `time_ns`; without a rng, without noise, rain and snow.

        Pixels at edges are the mean of four rays, the others one ray.
        """
        moments = self._scene.moments(self._pixels.times_ns(time_ns))
        rays = self._pixels.rays(moments.times_ns)
        hits = self._scene.first_hits(rays, moments)
        image = self._shader.colours(rays, moments, hits).reshape(*self._pixels.shape, 3)
        photo = self._developed(image, moments, rng)
        photo[~self._pixels.valid] = 0
        if rng is not None:
            photo = with_noise(photo, self._camera.noise, rng)
        return SimulatedPhoto(photo, self._visibility(rays, moments, hits))

    def instances(self, time_ns: int, only: str | None = None) -> npt.NDArray[np.int32]:
        """(H, W) index into the world's actors through each pixel's centre, -1 for the surroundings and the sky.

        only: as if everything else in the world were gone. Raises BoxwrightError for an unknown name.
        """
        moments = self._scene.moments(self._pixels.times_ns(time_ns))
        rays = self._pixels.rays(moments.times_ns)
        actor = None if only is None else self._scene.world.actors.index(self._scene.world.actor(only))
        hits = self._scene.first_hits(rays, moments, only=actor)
        found = hits.actors if only is not None else seen_through_glass(self._scene, rays, moments, hits)[0]
        return np.where(self._pixels.valid, found.reshape(self._pixels.shape), NOBODY).astype(np.int32)

    def encoded(self, photo: SimulatedPhoto) -> EncodedImage:
        """As a JPEG. Raises UsageError if OpenCV is not installed."""
        cv2 = _opencv()
        options = [cv2.IMWRITE_JPEG_QUALITY, self._camera.jpeg_quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
        _, data = cv2.imencode(".jpg", photo.pixels[:, :, ::-1], options)
        return EncodedImage(data.tobytes(), "image/jpeg")

    def _developed(self, image: Colours, moments: Moments, rng: np.random.Generator | None) -> Photo:
        weather = self._scene.world.weather
        edges = np.flatnonzero(at_edges(developed(image.reshape(-1, 3), self._gain).reshape(image.shape)))
        flat = image.reshape(-1, 3)
        flat[edges] = self._fine(flat[edges], edges, moments)
        if weather.light < 1.0 or weather.indoors:
            bloom(image, self._gain)
        if rng is not None:
            fall(image, weather, self._light.horizon + 0.5 * self._light.lamps, rng)
        return developed(flat, self._gain).reshape(image.shape)

    def _fine(self, centres: Colours, pixels: npt.NDArray[np.int64], moments: Moments) -> Colours:
        """(P, 3) mean of the centres' colours (P, 3) and three more rays through each of these pixels (P,)."""
        rays = self._pixels.rays_around(pixels, _SUBPIXELS, moments.times_ns)
        around = self._shader.colours(rays, moments, self._scene.first_hits(rays, moments))
        # What is much too bright would outshine the rest of its pixel, and leave steps along its edge.
        bound = np.float32(1.5 / self._gain)
        total = np.minimum(around, bound).reshape(-1, len(_SUBPIXELS), 3).sum(axis=1) + np.minimum(centres, bound)
        return np.asarray(total / np.float32(len(_SUBPIXELS) + 1), dtype=np.float32)

    def _visibility(self, rays: Rays, moments: Moments, hits: Hits) -> Visibility:
        found, _ = seen_through_glass(self._scene, rays, moments, hits)
        valid = self._pixels.valid.ravel()[hits.alone.rays]
        return visibility_of(found, hits.alone, valid, len(self._scene.world.actors), self._pixels.shape[1])


def seen_through_glass(scene: MovingScene, rays: Rays, moments: Moments, hits: Hits) -> tuple[Int32Array, FloatArray]:
    """Whom rays with these first hits show (N,), and how far away (N,), metres.

    An actor's glass is that actor, nobody's glass hides nobody.
    """
    found, ranges_m = hits.actors.copy(), hits.ranges_m.copy()
    at = clear = _panes(scene, hits)
    onward = rays
    for _ in range(_MAX_PANES):
        if not len(clear):
            break
        step_m = hits.ranges_m[clear] + _BEHIND_M
        onward = onward.chosen(clear).advanced(step_m)
        gone_m = ranges_m[at] + _BEHIND_M
        hits = scene.first_hits(onward, moments)
        found[at], ranges_m[at] = hits.actors, gone_m + hits.ranges_m
        clear = _panes(scene, hits)
        at = at[clear]
    return found, ranges_m


def _panes(scene: MovingScene, hits: Hits) -> npt.NDArray[np.int64]:
    """Rays that met clear glass that is nobody's."""
    clear = scene.surfaces.see_throughs > _CLEAR
    return np.flatnonzero((hits.surfaces >= 0) & (hits.actors == NOBODY) & clear[hits.surfaces])


def _opencv() -> Any:
    try:
        import cv2
    except (ImportError, OSError) as error:
        raise missing_part("opencv-contrib-python-headless", error) from error
    return cv2
