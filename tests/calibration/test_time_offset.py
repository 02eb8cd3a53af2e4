"""Two clocks are told apart to a fraction of a sample, or it is said why not."""

from __future__ import annotations

import numpy as np
import pytest

from calibration import RigidTransform, quaternion
from calibration.errors import CalibrationError
from calibration.motion import PoseStream, Turning
from calibration.timing import time_offset
from tests.calibration.motions import A_FROM_B, noisy, ns, smooth_motion


def poses(rng: np.random.Generator, seconds: np.ndarray, late: float, on: RigidTransform, seed: int) -> Turning:
    at = smooth_motion(np.random.default_rng(seed))
    return Turning.of_poses(PoseStream(ns(seconds - late), noisy(rng, at(seconds) * on, 0.02, 0.002)))


def gyroscope(rng: np.random.Generator, seconds: np.ndarray, late: float, seed: int) -> Turning:
    at = smooth_motion(np.random.default_rng(seed))
    before, after = (at(seconds + step) * A_FROM_B for step in (-1e-4, 1e-4))
    turned = quaternion.multiply(quaternion.conjugate(before.rotation), after.rotation)
    rates = quaternion.to_rotation_vector(turned) / 2e-4
    return Turning.of_rates(ns(seconds - late), rates + rng.normal(0.0, 0.02, rates.shape) + [0.01, -0.02, 0.005])


@pytest.mark.parametrize("kind", ["poses", "gyroscope"])
def test_a_clock_is_found_and_the_error_is_as_large_as_claimed(kind: str) -> None:
    scaled, milliseconds = [], []
    for seed in range(10):
        rng = np.random.default_rng(1000 + seed)
        times = np.arange(0.0, 60.0, 0.1)
        a = poses(rng, times + rng.normal(0.0, 0.001, len(times)), 0.0, RigidTransform.identity(), seed)
        if kind == "poses":  # at the same rate: the hard case for what lies between samples
            b = poses(rng, times + 0.03, -0.123, A_FROM_B, seed)
        else:
            b = gyroscope(rng, np.arange(0.0, 60.0, 0.005), -0.123, seed)
        found = time_offset(a, b)
        milliseconds.append(found.offset_ns * 1e-6 + 123.0)
        scaled.append((found.offset_ns + 123e6) / found.sigma_ns)
        turn = quaternion.multiply(quaternion.conjugate(found.a_from_b), A_FROM_B.rotation)
        assert np.linalg.norm(quaternion.to_rotation_vector(turn)) < np.deg2rad(0.3)
    assert np.max(np.abs(milliseconds)) < 1.0
    assert 0.3 < np.sqrt(np.mean(np.square(scaled))) < 1.6


def test_the_other_way_round_is_the_other_sign() -> None:
    rng = np.random.default_rng(0)
    a = poses(rng, np.arange(0.0, 40.0, 0.1), 0.0, RigidTransform.identity(), 3)
    b = gyroscope(rng, np.arange(0.0, 40.0, 0.01), 0.4, 3)
    there, back = time_offset(a, b), time_offset(b, a)
    assert there.offset_ns == pytest.approx(4e8, abs=1e6)
    assert back.offset_ns == pytest.approx(-there.offset_ns, abs=5e4)
    assert quaternion.multiply(there.a_from_b, back.a_from_b)[0] == pytest.approx(1.0, abs=1e-4)


def test_gaps_are_no_turns() -> None:
    rng = np.random.default_rng(1)
    seconds = np.arange(0.0, 60.0, 0.1)
    a = poses(rng, seconds[(seconds < 20.0) | (seconds > 29.0)], 0.0, RigidTransform.identity(), 4)
    b = poses(rng, np.arange(0.0, 60.0, 0.05), 0.2, A_FROM_B, 4)
    assert time_offset(a, b).offset_ns == pytest.approx(2e8, abs=1e6)


def wave(seconds: np.ndarray, amplitude: float = 1.0) -> Turning:
    angles = np.zeros((len(seconds), 3))
    angles[:, 2] = amplitude * np.sin(2.0 * np.pi * seconds)
    return Turning(ns(seconds), angles)


def test_what_cannot_be_told_is_refused() -> None:
    rng = np.random.default_rng(2)
    seconds = np.arange(0.0, 30.0, 0.05)
    with pytest.raises(CalibrationError, match="the motion repeats itself"):
        time_offset(wave(seconds), wave(seconds + 0.01))
    a = poses(rng, seconds, 0.0, RigidTransform.identity(), 5)
    with pytest.raises(CalibrationError, match="do not turn alike"):
        time_offset(a, Turning(ns(seconds), np.cumsum(rng.normal(0.0, 0.01, (len(seconds), 3)), axis=0)))
    with pytest.raises(CalibrationError, match="hardly ever there at the same time"):
        time_offset(a, poses(rng, seconds, 1000.0, A_FROM_B, 5))
    with pytest.raises(CalibrationError, match=r"end of the search, 0\.1 s|do not turn alike"):
        time_offset(a, poses(rng, seconds, 0.3, A_FROM_B, 5), most_ns=1e8)
    with pytest.raises(CalibrationError, match="do not increase"):
        Turning(ns(seconds)[::-1], np.zeros((len(seconds), 3)))
