"""Every metric of a prediction against a truth, for each class and each range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from calibration.camera import BoolArray
from calibration.errors import UsageError
from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.evaluation.reading import read_sightings
from labeling.evaluation.sightings import UNKNOWN, Sightings
from labeling.metrics import Comparison, centre_distance, clear, detection_scores, hota, identity, over_recall
from labeling.overlap import Overlap, overlap_matrix

RANGES_M = (0.0, 20.0, 40.0, 60.0, np.inf)
POINTS = (0.0, 1.0, 5.0, 20.0, 100.0, np.inf)
_RESAMPLES = 1000
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Of one class. metrics: by their names in the literature, 0 to 1. bins: by `range`, `points` and `occlusion`, as
    far as the truth knows them, for each bin the share of truths found, and between which values it lies 95 times in
    100 (bootstrap over frames)."""

    class_name: str
    truths: int
    predictions: int
    metrics: dict[str, float]
    bins: dict[str, dict[str, tuple[float, float, float]]]

    def to_record(self) -> dict[str, object]:
        """As plain JSON values."""
        bins = {
            sort: {name: {"recall": r, "low": low, "high": high} for name, (r, low, high) in found.items()}
            for sort, found in self.bins.items()
        }
        return {"truths": self.truths, "predictions": self.predictions, "metrics": self.metrics, "bins": bins}


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
    metrics |= centre_distance(
        [numbers[0][a] for a in truths],
        [numbers[1][b] for b in predictions],
        [asked.cuboids[a] for a in truths],
        [said.cuboids[b] for b in predictions],
        [said.scores[b] for b in predictions],
    ).to_dict()
    best = [matrix.max(axis=1, initial=0.0) >= threshold for matrix in matrices]
    drawn = rng.integers(0, max(1, len(truths)), (_RESAMPLES, len(truths)))
    bins = {
        sort: {
            name: _recall([inside[a] for a in truths], best, drawn) for name, inside in found.items() if inside.any()
        }
        for sort, found in _bins(asked).items()
    }
    return Evaluation(name, len(asked.frames), len(said.frames), metrics, {k: v for k, v in bins.items() if v})


def _by_frame(sightings: Sightings, frames: Int64Array) -> list[np.ndarray]:
    order = np.argsort(sightings.frames, kind="stable")
    bounds = np.searchsorted(sightings.frames[order], frames)
    return np.split(order, bounds[1:]) if len(frames) else []


def _bins(asked: Sightings) -> dict[str, dict[str, BoolArray]]:
    """Masks (N,) of the truths, by sort and name."""
    occlusions = {str(name): asked.occlusions == name for name in np.unique(asked.occlusions) if name}
    points = np.where(asked.points == UNKNOWN, np.nan, asked.points)
    return {
        "range": _stretches(asked.ranges_m, RANGES_M, " m"),
        "points": _stretches(points, POINTS, " points"),
        "occlusion": occlusions,
    }


def _stretches(values: FloatArray, edges: Sequence[float], unit: str) -> dict[str, BoolArray]:
    found = {}
    for low, high in pairwise(edges):
        name = f"{low:.0f}-{high:.0f}{unit}" if np.isfinite(high) else f"from {low:.0f}{unit}"
        found[name] = (values >= low) & (values < high)
    return found


def _recall(inside: list[BoolArray], best: list[BoolArray], drawn: Int64Array) -> tuple[float, float, float]:
    """Of the truths inside, frame by frame; frames are drawn anew, since what is missed once is missed in a row."""
    total = np.array([int(each.sum()) for each in inside])
    found = np.array([int((each & hit).sum()) for each, hit in zip(inside, best, strict=True)])
    shares = found[drawn].sum(axis=1) / np.maximum(total[drawn].sum(axis=1), 1)
    low, high = np.percentile(shares, _INTERVAL)
    return float(found.sum() / total.sum()), float(low), float(high)
