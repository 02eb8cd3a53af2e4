"""What stands beside a road: houses, trees, lamp posts, traffic lights, signs, benches, containers.

Trees, lamp posts and houses with a path stand along both sides of it, as far apart as width_m says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from calibration import RigidTransform
from fusion.scenario.language.place import PropSpec
from fusion.scenario.places.courses import Course
from fusion.scenario.places.prop import PathMaker, PropKind, finish_of, place_of, size_of, standing_kind
from fusion.scenario.solids.lofts import prism
from fusion.scenario.solids.materials import (
    BARK,
    DARK,
    FOLIAGE,
    LAMP,
    MATERIALS,
    SIGNAL_BLUE,
    STEEL,
    TAIL_LIGHT,
    WHITE,
    WOOD,
    Pattern,
    Surface,
)
from fusion.scenario.solids.meshes import Mesh, box, cylinder, ellipsoid, join
from fusion.scenario.world import Prop

Size = tuple[float, float, float]
_WALLS = ((0.50, 0.40, 0.30), (0.36, 0.16, 0.11), (0.55, 0.52, 0.46), (0.42, 0.44, 0.40), (0.33, 0.36, 0.42))
_STOREY_M, _BAY_M, _FOUNDATION_M, _FORECOURT_M = 3.1, 2.7, 3.0, 0.5
_AMBER_OUT = Surface((0.20, 0.09, 0.01), reflectivity=0.4)
_GREEN_OUT = Surface((0.01, 0.13, 0.06), reflectivity=0.4)
_Thing = Callable[[PropSpec, np.random.Generator], Mesh]


def _beside_or_at(thing: _Thing, step_m: float, apart_m: float, *, shaken: float) -> Callable[..., tuple[Prop, ...]]:
    """A factory that puts things at their place, or on alternate sides along a path, looking at it."""

    def make(spec: PropSpec, rng: np.random.Generator, paths: PathMaker | None) -> tuple[Prop, ...]:
        if spec.path is None:
            return (Prop(thing(spec, rng), place_of(spec)),)
        course = Course.of(spec, paths, length_m=step_m)
        half = 0.5 * (spec.width_m or apart_m)
        props = []
        for side, along in ((1.0, 0.5), (-1.0, 0.0)):
            count = max(int(course.length_m / step_m), 1)
            shares = (np.arange(count) + along + rng.uniform(-shaken, shaken, count)) / count
            points, headings = course.beside(side * half).at_share(np.clip(shares, 0.0, 1.0))
            turn = 0.0 if side < 0 else np.pi
            poses = [RigidTransform.from_yaw(h + turn, p) for h, p in zip(headings, points, strict=True)]
            props += [Prop(thing(spec, rng), pose) for pose in poses]
        return tuple(props)

    return make


def _tree(spec: PropSpec, rng: np.random.Generator) -> Mesh:
    """A trunk and three clumps of leaves, or with material bark a bare one."""
    length, width, height = size_of(spec, _tree_size(rng))
    trunk = min(0.16, 0.05 * height)
    parts = [cylinder((0.0, 0.0, -0.1), (0.05, 0.03, 0.75 * height), trunk, BARK, sides=8)]
    if spec.material == "bark":
        return join([*parts, *_branches(0.5 * length, height, rng)])
    leaves = finish_of(spec, FOLIAGE)
    for k in range(3):
        angle, out = float(rng.uniform(0.0, 2.0) + 2.1 * k), float(rng.uniform(0.15, 0.30))
        centre = (out * length * np.cos(angle), out * width * np.sin(angle), height * float(rng.uniform(0.62, 0.78)))
        radius = float(rng.uniform(0.26, 0.34))
        parts.append(ellipsoid(centre, (radius * length, radius * width, 0.22 * height), leaves, rings=6))
    return join(parts)


def _tree_size(rng: np.random.Generator) -> Size:
    height, spread = float(rng.uniform(5.0, 8.0)), float(rng.uniform(0.5, 0.62))
    return (spread * height, spread * height, height)


def _branches(reach_m: float, height_m: float, rng: np.random.Generator) -> list[Mesh]:
    """Ten bare branches."""
    angles, starts = rng.uniform(0.0, 2.0 * np.pi, 10), rng.uniform(0.35, 0.72, 10)
    return [
        cylinder(
            (0.0, 0.0, float(z) * height_m),
            (reach_m * float(np.cos(a)), reach_m * float(np.sin(a)), min(float(z) + 0.25, 1.0) * height_m),
            0.03,
            BARK,
            sides=5,
        )
        for a, z in zip(angles, starts, strict=True)
    ]


def _lamp_post(spec: PropSpec, _rng: np.random.Generator) -> Mesh:
    """A post whose arm points to the left of the place's x axis."""
    _, reach, height = size_of(spec, (0.2, 1.8, 7.0))
    steel = finish_of(spec, STEEL)
    parts = [
        cylinder((0.0, 0.0, -0.1), (0.0, 0.0, 1.0), 0.1, steel, sides=10),
        cylinder((0.0, 0.0, 1.0), (0.0, 0.0, height - 0.2), 0.065, steel, sides=10),
        cylinder((0.0, 0.0, height - 0.25), (0.0, reach, height - 0.05), 0.04, steel, sides=6),
        box((-0.12, 0.12, reach - 0.3, reach + 0.3), (height - 0.1, height), LAMP),
    ]
    return join(parts)


def _building(spec: PropSpec, rng: np.random.Generator) -> Mesh:
    """Storeys of windows under a parapet, with a plant room on the roof; looks the same from all sides."""
    size = size_of(spec, _building_size(rng))
    length, width, height = size
    colour = _WALLS[rng.integers(len(_WALLS))]
    # The windows are laid out about the middle of the mesh's frame, so that frame is lifted to the house's middle.
    wall = finish_of(spec, Surface(colour, reflectivity=0.35, pattern=Pattern.FACADE), size)
    a, b, half = 0.5 * length, 0.5 * width, 0.5 * height
    x, y = float(rng.uniform(-0.4, 0.2)) * a, float(rng.uniform(-0.4, 0.2)) * b
    roof = box((x, x + min(3.0, 0.5 * a), y, y + min(3.0, 0.5 * b)), (half, half + 2.2), MATERIALS["concrete"])
    parapet = box(
        (-a - 0.1, a + 0.1, -b - 0.1, b + 0.1), (half - 0.35, half + 0.01), replace(wall, pattern=Pattern.PLAIN)
    )
    foundation = box((-a, a, -b, b), (-half - _FOUNDATION_M, -half), MATERIALS["concrete"])
    return join([box((-a, a, -b, b), (-half, half), wall), foundation, parapet, roof])


def _building_size(rng: np.random.Generator) -> Size:
    return (
        _BAY_M * int(rng.integers(4, 9)),
        _BAY_M * int(rng.integers(3, 5)),
        _STOREY_M * int(rng.integers(2, 7)) + 0.9,
    )


def make_building(spec: PropSpec, rng: np.random.Generator, paths: PathMaker | None) -> tuple[Prop, ...]:
    """One house, or two rows of them along a path, their fronts at least width_m apart."""
    props = []
    for prop in _beside_or_at(_building, 26.0, 26.0, shaken=0.08)(spec, rng, paths):
        low, high = prop.mesh.vertices_m.min(axis=0), prop.mesh.vertices_m.max(axis=0)
        back = 0.0 if spec.path is None else -0.5 * (high[1] - low[1]) - _FORECOURT_M
        raised = RigidTransform.from_yaw(0.0, [0.0, back, -low[2] - _FOUNDATION_M - 0.1])
        props.append(Prop(prop.mesh, prop.world_from_mesh * raised))
    return tuple(props)


def traffic_light(spec: PropSpec, _rng: np.random.Generator) -> list[Mesh]:
    """Three lamps, the red one lit, looking back along the place's x axis at whoever comes along it."""
    height = size_of(spec, (0.3, 0.35, 3.4))[2]
    heads = [box((-0.14, 0.14, -0.17, 0.17), (height - 0.95, height), DARK)]
    for k, surface in enumerate((TAIL_LIGHT, _AMBER_OUT, _GREEN_OUT)):
        z = height - 0.18 - 0.3 * k
        heads.append(cylinder((-0.17, 0.0, z), (-0.14, 0.0, z), 0.11, surface, sides=14))
        heads.append(box((-0.30, -0.14, -0.12, 0.12), (z + 0.115, z + 0.13), DARK))
    return [cylinder((0.0, 0.0, -0.1), (0.0, 0.0, height - 0.9), 0.055, finish_of(spec, STEEL), sides=10), *heads]


def sign(spec: PropSpec, _rng: np.random.Generator) -> list[Mesh]:
    """A round sign on a post, looking back along the place's x axis; rectangular if size_m is wider than 0.9 m."""
    _, width, height = size_of(spec, (0.1, 0.6, 2.6))
    face = finish_of(spec, replace(SIGNAL_BLUE, reflectivity=0.95))
    post = cylinder((0.0, 0.0, -0.1), (0.0, 0.0, height - 0.05), 0.035, STEEL, sides=8)
    b, z = 0.5 * width, height - 0.5 * width
    if width > 0.9:
        plate = box((-0.06, -0.035, -b, b), (height - 0.6 * width, height), face)
        edge = box((-0.055, -0.034, -b - 0.03, b + 0.03), (height - 0.6 * width - 0.03, height + 0.03), WHITE)
        return [post, plate, edge]
    rim = cylinder((-0.05, 0.0, z), (-0.035, 0.0, z), b, WHITE, sides=24)
    return [post, rim, cylinder((-0.06, 0.0, z), (-0.04, 0.0, z), 0.88 * b, face, sides=24)]


def bench(spec: PropSpec, _rng: np.random.Generator) -> list[Mesh]:
    """Slats on two feet; one sits on it looking along the place's x axis."""
    depth, width, height = size_of(spec, (0.55, 1.6, 0.82))
    wood, b, back = finish_of(spec, WOOD), 0.5 * width, -0.5 * depth
    slats = [
        box((back + 0.08 + 0.12 * k, back + 0.18 + 0.12 * k, -b, b), (0.40, 0.43), wood)
        for k in range(int((depth - 0.1) / 0.12))
    ]
    rests = [box((back, back + 0.04, -b, b), (z, z + 0.11), wood) for z in (0.50, height - 0.11)]
    feet = [box((back, back + depth, y - 0.03, y + 0.03), (0.36, 0.40), STEEL) for y in (-0.8 * b, 0.8 * b)]
    legs = [
        box((x, x + 0.05, y - 0.03, y + 0.03), (0.0, top), STEEL)
        for x, top in ((back + 0.01, height - 0.05), (0.5 * depth - 0.1, 0.38))
        for y in (-0.8 * b, 0.8 * b)
    ]
    return [*slats, *rests, *feet, *legs]


def container(spec: PropSpec, rng: np.random.Generator) -> list[Mesh]:
    """A freight container with corrugated walls and doors at its back."""
    length, width, height = size_of(spec, (6.06, 2.44, 2.59))
    a, b = 0.5 * length, 0.5 * width
    colour = ((0.02, 0.10, 0.30), (0.40, 0.06, 0.03), (0.05, 0.22, 0.12), (0.45, 0.42, 0.38))[int(rng.integers(4))]
    steel = finish_of(spec, Surface(colour, reflectivity=0.45, gloss=0.1))
    ribs = [
        box((x, x + 0.14, -b + 0.005, b - 0.005), (0.15, height - 0.1), steel)
        for x in np.arange(-a + 0.3, a - 0.3, 0.28)
    ]
    corners = [
        box((x - 0.08, x + 0.08, y - 0.08, y + 0.08), (0.0, height), steel)
        for x in (-a + 0.08, a - 0.08)
        for y in (-b + 0.08, b - 0.08)
    ]
    bars = [
        cylinder((-a + 0.02, y, 0.15), (-a + 0.02, y, height - 0.12), 0.02, STEEL, sides=6)
        for y in (-0.6, -0.25, 0.25, 0.6)
    ]
    edges = [box((-a, a, -b, b), z, steel) for z in ((0.0, 0.14), (height - 0.1, height))]
    return [
        box((-a + 0.03, a - 0.03, -b + 0.04, b - 0.04), (0.05, height - 0.03), steel),
        *ribs,
        *corners,
        *bars,
        *edges,
    ]


def ramp(spec: PropSpec, _rng: np.random.Generator) -> list[Mesh]:
    """A wedge that rises along x."""
    length, width, height = size_of(spec, (6.0, 3.0, 0.6))
    a, b = 0.5 * length, 0.5 * width
    return [prism(((-a, 0.0), (a, 0.0), (a, height)), (-b, b), finish_of(spec, MATERIALS["concrete"]))]


OUTDOORS: dict[str, PropKind] = {
    "building": PropKind("house with windows; with a path, a row at each side of it", make_building),
    "tree": PropKind(
        "tree, bare with material bark; with a path, a row at each side", _beside_or_at(_tree, 16.0, 14.0, shaken=0.3)
    ),
    "lamp_post": PropKind(
        "street lamp; with a path, alternately at both sides", _beside_or_at(_lamp_post, 36.0, 10.0, shaken=0.0)
    ),
    "traffic_light": standing_kind("traffic light, looking back along x", traffic_light),
    "sign": standing_kind("traffic sign, looking back along x; rectangular if wider than 0.9 m", sign),
    "bench": standing_kind("bench, looking along x", bench),
    "container": standing_kind("freight container", container),
    "ramp": standing_kind("wedge that rises along x", ramp),
}
