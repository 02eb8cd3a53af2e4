"""Props: every kind can be built, lies where it should, and follows its path."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from calibration import InputError
from calibration.quaternion import FloatArray
from fusion.scenario.language.actors import PathSpec
from fusion.scenario.language.place import PropSpec
from fusion.scenario.places import PROPS
from fusion.scenario.places.courses import Course
from fusion.scenario.solids.colours import linear_from_srgb
from fusion.scenario.solids.materials import MARKING, MATERIALS, surface_of
from fusion.scenario.world import Prop

PATH = PathSpec(from_m=(0.0, 0.0))
ALONG_PATHS = ("road", "pavement", "wall", "glass_wall", "barrier", "fence", "hedge", "tunnel", "tree", "lamp_post")


def hilly_curve(_path: PathSpec) -> tuple[FloatArray, FloatArray]:
    """600 m to the left, 3 km away, over hills of 2 m."""
    along = np.arange(0.0, 601.0)
    angle = along / 250.0
    points = [3000.0 + 250.0 * np.sin(angle), 250.0 - 250.0 * np.cos(angle), 2.0 * np.sin(along / 60.0)]
    return np.stack(points, axis=-1), angle


def straight(_path: PathSpec) -> tuple[FloatArray, FloatArray]:
    x = np.arange(0.0, 2001.0)
    return np.stack([x, np.zeros_like(x), np.zeros_like(x)], axis=-1), np.zeros_like(x)


def make(kind: str, seed: int = 3, **said: object) -> tuple[Prop, ...]:
    return PROPS[kind].make(PropSpec(kind, **said), np.random.default_rng(seed), hilly_curve)  # type: ignore[arg-type]


def triangles(props: Sequence[Prop]) -> int:
    return sum(len(prop.mesh.triangles) for prop in props)


def in_world(props: Sequence[Prop]) -> FloatArray:
    return np.concatenate([prop.world_from_mesh.apply(prop.mesh.vertices_m) for prop in props])


@pytest.mark.parametrize("path", [None, PATH])
@pytest.mark.parametrize("kind", PROPS)
def test_every_kind_builds(kind: str, path: PathSpec | None) -> None:
    props = make(kind, path=path)
    assert props
    for prop in props:
        mesh = prop.mesh
        corners = mesh.vertices_m[mesh.triangles]
        areas = 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        assert areas.min() > 1e-10
        assert np.all(np.isfinite(mesh.vertices_m))
        assert mesh.surface_of_triangle.max() < len(mesh.surfaces)
        assert prop.world_from_mesh.batch_shape == ()
    assert PROPS[kind].about


@pytest.mark.parametrize("kind", PROPS)
def test_the_same_seed_makes_the_same_prop(kind: str) -> None:
    np.testing.assert_array_equal(in_world(make(kind)), in_world(make(kind)))


@pytest.mark.parametrize("kind", ALONG_PATHS)
def test_what_is_long_comes_in_pieces_near_their_own_origin(kind: str) -> None:
    props = make(kind, path=PATH, width_m=8.0)
    assert all(np.abs(prop.mesh.vertices_m).max() < 125.0 for prop in props)
    assert in_world(props)[:, 0].max() > 3200.0


@pytest.mark.parametrize("kind", [kind for kind in PROPS if kind != "street"])
def test_a_prop_goes_where_it_is_put(kind: str) -> None:
    here, there = in_world(make(kind)), in_world(make(kind, at_m=(100.0, -20.0, 3.0), yaw_deg=180.0))
    np.testing.assert_allclose(there, here * (-1.0, -1.0, 1.0) + (100.0, -20.0, 3.0), atol=1e-6)


@pytest.mark.parametrize("kind", ["box", "cylinder", "ellipsoid", "table", "conveyor", "shelf", "container", "ramp"])
def test_a_prop_has_the_size_asked_for(kind: str) -> None:
    points = in_world(make(kind, size_m=(5.0, 1.5, 2.5)))
    size = points.max(axis=0) - points.min(axis=0)
    loose = {"conveyor": (0.0, 0.0, 0.5)}.get(kind, (0.0, 0.0, 0.0))
    assert np.all(size <= np.array([5.0, 1.5, 2.5]) + loose + 1e-9)
    assert np.all(size >= np.array([5.0, 1.5, 2.5]) - 0.02)
    assert points[:, 2].min() == pytest.approx(0.0, abs=1e-9)


def test_a_road_rises_and_falls_with_its_path_under_its_markings() -> None:
    props = make("road", path=PATH, width_m=7.0)
    asphalt = [prop for prop in props if prop.mesh.surfaces[0] != MARKING]
    markings = [prop for prop in props if prop.mesh.surfaces[0] == MARKING]
    middle, _ = hilly_curve(PATH)
    assert in_world(asphalt)[:, 2].max() == pytest.approx(middle[:, 2].max(), abs=0.002)
    away = np.linalg.norm(in_world(asphalt)[:, None, :2] - middle[None, :, :2], axis=2).min(axis=1)
    np.testing.assert_allclose(away, 3.5, atol=0.04)  # the nearest point is up to half a metre off
    points = in_world(markings)
    nearest = np.linalg.norm(points[:, None, :2] - middle[None, :, :2], axis=2).argmin(axis=1)
    above = points[:, 2] - middle[nearest, 2]
    assert np.all(np.abs(above - 0.004) < 0.02)  # half a metre off the nearest point, the road has risen by so much


def test_lane_markings_are_four_millimetres_above_a_level_road() -> None:
    props = PROPS["road"].make(PropSpec("road", path=PATH), np.random.default_rng(0), straight)
    heights = {round(float(z), 6) for z in in_world(props)[:, 2]}
    assert heights == {0.0, 0.004}


def test_a_straight_road_costs_few_triangles() -> None:
    props = PROPS["road"].make(PropSpec("road", path=PATH), np.random.default_rng(0), straight)
    assert triangles(props) < 800
    tiles = sorted(float(prop.world_from_mesh.translation[0]) for prop in props if prop.mesh.surfaces[0] != MARKING)
    assert np.diff(tiles).max() <= 100.0


def test_a_road_above_a_field_lies_on_an_embankment() -> None:
    points = in_world(make("road", path=PATH, width_m=7.0, size_m=(600.0, 7.0, 6.0)))
    middle, _ = hilly_curve(PATH)
    assert points[:, 2].min() == pytest.approx(middle[:, 2].min() - 6.0, abs=0.01)
    away = np.linalg.norm(points[:, None, :2] - middle[None, :, :2], axis=2).min(axis=1)
    assert away.max() == pytest.approx(3.5 + 1.0 + 12.0, abs=0.02)


def test_things_along_a_path_stand_clear_of_the_road() -> None:
    middle, _ = hilly_curve(PATH)
    for kind in ("barrier", "building", "pavement"):
        points = in_world(make(kind, path=PATH, width_m=9.0))
        away = np.linalg.norm(points[:, None, :2] - middle[None, ::2, :2], axis=2).min(axis=1)
        assert away.min() > 4.4, kind


@pytest.mark.parametrize(("kind", "most"), [("tree", 450), ("building", 100), ("box", 12), ("floor", 12), ("field", 2)])
def test_frequent_things_are_cheap(kind: str, most: int) -> None:
    assert triangles(make(kind)) <= most


def test_a_field_lies_under_the_roads_on_it() -> None:
    assert in_world(make("field"))[:, 2].max() < in_world(make("road"))[:, 2].min()


def test_material_and_colour_are_those_asked_for() -> None:
    (prop,) = make("box", material="steel", color="#ff0000")
    (surface,) = prop.mesh.surfaces
    assert surface.colour == (1.0, 0.0, 0.0)
    assert surface.gloss == MATERIALS["steel"].gloss
    assert make("road", material="snow")[0].mesh.surfaces[0] == MATERIALS["snow"]


def test_an_unknown_material_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        make("box", material="unobtainium")
    message = str(caught.value)
    assert message.startswith("no material 'unobtainium'; one of asphalt, ")
    assert "\n" not in message
    assert surface_of(None, None, MARKING) == MARKING


def test_colours_are_decoded_as_srgb() -> None:
    assert linear_from_srgb("#000000") == (0.0, 0.0, 0.0)
    assert linear_from_srgb("#ffffff") == (1.0, 1.0, 1.0)
    np.testing.assert_allclose(linear_from_srgb("#bc0a80"), (0.5029, 0.00304, 0.2159), atol=1e-4)
    with pytest.raises(ValueError, match="rrggbb"):
        linear_from_srgb("red")


def test_a_glass_wall_is_one_sheet_that_light_and_pulses_pass() -> None:
    surfaces = {surface for prop in make("glass_wall") for surface in prop.mesh.surfaces}
    panes = [surface for surface in surfaces if surface.see_through > 0.0]
    assert len(panes) == 1
    assert panes[0].transparency == pytest.approx(0.85)


def test_a_course_is_cut_where_it_is_asked_to_be() -> None:
    course = Course.through(*straight(PATH))
    assert course.length_m == 2000.0
    pieces = list(course.chunks())
    assert all(piece.length_m <= 100.0 for piece in pieces)
    np.testing.assert_allclose(pieces[0].points_m[-1], pieces[1].points_m[0])
    assert len(pieces[0].thinned().points_m) == 2
    points, headings = course.beside(3.0).at(np.array([10.5]))
    np.testing.assert_allclose(points, [[10.5, 3.0, 0.0]])
    np.testing.assert_allclose(headings, [0.0])
