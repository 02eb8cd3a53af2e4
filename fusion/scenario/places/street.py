"""The street itself: ground, pavements, buildings, trees and lamp posts."""

from __future__ import annotations

import numpy as np

from calibration import RigidTransform
from fusion.scenario.language.place import PropSpec
from fusion.scenario.places.prop import PathMaker, PropKind, place_of
from fusion.scenario.solids.materials import (
    ASPHALT,
    BARK,
    FOLIAGE,
    GRASS,
    KERB,
    LAMP,
    PAVING,
    STEEL,
    Pattern,
    Surface,
)
from fusion.scenario.solids.meshes import Mesh, box, cylinder, ellipsoid, join
from fusion.scenario.world import Prop

ROAD_HALF_WIDTH_M = 5.7
PAVEMENT_HEIGHT_M = 0.12
_PAVEMENT_EDGE_M = 9.2
_STREET_START_M, _STREET_END_M = -60.0, 118.0
_STOREY_M, _BAY_M = 3.1, 2.7

_WALLS = (
    (0.50, 0.40, 0.30),
    (0.36, 0.16, 0.11),
    (0.55, 0.52, 0.46),
    (0.42, 0.44, 0.40),
    (0.50, 0.33, 0.22),
    (0.33, 0.36, 0.42),
)
# x, side of the street (left is +1)
_TREES = ((-8.0, -1), (5.5, 1), (12.3, -1), (31.0, -1), (44.5, 1), (48.0, -1), (61.0, 1), (66.0, -1), (80.0, 1))
_LAMP_POSTS = ((11.5, 1), (22.0, -1), (39.0, 1), (57.0, -1), (74.0, 1))


def street_props(rng: np.random.Generator) -> tuple[Prop, ...]:
    """Everything that stands about; the ground is the plane z = 0 and the street runs along x."""
    trees = [_tree(x, side * 6.6, rng) for x, side in _TREES]
    posts = [_lamp_post(x, side * 6.15, -side) for x, side in _LAMP_POSTS]
    return (_ground(), *_row_of_buildings(1.0, rng), *_row_of_buildings(-1.0, rng), _far_end(), *trees, *posts)


def _ground() -> Prop:
    road, edge = ROAD_HALF_WIDTH_M, _PAVEMENT_EDGE_M
    along = (_STREET_START_M, _STREET_END_M)
    parts = [box((*along, -road - 0.1, road + 0.1), (-0.5, 0.0), ASPHALT)]
    for low, high in ((road, edge + 6.0), (-edge - 6.0, -road)):
        kerb = (low, low + 0.15) if low > 0 else (high - 0.15, high)
        paving = (low + 0.15, high) if low > 0 else (low, high - 0.15)
        parts.append(box((*along, *kerb), (-0.5, PAVEMENT_HEIGHT_M), KERB))
        parts.append(box((*along, *paving), (-0.5, PAVEMENT_HEIGHT_M), PAVING))
    parts.append(box((-500.0, 700.0, -500.0, 500.0), (-0.6, -0.05), GRASS))
    return Prop(join(parts), RigidTransform.identity())


def _row_of_buildings(side: float, rng: np.random.Generator) -> list[Prop]:
    """House after house along one side, now and then a gap."""
    row, x = [], _STREET_START_M + 8.0
    while x < _STREET_END_M - 16.0:
        width = _BAY_M * int(rng.integers(3, 7))
        storeys = int(rng.integers(2, 6))
        row.append(_building(x, width, storeys, side, rng))
        x += width + (float(rng.uniform(2.5, 5.0)) if rng.random() < 0.25 else 0.0)
    return row


def _building(x_m: float, width_m: float, storeys: int, side: float, rng: np.random.Generator) -> Prop:
    depth, height = 9.0, _STOREY_M * storeys + 0.9
    setback = float(rng.uniform(0.0, 0.5))
    colour = tuple(float(c) for c in np.array(_WALLS[rng.integers(len(_WALLS))]) * rng.uniform(0.85, 1.15))
    wall = Surface(
        (colour[0], colour[1], colour[2]),
        reflectivity=0.35,
        pattern=Pattern.FACADE,
        extent_m=(width_m, depth, height),
    )
    body = box((-width_m / 2, width_m / 2, -depth / 2, depth / 2), (-height / 2, height / 2), wall)
    centre = (x_m + width_m / 2, side * (_PAVEMENT_EDGE_M + setback + depth / 2), height / 2)
    return Prop(body, RigidTransform.from_yaw(0.0, centre))


def _far_end() -> Prop:
    """A house across the end of the street, so that it does not run into nothing."""
    size = (9.0, 13 * _BAY_M, 5 * _STOREY_M + 0.9)
    wall = Surface((0.46, 0.38, 0.31), reflectivity=0.35, pattern=Pattern.FACADE, extent_m=size)
    body = box((-size[0] / 2, size[0] / 2, -size[1] / 2, size[1] / 2), (-size[2] / 2, size[2] / 2), wall)
    return Prop(body, RigidTransform.from_yaw(0.0, [_STREET_END_M + 14.0, 0.0, size[2] / 2]))


def _tree(x_m: float, y_m: float, rng: np.random.Generator) -> Prop:
    height, spread = float(rng.uniform(4.6, 6.2)), float(rng.uniform(1.0, 1.3))
    crown: list[Mesh] = [cylinder((0.0, 0.0, 0.0), (0.05, 0.03, height - 1.2), 0.13, BARK, sides=10)]
    for _ in range(5):
        angle, out = float(rng.uniform(0.0, 2.0 * np.pi)), float(rng.uniform(0.2, 0.75))
        centre = (out * np.cos(angle), out * np.sin(angle), height - float(rng.uniform(0.6, 1.8)))
        crown.append(ellipsoid(centre, (spread, spread, 0.85 * spread), FOLIAGE, rings=7))
    return Prop(join(crown), RigidTransform.from_yaw(0.0, [x_m, y_m, PAVEMENT_HEIGHT_M]))


def _lamp_post(x_m: float, y_m: float, towards_road: int) -> Prop:
    reach = 1.4 * towards_road
    parts = [
        cylinder((0.0, 0.0, 0.0), (0.0, 0.0, 1.0), 0.1, STEEL, sides=12),
        cylinder((0.0, 0.0, 1.0), (0.0, 0.0, 6.2), 0.065, STEEL, sides=12),
        cylinder((0.0, 0.0, 6.15), (0.0, reach, 6.4), 0.04, STEEL, sides=8),
        box((-0.12, 0.12, reach - 0.3, reach + 0.3), (6.34, 6.44), LAMP),
    ]
    return Prop(join(parts), RigidTransform.from_yaw(0.0, [x_m, y_m, PAVEMENT_HEIGHT_M]))


def make_street(spec: PropSpec, rng: np.random.Generator, _paths: PathMaker | None) -> tuple[Prop, ...]:
    """The whole street, moved to its place."""
    place = place_of(spec)
    return tuple(Prop(prop.mesh, place * prop.world_from_mesh) for prop in street_props(rng))


STREET: dict[str, PropKind] = {
    "street": PropKind("178 m of a street with pavements, houses, trees and lamp posts, as one piece", make_street),
}
