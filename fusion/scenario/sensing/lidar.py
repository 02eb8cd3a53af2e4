"""LiDARs in a moving world: every shot is cast at its own time, so motion distortion is real."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.samples import Sweep
from fusion.scenario.language.sensors import Lidar
from fusion.scenario.sensing.air import Air
from fusion.scenario.sensing.echoes import Echoes, at_depth_edges, echoes, strongest
from fusion.scenario.sensing.moments import Moments
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.sensing.ray_caster import BoolArray
from fusion.scenario.sensing.rays import NOBODY, Rays
from fusion.scenario.sensing.scan import shots
from fusion.scenario.sensing.visibility import Visibility, visibility_of
from fusion.scenario.world import PoseAt
from fusion.timeline import Int64Array

_EDGE_STEP_M = 0.15
_RING = 4
"""Rays about the middle of a beam that stand for its width; the middle counts as much as all of them."""
_PULSE_M = 0.6
_FAINTEST = 0.02
"""What reflects this share of light straight back from max_range_m is found every other time."""
_INTENSITY_RANGE_M = 120.0


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedSweep:
    """The sweep, points in the sensor frame. actors: (N,) int16 index into the world's actors, -1 for all else."""

    sweep: Sweep
    actors: npt.NDArray[np.int16]
    visibility: Visibility


class LidarSimulator:
    """One LiDAR in one world. world_from_sensor: its true poses."""

    def __init__(self, scene: MovingScene, lidar: Lidar, world_from_sensor: PoseAt, period_ns: int) -> None:
        self._scene, self._lidar, self._period_ns = scene, lidar, period_ns
        self._world_from_sensor = world_from_sensor
        self._air = Air.of(scene.world.weather)

    def sweep(self, index: int, end_ns: int, rng: np.random.Generator | None) -> SimulatedSweep:
        """The index-th sweep, which ends at `end_ns`.

        Without a rng it is what an ideal LiDAR in clear air would measure: beams without width, exact distances.
        """
        offsets_ns, directions = shots(self._lidar.scan, index, self._period_ns)
        times_ns = end_ns + offsets_ns
        rays = Rays.fired(self._world_from_sensor(times_ns), directions)
        moments = self._scene.moments(times_ns)
        exact = echoes(self._scene, rays, moments, self._lidar.max_range_m, rng)
        visibility = self._visibility(exact)
        beams = directions.shape[1]
        if rng is None:
            kept = self._in_range(exact.ranges_m)
            return self._swept(exact, kept, directions, offsets_ns, _intensities(exact), visibility)
        seen = self._with_width(exact, rays, moments, beams, rng)
        seen, intensities, found = self._through_the_air(seen, rng)
        kept = found & self._in_range(seen.ranges_m) & ~self._in_lost_packets(len(offsets_ns), beams, rng)
        noisy = self._noisy_ranges(seen.ranges_m, rng)
        return self._swept(seen.with_ranges(noisy), kept, directions, offsets_ns, intensities, visibility)

    def _in_range(self, ranges_m: FloatArray) -> BoolArray:
        return (ranges_m >= self._lidar.min_range_m) & (ranges_m <= self._lidar.max_range_m)

    def _visibility(self, exact: Echoes) -> Visibility:
        """Who was met first within the range, and who would have been."""
        near = self._in_range(exact.alone.ranges_m)
        return visibility_of(exact.visible, exact.alone, near, len(self._scene.world.actors))

    def _with_width(self, exact: Echoes, rays: Rays, moments: Moments, beams: int, rng: np.random.Generator) -> Echoes:
        """Beams beside a depth edge meet two things at once."""
        if self._lidar.divergence_mrad == 0.0:
            return exact
        near_edges = at_depth_edges(exact.ranges_m, exact.cosines, rays.directions, beams, _EDGE_STEP_M)
        edges = np.flatnonzero(near_edges)
        ring = _ring(rays.chosen(edges), 0.25e-3 * self._lidar.divergence_mrad)
        around = echoes(self._scene, ring, moments, self._lidar.max_range_m, rng)
        return _merged(exact, edges, around)

    def _through_the_air(self, seen: Echoes, rng: np.random.Generator) -> tuple[Echoes, FloatArray, BoolArray]:
        """With false echoes off drops and flakes; the intensities (N,), and whether each echo is found (N,)."""
        left = self._air.left_of_pulses(np.minimum(seen.ranges_m, self._lidar.max_range_m))
        found = rng.random(len(left)) >= self._loss(seen, left)
        sparkle = 1.0 + self._lidar.intensity_sigma * rng.standard_normal(len(left))
        intensities = _intensities(seen) * left * sparkle
        false_m = self._air.echo_ranges_m(len(left), self._lidar.min_range_m, rng)
        false = np.flatnonzero(false_m < seen.ranges_m)
        if not len(false):
            return seen, intensities, found
        ranges, actors = seen.ranges_m.copy(), seen.actors.copy()
        ranges[false], actors[false], found[false] = false_m[false], NOBODY, True
        intensities[false] = self._air.echo_intensities(len(false), rng)
        return replace(seen, ranges_m=ranges, actors=actors), intensities, found

    def _loss(self, seen: Echoes, left: FloatArray) -> FloatArray:
        """Chance (N,) that an echo is lost in the noise: dark, at a grazing angle, far, through fog; or at random."""
        nearness = self._lidar.max_range_m / np.maximum(seen.ranges_m, 1.0)
        power = (seen.albedos * seen.cosines * left / _FAINTEST) * nearness**2
        return np.asarray(1.0 - (1.0 - self._lidar.dropout) * power**2 / (1.0 + power**2))

    def _in_lost_packets(self, shot_count: int, beams: int, rng: np.random.Generator) -> BoolArray:
        """(N,) whether the packet of a ray's shot never arrived."""
        packets = -(-shot_count // self._lidar.packet_shots)
        lost = rng.random(packets) < self._lidar.packet_loss
        return np.repeat(np.repeat(lost, self._lidar.packet_shots)[:shot_count], beams)

    def _noisy_ranges(self, ranges_m: FloatArray, rng: np.random.Generator) -> FloatArray:
        noise = self._lidar.range_sigma_m * rng.standard_normal(len(ranges_m))
        return np.asarray(np.maximum(ranges_m + self._lidar.range_bias_m + noise, 0.0))

    def _swept(
        self,
        seen: Echoes,
        kept: BoolArray,
        directions: FloatArray,
        offsets_ns: Int64Array,
        intensities: FloatArray,
        visibility: Visibility,
    ) -> SimulatedSweep:
        chosen = np.flatnonzero(kept)
        points = directions.reshape(-1, 3)[chosen] * seen.ranges_m[chosen, None]
        step = self._lidar.coordinate_step_m
        if step > 0.0:
            points = np.rint(points / step) * step
        sweep = Sweep(
            points.astype(np.float32),
            np.rint(np.clip(intensities[chosen], 0.0, 255.0)).astype(np.uint8),
            offsets_ns[chosen // directions.shape[1]].astype(np.int32),
        )
        return SimulatedSweep(sweep, seen.actors[chosen].astype(np.int16), visibility)


def _intensities(seen: Echoes) -> FloatArray:
    """(N,) in 0..255, by material and angle; receivers make up for most of the distance, not for all."""
    far = np.minimum(seen.ranges_m, 1e3) / _INTENSITY_RANGE_M
    return np.asarray(255.0 * seen.albedos * (0.25 + 0.75 * seen.cosines) / (1.0 + far**2))


def _ring(rays: Rays, radius_rad: float) -> Rays:
    """Rays (E * 4,) about each of E rays, four after another, at half the width of the beam."""
    across = np.cross(rays.directions, [0.0, 0.0, 1.0])
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    above = np.cross(across, rays.directions)
    turned = [rays.directions + radius_rad * side for side in (across, above, -across, -above)]
    directions = np.stack(turned, axis=1).reshape(-1, 3) / np.hypot(1.0, radius_rad)
    return Rays(np.repeat(rays.origins_m, _RING, axis=0), directions, np.repeat(rays.shots, _RING))


def _merged(exact: Echoes, edges: Int64Array, around: Echoes) -> Echoes:
    """Echoes in which those of the rays at edges (E,) are mixed with the rings (E * 4,) about them."""

    def parts(of_middle: npt.NDArray[Any], of_ring: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.column_stack([of_middle[edges], of_ring.reshape(-1, _RING)])

    ranges = parts(exact.ranges_m, around.ranges_m)
    albedos, cosines = parts(exact.albedos, around.albedos), parts(exact.cosines, around.cosines)
    weights = np.array([_RING, *([1.0] * _RING)])
    energies = weights * albedos * cosines / np.maximum(ranges, 1.0) ** 2
    mixed_m, part = strongest(ranges, energies, _PULSE_M)

    def of_strongest(of_middle: npt.NDArray[Any], of_ring: npt.NDArray[Any]) -> npt.NDArray[Any]:
        column = of_middle.copy()
        column[edges] = parts(of_middle, of_ring)[np.arange(len(edges)), part]
        return column

    ranges_m = exact.ranges_m.copy()
    ranges_m[edges] = mixed_m
    return replace(
        exact,
        ranges_m=ranges_m,
        actors=of_strongest(exact.actors, around.actors),
        albedos=of_strongest(exact.albedos, around.albedos),
        cosines=of_strongest(exact.cosines, around.cosines),
    )
