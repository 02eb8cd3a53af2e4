"""Points come out where they were, whatever the sensor did while it measured them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import RigidTransform, quaternion
from fusion import EgoMotion, Timeline
from fusion.deskew import from_world, to_reference, to_world
from tests.conftest import START_NS

MOUNTING = RigidTransform.from_matrix(np.array([[0, -1, 0, 1.2], [1, 0, 0, -0.3], [0, 0, 1, 1.9]], dtype=float))


def wild_motion(seed: int, count: int) -> EgoMotion:
    rng = np.random.default_rng(seed)
    times = START_NS + np.cumsum(rng.integers(1_000_000, 60_000_000, count))
    steps = RigidTransform.exp(rng.normal(0.0, 0.3, (count, 6)))
    poses = [steps[0]]
    for index in range(1, count):
        poses.append(poses[-1] * steps[index])
    return EgoMotion(Timeline(times), RigidTransform.stack(poses))


def one_by_one(points: np.ndarray, times_ns: np.ndarray, motion: EgoMotion, mounting: RigidTransform) -> np.ndarray:
    """The slow way: a pose for every point."""
    poses = motion.at(times_ns) * mounting
    matrices = quaternion.to_matrix(poses.rotation)
    return np.einsum("nij,nj->ni", matrices, points.astype(np.float64)) + poses.translation


@given(seed=st.integers(0, 10_000), count=st.integers(1, 8), columns=st.booleans())
def test_every_point_has_the_pose_of_its_own_time(seed: int, count: int, columns: bool) -> None:
    """Also beyond the poses, where the last motion goes on for an interval and then stops."""
    motion, rng = wild_motion(seed, count), np.random.default_rng(seed)
    first, last = motion.timeline.times_ns[[0, -1]]
    times = rng.integers(first - 150_000_000, last + 150_000_000, 200)
    times = np.repeat(times[:50], 4) if columns else times
    points = rng.uniform(-5.0, 5.0, (200, 3)).astype(np.float32)
    expected = one_by_one(points, times, motion, MOUNTING)
    assert np.abs(to_world(points, times, motion, MOUNTING) - expected).max() < 5e-6


def test_distorting_again_is_the_inverse() -> None:
    motion, rng = wild_motion(3, 6), np.random.default_rng(3)
    times = rng.integers(*motion.timeline.times_ns[[0, -1]], 500)
    points = rng.uniform(-30.0, 30.0, (500, 3)).astype(np.float32)
    there = to_world(points, times, motion, MOUNTING)
    assert np.abs(from_world(there, times, motion, MOUNTING) - points).max() < 2e-5


def test_far_from_the_origin_a_sweep_at_one_moment_keeps_its_millimetres() -> None:
    """World coordinates of 5000 km in float32 have half a metre; the sensor frame at one moment has not."""
    still = RigidTransform(quaternion.from_yaw([0.3, 0.3]), np.array([[5e6, 4e6, 10.0], [5e6 + 2.0, 4e6, 10.0]]))
    motion = EgoMotion(Timeline(START_NS + np.array([0, 100_000_000])), still)
    times = START_NS + np.array([0, 50_000_000, 100_000_000])
    points = np.array([[10.0, 0.0, 1.0]] * 3, dtype=np.float32)
    found = to_reference(points, times, motion, MOUNTING, int(times[1]))
    step = (motion.at(times[1]) * MOUNTING).inverse().rotate(np.array([[1.0, 0.0, 0.0]]))
    assert np.abs(found - points - step * np.array([[-1.0], [0.0], [1.0]])).max() < 1e-5


def test_a_sweep_without_points_is_one() -> None:
    empty = to_world(np.empty((0, 3), np.float32), np.empty(0, np.int64), wild_motion(0, 3), MOUNTING)
    assert empty.shape == (0, 3)
    assert empty.dtype == np.float32


@pytest.mark.parametrize("layout", ["C", "F"])
def test_the_layout_of_the_points_does_not_matter(layout: str) -> None:
    motion = wild_motion(1, 4)
    times = np.full(7, motion.timeline.times_ns[1] + 5)
    points = np.random.default_rng(0).uniform(-9, 9, (7, 3)).astype(np.float32)
    expected = one_by_one(points, times, motion, MOUNTING)
    found = to_world(np.array(points, order=layout), times, motion, MOUNTING)  # type: ignore[call-overload]
    assert np.allclose(found, expected, atol=5e-6)
