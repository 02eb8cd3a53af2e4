"""Detection scores and accuracy over recall on cases that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from labeling.metrics import Comparison, clear, detection_scores, over_recall

CAR = np.array([[10.0, 0.0, 0.0, 4.0, 2.0, 1.5, 0.0], [20.0, 5.0, 0.0, 4.0, 2.0, 1.5, 0.0]])


def test_perfect_and_nothing() -> None:
    perfect = detection_scores([CAR], [CAR], [np.ones(2)])
    assert perfect.to_dict() == {"AP": 1.0, "ATE": 0.0, "ASE": 0.0, "AOE": 0.0, "CDS": 1.0}
    nothing = detection_scores([CAR], [np.empty((0, 7))], [np.empty(0)])
    assert nothing.to_dict() == {"AP": 0.0, "ATE": 2.0, "ASE": 1.0, "AOE": np.pi, "CDS": 0.0}


def test_errors_by_hand() -> None:
    off = CAR + np.array([[0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.3], [0.0, 1.2, 0.0, 4.0, 0.0, 0.0, -0.1]])
    found = detection_scores([CAR], [off], [np.array([0.9, 0.8])])
    assert found.ate_m == pytest.approx((0.9 + 1.2) / 2)
    assert found.ase == pytest.approx((0.0 + 0.5) / 2)
    assert found.aoe_rad == pytest.approx(0.2)
    # Within 0.5 m: none; within 1 m: the first, so recalls up to a half at full precision; within 2 and 4 m: both.
    half = float(np.mean(np.linspace(0.0, 1.0, 100) <= 0.5))
    assert found.ap == pytest.approx((0.0 + half + 1.0 + 1.0) / 4)


def test_one_truth_is_claimed_once_and_by_the_surest() -> None:
    twice = np.concatenate([CAR[:1], CAR[:1] + np.array([[0.4, 0, 0, 0, 0, 0, 0]])])
    found = detection_scores([CAR[:1]], [twice], [np.array([0.2, 0.9])])
    assert found.ate_m == pytest.approx(0.4)
    assert found.ap == pytest.approx(0.995)  # the other one costs precision where recall is full, one sample in 100


def test_scores_order_over_all_frames() -> None:
    """A sure mistake in one frame costs precision in all."""
    wrong = np.array([[80.0, 0.0, 0.0, 4.0, 2.0, 1.5, 0.0]])
    sure = detection_scores([CAR[:1], CAR[:1]], [CAR[:1], wrong], [np.array([0.5]), np.array([0.9])])
    unsure = detection_scores([CAR[:1], CAR[:1]], [CAR[:1], wrong], [np.array([0.9]), np.array([0.5])])
    assert sure.ap < unsure.ap == pytest.approx(float(np.mean(np.linspace(0, 1, 100) <= 0.5)))


def test_over_recall_by_hand() -> None:
    """Ten objects over one frame each, all found, one unsure mistake: below full recall nothing is wrong."""
    ids = [np.array([k]) for k in range(10)]
    predictions = [np.array([k]) if k else np.array([0, 99]) for k in range(10)]
    similarities = [np.ones((1, len(each))) * (np.arange(len(each)) == 0) for each in predictions]
    scores = [np.array([10.0 - k]) if k else np.array([10.0, 0.1]) for k in range(10)]
    found = over_recall(Comparison.of(ids, predictions, similarities, scores))
    assert found.samota == pytest.approx(1.0)
    assert found.best.mota == 1.0
    assert clear(Comparison.of(ids, predictions, similarities)).mota == pytest.approx(0.9)
    # MOTA at recall k / 40 is the recall that was reached: 0.1 four times, 0.2 four times, ...
    assert found.amota == pytest.approx(0.55)
    assert over_recall(Comparison.of(ids, [np.empty(0)] * 10, [np.empty((1, 0))] * 10)).samota == 0.0
