"""Photos with the actors in them: drawn in the photo's own light, hidden by what stands in front, with their shade."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.recording import Recording
from fusion.samples import EncodedImage, Float32Array
from fusion.scenario.injection.occlusion import RealCover, real_cover, with_own_body
from fusion.scenario.injection.photo_crop import PhotoCrop, crop_around
from fusion.scenario.injection.real_scene import RealScene, ScenePoints
from fusion.scenario.injection.rendering import ActorImage, ActorRenderer, opencv
from fusion.scenario.injection.sensor_motion import camera_motion
from fusion.scenario.injection.shadows import GroundShade
from fusion.scenario.injection.spec import InjectionSpec
from fusion.scenario.sensing.light import Light
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.sensing.visibility import Visibility, visibility_of
from fusion.scenario.world import PoseAt

_GAMMA = 2.2
_JPEG_QUALITY = 92
_ROAD_ALBEDO = 0.1
_ROAD_REACH_M = 14.0
_FEWEST_ROAD_POINTS, _ROAD_POINTS = 25, 4000
_TINT = 0.6
"""How far the road's hue counts as that of the light."""
_BLUR_PX = 0.65
_SHOULDER = 0.75
_SEEN = 0.5

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class InjectedPhoto:
    """A photo with the actors in it. changed: whether it differs from the recording's at all.

    mask: (H, W) int16 of the whole photo, index of the injected actor that each pixel shows, -1 for none; None for an
    unchanged photo.
    """

    image: EncodedImage
    visibility: Visibility
    changed: bool
    mask: npt.NDArray[np.int16] | None = None


class PhotoInjector:
    """One camera of a recording. scene: of the injected actors alone; light: for shades and shadows."""

    def __init__(
        self, recording: Recording, camera: str, scene: MovingScene, light: Light, real: RealScene, spec: InjectionSpec
    ) -> None:
        self._recording, self._camera, self._scene = recording, camera, scene
        self._light, self._real, self._brightness = light, real, spec.brightness
        self._own_body_px = spec.own_body_px.get(camera, ())
        self._sensor = recording.rig[camera]
        self._renderer = ActorRenderer(scene, light)

    def inject(self, index: int, rng: np.random.Generator) -> InjectedPhoto:
        """Sample `index` of the stream, which must be there, with the actors in it."""
        encoded = self._recording.image(self._camera, index)
        motion = camera_motion(self._recording, self._camera, index)
        time_ns = int(self._recording.times_ns(self._camera)[index])
        actors = self._scene.world.actors
        crop = crop_around(actors, self._sensor.model, self._sensor.readout_ns, motion, time_ns)
        if crop is None:
            return self._unchanged(encoded)
        image = self._renderer.image(crop)
        if not image.coverage.any():
            return self._unchanged(encoded)
        photo = _decoded(encoded)
        if photo is None or photo.shape[:2] != (self._sensor.model.height_px, self._sensor.model.width_px):
            return self._unchanged(encoded)
        return self._composed(encoded, photo, crop, image, motion, rng)

    def _unchanged(self, encoded: EncodedImage) -> InjectedPhoto:
        count = len(self._scene.world.actors)
        nothing, no_box = np.zeros(count, dtype=np.int64), np.full((count, 4), np.nan)
        return InjectedPhoto(encoded, Visibility(nothing, nothing.copy(), no_box, no_box.copy()), False)

    def _composed(
        self,
        encoded: EncodedImage,
        photo: Image,
        crop: PhotoCrop,
        image: ActorImage,
        motion: PoseAt,
        rng: np.random.Generator,
    ) -> InjectedPhoto:
        part = np.ascontiguousarray(photo[crop.rows, crop.columns])
        pose = motion(np.array([crop.time_ns]))[0]
        points = self._real.points(crop.camera, motion, crop.time_ns)
        cover = real_cover(part, image, points, self._real.objects, crop, pose)
        cover = with_own_body(cover, self._own_body_px, crop)
        visibility, mask = self._seen(crop, image, cover, photo.shape[:2])
        if not (image.coverage * (1.0 - cover.front) > 0.02).any():
            return InjectedPhoto(encoded, visibility, False)
        scale = self._brightness * self._exposure(photo, _road_colour(part, self._near(points, crop)), motion, crop)
        shade = self._shade(crop, cover)
        painted = _painted(part, image, cover.front, shade, scale, rng)
        changed = photo.copy()
        changed[crop.rows, crop.columns] = painted
        return InjectedPhoto(_encoded(changed, encoded.media_type), visibility, True, mask)

    def _seen(
        self, crop: PhotoCrop, image: ActorImage, cover: RealCover, shape: Any
    ) -> tuple[Visibility, npt.NDArray[np.int16]]:
        mask = np.full(shape, -1, dtype=np.int16)
        mask[crop.rows, crop.columns] = np.where(cover.front < _SEEN, image.actors, -1)
        rows, columns = np.divmod(image.hits.alone.rays, crop.width_px)
        alone = replace(image.hits.alone, rays=(rows + crop.top_px) * shape[1] + columns + crop.left_px)
        valid = crop.pixel_rays.valid.ravel()[image.hits.alone.rays]
        found = mask.ravel().astype(np.int32)
        visibility = visibility_of(found, alone, valid, len(self._scene.world.actors), shape[1])
        return visibility, mask

    def _exposure(self, photo: Image, road: FloatArray | None, motion: PoseAt, crop: PhotoCrop) -> FloatArray:
        """(3,) what the renderer's linear blue, green, red must be multiplied by to lie in the photo's light.

        road: linear colour of the ground beside the actors. New asphalt is darker than old, and shade darker than both:
        what the rest of the photo shows of the ground counts as much.
        """
        arriving = self._light.sky + max(float(self._light.towards_sun[2]), 0.0) * self._light.sun
        arriving = arriving + 0.9 * self._light.lamps
        everywhere = self._real.points(self._sensor.model, motion, crop.time_ns, most=_ROAD_POINTS)
        whole = _road_colour(photo, everywhere)
        known = [each for each in (road, whole) if each is not None]
        colour = np.exp(np.mean(np.log(np.maximum(known, 1e-4)), axis=0)) if known else _unknown_road(photo)
        grey = float(colour.mean())
        tint = (colour / max(grey, 1e-4)) ** _TINT
        return np.asarray(grey * tint / (_ROAD_ALBEDO * arriving[::-1]))

    def _near(self, points: ScenePoints, crop: PhotoCrop) -> ScenePoints:
        """Points about the actors."""
        actors = self._scene.world.actors
        places_m = np.stack([actor.trajectory.at(np.array(crop.time_ns)).translation for actor in actors])
        away = np.linalg.norm(points.points_in_world[:, None, :2] - places_m[None, :, :2], axis=2).min(axis=1)
        return points.chosen(np.flatnonzero(away < _ROAD_REACH_M))

    def _shade(self, crop: PhotoCrop, cover: RealCover) -> Float32Array:
        """(H, W, 3) blue, green, red: light left on the ground that the photo shows, 1 elsewhere."""
        rays = crop.pixel_rays.rays(crop.pixel_rays.times_ns(crop.time_ns))
        on_ground = np.flatnonzero(cover.ground.ravel() > 0.02)
        left = np.ones((len(rays), 3), dtype=np.float32)
        for actor in self._scene.world.actors:
            if len(on_ground):
                shade = GroundShade.of(self._scene, actor, self._light, crop.time_ns)
                left[on_ground] *= shade.along(rays.origins_m[on_ground], rays.directions[on_ground])
        left = left.reshape(crop.height_px, crop.width_px, 3)[:, :, ::-1]
        return np.asarray(1.0 - cover.ground[:, :, None] * (1.0 - left), dtype=np.float32)


def _road_colour(photo: Image, points: ScenePoints) -> FloatArray | None:
    """(3,) median linear colour of the ground that points show; None where there is too little of it."""
    if points.on_ground.sum() < _FEWEST_ROAD_POINTS:
        return None
    u, v = np.clip(np.rint(points.pixels[points.on_ground]), 0, [photo.shape[1] - 1, photo.shape[0] - 1]).astype(int).T
    return np.asarray(np.median(_linear(photo[v, u]), axis=0))


def _unknown_road(photo: Image) -> FloatArray:
    return np.full(3, 0.35 * float(_linear(photo[::8, ::8]).mean()))


def _painted(
    part: Image,
    image: ActorImage,
    front: Float32Array,
    shade: Float32Array,
    scale: FloatArray,
    rng: np.random.Generator,
) -> Image:
    """(H, W, 3) uint8: the photo darkened by the shade, with the actors over it."""
    cv2 = opencv()
    blur = (0, 0)
    coverage = cv2.GaussianBlur(image.coverage, blur, _BLUR_PX)
    colours = cv2.GaussianBlur(image.colours[:, :, ::-1] * scale.astype(np.float32), blur, _BLUR_PX)
    share = (1.0 - front)[:, :, None]
    actor = _toned(colours / np.maximum(coverage, 1e-4)[:, :, None])
    actor = actor + _grain(cv2, part, rng)
    weight = coverage[:, :, None] * share
    darkened = 255.0 * (_linear(part) * shade) ** (1.0 / _GAMMA)
    mixed = darkened + weight * (actor - darkened)
    untouched = (coverage * share[:, :, 0] <= 0.0) & np.all(shade > 0.999, axis=2)
    return np.where(untouched[:, :, None], part, np.clip(np.rint(mixed), 0.0, 255.0).astype(np.uint8))


def _linear(values: npt.NDArray[np.uint8]) -> FloatArray:
    return np.asarray((values / 255.0) ** _GAMMA)


def _toned(colours: Float32Array) -> FloatArray:
    """8-bit values of linear colours; what is brighter than white comes near it instead of being cut off."""
    over = np.maximum(colours - _SHOULDER, 0.0)
    rolled = np.minimum(colours, _SHOULDER) + (1.0 - _SHOULDER) * (1.0 - np.exp(-over / (1.0 - _SHOULDER)))
    return np.asarray(255.0 * np.maximum(rolled, 0.0) ** (1.0 / _GAMMA))


def _grain(cv2: Any, part: Image, rng: np.random.Generator) -> FloatArray:
    """(H, W, 1) noise as strong as in the smooth parts of the photo."""
    grey = part.astype(np.float32).mean(axis=2)
    rough = np.abs(cv2.Laplacian(grey, cv2.CV_32F))
    sigma = min(float(np.median(rough)) / 4.5, 3.0)
    noise = cv2.GaussianBlur(rng.standard_normal(grey.shape).astype(np.float32), (0, 0), 0.6)
    return np.asarray(sigma / 0.47 * noise[:, :, None])


def _decoded(encoded: EncodedImage) -> Image | None:
    """(H, W, 3) uint8 blue, green, red, as stored and not turned; None for what is no image."""
    cv2 = opencv()
    data = np.frombuffer(encoded.data, dtype=np.uint8)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return None if decoded is None else np.asarray(decoded)


def _encoded(photo: Image, media_type: str) -> EncodedImage:
    cv2 = opencv()
    if media_type == "image/png":
        _, data = cv2.imencode(".png", photo)
        return EncodedImage(data.tobytes(), media_type)
    _, data = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1])
    return EncodedImage(data.tobytes(), "image/jpeg")
