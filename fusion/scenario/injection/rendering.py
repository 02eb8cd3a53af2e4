"""How actors look, alone in the world: colour, how much of each pixel they cover, and how far they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.scenario.injection.photo_crop import PhotoCrop
from fusion.scenario.sensing.exposure import at_edges, developed
from fusion.scenario.sensing.light import Light
from fusion.scenario.sensing.moments import Moments
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.sensing.ray_caster import BoolArray, missing_part
from fusion.scenario.sensing.rays import Hits, Rays
from fusion.scenario.sensing.shading import Shader

_STEPS = (np.arange(3) - 1.0) / 3.0
_SUBPIXELS = np.stack(np.meshgrid(_STEPS, _STEPS, indexing="ij"), axis=-1).reshape(-1, 2)


@dataclass(frozen=True, slots=True, eq=False)
class ActorImage:
    """Of a crop (H, W). colours: (H, W, 3) float32, linear, times coverage. coverage: (H, W) float32 in 0..1.

    actors: (H, W) int32 through each pixel's centre, -1 for none. ranges_m: (H, W) along the rays, infinite for none.
    hits: through the pixels' centres.
    """

    colours: Float32Array
    coverage: Float32Array
    actors: npt.NDArray[np.int32]
    ranges_m: FloatArray
    hits: Hits


class ActorRenderer:
    """Actors of a scene in a light."""

    def __init__(self, scene: MovingScene, light: Light) -> None:
        self._scene, self._light = scene, light
        self._shader = Shader(scene, light)

    def image(self, crop: PhotoCrop) -> ActorImage:
        """One ray a pixel, and nine where something ends."""
        moments = self._scene.moments(crop.pixel_rays.times_ns(crop.time_ns))
        rays = crop.pixel_rays.rays(moments.times_ns)
        hits = self._scene.first_hits(rays, moments)
        met = (hits.actors >= 0) & crop.pixel_rays.valid.ravel()
        colours = np.zeros((len(rays), 3), dtype=np.float32)
        found = np.flatnonzero(met)
        colours[found] = self._colours(rays, moments, hits, found)
        coverage = met.astype(np.float32)
        shape = (crop.height_px, crop.width_px)
        edges = np.flatnonzero(self._edges(colours.reshape(*shape, 3), met.reshape(shape)) & crop.pixel_rays.valid)
        colours[edges], coverage[edges] = self._fine(crop, moments, edges)
        return ActorImage(
            colours.reshape(*shape, 3),
            coverage.reshape(shape),
            np.where(met, hits.actors, -1).astype(np.int32).reshape(shape),
            np.where(met, hits.ranges_m, np.inf).reshape(shape),
            hits,
        )

    def _colours(self, rays: Rays, moments: Moments, hits: Hits, chosen: npt.NDArray[np.int64]) -> Float32Array:
        return self._shader.colours(rays.chosen(chosen), moments, _some(hits, chosen))

    def _edges(self, colours: Float32Array, met: BoolArray) -> BoolArray:
        tones = developed(colours.reshape(-1, 3), self._light.gain).reshape(colours.shape)
        outline = np.repeat(met[:, :, None], 3, axis=2).astype(np.uint8) * 255
        return np.asarray(at_edges(tones) | at_edges(outline))

    def _fine(
        self, crop: PhotoCrop, moments: Moments, pixels: npt.NDArray[np.int64]
    ) -> tuple[Float32Array, Float32Array]:
        """Mean colours (P, 3), times coverage, and coverages (P,)."""
        rays = crop.pixel_rays.rays_around(pixels, _SUBPIXELS, moments.times_ns)
        hits = self._scene.first_hits(rays, moments)
        met = np.flatnonzero(hits.actors >= 0)
        colours = np.zeros((len(rays), 3), dtype=np.float32)
        colours[met] = np.minimum(self._colours(rays, moments, hits, met), np.float32(1.5 / self._light.gain))
        means = colours.reshape(-1, len(_SUBPIXELS), 3).mean(axis=1)
        covered = (hits.actors >= 0).reshape(-1, len(_SUBPIXELS)).mean(axis=1)
        return means.astype(np.float32), covered.astype(np.float32)


def _some(hits: Hits, chosen: npt.NDArray[np.int64]) -> Hits:
    return Hits(
        hits.ranges_m[chosen],
        hits.actors[chosen],
        hits.surfaces[chosen],
        hits.points_in_mesh[chosen],
        hits.normals_in_mesh[chosen],
        hits.normals[chosen],
        hits.alone,
    )


def opencv() -> Any:
    """OpenCV with its contributed modules. Raises UsageError if it is not installed."""
    try:
        import cv2

        cv2.ximgproc  # noqa: B018
    except (ImportError, OSError, AttributeError) as error:
        cause = error if isinstance(error, ImportError | OSError) else ImportError("ximgproc")
        raise missing_part("opencv-contrib-python-headless", cause) from error
    return cv2
