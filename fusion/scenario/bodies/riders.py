"""Bicycles and motorcycles, with and without somebody on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.scenario.bodies import figures
from fusion.scenario.bodies.body import BodyKind, BodyRequest, Signals
from fusion.scenario.bodies.figures import Clothes
from fusion.scenario.bodies.fitting import paint, standing
from fusion.scenario.bodies.gait import Proportions
from fusion.scenario.bodies.joints import Limb, hinged, pose_of_link, two_links
from fusion.scenario.bodies.riding import Posture, legs, upper_body
from fusion.scenario.solids.lofts import ring, tube
from fusion.scenario.solids.materials import (
    CHASSIS,
    DARK,
    GLASS,
    HEADLIGHT,
    PLATE,
    RIM,
    RUBBER,
    STEEL,
    TAIL_LIGHT,
    WHITE,
    Surface,
    cloth,
)
from fusion.scenario.solids.meshes import Mesh, box, cylinder, ellipsoid, frustum, join
from fusion.scenario.world import Part
from fusion.timeline import Int64Array

_WHEEL_M = 0.34
_AXLES_M = (-0.52, 0.53)
_BOTTOM_BRACKET = np.array([-0.07, 0.0, 0.29])
_CRANK_M, _PEDAL_SIDE_M = 0.17, 0.12
_METRES_A_TURN = 4.6
_HIP = np.array([-0.24, 0.0, 0.98])
_TRUNK_LEAN_RAD = 0.55
_GRIP = (0.28, 0.27, 1.03)
_LEATHER = cloth(0.03, 0.03, 0.035)


@dataclass(frozen=True, slots=True, eq=False)
class Pedalling:
    """Legs of a cyclist at times (S,) int64 ns; scale: of everything drawn for a person of 1.75 m."""

    lengths: Proportions
    signals: Signals
    scale: float
    phase_rad: float

    def crank_rad(self, time_ns: Int64Array) -> FloatArray:
        """(S,) how far the cranks have turned."""
        turns = self.signals.distance_m(time_ns) / (_METRES_A_TURN * self.scale)
        return np.asarray(2.0 * np.pi * turns + self.phase_rad)

    def cranks(self, time_ns: Int64Array) -> RigidTransform:
        """`ground_from_cranks` (S,)."""
        angle = self.crank_rad(time_ns)
        return hinged(np.broadcast_to(self.scale * _BOTTOM_BRACKET, (len(angle), 3)), -angle)

    def wheel(self, axle_x_m: float, time_ns: Int64Array) -> RigidTransform:
        """`ground_from_wheel` (S,) of a wheel that rolls."""
        angle = self.signals.distance_m(time_ns) / (self.scale * _WHEEL_M)
        axle = self.scale * np.array([axle_x_m, 0.0, _WHEEL_M])
        return hinged(np.broadcast_to(axle, (len(angle), 3)), -angle)

    def leg(self, side: float, time_ns: Int64Array) -> Limb:
        """From the hip on the saddle to the ankle above the pedal."""
        angle = self.crank_rad(time_ns) + (0.0 if side > 0 else np.pi)
        around = np.stack([np.cos(angle), np.zeros_like(angle), -np.sin(angle)], axis=-1)
        pedal = self.scale * (_BOTTOM_BRACKET + _CRANK_M * around)
        hip = self.scale * (_HIP + np.array([0.0, side * 0.1, 0.0]))
        links = (self.lengths.thigh, self.lengths.shank)
        ankle = pedal + np.array([-0.5 * self.lengths.toe, 0.0, self.lengths.ankle])
        upper, lower = two_links(ankle[:, 0] - hip[0], ankle[:, 2] - hip[2], links)
        return Limb(np.broadcast_to(hip, (len(angle), 3)), upper, lower, links)

    def foot(self, side: float, time_ns: Int64Array) -> RigidTransform:
        """`ground_from_foot` (S,), level."""
        ankle = self.leg(side, time_ns).end_m
        return RigidTransform(np.array([1.0, 0.0, 0.0, 0.0]), ankle)


def make_cyclist(request: BodyRequest) -> tuple[Part, ...]:
    """Bicycle and rider: the legs pedal and the wheels turn with the distance travelled."""
    clothes = Clothes.chosen(request)
    scale = request.size_m[2] / 1.735
    lengths = Proportions.of(1.75 * scale, 0.46 * scale)
    motion = Pedalling(lengths, request.signals, scale, float(request.rng.uniform(0.0, 2.0 * np.pi)))
    lacquer = paint((0.05, 0.05, 0.05) if request.rng.random() < 0.5 else (0.45, 0.45, 0.43))
    posture = Posture((-0.24, 0.0, 0.98), _TRUNK_LEAN_RAD, _GRIP, helmet=WHITE if request.rng.random() < 0.6 else None)
    fixed = join([*_frame(lacquer), *upper_body(clothes, posture)])
    wheel = _scaled(_wheel(), scale)
    legs = [part for side in (1.0, -1.0) for part in _leg(side, motion, clothes)]
    return (
        Part(_scaled(fixed, scale)),
        *(Part(wheel, partial(motion.wheel, x)) for x in _AXLES_M),
        Part(_scaled(_cranks(), scale), motion.cranks),
        *legs,
    )


def _leg(side: float, motion: Pedalling, clothes: Clothes) -> list[Part]:
    leg = partial(motion.leg, side)
    return [
        Part(figures.thigh(motion.lengths, clothes), pose_of_link(leg, 0)),
        Part(figures.shank(motion.lengths, clothes), pose_of_link(leg, 1)),
        Part(figures.foot(motion.lengths), partial(motion.foot, side)),
    ]


def _scaled(mesh: Mesh, factor: float) -> Mesh:
    return Mesh(mesh.vertices_m * factor, mesh.triangles, mesh.surface_of_triangle, mesh.surfaces)


def _wheel() -> Mesh:
    """About its axle: tyre, rim, and spokes that a beam may pass between."""
    parts = [
        ring((0.0, 0.0, 0.0), _WHEEL_M, 0.019, RUBBER, sides=24),
        cylinder((0.0, -0.04, 0.0), (0.0, 0.04, 0.0), 0.03, RIM, sides=8),
    ]
    for angle in np.pi * np.arange(8) / 4:
        parts.append(cylinder((0.0, 0.0, 0.0), (0.31 * np.cos(angle), 0.0, 0.31 * np.sin(angle)), 0.003, RIM, sides=3))
    return join(parts)


def _frame(lacquer: Surface) -> list[Mesh]:
    """Tubes, saddle, handlebars, lamps and mudguard of a bicycle; its wheels are drawn elsewhere."""
    bracket, (rear, front) = tuple(_BOTTOM_BRACKET), _AXLES_M
    tubes = [
        ((rear, 0.0, _WHEEL_M), bracket),
        (bracket, (-0.22, 0.0, 0.86)),
        (bracket, (0.36, 0.0, 0.80)),
        ((-0.19, 0.0, 0.76), (0.35, 0.0, 0.84)),
        ((rear, 0.0, _WHEEL_M), (-0.20, 0.0, 0.78)),
        ((front, 0.04, _WHEEL_M), (0.36, 0.04, 0.82)),
        ((front, -0.04, _WHEEL_M), (0.36, -0.04, 0.82)),
        ((0.37, 0.0, 0.78), (0.33, 0.0, 1.0)),
    ]
    parts = [cylinder(start, end, 0.018, lacquer, sides=6) for start, end in tubes]
    return [
        *parts,
        tube(
            ((0.29, -0.29, 1.01), (0.33, -0.15, 1.01), (0.34, 0.0, 1.0), (0.33, 0.15, 1.01), (0.29, 0.29, 1.01)),
            0.015,
            DARK,
        ),
        box((-0.36, -0.10, -0.07, 0.07), (0.87, 0.92), DARK),
        box((0.40, 0.44, -0.03, 0.03), (0.82, 0.88), HEADLIGHT),
        box((-0.58, -0.55, -0.03, 0.03), (0.74, 0.79), TAIL_LIGHT),
        box((-0.62, -0.28, -0.06, 0.06), (0.72, 0.735), CHASSIS),
    ]


def _cranks() -> Mesh:
    """Chain wheel, cranks and pedals about the bottom bracket; at angle 0 the left pedal is in front."""
    parts = [cylinder((0.0, -0.06, 0.0), (0.0, -0.05, 0.0), 0.09, STEEL, sides=12)]
    for side in (1.0, -1.0):
        x, y = side * _CRANK_M, side * _PEDAL_SIDE_M
        parts.append(cylinder((0.0, 0.6 * y, 0.0), (x, 0.6 * y, 0.0), 0.012, STEEL, sides=6))
        near, far = min(0.6 * y, 1.35 * y), max(0.6 * y, 1.35 * y)
        parts.append(box((x - 0.05, x + 0.05, near, far), (-0.012, 0.012), DARK))
    return join(parts)


def make_bicycle(request: BodyRequest) -> tuple[Part, ...]:
    """A bicycle that nobody rides, on its stand."""
    wheels = [_wheel().placed(RigidTransform.from_yaw(0.0, [x, 0.0, _WHEEL_M])) for x in _AXLES_M]
    cranks = _cranks().placed(RigidTransform.from_yaw(0.0, _BOTTOM_BRACKET))
    stand = cylinder((-0.15, 0.05, 0.3), (-0.2, 0.2, 0.0), 0.012, STEEL, sides=6)
    return standing([*_frame(paint(request.colour)), *wheels, cranks, stand], request.size_m)


def make_motorcycle(request: BodyRequest) -> tuple[Part, ...]:
    """A motorcycle with its rider, as one rigid thing."""
    clothes = replace(Clothes.chosen(request), top=_LEATHER, trousers=_LEATHER, long_hair=False, backpack=False)
    posture = Posture((-0.18, 0.0, 0.86), 0.38, (0.40, 0.30, 1.02), helmet=paint(request.colour), full_helmet=True)
    meshes = [
        *_motorcycle(paint(request.colour)),
        *upper_body(clothes, posture),
        *legs(clothes, posture, (0.02, 0.17, 0.40)),
    ]
    return standing(meshes, request.size_m)


def _motorcycle(lacquer: Surface) -> list[Mesh]:
    """Wheels, engine, tank, seat, fork, lamps."""
    wheels = [cylinder((x, -0.07, 0.31), (x, 0.07, 0.31), 0.31, RUBBER, sides=20) for x in (-0.68, 0.72)]
    rims = [cylinder((x, -0.075, 0.31), (x, 0.075, 0.31), 0.19, RIM, sides=12) for x in (-0.68, 0.72)]
    forks = [cylinder((0.72, y, 0.31), (0.46, y, 0.95), 0.03, STEEL, sides=8) for y in (-0.1, 0.1)]
    return [
        *wheels,
        *rims,
        *forks,
        box((-0.28, 0.32, -0.17, 0.17), (0.22, 0.62), CHASSIS),
        ellipsoid((0.14, 0.0, 0.76), (0.32, 0.17, 0.16), lacquer, rings=7),
        box((-0.72, -0.1, -0.14, 0.14), (0.68, 0.80), DARK),
        frustum((-0.95, -0.55, -0.1, 0.1), (-0.9, -0.5, -0.08, 0.08), (0.70, 0.84), lacquer),
        frustum((0.40, 0.66, -0.16, 0.16), (0.40, 0.56, -0.12, 0.12), (0.72, 1.05), lacquer),
        frustum((0.50, 0.56, -0.15, 0.15), (0.40, 0.42, -0.11, 0.11), (1.05, 1.25), GLASS),
        box((0.60, 0.69, -0.09, 0.09), (0.80, 0.93), HEADLIGHT),
        box((-0.97, -0.93, -0.08, 0.08), (0.76, 0.82), TAIL_LIGHT),
        box((-0.96, -0.94, -0.1, 0.1), (0.52, 0.68), PLATE),
        tube(((0.34, -0.42, 1.02), (0.42, -0.2, 1.03), (0.42, 0.2, 1.03), (0.34, 0.42, 1.02)), 0.02, DARK),
        cylinder((0.1, -0.2, 0.26), (-0.82, -0.22, 0.36), 0.055, STEEL, sides=10),
        box((-0.5, -0.1, 0.13, 0.24), (0.36, 0.40), STEEL),
    ]


RIDERS: dict[str, BodyKind] = {
    "cyclist": BodyKind("cyclist", (1.76, 0.60, 1.76), make_cyclist),
    "bicycle": BodyKind("bicycle", (1.76, 0.60, 1.05), make_bicycle),
    "motorcycle": BodyKind("motorcycle", (2.1, 0.85, 1.55), make_motorcycle),
}
