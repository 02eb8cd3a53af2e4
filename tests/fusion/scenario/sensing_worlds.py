"""Small worlds with motions that can be worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from fusion.scenario.language.place import Weather
from fusion.scenario.sensing.ray_caster import open3d
from fusion.scenario.solids.materials import (
    ASPHALT,
    CHASSIS,
    FOLIAGE,
    GLASS,
    KERB,
    RUBBER,
    SKIN,
    Pattern,
    Surface,
    cloth,
)
from fusion.scenario.solids.meshes import Mesh, box, cylinder, ellipsoid, frustum, join
from fusion.scenario.world import START_NS, Actor, Part, PoseAt, Prop, World

CAR_SIZE = (4.4, 1.8, 1.5)


@dataclass(frozen=True)
class Straight:
    """From a place at second 0, at a constant velocity and turn rate."""

    start_m: tuple[float, float, float]
    velocity_mps: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw_rad: float = 0.0
    yaw_rate: float = 0.0

    @property
    def stands_still(self) -> bool:
        return not any(self.velocity_mps) and self.yaw_rate == 0.0

    def at(self, time_ns: npt.ArrayLike) -> RigidTransform:
        seconds = (np.asarray(time_ns, dtype=np.int64) - START_NS) * 1e-9
        place = np.asarray(self.start_m) + seconds[..., None] * np.asarray(self.velocity_mps)
        return RigidTransform.from_yaw(self.yaw_rad + self.yaw_rate * seconds, place)


@dataclass(frozen=True)
class Swing:
    """A leg that swings about the y axis through a hip."""

    hip_m: tuple[float, float, float]
    turns_per_s: float = 1.0
    phase_rad: float = 0.0
    half_angle_rad: float = field(default=0.5)

    def __call__(self, times_ns: npt.NDArray[np.int64]) -> RigidTransform:
        seconds = (times_ns - START_NS) * 1e-9
        angle = self.half_angle_rad * np.sin(2.0 * np.pi * self.turns_per_s * seconds + self.phase_rad)
        rotation = np.stack([np.cos(angle / 2), 0 * angle, np.sin(angle / 2), 0 * angle], axis=-1)
        turn = RigidTransform(rotation, np.zeros(3))
        hip = np.asarray(self.hip_m)
        return RigidTransform(rotation, hip + turn.rotate(-hip))


def car_body(colour: tuple[float, float, float] = (0.5, 0.04, 0.04)) -> Mesh:
    length, width, height = CAR_SIZE
    a, b = length / 2, width / 2
    paint = Surface(colour, reflectivity=0.5, pattern=Pattern.CAR_BODY, gloss=0.35, extent_m=CAR_SIZE)
    glass = Surface(GLASS.colour, GLASS.reflectivity, Pattern.PLAIN, 0.9, 0.7, 0.3)
    low = (-a, a, -b, b)
    top = (-0.7 * a, 0.1 * a, -0.8 * b, 0.8 * b)
    parts = [
        box(low, (-height / 2 + 0.25, 0.1), paint),
        frustum((-0.95 * a, 0.45 * a, -b, b), top, (0.1, height / 2 - 0.06), glass),
        box(top, (height / 2 - 0.06, height / 2), paint),
        box((-0.6 * a, 0.3 * a, -0.5 * b, 0.5 * b), (0.1, 0.3), CHASSIS),
    ]
    wheels = [
        cylinder((x, y - 0.1, -height / 2 + 0.32), (x, y + 0.1, -height / 2 + 0.32), 0.32, RUBBER)
        for x in (-0.6 * a, 0.6 * a)
        for y in (-b + 0.1, b - 0.1)
    ]
    return join(parts + wheels)


def car(name: str, motion: Straight, colour: tuple[float, float, float] = (0.5, 0.04, 0.04)) -> Actor:
    return Actor(name, "car", CAR_SIZE, (Part(car_body(colour)),), motion)


def block(name: str, motion: Straight, size_m: tuple[float, float, float] = (2.0, 2.0, 2.0)) -> Actor:
    x, y, z = (0.5 * side for side in size_m)
    mesh = box((-x, x, -y, y), (-z, z), Surface((0.5, 0.5, 0.5), reflectivity=0.5))
    return Actor(name, "block", size_m, (Part(mesh),), motion)


def walker(name: str, motion: Straight) -> Actor:
    """Two swinging legs under a body; 1.8 m tall."""
    trousers, shirt = cloth(0.05, 0.06, 0.2), cloth(0.5, 0.1, 0.08)
    legs = [
        Part(box((-0.08, 0.08, y - 0.08, y + 0.08), (-0.9, 0.0), trousers), Swing((0.0, y, 0.0), phase_rad=phase))
        for y, phase in ((-0.12, 0.0), (0.12, np.pi))
    ]
    body = join([box((-0.13, 0.13, -0.25, 0.25), (0.0, 0.6), shirt), ellipsoid((0, 0, 0.76), (0.1, 0.1, 0.14), SKIN)])
    return Actor(name, "pedestrian", (1.0, 0.5, 1.8), (Part(body), *legs), motion)


def ground(half_m: float = 200.0, surface: Surface = ASPHALT) -> Prop:
    return Prop(box((-half_m, half_m, -half_m, half_m), (-0.5, 0.0), surface), RigidTransform.identity())


def house(x_m: float, y_m: float, size_m: tuple[float, float, float] = (13.5, 9.0, 10.2)) -> Prop:
    wall = Surface((0.5, 0.42, 0.34), reflectivity=0.35, pattern=Pattern.FACADE, extent_m=size_m)
    x, y, z = (0.5 * side for side in size_m)
    return Prop(box((-x, x, -y, y), (-z, z), wall), RigidTransform.from_yaw(0.0, [x_m, y_m, z]))


def tree(x_m: float, y_m: float) -> Prop:
    crown = [ellipsoid((0.4 * i, 0.3 * i * (-1) ** i, 4.0 + 0.3 * i), (1.2, 1.2, 1.0), FOLIAGE) for i in range(-1, 2)]
    trunk = cylinder((0, 0, 0), (0, 0, 3.6), 0.14, KERB)
    return Prop(join([trunk, *crown]), RigidTransform.from_yaw(0.0, [x_m, y_m, 0.0]))


def street(weather: Weather | None = None, *, actors: int = 30) -> World:
    """Houses, trees, cars that drive and park, people that walk."""
    rng = np.random.default_rng(5)
    props = [ground(), *(house(x, y) for x in np.arange(-60.0, 80.0, 14.0) for y in (-16.0, 16.0))]
    props += [tree(x, y) for x in np.arange(-50.0, 70.0, 17.0) for y in (-7.5, 7.5)]
    who: list[Actor] = []
    for i in range(actors):
        colour = tuple(float(c) for c in rng.uniform(0.03, 0.6, 3))
        x = float(-50 + 120 * rng.random())
        if i % 3 == 0:
            who.append(walker(f"walker_{i}", Straight((x, 6.5 * (-1) ** i, 0.9), (1.3, 0.0, 0.0))))
        elif i % 3 == 1:
            who.append(car(f"parked_{i}", Straight((x, 4.8 * (-1) ** i, 0.75)), colour))
        else:
            who.append(car(f"car_{i}", Straight((x, -1.8, 0.75), (9.0, 0.0, 0.0)), colour))
    return World(tuple(props), tuple(who), Straight((0.0, 1.8, 0.0), (8.0, 0.0, 0.0)), weather or Weather())


def distances_to_mesh_m(mesh: Mesh, points_in_mesh: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Unsigned, of points (N, 3)."""
    scene = open3d().t.geometry.RaycastingScene()
    tensor = open3d().core.Tensor
    scene.add_triangles(tensor(mesh.vertices_m.astype(np.float32)), tensor(mesh.triangles.astype(np.uint32)))
    return scene.compute_distance(tensor(points_in_mesh.astype(np.float32))).numpy().astype(np.float64)


EGO_FROM_CAMERA = RigidTransform.from_matrix([[0, 0, 1, 1.5], [-1, 0, 0, 0], [0, -1, 0, 1.5]])
"""Looking forward from 1.5 m above the ground."""


def mounted(world: World, ego_from_sensor: RigidTransform) -> PoseAt:
    """True poses of a sensor on the world's ego."""
    return lambda times_ns: world.ego.at(times_ns) * ego_from_sensor
