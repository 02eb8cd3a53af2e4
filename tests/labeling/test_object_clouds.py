"""Points on what moves, brought to one moment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration import RigidTransform
from fusion import EgoMotion, Sweep, Timeline
from fusion.cloud import Cloud, fused_cloud
from fusion.recording import SourceStream
from labeling.frame_times import FrameTimes
from labeling.importing import import_source
from labeling.object_clouds import interior_counts, object_cloud, object_deskewed, object_points
from labeling.project import Project
from labeling.track import Knot, Presence, Track
from tests.conftest import PERIOD_NS, START_NS, tiny_source

SIZE = (4.0, 2.0, 1.5)
FRAME = 2
MOMENT = START_NS + FRAME * PERIOD_NS - PERIOD_NS // 2


def car(speed_mps: float = 20.0, turn: float = 0.0, name: str = "car", y: float = 0.0) -> Track:
    """Along x, at x = 0 at the middle of the frame's sweep; a knot a frame."""
    knots = []
    for step in range(-3, 4):
        pose = RigidTransform.from_yaw(turn * step * 0.1, [speed_mps * step * 0.1, y, 0.75])
        knots.append(Knot.of(MOMENT + step * PERIOD_NS, pose))
    return Track.from_knots(name, "car", SIZE, knots, [Presence(MOMENT - 10**9, MOMENT + 10**9)])


def seen(track: Track, points_in_object: np.ndarray, times_ns: np.ndarray) -> Cloud:
    poses = track.at(times_ns)
    points = poses.rotate(points_in_object) + poses.translation
    return Cloud(points.astype(np.float32), np.zeros(len(points), np.uint8), times_ns, ("lidar",), (len(points),))


def shell(count: int, seed: int = 0) -> np.ndarray:
    """Points in the outer fifth of the cuboid."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.4, 0.499, (count, 3)) * rng.choice([-1, 1], (count, 3)) * np.array(SIZE)


@pytest.fixture
def times(tmp_path) -> FrameTimes:  # type: ignore[no-untyped-def]
    project = Project.create(tmp_path / "project")
    import_source(project, tiny_source(), "tiny")
    return FrameTimes(project.recording("tiny"))


TIMES = MOMENT + np.linspace(-60_000_000, 60_000_000, 300).astype(np.int64)


@pytest.mark.parametrize("turn", [0.0, 1.5, -3.0])
def test_a_fast_car_is_as_sharp_as_one_that_stands(times: FrameTimes, turn: float) -> None:
    track, local = car(turn=turn), shell(300)
    cloud = seen(track, local, TIMES)
    found = object_points(cloud, [track], times, FRAME)
    assert np.array_equal(found.owners, np.zeros(300))
    back = track.at(MOMENT).inverse().apply(found.cloud.points_in_world)
    assert np.abs(back - local).max() < 2e-4
    smeared = track.at(MOMENT).inverse().apply(cloud.points_in_world)
    assert np.abs(smeared - local).max() > 0.9


def test_what_stands_and_what_is_nobodys_stays_bit_for_bit(times: FrameTimes) -> None:
    track = car()
    cloud = seen(track, shell(300) + np.array([0.0, 5.0, 0.0]), TIMES)
    moved = object_deskewed(cloud, [track], times, FRAME)
    assert np.array_equal(moved.points_in_world, cloud.points_in_world)
    assert moved.times_ns is cloud.times_ns


def test_the_ground_under_a_car_does_not_drive_along(times: FrameTimes) -> None:
    track = car()
    under = np.column_stack([np.linspace(-1.9, 1.9, 300), np.zeros(300), np.full(300, -0.76)])
    assert np.all(object_points(seen(track, under, TIMES), [track], times, FRAME).owners == -1)


def test_counts_ask_every_point_at_its_own_time(times: FrameTimes) -> None:
    track = car()
    assert interior_counts(seen(track, shell(300), TIMES), {"car": track}, times, FRAME) == {"car": 300}


def test_of_two_cuboids_the_deeper_one_owns_the_point(times: FrameTimes) -> None:
    left, right = car(name="left", y=1.0), car(name="right", y=-0.9)
    found = object_points(seen(left, np.zeros((300, 3)), TIMES), [right, left], times, FRAME)
    assert found.track_ids == ("right", "left")
    assert found.counts.tolist() == [0, 300]


def test_an_absent_object_owns_nothing(times: FrameTimes) -> None:
    gone = replace(car(), presence=())
    found = object_points(seen(gone, shell(300), TIMES), [gone], times, FRAME)
    assert found.track_ids == ()
    assert np.all(found.owners == -1)


def test_an_empty_cloud_and_points_that_are_none(times: FrameTimes) -> None:
    empty = seen(car(), np.empty((0, 3)), np.empty(0, np.int64))
    assert len(object_deskewed(empty, [car()], times, FRAME)) == 0
    cloud = seen(car(), shell(300), TIMES)
    cloud.points_in_world[7] = np.nan
    found = object_points(cloud, [car()], times, FRAME)
    assert found.owners[7] == -1
    assert found.counts.tolist() == [299]


def test_an_object_far_away_costs_no_memory(times: FrameTimes) -> None:
    far = car(name="far", y=9e8)
    assert object_points(seen(car(), shell(300), TIMES), [far, car()], times, FRAME).counts.tolist() == [0, 300]


def test_the_merged_cloud_of_an_object_is_in_its_own_frame(tmp_path) -> None:  # type: ignore[no-untyped-def]
    track, source = car(), tiny_source()
    local, offsets = shell(500), np.linspace(-1e8, 0, 500).astype(np.int32)
    stamps = START_NS + PERIOD_NS * np.arange(6)

    def sweep(index: int) -> Sweep:
        poses = track.at(stamps[index] + offsets.astype(np.int64))
        return Sweep((poses.rotate(local) + poses.translation).astype(np.float32), np.zeros(500, np.uint8), offsets)

    rig = replace(source.rig, sensors=(replace(source.rig["lidar"], ego_from_sensor=RigidTransform.identity()),))
    source = replace(
        source,
        rig=rig,
        streams=(SourceStream("lidar", Timeline(stamps), sweep),),
        ego_motion=EgoMotion.standing_still(),
    )
    project = Project.create(tmp_path / "project")
    import_source(project, source, "one")
    with project.recording("one") as recording:
        merged = object_cloud(recording, track, [1, 2, 4])
        assert np.abs(merged.points_in_object - np.tile(local, (3, 1))).max() < 2e-4
        assert np.array_equal(merged.frames, np.repeat([1, 2, 4], 500))
        assert merged.lidars == ("lidar",)
        assert len(object_cloud(recording, track, []).times_ns) == 0
        assert len(fused_cloud(recording, 1)) == 500
