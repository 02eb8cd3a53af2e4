"""From hits to colours: sun with hard shadows, sky and lamp light, mirrored sky in paint and glass, haze and fog."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.scenario.sensing.lattice import cell_noise
from fusion.scenario.sensing.light import Light
from fusion.scenario.sensing.moments import Moments
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.sensing.patterns import painted
from fusion.scenario.sensing.ray_caster import BoolArray, Int32Array
from fusion.scenario.sensing.rays import Hits, Rays
from fusion.scenario.solids.materials import HEADLIGHT, INDICATOR, LAMP, TAIL_LIGHT, SurfaceTable

_TOWARDS_SUN, _SUN, _SKY, _GROUND, _ZENITH, _HORIZON, _MIRRORED, _LAMPS, _SCALARS, _PLACE = range(10)
_SHADOW_LIFT_M = 0.004
_SOFT_SHADOW_M = 1.6
_UP: FloatArray = np.array([0.0, 0.0, 1.0])
_BEHIND_M = 1e-3
_MAX_PANES = 2
_FOG_CEILING_M = 120.0
_STREET_LAMP_SPACING_M, _CEILING_LAMP_SPACING_M = 24.0, 5.0
_GLOWING = {HEADLIGHT.colour: 1.2, TAIL_LIGHT.colour: 0.8, INDICATOR.colour: 0.15, LAMP.colour: 2.0}
"""Plain surfaces that shine, by their colour, as a factor on it."""

Colours = npt.NDArray[np.float32]


class Shader:
    """Colours of rays in one scene under one light."""

    def __init__(self, scene: MovingScene, light: Light) -> None:
        self._scene, self._light = scene, light
        self._parameters = light.parameters
        self._columns = (*_columns(scene.surfaces), _glows(scene.surfaces))

    def colours(self, rays: Rays, moments: Moments, hits: Hits) -> Colours:
        """Linear (N, 3) of the light that comes along rays with these first hits."""
        return self._seen(rays, moments, hits, np.zeros(len(rays)), _MAX_PANES)

    def _seen(self, rays: Rays, moments: Moments, hits: Hits, gone_m: FloatArray, panes: int) -> Colours:
        lit = self._lit(rays, moments, hits)
        colours = np.empty((len(rays), 3), dtype=np.float32)
        see_through = np.zeros(len(rays), dtype=np.float32)
        _shade(*_hit_columns(rays, hits), gone_m, lit, *self._columns, self._parameters, colours, see_through)
        clear = np.flatnonzero(see_through > 0.0)
        if panes and len(clear):
            step_m = hits.ranges_m[clear] + _BEHIND_M
            onward = rays.chosen(clear).advanced(step_m)
            met = self._scene.first_hits(onward, moments)
            behind = self._seen(onward, moments, met, gone_m[clear] + step_m, panes - 1)
            colours[clear] += see_through[clear, None] * (behind - colours[clear])
        return colours

    def _lit(self, rays: Rays, moments: Moments, hits: Hits) -> Float32Array:
        """(N,) share of the main light that falls on what was met: of the sun, or else of what comes from above."""
        lit = np.zeros(len(rays), dtype=np.float32)
        source = self._light.towards_sun if self._light.has_shadows else _UP
        facing = np.flatnonzero(_faces(hits.normals, source, hits.surfaces))
        points = _lifted(rays.origins_m, rays.directions, hits.ranges_m, hits.normals, facing)
        towards = Rays(points, np.broadcast_to(source, points.shape), rays.shots[facing])
        if self._light.has_shadows:
            lit[facing] = ~self._scene.blocked(towards, moments)
        else:
            # A broad light throws soft shadows: the darker, the nearer what is above.
            roof_m = self._scene.first_hits(towards, moments, reach_m=_SOFT_SHADOW_M).ranges_m
            lit[facing] = np.minimum(roof_m / _SOFT_SHADOW_M, 1.0)
        return lit


def _columns(table: SurfaceTable) -> tuple[Any, ...]:
    return table.patterns, table.colours, table.extents_m, table.glosses, table.see_throughs


def _glows(table: SurfaceTable) -> Float32Array:
    """(S,) of plain surfaces."""
    glows = np.zeros(len(table.colours), dtype=np.float32)
    for colour, glow in _GLOWING.items():
        glows[(table.colours == np.array(colour, dtype=np.float32)).all(axis=1)] = glow
    return glows


def _hit_columns(rays: Rays, hits: Hits) -> tuple[Any, ...]:
    met = (hits.ranges_m, hits.surfaces, hits.points_in_mesh, hits.normals_in_mesh, hits.normals)
    return rays.origins_m, rays.directions, *met


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _faces(normals: Float32Array, towards: FloatArray, surfaces: Int32Array) -> BoolArray:
    faces = np.zeros(len(normals), dtype=np.bool_)
    for ray in range(len(normals)):
        cosine = normals[ray, 0] * towards[0] + normals[ray, 1] * towards[1] + normals[ray, 2] * towards[2]
        faces[ray] = surfaces[ray] >= 0 and cosine > 0.0
    return faces


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _lifted(
    origins: FloatArray,
    directions: FloatArray,
    ranges_m: FloatArray,
    normals: Float32Array,
    chosen: npt.NDArray[np.int64],
) -> FloatArray:
    """Points (C, 3) that the chosen rays met, a little off the surface."""
    points = np.empty((len(chosen), 3))
    for c in range(len(chosen)):
        ray = chosen[c]
        for i in range(3):
            met = origins[ray, i] + ranges_m[ray] * directions[ray, i]
            points[c, i] = met + _SHADOW_LIFT_M * normals[ray, i]
    return points


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _shade(
    origins: FloatArray,
    directions: FloatArray,
    ranges_m: FloatArray,
    surfaces: Int32Array,
    points: Float32Array,
    local_normals: Float32Array,
    normals: Float32Array,
    gone_m: FloatArray,
    lit: Float32Array,
    patterns: Int32Array,
    base_colours: Float32Array,
    extents: Float32Array,
    glosses: Float32Array,
    see_throughs: Float32Array,
    glows: Float32Array,
    light: FloatArray,
    colours: Colours,
    see_through: Float32Array,
) -> None:
    """Fill colours (N, 3), and the share of light from behind (N,). gone_m: (N,) way before the rays' origins."""
    seen, mirrored = np.empty(3), np.empty(3)
    for ray in range(len(ranges_m)):
        row = surfaces[ray]
        if row < 0:
            _sky(directions[ray, 0], directions[ray, 1], directions[ray, 2], light, seen)
            colours[ray, 0], colours[ray, 1], colours[ray, 2] = seen[0], seen[1], seen[2]
            continue
        distance = ranges_m[ray] + gone_m[ray]
        see_through[ray] = see_throughs[row]
        seen[0], seen[1], seen[2], glow = painted(
            patterns, base_colours, extents, row, points, local_normals, ray, distance
        )
        x = origins[ray, 0] + ranges_m[ray] * directions[ray, 0]
        y = origins[ray, 1] + ranges_m[ray] * directions[ray, 1]
        _light_up(x, y, normals, ray, lit[ray], max(glow, glows[row]), light, seen)
        if glosses[row] > 0.0:
            _mirror(directions, normals, ray, glosses[row], light, mirrored, seen)
        air = np.exp(-light[_SCALARS, 1] * distance)
        for i in range(3):
            colours[ray, i] = seen[i] * air + light[_HORIZON, i] * (1.0 - air)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _light_up(
    x: float,
    y: float,
    normals: Float32Array,
    ray: int,
    lit: float,
    glow: float,
    light: FloatArray,
    seen: FloatArray,
) -> None:
    """From the colour of a matt surface at x, y in the world to what is seen of it."""
    nx, ny, nz = normals[ray, 0], normals[ray, 1], normals[ray, 2]
    up = 0.5 + 0.5 * nz
    sunny = light[_PLACE, 1] > 0.5
    # In a sunny world ambient light is left as it is; else what comes from above is dimmed below things.
    above = 1.0 if sunny or nz <= 0.0 else 0.35 + 0.65 * lit
    sun = 0.0
    if sunny and lit > 0.0:
        sun = nx * light[_TOWARDS_SUN, 0] + ny * light[_TOWARDS_SUN, 1] + nz * light[_TOWARDS_SUN, 2]
    lamp = 0.0
    if light[_LAMPS, 0] > 0.0:
        lamp = above * _lamplight(x, y, nx, ny, nz, light[_PLACE, 0] > 0.5)
    for i in range(3):
        sky = light[_GROUND, i] + above * up * (light[_SKY, i] - light[_GROUND, i])
        seen[i] *= sky + sun * light[_SUN, i] + lamp * light[_LAMPS, i] + glow * light[_SCALARS, 0]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _lamplight(x: float, y: float, nx: float, ny: float, nz: float, indoors: bool) -> float:
    """Share of lamp light on a surface: lamps hang in a grid, and reach sideways a little."""
    spacing = _CEILING_LAMP_SPACING_M if indoors else _STREET_LAMP_SPACING_M
    near = 0.5 + 0.25 * (np.cos(2.0 * np.pi * x / spacing) + np.cos(2.0 * np.pi * y / spacing))
    facing = max(0.22 * nx + 0.12 * ny + 0.95 * nz, 0.0)
    sideways = 0.30 + 0.06 * nx - 0.05 * ny
    if indoors:
        return float((0.8 + 0.2 * near) * (0.65 * facing + sideways))
    return float((0.25 + 0.75 * near) * (0.8 * facing + sideways))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _sky(x: float, y: float, z: float, light: FloatArray, seen: FloatArray) -> None:
    """A gradient from the horizon to the zenith with a glow around the sun; fog hides it, most of all low down."""
    if light[_PLACE, 0] > 0.5:
        _room(x, y, z, light, seen)
        return
    height = min(max(z, 0.0), 1.0)
    towards = x * light[_TOWARDS_SUN, 0] + y * light[_TOWARDS_SUN, 1] + z * light[_TOWARDS_SUN, 2]
    glow = 0.4 * min(max(towards, 0.0), 1.0) ** 24
    fog = np.exp(-max(light[_SCALARS, 1] - 0.004, 0.0) * _FOG_CEILING_M / max(height, 0.02))
    for i in range(3):
        clear = light[_HORIZON, i] + height**0.55 * (light[_ZENITH, i] - light[_HORIZON, i])
        clear += glow * min(light[_SUN, i], 1.0)
        seen[i] = light[_HORIZON, i] + fog * (clear - light[_HORIZON, i])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _room(x: float, y: float, z: float, light: FloatArray, seen: FloatArray) -> None:
    """What is seen, or mirrored, where a room has no wall: bright above with rows of lamps, dim about."""
    if z > 0.15:
        bright = 1.0 if 3.0 * x / z % 3.0 < 0.8 and 3.0 * y / z % 2.0 < 1.5 else 0.35
    else:
        bright = 0.3 + 0.05 * cell_noise(x, y, z, 0.5)
    for i in range(3):
        seen[i] = bright * light[_ZENITH, i]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _mirror(
    directions: FloatArray,
    normals: Float32Array,
    ray: int,
    gloss: float,
    light: FloatArray,
    mirrored: FloatArray,
    seen: FloatArray,
) -> None:
    """Add the sky, or what is below the horizon, by Schlick's approximation of Fresnel's equations."""
    dx, dy, dz = directions[ray, 0], directions[ray, 1], directions[ray, 2]
    nx, ny, nz = normals[ray, 0], normals[ray, 1], normals[ray, 2]
    cosine = nx * dx + ny * dy + nz * dz
    share = gloss * (0.07 + 0.93 * (1.0 - min(abs(cosine), 1.0)) ** 5)
    up = dz - 2.0 * cosine * nz
    if up > 0.12:
        _sky(dx - 2.0 * cosine * nx, dy - 2.0 * cosine * ny, up, light, mirrored)
    else:
        mirrored[0], mirrored[1], mirrored[2] = light[_MIRRORED, 0], light[_MIRRORED, 1], light[_MIRRORED, 2]
    for i in range(3):
        seen[i] += share * (mirrored[i] - seen[i])
