"""Procedural patterns: what colour a surface has at a point of it, so that edges in photos mean something."""

from __future__ import annotations

from typing import Any

import numba

from fusion.samples import Float32Array
from fusion.scenario.sensing.pattern_bodies import (
    Paint,
    cabin,
    car_body,
    cargo,
    carton,
    facade,
    hazard,
    window_band,
)
from fusion.scenario.sensing.pattern_grounds import asphalt, floor, foliage, grass, road, road_marking, tiles
from fusion.scenario.sensing.ray_caster import Int32Array
from fusion.scenario.solids.materials import Pattern

_MARKING: Paint = (0.72, 0.72, 0.70, 0.0)
_STRIPE_M = 0.25

_PLAIN, _ROAD, _TILES, _FACADE = int(Pattern.PLAIN), int(Pattern.ROAD), int(Pattern.TILES), int(Pattern.FACADE)
_CAR_BODY, _CABIN, _CARGO = int(Pattern.CAR_BODY), int(Pattern.CABIN), int(Pattern.CARGO)
_FOLIAGE, _GRASS, _ASPHALT = int(Pattern.FOLIAGE), int(Pattern.GRASS), int(Pattern.ASPHALT)
_FLOOR, _WINDOW_BAND = int(Pattern.FLOOR), int(Pattern.WINDOW_BAND)
_HAZARD, _CARTON = int(Pattern.HAZARD), int(Pattern.CARTON)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def painted(
    patterns: Int32Array,
    colours: Float32Array,
    extents_m: Float32Array,
    row: int,
    points: Float32Array,
    normals: Float32Array,
    ray: int,
    distance_m: float,
) -> Any:
    """Linear red, green, blue and glow of one row of a surface table where one ray met it.

    patterns (S,), colours, extents_m (S, 3): of the table. points, normals: (N, 3) in their meshes' frames, metres.
    distance_m: from the viewer; fine grain fades with it. glow: a factor on the colour, light of its own at night.
    """
    pattern = patterns[row]
    r, g, b = float(colours[row, 0]), float(colours[row, 1]), float(colours[row, 2])
    if pattern == _PLAIN:
        return r, g, b, 0.0
    x, y, z = float(points[ray, 0]), float(points[ray, 1]), float(points[ray, 2])
    if pattern == _ROAD and road_marking(x, y):
        return _MARKING
    if pattern == _HAZARD:
        return hazard(r, g, b, x, y, z, _STRIPE_M)
    if pattern in (_FACADE, _CARTON):
        return _on_wall(pattern, r, g, b, points[ray], normals[ray], extents_m[row])
    if pattern in (_CAR_BODY, _CABIN, _CARGO, _WINDOW_BAND):
        return _on_vehicle(pattern, r, g, b, points[ray], normals[ray], extents_m[row])
    shade = _brightness(pattern, x, y, z, distance_m)
    return r * shade, g * shade, b * shade, 0.0


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _brightness(pattern: int, x: float, y: float, z: float, distance_m: float) -> float:
    """Factor on the colour of ground and leaves."""
    if pattern == _ROAD:
        return float(road(x, y, distance_m))
    if pattern == _ASPHALT:
        return float(asphalt(x, y, distance_m))
    if pattern == _TILES:
        return float(tiles(x, y, z))
    if pattern == _FLOOR:
        return float(floor(x, y, distance_m))
    if pattern == _FOLIAGE:
        return float(foliage(x, y, z, distance_m))
    if pattern == _GRASS:
        return float(grass(x, y, z, distance_m))
    return 1.0


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _on_wall(
    pattern: int, r: float, g: float, b: float, point: Float32Array, normal: Float32Array, extent_m: Float32Array
) -> Any:
    """Of upright sides; what faces up is roof, or the top of a carton."""
    along = 0 if abs(normal[1]) > 0.5 else 1
    width, height = float(extent_m[along]), float(extent_m[2])
    across, above = float(point[along]) + 0.5 * width, float(point[2]) + 0.5 * height
    if pattern == _CARTON:
        if abs(normal[2]) > 0.5:
            return carton(r, g, b, float(point[0]) + 0.5 * extent_m[0], float(point[1]) + 0.5 * extent_m[1], 2.0)
        return carton(r, g, b, across, above, float(along))
    if abs(normal[2]) >= 0.5:
        dim = 0.45 if normal[2] > 0.5 else 1.0
        return r * dim, g * dim, b * dim, 0.0
    return facade(r, g, b, across, above, width, height, float(along))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _on_vehicle(
    pattern: int, r: float, g: float, b: float, point: Float32Array, normal: Float32Array, extent_m: Float32Array
) -> Any:
    x_m = float(point[0])
    x, y, z = 2.0 * x_m / extent_m[0], 2.0 * point[1] / extent_m[1], 2.0 * point[2] / extent_m[2]
    nx, ny, nz = float(normal[0]), float(normal[1]), float(normal[2])
    if pattern == _CAR_BODY:
        return car_body(r, g, b, x, y, z, x_m, nx)
    if pattern == _CABIN:
        return cabin(r, g, b, x, y, z, ny)
    if pattern == _CARGO:
        return cargo(r, g, b, x, y, z, x_m, nx, ny)
    return window_band(r, g, b, x, y, z, x_m, nx, nz)
