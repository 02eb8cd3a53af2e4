"""Every metric of a prediction against a truth, for each class and each range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from calibration.errors import UsageError
from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.evaluation.sightings import Sightings, read_sightings
from labeling.metrics import Comparison, clear, detection_scores, hota, identity, over_recall
from labeling.overlap import Overlap, overlap_matrix

RANGES_M = (0.0, 20.0, 40.0, 60.0, np.inf)
_RESAMPLES = 1000
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Of one class. metrics: by their names in the literature, 0 to 1. ranges: for stretches of range the share of
    truths found, and between which values it lies 95 times in 100 (bootstrap over frames)."""

    class_name: str
    truths: int
    predictions: int
    metrics: dict[str, float]
    ranges: dict[str, tuple[float, float, float]]

    def to_record(self) -> dict[str, object]:
        """As plain JSON values."""
        ranges = {name: {"recall": r, "low": low, "high": high} for name, (r, low, high) in self.ranges.items()}
        return {"truths": self.truths, "predictions": self.predictions, "metrics": self.metrics, "ranges": ranges}


def evaluate_files(
    truth_path: Path, prediction_path: Path, *, threshold: float = 0.5, classes: Sequence[str] = ()
) -> list[Evaluation]:
    """Two label files of one recording in one format. threshold: overlap in space from which on two are one.

    classes: which; those of the truth if none are given. Raises FormatError for a broken file, UsageError if the two
    have no frame in common.
    """
    if not 0.0 < threshold <= 1.0:
        raise UsageError(f"an overlap of {threshold:g} cannot be asked for", do="give one above 0 and up to 1")
    truth, prediction = read_sightings(truth_path), read_sightings(prediction_path)
    if len(prediction.frames) and not np.isin(prediction.frames, truth.frames).any():
        raise UsageError(
            "the two files have no frame in common", do="give labels of one recording", where=prediction_path
        )
    rng = np.random.default_rng(0)
    return [_evaluate(truth, prediction, name, threshold, rng) for name in classes or np.unique(truth.classes).tolist()]


def _evaluate(
    truth: Sightings, prediction: Sightings, name: str, threshold: float, rng: np.random.Generator
) -> Evaluation:
    asked, said = truth.taking(truth.classes == name), prediction.taking(prediction.classes == name)
    frames = np.union1d(truth.frames, prediction.frames).astype(np.int64)
    truths, predictions = _by_frame(asked, frames), _by_frame(said, frames)
    matrices = [
        overlap_matrix(asked.cuboids[a], said.cuboids[b], Overlap.IOU_3D)
        for a, b in zip(truths, predictions, strict=True)
    ]
    numbers = [np.unique(each.ids, return_inverse=True)[1] for each in (asked, said)]
    comparison = Comparison.of(
        [numbers[0][a] for a in truths],
        [numbers[1][b] for b in predictions],
        matrices,
        [said.scores[b] for b in predictions],
    )
    metrics = hota(comparison).means() | clear(comparison, threshold).to_dict()
    metrics |= identity(comparison, threshold).to_dict() | over_recall(comparison, threshold).to_dict()
    metrics |= detection_scores(
        [asked.cuboids[a] for a in truths],
        [said.cuboids[b] for b in predictions],
        [said.scores[b] for b in predictions],
    ).to_dict()
    ranges = _ranges(asked, truths, matrices, threshold, rng)
    return Evaluation(name, len(asked.frames), len(said.frames), metrics, ranges)


def _by_frame(sightings: Sightings, frames: Int64Array) -> list[np.ndarray]:
    order = np.argsort(sightings.frames, kind="stable")
    bounds = np.searchsorted(sightings.frames[order], frames)
    return np.split(order, bounds[1:]) if len(frames) else []


def _ranges(
    asked: Sightings, truths: list[np.ndarray], matrices: list[FloatArray], threshold: float, rng: np.random.Generator
) -> dict[str, tuple[float, float, float]]:
    """Recall in each stretch of range: frames are drawn anew, since what is missed once is missed in a row."""
    best = [matrix.max(axis=1, initial=0.0) >= threshold for matrix in matrices]
    drawn = rng.integers(0, max(1, len(truths)), (_RESAMPLES, len(truths)))
    result = {}
    for low, high in pairwise(RANGES_M):
        inside = [(asked.ranges_m[a] >= low) & (asked.ranges_m[a] < high) for a in truths]
        total = np.array([int(each.sum()) for each in inside])
        found = np.array([int((each & hit).sum()) for each, hit in zip(inside, best, strict=True)])
        if not total.sum():
            continue
        shares = found[drawn].sum(axis=1) / np.maximum(total[drawn].sum(axis=1), 1)
        bounds = np.percentile(shares, _INTERVAL)
        name = f"{low:.0f}-{high:.0f} m" if np.isfinite(high) else f"from {low:.0f} m"
        result[name] = (float(found.sum() / total.sum()), float(bounds[0]), float(bounds[1]))
    return result
