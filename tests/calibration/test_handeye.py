"""Two sensors that never see the same thing are put together by how they move."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from calibration import RigidTransform
from calibration.errors import CalibrationError
from calibration.handeye import HandEye, solve_hand_eye, solve_hand_eye_streams
from calibration.handeye_refinement import Prior
from calibration.motion import PoseStream
from tests.calibration.motions import A_FROM_B, WORLDS, noisy, ns, smooth_motion, summed


def scene(seed: int, count: int = 200, **motion: object) -> tuple[RigidTransform, RigidTransform, np.random.Generator]:
    rng = np.random.default_rng(seed)
    world_from_a = smooth_motion(rng, **motion)(np.linspace(0.0, 60.0, count))  # type: ignore[arg-type]
    return world_from_a, WORLDS.inverse() * world_from_a * A_FROM_B, rng


def scaled(found: HandEye) -> float:
    """Squared error in units of what was claimed: 6 on average."""
    error = (found.a_from_b.inverse() * A_FROM_B).log()
    return float(error @ np.linalg.solve(found.covariance, error))


def test_without_noise_it_is_exact() -> None:
    a, b, _ = scene(0)
    found = solve_hand_eye(a, b)
    assert found.a_from_b.almost_equal(A_FROM_B, atol_m=1e-6, atol_rad=1e-6)
    assert found.world_a_from_world_b.almost_equal(WORLDS, atol_m=1e-6, atol_rad=1e-6)


def test_errors_are_as_large_as_it_claims() -> None:
    squares = []
    for seed in range(12):
        a, b, rng = scene(seed)
        squares.append(scaled(solve_hand_eye(noisy(rng, a, 0.01, 0.002), noisy(rng, b, 0.01, 0.002))))
    assert 3.0 < np.mean(squares) < 10.0
    assert max(squares) < 25.0


def test_wrong_poses_have_no_say() -> None:
    a, b, rng = scene(1)
    bad = rng.random(len(a)) < 0.15
    wild = noisy(rng, a, 1.0, 0.5)
    mixed = RigidTransform(
        np.where(bad[:, None], wild.rotation, a.rotation), np.where(bad[:, None], wild.translation, a.translation)
    )
    found = solve_hand_eye(noisy(rng, mixed, 0.005, 0.001), noisy(rng, b, 0.005, 0.001))
    assert scaled(found) < 25.0
    assert not found.used[bad].any()
    assert found.used[~bad].mean() > 0.97


def test_odometry_that_drifts() -> None:
    squares = []
    for seed in range(6):
        a, b, rng = scene(seed, 300)
        squares.append(scaled(solve_hand_eye(summed(rng, a, 0.003, 5e-4), summed(rng, b, 0.003, 5e-4), drifting=True)))
    assert 2.5 < np.mean(squares) < 12.0


def test_as_exact_as_opencv() -> None:
    """OpenCV's best closed form, on the same poses."""
    errors = []
    for seed in range(8):
        a, b, rng = scene(seed, 15)
        a, b = noisy(rng, a, 0.002, 0.001), noisy(rng, b, 0.002, 0.001)
        back = b.inverse()
        _, place = cv2.calibrateHandEye(
            list(a.matrix[:, :3, :3]),
            list(a.matrix[:, :3, 3]),
            list(back.matrix[:, :3, :3]),
            list(back.matrix[:, :3, 3]),
        )
        theirs = np.linalg.norm(place.ravel() - A_FROM_B.translation)
        ours = np.linalg.norm(solve_hand_eye(a, b).a_from_b.translation - A_FROM_B.translation)
        errors.append((ours, theirs))
    ours, theirs = np.median(errors, axis=0)
    assert ours <= theirs


def test_two_clocks_are_found_along_with_the_mounting() -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        world_from_a = smooth_motion(rng)
        times_a, times_b = np.arange(0.0, 60.0, 0.1), np.arange(0.0, 60.0, 0.05) + 0.013
        a = PoseStream(ns(times_a), noisy(rng, world_from_a(times_a), 0.01, 0.002))
        seen = WORLDS.inverse() * world_from_a(times_b) * A_FROM_B
        b = PoseStream(ns(times_b - 0.35), noisy(rng, seen, 0.01, 0.002))
        found = solve_hand_eye_streams(a, b)
        assert abs(found.offset_ns - 0.35e9) < max(4.0 * found.offset_sigma_ns, 1e4)
        assert found.offset_sigma_ns < 1e6
        assert scaled(found) < 25.0


def test_a_motion_that_leaves_something_open_is_refused_and_says_what() -> None:
    a, b, rng = scene(2, axes=(0.0, 0.0, 1.0))
    a, b = noisy(rng, a, 0.005, 5e-4), noisy(rng, b, 0.005, 5e-4)
    with pytest.raises(CalibrationError, match=r"about z of ego: the translation of lidar along z.*turn about x or y"):
        solve_hand_eye(a, b, names=("ego", "lidar"))
    a, b, _ = scene(2, axes=(1.0, 0.0, 0.0))
    with pytest.raises(CalibrationError, match="along x cannot be told"):
        solve_hand_eye(a, b)
    tilted = RigidTransform.exp([0.0, 0.0, 0.0, 0.5, 0.0, 0.0])
    a, b, _ = scene(2, axes=(0.0, 0.0, 1.0))
    with pytest.raises(CalibrationError, match=r"about \(-?0\.\d\d, -?0\.\d\d, 0\.\d\d\) of a"):
        solve_hand_eye(a * tilted, b)
    a, b, _ = scene(2, axes=(0.0, 0.0, 0.0))
    with pytest.raises(CalibrationError, match="hardly turns"):
        solve_hand_eye(a, b)
    with pytest.raises(CalibrationError, match="needs 6 or more"):
        solve_hand_eye(a[:4], b[:4])


def test_what_a_motion_leaves_open_is_taken_from_what_is_known() -> None:
    """A car turns about z only: the height is the rig's, all else is found."""
    a, b, rng = scene(3, axes=(0.0, 0.0, 1.0))
    known = A_FROM_B * RigidTransform.exp(rng.normal(0.0, 0.1, 6))
    prior = Prior(known, 0.1, 0.1)
    found = solve_hand_eye(noisy(rng, a, 0.01, 5e-4), noisy(rng, b, 0.01, 5e-4), prior=prior)
    off = found.a_from_b.translation - A_FROM_B.translation
    assert np.linalg.norm(off[:2]) < 0.02
    assert abs(off[2]) < 0.4
    assert np.linalg.norm((found.a_from_b.inverse() * A_FROM_B).log()[3:]) < 0.005
