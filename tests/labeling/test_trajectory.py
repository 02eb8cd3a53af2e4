"""Poses between knots: what a label shows where nobody has set it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from calibration import RigidTransform, quaternion
from labeling.project import Project
from labeling.track import Knot, Track
from labeling.trajectory import EXTRAPOLATION_NS
from tests.labeling.strategies import EPOCH_NS, tracks

SECOND = 1_000_000_000


def track_of(seconds: list[float], positions: list[list[float]], yaws: list[float] | None = None) -> Track:
    yaws = yaws or [0.0] * len(seconds)
    times = [EPOCH_NS + round(second * SECOND) for second in seconds]
    knots = [Knot.of(t, RigidTransform.from_yaw(y, p)) for t, p, y in zip(times, positions, yaws, strict=True)]
    return Track.from_knots("a", "car", (4.0, 2.0, 1.5), knots)


def after(seconds: float | np.ndarray) -> np.ndarray:
    return EPOCH_NS + np.rint(np.asarray(seconds) * SECOND).astype(np.int64)


def along_x(seconds: list[float], xs: list[float]) -> Track:
    return track_of(seconds, [[x, 0.0, 0.0] for x in xs])


@given(tracks())
def test_a_knot_comes_out_as_it_went_in(track: Track) -> None:
    poses = track.at(track.times_ns)
    assert poses.translation.tobytes() == track.positions_m.tobytes()
    assert poses.rotation.tobytes() == track.rotations_wxyz.tobytes()


def test_four_knots_and_more_follow_a_cubic() -> None:
    seconds = [0.0, 0.7, 1.0, 2.0, 3.5]

    def cubic(t: np.ndarray) -> np.ndarray:
        return np.asarray(2.0 - t + 0.5 * t**2 - 0.3 * t**3)

    for count in (4, 5):
        track = along_x(seconds[:count], cubic(np.array(seconds[:count])).tolist())
        between = np.linspace(0.0, seconds[count - 1], 57)
        np.testing.assert_allclose(track.at(after(between)).translation[:, 0], cubic(between), atol=1e-8)
    xs = [0.0, 1.0, 0.0, 5.0, 5.0]
    expected = CubicSpline(seconds, xs)(between)
    np.testing.assert_allclose(along_x(seconds, xs).at(after(between)).translation[:, 0], expected, atol=1e-7)


def test_three_knots_do_not_overshoot() -> None:
    """A car that stops: a parabola through the three knots would roll 1.25 m too far and come back."""
    track = along_x([0.0, 1.0, 2.0], [0.0, 10.0, 10.0])
    x = track.at(after(np.linspace(0, 2, 201))).translation[:, 0]
    assert x.max() <= 10.0
    assert np.all(np.diff(x) >= -1e-12)
    middle = track.at(after(0.5)).translation[0]
    assert abs(middle - 5.0) > 0.3  # curved, not two straight lines


def test_two_knots_are_a_straight_line_and_one_is_a_place() -> None:
    track = track_of([0.0, 2.0], [[0, 0, 0], [4, -2, 1]])
    np.testing.assert_allclose(track.at(after(0.5)).translation, [1, -0.5, 0.25], atol=1e-12)
    standing = track_of([0.0], [[4, -2, 1]], [0.3])
    poses = standing.at(after(np.array([-100.0, 0.0, 100.0])))
    assert np.array_equal(poses.translation, np.tile([4.0, -2.0, 1.0], (3, 1)))
    np.testing.assert_allclose(poses.yaw_rad, 0.3)


@given(st.floats(-np.pi, np.pi), st.floats(-3.1, 3.1), st.floats(0.0, 1.0))
def test_headings_go_the_short_way_round(yaw: float, turn: float, fraction: float) -> None:
    """cvat#10262: between 179 and -179 degrees boxes spun all the way round."""
    track = track_of([0.0, 1.0], [[0, 0, 0], [1, 0, 0]], [yaw, yaw + turn])
    pose = track.at(after(fraction))
    turned = quaternion.to_rotation_vector(
        quaternion.multiply(quaternion.conjugate(track.rotations_wxyz[0]), pose.rotation)
    )
    fraction = round(fraction * SECOND) / SECOND
    np.testing.assert_allclose(turned, [0, 0, fraction * turn], atol=1e-7)


def test_through_plus_minus_pi() -> None:
    track = track_of([0.0, 1.0], [[0, 0, 0], [1, 0, 0]], [np.pi - 0.05, -np.pi + 0.05])
    yaw = track.at(after(np.linspace(0, 1, 21))).yaw_rad
    assert np.all(np.abs(yaw) >= np.pi - 0.0501)


def test_the_sign_of_a_quaternion_is_no_turn() -> None:
    track = track_of([0.0, 1.0, 2.0], [[0, 0, 0], [1, 0, 0], [2, 0, 0]], [0.1, 0.2, 0.3])
    signs = np.array([[1.0], [-1.0], [1.0]])
    flipped = replace(track, rotations_wxyz=track.rotations_wxyz * signs)
    between = after(np.linspace(0, 2, 41))
    np.testing.assert_allclose(flipped.at(between).yaw_rad, track.at(between).yaw_rad, atol=1e-12)


def test_a_circling_car_never_looks_back() -> None:
    seconds = np.arange(0.0, 20.0, 0.5)
    yaws = 0.9 * seconds
    positions = np.stack([np.sin(yaws), -np.cos(yaws), 0 * yaws], axis=1) * 8.0
    track = track_of(seconds.tolist(), positions.tolist(), yaws.tolist())
    between = np.linspace(0, 19.5, 1951)
    error = quaternion.to_yaw(
        quaternion.multiply(quaternion.from_yaw(-0.9 * between), track.at(after(between)).rotation)
    )
    assert np.abs(error).max() < 1e-6
    circle = np.stack([np.sin(0.9 * between), -np.cos(0.9 * between)], axis=1) * 8.0
    assert np.linalg.norm(track.at(after(between)).translation[:, :2] - circle, axis=1).max() < 0.03


def test_beyond_the_ends_motion_goes_on_for_a_moment_and_then_holds() -> None:
    track = along_x([0.0, 1.0, 2.0, 3.0], [0.0, 10.0, 20.0, 30.0])
    reach = EXTRAPOLATION_NS / SECOND
    asked = after(np.array([-1e6, -reach, -0.1, 3.1, 3 + reach, 3.5, 1e6]))
    expected = [-10 * reach, -10 * reach, -1.0, 31.0, 30 + 10 * reach, 30 + 10 * reach, 30 + 10 * reach]
    np.testing.assert_allclose(track.at(asked).translation[:, 0], expected, atol=1e-6)


@pytest.mark.parametrize("time_ns", [-(2**63), 2**63 - 1])
@pytest.mark.parametrize("start_ns", [-(2**63), EPOCH_NS, 0, -EPOCH_NS, 2**63 - 1 - SECOND])
def test_the_ends_of_int64_are_times_like_others(start_ns: int, time_ns: int) -> None:
    knots = [Knot(start_ns, (0, 0, 0), (1, 0, 0, 0)), Knot(start_ns + SECOND, (10, 0, 0), (1, 0, 0, 0))]
    track = Track.from_knots("a", "car", (4, 2, 1), knots)
    x = float(track.at(time_ns).translation[0])
    outside = min(max(time_ns, start_ns - EXTRAPOLATION_NS), start_ns + SECOND + EXTRAPOLATION_NS)
    assert x == pytest.approx(10.0 * (outside - start_ns) / SECOND, abs=1e-6)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_epoch_nanoseconds_lose_nothing(count: int) -> None:
    """A float64 of an epoch time is right to 256 ns only: at 30 m/s, differences of one nanosecond would vanish."""
    times = [EPOCH_NS + i * 1000 for i in range(count)]
    knots = [Knot(t, (float(i), 0, 0), (1, 0, 0, 0)) for i, t in enumerate(times)]
    track = Track.from_knots("a", "car", (4, 2, 1), knots)
    x = track.at(np.arange(times[0], times[-1] + 1)).translation[:, 0]
    np.testing.assert_allclose(np.diff(x), 1e-3, rtol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 3, 6])
@pytest.mark.parametrize("shape", [(), (1,), (0,), (2, 3), (2, 0, 3)])
def test_the_shape_asked_is_the_shape_answered(count: int, shape: tuple[int, ...]) -> None:
    track = along_x([float(i) for i in range(count)], [float(i * i) for i in range(count)])
    size = int(np.prod(shape))
    asked = after(np.linspace(-1, 7, size)).reshape(shape)
    poses = track.at(asked)
    assert poses.translation.shape == (*shape, 3)
    assert poses.rotation.shape == (*shape, 4)
    singly = np.array([track.at(int(t)).translation for t in asked.reshape(-1)]).reshape(*shape, 3)
    assert np.array_equal(poses.translation, singly)


@settings(max_examples=30)
@given(tracks(), st.integers(0, 40))
def test_between_knots_a_pose_is_always_a_pose(track: Track, step: int) -> None:
    pose = track.at(EPOCH_NS + step * 31_000_000)
    assert np.all(np.isfinite(pose.translation))
    assert np.linalg.norm(pose.rotation) == pytest.approx(1.0, abs=1e-12)


def test_every_other_knot_of_real_cars_is_enough(pandaset_project: Project) -> None:
    """Labels every 0.2 s instead of every 0.1 s: what the trajectory says in between, against what people labelled."""
    labels = pandaset_project.labels()
    tracks = labels.tracks("drive")
    labels.close()
    errors = []
    for track in tracks.values():
        if track.speed_mps() < 1.0 or len(track) < 12:
            continue
        sparse = track.with_knots(track.knots[::2])
        moved = np.linalg.norm(sparse.at(track.times_ns).translation - track.positions_m, axis=1)
        neighbours = track.times_ns[2:] - track.times_ns[:-2] < 0.25 * SECOND  # not where a frame has no label
        errors.append(moved[1:-1:2][neighbours[::2]])
    every = np.concatenate(errors)
    print(f"{len(errors)} tracks, {len(every)} knots, cm:", np.percentile(every, [50, 90, 99, 100]) * 100)
    assert len(errors) >= 5
    assert np.median(every) < 0.01
    assert np.percentile(every, 90) < 0.05
