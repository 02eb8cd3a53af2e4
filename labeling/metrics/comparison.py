"""Truth beside prediction: who is in each frame, and how similar each is to each. What all tracking metrics ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from labeling.metrics.assignment import IndexArray


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """F frames in columns, frame after frame.

    truth_starts, prediction_starts: (F + 1,) where a frame's objects start. truth_ids, prediction_ids: identities, 0 to
    truth_count - 1 and 0 to prediction_count - 1, each at most once in a frame. similarities: of each frame the matrix
    (truths, predictions), row after row, 0 to 1; scores: how sure each prediction is.
    """

    truth_starts: IndexArray
    prediction_starts: IndexArray
    truth_ids: IndexArray
    prediction_ids: IndexArray
    similarities: FloatArray
    scores: FloatArray
    truth_count: int
    prediction_count: int

    @staticmethod
    def of(
        truth_ids: Sequence[npt.ArrayLike],
        prediction_ids: Sequence[npt.ArrayLike],
        similarities: Sequence[npt.ArrayLike],
        scores: Sequence[npt.ArrayLike] | None = None,
    ) -> Comparison:
        """From one entry for each frame; identities are any integers. Raises ValueError where shapes contradict."""
        matrices = [np.asarray(each, dtype=np.float64).reshape(-1) for each in similarities]
        truth_starts, prediction_starts = _starts(truth_ids), _starts(prediction_ids)
        sizes = np.diff(truth_starts) * np.diff(prediction_starts)
        wrong = np.flatnonzero(sizes != [len(matrix) for matrix in matrices])
        if len(wrong):
            raise ValueError(f"similarities of frame {wrong[0]} do not fit its truths and predictions")
        truths, truth_count = _numbered(truth_ids, truth_starts)
        predictions, prediction_count = _numbered(prediction_ids, prediction_starts)
        sure = _flat(scores, np.float64) if scores is not None else np.ones(len(predictions))
        return Comparison(
            truth_starts,
            prediction_starts,
            truths,
            predictions,
            _flat(matrices, np.float64),
            sure,
            truth_count,
            prediction_count,
        )

    @property
    def frames(self) -> int:
        """How many."""
        return len(self.truth_starts) - 1

    def matrix(self, frame: int) -> FloatArray:
        """Similarities (truths, predictions) of one frame."""
        rows, columns = (
            int(starts[frame + 1] - starts[frame]) for starts in (self.truth_starts, self.prediction_starts)
        )
        start = int(self.matrix_starts[frame])
        return self.similarities[start : start + rows * columns].reshape(rows, columns)

    @property
    def matrix_starts(self) -> IndexArray:
        """(F + 1,) where each frame's similarities start."""
        sizes = np.diff(self.truth_starts) * np.diff(self.prediction_starts)
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    def pairs(self) -> tuple[IndexArray, IndexArray]:
        """Of every similarity: which truth and which prediction, as places in `truth_ids` and `prediction_ids`."""
        rows, columns = np.diff(self.truth_starts), np.diff(self.prediction_starts)
        partners = np.repeat(columns, rows)  # how many predictions share a frame with each truth
        truths = np.repeat(np.arange(len(self.truth_ids)), partners)
        first = np.repeat(np.repeat(self.prediction_starts[:-1], rows), partners)
        within = np.arange(len(truths)) - np.repeat(np.cumsum(partners) - partners, partners)
        return truths, first + within

    def keeping(self, predictions: npt.NDArray[np.bool_]) -> Comparison:
        """Without the predictions that the mask (predictions over all frames,) leaves out."""
        kept_before = np.concatenate([[0], np.cumsum(predictions)])
        names, ids = np.unique(self.prediction_ids[predictions], return_inverse=True)
        return Comparison(
            self.truth_starts,
            kept_before[self.prediction_starts].astype(np.int64),
            self.truth_ids,
            ids.astype(np.int64),
            self.similarities[predictions[self.pairs()[1]]],
            self.scores[predictions],
            self.truth_count,
            len(names),
        )


def joined(comparisons: Sequence[Comparison]) -> Comparison:
    """Several recordings as one: nobody is the same in two of them."""
    truth_offsets = np.cumsum([0, *(each.truth_count for each in comparisons)])
    prediction_offsets = np.cumsum([0, *(each.prediction_count for each in comparisons)])
    return Comparison(
        _chained([each.truth_starts for each in comparisons]),
        _chained([each.prediction_starts for each in comparisons]),
        _flat([each.truth_ids + k for each, k in zip(comparisons, truth_offsets, strict=False)], np.int64),
        _flat([each.prediction_ids + k for each, k in zip(comparisons, prediction_offsets, strict=False)], np.int64),
        _flat([each.similarities for each in comparisons], np.float64),
        _flat([each.scores for each in comparisons], np.float64),
        int(truth_offsets[-1]),
        int(prediction_offsets[-1]),
    )


def _flat(parts: Sequence[npt.ArrayLike], dtype: Any) -> npt.NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *(np.asarray(part, dtype=dtype).reshape(-1) for part in parts)])


def _starts(parts: Sequence[npt.ArrayLike]) -> IndexArray:
    return np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64)  # type: ignore[arg-type]


def _numbered(ids: Sequence[npt.ArrayLike], starts: IndexArray) -> tuple[IndexArray, int]:
    """Identities as numbers from 0 on, and how many there are."""
    names, numbers = np.unique(_flat(ids, np.int64), return_inverse=True)
    if _is_anyone_twice(numbers, starts, len(names)):
        raise ValueError("an identity is twice in a frame")
    return numbers.astype(np.int64), len(names)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _is_anyone_twice(numbers: IndexArray, starts: IndexArray, count: int) -> bool:
    last = np.full(count, -1, np.int64)
    for frame in range(len(starts) - 1):
        for k in range(starts[frame], starts[frame + 1]):
            if last[numbers[k]] == frame:
                return True
            last[numbers[k]] = frame
    return False


def _chained(starts: Sequence[IndexArray]) -> IndexArray:
    sizes = [np.diff(each) for each in starts]
    return np.concatenate([[0], np.cumsum(_flat(sizes, np.int64))]).astype(np.int64)
