"""What stands in halls and rooms: walls with lamps above, racks, conveyors."""

from __future__ import annotations

import numpy as np

from fusion.scenario.language.place import PropSpec
from fusion.scenario.places.prop import PropKind, finish_of, size_of, standing_kind
from fusion.scenario.solids.materials import CARDBOARD, LAMP, MATERIALS, RUBBER, SIGNAL_BLUE, STEEL
from fusion.scenario.solids.meshes import Mesh, box, cylinder
from fusion.scenario.solids.racks import rack

_WALL_M = 0.2
_LEVEL_M = 1.7


def room(spec: PropSpec, _rng: np.random.Generator) -> list[Mesh]:
    """Four walls with a dado, and a ceiling with rows of lamps; the floor is a prop of its own. size_m: inside."""
    length, width, height = size_of(spec, (40.0, 30.0, 6.0))
    a, b, t = 0.5 * length, 0.5 * width, _WALL_M
    walls = finish_of(spec, MATERIALS["plaster"])
    sides = ((-a - t, a + t, b, b + t), (-a - t, a + t, -b - t, -b), (a, a + t, -b, b), (-a - t, -a, -b, b))
    dado = ((-a, a, b - 0.01, b), (-a, a, -b, -b + 0.01), (a - 0.01, a, -b, b), (-a, -a + 0.01, -b, b))
    return [
        *(box(side, (-0.1, height + t), walls) for side in sides),
        *(box(strip, (0.0, min(1.0, 0.3 * height)), MATERIALS["concrete"]) for strip in dado),
        box((-a, a, -b, b), (height, height + t), MATERIALS["plaster"]),
        *_lamps(a, b, height),
    ]


def _lamps(a: float, b: float, height: float) -> list[Mesh]:
    """Tubes below the ceiling, about every 5 m by 4 m."""
    columns, rows = max(int(2.0 * a / 5.0), 1), max(int(2.0 * b / 4.0), 1)
    places = [
        (-a + 2.0 * a * (i + 0.5) / columns, -b + 2.0 * b * (j + 0.5) / rows)
        for i in range(columns)
        for j in range(rows)
    ]
    return [box((x - 0.75, x + 0.75, y - 0.1, y + 0.1), (height - 0.12, height - 0.04), LAMP) for x, y in places]


def shelf(spec: PropSpec, rng: np.random.Generator) -> list[Mesh]:
    """An industrial rack along x, with goods in it."""
    size = size_of(spec, (3.0, 1.0, 3.4))
    return rack(size, rng, levels=max(int(size[2] / _LEVEL_M), 1), uprights=finish_of(spec, SIGNAL_BLUE))


def conveyor(spec: PropSpec, rng: np.random.Generator) -> list[Mesh]:
    """A belt along x between side rails, on legs, with parcels on it."""
    length, width, height = size_of(spec, (8.0, 0.8, 0.9))
    a, b = 0.5 * length, 0.5 * width
    steel = finish_of(spec, STEEL)
    rails = [box((-a, a, y - 0.03, y + 0.03), (height - 0.2, height + 0.02), steel) for y in (-b + 0.03, b - 0.03)]
    drums = [
        cylinder((x, -b + 0.06, height - 0.08), (x, b - 0.06, height - 0.08), 0.075, STEEL, sides=12)
        for x in (-a + 0.08, a - 0.08)
    ]
    belt = box((-a + 0.08, a - 0.08, -b + 0.06, b - 0.06), (height - 0.15, height - 0.005), RUBBER)
    legs = [
        box((x - 0.03, x + 0.03, y - 0.03, y + 0.03), (0.0, height - 0.2), steel)
        for x in np.linspace(-a + 0.3, a - 0.3, max(int(length / 2.0), 2))
        for y in (-b + 0.03, b - 0.03)
    ]
    return [*rails, *drums, belt, *legs, *_parcels(a, b, height, rng)]


def _parcels(a: float, b: float, height: float, rng: np.random.Generator) -> list[Mesh]:
    parcels = []
    for x in np.arange(-a + 0.6, a - 0.5, 1.5):
        at, long, wide, tall = x + rng.uniform(-0.3, 0.3), *rng.uniform((0.15, 0.4 * b, 0.12), (0.3, 0.8 * b, 0.4))
        parcels.append(box((at - long, at + long, -wide, wide), (height, height + tall), CARDBOARD))
    return parcels


INDOORS: dict[str, PropKind] = {
    "room": standing_kind("four walls and a ceiling with lamps; size_m is the inside", room),
    "shelf": standing_kind("industrial rack along x, with goods", shelf),
    "conveyor": standing_kind("belt along x, with parcels", conveyor),
}
