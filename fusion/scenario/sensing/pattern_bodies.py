"""What is painted on vehicles, houses and goods, as procedural patterns; see `patterns`.

`Paint` is red, green, blue (linear) and glow (light of its own, as a factor on the colour). x, y, z in -1..1 are
places across the extent of the thing; `_m` are metres from its middle. nx, ny, nz: normal in the mesh's frame.
"""

from __future__ import annotations

from typing import Any

import numba

from fusion.scenario.sensing.lattice import cell_noise

Paint = tuple[float, float, float, float]

_GLASS: Paint = (0.035, 0.045, 0.055, 0.0)
_LIT_WINDOW: Paint = (0.55, 0.42, 0.22, 0.6)
_FRAME: Paint = (0.62, 0.60, 0.57, 0.0)
_HEADLIGHT: Paint = (0.85, 0.86, 0.82, 1.2)
_TAIL_LIGHT: Paint = (0.55, 0.02, 0.02, 0.8)
_PLATE: Paint = (0.75, 0.74, 0.66, 0.05)
_DARK: Paint = (0.02, 0.02, 0.022, 0.0)
_STRIPE: Paint = (0.05, 0.16, 0.42, 0.0)
_TAPE: Paint = (0.52, 0.43, 0.30, 0.0)
_STOREY_M, _BAY_M = 3.1, 2.7


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _dimmed(r: float, g: float, b: float, factor: float) -> Any:
    return r * factor, g * factor, b * factor, 0.0


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def facade(
    r: float, g: float, b: float, across_m: float, above_m: float, width_m: float, height_m: float, along: float
) -> Any:
    """A wall: framed windows in a grid, shop fronts on the ground floor, a cornice. Metres from its lower corner."""
    bay, storey = across_m / (width_m / max(round(width_m / _BAY_M), 1)), above_m / _STOREY_M
    u, v, on_ground = bay % 1.0, storey % 1.0, storey < 1.0
    if above_m > height_m - 0.55:
        return _dimmed(r, g, b, 0.78)
    if on_ground:
        framed, glazed = 0.06 <= u < 0.94 and v < 0.86, 0.1 <= u < 0.9 and 0.13 <= v < 0.8
    else:
        framed = 0.24 <= u < 0.76 and 0.24 <= v < 0.86
        glazed = 0.28 <= v < 0.82 and (0.27 <= u < 0.485 or 0.515 <= u < 0.73)
    if glazed:
        lit = cell_noise(bay // 1.0, storey // 1.0, along + width_m // 1.0, 1.0) > 0.9
        return _LIT_WINDOW if lit else _GLASS
    if framed:
        return _FRAME
    ledge = not on_ground and v < 0.07
    return _dimmed(r, g, b, (0.78 if ledge else 1.0) * (0.96 + 0.08 * cell_noise(across_m, above_m, along, 0.9)))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def car_body(r: float, g: float, b: float, x: float, y: float, z: float, x_m: float, nx: float) -> Any:
    """Paint with lights, grille, number plates, door seams and a dark sill."""
    side = abs(y)
    if abs(x) > 0.955 and side < 0.27 and -0.42 <= z < -0.26:
        return _PLATE
    if x < -0.955 and side >= 0.6 and -0.18 <= z < 0.1:
        return _TAIL_LIGHT
    if x > 0.9 and 0.58 <= side < 0.97 and -0.3 <= z < -0.08:
        return _HEADLIGHT
    if z < -0.66 or (x > 0.955 and side < 0.5 and -0.5 <= z < -0.26):
        return _DARK
    at_seam = abs(x_m + 1.0) < 0.012 or abs(x_m - 0.12) < 0.012 or abs(x_m - 1.15) < 0.012
    if at_seam and side > 0.85 and abs(nx) < 0.5 and z > -0.6:
        return _dimmed(r, g, b, 0.25)
    return r, g, b, 0.0


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def cabin(r: float, g: float, b: float, x: float, y: float, z: float, ny: float) -> Any:
    """Glass all around, with pillars in the body's colour at the corners and between the side windows."""
    pillar = abs(x + 0.12) < 0.02 or z > 0.86 or z < 0.23
    corner = abs(y) > 0.86 - 0.28 * z
    if (pillar and abs(ny) > 0.5) or (corner and abs(ny) <= 0.5):
        return r, g, b, 0.0
    return _GLASS


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def cargo(r: float, g: float, b: float, x: float, y: float, z: float, x_m: float, nx: float, ny: float) -> Any:
    """Panels with ribs, a stripe, and doors and lights at the back."""
    if nx < -0.5 or x < -0.985:
        if abs(y) > 0.8 and -0.41 <= z < -0.33:
            return _TAIL_LIGHT
        seam = abs(y) < 0.012 or abs(abs(y) - 0.95) < 0.02
        return _dimmed(r, g, b, 0.35 if seam else 1.0)
    if abs(ny) > 0.5:
        if 0.05 <= z < 0.35:
            return _STRIPE
        if x_m % 0.8 < 0.03:
            return _dimmed(r, g, b, 0.72)
    return r, g, b, 0.0


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def window_band(r: float, g: float, b: float, x: float, y: float, z: float, x_m: float, nx: float, nz: float) -> Any:
    """A bus or van: a band of dark windows with pillars all around, lights at the front and the back."""
    if abs(nz) > 0.7:
        return r, g, b, 0.0
    if nx > 0.5:
        return _bus_front(r, g, b, y, z)
    if nx < -0.5:
        return _bus_back(r, g, b, y, z)
    if z < -0.78:
        return _DARK
    if 0.08 <= z < 0.74 and abs(x) < 0.97 and x_m % 1.5 >= 0.09:
        return _GLASS
    if abs(z + 0.42) < 0.05:
        return _STRIPE
    return r, g, b, 0.0


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _bus_front(r: float, g: float, b: float, y: float, z: float) -> Any:
    if -0.08 <= z < 0.76 and abs(y) < 0.92:
        return _GLASS
    if 0.80 <= z < 0.93 and abs(y) < 0.5:
        return 0.75, 0.42, 0.04, 0.5
    if -0.72 <= z < -0.56 and 0.62 <= abs(y) < 0.92:
        return _HEADLIGHT
    if -0.72 <= z < -0.58 and abs(y) < 0.22:
        return _PLATE
    return r, g, b, 0.0


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _bus_back(r: float, g: float, b: float, y: float, z: float) -> Any:
    if 0.2 <= z < 0.74 and abs(y) < 0.8:
        return _GLASS
    if -0.62 <= z < -0.36 and 0.78 <= abs(y) < 0.96:
        return _TAIL_LIGHT
    if -0.72 <= z < -0.58 and abs(y) < 0.22:
        return _PLATE
    return r, g, b, 0.0


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def hazard(r: float, g: float, b: float, x_m: float, y_m: float, z_m: float, stripe_m: float) -> Any:
    """Stripes of the own colour and black, at 45 degrees on every side."""
    if (x_m + y_m + z_m) % (2.0 * stripe_m) < stripe_m:
        return r, g, b, 0.0
    return _DARK


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def carton(r: float, g: float, b: float, across_m: float, above_m: float, seed: float) -> Any:
    """Boxes of 0.4 m by 0.3 m in a grid: dark gaps, each of its own shade, tape across the middle, a label."""
    column, row = across_m // 0.4, above_m // 0.3
    u, v = across_m % 0.4, above_m % 0.3
    if u < 0.012 or v < 0.012:
        return _dimmed(r, g, b, 0.35)
    if abs(u - 0.2) < 0.025:
        return _TAPE
    chance = cell_noise(column, row, seed, 1.0)
    if chance > 0.5 and 0.27 <= u < 0.36 and 0.16 <= v < 0.24:
        return _FRAME
    return _dimmed(r, g, b, 0.85 + 0.3 * chance)
