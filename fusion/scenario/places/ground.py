"""What one drives and walks on: roads and their markings, pavements, crossings, roundabouts, fields, floors.

Heights keep coplanar things apart: fields lie 2 cm below their place, markings 4 mm above a road, junctions and
crossings above those.
"""

from __future__ import annotations

import numpy as np

from fusion.scenario.language.place import PropSpec
from fusion.scenario.places.courses import Course, dashes, ribbon, swept
from fusion.scenario.places.prop import PathMaker, PropKind, finish_of, place_of, size_of, standing_kind
from fusion.scenario.solids.lofts import loft
from fusion.scenario.solids.materials import (
    BARE_ASPHALT,
    GRASS,
    KERB,
    MARKING,
    MATERIALS,
    PAVING,
    Surface,
)
from fusion.scenario.solids.meshes import Mesh, box, cylinder, tapered
from fusion.scenario.world import Prop

_FIELD_DROP_M, _MARKING_RISE_M, _JUNCTION_RISE_M, _CROSSING_RISE_M = 0.02, 0.004, 0.007, 0.011
_LINE_M, _EDGE_INSET_M, _LANE_M = 0.12, 0.25, 3.6
_DASH_RHYTHM_M = (3.0, 9.0)
_LEAST_EMBANKMENT_M = 0.2
_ROAD_WIDTH_M, _PAVEMENT_M, _PAVEMENT_RISE_M, _KERB_M = 7.0, 2.4, 0.12, 0.15


def make_road(spec: PropSpec, _rng: np.random.Generator, paths: PathMaker | None) -> tuple[Prop, ...]:
    """Asphalt with edge lines, and dashes between its lanes; of another material, without any.

    size_m: y its width, if there is no width_m; z the height of a grass embankment under it, for roads above a field.
    """
    width = spec.width_m or (spec.size_m[1] if spec.size_m else _ROAD_WIDTH_M)
    course = Course.of(spec, paths, length_m=100.0)
    carriageway = ribbon(course, (0.5 * width, -0.5 * width), 0.0, finish_of(spec, BARE_ASPHALT))
    if spec.size_m is not None and spec.size_m[2] > _LEAST_EMBANKMENT_M:
        carriageway += _embankment(course, 0.5 * width, spec.size_m[2])
    if spec.material not in (None, "asphalt", "concrete") or width < 2.0 * _LANE_M - 2.2:
        return carriageway
    return (*carriageway, *_markings(course, width))


def _embankment(course: Course, half_width_m: float, height_m: float) -> tuple[Prop, ...]:
    """A verge of 1 m at both sides, then slopes of one in two."""
    verge, foot = half_width_m + 1.0, half_width_m + 1.0 + 2.0 * height_m
    left, right = (
        swept(
            course,
            [(side * out, up) for out, up in ((half_width_m, 0.0), (verge, -0.05), (foot, -height_m))],
            GRASS,
            closed=False,
        )
        for side in (1.0, -1.0)
    )
    return (*left, *right)


def _markings(course: Course, width_m: float) -> tuple[Prop, ...]:
    lanes = max(round(width_m / _LANE_M), 2)
    inner = width_m - 2.0 * _EDGE_INSET_M
    edges = [side * 0.5 * inner for side in (1.0, -1.0)]
    between = [0.5 * inner - inner * lane / lanes for lane in range(1, lanes)]
    lines = [ribbon(course, _about(left), _MARKING_RISE_M, MARKING) for left in edges]
    lines += [dashes(course, _about(left), _MARKING_RISE_M, MARKING, _DASH_RHYTHM_M) for left in between]
    return tuple(prop for line in lines for prop in line)


def _about(left_m: float) -> tuple[float, float]:
    return (left_m + 0.5 * _LINE_M, left_m - 0.5 * _LINE_M)


def make_pavement(spec: PropSpec, _rng: np.random.Generator, paths: PathMaker | None) -> tuple[Prop, ...]:
    """Kerbs and paving at both sides of a road of width_m; size_m: y its own width, z its height."""
    _, wide, rise = size_of(spec, (100.0, _PAVEMENT_M, _PAVEMENT_RISE_M))
    road = spec.width_m or _ROAD_WIDTH_M
    course = Course.of(spec, paths, length_m=100.0)
    props: list[Prop] = []
    for side in (1.0, -1.0):
        edge, kerb, far = (side * (0.5 * road + out) for out in (0.0, _KERB_M, wide))
        props += swept(course, ((edge, -0.1), (edge, rise), (kerb, rise)), KERB, closed=False)
        props += swept(course, ((kerb, rise), (far, rise), (far, -0.1)), finish_of(spec, PAVING), closed=False)
    return tuple(props)


def crossing(spec: PropSpec, _rng: np.random.Generator) -> list[Mesh]:
    """A zebra crossing over a road along x; size_m: x its own width, y that of the road."""
    along, across, _ = size_of(spec, (4.0, spec.width_m or _ROAD_WIDTH_M, 0.0))
    surface = finish_of(spec, MARKING)
    count = max(int(across), 1)
    starts = -0.5 * across + (across / count) * (np.arange(count) + 0.25)
    return [
        _flat((-0.5 * along, 0.5 * along, float(y), float(y) + 0.5 * across / count), _CROSSING_RISE_M, surface)
        for y in starts
    ]


def junction(spec: PropSpec, _rng: np.random.Generator) -> list[Mesh]:
    """Plain asphalt where roads meet, over their markings."""
    length, width, _ = size_of(spec, (_ROAD_WIDTH_M, _ROAD_WIDTH_M, 0.0))
    footprint = (-0.5 * length, 0.5 * length, -0.5 * width, 0.5 * width)
    return [_flat(footprint, _JUNCTION_RISE_M, finish_of(spec, BARE_ASPHALT))]


def _flat(footprint: tuple[float, float, float, float], z_m: float, surface: Surface) -> Mesh:
    x0, x1, y0, y1 = footprint
    return loft([[(x0, y0, z_m), (x0, y1, z_m)], [(x1, y0, z_m), (x1, y1, z_m)]], [surface], closed=False)


def roundabout(spec: PropSpec, _rng: np.random.Generator) -> list[Mesh]:
    """A ring road about a green island; size_m: x its outer diameter; width_m: of the ring."""
    outer = 0.5 * size_of(spec, (36.0, 36.0, 0.0))[0]
    inner = max(outer - (spec.width_m or 7.5), 0.3 * outer)
    rise = _JUNCTION_RISE_M
    return [
        _disc(inner, outer, rise, finish_of(spec, BARE_ASPHALT)),
        _disc(inner + 0.3, inner + 0.3 + _LINE_M, rise + _MARKING_RISE_M, MARKING),
        *_dashed_ring(outer - 0.35, rise + _MARKING_RISE_M),
        cylinder((0.0, 0.0, -0.1), (0.0, 0.0, 0.14), inner, KERB, sides=48),
        cylinder((0.0, 0.0, 0.1), (0.0, 0.0, 0.17), inner - 0.2, GRASS, sides=48),
        tapered((0.0, 0.0, 0.17), (0.0, 0.0, 0.17 + 0.06 * inner), (0.7 * inner, 0.3 * inner), GRASS, sides=24),
    ]


def _disc(
    inner_m: float, outer_m: float, z_m: float, surface: Surface, turn_rad: tuple[float, float] = (0.0, 2.0 * np.pi)
) -> Mesh:
    """A piece of a flat ring."""
    steps = max(int(np.ceil((turn_rad[1] - turn_rad[0]) / (2.0 * np.pi) * 64)), 1)
    around = np.linspace(*turn_rad, steps + 1)
    unit = np.stack([np.cos(around), np.sin(around)], axis=-1)
    edges = np.stack([inner_m * unit, outer_m * unit], axis=1)
    return loft(np.concatenate([edges, np.full((*edges.shape[:2], 1), z_m)], axis=-1), [surface], closed=False)


def _dashed_ring(radius_m: float, z_m: float) -> list[Mesh]:
    count = max(int(2.0 * np.pi * radius_m / 2.0), 3)
    step = 2.0 * np.pi / count
    turns = [(k * step, (k + 0.5) * step) for k in range(count)]
    return [_disc(radius_m, radius_m + 0.25, z_m, MARKING, turn) for turn in turns]


def make_field(spec: PropSpec, _rng: np.random.Generator, _paths: PathMaker | None) -> tuple[Prop, ...]:
    """Open ground, 2 cm below its place, so that roads lie upon it."""
    length, width, _ = size_of(spec, (600.0, 600.0, 0.0))
    mesh = _flat((-0.5 * length, 0.5 * length, -0.5 * width, 0.5 * width), -_FIELD_DROP_M, finish_of(spec, GRASS))
    return (Prop(mesh, place_of(spec)),)


def floor(spec: PropSpec, _rng: np.random.Generator) -> list[Mesh]:
    """The floor of a hall."""
    length, width, _ = size_of(spec, (40.0, 30.0, 0.0))
    surface = finish_of(spec, MATERIALS["floor"])
    return [box((-0.5 * length, 0.5 * length, -0.5 * width, 0.5 * width), (-0.2, 0.0), surface)]


GROUND: dict[str, PropKind] = {
    "road": PropKind(
        "road along a path, width_m wide, with lane markings; may rise and fall; size_m z is its embankment", make_road
    ),
    "pavement": PropKind("kerbs and paving at both sides of a road of width_m along a path", make_pavement),
    "crossing": standing_kind("zebra crossing over a road along x", crossing),
    "junction": standing_kind("plain asphalt where roads meet", junction),
    "roundabout": standing_kind("ring road about a green island; size_m x is its diameter", roundabout),
    "field": PropKind("open ground of grass, gravel, snow ...", make_field),
    "floor": standing_kind("floor of a hall", floor),
}
