"""Measures of accuracy, against what they are defined to be."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from labeling.accuracy import (
    Sightings,
    acceptance_plan,
    agreement,
    agreement_alpha,
    error_rate,
    sightings_in,
    trend,
)
from labeling.accuracy.segment import frames_within
from labeling.overlap import Overlap, overlap_matrix
from labeling.project import Project
from labeling.track import Presence

DAY_NS = 86_400 * 10**9


def seen(*frames: list[tuple[str, float]], class_name: str = "car") -> Sightings:
    """Cars of one size by name and place along x."""
    rows = [np.array([[x, 0, 0, 4, 2, 1.5, 0] for _, x in frame]).reshape(-1, 7) for frame in frames]
    ids = tuple(tuple(name for name, _ in frame) for frame in frames)
    return Sightings(ids, tuple((class_name,) * len(frame) for frame in frames), tuple(rows))


def test_two_who_say_the_same_agree() -> None:
    same = seen([("a", 0.0), ("b", 20.0)], [("a", 1.0), ("b", 20.0)])
    found = agreement(same, same)
    assert (found.hota, found.f1, found.iou, found.precision, found.recall) == pytest.approx((1.0,) * 5)
    assert agreement_alpha([same, same, same]) == pytest.approx(1.0)
    nothing = seen([], [])
    assert agreement(nothing, nothing).f1 == 1.0
    assert agreement(nothing, same).f1 == agreement(same, nothing).hota == 0.0


def test_what_is_missing_shifted_or_called_otherwise_counts() -> None:
    truth = seen([("a", 0.0), ("b", 20.0), ("c", 40.0), ("d", 60.0)])
    found = agreement(truth, seen([("1", 0.0), ("2", 21.0), ("3", 43.9)]))
    assert (found.precision, found.recall) == (pytest.approx(2 / 3), 0.5)
    assert found.f1 == pytest.approx(4 / 7)
    assert found.iou == pytest.approx((1.0 + 3 / 5) / 2)
    assert agreement(truth, seen([("a", 0.0)], class_name="van")).f1 == 0.0


def brute_force_alpha(values: list[list[np.ndarray | None]]) -> float:
    def distance(a: np.ndarray | None, b: np.ndarray | None) -> float:
        if a is None or b is None:
            return float((a is None) != (b is None))
        return 1.0 - float(overlap_matrix(a, b, Overlap.IOU_3D)[0, 0])

    observed = np.mean([distance(a, b) for unit in values for a, b in combinations(unit, 2)])
    expected = np.mean([distance(a, b) for a, b in combinations([each for unit in values for each in unit], 2)])
    return float(1.0 - observed / expected)


@given(st.lists(st.tuples(st.floats(-0.9, 0.9), st.booleans()), min_size=2, max_size=6))
def test_alpha_is_what_its_formula_says(work: list[tuple[float, bool]]) -> None:
    """Far apart objects, seen by the first at their places, by the second a little off or not at all."""
    first = seen([(str(k), 50.0 * k) for k in range(len(work))])
    second = seen([(str(k), 50.0 * k + shift) for k, (shift, there) in enumerate(work) if there])
    rows = {round(row[0] / 50.0): row for row in second.cuboids[0]}
    units = [[row, rows.get(k)] for k, row in enumerate(first.cuboids[0])]
    assert agreement_alpha([first, second]) == pytest.approx(brute_force_alpha(units))


def test_alpha_of_those_who_never_meet_is_no_better_than_chance() -> None:
    rng = np.random.default_rng(1)
    people = [seen([(str(k), float(x)) for k, x in enumerate(rng.uniform(0, 5000, 60))]) for _ in range(3)]
    assert agreement_alpha(people) < 0.05
    with pytest.raises(ValueError, match="at least two"):
        agreement_alpha(people[:1])


def test_a_trend_is_told_from_noise() -> None:
    rng = np.random.default_rng(0)
    days = np.arange(30)
    noise = rng.normal(0, 0.01, 30)
    falling = trend((days * DAY_NS).tolist(), (0.9 - 0.005 * days + noise).tolist())
    assert falling.drifts
    assert falling.slope_per_day == pytest.approx(-0.005, abs=0.001)
    assert falling.low < -0.005 < falling.high
    assert not trend((days * DAY_NS).tolist(), (0.9 + noise).tolist()).drifts
    assert trend([5], [0.7]).slope_per_day is None


@given(st.integers(1, 400), st.floats(0.01, 0.4))
def test_an_interval_holds_the_truth_as_often_as_it_says(inspected: int, truth: float) -> None:
    chances = binom.pmf(np.arange(inspected + 1), inspected, truth)
    rates = [error_rate(each, inspected) for each in range(inspected + 1)]
    held = [each.low <= truth <= each.high for each in rates]
    assert chances[held].sum() >= 0.95 - 1e-9


def test_an_acceptance_plan_keeps_both_risks() -> None:
    plan = acceptance_plan(0.01, 0.08)
    assert binom.cdf(plan.accept_up_to, plan.inspect, 0.01) >= 0.95
    assert binom.cdf(plan.accept_up_to, plan.inspect, 0.08) <= 0.1
    smaller = plan.inspect - 1
    assert not any(binom.cdf(c, smaller, 0.01) >= 0.95 and binom.cdf(c, smaller, 0.08) <= 0.1 for c in range(smaller))
    assert plan.accepts(plan.accept_up_to)
    assert not plan.accepts(plan.accept_up_to + 1)
    with pytest.raises(ValueError, match="not better"):
        acceptance_plan(0.1, 0.1)


def test_tracks_are_seen_where_frames_show_them(tiny_project: Project) -> None:
    """One that stops being present within a frame's sweep is in that frame, and laid where it is in its middle."""
    labels = tiny_project.labels()
    tracks = labels.tracks("tiny")
    labels.close()
    moving = replace(tracks["moving"], presence=(Presence(*map(int, tracks["moving"].times_ns[[0, 2]])),))
    with tiny_project.recording("tiny") as recording:
        found = sightings_in(recording, {"moving": moving}, range(6))
        assert found.ids == (("moving",),) * 3 + ((),) * 3
        middle = recording.frame_middle_ns(1)
        np.testing.assert_allclose(found.cuboids[1][0, :3], moving.at(middle).translation)
        assert len(sightings_in(recording, tracks, [0], ["van"])) == 0
        assert frames_within(recording, middle, recording.frame_middle_ns(3)) == [1, 2, 3]
