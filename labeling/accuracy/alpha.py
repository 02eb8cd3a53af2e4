"""Krippendorff's alpha of cuboids: agreement of any number of people, above what chance would give.

K. Krippendorff, "Content analysis", 4th ed. 2018, chapter 12: alpha = 1 - observed / expected disagreement. A unit is
an object in a frame; its values are the cuboids that people gave it, or "nothing" of who did not see it. Two cuboids
disagree by 1 - IoU, a cuboid and nothing by 1, nothing and nothing not at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from calibration.quaternion import FloatArray
from labeling.accuracy.segment import Sightings
from labeling.overlap import Overlap, overlap_matrix, overlap_rows

_MOST_VALUES = 4000  # of more cuboids, so many are drawn for the expected disagreement

Unit = list[FloatArray | None]


def agreement_alpha(people: Sequence[Sightings]) -> float:
    """1: they agree; 0: as by chance; below: they avoid each other. NaN where nobody says anything that could differ.

    Raises ValueError for fewer than two people.
    """
    if len(people) < 2:
        raise ValueError("agreement takes at least two people")
    units = [
        unit for frame in range(len(people[0].cuboids)) for unit in _units([each.cuboids[frame] for each in people])
    ]
    expected = _expected(units)
    return float("nan") if expected == 0.0 else 1.0 - _observed(units) / expected


def _units(frame: list[FloatArray]) -> list[Unit]:
    """Whose cuboids are about one object: each person's are assigned to the objects that those before them saw."""
    units: list[Unit] = []
    for person, cuboids in enumerate(frame):
        known = np.array([next(each for each in unit if each is not None) for unit in units]).reshape(-1, 7)
        overlaps = overlap_matrix(known, cuboids, Overlap.IOU_3D)
        found: dict[int, int] = {}
        for unit, row in zip(*(each.tolist() for each in linear_sum_assignment(-overlaps)), strict=True):
            if overlaps[unit, row] > 0.0:
                found[row] = unit
        for unit_values in units:
            unit_values.append(None)
        for row, cuboid in enumerate(cuboids):
            if row in found:
                units[found[row]][-1] = cuboid
            else:
                units.append([None] * person + [cuboid])
    return units


def _observed(units: list[Unit]) -> float:
    """Mean disagreement of two values of one unit."""
    first: list[FloatArray] = []
    second: list[FloatArray] = []
    pairs, apart = 0, 0
    for unit in units:
        for i, a in enumerate(unit):
            for b in unit[i + 1 :]:
                pairs += 1
                if a is not None and b is not None:
                    first.append(a)
                    second.append(b)
                elif a is not None or b is not None:
                    apart += 1
    distances = 1.0 - overlap_rows(np.array(first).reshape(-1, 7), np.array(second).reshape(-1, 7), Overlap.IOU_3D)
    return (float(distances.sum()) + apart) / max(1, pairs)


def _expected(units: list[Unit]) -> float:
    """Mean disagreement of any two values of all units."""
    cuboids = np.array([value for unit in units for value in unit if value is not None]).reshape(-1, 7)
    count = sum(map(len, units))
    nothing = count - len(cuboids)
    if count < 2:
        return 0.0
    pairs = count * (count - 1) / 2.0
    alike = len(cuboids) * (len(cuboids) - 1) / 2.0
    return float((alike * _mean_distance(cuboids) + nothing * len(cuboids)) / pairs)


def _mean_distance(cuboids: FloatArray) -> float:
    """Mean 1 - IoU of two cuboids; only those near each other overlap at all."""
    if len(cuboids) > _MOST_VALUES:
        cuboids = np.random.default_rng(0).choice(cuboids, _MOST_VALUES, replace=False)
    if len(cuboids) < 2:
        return 0.0
    reach = float(np.linalg.norm(cuboids[:, 3:5], axis=1).max())
    pairs = cKDTree(cuboids[:, :2]).query_pairs(reach, output_type="ndarray")
    common = overlap_rows(cuboids[pairs[:, 0]], cuboids[pairs[:, 1]], Overlap.IOU_3D)
    return 1.0 - float(common.sum()) / (len(cuboids) * (len(cuboids) - 1) / 2.0)
