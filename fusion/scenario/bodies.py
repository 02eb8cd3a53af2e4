"""The shapes of actors, each in its own frame: origin at the centre of its cuboid, x forward, y left, z up."""

from __future__ import annotations

from fusion.scenario.materials import (
    CHASSIS,
    GLASS,
    HAIR,
    RIM,
    RUBBER,
    SHOE,
    SKIN,
    STEEL,
    Pattern,
    Surface,
)
from fusion.scenario.meshes import Mesh, box, cylinder, ellipsoid, frustum, join, limb

Size = tuple[float, float, float]
Colour = tuple[float, float, float]


def _paint(colour: Colour, size_m: Size) -> Surface:
    reflectivity = 0.2 + 0.6 * max(colour)
    return Surface(colour, reflectivity=reflectivity, pattern=Pattern.CAR_BODY, gloss=0.5, extent_m=size_m)


def _cabin(colour: Colour, size_m: Size) -> Surface:
    """Glass between pillars of the body's colour; most LiDAR pulses go through."""
    return Surface(colour, reflectivity=0.08, pattern=Pattern.CABIN, gloss=0.9, transparency=0.7, extent_m=size_m)


def _wheels(axles_m: tuple[float, ...], half_width_m: float, radius_m: float, thickness_m: float) -> list[Mesh]:
    """Tyres on both sides of each axle, and rims that stand out of them to the full width."""
    wheels = []
    for x in axles_m:
        for side in (1.0, -1.0):
            inner, tyre, rim = (side * (half_width_m - inset) for inset in (thickness_m, 0.015, 0.0))
            wheels.append(cylinder((x, inner, radius_m), (x, tyre, radius_m), radius_m, RUBBER, sides=20))
            wheels.append(cylinder((x, inner, radius_m), (x, rim, radius_m), 0.6 * radius_m, RIM, sides=12))
    return wheels


def car_mesh(size_m: Size, colour: Colour, *, estate: bool = False) -> Mesh:
    """Sill, body, bonnet, cabin, roof and wheels; an estate's roof reaches to the back."""
    length, width, height = size_m
    a, b = 0.5 * length, 0.5 * width
    belt, shoulder, roof = 0.60 * height, 0.40 * height, 0.97 * height
    paint, cabin = _paint(colour, size_m), _cabin(colour, size_m)
    rear_low, rear_high = (-0.98 * a, -0.88 * a) if estate else (-0.82 * a, -0.50 * a)
    roof_edge = (rear_high, 0.12 * a, -b + 0.24, b - 0.24)
    parts = [
        box((-a + 0.12, a - 0.12, -b + 0.1, b - 0.1), (0.17, 0.3), CHASSIS),
        frustum((-a + 0.06, a - 0.08, -b + 0.03, b - 0.03), (-a, a, -b, b), (0.2, shoulder), paint),
        frustum((-a, a, -b, b), (-a + 0.06, a - 0.28, -b + 0.06, b - 0.06), (shoulder, belt), paint),
        frustum((rear_low, 0.52 * a, -b + 0.09, b - 0.09), roof_edge, (belt, roof), cabin),
        frustum(roof_edge, (rear_high + 0.08, 0.02 * a, -b + 0.32, b - 0.32), (roof, height), paint),
        *_wheels((-0.58 * a, 0.6 * a), b, 0.22 * height, 0.22),
    ]
    return join(parts).fitted(size_m)


def truck_mesh(size_m: Size, cargo: Colour, cab: Colour) -> Mesh:
    """Box truck: cargo box, cab with a raked windscreen, chassis and three axles."""
    length, width, height = size_m
    a, b = 0.5 * length, 0.5 * width
    paint = _paint(cab, size_m)
    box_surface = Surface(cargo, reflectivity=0.75, pattern=Pattern.CARGO, gloss=0.15, extent_m=size_m)
    nose = (0.56 * a, a - 0.05, -b + 0.12, b - 0.12)
    windscreen_top = (0.56 * a, a - 0.3, -b + 0.18, b - 0.18)
    parts = [
        box((-a + 0.05, a - 0.3, -0.45, 0.45), (0.5, 0.95), CHASSIS),
        box((-a, 0.5 * a, -b, b), (0.95, height), box_surface),
        box((-a + 0.02, -a + 0.1, -b + 0.1, b - 0.1), (0.42, 0.56), STEEL),
        frustum((0.56 * a, a, -b + 0.1, b - 0.1), nose, (0.42, 1.45), paint),
        frustum(nose, windscreen_top, (1.45, 2.25), GLASS),
        frustum(windscreen_top, (0.56 * a, a - 0.6, -b + 0.25, b - 0.25), (2.25, 2.5), paint),
        *_wheels((-0.68 * a, -0.4 * a, 0.7 * a), b - 0.06, 0.47, 0.3),
    ]
    return join(parts).fitted(size_m)


def pedestrian_mesh(size_m: Size, top: Surface, trousers: Surface) -> Mesh:
    """Somebody in mid-stride: shoes, legs, torso, swinging arms, neck, head and hair."""
    parts = [
        limb((0.24, -0.1), (0.02, -0.09), (0.07, 0.86), (0.11, 0.17), trousers),
        limb((-0.26, 0.1), (-0.02, 0.09), (0.07, 0.86), (0.11, 0.17), trousers),
        box((0.17, 0.42, -0.15, -0.05), (0.0, 0.09), SHOE),
        box((-0.36, -0.12, 0.05, 0.15), (0.0, 0.09), SHOE),
        frustum((-0.11, 0.11, -0.16, 0.16), (-0.13, 0.13, -0.2, 0.2), (0.8, 1.3), top),
        frustum((-0.13, 0.13, -0.2, 0.2), (-0.07, 0.07, -0.1, 0.1), (1.3, 1.46), top),
        limb((-0.22, -0.26), (0.0, -0.22), (0.78, 1.38), (0.08, 0.12), top),
        limb((0.22, 0.26), (0.0, 0.22), (0.78, 1.38), (0.08, 0.12), top),
        ellipsoid((-0.23, -0.26, 0.76), (0.045, 0.04, 0.07), SKIN, rings=4),
        ellipsoid((0.23, 0.26, 0.76), (0.045, 0.04, 0.07), SKIN, rings=4),
        cylinder((0.0, 0.0, 1.4), (0.01, 0.0, 1.55), 0.06, SKIN, sides=8),
        ellipsoid((0.02, 0.0, 1.62), (0.1, 0.08, 0.125), SKIN),
        ellipsoid((-0.012, 0.0, 1.65), (0.1, 0.087, 0.11), HAIR),
    ]
    return join(parts).fitted(size_m)


def cyclist_mesh(size_m: Size, top: Surface, trousers: Surface, frame: Surface) -> Mesh:
    """Bicycle and rider as one solid thing."""
    return join(_bicycle(frame) + _rider(top, trousers)).fitted(size_m)


def _bicycle(frame: Surface) -> list[Mesh]:
    parts = [cylinder((x, -0.02, 0.34), (x, 0.02, 0.34), 0.34, RUBBER, sides=20) for x in (-0.52, 0.54)]
    tubes = [
        ((-0.52, 0.0, 0.34), (-0.08, 0.0, 0.30)),
        ((-0.08, 0.0, 0.30), (-0.24, 0.0, 0.90)),
        ((-0.08, 0.0, 0.30), (0.40, 0.0, 0.80)),
        ((-0.20, 0.0, 0.76), (0.38, 0.0, 0.84)),
        ((0.54, 0.0, 0.34), (0.36, 0.0, 1.02)),
        ((0.36, -0.29, 1.02), (0.36, 0.29, 1.02)),
    ]
    return parts + [cylinder(start, end, 0.022, frame, sides=8) for start, end in tubes]


def _rider(top: Surface, trousers: Surface) -> list[Mesh]:
    helmet = Surface((0.75, 0.72, 0.68), reflectivity=0.7)
    return [
        limb((0.06, -0.1), (-0.16, -0.09), (0.2, 0.95), (0.1, 0.17), trousers),
        limb((-0.06, 0.1), (-0.16, 0.09), (0.42, 0.95), (0.1, 0.17), trousers),
        box((-0.02, 0.22, -0.15, -0.05), (0.13, 0.22), SHOE),
        box((-0.14, 0.1, 0.05, 0.15), (0.35, 0.44), SHOE),
        frustum((-0.3, -0.06, -0.15, 0.15), (-0.02, 0.2, -0.19, 0.19), (0.88, 1.42), top),
        limb((0.36, -0.25), (0.1, -0.2), (1.02, 1.38), (0.08, 0.11), top),
        limb((0.36, 0.25), (0.1, 0.2), (1.02, 1.38), (0.08, 0.11), top),
        cylinder((0.1, 0.0, 1.38), (0.16, 0.0, 1.52), 0.06, SKIN, sides=8),
        ellipsoid((0.18, 0.0, 1.58), (0.1, 0.08, 0.125), SKIN),
        ellipsoid((0.16, 0.0, 1.63), (0.14, 0.1, 0.1), helmet),
    ]
