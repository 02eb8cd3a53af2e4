"""Paths, speeds and trajectories: smooth, heading where they go, exact in their sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.scenario.language.actors import PathSpec, Segment, Tow
from fusion.scenario.motion import CarriedMotion, PathMotion, Profile, path_of, towed_path
from fusion.scenario.world import START_NS

MILLISECOND_NS = 1_000_000

knots = st.lists(
    st.tuples(st.integers(0, 200).map(lambda tenths: tenths / 10), st.floats(-20.0, 20.0)),
    min_size=1,
    max_size=6,
    unique_by=lambda knot: knot[0],
).map(sorted)


def _times_ns(seconds: float) -> np.ndarray:
    return START_NS + np.arange(0, round(seconds * 1e9), MILLISECOND_NS, dtype=np.int64)


@given(knots, st.floats(-5.0, 30.0))
def test_the_integral_is_the_sum_of_the_values(pairs: list[tuple[float, float]], end_s: float) -> None:
    profile = Profile.of(pairs)
    grid = np.linspace(0.0, end_s, 4001)
    values = profile.at(grid)
    trapezoids = np.sum(0.5 * (values[1:] + values[:-1]) * np.diff(grid))
    assert float(profile.integral(np.array(end_s))) == pytest.approx(trapezoids, abs=2e-3)


@given(knots)
def test_a_profile_passes_through_its_knots_and_never_overshoots(pairs: list[tuple[float, float]]) -> None:
    profile = Profile.of(pairs)
    times, values = (np.array(column) for column in zip(*pairs, strict=True))
    np.testing.assert_allclose(profile.at(times), values, atol=1e-9)
    everywhere = profile.at(np.linspace(-1.0, 30.0, 500))
    assert values.min() - 1e-9 <= everywhere.min()
    assert everywhere.max() <= values.max() + 1e-9


def test_times_that_go_back_are_refused() -> None:
    with pytest.raises(ValueError, match="must increase"):
        Profile.of([(1.0, 0.0), (1.0, 2.0)])


PATHS = {
    "straight": PathSpec(from_m=(3.0, -2.0), heading_deg=30.0),
    "sway": PathSpec(from_m=(0.0, 0.0), sway_m=0.4, sway_length_m=25.0),
    "bend": PathSpec(
        from_m=(0.0, 0.0), segments=(Segment(12.0), Segment(16.0, 90.0), Segment(9.0), Segment(20.0, -60.0))
    ),
    "waypoints": PathSpec(waypoints_m=((0.0, 0.0), (20.0, 3.0, 1.0), (35.0, 18.0, 2.0), (60.0, 20.0, 2.0))),
    "circle": PathSpec(from_m=(0.0, 0.0), segments=(Segment(100.0, 360.0),)),
}


@pytest.mark.parametrize("name", PATHS)
def test_distance_along_a_path_is_distance_travelled(name: str) -> None:
    path = path_of(PATHS[name])
    along = np.arange(-5.0, 70.0, 0.01)
    position, _, _ = path.at(along)
    steps = np.linalg.norm(np.diff(position, axis=0), axis=1)
    np.testing.assert_allclose(steps, 0.01, rtol=2e-3)


@pytest.mark.parametrize("name", PATHS)
def test_things_head_where_they_go_without_jerks(name: str) -> None:
    motion = PathMotion(path_of(PATHS[name]), Profile.of([(0.0, 4.0), (3.0, 12.0)]))
    poses = motion.at(_times_ns(5.0))
    velocity = np.diff(poses.translation, axis=0) * 1e3
    course = np.arctan2(velocity[:, 1], velocity[:, 0])
    assert np.abs(np.angle(np.exp(1j * (course - poses.yaw_rad[:-1])))).max() < 0.004
    assert np.linalg.norm(np.diff(velocity, axis=0), axis=1).max() < 0.05


def test_a_bend_turns_by_what_it_says() -> None:
    path = path_of(PATHS["bend"])
    _, heading, _ = path.at(np.array([0.0, 100.0]))
    assert np.rad2deg(heading) == pytest.approx([0.0, 30.0], abs=1e-2)


def test_a_climbing_path_pitches_its_traveller_up() -> None:
    motion = PathMotion(
        path_of(PathSpec(waypoints_m=((0.0, 0.0, 0.0), (10.0, 0.0, 1.0), (20.0, 0.0, 2.0)))), Profile.of(2.0)
    )
    forward = motion.at(START_NS + 2_000_000_000).rotate(np.array([1.0, 0.0, 0.0]))
    assert forward[2] == pytest.approx(1.0 / np.hypot(10.0, 1.0), abs=1e-3)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (PathSpec(), "needs either from_m or waypoints_m"),
        (PathSpec(from_m=(0.0, 0.0), waypoints_m=((0.0, 0.0), (1.0, 0.0))), "needs either"),
        (PathSpec(waypoints_m=((0.0, 0.0),)), "needs two waypoints_m"),
        (PathSpec(waypoints_m=((0.0, 0.0), (0.0, 0.0), (1.0, 1.0))), "are the same"),
        (PathSpec(waypoints_m=((0.0, 0.0), (1.0, 1.0)), segments=(Segment(1.0),)), "either waypoints_m or segments"),
    ],
)
def test_a_path_that_is_none_says_why(spec: PathSpec, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        path_of(spec)


def test_a_trailer_follows_its_hitch_and_never_slides_sideways() -> None:
    path = path_of(PathSpec(from_m=(0.0, 0.0), segments=(Segment(20.0), Segment(25.0, 90.0), Segment(40.0))))
    tow = Tow("trailer", hitch_m=1.6, drawbar_m=8.0, hang_m=0.0)
    trailer = towed_path(path, tow, 0.0, 85.0)
    along = np.arange(0.0, 85.0, 0.05)
    axle, heading, _ = trailer.at(along)
    position, tractor_heading, _ = path.at(along)
    hitch = position[:, :2] - 1.6 * np.stack([np.cos(tractor_heading), np.sin(tractor_heading)], axis=1)
    np.testing.assert_allclose(np.linalg.norm(hitch - axle[:, :2], axis=1), 8.0, atol=1e-3)
    moved = np.diff(axle[:, :2], axis=0)
    sideways = moved[:, 1] * np.cos(heading[:-1]) - moved[:, 0] * np.sin(heading[:-1])
    assert np.abs(sideways).max() < 2e-4
    assert np.ptp(np.rad2deg(heading)) == pytest.approx(90.0, abs=2.0)


def test_a_load_stays_goes_along_and_stays_again() -> None:
    own = PathMotion(path_of(PathSpec(from_m=(2.0, 0.0))))
    carrier = PathMotion(path_of(PathSpec(from_m=(0.0, 0.0))), Profile.of(1.0))
    lift = Profile.of([(1.0, 0.0), (2.0, 1.5)])
    load = CarriedMotion(own, carrier, lift, START_NS + 1_000_000_000, START_NS + 3_000_000_000)
    seconds = np.array([0.0, 1.0, 2.0, 3.0, 9.0])
    position = load.at(START_NS + (seconds * 1e9).astype(np.int64)).translation
    np.testing.assert_allclose(position[:, 0], [2.0, 2.0, 3.0, 4.0, 4.0], atol=1e-9)
    np.testing.assert_allclose(position[:, 2], [0.0, 0.0, 1.5, 1.5, 1.5], atol=1e-9)
    assert not load.stands_still
