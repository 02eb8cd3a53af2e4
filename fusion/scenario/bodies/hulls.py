"""Hulls of vehicles: one skin between cross-sections, with windows and lights as part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.quaternion import FloatArray
from fusion.scenario.bodies.body import Size
from fusion.scenario.solids.lofts import loft
from fusion.scenario.solids.materials import (
    CHASSIS,
    DARK,
    GLASS,
    HEADLIGHT,
    INDICATOR,
    PLATE,
    RIM,
    RUBBER,
    SEAT,
    TAIL_LIGHT,
    Surface,
)
from fusion.scenario.solids.meshes import Mesh, box, cylinder

_GLASS, _PAINT = 1, 0
_SKIN = "pgdht"
"""What covers a piece of the skin: paint, glass, dark plastic, head light, tail light."""


@dataclass(frozen=True, slots=True)
class Station:
    """One cross-section of a hull; lengths are shares: x of half the length, y of half the width, z of the height.

    skin: of the piece from here to the next station: flank, window band, roof (see _SKIN). Where there is no cabin,
    top is hardly above belt.
    """

    x: float
    bottom: float
    belt: float
    top: float
    width: float = 1.0
    top_width: float = 0.74
    skin: str = "ppp"


def hull(stations: Sequence[Station], size_m: Size, paint: Surface) -> Mesh:
    """The skin of a vehicle of about size_m, standing on z = 0; glass where the stations say so."""
    sections = np.stack([_section(station) for station in stations]) * (0.5 * size_m[0], 0.5 * size_m[1], size_m[2])
    surfaces = (paint, GLASS, DARK, HEADLIGHT, TAIL_LIGHT)
    of_quad = np.array([_skins(station) for station in stations[:-1]])
    return loft(sections, surfaces, of_quad, caps=paint)


def _section(at: Station) -> FloatArray:
    """(14, 3) around one cross-section: seven points up the right-hand side, and down the left-hand one."""
    rise = at.top - at.belt
    shoulder = at.bottom + 0.62 * (at.belt - at.bottom)
    right = [
        (0.84 * at.width, at.bottom),
        (0.98 * at.width, at.bottom + 0.06),
        (at.width, shoulder),
        (0.97 * at.width, at.belt),
        (at.top_width + 0.06 * (0.97 * at.width - at.top_width), at.belt + 0.90 * rise),
        (at.top_width - 0.05, at.belt + 0.97 * rise),
        (0.72 * at.top_width, at.top),
    ]
    half = np.array([(at.x, -y, z) for y, z in right])
    return np.concatenate([half, half[::-1] * (1.0, -1.0, 1.0)])


def _skins(at: Station) -> list[int]:
    """Surface of each of the 14 pieces around: sill, flank, light, window, rail, edge, roof, and back down."""
    flank, window, roof = (_SKIN.index(letter) for letter in at.skin)
    side = [_SKIN.index("d"), _PAINT if flank > 2 else flank, flank, window, _PAINT, roof]
    return [*side, roof, *side[::-1], _SKIN.index("d")]


def wheels(axles_m: Sequence[float], half_width_m: float, radius_m: float, thickness_m: float) -> list[Mesh]:
    """Wheels on both sides of each axle, in dark wheel arches; the rims stand out to the full width."""
    return [
        mesh for x in axles_m for side in (1.0, -1.0) for mesh in wheel(x, side, half_width_m, radius_m, thickness_m)
    ]


def wheel(x_m: float, side: float, half_width_m: float, radius_m: float, thickness_m: float) -> list[Mesh]:
    """One wheel, with its arch."""
    inner, arch, tyre, rim = (side * (half_width_m - inset) for inset in (thickness_m, 0.016, 0.008, 0.0))
    middle = radius_m
    return [
        cylinder((x_m, inner, 1.04 * middle), (x_m, arch, 1.04 * middle), 1.04 * radius_m, DARK, sides=20),
        cylinder((x_m, inner, middle), (x_m, tyre, middle), radius_m, RUBBER, sides=20),
        cylinder((x_m, inner, middle), (x_m, rim, middle), 0.62 * radius_m, RIM, sides=10),
    ]


def plates(size_m: Size, height: float, *, front: bool = True) -> list[Mesh]:
    """Number plates at both ends, at a share of the height; they are the ends of the vehicle."""
    a, z = 0.5 * size_m[0], height * size_m[2]
    rear = box((-a, -a + 0.05, -0.26, 0.26), (z, z + 0.115), PLATE)
    return [rear, box((a - 0.05, a, -0.26, 0.26), (z, z + 0.115), PLATE)] if front else [rear]


def grille(size_m: Size, half_width_m: float, z: tuple[float, float], inset_m: float = 0.012) -> Mesh:
    """A dark opening at the front; z: shares of the height."""
    a, height = 0.5 * size_m[0], size_m[2]
    footprint = (a - inset_m - 0.08, a - inset_m, -half_width_m, half_width_m)
    return box(footprint, (z[0] * height, z[1] * height), DARK)


def lamps(x_m: tuple[float, float], y_m: tuple[float, float], z_m: tuple[float, float], surface: Surface) -> list[Mesh]:
    """A pair of lamps, left and right; y_m: distances from the middle."""
    near, far = min(y_m), max(y_m)
    return [box((*x_m, near, far), z_m, surface), box((*x_m, -far, -near), z_m, surface)]


def rear_lamps(x_m: float, y_m: float, z_m: float) -> list[Mesh]:
    """Tail lights with indicators outside of them, at the back of a lorry."""
    tail = lamps((x_m, x_m + 0.06), (y_m - 0.3, y_m - 0.12), (z_m, z_m + 0.12), TAIL_LIGHT)
    return tail + lamps((x_m, x_m + 0.06), (y_m - 0.12, y_m), (z_m, z_m + 0.12), INDICATOR)


def mirrors(x_m: float, y_m: tuple[float, float], z_m: tuple[float, float], surface: Surface) -> list[Mesh]:
    """A pair of wing mirrors."""
    return lamps((x_m - 0.1, x_m), y_m, z_m, surface)


def seats(rows_m: Sequence[float], half_width_m: float, z_m: tuple[float, float]) -> list[Mesh]:
    """Seats side by side, so that what looks through the windows meets something; z_m: cushion and head rest."""
    parts = []
    for x in rows_m:
        for y in (-0.5 * half_width_m, 0.5 * half_width_m):
            side = (y - 0.4 * half_width_m, y + 0.4 * half_width_m)
            parts.append(box((x - 0.1, x + 0.02, *side), z_m, SEAT))
    return parts


def underbody(half_length_m: float, half_width_m: float, z_m: tuple[float, float]) -> Mesh:
    """A dark slab."""
    return box((-half_length_m, half_length_m, -half_width_m, half_width_m), z_m, CHASSIS)
