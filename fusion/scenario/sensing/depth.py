"""Depth cameras in a moving world: stereo and time of flight, each with its own way of erring."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from calibration import CameraModel
from calibration.quaternion import FloatArray
from fusion.samples import DepthImage
from fusion.scenario.language.sensors import DepthCamera
from fusion.scenario.sensing.air import Air
from fusion.scenario.sensing.camera import seen_through_glass
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.sensing.pixel_rays import PixelRays
from fusion.scenario.sensing.ray_caster import BoolArray, Int32Array
from fusion.scenario.sensing.rays import Hits
from fusion.scenario.sensing.visibility import Visibility, visibility_of
from fusion.scenario.world import PoseAt

METRES_PER_UNIT = 0.001
_SUBPIXELS = 16
"""Steps of disparity a pixel is divided into by a stereo matcher."""
_DISPARITY_SIGMA_PX = 0.06
_MATCH_WINDOW_PX = 8
"""A stereo matcher compares windows: neighbouring pixels err together."""
_TOF_SIGMA_M, _TOF_SIGMA_SHARE = 0.003, 0.0025
_TOF_FAINTEST = 0.05
"""What reflects this share of light straight back from max_range_m is lost every other time."""
_EDGE_SHARE = 0.06
_MIRRORING_GLOSS, _CLEAR, _DARK = 0.5, 0.5, 0.02


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedDepth:
    """The depth image in millimetres, and who was seen in it."""

    image: DepthImage
    visibility: Visibility


class DepthSimulator:
    """One depth camera with a global shutter in one world. world_from_sensor: its true poses, camera z forward."""

    def __init__(self, scene: MovingScene, model: CameraModel, depth: DepthCamera, world_from_sensor: PoseAt) -> None:
        self._scene, self._depth = scene, depth
        self._focal_px = model.fx_px
        self._pixels = PixelRays(model, 0, world_from_sensor)
        self._along_axis = self._pixels.directions[:, 2].reshape(self._pixels.shape)
        self._air = Air.of(scene.world.weather)

    def image(self, time_ns: int, rng: np.random.Generator | None) -> SimulatedDepth:
        """What the camera measures at `time_ns`; without a rng exact, but for millimetres and the limits of range.

        Without a rng glass is a surface like any other; with one the camera looks through nobody's glass.
        """
        moments = self._scene.moments(self._pixels.times_ns(time_ns))
        rays = self._pixels.rays(moments.times_ns)
        hits = self._scene.first_hits(rays, moments)
        found, through_m = seen_through_glass(self._scene, rays, moments, hits)
        depth_m = hits.ranges_m.reshape(self._pixels.shape) * self._along_axis
        if rng is not None:
            measure = self._stereo if self._depth.principle == "stereo" else self._time_of_flight
            # Both principles look through a pane, and see its reflections at most.
            depth_m = measure(through_m.reshape(depth_m.shape) * self._along_axis, hits, rays.directions, rng)
        return SimulatedDepth(self._quantised(depth_m), self._visibility(found, hits))

    def _visibility(self, found: Int32Array, hits: Hits) -> Visibility:
        rays = hits.alone.rays
        depth_m = hits.alone.ranges_m * self._along_axis.ravel()[rays]
        seen = self._pixels.valid.ravel()[rays] & (depth_m <= self._depth.max_range_m)
        return visibility_of(found, hits.alone, seen, len(self._scene.world.actors), self._pixels.shape[1])

    def _quantised(self, depth_m: FloatArray) -> DepthImage:
        seen = self._pixels.valid & (depth_m >= self._depth.min_range_m) & (depth_m <= self._depth.max_range_m)
        units = np.rint(np.where(seen, depth_m, 0.0) / METRES_PER_UNIT)
        return DepthImage(np.minimum(units, 65535.0).astype(np.uint16), METRES_PER_UNIT)

    def _stereo(self, exact_m: FloatArray, hits: Hits, directions: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Errors and steps in disparity, so in depth they grow with its square; holes where nothing can be matched."""
        scale = self._focal_px * self._depth.baseline_m
        with np.errstate(divide="ignore"):
            disparity_px = scale / exact_m
        error_px = self._depth.noise * _DISPARITY_SIGMA_PX * _windowed_noise(exact_m.shape, rng)
        steps = np.rint((disparity_px + error_px) * _SUBPIXELS)
        measured_m = scale * _SUBPIXELS / np.maximum(steps, 1.0)
        unmatched = self._holes(self._unmatchable(hits, directions).reshape(exact_m.shape), rng)
        shadowed = _in_shadow(disparity_px, self._depth.holes)
        lost = unmatched | shadowed | (steps < 1.0) | self._hidden_by_air(exact_m, rng)
        return np.where(lost, 0.0, measured_m)

    def _unmatchable(self, hits: Hits, directions: FloatArray) -> FloatArray:
        """(N,) how badly the surface can be matched, 0..1: mirroring, clear, dark or at a slant."""
        table, rows = self._scene.surfaces, hits.surfaces
        slant = 1.0 - np.abs(np.einsum("ij,ij->i", hits.normals.astype(np.float64), directions))
        mirrors = np.clip(table.glosses[rows] / _MIRRORING_GLOSS, 0.0, 1.0) ** 2
        dark = table.colours[rows].mean(axis=1) < _DARK
        worst = np.maximum.reduce([mirrors, 0.6 * (table.see_throughs[rows] > _CLEAR), 0.7 * dark, slant**12])
        return np.where(rows >= 0, worst, 1.0).astype(np.float64)

    def _holes(self, chance: FloatArray, rng: np.random.Generator) -> BoolArray:
        """(H, W) patches about a window wide, as likely as `chance` (H, W) and the camera's share of holes."""
        patchy = _windowed_noise(chance.shape, rng)
        # A window fails when its own weakness, of standard deviation 1, exceeds what its texture makes up for.
        return np.asarray(patchy > 3.0 - 6.0 * chance * self._depth.holes) & (chance > 0.05)

    def _hidden_by_air(self, exact_m: FloatArray, rng: np.random.Generator) -> BoolArray:
        near_m = np.minimum(exact_m, self._depth.max_range_m)
        return np.asarray(rng.random(exact_m.shape) > np.exp(-2.0 * self._air.extinction_per_m * near_m))

    def _time_of_flight(
        self, exact_m: FloatArray, hits: Hits, directions: FloatArray, rng: np.random.Generator
    ) -> FloatArray:
        """Error that grows with the distance and with faintness; pixels at edges fly between near and far."""
        power = self._returning(hits, directions).reshape(exact_m.shape)
        sigma_m = (_TOF_SIGMA_M + _TOF_SIGMA_SHARE * np.minimum(exact_m, 100.0)) * (1.0 + 0.5 / np.sqrt(power + 0.05))
        noisy_m = exact_m + self._depth.noise * sigma_m * rng.standard_normal(exact_m.shape)
        mixed_m = _flying(exact_m, rng.random(exact_m.shape), self._depth.flying_pixels)
        measured_m = np.where(np.isnan(mixed_m), noisy_m, mixed_m)
        lost = rng.random(exact_m.shape) < self._depth.holes * 2.0 / (1.0 + power**2)
        return np.where(lost | self._hidden_by_air(exact_m, rng) | ~np.isfinite(exact_m), 0.0, measured_m)

    def _returning(self, hits: Hits, directions: FloatArray) -> FloatArray:
        """(N,) light that comes back, 1 for what is found every other time."""
        table, rows = self._scene.surfaces, hits.surfaces
        cosines = np.abs(np.einsum("ij,ij->i", hits.normals.astype(np.float64), directions))
        kept = table.reflectivities[rows] * (1.0 - table.transparencies[rows])
        with np.errstate(divide="ignore"):
            nearness = np.minimum(self._depth.max_range_m / hits.ranges_m, 1e3)
        return np.where(rows >= 0, kept * cosines / _TOF_FAINTEST * nearness**2, 0.0)


def _windowed_noise(shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """(H, W) normal noise of standard deviation about 1 that is smooth over a window."""
    window = _MATCH_WINDOW_PX
    coarse = rng.standard_normal((shape[0] // window + 3, shape[1] // window + 3))
    for axis, size in enumerate(shape):
        place = np.arange(size) / window + rng.random()
        before = place.astype(np.int64)
        share = (place - before).reshape((-1, 1) if axis == 0 else (1, -1))
        norm = np.hypot(share, 1.0 - share)
        first, second = np.take(coarse, before, axis=axis), np.take(coarse, before + 1, axis=axis)
        coarse = ((1.0 - share) * first + share * second) / norm
    return np.asarray(coarse)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _in_shadow(disparity_px: FloatArray, share: float) -> BoolArray:
    """(H, W) what the right camera cannot see: strips left of near things, as wide as the step in disparity.

    share: of the strip that stays a hole, 0..1; matchers fill the rest from what is behind.
    """
    height, width = disparity_px.shape
    hidden = np.zeros((height, width), dtype=np.bool_)
    for v in range(height):
        # Walking left from each pixel's own place in the right image: whoever was passed farther right hides it.
        foremost = np.inf
        for u in range(width - 1, -1, -1):
            place = u - disparity_px[v, u]
            if place > foremost:
                hidden[v, u] = place - foremost > (1.0 - min(2.0 * share, 1.0)) * 8.0
            else:
                foremost = place
    return hidden


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _flying(depth_m: FloatArray, luck: FloatArray, share: float) -> npt.NDArray[np.float64]:
    """(H, W) mixtures of near and far at edges for a share of the pixels there, NaN elsewhere."""
    height, width = depth_m.shape
    mixed = np.full((height, width), np.nan)
    for v in range(height):
        for u in range(width):
            near = far = depth_m[v, u]
            for dv, du in ((0, 1), (0, -1), (1, 0), (-1, 0)):
                if 0 <= v + dv < height and 0 <= u + du < width and np.isfinite(depth_m[v + dv, u + du]):
                    near, far = min(near, depth_m[v + dv, u + du]), max(far, depth_m[v + dv, u + du])
            if np.isfinite(far) and far - near > _EDGE_SHARE * near and luck[v, u] < share:
                mixed[v, u] = near + (luck[v, u] / share) * (far - near)
    return mixed
