"""How far two people's labels of one segment agree, or somebody's with gold."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from calibration.quaternion import FloatArray
from labeling.accuracy.segment import Sightings
from labeling.metrics import Comparison, hota
from labeling.overlap import Overlap, overlap_matrix

THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Agreement:
    """hota, det_a, ass_a, loc_a: of cuboids of one class, in space. f1, precision, recall: of cuboids that overlap by
    the threshold (the first as truth). iou: mean overlap of those. truths, predictions: how many cuboids."""

    hota: float
    det_a: float
    ass_a: float
    loc_a: float
    f1: float
    precision: float
    recall: float
    iou: float
    truths: int
    predictions: int

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def agreement(first: Sightings, second: Sightings, threshold: float = THRESHOLD) -> Agreement:
    """Of two descriptions of the same frames. All measures but precision and recall are the same both ways; two that
    both say nothing agree."""
    matrices = similarities(first, second)
    if not len(first) and not len(second):
        return Agreement(*(1.0,) * 8, truths=0, predictions=0)
    numbers = _numbers(first), _numbers(second)
    means = hota(Comparison.of(*numbers, matrices)).means()
    overlaps = np.concatenate([np.empty(0), *(_matched(each, threshold) for each in matrices)])
    precision, recall = len(overlaps) / max(1, len(second)), len(overlaps) / max(1, len(first))
    return Agreement(
        hota=means["HOTA"],
        det_a=means["DetA"],
        ass_a=means["AssA"],
        loc_a=means["LocA"],
        f1=2.0 * len(overlaps) / (len(first) + len(second)),
        precision=precision,
        recall=recall,
        iou=float(overlaps.mean()) if len(overlaps) else 0.0,
        truths=len(first),
        predictions=len(second),
    )


def similarities(first: Sightings, second: Sightings) -> list[FloatArray]:
    """Of each frame the overlaps in space (N, M); 0 where the classes differ."""
    found = []
    for a, b, mine, other in zip(first.cuboids, second.cuboids, first.classes, second.classes, strict=True):
        alike = np.array(mine, dtype=object)[:, None] == np.array(other, dtype=object)[None, :]
        found.append(np.where(alike, overlap_matrix(a, b, Overlap.IOU_3D), 0.0))
    return found


def _numbers(sightings: Sightings) -> list[list[int]]:
    names = {name: number for number, name in enumerate(sorted({each for ids in sightings.ids for each in ids}))}
    return [[names[each] for each in ids] for ids in sightings.ids]


def _matched(matrix: FloatArray, threshold: float) -> FloatArray:
    """Overlaps of the best pairs that reach the threshold."""
    allowed = np.where(matrix >= threshold, matrix, -1e3)
    rows, columns = linear_sum_assignment(-allowed)
    found = matrix[rows, columns]
    return found[found >= threshold]
