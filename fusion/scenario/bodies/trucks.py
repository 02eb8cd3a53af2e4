"""Lorries and trailers."""

from __future__ import annotations

from dataclasses import replace

from fusion.scenario.bodies.body import BodyKind, BodyRequest, Colour
from fusion.scenario.bodies.fitting import paint, standing
from fusion.scenario.bodies.hulls import lamps, mirrors, plates, rear_lamps, wheels
from fusion.scenario.solids.lofts import prism
from fusion.scenario.solids.materials import CHASSIS, DARK, GLASS, HEADLIGHT, INDICATOR, REFLECTOR, STEEL, Surface
from fusion.scenario.solids.meshes import Mesh, box, cylinder
from fusion.scenario.world import Part

_CARGO: Colour = (0.78, 0.78, 0.76)


def make_truck(request: BodyRequest) -> tuple[Part, ...]:
    """A box truck with three axles."""
    length, width, height = request.size_m
    a, b = 0.5 * length, 0.5 * width
    cargo = Surface(_CARGO, reflectivity=0.75, gloss=0.15)
    parts = [
        *_cab(a, b, (0.42, 0.80 * height), 0.23 * length, paint(request.colour)),
        *_cargo_box((-a + 0.04, 0.50 * a), b, (0.95, height), cargo),
        box((-a + 0.05, a - 0.3, -0.45, 0.45), (0.5, 0.95), CHASSIS),
        *_underride((-0.30 * a, 0.42 * a), b, -a),
        *wheels((-0.68 * a, -0.68 * a + 1.25, 0.74 * a), b - 0.03, 0.47, 0.32),
        *plates(request.size_m, 0.16),
    ]
    return standing(parts, request.size_m)


def _cab(a: float, b: float, z_m: tuple[float, float], long_m: float, lacquer: Surface) -> list[Mesh]:
    """The driver's cab of which the front is at a: raked windscreen, side windows, lamps, bumper, steps."""
    low, high = z_m
    rear, waist = a - long_m, low + 0.50 * (high - low)
    top = low + 0.88 * (high - low)
    side = [(rear, low), (a - 0.03, low), (a - 0.02, waist), (a - 0.28, top), (a - 0.55, high), (rear, high)]
    pane = [(rear + 0.45, waist + 0.03), (a - 0.16, waist + 0.03), (a - 0.38, top - 0.05), (rear + 0.45, top - 0.05)]
    screen = [(a - 0.055, waist), (a - 0.005, waist), (a - 0.265, top - 0.03), (a - 0.33, top - 0.03)]
    return [
        prism(side, (-b + 0.06, b - 0.06), lacquer),
        prism(pane, (-b + 0.05, b - 0.05), GLASS),
        prism(screen, (-b + 0.2, b - 0.2), GLASS),
        box((a - 0.1, a - 0.012, -b + 0.3, b - 0.3), (low + 0.28, waist - 0.12), DARK),
        box((a - 0.3, a - 0.005, -b + 0.05, b - 0.05), (low, low + 0.24), CHASSIS),
        *lamps((a - 0.2, a), (b - 0.42, b - 0.1), (low + 0.06, low + 0.20), HEADLIGHT),
        *lamps((a - 0.3, a - 0.003), (b - 0.1, b - 0.055), (low + 0.06, low + 0.20), INDICATOR),
        *mirrors(a - 0.10, (b - 0.16, b - 0.0), (waist + 0.1, top - 0.1), DARK),
    ]


def _cargo_box(x_m: tuple[float, float], b: float, z_m: tuple[float, float], cargo: Surface) -> list[Mesh]:
    """Walls with ribs and a coloured band, two doors with lock bars, lamps and reflecting contours at the back."""
    rear, low, high = x_m[0], z_m[0], z_m[1]
    ribs = [rear + 0.25 + 1.2 * k for k in range(int((x_m[1] - rear - 0.3) / 1.2) + 1)]
    band = Surface((0.05, 0.16, 0.42), reflectivity=0.5, gloss=0.15)
    return [
        box((*x_m, -b + 0.012, b - 0.012), z_m, cargo),
        box(
            (rear + 0.2, x_m[1] - 0.2, -b + 0.006, b - 0.006),
            (low + 0.5 * (high - low), low + 0.68 * (high - low)),
            band,
        ),
        *(box((x, x + 0.05, -b, b), (low + 0.02, high - 0.02), cargo) for x in ribs),
        *(
            box((rear - 0.02, rear + 0.02, y - 0.02, y + 0.02), (low + 0.1, high - 0.1), STEEL)
            for y in (-0.5, -0.2, 0.2, 0.5)
        ),
        box((rear - 0.004, rear + 0.01, -0.012, 0.012), (low, high), DARK),
        *lamps((rear - 0.01, rear + 0.02), (b - 0.08, b - 0.03), (low + 0.1, high - 0.1), REFLECTOR),
        *rear_lamps(rear - 0.03, b - 0.05, low - 0.2),
    ]


def _underride(x_m: tuple[float, float], b: float, rear: float) -> list[Mesh]:
    """Guards at the sides and at the back, that a LiDAR sees below the load."""
    beam = box((rear + 0.03, rear + 0.12, -b + 0.1, b - 0.1), (0.42, 0.56), STEEL)
    rails = [box((*x_m, y - 0.03, y + 0.03), (z, z + 0.1), STEEL) for y in (-b + 0.06, b - 0.06) for z in (0.42, 0.68)]
    return [beam, *rails]


def make_tractor_unit(request: BodyRequest) -> tuple[Part, ...]:
    """The motor vehicle of an articulated lorry: high cab, fifth wheel, two axles."""
    length, width, height = request.size_m
    a, b = 0.5 * length, 0.5 * width
    lacquer = paint(request.colour)
    deck = [(a - 2.25, 0.9 * height), (a - 0.62, 0.9 * height), (a - 1.1, height), (a - 2.25, height)]
    parts = [
        *_cab(a, b, (0.40, 0.9 * height), 2.25, lacquer),
        prism(deck, (-b + 0.12, b - 0.12), lacquer),
        box((-a + 0.02, a - 0.4, -0.45, 0.45), (0.55, 0.92), CHASSIS),
        cylinder((-0.42 * a, 0.0, 0.92), (-0.42 * a, 0.0, 1.12), 0.5, STEEL, sides=14),
        *lamps((-0.05 * a, 0.32 * a), (b - 0.55, b - 0.06), (0.45, 0.95), STEEL),
        *lamps((-0.66 * a, -0.18 * a), (b - 0.55, b - 0.03), (1.0, 1.06), CHASSIS),
        *rear_lamps(-a, 0.72 * b, 0.62),
        *wheels((-0.42 * a, 0.54 * a), b, 0.50, 0.34),
        *plates(request.size_m, 0.13),
    ]
    return standing(parts, request.size_m)


def make_trailer(request: BodyRequest) -> tuple[Part, ...]:
    """A semi-trailer with three axles, or a small trailer for a car."""
    if request.style == "car":
        return make_car_trailer(request)
    length, width, height = request.size_m
    a, b = 0.5 * length, 0.5 * width
    axles = (-0.86 * a + 1.0, -0.86 * a + 2.31, -0.86 * a + 3.62)
    parts = [
        *_cargo_box((-a + 0.04, a), b, (1.2, height), replace(paint(request.colour), gloss=0.15)),
        box((-a + 0.1, a - 0.4, -0.5, 0.5), (0.9, 1.2), CHASSIS),
        *_underride((-0.30 * a, 0.40 * a), b, -a),
        *lamps((0.44 * a, 0.44 * a + 0.14), (0.7, 0.84), (0.12, 1.2), STEEL),
        *wheels(axles, b - 0.02, 0.50, 0.36),
        *plates(request.size_m, 0.25, front=False),
    ]
    return standing(parts, request.size_m)


def make_car_trailer(request: BodyRequest) -> tuple[Part, ...]:
    """Two wheels, a box with a tarpaulin, a drawbar in front."""
    length, width, height = request.size_m
    a, b = 0.5 * length, 0.5 * width
    front, floor = 0.42 * a, 0.42
    tarpaulin = Surface(request.colour, reflectivity=0.4)
    wheel_half = b
    parts = [
        box((-a + 0.03, front, -b + 0.24, b - 0.24), (floor, floor + 0.36), STEEL),
        box((-a + 0.05, front - 0.02, -b + 0.25, b - 0.25), (floor + 0.36, height), tarpaulin),
        cylinder((front, 0.0, 0.44), (a, 0.0, 0.44), 0.04, STEEL, sides=8),
        cylinder((front + 0.4 * (a - front), 0.0, 0.0), (front + 0.4 * (a - front), 0.0, 0.6), 0.03, STEEL, sides=6),
        *wheels((-0.32 * a,), wheel_half, 0.30, 0.18),
        *lamps((-0.32 * a - 0.36, -0.32 * a + 0.36), (b - 0.24, b - 0.01), (0.62, 0.65), CHASSIS),
        *rear_lamps(-a, b - 0.26, 0.46),
        *plates(request.size_m, 0.42, front=False),
    ]
    return standing(parts, request.size_m)


TRUCKS: dict[str, BodyKind] = {
    "truck": BodyKind("truck", (8.2, 2.5, 3.4), make_truck, styles=("box",)),
    "tractor_unit": BodyKind("truck", (5.9, 2.5, 3.75), make_tractor_unit),
    "trailer": BodyKind("trailer", (12.4, 2.55, 4.0), make_trailer, styles=("semi", "car")),
    "car_trailer": BodyKind("trailer", (3.0, 1.62, 1.5), make_car_trailer),
}
