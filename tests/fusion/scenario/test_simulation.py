"""Whole scenes, simulated: what the recording says, what the truth says, and that both are one world."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.capabilities import Judged, keyframe_error_m, outline_iou, points_in_cuboids
from benchmarks.simulator_worlds import box_iou
from calibration import RigidTransform
from calibration.errors import RecordingError, UsageError
from fusion.cuboid_table import CuboidTable
from fusion.scenario import Scene, scene_of
from fusion.scenario.language.actors import ActorSpec, PathSpec
from fusion.scenario.language.loading import shipped_rig
from fusion.scenario.language.scene import SensorChange
from fusion.scenario.language.sensors import Clock
from fusion.scenario.simulation import Simulation, camera_simulator, lidar_simulator
from fusion.scenario.truth.labels import label_table, viewing_times_ns
from fusion.scenario.truth.reader import Truth
from fusion.scenario.world import START_NS, Actor
from labeling.photo_view import PhotoView
from labeling.project import Project
from labeling.synthetic import simulate_into
from tests.conftest import ROOT

FRAMES = 4


def short(name: str, frames: int = FRAMES) -> Scene:
    return replace(scene_of(name), frames=frames)


@pytest.fixture(scope="module")
def street() -> Simulation:
    return Simulation(scene_of("street"), 0)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Three short recordings with their truth."""
    project = Project.create(tmp_path_factory.mktemp("synthetic"))
    for name in ("street", "robot_arm_cell"):
        simulate_into(project, short(name), 0)
    silent = tuple(spec for spec in shipped_rig("roof") if spec.name in {"lidar_top", "camera_front", "camera_left"})
    simulate_into(project, replace(short("camera_dropout", 18), rig=silent), 0)
    return project


def judged(project: Project, name: str) -> Iterator[Judged]:
    labels = project.labels()
    tracks = labels.tracks(name)
    labels.close()
    with project.recording(name) as recording, Truth.open(project.truth_path(name)) as truth:
        yield Judged(recording, tracks, truth)


def test_the_product_shows_the_truth(project: Project) -> None:
    for each in judged(project, "street"):
        labels = each.labels()
        inside, outlines, keyframes = (
            judge(each, labels) for judge in (points_in_cuboids, outline_iou, keyframe_error_m)
        )
        assert inside is not None
        assert inside > 0.995
        assert outlines is not None
        assert outlines > 0.999
        assert keyframes is None  # a few frames hold no second


def test_the_truth_file_is_the_world(project: Project) -> None:
    street = Simulation(short("street"), 0)
    with Truth.open(project.truth_path("street")) as truth:
        assert [actor.name for actor in truth.actors] == [actor.name for actor in street.world.actors]
        assert truth.scene == short("street")
        times_ns = START_NS + np.arange(0, 400_000_000, 3_333_333, dtype=np.int64)
        for told, actor in zip(truth.actors, street.world.actors, strict=True):
            assert told.motion.at(times_ns).almost_equal(actor.trajectory.at(times_ns), atol_m=2e-4, atol_rad=2e-4)
        assert truth.ego_motion.at(times_ns).almost_equal(
            street.world.world_from_ego(times_ns), atol_m=1e-4, atol_rad=1e-4
        )


def test_every_point_has_its_actor(project: Project) -> None:
    with project.recording("street") as recording, Truth.open(project.truth_path("street")) as truth:
        for sample in range(FRAMES):
            instances = truth.instances("lidar_top", truth.firing_of("lidar_top", sample))
            assert len(instances) == len(recording.sweep("lidar_top", sample))
            assert instances.max() < len(truth.actors)
            on_actors = np.bincount(instances[instances >= 0], minlength=len(truth.actors))
            # What is seen is counted before noise and losses.
            visible = truth.sensors["lidar_top"].visible[sample]
            assert np.corrcoef(on_actors, visible)[0, 1] > 0.95
            assert np.all(visible <= truth.sensors["lidar_top"].whole[sample])


def test_lost_photos_are_lost_and_the_rest_keeps_its_place(project: Project) -> None:
    with project.recording("camera_dropout") as recording, Truth.open(project.truth_path("camera_dropout")) as truth:
        front = truth.sensors["camera_front"]
        assert front.delivered[:14].all()
        assert not front.delivered[15:].any()
        assert recording.count("camera_front") == front.delivered.sum()
        assert recording.sample_of("camera_front", 17) is None
        assert recording.sample_of("camera_left", 0) is None or truth.sensors["camera_left"].delivered[0]
        lost = np.flatnonzero(~truth.sensors["camera_left"].delivered)
        assert 2 < len(lost) < 12
        for sample, time_ns in enumerate(recording.times_ns("camera_left")):
            assert truth.sensors["camera_left"].recorded_ns[truth.firing_of("camera_left", sample)] == time_ns


def test_a_rig_without_a_lidar_has_frames_and_labels(project: Project) -> None:
    for each in judged(project, "robot_arm_cell"):
        assert each.recording.lidars() == ()
        assert each.recording.reference == "depth_stand"
        assert len(each.recording.frames) == FRAMES
        assert {track.class_name for track in each.tracks.values()} >= {"robot_arm"}
        score = outline_iou(each, each.labels())
        assert score is not None
        assert score > 0.99


def test_there_is_no_truth_of_what_was_recorded(project: Project, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="there is no truth of that recording"):
        Truth.open(project.truth_path("drive"))
    with pytest.raises(RecordingError, match="not the truth of a scenario"):
        Truth.open(project.recording_path("street"))
    (tmp_path / "broken.h5").write_bytes(b"no hdf5")
    with pytest.raises(RecordingError, match="not a readable truth file"):
        Truth.open(tmp_path / "broken.h5")


def test_somebody_else_may_do_the_labelling(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "p")
    imported = simulate_into(project, short("robot_arm_cell", 1), 0, "exam", labelled=False)
    assert imported.tracks == 0
    with Truth.open(project.truth_path("exam")) as truth:
        assert len(truth.actors) == 3
    with pytest.raises(UsageError, match="there is a recording 'exam' already"):
        simulate_into(project, short("robot_arm_cell", 1), 0, "exam")


def test_what_cannot_be_built_leaves_nothing_behind(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "p")
    ghost = replace(short("street"), actors=(ActorSpec("ghost", "ghost", PathSpec(from_m=(0.0, 0.0))),))
    with pytest.raises(Exception, match="no body 'ghost'"):
        simulate_into(project, ghost, 0)
    assert list(tmp_path.rglob("*.h5*")) == []


RUN = """
import sys
from dataclasses import replace
from pathlib import Path
from fusion.scenario import scene_of
from labeling.project import Project
from labeling.synthetic import simulate_into
project = Project.create(Path(sys.argv[1]))
simulate_into(project, replace(scene_of("indoor_amr_glass"), frames=2), int(sys.argv[2]))
simulate_into(project, replace(scene_of("rain_petals"), frames=2), int(sys.argv[2]))
"""


def _digests(folder: Path, seed: int, cores: set[int]) -> dict[str, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start = getattr(os, "sched_setaffinity", None)
    subprocess.run(
        [sys.executable, "-c", RUN, str(folder), str(seed)],
        check=True,
        env=environment,
        preexec_fn=(lambda: start(0, cores)) if start else None,
    )
    files = sorted([*folder.glob("recordings/*.h5"), *folder.glob("truth/*.h5")])
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes_on_one_core_or_two(tmp_path: Path) -> None:
    cores = os.sched_getaffinity(0)
    first = _digests(tmp_path / "a", 0, cores)
    assert len(first) == 4
    assert _digests(tmp_path / "b", 0, {min(cores)}) == first
    other = _digests(tmp_path / "c", 1, cores)
    assert all(other[name] != digest for name, digest in first.items())


def _labels(simulation: Simulation) -> CuboidTable:
    """As if everything were seen all the time."""
    shape = (simulation.scene.frames, len(simulation.world.actors))
    return label_table(simulation, {simulation.reference.name: np.ones(shape, dtype=np.int32)})


def test_labels_hold_at_the_moment_the_lidar_looked(street: Simulation) -> None:
    cuboids = _labels(street)
    assert set(cuboids.classes) == {"car", "truck", "pedestrian", "cyclist"}
    assert cuboids.times_ns is not None
    world_from_lidar = street.reference.world_from_sensor(street.world.ego, cuboids.times_ns)
    centre = (world_from_lidar.inverse() * cuboids.world_from_object).translation
    end_ns = street.firings["lidar_top"].true_ns[cuboids.frames]
    looked_rad = -np.pi - 2.0 * np.pi * (cuboids.times_ns - end_ns) / 1e8  # clockwise, from the back
    apart = np.angle(np.exp(1j * (np.arctan2(centre[:, 1], centre[:, 0]) - looked_rad)))
    assert np.abs(apart).max() < 2.0 * np.pi / 600
    names = {actor.track_id: actor.name for actor in street.world.actors}
    for row in range(0, len(cuboids), 17):
        true = street.world.world_from_object(names[cuboids.track_ids[row]], cuboids.times_ns[row])
        assert cuboids.world_from_object[row].almost_equal(true)


def test_labels_are_in_the_clock_that_the_recording_claims() -> None:
    late = SensorChange(clock=Clock(offset_ms=40.0))
    scene = replace(short("street"), sensors={"lidar_top": late})
    honest, claimed = _labels(Simulation(short("street"), 0)), _labels(Simulation(scene, 0))
    assert honest.times_ns is not None
    assert claimed.times_ns is not None
    assert np.array_equal(claimed.times_ns, honest.times_ns + 40_000_000)
    assert claimed.world_from_object.almost_equal(honest.world_from_object)


def test_two_people_vanish_behind_the_truck_and_come_back_swapped() -> None:
    simulation = Simulation(scene_of("crossing_behind_truck"), 0)
    simulator = lidar_simulator(simulation, simulation.reference)
    names = [actor.name for actor in simulation.world.actors]
    seen = {name: [] for name in ("person_left", "person_right")}
    times_ns = simulation.firings["lidar_top"].true_ns[::3]
    for index, time_ns in enumerate(times_ns):
        visibility = simulator.sweep(index, int(time_ns), None).visibility
        for name, found in seen.items():
            found.append(bool(visibility.visible[names.index(name)]))
    left, right = (np.array(found) for found in seen.values())
    hidden = np.flatnonzero(~left & ~right)
    assert len(hidden) >= 3
    before, after = times_ns[hidden[0]] - 500_000_000, times_ns[hidden[-1]] + 500_000_000
    ahead = [
        simulation.world.world_from_object("person_left", t).translation[0]
        - simulation.world.world_from_object("person_right", t).translation[0]
        for t in (before, after)
    ]
    assert ahead[0] < 0.0 < ahead[1]
    assert left[:2].any()
    assert left[-2:].any()


def test_poses_walk_away_in_the_tunnel_and_come_back(tmp_path: Path) -> None:
    simulation = Simulation(scene_of("tunnel_without_gps"), 0)
    from fusion.scenario.truth.writer import TruthWriter

    with TruthWriter(tmp_path / "t.h5") as truth:
        ego_motion = simulation.source(truth).ego_motion
    seconds = np.array([1.0, 5.0, 7.49, 8.5])
    times_ns = START_NS + (seconds * 1e9).astype(np.int64)
    off_m = np.linalg.norm(
        (ego_motion.at(times_ns).translation - simulation.world.world_from_ego(times_ns).translation), axis=1
    )
    np.testing.assert_allclose(off_m, [0.0, 0.3, 0.6, 0.0], atol=0.01)


def _on(simulation: Simulation, name: str) -> tuple[Actor, np.ndarray, np.ndarray]:
    """Noise-free points (N, 3) of the third sweep on an actor, in the sensor, and their true times."""
    end_ns = int(simulation.firings["lidar_top"].true_ns[3])
    simulated = lidar_simulator(simulation, simulation.reference).sweep(3, end_ns, None)
    actor = simulation.world.actor(name)
    mine = simulated.actors == simulation.world.actors.index(actor)
    return (
        actor,
        simulated.sweep.points_m[mine].astype(np.float64),
        end_ns + simulated.sweep.time_offset_ns[mine].astype(np.int64),
    )


def _in_object(simulation: Simulation, actor: Actor, points: np.ndarray, times_ns: np.ndarray) -> np.ndarray:
    world_from_sensor = simulation.reference.world_from_sensor(simulation.world.ego, times_ns)
    object_from_sensor: RigidTransform = actor.trajectory.at(times_ns).inverse() * world_from_sensor
    return object_from_sensor.rotate(points) + object_from_sensor.translation


@pytest.mark.parametrize(("scenario", "name"), [("parallel_overtaking", "middle"), ("cut_in", "cutter")])
def test_motion_distortion_is_undone_by_the_true_trajectory_alone(scenario: str, name: str) -> None:
    from tests.fusion.scenario.sensing_worlds import distances_to_mesh_m

    simulation = Simulation(scene_of(scenario), 0)
    actor, points, times_ns = _on(simulation, name)
    assert len(points) > 50
    assert simulation.world.actor(name).trajectory.speed_mps.at(np.array(0.3)) >= 20.0  # type: ignore[attr-defined]
    undone = _in_object(simulation, actor, points, times_ns)
    assert distances_to_mesh_m(actor.parts[0].mesh, undone).max() < 0.01
    at_once = _in_object(simulation, actor, points, np.full_like(times_ns, times_ns.min() - 50_000_000))
    assert np.abs(at_once - undone)[:, 0].min() > 0.2


@pytest.mark.parametrize(
    ("scenario", "camera", "firing"),
    [
        ("street", "camera_front", 6),
        ("street", "camera_front_left", 5),
        ("cut_in", "camera_front", 38),
        ("semitrailer_junction", "camera_front", 20),
    ],
)
def test_the_true_mesh_hugs_what_was_rendered(scenario: str, camera: str, firing: int) -> None:
    """In global and rolling shutters: the product's projection of every vertex against the silhouette's box."""
    simulation = Simulation(scene_of(scenario), 0)
    mounted = next(each for each in simulation.sensors if each.name == camera)
    time_ns = int(simulation.firings[camera].true_ns[firing])
    photo = camera_simulator(simulation, mounted).shot(time_ns, None)
    half_ns = mounted.sensor.readout_ns // 2
    times_ns = time_ns + (np.array([-half_ns, 0, half_ns]) if half_ns else np.zeros(1, np.int64))
    view = PhotoView(
        mounted.sensor.model, times_ns, mounted.world_from_sensor(simulation.world.ego, times_ns).inverse()
    )
    width, height = mounted.sensor.model.width_px, mounted.sensor.model.height_px
    found = []
    for index, actor in enumerate(simulation.world.actors):
        assert photo.visibility.whole_boxes_px is not None
        box = photo.visibility.whole_boxes_px[index]
        rigid = all(part.object_from_part is None for part in actor.parts)
        inside = np.all(box[:2] > 0) and box[2] < width - 1 and box[3] < height - 1
        if rigid and inside and photo.visibility.whole[index] > 900:
            vertices = np.concatenate([part.mesh.vertices_m for part in actor.parts])
            pixels, valid = view.pixels(actor.trajectory.at(times_ns).apply(vertices))
            assert valid.all()
            found.append(box_iou(np.concatenate([pixels.min(axis=0), pixels.max(axis=0)]), box))
    assert found
    assert min(found) >= 0.95


def test_times_of_labels_need_no_lidar() -> None:
    simulation = Simulation(scene_of("robot_arm_cell"), 0)
    times_ns = viewing_times_ns(simulation, simulation.world.actors[0])
    assert np.array_equal(times_ns, simulation.firings["depth_stand"].true_ns)
