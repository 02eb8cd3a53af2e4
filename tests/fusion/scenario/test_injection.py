"""Injected actors: on the rays and pixels on which the same scene simulated with them has them, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.injection import measure_injection
from calibration import Pinhole, RigidTransform
from calibration.errors import FormatError, InputError
from fusion import EgoMotion, EncodedImage, PointFrame, Sweep
from fusion.recording import Recording, RecordingSource, write_recording
from fusion.scenario.injection.ground import MeasuredGround
from fusion.scenario.injection.injector import Injector
from fusion.scenario.injection.missing_rays import MissingRays, Repetition, ScanPattern
from fusion.scenario.injection.photo_crop import crop_around
from fusion.scenario.injection.real_objects import RealObject, brought_to
from fusion.scenario.injection.sensor_motion import MeasuredSweep
from fusion.scenario.injection.spec import InjectionSpec, parse_injection
from fusion.scenario.injection.spin import SpinAxis
from fusion.scenario.sensing.pixel_rays import PixelRays
from labeling.injecting import real_objects
from labeling.project import Project
from tests.conftest import PERIOD_NS, ROOT, START_NS, tiny_source

CAR = {"name": "guest", "kind": "car", "path": {"from_m": [14.0, 2.5], "heading_deg": 90.0}, "speed_mps": 0.0}


def spec_of(**changes: object) -> InjectionSpec:
    return parse_injection({"actors": [CAR]} | changes, "guest.yaml")


def test_injected_is_simulated() -> None:
    figures = measure_injection(3, frames=2)
    assert figures["injection_agreement"] >= 0.99
    assert figures["injection_agreement_of_returns"] >= 0.99
    assert figures["injection_agreement_on_measured_ground"] >= 0.97
    assert figures["injection_rays_without_return"] > 300
    assert figures["injection_range_difference_m"] < 0.02
    assert figures["injection_mask_iou"] > 0.9


# --- rays that came back with nothing ---------------------------------------------------------------------------------


def rings(elevations_deg: np.ndarray, columns: int, tilt_rad: float = 0.0) -> np.ndarray:
    azimuths, elevations = np.meshgrid(
        2.0 * np.pi * (np.arange(columns) + 0.5) / columns, np.deg2rad(elevations_deg), indexing="ij"
    )
    planar = np.cos(elevations)
    level = np.stack([planar * np.cos(azimuths), planar * np.sin(azimuths), np.sin(elevations)], axis=-1).reshape(-1, 3)
    c, s = np.cos(tilt_rad), np.sin(tilt_rad)
    return level @ np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])


def pattern(directions: np.ndarray) -> ScanPattern:
    return ScanPattern(directions, np.full(len(directions), 30.0), np.arange(len(directions), dtype=np.int64))


def test_holes_are_found_from_other_sweeps_and_only_they() -> None:
    every = rings(np.arange(-10.0, 6.0, 1.0), 400)
    rng = np.random.default_rng(0)
    axis = np.array([1.0, 0.0, 0.0])
    for lost in (rng.random(len(every)) < 0.1, every @ axis > 0.99):
        own, other = every[~lost], every[rng.random(len(every)) > 0.1]
        rays = MissingRays([pattern(own), pattern(other), pattern(every)].__getitem__, 3)
        found = rays.towards(0, axis, 0.4)
        wanted = every[lost & (every @ axis > np.cos(0.4))]
        assert len(found) == len(wanted)
        assert np.abs(np.sort(found, axis=0) - np.sort(wanted, axis=0)).max() < 1e-9


def test_the_sky_is_found_from_the_rest_of_the_turn() -> None:
    """A tilted spinning LiDAR that stands still never has an echo there, in any sweep."""
    every = rings(np.arange(-10.0, 6.0, 1.0), 400, tilt_rad=0.02)
    axis = np.array([0.6, 0.8, 0.0])
    hole = every @ axis > np.cos(0.15)
    rays = MissingRays([pattern(every[~hole]), pattern(every[~hole])].__getitem__, 2)
    found = rays.towards(0, axis, 0.2)
    assert abs(len(found) - hole.sum()) <= 0.03 * hole.sum()
    distances = np.linalg.norm(found[:, None] - every[None, hole], axis=2).min(axis=1)
    assert np.percentile(distances, 95) < 0.3 * np.deg2rad(0.9)


def test_the_axis_of_a_tilted_spin_is_found() -> None:
    axis = SpinAxis.of(rings(np.arange(-10.0, 6.0, 0.7), 500, tilt_rad=0.021)).spin_from_sensor[2]
    assert abs(abs(axis[0]) - np.sin(0.021)) < 1e-3
    assert abs(axis[1]) < 1e-3


def test_a_scan_that_never_repeats_loses_no_single_pulses() -> None:
    rng = np.random.default_rng(0)
    near = rng.uniform(-0.3, 0.3, (2, 40_000, 2))
    two = [np.concatenate([np.ones((40_000, 1)), each], axis=1) for each in near]
    patterns = [pattern(each / np.linalg.norm(each, axis=1, keepdims=True)) for each in two]
    repetition = Repetition.of(*patterns)
    assert repetition.dropout == 0.0
    found = MissingRays(patterns.__getitem__, 2).towards(0, np.array([1.0, 0.0, 0.0]), 0.1)
    assert len(found) < 0.12 * (np.linalg.norm(near[0], axis=1) < 0.1).sum()


# --- frames of points -------------------------------------------------------------------------------------------------


def ground_source(point_frame: PointFrame, tmp: Path) -> Recording:
    """A drive over a plane in which the same rays are stored in one frame or another."""
    source: RecordingSource = tiny_source()
    ego: EgoMotion = source.ego_motion
    lidar = source.rig["lidar"]
    directions = rings(np.linspace(-20.0, -2.0, 40), 360)
    offsets = np.repeat(np.linspace(-9e7, 0, 360), 40).astype(np.int32)
    points = directions * (-1.8 / directions[:, 2:])

    def sweep(index: int) -> Sweep:
        time_ns = START_NS + PERIOD_NS * index
        stored = points
        if point_frame is not PointFrame.SENSOR:
            poses = ego.at(time_ns + offsets.astype(np.int64)) * lidar.ego_from_sensor
            stored = poses.rotate(points) + poses.translation
        if point_frame is PointFrame.EGO:
            stored = ego.at(np.asarray(time_ns)).inverse().apply(stored)
        return Sweep(stored.astype(np.float32), np.full(len(points), 20, np.uint8), offsets)

    stream = replace(source.streams[0], load=sweep, point_frame=point_frame)
    path = tmp / f"{point_frame}.h5"
    write_recording(replace(source, streams=(stream, source.streams[1])), path)
    return Recording.open(path)


def test_the_frame_of_the_points_does_not_matter(tmp_path: Path) -> None:
    seen = []
    for point_frame in PointFrame:
        with ground_source(point_frame, tmp_path) as recording:
            injector = Injector(recording, spec_of())
            injected = injector.sweeps("lidar").inject(3, np.random.default_rng(0))
            again = replace(MeasuredSweep.of(recording, "lidar", 3), sweep=injected.sweep)
            actor = injector.actors[0]
            on = injected.actors == 0
            local = actor.trajectory.at(again.times_ns[on]).inverse()
            inside = np.abs(local.rotate(again.points_in_world[on]) + local.translation)
            assert np.all(inside <= 0.5 * np.array(actor.size_m) + 0.15)
            recorded = {point.tobytes() for point in recording.sweep("lidar", 3).points_m}
            assert all(point.tobytes() in recorded for point in injected.sweep.points_m[~on])
            seen.append((injected.visibility.visible[0], injected.visibility.whole[0], on.sum()))
    assert seen[0][0] > 200
    assert len({visible for visible, _, _ in seen}) == 1


def test_actors_stand_on_the_measured_ground(tmp_path: Path) -> None:
    with ground_source(PointFrame.SENSOR, tmp_path) as recording:
        actor = Injector(recording, spec_of()).actors[0]
        pose = actor.trajectory.at(recording.frames.times_ns)
        assert np.abs(pose.translation[:, 2] - 0.5 * actor.size_m[2]).max() < 0.03
        assert np.abs(pose.rotate(np.array([0.0, 0.0, 1.0]))[:, :2]).max() < 0.01
        ground = MeasuredGround.of(recording)
        assert ground is not None
        assert np.isnan(ground.heights_at(np.array([[500.0, 0.0]]))).all()


def test_untouched_samples_are_the_same_bytes(tmp_path: Path) -> None:
    behind = CAR | {"path": {"from_m": [-14.0, 0.0]}}
    with ground_source(PointFrame.SENSOR, tmp_path) as recording:
        photo = Injector(recording, spec_of(actors=[behind])).photos("front").inject(0, np.random.default_rng(0))
        assert not photo.changed
        assert photo.image.data == recording.image("front", 0).data
        hidden = spec_of(actors=[CAR | {"height_m": -2.5}])
        sweep = Injector(recording, hidden).sweeps("lidar").inject(2, np.random.default_rng(0))
        assert not sweep.changed
        assert sweep.sweep.points_m.tobytes() == recording.sweep("lidar", 2).points_m.tobytes()
        assert sweep.visibility.visible[0] == 0 < sweep.visibility.whole[0]


# --- photos -----------------------------------------------------------------------------------------------------------


def test_a_crop_sees_what_the_whole_photo_sees() -> None:
    camera = Pinhole(640, 400, 400.0, 410.0, 320.0, 190.0)

    def motion(times_ns: np.ndarray) -> RigidTransform:
        x = (times_ns - START_NS) * 1e-9 * 5.0
        return RigidTransform.from_yaw(0.0 * x, np.stack([x, 0.0 * x, 0.0 * x], axis=1))

    from tests.fusion.scenario.sensing_worlds import Straight, block

    actor = block("block", Straight((1.0, 0.5, 12.0)))
    readout_ns = 30_000_000
    crop = crop_around((actor,), camera, readout_ns, motion, START_NS)
    assert crop is not None
    assert crop.width_px < 400
    whole = PixelRays(camera, readout_ns, motion)
    inner = np.arange(400 * 640).reshape(400, 640)[crop.rows, crop.columns].ravel()
    mine = crop.pixel_rays.rays(crop.pixel_rays.times_ns(crop.time_ns))
    theirs = whole.rays(whole.times_ns(START_NS))
    assert np.abs(mine.directions - theirs.directions[inner]).max() < 1e-12
    assert np.abs(mine.origins_m - theirs.origins_m[inner]).max() < 1e-6


def test_points_on_moving_objects_move_along() -> None:
    def at(times_ns: np.ndarray) -> RigidTransform:
        x = 10.0 * np.asarray(times_ns) * 1e-9
        return RigidTransform.from_yaw(0.0 * x, np.stack([x, 0.0 * x, 0.0 * x], axis=-1))

    thing = RealObject((4.0, 2.0, 1.5), at, 0, 10**9, moves=True)
    points = np.array([[0.5, 0.2, 0.1], [1.5, 0.9, 0.0], [9.0, 0.0, 0.0]])
    times_ns = np.array([50_000_000, 100_000_000, 50_000_000])
    moved = brought_to(points, times_ns, 200_000_000, [thing])
    assert np.allclose(moved - points, [[1.5, 0, 0], [1.0, 0, 0], [0, 0, 0]])
    assert np.array_equal(brought_to(points, times_ns, 2 * 10**9, [thing]), points)


# --- bad input --------------------------------------------------------------------------------------------------------


def test_a_path_where_nothing_was_measured_is_one_line(tmp_path: Path) -> None:
    far = CAR | {"path": {"from_m": [900.0, 0.0]}}
    with ground_source(PointFrame.SENSOR, tmp_path) as recording:
        with pytest.raises(InputError) as told:
            Injector(recording, spec_of(actors=[far]))
        assert str(told.value).startswith(
            "no LiDAR of the recording measured the ground where guest goes; move its path, or set follow_ground: false"
        )
        with pytest.raises(InputError, match="there is no frame 99; the last is 5"):
            Injector(recording, spec_of(relative_to_frame=99))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"actors": []}, "the injection is wrong at actors: Tuple should have at least 1 item"),
        ({"actors": [CAR], "ground": 1}, "the injection is wrong at ground: Unexpected keyword argument"),
        ([], "the injection is wrong at the start: Input should be a dictionary or an instance of InjectionSpec"),
        ({"actors": [CAR | {"kind": 3}]}, "the injection is wrong at actors.0.kind: Input should be a valid string"),
    ],
)
def test_a_wrong_spec_is_one_line(content: object, message: str) -> None:
    with pytest.raises(FormatError) as told:
        parse_injection(content, "guest.yaml")
    assert str(told.value).startswith(message)
    assert str(told.value).endswith("guest.yaml")


# --- real data --------------------------------------------------------------------------------------------------------


def test_a_car_in_pandaset(pandaset_project: Project) -> None:
    """As dense as real ones, behind nearer cars, and drawn where its cuboid is."""
    guest = CAR | {"path": {"from_m": [21.0, 4.6], "heading_deg": 180.0}}
    labels = pandaset_project.labels()
    objects = real_objects(labels.tracks("drive").values())
    labels.close()
    with pandaset_project.recording("drive") as recording:
        injector = Injector(recording, spec_of(actors=[guest], weather={"clouds": 0.9}), 0, objects)
        for lidar, fewest in (("main_pandar64", 400), ("front_gt", 900)):
            injected = injector.sweeps(lidar).inject(14, injector.rng(lidar, 14))
            assert injected.visibility.visible[0] > fewest
            assert (injected.actors == 0).sum() > 0.85 * injected.visibility.visible[0]
            assert injected.sweep.intensity.dtype == recording.sweep(lidar, 14).intensity.dtype
        photo = injector.photos("front_camera").inject(14, injector.rng("front_camera", 14))
        assert photo.changed
        assert isinstance(photo.image, EncodedImage)
        assert photo.visibility.visible[0] > 0.9 * photo.visibility.whole[0] > 10_000
        again = injector.photos("front_camera").inject(14, injector.rng("front_camera", 14))
        assert again.image.data == photo.image.data


def test_a_car_behind_a_wall_is_nowhere(pandaset_project: Project) -> None:
    guest = CAR | {"path": {"from_m": [21.0, -14.0]}, "height_m": 0.0}
    with pandaset_project.recording("drive") as recording:
        injector = Injector(recording, spec_of(actors=[guest], follow_ground=False))
        injected = injector.sweeps("main_pandar64").inject(5, np.random.default_rng(0))
        assert injected.visibility.visible[0] < 0.03 * injected.visibility.whole[0]
        photo = injector.photos("front_right_camera").inject(5, np.random.default_rng(0))
        assert photo.visibility.visible[0] < 0.02 * photo.visibility.whole[0]


def test_depth_images_show_the_actor_where_it_is_nearer(tmp_path: Path) -> None:
    near = CAR | {"path": {"from_m": [9.0, 0.0], "heading_deg": 90.0}}
    with Recording.open(ROOT / "sample_data" / "street.h5") as recording:
        injector = Injector(recording, spec_of(actors=[near]))
        recorded = recording.depth("depth_front", 0)
        injected = injector.depth_images("depth_front").inject(0)
        changed = injected.image.values != recorded.values
        assert injected.visibility.visible[0] >= changed.sum() > 500
        nearer = changed & (recorded.values > 0)
        assert np.all(injected.image.values[nearer] <= recorded.values[nearer])
        assert np.all((injected.image.depth_m[changed] > 3.0) & (injected.image.depth_m[changed] < 9.0))
