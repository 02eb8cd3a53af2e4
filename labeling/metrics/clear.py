"""CLEAR MOT: K. Bernardin and R. Stiefelhagen, "Evaluating multiple object tracking performance", 2008.

Matched frame by frame, with a preference for the match of the frame before.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from labeling.metrics.assignment import IndexArray, best_assignment
from labeling.metrics.comparison import Comparison

_EPSILON = float(np.finfo(float).eps)
_CONTINUITY = 1000.0
_MOSTLY, _HARDLY = 0.8, 0.2


@dataclass(frozen=True, slots=True)
class Clear:
    """Counts over all frames; similarity: the sum over matches."""

    true_positives: int
    false_positives: int
    misses: int
    switches: int
    fragments: int
    mostly_tracked: int
    partly_tracked: int
    mostly_lost: int
    similarity: float

    @property
    def truths(self) -> int:
        """Objects times frames."""
        return self.true_positives + self.misses

    @property
    def mota(self) -> float:
        """Accuracy: 1 less the share of misses, false alarms and switches."""
        return (self.true_positives - self.false_positives - self.switches) / max(1, self.truths)

    @property
    def motp(self) -> float:
        """Precision: mean similarity of matches."""
        return self.similarity / max(1, self.true_positives)

    @property
    def recall(self) -> float:
        """Share of truths that were found."""
        return self.true_positives / max(1, self.truths)

    @property
    def precision(self) -> float:
        """Share of predictions that are right."""
        return self.true_positives / max(1, self.true_positives + self.false_positives)

    def to_dict(self) -> dict[str, float]:
        """MOTA, MOTP, recall, precision and the counts."""
        rates = {"MOTA": self.mota, "MOTP": self.motp, "recall": self.recall, "precision": self.precision}
        return rates | {name: float(value) for name, value in asdict(self).items() if name != "similarity"}


def clear(comparison: Comparison, threshold: float = 0.5) -> Clear:
    """Matches need a similarity of the threshold."""
    c = comparison
    counts, similarity, present, matched, starts, _ = _counted(c, threshold)
    share = matched / np.maximum(present, 1.0)
    mostly = int(np.count_nonzero(share > _MOSTLY))
    partly = int(np.count_nonzero(share >= _HARDLY)) - mostly
    tp, fp, fn, switches = counts.tolist()
    fragments = int(np.maximum(starts - 1.0, 0.0).sum())
    return Clear(tp, fp, fn, switches, fragments, mostly, partly, c.truth_count - mostly - partly, float(similarity))


def right_predictions(comparison: Comparison, threshold: float = 0.5) -> npt.NDArray[np.bool_]:
    """(predictions over all frames,) which of them are matches."""
    return np.asarray(_counted(comparison, threshold)[5])


def _counted(c: Comparison, threshold: float) -> tuple[Any, ...]:
    found: tuple[Any, ...] = _count(
        c.truth_starts,
        c.prediction_starts,
        c.truth_ids,
        c.prediction_ids,
        c.similarities,
        c.matrix_starts,
        c.truth_count,
        threshold,
    )
    return found


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _count(
    truth_starts: IndexArray,
    prediction_starts: IndexArray,
    truth_ids: IndexArray,
    prediction_ids: IndexArray,
    similarities: FloatArray,
    matrix_starts: IndexArray,
    truth_count: int,
    threshold: float,
) -> tuple[IndexArray, float, FloatArray, FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    counts, similarity = np.zeros(4, np.int64), 0.0
    present, matched, starts = np.zeros(truth_count), np.zeros(truth_count), np.zeros(truth_count)
    right = np.zeros(len(prediction_ids), np.bool_)
    last, just_before = np.full(truth_count, -1, np.int64), np.full(truth_count, -1, np.int64)
    for t in range(len(truth_starts) - 1):
        ids = truth_ids[truth_starts[t] : truth_starts[t + 1]]
        others = prediction_ids[prediction_starts[t] : prediction_starts[t + 1]]
        if len(ids) == 0:
            counts[1] += len(others)
            continue
        present[ids] += 1.0
        if len(others) == 0:
            counts[2] += len(ids)
            continue
        matrix = similarities[matrix_starts[t] : matrix_starts[t + 1]].reshape(len(ids), len(others))
        scores = np.zeros(matrix.shape)
        for i in range(len(ids)):
            for j in range(len(others)):
                if matrix[i, j] >= threshold - _EPSILON:
                    scores[i, j] = matrix[i, j] + (_CONTINUITY if others[j] == just_before[ids[i]] else 0.0)
        rows, columns = best_assignment(scores)
        now, hits = np.full(truth_count, -1, np.int64), 0
        for k in range(len(rows)):
            if scores[rows[k], columns[k]] <= _EPSILON:
                continue
            truth, prediction = ids[rows[k]], others[columns[k]]
            hits += 1
            right[prediction_starts[t] + columns[k]] = True
            similarity += matrix[rows[k], columns[k]]
            matched[truth] += 1.0
            counts[3] += last[truth] not in (-1, prediction)
            starts[truth] += just_before[truth] == -1
            last[truth] = now[truth] = prediction
        just_before = now
        counts[0] += hits
        counts[1] += len(others) - hits
        counts[2] += len(ids) - hits
    return counts, similarity, present, matched, starts, right
