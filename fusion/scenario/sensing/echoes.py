"""What comes back to a LiDAR: first through glass, then as one echo for each pulse, with its strength."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.scenario.sensing.moments import Moments
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.sensing.patterns import painted
from fusion.scenario.sensing.ray_caster import Int32Array
from fusion.scenario.sensing.rays import Alone, Hits, Rays
from fusion.scenario.solids.materials import SurfaceTable
from fusion.timeline import Int64Array

_BEHIND_M = 1e-3
_MAX_PANES = 3
_ANSWERING_COSINE = 0.996
"""Glass that is met within five degrees of its normal mirrors the pulse back."""
_ANSWERING_GLOSS = 0.5
_MIRRORED_ALBEDO = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Echoes:
    """One echo for each of N rays. ranges_m: (N,) float64, infinite for none. actors: (N,), -1 for props and none.

    albedos: (N,) share of light that comes back from what was met. cosines: (N,) of the angle to its normal.
    visible: (N,) the actor that a ray met first, be it glass that it went through; -1 for none. alone: as in `Hits`.
    """

    ranges_m: FloatArray
    actors: Int32Array
    albedos: Float32Array
    cosines: Float32Array
    visible: Int32Array
    alone: Alone

    def with_ranges(self, ranges_m: FloatArray) -> Echoes:
        """The same from other distances."""
        return replace(self, ranges_m=ranges_m)


def echoes(scene: MovingScene, rays: Rays, moments: Moments, reach_m: float, rng: np.random.Generator | None) -> Echoes:
    """Echoes of infinitely thin pulses.

    Every pulse that meets something transparent goes on by the chance of its material; without a rng, if that is more
    likely than not.
    """
    found = _first(scene, rays, moments, reach_m, rng)
    passing = found.passing
    gone_m = found.echoes.ranges_m + _BEHIND_M
    for _ in range(_MAX_PANES):
        if not len(passing):
            break
        behind = _first(scene, rays.chosen(passing).advanced(gone_m[passing]), moments, reach_m, rng)
        _replace(found.echoes, passing, behind.echoes, gone_m[passing])
        going = behind.passing
        gone_m[passing[going]] += behind.echoes.ranges_m[going] + _BEHIND_M
        passing = passing[going]
    return found.echoes


@dataclass(frozen=True, slots=True, eq=False)
class _Met:
    """passing: (K,) rays that go on behind what they met."""

    echoes: Echoes
    passing: Int64Array


def _first(scene: MovingScene, rays: Rays, moments: Moments, reach_m: float, rng: np.random.Generator | None) -> _Met:
    hits = scene.first_hits(rays, moments, reach_m=reach_m)
    luck = np.full(len(rays), 0.5) if rng is None else rng.random(len(rays))
    albedos, cosines, passes = _answer(*_hit_columns(hits), rays.directions, *_surface_columns(scene.surfaces), luck)
    met = Echoes(hits.ranges_m, hits.actors, albedos, cosines, hits.actors.copy(), hits.alone)
    return _Met(met, np.flatnonzero(passes))


def _replace(all_echoes: Echoes, rays: Int64Array, behind: Echoes, gone_m: FloatArray) -> None:
    """Take the echoes (K,) from behind glass for those rays (K,)."""
    all_echoes.ranges_m[rays] = behind.ranges_m + gone_m
    all_echoes.actors[rays] = behind.actors
    all_echoes.albedos[rays] = behind.albedos
    all_echoes.cosines[rays] = behind.cosines
    # Glass of an actor is that actor; glass that is nobody's hides nobody.
    nobodys = rays[all_echoes.visible[rays] < 0]
    all_echoes.visible[nobodys] = behind.actors[all_echoes.visible[rays] < 0]


def _hit_columns(hits: Hits) -> tuple[Any, ...]:
    return hits.ranges_m, hits.surfaces, hits.points_in_mesh, hits.normals_in_mesh, hits.normals


def _surface_columns(table: SurfaceTable) -> tuple[Any, ...]:
    return (
        table.patterns,
        table.colours,
        table.extents_m,
        table.reflectivities,
        table.transparencies,
        table.glosses,
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _answer(
    ranges_m: FloatArray,
    surfaces: Int32Array,
    points: Float32Array,
    local_normals: Float32Array,
    normals: Float32Array,
    directions: FloatArray,
    patterns: Int32Array,
    colours: Float32Array,
    extents: Float32Array,
    reflectivities: Float32Array,
    transparencies: Float32Array,
    glosses: Float32Array,
    luck: FloatArray,
) -> Any:
    """Albedos (N,), cosines (N,) and whether pulses (N,) go on."""
    count = len(ranges_m)
    albedos, cosines = np.zeros(count, dtype=np.float32), np.zeros(count, dtype=np.float32)
    passes = np.zeros(count, dtype=np.bool_)
    for ray in range(count):
        row = surfaces[ray]
        if row < 0:
            continue
        facing = 0.0
        for i in range(3):
            facing -= normals[ray, i] * directions[ray, i]
        cosines[ray] = facing
        if glosses[row] > _ANSWERING_GLOSS and transparencies[row] > 0.0 and facing > _ANSWERING_COSINE:
            albedos[ray] = _MIRRORED_ALBEDO
            continue
        passes[ray] = luck[ray] < transparencies[row]
        albedo = reflectivities[row]
        if patterns[row] != 0:
            r, g, b, _ = painted(patterns, colours, extents, row, points, local_normals, ray, ranges_m[ray])
            plain = colours[row, 0] + colours[row, 1] + colours[row, 2]
            albedo *= min(max((r + g + b) / max(plain, 1e-3), 0.15), 6.0)
        albedos[ray] = min(albedo, 1.0)
    return albedos, cosines, passes


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def at_depth_edges(
    ranges_m: FloatArray, cosines: Float32Array, directions: FloatArray, beams: int, step_m: float
) -> npt.NDArray[np.bool_]:
    """Which rays (S * beams,) lie beside another one of the pattern that ends much nearer or farther.

    Much: more than step_m and twice what the slope of the nearer surface explains. Neighbours: the beam, or the shot,
    before and after.
    """
    count = len(ranges_m)
    edges = np.zeros(count, dtype=np.bool_)
    for ray in range(count):
        for step in (1, beams):
            other = ray + step
            if other >= count or (step == 1 and beams > 1 and other % beams == 0):
                continue
            first, second = (ray, other) if ranges_m[ray] <= ranges_m[other] else (other, ray)
            apart_m = ranges_m[second] - ranges_m[first]
            if not apart_m > step_m:
                continue
            aside = 0.0
            for i in range(3):
                aside += (directions[ray, i] - directions[other, i]) ** 2
            slope = np.sqrt(max(1.0 - cosines[first] ** 2, 0.0)) / max(cosines[first], 1e-3)
            if apart_m > step_m + 2.0 * ranges_m[first] * np.sqrt(aside) * slope:
                edges[ray] = edges[other] = True
    return edges


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def strongest(ranges_m: FloatArray, energies: FloatArray, pulse_m: float) -> Any:
    """Of the parts of E split pulses (E, K): where the strongest echo seems to come from (E,), and from which part.

    Echoes of parts that lie within pulse_m run into one another and give the mean of their distances, a mixed pixel;
    those farther apart are told apart, and the strongest is reported. Infinite and -1 where nothing came back.
    """
    pulses, parts = ranges_m.shape
    mixed, part = np.full(pulses, np.inf), np.full(pulses, -1, dtype=np.int64)
    for pulse in range(pulses):
        best = 0.0
        for leader in range(parts):
            total, moment, strongest_part = 0.0, 0.0, leader
            for other in range(parts):
                behind = ranges_m[pulse, other] - ranges_m[pulse, leader]
                if 0.0 <= behind <= pulse_m:
                    total += energies[pulse, other]
                    moment += energies[pulse, other] * ranges_m[pulse, other]
                    if energies[pulse, other] > energies[pulse, strongest_part]:
                        strongest_part = other
            if total > best:
                best, mixed[pulse], part[pulse] = total, moment / total, strongest_part
    return mixed, part
