"""Ego motion out of sweeps alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration import Rig, RigidTransform, Sensor, SensorKind, quaternion
from calibration.errors import InputError, UsageError
from fusion import EgoMotion, PointFrame, Sweep, Timeline
from fusion.deskew import from_world
from fusion.odometry import (
    estimate_ego_motion,
    estimate_odometry,
    raw_sweeps,
    with_odometry,
    with_odometry_if_needed,
)
from fusion.odometry.estimate import dense_motion
from fusion.odometry.levelling import ground_normal, levelled
from fusion.odometry.local_map import LocalMap, thinned
from fusion.odometry.raw_sweeps import as_measured
from fusion.recording import RecordingSource, SourceStream
from fusion.recording.source import PoseSource
from tests.conftest import PERIOD_NS, START_NS, tiny_source

MOUNTING = RigidTransform.from_yaw(0.6, [1.0, 0.2, 1.8])
FRAMES = 14


def true_motion(frames: int = FRAMES, speed: float = 12.0, turn: float = 0.4, tilt: float = 0.0) -> EgoMotion:
    """An arc from a rolling start, a pose every 10 ms; tilt: of the whole world, about x."""
    times = np.arange(START_NS - 2 * PERIOD_NS, START_NS + (frames + 2) * PERIOD_NS, PERIOD_NS // 10)
    yaw = turn * (times - START_NS) * 1e-9
    radius = speed / turn
    places = np.stack([radius * np.sin(yaw), radius * (1.0 - np.cos(yaw)), 0.0 * yaw], axis=1)
    world = RigidTransform(quaternion.from_rotation_vector([tilt, 0.0, 0.0]), np.zeros(3))
    return EgoMotion(Timeline(times), world * RigidTransform.from_yaw(yaw, places))


def street() -> np.ndarray:
    """Points on the ground, and on the sides of houses and posts beside it."""
    rng = np.random.default_rng(5)
    ground = np.column_stack([rng.uniform(-35, 60, (80_000, 2)), rng.normal(0.0, 0.01, 80_000)])
    parts = [ground]
    for x in range(-45, 80, 9):
        for y in (-14.0, 17.0, 44.0):
            corner = np.array([x + rng.uniform(0, 3), y + rng.uniform(-3, 3), 0.0])
            sides = rng.uniform(0, 1, (1200, 3)) * [6.0, 4.0, 7.0]
            sides[:600, 1] = 0.0
            sides[600:, 0] = 0.0
            parts.append(corner + sides)
    return np.concatenate(parts)


STREET = street()


def drive(motion: EgoMotion, frames: int = FRAMES, *, lost: int | None = None) -> RecordingSource:
    """Sweeps of the street, each point from where the sensor was at its own time."""
    stamps = START_NS + PERIOD_NS * np.arange(1, frames + 1, dtype=np.int64)

    def sweep(index: int) -> Sweep | None:
        if index == lost:
            return None
        rng = np.random.default_rng(index)
        here = motion.at(stamps[index]).translation
        near = STREET[np.linalg.norm(STREET - here, axis=1) < 30.0]
        points = rng.permutation(near)[:14000].astype(np.float32)
        offsets = np.sort(rng.integers(-PERIOD_NS, 0, len(points))).astype(np.int32)
        raw = from_world(points, stamps[index] + offsets.astype(np.int64), motion, MOUNTING)
        return Sweep(raw + rng.normal(0, 0.01, raw.shape).astype(np.float32), np.zeros(len(raw), np.uint8), offsets)

    rig = Rig((Sensor("lidar", SensorKind.LIDAR, MOUNTING),))
    stream = SourceStream("lidar", Timeline(stamps), sweep)
    return RecordingSource("drive", rig, EgoMotion.standing_still(), (stream,), "lidar", pose_source=PoseSource.NONE)


def worst_error(found: EgoMotion, truth: EgoMotion, times_ns: np.ndarray) -> tuple[float, float]:
    """Metres and degrees, both worlds laid upon one another at the first time."""
    a, b = truth.at(times_ns), found.at(times_ns)
    off = (a[0].inverse() * a).inverse() * (b[0].inverse() * b)
    turned = np.linalg.norm(off.log()[:, 3:], axis=1)
    return float(np.linalg.norm(off.translation, axis=1).max()), float(np.rad2deg(turned).max())


@pytest.mark.parametrize("lost", [None, 9])
def test_a_bend_from_a_rolling_start(lost: int | None) -> None:
    """16 m; asked between the sweeps too; a lost sweep is bridged."""
    truth = true_motion()
    told: list[tuple[int, int]] = []
    found = estimate_ego_motion(drive(truth, lost=lost), progress=lambda done, total: told.append((done, total)))
    asked = np.arange(START_NS + 50_000_000, START_NS + (FRAMES - 1) * PERIOD_NS, 7_000_000)
    metres, degrees = worst_error(found, truth, asked)
    assert metres < 0.1
    assert degrees < 0.5
    assert told[-1] == (FRAMES - (lost is not None), FRAMES)


def test_up_is_up_whatever_way_the_rig_leans() -> None:
    """The ego frame leans by 8 degrees: the estimated world does not."""
    lean = RigidTransform(quaternion.from_rotation_vector([0.1, -0.1, 0.0]), np.zeros(3))
    flat = true_motion()
    leaning = EgoMotion(flat.timeline, flat.world_from_ego * lean)
    found = estimate_odometry(raw_sweeps(drive(leaning, 6)))
    assert found.levelled
    up = found.ego_motion.at(START_NS + 50_000_000).rotate(lean.inverse().rotate([0.0, 0.0, 1.0]))
    assert np.rad2deg(np.arccos(up[2])) < 0.3


def test_the_drift_that_is_reported_is_that_of_a_run_backwards() -> None:
    drift = estimate_odometry(raw_sweeps(drive(true_motion(), 10))).drift
    assert drift.travelled_m == pytest.approx(12.0 * 0.1 * 9, rel=0.01)
    assert 0.0 < drift.percent < 2.0
    assert drift.overlap > 0.7
    assert "% and" in str(drift)
    standing = estimate_odometry(raw_sweeps(drive(true_motion(speed=1e-3), 4))).drift
    assert not np.isfinite(standing.percent)
    assert "cm and" in str(standing)


def test_a_source_without_poses_gets_some_and_says_so() -> None:
    source = drive(true_motion(), 3)
    found = with_odometry_if_needed(source, wanted=False)
    assert found.pose_source is PoseSource.ODOMETRY
    assert "ego motion estimated from lidar" in found.notes[-1]
    known = replace(source, pose_source=PoseSource.POSES)
    assert with_odometry_if_needed(known, wanted=False) is known
    assert with_odometry_if_needed(known, wanted=True).pose_source is PoseSource.ODOMETRY


def test_what_was_in_the_sources_own_world_comes_along() -> None:
    """Points stored in the world are distorted again, and a cuboid keeps its place beside the ego."""
    truth, raw = true_motion(tilt=0.05), drive(true_motion(tilt=0.05), 4)
    stream = raw.streams[0]

    def in_world(index: int) -> Sweep | None:
        from fusion.deskew import to_world

        sweep = stream.load(index)
        assert isinstance(sweep, Sweep)
        times = stream.timeline.times_ns[index] + sweep.time_offset_ns.astype(np.int64)
        return replace(sweep, points_m=to_world(sweep.points_m, times, truth, MOUNTING))

    tiny = tiny_source().cuboids()
    assert tiny is not None
    source = replace(
        raw,
        ego_motion=truth,
        pose_source=PoseSource.POSES,
        streams=(replace(stream, load=in_world, point_frame=PointFrame.WORLD),),
        cuboids=lambda: tiny,
    )
    found = with_odometry(source)
    assert found.streams[0].point_frame is PointFrame.SENSOR
    again, before = found.streams[0].load(2), stream.load(2)
    assert isinstance(again, Sweep)
    assert isinstance(before, Sweep)
    assert np.abs(again.points_m - before.points_m).max() < 1e-4
    table = found.cuboids()
    assert table is not None
    assert tiny.times_ns is not None
    beside = found.ego_motion.at(tiny.times_ns).inverse() * table.world_from_object
    assert beside.almost_equal(truth.at(tiny.times_ns).inverse() * tiny.world_from_object, atol_m=1e-6, atol_rad=1e-6)


def test_no_lidar_and_no_sweeps_are_one_line() -> None:
    source = tiny_source()
    blind = replace(source, streams=source.streams[1:])
    with pytest.raises(UsageError, match="odometry needs a LiDAR; there is none: tiny"):
        estimate_ego_motion(blind)
    with pytest.raises(UsageError, match="there is lidar: roof"):
        estimate_ego_motion(source, "roof")
    with pytest.raises(InputError, match="two sweeps with points"):
        estimate_ego_motion(drive(true_motion(), 1))
    load = as_measured(source.streams[0], source.ego_motion, MOUNTING)
    assert load == source.streams[0].load


def test_dense_poses_go_through_the_knots_and_round_bends() -> None:
    truth = true_motion(speed=20.0, turn=np.deg2rad(30.0))
    knots = START_NS + PERIOD_NS * np.arange(10, dtype=np.int64)
    dense = dense_motion(knots, truth.at(knots))
    assert dense.at(knots).almost_equal(truth.at(knots), atol_m=1e-9, atol_rad=1e-9)
    assert worst_error(dense, truth, np.arange(knots[1], knots[-2], 3_000_000))[0] < 2e-3
    assert len(dense_motion(knots[:1], truth.at(knots[:1])).timeline) >= 1


def test_the_ground_is_the_lowest_plane_not_the_largest() -> None:
    rng = np.random.default_rng(0)
    ground = np.column_stack([rng.uniform(-15, 15, (2000, 2)), rng.normal(-1.8, 0.01, 2000)])
    roof = np.column_stack([rng.uniform(-15, 15, (2600, 2)), rng.normal(3.0, 0.01, 2600)])
    tilt = RigidTransform(quaternion.from_rotation_vector([0.1, 0.05, 0.0]), np.zeros(3))
    normal = ground_normal(tilt.apply(np.concatenate([ground, roof])))
    assert normal is not None
    assert np.allclose(levelled(normal).rotate(normal), [0.0, 0.0, 1.0])
    assert np.rad2deg(np.arccos(normal @ tilt.rotate([0.0, 0.0, 1.0]))) < 0.2
    assert ground_normal(rng.uniform(-15, 15, (3000, 3))) is None
    assert ground_normal(np.empty((0, 3))) is None


def test_the_map_forgets_what_is_far_when_it_is_full() -> None:
    points = STREET
    local = LocalMap(2.0, 60.0)
    rng = np.random.default_rng(0)
    for step in range(30):
        place = np.array([2000.0 * step, 0.0, 0.0])
        local.insert(rng.uniform(-200, 200, (6000, 3)) + place, place)
    here = np.array([60_000.0, 0.0, 0.0])
    local.insert(points + here, here)
    guess = RigidTransform.from_yaw(0.01, here + np.array([0.2, -0.1, 0.05]))
    rotation, translation, share = local.align(points[thinned(points, 2.0)].copy(), guess, 0.5, 30)
    assert share > 0.8
    assert np.allclose(translation, here, atol=0.02)
    assert np.allclose(rotation, np.eye(3), atol=2e-3)
