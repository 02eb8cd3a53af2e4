"""Tracking as nuScenes judges it: by the distance of centres, over levels of recall.

nuScenes tracking task (H. Caesar et al., "nuScenes: a multimodal dataset for autonomous driving", CVPR 2020, and its
development kit): two are one if their centres lie less than 2 m apart seen from above; tracks have the mean score of
their boxes; at 40 levels of recall from 0.1 to 1 MOTAR and the distance are taken; a level that is never reached counts
as the worst: 0, and 2 m.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from calibration.quaternion import FloatArray
from labeling.metrics.clear import Clear, clear, right_predictions
from labeling.metrics.comparison import Comparison
from labeling.metrics.over_recall import track_means

MATCHED_M: Final = 2.0
_LEVELS, _LEAST_RECALL = 40, 0.1
_SIMILAR: Final = 0.5
"""Similarity is 1 at one place and falls to this at the largest distance of a match."""


@dataclass(frozen=True, slots=True)
class CentreDistance:
    """amota: 0 to 1. amotp_m: mean distance, metres. recall: the largest that was reached."""

    amota: float
    amotp_m: float
    recall: float

    def to_dict(self) -> dict[str, float]:
        """By nuScenes' names."""
        return {"AMOTA_2m": self.amota, "AMOTP_2m": self.amotp_m, "recall_2m": self.recall}


def distance_similarities(truths: FloatArray, predictions: FloatArray) -> FloatArray:
    """(T, P) similarity of centres (T, 2 or more), (P, 2 or more): above a half within `MATCHED_M`."""
    apart = np.linalg.norm(truths[:, None, :2] - predictions[None, :, :2], axis=2)
    return np.asarray(np.maximum(1.0 - (1.0 - _SIMILAR) * apart / MATCHED_M, 0.0))


def centre_distance(
    truth_ids: Sequence[FloatArray],
    prediction_ids: Sequence[FloatArray],
    truths: Sequence[FloatArray],
    predictions: Sequence[FloatArray],
    scores: Sequence[FloatArray],
) -> CentreDistance:
    """Of one class: for each frame identities, centres (N, 2 or more; metres) and scores of the predictions."""
    similar = [distance_similarities(a, b) for a, b in zip(truths, predictions, strict=True)]
    comparison = Comparison.of(truth_ids, prediction_ids, similar, scores)
    count = len(comparison.truth_ids)
    if not count or not len(comparison.prediction_ids):
        return CentreDistance(0.0, MATCHED_M, 0.0)
    means = track_means(comparison)[comparison.prediction_ids]
    at_level = _at_levels(comparison, means, count)
    reached = [each for each in at_level if each is not None]
    motar = [0.0 if each is None else _motar(each, count) for each in at_level]
    apart = [MATCHED_M if each is None else _distance_m(each) for each in at_level]
    recall = max((each.true_positives / count for each in reached), default=0.0)
    return CentreDistance(float(np.mean(motar)), float(np.mean(apart)), recall)


def _at_levels(comparison: Comparison, means: FloatArray, count: int) -> list[Clear | None]:
    """Counts at the score that reaches each level of recall, None where none does."""
    right = np.sort(means[right_predictions(comparison, _SIMILAR)])[::-1]
    levels = np.linspace(_LEAST_RECALL, 1.0, _LEVELS)
    if not len(right):
        return [None] * _LEVELS
    reached = np.arange(1, len(right) + 1) / count
    scores = np.interp(levels, reached, right)
    counts = {least: clear(comparison.keeping(means >= least), _SIMILAR) for least in np.unique(scores).tolist()}
    return [
        counts[float(score)] if level <= reached[-1] + 1e-12 else None
        for score, level in zip(scores, levels, strict=True)
    ]


def _motar(counts: Clear, count: int) -> float:
    matched = counts.true_positives - counts.switches
    if matched <= 0:
        return 0.0
    recall = matched / count
    errors = counts.misses + counts.switches + counts.false_positives - (1.0 - recall) * count
    return max(0.0, 1.0 - errors / (recall * count))


def _distance_m(counts: Clear) -> float:
    return float(np.clip((1.0 - counts.motp) * MATCHED_M / (1.0 - _SIMILAR), 0.0, MATCHED_M))
