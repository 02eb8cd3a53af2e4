"""Detections frame by frame, as Argoverse 2 scores them: B. Wilson et al., "Argoverse 2: next generation datasets for
self-driving perception and forecasting", 2021 (matching by the distance of centres; errors of what lies within 2 m).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray

THRESHOLDS_M = (0.5, 1.0, 2.0, 4.0)
_ERRORS_WITHIN = 2  # index of the threshold at which errors are taken
_RECALLS = np.linspace(0.0, 1.0, 100)
_WORST = (THRESHOLDS_M[_ERRORS_WITHIN], 1.0, np.pi)


@dataclass(frozen=True, slots=True)
class DetectionScores:
    """ap: average precision, mean over four distances. ate_m, ase, aoe_rad: mean errors of centre, size (1 - overlap of
    aligned boxes) and heading of what lies within 2 m. cds: ap times what is left after the errors."""

    ap: float
    ate_m: float
    ase: float
    aoe_rad: float

    @property
    def cds(self) -> float:
        """Composite detection score."""
        errors = zip((self.ate_m, self.ase, self.aoe_rad), _WORST, strict=True)
        return self.ap * float(np.mean([1.0 - error / worst for error, worst in errors]))

    def to_dict(self) -> dict[str, float]:
        """AP, ATE, ASE, AOE, CDS."""
        return {"AP": self.ap, "ATE": self.ate_m, "ASE": self.ase, "AOE": self.aoe_rad, "CDS": self.cds}


def detection_scores(
    truths: Sequence[FloatArray], predictions: Sequence[FloatArray], scores: Sequence[FloatArray]
) -> DetectionScores:
    """Of one class. truths, predictions: of each frame upright cuboids (N, 7), x y z length width height yaw; scores:
    (M,) of each frame's predictions.

    No prediction, or none near a truth, has the worst of every error.
    """
    hits, errors = [], []
    for truth, prediction, score in zip(truths, predictions, scores, strict=True):
        hit, error = _assigned(truth, prediction[np.argsort(-score, kind="stable")])
        hits.append(hit)
        errors.append(error)
    ordered = np.concatenate([np.empty(0), *(np.sort(score)[::-1] for score in scores)])
    hit = np.concatenate([np.empty((0, len(THRESHOLDS_M)), bool), *hits])[np.argsort(-ordered, kind="stable")]
    error = np.concatenate([np.empty((0, 3)), *errors])
    count = sum(map(len, truths))
    if not count or not len(error):
        return DetectionScores(0.0, *_WORST)
    ap = float(np.mean([_average_precision(column, count) for column in hit.T]))
    return DetectionScores(ap, *map(float, error.mean(axis=0)))


def _assigned(truth: FloatArray, ordered: FloatArray) -> tuple[npt.NDArray[np.bool_], FloatArray]:
    """Whether each prediction, surest first, is the first to claim the truth nearest to it, at each distance; and the
    errors of those that are within 2 m."""
    hit = np.zeros((len(ordered), len(THRESHOLDS_M)), bool)
    if not len(truth) or not len(ordered):
        return hit, np.empty((0, 3))
    distance = np.linalg.norm(ordered[:, None, :3] - truth[None, :, :3], axis=2)
    nearest = distance.argmin(axis=1)
    gaps = distance[np.arange(len(ordered)), nearest]
    _, first = np.unique(nearest, return_index=True)
    hit[first] = gaps[first, None] < np.array(THRESHOLDS_M)
    right = np.flatnonzero(hit[:, _ERRORS_WITHIN])
    found, meant = ordered[right], truth[nearest[right]]
    common = np.minimum(found[:, 3:6], meant[:, 3:6]).prod(axis=1)
    union = found[:, 3:6].prod(axis=1) + meant[:, 3:6].prod(axis=1) - common
    turn = np.abs((found[:, 6] - meant[:, 6] + np.pi) % (2.0 * np.pi) - np.pi)
    return hit, np.stack([gaps[right], 1.0 - common / union, turn], axis=1)


def _average_precision(hit: npt.NDArray[np.bool_], count: int) -> float:
    found = np.cumsum(hit)
    precision = found / np.arange(1, len(hit) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.interp(_RECALLS, found / count, envelope, right=0.0).mean())
