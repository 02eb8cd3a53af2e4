"""Plain solids in any size, colour and material."""

from __future__ import annotations

import numpy as np

from calibration import RigidTransform
from fusion.scenario.language.place import PropSpec
from fusion.scenario.places.prop import PathMaker, PropKind, finish_of, place_of, size_of, standing_kind
from fusion.scenario.solids.materials import MATERIALS, STEEL
from fusion.scenario.solids.meshes import Mesh, box, cylinder, ellipsoid
from fusion.scenario.world import Prop

_PLASTIC = MATERIALS["plastic"]


def make_box(spec: PropSpec, _rng: np.random.Generator, _paths: PathMaker | None) -> tuple[Prop, ...]:
    """A box standing on its place."""
    size = size_of(spec, (1.0, 1.0, 1.0))
    a, b, half = (0.5 * side for side in size)
    # Facades and cartons are laid out about the origin of the mesh, so that it is the middle of the box.
    mesh = box((-a, a, -b, b), (-half, half), finish_of(spec, _PLASTIC, size))
    return (Prop(mesh, place_of(spec) * RigidTransform.from_yaw(0.0, [0.0, 0.0, half])),)


def column(spec: PropSpec, _rng: np.random.Generator) -> list[Mesh]:
    """An upright cylinder, elliptic if its length and width differ."""
    size = size_of(spec, (0.6, 0.6, 1.0))
    unit = cylinder((0.0, 0.0, 0.0), (0.0, 0.0, 1.0), 0.5, finish_of(spec, _PLASTIC, size), sides=32)
    return [Mesh(unit.vertices_m * np.asarray(size), unit.triangles, unit.surface_of_triangle, unit.surfaces)]


def ball(spec: PropSpec, _rng: np.random.Generator) -> list[Mesh]:
    """An ellipsoid that touches the ground."""
    size = size_of(spec, (0.6, 0.6, 0.6))
    radii = (0.5 * size[0], 0.5 * size[1], 0.5 * size[2])
    return [ellipsoid((0.0, 0.0, radii[2]), radii, finish_of(spec, _PLASTIC, size), rings=14)]


def pillar(spec: PropSpec, _rng: np.random.Generator) -> list[Mesh]:
    """A concrete column of a hall, its foot painted in warning stripes."""
    length, width, height = size_of(spec, (0.5, 0.5, 5.0))
    a, b = 0.5 * length, 0.5 * width
    foot = min(1.2, 0.4 * height)
    return [
        box((-a, a, -b, b), (0.0, height), finish_of(spec, MATERIALS["concrete"])),
        box((-a - 0.01, a + 0.01, -b - 0.01, b + 0.01), (0.0, foot), MATERIALS["hazard"]),
    ]


def table(spec: PropSpec, _rng: np.random.Generator) -> list[Mesh]:
    """A top on four legs."""
    length, width, height = size_of(spec, (1.6, 0.8, 0.75))
    a, b = 0.5 * length, 0.5 * width
    legs = [
        box((x - 0.03, x + 0.03, y - 0.03, y + 0.03), (0.0, height - 0.04), STEEL)
        for x in (-a + 0.08, a - 0.08)
        for y in (-b + 0.08, b - 0.08)
    ]
    return [box((-a, a, -b, b), (height - 0.04, height), finish_of(spec, MATERIALS["wood"])), *legs]


PLAIN: dict[str, PropKind] = {
    "box": PropKind("box", make_box),
    "cylinder": standing_kind("upright cylinder", column),
    "ellipsoid": standing_kind("ellipsoid", ball),
    "sphere": standing_kind("ball", ball),
    "pillar": standing_kind("column of a hall with warning stripes at its foot", pillar),
    "table": standing_kind("table", table),
}
