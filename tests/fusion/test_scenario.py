"""The synthetic street: its labels are exact, its clocks are real, and it is the same in every run."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from calibration import BoxwrightError, RigidTransform, UsageError
from fusion.recording import RecordingSource
from fusion.samples import DepthImage, EncodedImage, Sweep
from fusion.scenario import SCENARIOS, Actor, World, street_truth
from fusion.scenario.camera_simulator import CameraSimulator
from fusion.scenario.lidar_simulator import LidarSimulator, SimulatedSweep
from fusion.scenario.meshes import Mesh
from fusion.scenario.ray_caster import missing_part, open3d
from fusion.scenario.sensors import (
    CAMERA_FRONT,
    CAMERA_FRONT_LEFT,
    DEPTH_FRONT,
    LIDAR,
    PERIOD_NS,
    SPINNING_LIDAR,
    sample_times_ns,
    street_rig,
)
from fusion.scenario.street import FRAMES
from fusion.scenario.trajectory import START_NS

MID_FRAME = 5


@pytest.fixture(scope="module")
def world() -> World:
    return street_truth(0)


@pytest.fixture(scope="module")
def source() -> RecordingSource:
    return SCENARIOS["street"](0)


@pytest.fixture(scope="module")
def clean_sweep(world: World) -> SimulatedSweep:
    simulator = LidarSimulator(world, SPINNING_LIDAR, street_rig()[LIDAR].ego_from_sensor)
    return simulator.sweep(_end_ns(MID_FRAME), np.random.default_rng(0), None)


def _end_ns(frame: int) -> int:
    return int(sample_times_ns(LIDAR, FRAMES)[frame])


def _load(source: RecordingSource, sensor: str, index: int) -> Sweep | EncodedImage | DepthImage | None:
    return next(stream for stream in source.streams if stream.sensor == sensor).load(index)


def _distances_to_mesh_m(mesh: Mesh, points_in_mesh: np.ndarray) -> np.ndarray:
    scene = open3d().t.geometry.RaycastingScene()
    tensor = open3d().core.Tensor
    scene.add_triangles(tensor(mesh.vertices_m.astype(np.float32)), tensor(mesh.triangles.astype(np.uint32)))
    return scene.compute_distance(tensor(points_in_mesh.astype(np.float32))).numpy()


def _in_object(world: World, actor: Actor, points_in_sensor: np.ndarray, times_ns: np.ndarray) -> np.ndarray:
    """Each point by the ego's and the actor's pose at its own time."""
    world_from_sensor = world.world_from_ego(times_ns) * street_rig()[LIDAR].ego_from_sensor
    object_from_sensor = actor.trajectory.at(times_ns).inverse() * world_from_sensor
    return object_from_sensor.rotate(points_in_sensor) + object_from_sensor.translation


def _points_on(clean_sweep: SimulatedSweep, world: World, name: str) -> tuple[np.ndarray, np.ndarray]:
    on_actor = clean_sweep.actors == [actor.name for actor in world.actors].index(name)
    sweep = clean_sweep.sweep
    times_ns = _end_ns(MID_FRAME) + sweep.time_offset_ns[on_actor].astype(np.int64)
    return sweep.points_m[on_actor].astype(np.float64), times_ns


def test_importing_the_registry_needs_no_ray_caster() -> None:
    program = "import sys, fusion.scenario; sys.exit('open3d' in sys.modules or 'cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (
            ModuleNotFoundError("No module named 'open3d'"),
            UsageError,
            "synthetic worlds need open3d, which is not installed; pip install 'boxwright[simulation]'",
        ),
        (
            OSError("libX11.so.6: cannot open shared object file: No such file or directory"),
            BoxwrightError,
            "open3d needs the system library libX11.so.6, which is missing; apt-get install libx11-6",
        ),
        (
            ImportError("libGL.so.1: cannot open shared object file: No such file or directory"),
            BoxwrightError,
            "open3d needs the system library libGL.so.1, which is missing; apt-get install libgl1",
        ),
    ],
)
def test_a_missing_part_is_named_with_its_remedy(
    error: ImportError | OSError, kind: type[BoxwrightError], message: str
) -> None:
    told = missing_part("open3d", error)
    assert type(told) is kind
    assert str(told) == message


def test_every_mesh_fills_its_cuboid_exactly(world: World) -> None:
    for actor in world.actors:
        half = 0.5 * np.array(actor.size_m)
        np.testing.assert_allclose(actor.mesh.vertices_m.max(axis=0), half, atol=1e-9, err_msg=actor.name)
        np.testing.assert_allclose(actor.mesh.vertices_m.min(axis=0), -half, atol=1e-9, err_msg=actor.name)


def test_no_two_actors_ever_overlap(world: World) -> None:
    shapely = pytest.importorskip("shapely")
    corners = np.array([[1, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]]) * 0.5
    for second in np.arange(0.0, 3.1, 0.2):
        time_ns = START_NS + round(second * 1e9)
        footprints = [
            shapely.Polygon(actor.trajectory.at(time_ns).apply(corners * actor.size_m)[:, :2]) for actor in world.actors
        ]
        tree = shapely.STRtree(footprints)
        pairs = tree.query(footprints, predicate="intersects")
        assert pairs.shape[1] == len(footprints), second


def test_trajectories_are_smooth_and_head_where_they_go(world: World) -> None:
    times_ns = START_NS + np.arange(0, 3_100_000_000, 1_000_000, dtype=np.int64)
    for actor in world.actors:
        if actor.trajectory.stands_still:
            continue
        poses = actor.trajectory.at(times_ns)
        velocity = np.diff(poses.translation, axis=0) * 1e3
        assert np.abs(np.diff(velocity, axis=0)).max() < 0.02, actor.name
        course = np.arctan2(velocity[:, 1], velocity[:, 0])
        assert np.abs(np.angle(np.exp(1j * (course - poses.yaw_rad[:-1])))).max() < 0.003, actor.name


@pytest.mark.parametrize("sensor", [LIDAR, CAMERA_FRONT_LEFT, DEPTH_FRONT])
def test_the_same_seed_gives_the_same_bytes(source: RecordingSource, sensor: str) -> None:
    again = SCENARIOS["street"](0)
    first, second = (_load(each, sensor, 3) for each in (source, again))
    if isinstance(first, Sweep) and isinstance(second, Sweep):
        assert first.points_m.tobytes() == second.points_m.tobytes()
        assert first.intensity.tobytes() == second.intensity.tobytes()
        assert first.time_offset_ns.tobytes() == second.time_offset_ns.tobytes()
    elif isinstance(first, DepthImage) and isinstance(second, DepthImage):
        assert first.values.tobytes() == second.values.tobytes()
    else:
        assert isinstance(first, EncodedImage)
        assert first.data == second.data


def test_another_seed_gives_another_street() -> None:
    sizes = [[actor.size_m for actor in street_truth(seed).actors] for seed in (0, 1)]
    assert sizes[0] != sizes[1]


@pytest.mark.parametrize("name", ["car_oncoming", "car_ahead", "truck", "cyclist", "pedestrian_away"])
def test_a_deskewed_moving_actor_lies_on_its_mesh(clean_sweep: SimulatedSweep, world: World, name: str) -> None:
    actor = world.actor(name)
    points, times_ns = _points_on(clean_sweep, world, name)
    points_in_object = _in_object(world, actor, points, times_ns)
    assert len(points) >= 5
    assert _distances_to_mesh_m(actor.mesh, points_in_object).max() < 0.02
    assert np.all(np.abs(points_in_object) <= 0.5 * np.array(actor.size_m) + 0.01)


def test_motion_distortion_is_real(clean_sweep: SimulatedSweep, world: World) -> None:
    """Taken at one time for the whole sweep, an oncoming car lies off its mesh by what it and the ego moved since."""
    actor = world.actor("car_oncoming")
    points, times_ns = _points_on(clean_sweep, world, actor.name)
    at_once = _in_object(world, actor, points, np.full_like(times_ns, _end_ns(MID_FRAME)))
    moved_m = 16.0 * (_end_ns(MID_FRAME) - times_ns.mean()) * 1e-9
    shift = (at_once - _in_object(world, actor, points, times_ns)).mean(axis=0)
    assert moved_m > 0.4
    assert abs(shift[0]) == pytest.approx(moved_m, rel=0.1)


def test_the_ground_of_a_deskewed_sweep_is_flat(clean_sweep: SimulatedSweep, world: World) -> None:
    sweep = clean_sweep.sweep
    times_ns = _end_ns(MID_FRAME) + sweep.time_offset_ns.astype(np.int64)
    world_from_sensor = world.world_from_ego(times_ns) * street_rig()[LIDAR].ego_from_sensor
    points = world_from_sensor.rotate(sweep.points_m) + world_from_sensor.translation
    road = (np.abs(points[:, 1]) < 5.5) & (points[:, 2] < 0.1) & (clean_sweep.actors < 0)
    assert road.sum() > 500
    assert np.abs(points[road, 2]).max() < 0.01


def test_times_of_points_are_before_the_end_of_the_sweep(source: RecordingSource) -> None:
    sweep = _load(source, LIDAR, 0)
    assert isinstance(sweep, Sweep)
    assert -PERIOD_NS < sweep.time_offset_ns.min() < sweep.time_offset_ns.max() < 0
    azimuth = np.arctan2(sweep.points_m[:, 1], sweep.points_m[:, 0])
    expected = SPINNING_LIDAR.azimuth_rad(sweep.time_offset_ns.astype(np.float64))
    assert np.median(np.abs(azimuth - expected)) < 1e-3


def test_ego_motion_covers_every_sample(source: RecordingSource, world: World) -> None:
    span = source.ego_motion.timeline.times_ns[[0, -1]]
    for stream in source.streams:
        assert span[0] <= stream.timeline.times_ns[0] - PERIOD_NS
        assert stream.timeline.times_ns[-1] <= span[1]
    times_ns = np.arange(span[0], span[1], 3_333_333, dtype=np.int64)
    assert source.ego_motion.at(times_ns).almost_equal(world.world_from_ego(times_ns), atol_m=1e-4, atol_rad=1e-4)


def test_labels_hold_at_the_moment_the_lidar_looked(source: RecordingSource, world: World) -> None:
    cuboids = source.cuboids
    assert cuboids is not None
    assert set(cuboids.classes) == {"car", "truck", "pedestrian", "cyclist"}
    ego_from_sensor = source.rig[LIDAR].ego_from_sensor
    sensor_from_object = (
        world.world_from_ego(cuboids.times_ns) * ego_from_sensor
    ).inverse() * cuboids.world_from_object
    azimuth = np.arctan2(sensor_from_object.translation[:, 1], sensor_from_object.translation[:, 0])
    offsets_ns = cuboids.times_ns - sample_times_ns(LIDAR, FRAMES)[cuboids.frames]
    assert np.all((offsets_ns >= -PERIOD_NS) & (offsets_ns <= 0))
    looked = SPINNING_LIDAR.azimuth_rad(offsets_ns.astype(np.float64))
    assert np.abs(np.angle(np.exp(1j * (azimuth - looked)))).max() < 1e-3
    names = {actor.track_id: actor.name for actor in world.actors}
    for row in range(0, len(cuboids), 17):
        true = world.world_from_object(names[cuboids.track_ids[row]], cuboids.times_ns[row])
        assert cuboids.world_from_object[row].almost_equal(true)


def test_both_pedestrians_vanish_behind_the_truck_and_come_back(source: RecordingSource, world: World) -> None:
    cuboids = source.cuboids
    assert cuboids is not None
    hidden = []
    for name in ("pedestrian_away", "pedestrian_towards"):
        rows = [row for row, track in enumerate(cuboids.track_ids) if track == world.actor(name).track_id]
        seen = np.array([cuboids.attributes[row]["visibility"] == "observed" for row in rows])
        assert seen[:5].all()
        assert seen[-3:].all()
        hidden.append(~seen)
    both = np.flatnonzero(hidden[0] & hidden[1])
    assert len(both) >= 8
    first, last = (_end_ns(int(frame)) for frame in both[[0, -1]])
    ahead_m = [
        world.world_from_object("pedestrian_away", time_ns).translation[0]
        - world.world_from_object("pedestrian_towards", time_ns).translation[0]
        for time_ns in (first, last)
    ]
    assert ahead_m[0] < 0.0 < ahead_m[1]


def _box(pixels: np.ndarray) -> np.ndarray:
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])


def _box_iou(a: np.ndarray, b: np.ndarray) -> float:
    overlap = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0.0))
    return float(overlap / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - overlap))


def _projected_box(world: World, camera: str, actor: Actor, time_ns: int, pose: RigidTransform) -> np.ndarray:
    sensor = street_rig()[camera]
    camera_from_object = (world.world_from_ego(time_ns) * sensor.ego_from_sensor).inverse() * pose
    pixels, valid = sensor.model.project(camera_from_object.apply(actor.mesh.vertices_m))
    assert valid.all()
    return _box(pixels)


def _mask_box(mask: np.ndarray) -> np.ndarray:
    """From the outer edges of the first to those of the last pixel; a pixel reaches half a pixel from its centre."""
    rows, columns = np.nonzero(mask)
    box = _box(np.stack([columns, rows], axis=1).astype(np.float64))
    return box + np.array([-0.5, -0.5, 0.5, 0.5])


@pytest.mark.parametrize(
    ("camera", "frame", "name"),
    [
        (CAMERA_FRONT, 6, "car_oncoming"),
        (CAMERA_FRONT, 14, "truck"),
        (CAMERA_FRONT_LEFT, 5, "car_oncoming"),
        (CAMERA_FRONT_LEFT, 2, "parked_left_3"),
    ],
)
def test_truth_sits_on_the_photo_at_the_cameras_own_time(world: World, camera: str, frame: int, name: str) -> None:
    time_ns = int(sample_times_ns(camera, FRAMES)[frame])
    simulator = CameraSimulator(world, street_rig()[camera])
    actor, index = world.actor(name), [actor.name for actor in world.actors].index(name)
    alone = simulator.instances(time_ns, only=name) == index
    seen = simulator.instances(time_ns) == index
    assert seen.sum() > 0.9 * alone.sum() > 300
    box = _projected_box(world, camera, actor, time_ns, actor.trajectory.at(time_ns))
    assert _box_iou(box, _mask_box(alone)) >= 0.95


def test_a_box_at_another_time_slips_off_the_photo(world: World) -> None:
    time_ns = int(sample_times_ns(CAMERA_FRONT_LEFT, FRAMES)[5])
    actor = world.actor("car_oncoming")
    alone = CameraSimulator(world, street_rig()[CAMERA_FRONT_LEFT]).instances(time_ns, only=actor.name) >= 0
    slipped = _projected_box(world, CAMERA_FRONT_LEFT, actor, time_ns, actor.trajectory.at(_end_ns(5)))
    assert _box_iou(slipped, _mask_box(alone)) < 0.9


def test_depth_agrees_with_the_rays_and_is_short_sighted(source: RecordingSource, world: World) -> None:
    depth = _load(source, DEPTH_FRONT, 12)
    assert isinstance(depth, DepthImage)
    time_ns = int(sample_times_ns(DEPTH_FRONT, FRAMES)[12])
    exact = CameraSimulator(world, street_rig()[DEPTH_FRONT]).depth_m(time_ns)
    seen = depth.values > 0
    error = np.abs(depth.depth_m - exact)[seen]
    near, far = exact[seen] < 4.0, exact[seen] > 8.0
    assert seen.mean() > 0.3
    assert np.all(exact[seen] < 12.0)
    assert np.median(error[near]) < 0.05 < np.median(error[far]) < 0.5


def test_photos_are_jpegs_of_the_cameras_size(source: RecordingSource) -> None:
    cv2 = pytest.importorskip("cv2")
    photo = _load(source, CAMERA_FRONT, 0)
    assert isinstance(photo, EncodedImage)
    pixels = cv2.imdecode(np.frombuffer(photo.data, dtype=np.uint8), cv2.IMREAD_COLOR)
    model = source.rig[CAMERA_FRONT].model
    assert pixels.shape == (model.height_px, model.width_px, 3)
    assert pixels.std() > 30.0
