"""Where the ego is, how fast, and how it turns."""

from __future__ import annotations

import numpy as np

from calibration import RigidTransform
from fusion import EgoMotion, Timeline
from tests.conftest import START_NS

PERIOD_NS = 100_000_000


def bend(count: int = 5) -> EgoMotion:
    """10 m/s along x, turning left by half a radian a second."""
    times = START_NS + PERIOD_NS * np.arange(count, dtype=np.int64)
    seconds = (times - START_NS) * 1e-9
    return EgoMotion(
        Timeline(times), RigidTransform.from_yaw(0.5 * seconds, np.stack([10 * seconds, 0 * seconds, 0 * seconds], 1))
    )


def test_velocity_is_that_of_the_interval() -> None:
    motion = bend()
    velocity = motion.velocity_at(START_NS + np.array([0, 1, 250_000_000]))
    assert np.allclose(velocity, [10.0, 0.0, 0.0])
    assert motion.velocity_at(START_NS + 5).shape == (3,)


def test_turning_is_what_a_gyroscope_measures() -> None:
    tilted = RigidTransform.from_matrix(np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0]], dtype=float))
    motion = bend()
    motion = EgoMotion(motion.timeline, motion.world_from_ego * tilted)
    rate = motion.angular_rate_at(START_NS + 120_000_000)
    assert np.allclose(rate, tilted.inverse().rotate([0.0, 0.0, 0.5]))


def test_beyond_the_ends_the_motion_goes_on_for_one_interval_and_stops() -> None:
    motion = bend()
    end = int(motion.timeline.times_ns[-1])
    assert np.allclose(motion.at(end + PERIOD_NS).translation, [5.0, 0.0, 0.0])
    assert np.allclose(motion.at(end + 10 * PERIOD_NS).translation, [5.0, 0.0, 0.0])
    assert np.allclose(motion.velocity_at(end + PERIOD_NS // 2), [10.0, 0.0, 0.0])
    assert np.allclose(motion.velocity_at([end + 2 * PERIOD_NS, START_NS - 2 * PERIOD_NS]), 0.0)


def test_any_int64_may_be_asked() -> None:
    motion = bend()
    extremes = motion.at(np.array([-(2**63), 2**63 - 1]))
    assert np.allclose(extremes.translation, [[-1.0, 0.0, 0.0], [5.0, 0.0, 0.0]])


def test_one_that_stands_does_not_move() -> None:
    still = EgoMotion.standing_still()
    assert np.array_equal(still.velocity_at(np.array([1, 2])), np.zeros((2, 3)))
    held = bend().held_at(START_NS + 50_000_000)
    assert np.allclose(held.at(START_NS + 10**12).translation, [0.5, 0.0, 0.0])
    assert np.allclose(held.angular_rate_at(START_NS), 0.0)
