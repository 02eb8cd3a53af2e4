"""Tracking over all confidences.

X. Weng et al., "3D multi-object tracking: a baseline and new evaluation metrics", IROS 2020. A tracker that is judged
at one threshold can be tuned to it. Here whole tracks are left out by their mean score, at 40 levels of recall, and
accuracies are averaged. The AMOTA of nuScenes is the scaled one, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.quaternion import FloatArray
from labeling.metrics.clear import Clear, clear
from labeling.metrics.comparison import Comparison

LEVELS = 40


@dataclass(frozen=True, slots=True)
class OverRecall:
    """samota: scaled accuracy, 0 to 1; amota: plain; amotp: precision; best: counts at the best plain accuracy."""

    samota: float
    amota: float
    amotp: float
    best: Clear

    def to_dict(self) -> dict[str, float]:
        """sAMOTA, AMOTA, AMOTP and the best MOTA."""
        return {"sAMOTA": self.samota, "AMOTA": self.amota, "AMOTP": self.amotp, "best MOTA": self.best.mota}


def over_recall(comparison: Comparison, threshold: float = 0.5) -> OverRecall:
    """Of one comparison; recalls that are never reached count as 0."""
    means = track_means(comparison)
    scores = means[comparison.prediction_ids]
    counted = []
    for least in _levels(comparison, scores, threshold):
        counted.append(clear(comparison.keeping(scores >= least), threshold))
    if not counted:
        return OverRecall(0.0, 0.0, 0.0, clear(comparison, threshold))
    recalls = np.arange(1, len(counted) + 1) / LEVELS
    scaled = [_scaled(each, recall) for each, recall in zip(counted, recalls, strict=True)]
    return OverRecall(
        float(np.sum(scaled)) / LEVELS,
        float(sum(each.mota for each in counted)) / LEVELS,
        float(sum(each.motp for each in counted)) / LEVELS,
        max(counted, key=lambda each: each.mota),
    )


def track_means(comparison: Comparison) -> FloatArray:
    """(P,) mean score of each predicted track."""
    sums = np.bincount(comparison.prediction_ids, comparison.scores, comparison.prediction_count)
    return np.asarray(
        sums / np.maximum(np.bincount(comparison.prediction_ids, minlength=comparison.prediction_count), 1)
    )


def _levels(comparison: Comparison, scores: FloatArray, threshold: float) -> list[float]:
    """Scores at which recall reaches 1 / 40, 2 / 40 and so on."""
    truths = len(comparison.truth_ids)
    candidates = np.unique(scores)[::-1]
    levels: list[float] = []
    for least in candidates:
        recall = clear(comparison.keeping(scores >= least), threshold).true_positives / max(1, truths)
        while len(levels) < LEVELS and recall >= (len(levels) + 1) / LEVELS - 1e-12:
            levels.append(float(least))
    return levels


def _scaled(counts: Clear, recall: float) -> float:
    errors = counts.false_positives + counts.misses + counts.switches
    return float(np.clip(1.0 - (errors - (1.0 - recall) * counts.truths) / (recall * max(1, counts.truths)), 0.0, 1.0))
