"""Detections of simulated traffic become its tracks again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import tracking as benchmark
from benchmarks.kitti_tracks import averaging
from labeling.automation.class_priors import class_prior
from labeling.automation.tracking import Detections, TrackerSettings, track_offline, track_online
from labeling.automation.tracking.motion import smooth

CAR = TrackerSettings.of_class(class_prior("car"))
PERIOD_NS = 100_000_000


def detections_of(
    paths: list[np.ndarray], missing: set[tuple[int, int]] = frozenset(), noise_m: float = 0.1, seed: int = 0
) -> tuple[Detections, np.ndarray]:
    """Of objects with a path (F, 3) each, NaN where it is not there; and the object of each detection."""
    rng = np.random.default_rng(seed)
    rows = []
    for frame in range(len(paths[0])):
        for thing, path in enumerate(paths):
            if np.isnan(path[frame, 0]) or (thing, frame) in missing:
                continue
            step = path[min(frame + 1, len(path) - 1)] - path[max(frame - 1, 0)]
            yaw = np.arctan2(step[1], step[0]) + (np.pi if rng.random() < 0.2 else 0.0)
            centre = path[frame] + rng.normal(0.0, noise_m, 3)
            rows.append([frame, thing, *centre, *(np.array([4.5, 1.8, 1.5]) * rng.normal(1.0, 0.03, 3)), yaw, 5.0])
    table = np.array(rows)
    times = np.arange(len(paths[0])) * PERIOD_NS
    made = Detections(times, table[:, 0].astype(int), table[:, 2:5], table[:, 5:8], table[:, 8], table[:, 9])
    return made, table[:, 1].astype(int)


def straight(start: list[float], speed: list[float], frames: int = 40) -> np.ndarray:
    return np.array(start) + 0.1 * np.arange(frames)[:, None] * np.array(speed)


CROSSING = [straight([0, 0, 0], [12, 0, 0]), straight([24, -24, 0], [0, 12, 0]), straight([5, 4, 0], [-3, 0.5, 0])]


def test_identities_through_a_crossing() -> None:
    detections, things = detections_of(CROSSING)
    owners, costs = track_online(detections, CAR)
    assert len(set(zip(owners.tolist(), things.tolist(), strict=True))) == 3
    assert np.all(costs[:, :3].sum(axis=1) < CAR.gate)
    assert np.all(costs[3:, 3] == pytest.approx(0.1))


def test_online_uses_nothing_that_comes_later() -> None:
    detections, _ = detections_of(CROSSING)
    early = detections.taking(detections.frames < 20)
    np.testing.assert_array_equal(track_online(early, CAR)[0], track_online(detections, CAR)[0][: len(early)])


def test_an_occlusion_is_bridged_and_says_so() -> None:
    hidden = {(0, frame) for frame in range(14, 30)}
    detections, _ = detections_of(CROSSING[:2], hidden)
    objects = track_offline(detections, CAR)
    assert len(objects) == 2
    first = next(each for each in objects if np.any(each.detected == -1))
    assert np.count_nonzero(first.detected == -1) == 16
    joint = max(first.joints, key=lambda each: each.gap_s)
    assert (joint.frame, joint.gap_s) == (30, pytest.approx(1.7))
    assert joint.cost == joint.position + joint.size + joint.heading < CAR.gate
    assert np.linalg.norm(first.centres_m - CROSSING[0][first.frames], axis=1).max() < 0.6
    assert first.spread_m[first.detected == -1].max() > 3 * first.spread_m[first.detected >= 0].mean()
    assert first.shown(16).all()
    assert not first.shown(12).all()


def test_what_is_far_apart_is_never_joined() -> None:
    one, two = straight([0, 0, 0], [0, 0, 0]), straight([12, 9, 0], [0, 0, 0])
    one[18:], two[:22] = np.nan, np.nan
    detections, _ = detections_of([one, two])
    assert len(track_offline(detections, CAR)) == 2


def test_smoothing_one_size_one_front() -> None:
    detections, _ = detections_of(CROSSING[:1], noise_m=0.15)
    (found,) = track_offline(detections, CAR)
    raw = np.linalg.norm(detections.centres_m - CROSSING[0], axis=1).mean()
    assert np.linalg.norm(found.centres_m - CROSSING[0], axis=1).mean() < 0.8 * raw
    assert np.abs(found.yaws_rad).max() < 0.05  # a fifth of the detections looks back
    np.testing.assert_allclose(found.size_m, [4.5, 1.8, 1.5], rtol=0.03)


def test_few_detections_are_little_evidence() -> None:
    brief = straight([50, 50, 0], [0, 0, 0])
    brief[2:] = np.nan
    detections, _ = detections_of([*CROSSING[:1], brief])
    long, short = track_offline(detections, CAR)
    assert short.score < 0.5 * long.score


def test_the_smoother_is_the_least_squares_solution() -> None:
    """Against a dense solve of the same Gaussian chain."""
    seconds, acceleration, speed = np.array([0.0, 0.1, 0.3, 0.35, 0.9]), 3.0, 10.0
    measured = np.random.default_rng(1).normal(0.0, 1.0, (5, 3))
    variances = np.array([0.04, 0.09, np.inf, 0.04, 0.01])
    rows, values, weights = [], [], []
    rows.append(np.eye(10)[0:1])
    values.append(measured[:1])
    weights.append(np.array([[1e-6]]))
    rows.append(np.eye(10)[1:2])
    values.append(np.zeros((1, 3)))
    weights.append(np.array([[1.0 / speed**2]]))
    for k in range(5):
        if np.isfinite(variances[k]):
            rows.append(np.eye(10)[2 * k : 2 * k + 1])
            values.append(measured[k : k + 1])
            weights.append(np.array([[1.0 / variances[k]]]))
        if k < 4:
            s = seconds[k + 1] - seconds[k]
            row = np.zeros((2, 10))
            row[:, 2 * k : 2 * k + 2] = -np.array([[1.0, s], [0.0, 1.0]])
            row[:, 2 * k + 2 : 2 * k + 4] = np.eye(2)
            noise = acceleration**2 * np.array([[s**4 / 4, s**3 / 2], [s**3 / 2, s**2]]) + 1e-9 * np.eye(2)
            rows.append(row)
            values.append(np.zeros((2, 3)))
            weights.append(np.linalg.inv(noise))
    a = sum(r.T @ w @ r for r, w in zip(rows, weights, strict=True))
    b = sum(r.T @ w @ v for r, w, v in zip(rows, weights, values, strict=True))
    expected = np.linalg.solve(a, b).reshape(5, 2, 3)
    states, covariances = smooth(seconds, measured, variances, acceleration, speed)
    np.testing.assert_allclose(states[:, 0], expected[:, 0], atol=1e-4)
    np.testing.assert_allclose(covariances[:, 0, 0], np.diag(np.linalg.inv(a))[::2], rtol=1e-3)


def test_nothing_and_bad_input() -> None:
    empty = Detections(np.arange(3), np.empty(0, int), np.empty((0, 3)), np.empty((0, 3)), np.empty(0), np.empty(0))
    assert track_offline(empty, CAR) == []
    with pytest.raises(ValueError, match="sorted"):
        Detections(np.arange(3), np.array([1, 0]), np.ones((2, 3)), np.ones((2, 3)), np.ones(2), np.ones(2))


def test_a_tracks_mean_score_is_its_score_however_often_it_is_taken() -> None:
    """Else AB3DMOT's evaluator drops tracks at their own threshold: it takes means of means, in this order of sums."""
    scores = np.random.default_rng(0).normal(3.0, 4.0, 200)

    def lost(values: np.ndarray) -> int:
        return sum(sum([value] * count) / count < value for value in values.tolist() for count in range(2, 90))

    assert lost(np.round(scores, 4)) > 1000
    assert lost(averaging(scores)) == 0
    np.testing.assert_allclose(averaging(scores), scores, atol=1e-3)


def test_real_detections(real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = real_data / "kitti_tracking"
    given = ["--kitti", str(folder), "--sequences", "0010", "--out", str(tmp_path / "out")]
    assert benchmark.main([*given, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["sAMOTA_car_0.25"] > 85.0
    written = (tmp_path / "out" / "Car" / "0010.txt").read_text().splitlines()
    assert all(len(line.split()) == 18 for line in written)
    scores: dict[str, set[str]] = {}
    for line in written:
        scores.setdefault(line.split()[1], set()).add(line.split()[17])
    assert all(len(each) == 1 for each in scores.values())
    exact = np.array([float(score) for each in scores.values() for score in each])
    np.testing.assert_array_equal(averaging(exact), exact)
    together = (tmp_path / "out" / "0010.txt").read_text().splitlines()
    kinds = {line.split()[1]: line.split()[2] for line in together}
    assert len(together) > len(written)
    assert set(kinds.values()) == {"Car", "Pedestrian", "Cyclist"}
    assert all(kinds[line.split()[1]] == line.split()[2] for line in together)  # an identity is of one class
    assert benchmark.main([*given[:3], "9999"]) == 1
    assert "sequence 9999 has no readable camera poses" in capsys.readouterr().err
