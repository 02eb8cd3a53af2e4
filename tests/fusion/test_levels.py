"""A thinned cloud looks like the whole one: even, finer near the eye and in focus, never more than the budget."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.levels import thinned


def plain(count: int, seed: int = 0, reach_m: float = 60.0) -> np.ndarray:
    """Points on a disc, much denser near the middle, as a LiDAR sees the ground."""
    rng = np.random.default_rng(seed)
    radius, angle = reach_m * rng.random(count) ** 2, rng.uniform(0.0, 2.0 * np.pi, count)
    z = 0.01 * rng.standard_normal(count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1).astype(np.float32)


def test_a_small_cloud_stays_whole() -> None:
    assert thinned(plain(1000), (0, 0, 2), budget=1000).tolist() == list(range(1000))
    assert len(thinned(np.empty((0, 3), np.float32), (0, 0, 0))) == 0


@pytest.mark.parametrize("budget", [1, 100, 5_000, 60_000])
def test_the_budget_holds_and_is_used(budget: int) -> None:
    kept = thinned(plain(400_000), (0, 0, 2), budget=budget)
    assert len(kept) <= budget
    assert len(kept) > (0.6 * budget if budget > 1 else 0)
    assert np.all(np.diff(kept) > 0)


def test_density_is_even_as_seen_from_the_eye() -> None:
    points = plain(2_000_000)
    kept = points[thinned(points, (0, 0, 2), budget=20_000)]

    def spread(cloud: np.ndarray) -> float:
        """How uneven: points for each square of the angle under which a ring's ground is seen, largest to smallest."""
        rings = np.array([2.0, 5.0, 10.0, 20.0, 40.0])
        counts = np.histogram(np.hypot(cloud[:, 0], cloud[:, 1]), rings)[0]
        per_area = counts / np.diff(rings**2) * np.maximum(np.sqrt(rings[1:] * rings[:-1]) / 10.0, 1.0) ** 2
        return float(per_area.max() / per_area.min())

    assert spread(kept) < 2.0
    assert spread(points) > 4.0


def test_nothing_is_forgotten() -> None:
    """A lone far thing of a few points stays, however dense the rest is."""
    lone = np.array([[80.0, 5.0, 1.0], [-70.0, 40.0, 2.0]], dtype=np.float32)
    points = np.concatenate([plain(500_000), lone])
    kept = thinned(points, (0, 0, 2), budget=5_000)
    assert {500_000, 500_001} <= set(kept.tolist())


def test_more_points_stay_in_focus() -> None:
    points = plain(800_000, reach_m=30.0)
    place, radius = np.array([12.0, 3.0, 0.0]), 2.0

    def within(kept: np.ndarray) -> int:
        return int((np.linalg.norm(points[kept] - place, axis=1) < radius).sum())

    bare = within(thinned(points, (0, 0, 2), budget=8_000))
    assert within(thinned(points, (0, 0, 2), budget=8_000, focus=[[*place, radius]])) > 4 * bare


def test_points_in_one_place_are_cut_to_the_budget() -> None:
    assert 1 <= len(thinned(np.zeros((5000, 3), np.float32), (0, 0, 0), budget=10)) <= 10
    with pytest.raises(ValueError, match="a budget of 0"):
        thinned(np.zeros((5, 3), np.float32), (0, 0, 0), budget=0)


def test_far_from_the_origin_it_is_the_same() -> None:
    points = plain(100_000)
    shift = np.array([4096.0, -8192.0, 0.0], dtype=np.float32)  # exact in float32 up to its steps
    here, there = (len(thinned(points + s, s, budget=4_000)) for s in (np.zeros(3, np.float32), shift))
    assert there == pytest.approx(here, rel=0.1)
