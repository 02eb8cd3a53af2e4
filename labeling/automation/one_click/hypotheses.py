"""What the clicked thing could be: groups of points, directions of its sides, and boxes of the size of each class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.camera import BoolArray
from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from labeling.automation.class_priors import CLASS_PRIORS, ClassPrior, class_prior
from labeling.automation.one_click.evidence import CELL_M, HIGH_BAND_M, LOW_BAND_M, Evidence
from labeling.automation.one_click.growing import grow
from labeling.automation.one_click.scoring import closeness
from labeling.ontology import Ontology

ROAD_USERS = tuple(
    CLASS_PRIORS[kind]
    for kind in (
        "car", "pickup", "van", "truck", "bus", "articulated_bus", "semi", "motorcycle", "bicycle", "cyclist",
        "motorcyclist", "scooter", "pedestrian", "construction_vehicle",
    )
)  # fmt: skip
"""Classes that a click may turn out to be, if nobody says which."""


def priors_of(ontology: Ontology) -> tuple[ClassPrior, ...]:
    """Classes that a click may turn out to be in a project: the movable ones of its ontology; all road users if it
    names none that is known."""
    kinds = {class_prior(name).kind for name in ontology.names}
    found = tuple(prior for prior in CLASS_PRIORS.values() if prior.kind in kinds and prior.movable)
    return found or ROAD_USERS


_NEAR_GAP_M, _GAP_PER_M = 0.15, 0.007
"""Neighbouring points of one thing: 0.4 degrees of beam spacing, more where the side is slanted."""
_GAP_FACTORS = (1.0, 2.0)
_CLIP_M = 3.0
"""What hangs together with a hedge or a wall is looked at this far around the click only."""
LOW_M = 2.2
_TALL_M = 4.6
"""Two ceilings: the bodies of cars and of people lie below the first, and above the highest vehicle allowed there are
only bridges, trees and wires. What hangs over a car must not become a part of it."""
_TALL_CLASS_M = 2.6
_ANGLE_STEP_DEG = 2.0
_CONTOUR_BIN_RAD = np.deg2rad(0.3)
_MOST_CELLS, _MOST_PILLARS = 400, 2500
_FREE_CELL = 2
_AROUND_M = 3.5
_OTHERS_WEIGHT = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Points that hang together with the click, and what the scores need of them, in metres around the evidence's
    centre.

    member: (N,) of the evidence's points. cells: (K, 2) the group's own. hits: (K, 4) x, y, weight and lowness of cells
    that were hit, the group's own and, weighing less, others'. free: (M, 3) cells that beams went through. contour:
    (C, 2) nearest cells in each direction. tall: whether it was grown below the higher ceiling, `ceiling_m`, for trucks
    and buses, or below the lower one. pillars: (P, 3) x, y and height of points in and above it. seed: (2,) the click.
    whole: (W, 2) cells of all that hangs together, be it a wall.
    """

    member: BoolArray
    cells: FloatArray
    hits: FloatArray
    free: FloatArray
    contour: FloatArray
    tall: bool
    ceiling_m: float
    pillars: FloatArray
    seed: FloatArray
    whole: FloatArray


def groups(evidence: Evidence, seed: int, range_m: float) -> list[Group]:
    """Grown below the low and the high ceiling, with a narrow and a wide gap; the same ones only once."""
    found: list[Group] = []
    for tall in (False, True):
        ceiling = max(_TALL_M if tall else LOW_M, float(evidence.heights[seed]) + 0.01)
        places = np.flatnonzero(evidence.heights < ceiling)
        start = np.searchsorted(places, [seed])
        counts: set[int] = set()
        narrow = np.zeros(len(evidence.heights), dtype=np.bool_)
        offsets = evidence.points[:2] - evidence.points[:2, seed][:, None]
        for factor in _GAP_FACTORS:
            grown = grow(evidence.points[:, places], start, factor * (_NEAR_GAP_M + _GAP_PER_M * range_m))
            if int(grown.sum()) not in counts:
                counts.add(int(grown.sum()))
                member = np.zeros(len(evidence.heights), dtype=np.bool_)
                member[places[grown]] = True
                whole = member
                if not tall and np.any(np.abs(offsets[:, member]) > 2.0 * _CLIP_M):
                    member = member & (np.sum(offsets**2, axis=0) < _CLIP_M**2)
                narrow = narrow if narrow.any() else member
                found.append(_group(evidence, seed, (whole, member, narrow), ceiling, tall))
    return found


def _group(
    evidence: Evidence, seed: int, members: tuple[BoolArray, BoolArray, BoolArray], ceiling_m: float, tall: bool
) -> Group:
    """From masks of the points: all that hang together, those near the click, and those grown with the narrow gap."""
    whole, member, narrow = members
    relative = evidence.points[:2].T - evidence.centre
    own = relative[member]
    low, high = own.min(axis=0), own.max(axis=0)
    around = np.all((relative > low - 1.0) & (relative < high + 1.0), axis=1) & (evidence.heights < ceiling_m)
    band = HIGH_BAND_M if tall else LOW_BAND_M
    low_ones = (evidence.heights > band[0]) & (evidence.heights < band[1])
    hits = np.concatenate(
        [
            _weighted(relative[chosen], low_ones[chosen], weight)
            for chosen, weight in ((narrow, 1.0), (around & ~narrow, _OTHERS_WEIGHT))
        ]
    )
    passed = evidence.passed_high if tall else evidence.passed_low
    beside = np.flatnonzero(np.all((relative > low - 1.0) & (relative < high + 1.0), axis=1))
    beside = beside[:: 1 + len(beside) // _MOST_PILLARS]
    return Group(
        member=member,
        cells=_cells(own),
        hits=hits,
        free=_free(passed, evidence.reach_m, low, high),
        contour=_contour(_cells(own), evidence.eyes),
        tall=tall,
        ceiling_m=ceiling_m,
        pillars=np.column_stack([relative[beside], evidence.heights[beside]]).astype(np.float64),
        seed=relative[seed],
        whole=_cells(relative[whole]),
    )


def _cells(places: FloatArray) -> FloatArray:
    """(K, D) means of the places (N, D) in each cell of the first two."""
    keys = np.floor(places[:, :2] / CELL_M).astype(np.int64)
    _, index, counts = np.unique(keys[:, 0] * (1 << 20) + keys[:, 1], return_inverse=True, return_counts=True)
    sums = np.stack(
        [np.bincount(index, places[:, axis], minlength=len(counts)) for axis in range(places.shape[1])], axis=1
    )
    return np.asarray(sums / counts[:, None])


def _weighted(places: FloatArray, lows: BoolArray, weight: float) -> FloatArray:
    """(K, 4) x, y, weight and share of low points of at most so many cells, each standing for those left out."""
    cells = _cells(np.column_stack([places, lows]))
    step = 1 + len(cells) // _MOST_CELLS
    kept = cells[::step]
    return np.column_stack([kept[:, :2], np.full(len(kept), weight * step), kept[:, 2] > 0.0])


def _free(passed: Float32Array, reach_m: float, low: FloatArray, high: FloatArray) -> FloatArray:
    """(M, 3) cells of 0.2 m around a group, weighing 4 (of 0.1 m) if beams went through all of them."""
    count = passed.shape[0] // _FREE_CELL
    first = np.clip(((low - _AROUND_M + reach_m) / (CELL_M * _FREE_CELL)).astype(int), 0, count)
    last = np.clip(((high + _AROUND_M + reach_m) / (CELL_M * _FREE_CELL)).astype(int) + 1, 0, count)
    (left, bottom), (right, top) = first * _FREE_CELL, last * _FREE_CELL
    window = 1.0 - 0.5 ** np.minimum(passed[bottom:top, left:right], 8.0)
    rows, columns = (top - bottom) // _FREE_CELL, (right - left) // _FREE_CELL
    weights = window.reshape(rows, _FREE_CELL, columns, _FREE_CELL).sum(axis=(1, 3))
    row, column = np.nonzero(weights > 0.0)
    edge = CELL_M * _FREE_CELL
    x, y = (column + 0.5) * edge + left * CELL_M - reach_m, (row + 0.5) * edge + bottom * CELL_M - reach_m
    return np.stack([x, y, weights[row, column]], axis=1)


def _contour(cells: FloatArray, eyes: FloatArray) -> FloatArray:
    """Of the cells, those that are nearest to an eye in some direction."""
    chosen = np.zeros(len(cells), dtype=np.bool_)
    for eye in eyes:
        offsets = cells - eye
        bins = np.floor(np.arctan2(offsets[:, 1], offsets[:, 0]) / _CONTOUR_BIN_RAD).astype(np.int64)
        order = np.lexsort((np.hypot(*offsets.T), bins))
        first = np.ones(len(order), dtype=np.bool_)
        first[1:] = bins[order][1:] != bins[order][:-1]
        chosen[order[first]] = True
    return cells[chosen]


def directions(group: Group) -> list[float]:
    """One or two yaws within a quarter turn along which the group's sides seem to run."""
    angles = np.deg2rad(np.arange(0.0, 90.0, _ANGLE_STEP_DEG))
    values = np.empty(len(angles))
    closeness(group.contour, angles, values)
    best = int(np.argmax(values))
    apart = np.abs((np.arange(len(angles)) - best + len(angles) // 2) % len(angles) - len(angles) // 2)
    far = np.where(apart * _ANGLE_STEP_DEG >= 16.0, values, -np.inf)
    return [float(angles[best]), float(angles[int(np.argmax(far))])]


def boxes(
    group: Group, yaw: float, eyes: FloatArray, priors: Sequence[ClassPrior]
) -> Iterator[tuple[ClassPrior, FloatArray]]:
    """Boxes (x, y, yaw, length, width) that hold the group and have a class's size.

    What is seen keeps its place, and what is missing to the class's size lies behind it, as seen from the eyes; where
    the eyes look at a side from straight ahead, it may lie to either end.
    """
    own = group.cells
    eye = eyes.mean(axis=0)
    for turned in (yaw, yaw + 0.5 * np.pi):
        axes = np.array([[np.cos(turned), np.sin(turned)], [-np.sin(turned), np.cos(turned)]])
        local, view, start = own @ axes.T, axes @ eye, axes @ group.seed
        low, high = np.quantile(local, 0.01, axis=0), np.quantile(local, 0.99, axis=0)
        for prior in priors:
            if (prior.size_m[2] > _TALL_CLASS_M) == group.tall:
                for u, length in _extents(low[0], high[0], view[0], prior.size_m[0], prior.spread_m[0], start[0]):
                    for v, width in _extents(low[1], high[1], view[1], prior.size_m[1], prior.spread_m[1], start[1]):
                        x, y = np.array([u, v]) @ axes
                        yield prior, np.array([x, y, turned, length, width])


def _extents(low: float, high: float, eye: float, size: float, spread: float, seed: float) -> list[tuple[float, float]]:
    """Middles and lengths of an interval that holds low to high and is `size` long, if it can be; else the seed."""
    missing = size - (high - low)
    if missing < -3.0 * spread:
        middles = (low + 0.5 * size, high - 0.5 * size, seed)
        return [(each, size) for each in middles if abs(each - seed) <= 0.5 * size]
    if missing <= 0.1:
        return [(0.5 * (low + high), max(size, high - low))]
    behind = [0.5 * (low + high - missing), 0.5 * (low + high + missing)]
    if eye > high + 1.0:
        return [(behind[0], size)]
    if eye < low - 1.0:
        return [(behind[1], size)]
    return [(each, size) for each in (behind[0], 0.5 * (low + high), behind[1])]
