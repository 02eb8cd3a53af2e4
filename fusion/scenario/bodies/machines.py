"""Machines of halls: forklifts, mobile robots, robot arms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.scenario.bodies.body import BodyKind, BodyRequest, Signals
from fusion.scenario.bodies.figures import Clothes
from fusion.scenario.bodies.fitting import fitted_together, moved, paint, plastic, standing
from fusion.scenario.bodies.hulls import lamps
from fusion.scenario.bodies.joints import hanging, hinged
from fusion.scenario.bodies.riding import Posture, legs, upper_body
from fusion.scenario.solids.materials import (
    CHASSIS,
    DARK,
    HEADLIGHT,
    INDICATOR,
    MATERIALS,
    RIM,
    RUBBER,
    SEAT,
    STEEL,
    TAIL_LIGHT,
    WARNING_YELLOW,
    Surface,
)
from fusion.scenario.solids.meshes import Mesh, box, cylinder, frustum, join, tapered
from fusion.scenario.solids.racks import rack
from fusion.scenario.world import Part
from fusion.timeline import Int64Array

_FORK_SIDES_M = (-0.17, 0.17)
_LIGHT_BAND = Surface((0.05, 0.45, 0.70), reflectivity=0.6)
_SHOULDER_M: FloatArray = np.array([0.08, 0.0, 0.52])
_UPPER_M, _FOREARM_M, _ARM_AT_REST_M = 0.68, 0.62, 1.366


def make_forklift(request: BodyRequest) -> tuple[Part, ...]:
    """A counterbalanced truck with its driver; forks and carriage go up by the joint `lift`, metres."""
    clothes = Clothes.chosen(request, worker=True)
    posture = Posture((-0.42, 0.0, 0.92), 0.05, (0.02, 0.2, 1.12))
    driver = [*upper_body(clothes, posture), *legs(clothes, posture, (0.05, 0.14, 0.55))]
    truck = join([*_forklift_body(paint(request.colour)), *_mast(), *driver])
    truck, inner, carriage = fitted_together([truck, join(_inner_mast()), join(_carriage())], request.size_m)
    free_m = 0.42 * request.size_m[2]
    return (
        Part(truck),
        Part(inner, partial(_lifted, request.signals, free_m)),
        Part(carriage, partial(_lifted, request.signals, 0.0)),
    )


def _lifted(signals: Signals, free_m: float, time_ns: Int64Array) -> RigidTransform:
    """Raised by as much as the forks are above free_m."""
    height = np.maximum(signals.joint("lift", time_ns) - free_m, 0.0)
    zero = np.zeros_like(height)
    return RigidTransform(np.array([1.0, 0.0, 0.0, 0.0]), np.stack([zero, zero, height], axis=-1))


def _forklift_body(lacquer: Surface) -> list[Mesh]:
    """Counterweight, floor, seat, overhead guard, wheels, lamps."""
    wheels = [
        cylinder((x, side * 0.36, r), (x, side * 0.58, r), r, RUBBER, sides=18)
        for x, r in ((0.42, 0.34), (-0.95, 0.28))
        for side in (1.0, -1.0)
    ]
    rims = [
        cylinder((x, s * 0.5, r), (x, s * 0.59, r), 0.55 * r, RIM, sides=10)
        for x, r in ((0.42, 0.34), (-0.95, 0.28))
        for s in (1.0, -1.0)
    ]
    posts = [
        cylinder((x0, y, 0.9), (x1, y, 2.12), 0.035, DARK, sides=6)
        for x0, x1 in ((0.42, 0.22), (-1.0, -0.85))
        for y in (-0.5, 0.5)
    ]
    bars = [box((-0.9, 0.28, y - 0.02, y + 0.02), (2.10, 2.14), DARK) for y in np.linspace(-0.5, 0.5, 6)]
    ends = [box((x - 0.03, x + 0.03, -0.53, 0.53), (2.09, 2.15), DARK) for x in (-0.9, 0.25)]
    return [
        *wheels,
        *rims,
        *posts,
        *bars,
        *ends,
        frustum((-1.40, -0.6, -0.5, 0.5), (-1.32, -0.66, -0.5, 0.5), (0.32, 1.02), lacquer),
        box((-0.66, 0.5, -0.5, 0.5), (0.28, 0.50), lacquer),
        box((-0.66, -0.2, -0.5, 0.5), (0.50, 0.80), lacquer),
        box((0.34, 0.5, -0.48, 0.48), (0.5, 1.02), lacquer),
        box((-0.62, -0.22, -0.26, 0.26), (0.8, 0.86), SEAT),
        box((-0.70, -0.60, -0.26, 0.26), (0.86, 1.35), SEAT),
        cylinder((0.30, 0.0, 0.95), (0.06, 0.0, 1.12), 0.03, DARK, sides=6),
        *lamps((-1.40, -1.34), (0.34, 0.46), (0.84, 0.94), TAIL_LIGHT),
        *lamps((0.46, 0.52), (0.36, 0.46), (0.88, 0.98), HEADLIGHT),
        cylinder((-0.85, 0.0, 2.12), (-0.85, 0.0, 2.24), 0.05, INDICATOR, sides=10),
    ]


def _mast() -> list[Mesh]:
    """Two channels, cross beams and the lifting cylinder."""
    channels = [box((0.60, 0.76, y - 0.05, y + 0.05), (0.06, 2.16), CHASSIS) for y in (-0.38, 0.38)]
    beams = [box((0.62, 0.68, -0.38, 0.38), (z, z + 0.1), CHASSIS) for z in (0.25, 1.2, 2.05)]
    return [*channels, *beams, cylinder((0.66, 0.0, 0.1), (0.66, 0.0, 2.05), 0.04, STEEL, sides=8)]


def _inner_mast() -> list[Mesh]:
    """The inner channels: they come out at the top when the carriage has reached it."""
    channels = [box((0.63, 0.74, y - 0.03, y + 0.03), (0.08, 2.14), STEEL) for y in (-0.29, 0.29)]
    return [*channels, *(box((0.69, 0.74, -0.29, 0.29), (z, z + 0.08), STEEL) for z in (0.5, 2.05))]


def _carriage() -> list[Mesh]:
    """Plate, load guard and two forks on the ground."""
    blades = [
        mesh
        for y in _FORK_SIDES_M
        for mesh in (
            frustum((0.86, 1.95, y - 0.06, y + 0.06), (0.86, 1.90, y - 0.06, y + 0.06), (0.0, 0.045), STEEL),
            box((0.84, 0.89, y - 0.06, y + 0.06), (0.0, 0.62), STEEL),
        )
    ]
    plates = [box((0.78, 0.84, -0.5, 0.5), (z, z + 0.12), CHASSIS) for z in (0.12, 0.48)]
    guard = [box((0.79, 0.82, y - 0.015, y + 0.015), (0.6, 1.15), CHASSIS) for y in np.linspace(-0.48, 0.48, 7)]
    return [*blades, *plates, *guard, box((0.79, 0.82, -0.5, 0.5), (1.12, 1.16), CHASSIS)]


def _amr(length: float, width: float, height: float, shell: Surface) -> list[Mesh]:
    """A low robot with a light band, bumpers, a scanner in front and buttons on top."""
    a, b = 0.5 * length, 0.5 * width
    wheels = [
        cylinder((x, y - 0.03, 0.07), (x, y + 0.03, 0.07), 0.07, RUBBER, sides=12)
        for x in (-0.7 * a, 0.0, 0.7 * a)
        for y in (-b + 0.08, b - 0.08)
    ]
    low, band = 0.16 * height, 0.55 * height
    return [
        *wheels,
        box((-a, a, -b, b), (low, low + 0.12 * height), DARK),
        frustum(
            (-a + 0.01, a - 0.01, -b + 0.01, b - 0.01), (-a + 0.03, a - 0.03, -b + 0.02, b - 0.02), (low, band), shell
        ),
        box((-a + 0.025, a - 0.025, -b + 0.015, b - 0.015), (band, band + 0.07 * height), _LIGHT_BAND),
        frustum(
            (-a + 0.03, a - 0.03, -b + 0.02, b - 0.02),
            (-a + 0.07, a - 0.07, -b + 0.05, b - 0.05),
            (0.62 * height, 0.95 * height),
            shell,
        ),
        box((-a + 0.1, a - 0.1, -b + 0.08, b - 0.08), (0.95 * height, height), DARK),
        cylinder((a - 0.1, 0.0, 0.4 * height), (a - 0.1, 0.0, 0.62 * height), 0.075, WARNING_YELLOW, sides=14),
        *lamps((-a + 0.01, -a + 0.06), (b - 0.14, b - 0.08), (0.45 * height, 0.52 * height), TAIL_LIGHT),
    ]


def make_amr(request: BodyRequest) -> tuple[Part, ...]:
    """A low mobile robot."""
    return standing(_amr(*request.size_m, plastic(request.colour)), request.size_m)


def make_shelf_robot(request: BodyRequest) -> tuple[Part, ...]:
    """A low robot under the tall shelf that it carries."""
    length, width, height = request.size_m
    robot = _amr(0.75 * length, 0.65 * width, 0.32, plastic(request.colour))
    shelf = [moved(mesh, z_m=0.33) for mesh in rack((length, width, height - 0.33), request.rng, levels=4)]
    feet = [
        box((x - 0.03, x + 0.03, y - 0.03, y + 0.03), (0.04, 0.36), STEEL)
        for x in (-0.5 * length + 0.04, 0.5 * length - 0.04)
        for y in (-0.5 * width + 0.04, 0.5 * width - 0.04)
    ]
    return standing([*robot, *shelf, *feet], request.size_m)


@dataclass(frozen=True, slots=True, eq=False)
class ArmMotion:
    """A robot arm of three driven joints, in degrees; its tool points down. scale: 1 for an arm of 1.37 m at rest."""

    signals: Signals
    scale: float

    def turret(self, time_ns: Int64Array) -> RigidTransform:
        """`ground_from_turret` (S,)."""
        yaw = np.deg2rad(self.signals.joint("base", time_ns))
        return RigidTransform.from_yaw(yaw, np.zeros((len(yaw), 3)))

    def lean_rad(self, time_ns: Int64Array) -> tuple[FloatArray, FloatArray]:
        """Angles (S,) of upper arm and forearm from the vertical, forward."""
        shoulder = np.deg2rad(self.signals.joint("shoulder", time_ns, 5.0))
        return shoulder, shoulder + np.deg2rad(self.signals.joint("elbow", time_ns, 75.0))

    def link(self, number: int, time_ns: Int64Array) -> RigidTransform:
        """`ground_from_link` (S,): 0 upper arm, 1 forearm, 2 wrist; each drawn upwards from its joint."""
        upper, fore = self.lean_rad(time_ns)
        shoulder = np.broadcast_to(self.scale * _SHOULDER_M, (len(upper), 3))
        # A link that stands up leaning forward is one that hangs backwards with a negative length.
        elbow = hanging(shoulder, -upper, -self.scale * _UPPER_M)
        wrist = hanging(elbow, -fore, -self.scale * _FOREARM_M)
        joint, lean = ((shoulder, upper), (elbow, fore), (wrist, np.full_like(upper, np.pi)))[number]
        return self.turret(time_ns) * hinged(joint, -lean)


def make_robot_arm(request: BodyRequest) -> tuple[Part, ...]:
    """An industrial arm on a pedestal: base, turret, upper arm, forearm, wrist, gripper."""
    motion = ArmMotion(request.signals, request.size_m[2] / _ARM_AT_REST_M)
    lacquer = plastic(request.colour)

    def link(meshes: list[Mesh]) -> Mesh:
        drawn = join(meshes)
        scaled = drawn.vertices_m * motion.scale
        return Mesh(scaled, drawn.triangles, drawn.surface_of_triangle, drawn.surfaces)

    return (
        Part(link(_pedestal())),
        Part(link(_turret(lacquer)), motion.turret),
        Part(link(_boom(_UPPER_M, (0.11, 0.085), lacquer)), partial(motion.link, 0)),
        Part(link(_boom(_FOREARM_M, (0.09, 0.055), lacquer)), partial(motion.link, 1)),
        Part(link(_wrist(lacquer)), partial(motion.link, 2)),
        Part(link(_gripper()), partial(motion.link, 2)),
    )


def _pedestal() -> list[Mesh]:
    plate = box((-0.25, 0.25, -0.25, 0.25), (0.0, 0.03), CHASSIS)
    return [plate, tapered((0.0, 0.0, 0.03), (0.0, 0.0, 0.22), (0.20, 0.17), MATERIALS["plastic"], sides=20)]


def _turret(lacquer: Surface) -> list[Mesh]:
    cheeks = [box((-0.1, 0.18, y - 0.03, y + 0.03), (0.3, 0.62), lacquer) for y in (-0.15, 0.15)]
    motor = cylinder((-0.16, 0.0, 0.34), (-0.16, 0.0, 0.58), 0.07, DARK, sides=12)
    return [cylinder((0.0, 0.0, 0.22), (0.0, 0.0, 0.36), 0.19, lacquer, sides=20), *cheeks, motor]


def _boom(length_m: float, radii_m: tuple[float, float], lacquer: Surface) -> list[Mesh]:
    """A link between two round joints across it, drawn upwards."""
    thick, thin = radii_m
    return [
        cylinder((0.0, -0.12, 0.0), (0.0, 0.12, 0.0), thick, DARK, sides=18),
        tapered((0.0, 0.0, 0.0), (0.0, 0.0, length_m), (0.85 * thick, 0.9 * thin), lacquer, sides=12),
        cylinder((0.0, -0.1, length_m), (0.0, 0.1, length_m), 1.1 * thin, lacquer, sides=18),
    ]


def _wrist(lacquer: Surface) -> list[Mesh]:
    flange = cylinder((0.0, 0.0, 0.10), (0.0, 0.0, 0.13), 0.05, STEEL, sides=12)
    return [cylinder((0.0, 0.0, -0.06), (0.0, 0.0, 0.10), 0.055, lacquer, sides=14), flange]


def _gripper() -> list[Mesh]:
    fingers = [box((-0.02, 0.02, y - 0.012, y + 0.012), (0.19, 0.30), STEEL) for y in (-0.06, 0.06)]
    return [box((-0.04, 0.04, -0.09, 0.09), (0.13, 0.19), DARK), *fingers]


MACHINES: dict[str, BodyKind] = {
    "forklift": BodyKind(
        "forklift", (3.35, 1.18, 2.24), make_forklift, joints={"lift": "metres of the forks above where they rest"}
    ),
    "amr": BodyKind("robot", (0.90, 0.65, 0.32), make_amr),
    "shelf_robot": BodyKind("robot", (1.20, 1.00, 2.20), make_shelf_robot),
    "robot_arm": BodyKind(
        "robot_arm",
        (1.05, 0.50, 1.37),
        make_robot_arm,
        joints={
            "base": "degrees to the left",
            "shoulder": "degrees forward from upright (5)",
            "elbow": "degrees bent (75)",
        },
    ),
}
