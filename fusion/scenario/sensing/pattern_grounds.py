"""What one walks and drives on, as procedural patterns; see `patterns`."""

from __future__ import annotations

from typing import Any

import numba

from fusion.scenario.sensing.lattice import cell_noise, grain, smooth_noise

_FLOOR_JOINT_M, _TILE_M = 4.0, 0.75


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def asphalt(x: float, y: float, distance_m: float) -> Any:
    """Brightness of plain road: grain, large patches, and now and then a mended rectangle."""
    shade = grain(x, y, 0.0, 0.05, 0.10, distance_m) * (0.93 + 0.14 * smooth_noise(x, y, 0.0, 5.3))
    mended = cell_noise(x, y, 0.5, 3.7) > 0.93 and cell_noise(x, y, 1.5, 0.9) > 0.2
    return shade * (0.82 if mended else 1.0)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def road_marking(x: float, y: float) -> Any:
    """Whether there is paint: dashed centre line, edge lines, parking bays, a zebra crossing."""
    side = abs(y)
    if side < 0.07:
        return x % 6.0 < 3.0
    zebra = 40.0 <= x < 43.0 and (y + 0.25) % 1.0 < 0.5 and side < 3.4
    bay = 3.5 <= side < 5.6 and x % 6.2 < 0.09
    return 3.5 <= side < 3.6 or bay or zebra


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def road(x: float, y: float, distance_m: float) -> Any:
    """Brightness of a street's asphalt: grain, patches, and gutters at 5.45 m to 6 m from its middle."""
    shade = grain(x, y, 0.0, 0.05, 0.10, distance_m) * (0.93 + 0.14 * smooth_noise(x, y, 0.0, 5.3))
    return shade * (0.72 if 5.45 <= abs(y) < 6.0 else 1.0)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def tiles(x: float, y: float, z: float) -> Any:
    """Brightness of slabs with joints."""
    joint = x % _TILE_M < 0.035 or y % _TILE_M < 0.035
    return (0.92 + 0.16 * cell_noise(x, y, z, _TILE_M)) * (0.72 if joint else 1.0)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def floor(x: float, y: float, distance_m: float) -> Any:
    """Brightness of concrete indoors: joints every 4 m, clouds, fine grain."""
    joint = x % _FLOOR_JOINT_M < 0.02 or y % _FLOOR_JOINT_M < 0.02
    slab = 0.97 + 0.06 * cell_noise(x, y, 0.0, _FLOOR_JOINT_M)
    clouds = 0.95 + 0.10 * smooth_noise(x, y, 1.0, 1.3)
    return slab * clouds * grain(x, y, 0.0, 0.06, 0.05, distance_m) * (0.6 if joint else 1.0)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def grass(x: float, y: float, z: float, distance_m: float) -> Any:
    """Brightness of tufts, and of greener and drier places."""
    tufts = grain(x, y, z, 0.2, 0.25, distance_m) * grain(x, y, z, 0.06, 0.35, distance_m)
    return tufts * (0.88 + 0.24 * smooth_noise(x, y, 2.0, 2.9))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def foliage(x: float, y: float, z: float, distance_m: float) -> Any:
    """Brightness of clumps of leaves."""
    return (0.75 + 0.5 * cell_noise(x, y, z, 0.17)) * grain(x, y, z, 0.11, 0.5, distance_m)
