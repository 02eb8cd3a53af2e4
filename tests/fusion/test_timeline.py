"""Times and ego motion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import RigidTransform
from fusion import EgoMotion, Timeline
from fusion.timeline import seconds_to_ns


@given(st.lists(st.integers(-(10**18), 10**18), min_size=1, unique=True), st.integers(-(10**18), 10**18))
def test_nearest_is_nearest(times: list[int], query: int) -> None:
    timeline = Timeline(np.array(sorted(times)))
    found = int(timeline.times_ns[timeline.nearest(query)])
    assert abs(found - query) == min(abs(time - query) for time in times)


def test_times_must_increase() -> None:
    with pytest.raises(ValueError, match="increase strictly"):
        Timeline(np.array([3, 3]))


def test_float_seconds_keep_their_digits() -> None:
    # A float64 epoch time has about a quarter of a microsecond; multiplying by 1e9 at once would round it again.
    assert abs(int(seconds_to_ns(1557539956.500022)) - 1557539956500022000) < 250
    assert seconds_to_ns([0.5, -0.25]).tolist() == [500_000_000, -250_000_000]


def test_ego_motion_between_and_beyond_its_poses() -> None:
    poses = RigidTransform.from_yaw([0.0, 0.2], [[0.0, 0, 0], [1.0, 0, 0]])
    ego = EgoMotion(Timeline(np.array([1000, 2000])), poses)
    middle = ego.at(np.array([1500]))
    np.testing.assert_allclose(middle.translation, [[0.5, 0, 0]])
    np.testing.assert_allclose(middle.yaw_rad, [0.1])
    np.testing.assert_allclose(ego.at(900).translation, [-0.1, 0, 0])  # a camera fired just before the first pose
    np.testing.assert_allclose(ego.at(10_000_000).translation, [2.0, 0, 0])  # but nobody drives on for ever


def test_a_fixed_stand() -> None:
    assert EgoMotion.standing_still().at(np.array([5, 10**18])).batch_shape == (2,)
