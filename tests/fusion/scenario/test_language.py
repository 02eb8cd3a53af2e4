"""Scenario files: what may be said, and one clear line for what may not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from calibration.errors import BoxwrightError, FormatError, InputError, UsageError
from fusion.scenario import read_scene, scene_of, shipped_scenes
from fusion.scenario.building.clocks import firings
from fusion.scenario.building.repeats import each_actor
from fusion.scenario.building.rigs import duration_of, mounted_sensors, reference_of
from fusion.scenario.building.worlds import build_world
from fusion.scenario.language.actors import ActorSpec, PathSpec, Repeat
from fusion.scenario.language.loading import parse_scene, scene_schema, scene_to_json
from fusion.scenario.language.sensors import Clock
from fusion.scenario.world import START_NS, World

SMALL = """
name: small
about: A car passes.
exercises: nothing much
frames: 5
rig:
  - name: lidar
    at_m: [0, 0, 2]
    lidar: {scan: {pattern: spinning, elevations_deg: [-10, -5, 0], columns: 90}}
ego: {path: {from_m: [0, 0]}, speed_mps: 5}
place: [{kind: field}]
actors:
  - {name: car, kind: car, path: {from_m: [10, 3]}, speed_mps: 7}
"""


def _changed(**changes: object) -> dict[str, object]:
    content: dict[str, object] = yaml.safe_load(SMALL)
    return content | changes


def _built(content: object) -> World:
    scene = parse_scene(content, "small.yaml")
    return build_world(scene, duration_of(scene, mounted_sensors(scene)), 0)


def _said(content: object) -> str:
    with pytest.raises(BoxwrightError) as told:
        _built(content)
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize("name", shipped_scenes())
def test_every_shipped_scenario_can_be_built(name: str) -> None:
    scene = scene_of(name)
    sensors = mounted_sensors(scene)
    world = build_world(scene, duration_of(scene, sensors), 0)
    assert scene.name == name
    assert scene.about.endswith(".")
    assert scene.exercises
    assert len({actor.track_id for actor in world.actors}) == len(world.actors) > 0
    assert all(0.05 < side < 30.0 for actor in world.actors for side in actor.size_m)


def test_there_are_at_least_twenty() -> None:
    assert len(shipped_scenes()) >= 20


@pytest.mark.parametrize("name", shipped_scenes())
def test_a_scene_survives_its_json(name: str) -> None:
    import json

    scene = scene_of(name)
    assert parse_scene(json.loads(scene_to_json(scene)), "again") == scene


def test_the_schema_names_every_part() -> None:
    schema = scene_schema()
    assert {"name", "rig", "ego", "place", "actors", "weather"} <= schema["properties"].keys()
    assert {"ActorSpec", "Clock", "MountingError", "PropSpec", "SpinningScan", "RosetteScan"} <= schema["$defs"].keys()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frames": 0}, "the scenario is wrong at frames: Input should be greater than 0: small.yaml"),
        ({"colour": "red"}, "the scenario is wrong at colour: Unexpected keyword argument: small.yaml"),
        ({"name": "../up"}, "the scenario is wrong at name: String should match pattern"),
        ({"rig": "rocket"}, "no rig 'rocket'; write its sensors down, or one of"),
        ({"place": [{"kind": "swamp"}]}, "no prop 'swamp'; one of"),
        ({"sensors": {"radar": {}}}, "the rig has no sensor 'radar'; it has lidar: small"),
        ({"rig": []}, "a rig without sensors; add a LiDAR or a camera: small"),
        ({"rig": [{"name": "x", "at_m": [0, 0, 0]}]}, "a sensor is one of lidar, camera and depth: x"),
        (
            {"rig": [{"name": "x", "at_m": [0, 0, 0], "camera": {"model": {"kind": "magic"}}}]},
            "unknown camera model 'magic'",
        ),
        ({"ego": {"path": {}}}, "a path needs either from_m or waypoints_m: ego"),
    ],
)
def test_a_wrong_scene_is_one_clear_line(changes: dict[str, object], message: str) -> None:
    assert message in _said(_changed(**changes))


@pytest.mark.parametrize(
    ("actor", "message"),
    [
        ({"kind": "dragon"}, "no body 'dragon'; one of"),
        ({"style": "monster"}, "a car has no style 'monster'; it has"),
        ({"joints": {"wing": [[0, 1]]}}, "a car has no joint 'wing'; it has"),
        ({"speed_mps": [[1, 2], [0, 3]]}, "the times of a profile must increase: car"),
        ({"carried": {"by": "nobody"}}, "nobody is named 'nobody' to carry it: car"),
        ({"color": "red"}, "the scenario is wrong at actors.0.color"),
        (
            {"speed_mps": -2, "tows": {"kind": "trailer", "hitch_m": 2, "drawbar_m": 3}},
            "nothing that tows can reverse; give it speeds from 0 up: car",
        ),
    ],
)
def test_a_wrong_actor_is_one_clear_line(actor: dict[str, object], message: str) -> None:
    first = {"name": "car", "kind": "car", "path": {"from_m": [10, 3]}} | actor
    assert message in _said(_changed(actors=[first]))


def test_two_actors_of_one_name_are_refused() -> None:
    twin = {"name": "car", "kind": "car", "path": {"from_m": [10, 3]}}
    assert _said(_changed(actors=[twin, twin])) == "two actors have one name: car"


def test_files_that_are_none(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: [unclosed")
    with pytest.raises(FormatError, match="not valid YAML"):
        read_scene(broken)
    broken.write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(FormatError, match="not text in UTF-8"):
        read_scene(broken)
    broken.write_text("[" * 5000)
    with pytest.raises(FormatError, match="not valid YAML"):
        read_scene(broken)
    broken.write_text("- " * 600_000)
    with pytest.raises(FormatError, match="more than a megabyte"):
        read_scene(broken)
    broken.write_text("!!python/object/apply:os.system ['true']")
    with pytest.raises(FormatError, match="not valid YAML"):
        read_scene(broken)
    with pytest.raises(InputError, match="cannot read the scenario"):
        read_scene(tmp_path / "missing.yaml")
    with pytest.raises(UsageError, match="no scenario 'nowhere'; `boxwright scenario` lists them, or give a YAML file"):
        scene_of("nowhere")


def test_a_repeat_is_several_of_other_looks() -> None:
    spec = ActorSpec("row", "car", PathSpec(from_m=(0.0, 0.0)), repeat=Repeat(5, (6.0, 0.0, 0.0), skip=(2,)))
    several = list(each_actor(spec, np.random.default_rng(0)))
    assert [each.name for each in several] == ["row_1", "row_3", "row_4", "row_5"]
    assert [each.path.from_m for each in several] == [(0, 0, 0), (12, 0, 0), (18, 0, 0), (24, 0, 0)]


def test_a_cuboid_holds_its_body_over_the_whole_scenario() -> None:
    scene = scene_of("pedestrian_group_splits")
    sensors = mounted_sensors(scene)
    duration_s = duration_of(scene, sensors)
    world = build_world(scene, duration_s, 0)
    times_ns = START_NS + np.linspace(0, duration_s * 1e9, 57).astype(np.int64)
    for actor in world.actors:
        half = 0.5 * np.array(actor.size_m)
        reach = np.zeros(3)
        for part in actor.parts:
            vertices = part.mesh.vertices_m
            if part.object_from_part is not None:
                vertices = part.object_from_part(times_ns).apply(vertices).reshape(-1, 3)
            reach = np.maximum(reach, np.abs(vertices).max(axis=0))
        assert np.all(reach <= half + 0.01), actor.name


def test_clocks_err_as_they_are_told() -> None:
    clock = Clock(rate_hz=20.0, phase_ms=-10.0, offset_ms=50.0, drift_ppm=1000.0, jumps_ms=((2.0, 7.0),))
    fired = firings(clock, 4.0, np.random.default_rng(0))
    assert len(fired.true_ns) == 80
    assert fired.true_ns[0] == START_NS + 40_000_000
    seconds = (fired.true_ns - START_NS) * 1e-9
    error_ms = (fired.recorded_ns - fired.true_ns) * 1e-6
    np.testing.assert_allclose(error_ms, 50.0 + seconds + np.where(seconds >= 2.0, 7.0, 0.0), atol=1e-5)
    assert fired.delivered.all()


def test_samples_get_lost() -> None:
    fired = firings(Clock(drop=0.3, outages_s=((5.0, 6.05),)), 60.0, np.random.default_rng(0))
    seconds = (fired.true_ns - START_NS) * 1e-9
    silent = (seconds >= 5.0) & (seconds <= 6.05)
    assert not fired.delivered[silent].any()
    assert 0.6 < fired.delivered[~silent].mean() < 0.8


def test_recorded_times_increase_whatever_the_clock_does() -> None:
    clock = Clock(jitter_ms=30.0, stamp_jitter_ms=200.0, jumps_ms=((1.0, -700.0),))
    fired = firings(clock, 10.0, np.random.default_rng(0))
    assert np.all(np.diff(fired.true_ns) > 0)
    assert np.all(np.diff(fired.recorded_ns) > 0)


def test_the_first_lidar_is_the_reference_and_a_stand_has_none() -> None:
    assert reference_of(mounted_sensors(scene_of("street"))).name == "lidar_top"
    stand = mounted_sensors(scene_of("robot_arm_cell"))
    assert reference_of(stand).name == "depth_stand"
    assert duration_of(scene_of("robot_arm_cell"), stand) == pytest.approx(4.0)


def test_a_camera_looks_where_its_angles_say() -> None:
    sensors = {each.name: each.sensor for each in mounted_sensors(scene_of("crossing_behind_truck"))}
    ahead = sensors["camera_front"].ego_from_sensor.rotate(np.array([0.0, 0.0, 1.0]))
    left = sensors["camera_left"].ego_from_sensor.rotate(np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(ahead, [np.cos(np.deg2rad(2.0)), 0.0, -np.sin(np.deg2rad(2.0))], atol=1e-12)
    assert np.rad2deg(np.arctan2(left[1], left[0])) == pytest.approx(75.0)
    assert sensors["camera_front"].readout_ns == 20_000_000
    assert sensors["camera_front"].model.fx_px == pytest.approx(320.0 / np.tan(np.deg2rad(37.5)))


def test_a_drifting_mounting_grows_to_its_full_error() -> None:
    mounted = next(each for each in mounted_sensors(scene_of("drifted_extrinsic")) if each.name == "camera_left")
    times_ns = START_NS + np.array([0, 2_500_000_000, 4_000_000_000], dtype=np.int64)
    error = mounted.sensor.ego_from_sensor.inverse() * mounted.ego_from_sensor(times_ns)
    angles_deg = np.rad2deg(np.linalg.norm(error.log()[:, 3:], axis=1))
    full = np.linalg.norm([0.5, 1.1, 0.2])
    np.testing.assert_allclose(angles_deg, [0.0, 0.5 * full, full], atol=1e-9)
