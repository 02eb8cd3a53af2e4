"""Counting points in cuboids, against asking each cuboid about each point."""

from __future__ import annotations

import numpy as np
import pytest

from calibration import RigidTransform, quaternion
from labeling.cuboid import Cuboid
from labeling.interior_points import count_interior_points


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_counts_are_those_of_contains(seed: int, dtype: type) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(-10, 10, (4000, 3)).astype(dtype)
    poses = RigidTransform(quaternion.normalize(rng.normal(size=(60, 4))), rng.uniform(-12, 12, (60, 3)))
    sizes = rng.uniform(0.2, 9.0, (60, 3))
    expected = [int(Cuboid(poses[i], sizes[i]).contains(points).sum()) for i in range(60)]
    assert count_interior_points(points, poses, sizes).tolist() == expected
    assert sum(expected) > 1000
    shuffled = rng.permutation(points)
    assert count_interior_points(shuffled, poses, sizes).tolist() == expected


def test_the_surface_counts() -> None:
    corners = np.array([[x, y, z] for x in (-2, 2) for y in (-1, 1) for z in (-0.5, 0.5)])
    pose = RigidTransform(np.array([[1.0, 0, 0, 0]]), np.zeros((1, 3)))
    assert count_interior_points(corners, pose, [[4.0, 2.0, 1.0]]).tolist() == [8]
    assert count_interior_points(corners * 1.0001, pose, [[4.0, 2.0, 1.0]]).tolist() == [0]
    assert Cuboid(pose[0], np.array([4.0, 2.0, 1.0])).contains(corners).all()


def test_a_margin_reaches_further() -> None:
    cuboid = Cuboid(RigidTransform.from_yaw(0.7, [1, 2, 3]), np.array([4.0, 2.0, 1.0]))
    just_outside = cuboid.world_from_object.apply(np.array([[2.05, 0, 0], [0, 1.05, 0], [0, 0, 0.55]]))
    assert not cuboid.contains(just_outside).any()
    assert cuboid.contains(just_outside, margin_m=0.1).all()


def test_nothing_in_nothing() -> None:
    none = RigidTransform(np.ones((0, 4)), np.zeros((0, 3)))
    one = RigidTransform(np.array([[1.0, 0, 0, 0]]), np.zeros((1, 3)))
    assert count_interior_points(np.zeros((5, 3)), none, np.zeros((0, 3))).shape == (0,)
    assert count_interior_points(np.zeros((0, 3)), one, [[1, 1, 1]]).tolist() == [0]
    assert Cuboid(one[0], np.ones(3)).contains(np.zeros((0, 3))).shape == (0,)
