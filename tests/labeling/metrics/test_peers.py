"""HOTA, CLEAR and identity against trackeval and motrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from labeling.metrics import Comparison, clear, hota, identity, joined
from labeling.metrics.assignment import best_assignment

Frames = tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]


def some_frames(rng: np.random.Generator, frames: int, truths: int, predictions: int, step: float | None) -> Frames:
    """Random frames; with a step, similarities are multiples of it, and ties abound."""
    truth_ids, prediction_ids, similarities = [], [], []
    for _ in range(frames):
        a = rng.permutation(truths)[: rng.integers(0, truths + 1)]
        b = rng.permutation(predictions)[: rng.integers(0, predictions + 1)]
        matrix = rng.uniform(0.0, 1.0, (len(a), len(b))) ** 2
        truth_ids.append(a)
        prediction_ids.append(b)
        similarities.append(matrix if step is None else np.round(matrix / step) * step)
    return truth_ids, prediction_ids, similarities


def peer(frames: Frames) -> dict[str, Any]:
    from trackeval.metrics import CLEAR, HOTA
    from trackeval.metrics import Identity as PeerIdentity

    names = [np.unique(np.concatenate([np.empty(0, int), *ids])) for ids in frames[:2]]
    data = {
        "gt_ids": [np.searchsorted(names[0], ids) for ids in frames[0]],
        "tracker_ids": [np.searchsorted(names[1], ids) for ids in frames[1]],
        "similarity_scores": frames[2],
        "num_gt_ids": len(names[0]),
        "num_tracker_ids": len(names[1]),
        "num_gt_dets": sum(map(len, frames[0])),
        "num_tracker_dets": sum(map(len, frames[1])),
        "num_timesteps": len(frames[0]),
    }
    quiet = {"PRINT_CONFIG": False}
    return (
        HOTA().eval_sequence(data)
        | {f"clear {k}": v for k, v in CLEAR(quiet).eval_sequence(data).items()}
        | {f"identity {k}": v for k, v in PeerIdentity(quiet).eval_sequence(data).items()}
    )


def assert_equal(frames: Frames) -> None:
    expected, comparison = peer(frames), Comparison.of(*frames)
    ours = hota(comparison)
    for name, mine in (
        ("HOTA", ours.hota),
        ("DetA", ours.det_a),
        ("AssA", ours.ass_a),
        ("DetRe", ours.det_re),
        ("DetPr", ours.det_pr),
        ("AssRe", ours.ass_re),
        ("AssPr", ours.ass_pr),
        ("LocA", ours.loc_a),
    ):
        np.testing.assert_allclose(mine, expected[name], atol=1e-9, err_msg=name)
    counted = clear(comparison)
    for name, value in (
        ("CLR_TP", counted.true_positives),
        ("CLR_FP", counted.false_positives),
        ("CLR_FN", counted.misses),
        ("IDSW", counted.switches),
        ("Frag", counted.fragments),
        ("MT", counted.mostly_tracked),
        ("ML", counted.mostly_lost),
        *(
            (("MOTA", counted.mota), ("MOTP", counted.motp)) if len(comparison.similarities) else ()
        ),  # else they stop early
    ):
        assert value == pytest.approx(expected[f"clear {name}"], abs=1e-9), name
    same = identity(comparison)
    assert (same.true_positives, same.idf1) == pytest.approx(
        (expected["identity IDTP"], expected["identity IDF1"]), abs=1e-9
    )


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**31),
    frames=st.integers(1, 12),
    truths=st.integers(0, 8),
    predictions=st.integers(0, 8),
    step=st.sampled_from([None, 0.05, 0.5, 1.0]),
)
def test_equals_trackeval(seed: int, frames: int, truths: int, predictions: int, step: float | None) -> None:
    assert_equal(some_frames(np.random.default_rng(seed), frames, truths, predictions, step))


def lifelike_frames(rng: np.random.Generator, frames: int) -> Frames:
    """Objects that are mostly found by their own tracks. Elsewhere motrics and trackeval disagree on CLEAR, since they
    remember a match for another time."""
    truth_ids, prediction_ids, similarities = [], [], []
    for t in range(frames):
        a, b = np.flatnonzero(rng.random(10) < 0.95), np.flatnonzero(rng.random(12) < 0.9)
        named = np.where((b == 3) & (t > frames // 2), 20, b)  # one changes its identity half way
        matrix = rng.uniform(0.0, 0.3, (len(a), len(b)))
        matrix[a[:, None] == b] = rng.uniform(0.6, 1.0, int((a[:, None] == b).sum()))
        truth_ids.append(a)
        prediction_ids.append(named)
        similarities.append(matrix)
    return truth_ids, prediction_ids, similarities


def test_equals_motrics() -> None:
    import motrics

    frames = lifelike_frames(np.random.default_rng(7), 200)
    ids = [[list(map(int, each)) for each in part] for part in frames[:2]]
    comparison = Comparison.of(*frames)
    theirs = motrics.compute_hota_from_similarity(*ids, [each.tolist() for each in frames[2]])
    np.testing.assert_allclose(hota(comparison).means()["HOTA"], theirs.hota, atol=1e-9)
    counted = motrics.compute_clear_from_similarity(*ids, [each.tolist() for each in frames[2]])
    assert clear(comparison).mota == pytest.approx(counted.mota, abs=1e-9)
    known = motrics.compute_identity_from_similarity(*ids, [each.tolist() for each in frames[2]])
    assert identity(comparison).idf1 == pytest.approx(known.idf1, abs=1e-9)


@settings(max_examples=200)
@given(rows=st.integers(1, 7), columns=st.integers(1, 7), seed=st.integers(0, 2**31), levels=st.integers(1, 5))
def test_ties_go_to_whom_scipy_gives_them(rows: int, columns: int, seed: int, levels: int) -> None:
    scores = np.random.default_rng(seed).integers(0, levels, (rows, columns)).astype(float)
    for mine, theirs in zip(best_assignment(scores), linear_sum_assignment(-scores), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_several_recordings_are_one() -> None:
    rng = np.random.default_rng(8)
    parts = [some_frames(rng, 20, 5, 6, None) for _ in range(3)]
    whole = joined([Comparison.of(*each) for each in parts])
    shifted: Frames = tuple(  # type: ignore[assignment]
        [ids + 100 * k if part < 2 else ids for k, each in enumerate(parts) for ids in each[part]] for part in range(3)
    )
    assert hota(whole).means() == pytest.approx(hota(Comparison.of(*shifted)).means(), abs=1e-12)
    assert clear(whole) == clear(Comparison.of(*shifted))


def test_predictions_can_be_left_out() -> None:
    frames = some_frames(np.random.default_rng(9), 20, 5, 6, None)
    comparison = Comparison.of(*frames)
    kept = comparison.prediction_ids % 2 == 0
    assert clear(comparison.keeping(kept)).false_positives <= clear(comparison).false_positives
    by_hand = Comparison.of(
        frames[0],
        [ids[ids % 2 == 0] for ids in frames[1]],
        [matrix[:, ids % 2 == 0] for ids, matrix in zip(frames[1], frames[2], strict=True)],
    )
    assert hota(comparison.keeping(kept)).means() == hota(by_hand).means()


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Comparison.of([[1, 2]], [[1]], [np.ones((1, 1))])
    with pytest.raises(ValueError, match="twice"):
        Comparison.of([[1, 1]], [[1]], [np.ones((2, 1))])
