"""Things that people push, carry and stack: pallets, carts, strollers, wheelchairs, bins, cones, boards."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from fusion.scenario.bodies.body import BodyKind, BodyRequest
from fusion.scenario.bodies.figures import Clothes
from fusion.scenario.bodies.fitting import plastic, standing
from fusion.scenario.bodies.riding import Posture, legs, upper_body
from fusion.scenario.solids.lofts import ring, tube
from fusion.scenario.solids.materials import (
    CARDBOARD,
    DARK,
    INDICATOR,
    REFLECTOR,
    RUBBER,
    SIGNAL_RED,
    STEEL,
    WHITE,
    WOOD,
    Surface,
    cloth,
)
from fusion.scenario.solids.meshes import Mesh, box, cylinder, ellipsoid, frustum, tapered
from fusion.scenario.solids.racks import goods
from fusion.scenario.world import Part

_TAPE = Surface((0.50, 0.38, 0.22), reflectivity=0.5, gloss=0.3)
_CONE = Surface((0.75, 0.12, 0.01), reflectivity=0.6)
_PALLET_M = 0.144


def make_pallet(request: BodyRequest) -> tuple[Part, ...]:
    """A pallet of boards on blocks, with layers of cartons."""
    length, width, height = request.size_m
    parts = pallet_deck(length, width)
    return standing([*parts, *_layers(length, width, (_PALLET_M, height), request.rng)], request.size_m)


def make_empty_pallet(request: BodyRequest) -> tuple[Part, ...]:
    """A pallet with nothing on it."""
    return standing(pallet_deck(request.size_m[0], request.size_m[1]), request.size_m)


def pallet_deck(length_m: float, width_m: float) -> list[Mesh]:
    """Five boards on three runners of three blocks each, 144 mm high."""
    a, b = 0.5 * length_m, 0.5 * width_m
    parts = []
    for y in (-b + 0.06, 0.0, b - 0.06):
        parts.append(box((-a, a, y - 0.06, y + 0.06), (0.0, 0.022), WOOD))
        parts += [box((x - 0.07, x + 0.07, y - 0.06, y + 0.06), (0.022, 0.1), WOOD) for x in (-a + 0.07, 0.0, a - 0.07)]
    boards = np.linspace(-b + 0.07, b - 0.07, 5)
    parts += [box((-a, a, y - 0.055, y + 0.055), (0.122, _PALLET_M), WOOD) for y in boards]
    return parts + [box((x - 0.07, x + 0.07, -b, b), (0.1, 0.122), WOOD) for x in (-a + 0.07, 0.0, a - 0.07)]


def _layers(length_m: float, width_m: float, z_m: tuple[float, float], rng: np.random.Generator) -> list[Mesh]:
    """Cartons three by two in layers, none quite in line, each with a strip of tape."""
    low, high = z_m
    count = max(round((high - low) / 0.34), 1)
    tall, long, wide = (high - low) / count, length_m / 3.0, width_m / 2.0
    parts = []
    for k in range(count * 6):
        layer, i, j = k // 6, k % 3, (k // 3) % 2
        x, y = -0.5 * length_m + i * long, -0.5 * width_m + j * wide
        gaps = rng.uniform(0.002, 0.018, size=4)
        z = (low + layer * tall, low + (layer + 1) * tall - 0.004)
        surface = replace(CARDBOARD, colour=_shade(CARDBOARD.colour, float(rng.uniform(0.85, 1.15))))
        footprint = (x + gaps[0], x + long - gaps[1], y + gaps[2], y + wide - gaps[3])
        parts.append(
            box((float(footprint[0]), float(footprint[1]), float(footprint[2]), float(footprint[3])), z, surface)
        )
        middle = y + 0.5 * wide
        parts.append(
            box(
                (x + gaps[0] - 0.001, x + long - gaps[1] + 0.001, middle - 0.03, middle + 0.03),
                (z[1] - 0.1, z[1] + 0.001),
                _TAPE,
            )
        )
    return parts


def _shade(colour: tuple[float, float, float], factor: float) -> tuple[float, float, float]:
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def make_cart(request: BodyRequest) -> tuple[Part, ...]:
    """A roll container of bars with cartons in it, or a flat trolley with a handle."""
    length, width, height = request.size_m
    a, b = 0.5 * length, 0.5 * width
    castors = [
        cylinder((x, y - 0.02, 0.06), (x, y + 0.02, 0.06), 0.06, RUBBER, sides=12)
        for x in (-a + 0.1, a - 0.1)
        for y in (-b + 0.08, b - 0.08)
    ]
    deck = box((-a, a, -b, b), (0.15, 0.20), plastic(request.colour))
    forks = [
        box((x - 0.02, x + 0.02, y - 0.02, y + 0.02), (0.08, 0.16), STEEL)
        for x in (-a + 0.1, a - 0.1)
        for y in (-b + 0.08, b - 0.08)
    ]
    if request.style == "trolley":
        bar = [
            (-a + 0.02, -b + 0.05, 0.2),
            (-a + 0.02, -b + 0.05, height),
            (-a + 0.02, b - 0.05, height),
            (-a + 0.02, b - 0.05, 0.2),
        ]
        rails = [cylinder(bar[k], bar[k + 1], 0.018, STEEL, sides=8) for k in range(3)]
        return standing(
            [*castors, deck, *forks, *rails, *goods((-a + 0.08, a), 0.8 * b, (0.2, 0.4), request.rng)], request.size_m
        )
    return standing(
        [
            *castors,
            deck,
            *forks,
            *_cage(a, b, height),
            *_layers(length - 0.1, width - 0.1, (0.2, 0.75 * height), request.rng),
        ],
        request.size_m,
    )


def _cage(a: float, b: float, height: float) -> list[Mesh]:
    """Bars on three sides of a roll container."""
    sides = [
        ((x, y, 0.2), (x, y, height)) for x in np.linspace(-a + 0.015, a - 0.015, 7) for y in (-b + 0.015, b - 0.015)
    ]
    back = [((-a + 0.015, y, 0.2), (-a + 0.015, y, height)) for y in np.linspace(-b + 0.1, b - 0.1, 5)]
    rails = [
        ((-a + 0.015, y, z), (a - 0.015, y, z)) for y in (-b + 0.015, b - 0.015) for z in (0.5 * height, height - 0.01)
    ]
    rails += [((-a + 0.015, -b, z), (-a + 0.015, b, z)) for z in (0.5 * height, height - 0.01)]
    return [cylinder(start, end, 0.010, STEEL, sides=4) for start, end in [*sides, *back, *rails]]


def make_stroller(request: BodyRequest) -> tuple[Part, ...]:
    """A pram with a hood, pushed from behind."""
    fabric = cloth(*request.colour)
    wheels = [
        cylinder((x, y - 0.02, radius), (x, y + 0.02, radius), radius, RUBBER, sides=16)
        for x, radius in ((0.36, 0.10), (-0.26, 0.14))
        for y in (-0.24, 0.24)
    ]
    tubes = [
        cylinder(start, end, 0.014, STEEL, sides=6)
        for y in (-0.23, 0.23)
        for start, end in (
            ((0.36, y, 0.1), (-0.30, y, 0.70)),
            ((-0.26, y, 0.14), (0.08, y, 0.45)),
            ((-0.30, y, 0.70), (-0.56, y, 1.02)),
        )
    ]
    handle = cylinder((-0.56, -0.25, 1.02), (-0.56, 0.25, 1.02), 0.018, DARK, sides=8)
    tub = frustum((-0.16, 0.26, -0.19, 0.19), (-0.32, 0.40, -0.23, 0.23), (0.42, 0.68), fabric)
    hood = ellipsoid((-0.16, 0.0, 0.70), (0.24, 0.23, 0.30), fabric, rings=7)
    basket = box((-0.22, 0.22, -0.19, 0.19), (0.2, 0.3), DARK)
    return standing([*wheels, *tubes, handle, tub, hood, basket], request.size_m)


def make_wheelchair(request: BodyRequest) -> tuple[Part, ...]:
    """A wheelchair with somebody in it."""
    clothes = Clothes.chosen(request)
    posture = Posture((-0.12, 0.0, 0.60), -0.08, (0.12, 0.24, 0.78))
    wheels = [ring((-0.14, y, 0.30), 0.30, 0.016, RUBBER, sides=20) for y in (-0.28, 0.28)]
    hubs = [cylinder((-0.14, y - 0.01, 0.3), (-0.14, y + 0.01, 0.3), 0.24, STEEL, sides=3) for y in (-0.28, 0.28)]
    castors = [cylinder((0.3, y - 0.02, 0.08), (0.3, y + 0.02, 0.08), 0.08, RUBBER, sides=12) for y in (-0.22, 0.22)]
    seat = [box((-0.34, 0.16, -0.24, 0.24), (0.46, 0.51), DARK), box((-0.36, -0.31, -0.24, 0.24), (0.46, 0.95), DARK)]
    rails = [
        tube(((-0.46, y, 0.93), (-0.33, y, 0.92), (-0.33, y, 0.5), (0.2, y, 0.46), (0.42, y, 0.12)), 0.014, STEEL)
        for y in (-0.25, 0.25)
    ]
    rest = box((0.36, 0.52, -0.2, 0.2), (0.09, 0.11), DARK)
    person = [*upper_body(clothes, posture), *legs(clothes, posture, (0.36, 0.1, 0.19))]
    return standing([*wheels, *hubs, *castors, *seat, *rails, rest, *person], request.size_m)


def make_cone(request: BodyRequest) -> tuple[Part, ...]:
    """A traffic cone with two reflecting bands."""
    cone = [tapered((0.0, 0.0, 0.02), (0.0, 0.0, 0.5), (0.125, 0.025), _CONE, sides=20)]
    bands = [
        tapered(
            (0.0, 0.0, z), (0.0, 0.0, z + 0.08), (0.135 - 0.208 * z, 0.135 - 0.208 * (z + 0.08)), REFLECTOR, sides=20
        )
        for z in (0.16, 0.30)
    ]
    return standing([box((-0.16, 0.16, -0.16, 0.16), (0.0, 0.03), DARK), *cone, *bands], request.size_m)


def make_barrier_board(request: BodyRequest) -> tuple[Part, ...]:
    """A board in red and white across x, on two feet, with lamps."""
    _, width, height = request.size_m
    b = 0.5 * width
    cuts = np.linspace(-b, b, 9)
    stripes = [
        box(
            (-0.02, 0.02, float(y0), float(y1)), (0.62 * height, 0.84 * height), SIGNAL_RED if k % 2 == 0 else REFLECTOR
        )
        for k, (y0, y1) in enumerate(pairwise(cuts))
    ]
    low = box((-0.015, 0.015, -b, b), (0.25 * height, 0.34 * height), WHITE)
    feet = [box((-0.2, 0.2, y - 0.06, y + 0.06), (0.0, 0.07), DARK) for y in (-0.8 * b, 0.8 * b)]
    posts = [box((-0.03, 0.03, y - 0.03, y + 0.03), (0.07, 0.9 * height), STEEL) for y in (-0.8 * b, 0.8 * b)]
    lamps = [
        cylinder((-0.03, y, 0.95 * height), (0.03, y, 0.95 * height), 0.05 * height, INDICATOR)
        for y in (-0.8 * b, 0.8 * b)
    ]
    return standing([*stripes, low, *feet, *posts, *lamps], request.size_m)


def make_bin(request: BodyRequest) -> tuple[Part, ...]:
    """A wheeled refuse bin, its handle at the back."""
    body = plastic(request.colour)
    wheels = [cylinder((-0.2, y - 0.025, 0.1), (-0.2, y + 0.025, 0.1), 0.1, RUBBER, sides=14) for y in (-0.25, 0.25)]
    tub = frustum((-0.2, 0.2, -0.2, 0.2), (-0.28, 0.3, -0.27, 0.27), (0.04, 0.96), body)
    lid = frustum((-0.3, 0.33, -0.29, 0.29), (-0.28, 0.25, -0.24, 0.24), (0.97, 1.05), body)
    handle = cylinder((-0.36, -0.22, 0.98), (-0.36, 0.22, 0.98), 0.02, body, sides=8)
    holds = [box((-0.36, -0.26, y - 0.015, y + 0.015), (0.965, 0.995), body) for y in (-0.22, 0.22)]
    return standing([*wheels, tub, lid, handle, *holds], request.size_m)


LOADS: dict[str, BodyKind] = {
    "pallet": BodyKind("pallet", (1.2, 0.8, 1.2), make_pallet),
    "empty_pallet": BodyKind("pallet", (1.2, 0.8, 0.144), make_empty_pallet),
    "cart": BodyKind("cart", (0.8, 0.7, 1.7), make_cart, styles=("roll_container", "trolley")),
    "stroller": BodyKind("stroller", (1.05, 0.55, 1.05), make_stroller),
    "wheelchair": BodyKind("wheelchair", (1.05, 0.62, 1.35), make_wheelchair),
    "cone": BodyKind("object", (0.36, 0.36, 0.5), make_cone),
    "barrier_board": BodyKind("object", (0.4, 1.5, 1.05), make_barrier_board),
    "bin": BodyKind("object", (0.72, 0.58, 1.06), make_bin),
}
