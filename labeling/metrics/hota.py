"""Higher order tracking accuracy: J. Luiten et al., "HOTA: a higher order metric for evaluating multi-object tracking",
IJCV 2020. Detection, association and localisation in one number and in its parts, over 19 thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from calibration.quaternion import FloatArray
from labeling.metrics.assignment import IndexArray, best_assignment
from labeling.metrics.comparison import Comparison

ALPHAS: FloatArray = np.arange(0.05, 0.99, 0.05)
_EPSILON = float(np.finfo(float).eps)


@dataclass(frozen=True, slots=True, eq=False)
class Hota:
    """Each an array (19,) over the thresholds of similarity `ALPHAS`; its mean is the metric of that name."""

    hota: FloatArray
    det_a: FloatArray
    ass_a: FloatArray
    det_re: FloatArray
    det_pr: FloatArray
    ass_re: FloatArray
    ass_pr: FloatArray
    loc_a: FloatArray

    def means(self) -> dict[str, float]:
        """HOTA, DetA, AssA, DetRe, DetPr, AssRe, AssPr, LocA."""
        named = {
            "HOTA": self.hota,
            "DetA": self.det_a,
            "AssA": self.ass_a,
            "DetRe": self.det_re,
            "DetPr": self.det_pr,
            "AssRe": self.ass_re,
            "AssPr": self.ass_pr,
            "LocA": self.loc_a,
        }
        return {name: float(np.mean(values)) for name, values in named.items()}


def hota(comparison: Comparison) -> Hota:
    """Of one comparison."""
    c = comparison
    truths, predictions = len(c.truth_ids), len(c.prediction_ids)
    frames = (c.truth_starts, c.prediction_starts, c.truth_ids, c.prediction_ids, c.similarities, c.matrix_starts)
    alignment, truth_times, prediction_times = _alignment(*frames, c.truth_count, c.prediction_count)
    hits, places, matched = _matches(*frames, alignment, ALPHAS)
    rows, columns = np.nonzero(matched[0])  # who matches at a higher threshold matches at the lowest
    together, of_truth, of_prediction = matched[:, rows, columns], truth_times[rows], prediction_times[columns]

    def associated(total: FloatArray) -> FloatArray:
        shares = together * together / np.maximum(total, 1.0)
        return np.asarray(shares.sum(axis=1) / np.maximum(hits, 1.0))

    det_a = hits / np.maximum(1, truths + predictions - hits)
    ass_a = associated(of_truth + of_prediction - together)
    return Hota(
        hota=np.sqrt(det_a * ass_a),
        det_a=det_a,
        ass_a=ass_a,
        det_re=hits / max(1, truths),
        det_pr=hits / max(1, predictions),
        ass_re=associated(of_truth),
        ass_pr=associated(of_prediction),
        loc_a=np.maximum(places, 1e-10) / np.maximum(hits, 1e-10) if truths and predictions else np.ones(len(ALPHAS)),
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _alignment(
    truth_starts: IndexArray,
    prediction_starts: IndexArray,
    truth_ids: IndexArray,
    prediction_ids: IndexArray,
    similarities: FloatArray,
    matrix_starts: IndexArray,
    truth_count: int,
    prediction_count: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How well each truth goes with each prediction over all frames, (T, P); in how many frames each of them is."""
    alignment = np.zeros((truth_count, prediction_count))
    truth_times, prediction_times = np.zeros(truth_count), np.zeros(prediction_count)
    for t in range(len(truth_starts) - 1):
        ids = truth_ids[truth_starts[t] : truth_starts[t + 1]]
        others = prediction_ids[prediction_starts[t] : prediction_starts[t + 1]]
        truth_times[ids] += 1.0
        prediction_times[others] += 1.0
        matrix = similarities[matrix_starts[t] : matrix_starts[t + 1]].reshape(len(ids), len(others))
        by_row, by_column = np.zeros(len(ids)), np.zeros(len(others))
        for i in range(len(ids)):
            for j in range(len(others)):
                by_row[i] += matrix[i, j]
                by_column[j] += matrix[i, j]
        for i in range(len(ids)):
            for j in range(len(others)):
                union = by_column[j] + by_row[i] - matrix[i, j]
                if union > _EPSILON:
                    alignment[ids[i], others[j]] += matrix[i, j] / union
    for i in range(truth_count):
        for j in range(prediction_count):
            alignment[i, j] /= truth_times[i] + prediction_times[j] - alignment[i, j]
    return alignment, truth_times, prediction_times


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _matches(
    truth_starts: IndexArray,
    prediction_starts: IndexArray,
    truth_ids: IndexArray,
    prediction_ids: IndexArray,
    similarities: FloatArray,
    matrix_starts: IndexArray,
    alignment: FloatArray,
    alphas: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of each threshold: matches, the sum of their similarities, and how often each two matched (A, T, P)."""
    hits, places = np.zeros(len(alphas)), np.zeros(len(alphas))
    matched = np.zeros((len(alphas), *alignment.shape))
    for t in range(len(truth_starts) - 1):
        ids = truth_ids[truth_starts[t] : truth_starts[t + 1]]
        others = prediction_ids[prediction_starts[t] : prediction_starts[t + 1]]
        if len(ids) == 0 or len(others) == 0:
            continue
        matrix = similarities[matrix_starts[t] : matrix_starts[t + 1]].reshape(len(ids), len(others))
        scores = np.empty(matrix.shape)
        for i in range(len(ids)):
            for j in range(len(others)):
                scores[i, j] = alignment[ids[i], others[j]] * matrix[i, j]
        rows, columns = best_assignment(scores)
        for k in range(len(rows)):
            similar = matrix[rows[k], columns[k]]
            for a in range(len(alphas)):
                if similar < alphas[a] - _EPSILON:
                    break
                hits[a] += 1.0
                places[a] += similar
                matched[a, ids[rows[k]], others[columns[k]]] += 1.0
    return hits, places, matched
