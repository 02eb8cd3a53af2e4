"""How sure a fit is: what could be changed without the evidence minding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibration.quaternion import FloatArray
from labeling.automation.one_click.explaining import Candidate, Explanation
from labeling.automation.one_click.scoring import score

_TRIED_M = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
_TRIED_RAD = tuple(np.deg2rad((0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)))
_DRAWS = 64
_BESIDE_M = 0.3
_TEMPERATURE = 4.0
"""Cells err together, so differences between explanations are worth less than their sum says."""


def spreads(candidate: Candidate, evidence_eyes: FloatArray) -> FloatArray:
    """(5,) one standard deviation of the middle along and across, the yaw, the length and the width: the change, one
    at a time, that costs half a nat."""
    prior, group = candidate.prior, candidate.group
    numbers = np.array([*prior.size_m[:2], *prior.spread_m[:2]])
    c, s = np.cos(candidate.box[2]), np.sin(candidate.box[2])
    ways = np.array([[c, s, 0, 0, 0], [-s, c, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]])
    # A side that moves takes the middle with it by half: an end that nobody saw makes both uncertain.
    for row, axis in ((3, (c, s)), (4, (-s, c))):
        towards = np.sign(np.dot(axis, evidence_eyes.mean(axis=0) - candidate.box[:2]))
        ways[row, :2] = -0.5 * towards * np.array(axis)

    def cost(change: FloatArray) -> float:
        box = candidate.box + change
        if min(box[3:]) < 0.2:
            return -np.inf
        return float(score(box, group.hits, group.free, evidence_eyes, numbers))

    best = cost(np.zeros(5))
    found = np.empty(5)
    for row, way in enumerate(ways):
        tried = _TRIED_RAD if row == 2 else _TRIED_M
        steps = [_half_nat(tried, [best - cost(sign * step * way) for step in tried]) for sign in (1.0, -1.0)]
        found[row] = np.mean(steps)
    found[0], found[1] = np.hypot(found[0], 0.5 * found[3]), np.hypot(found[1], 0.5 * found[4])
    return found


def _half_nat(tried: Sequence[float], costs: Sequence[float]) -> float:
    """The step that costs 0.5, taken as a parabola from the first that costs as much."""
    for step, cost in zip(tried, costs, strict=True):
        if cost >= 0.5:
            return float(step * np.sqrt(0.5 / min(cost, 50.0)))
    return float(tried[-1])


def confidence(explanation: Explanation, sigmas: FloatArray) -> float:
    """Probability, 0 to 1, that the box overlaps the thing by half or more: that no other explanation is right, and
    that the uncertain sides are not too wrong."""
    best = explanation.candidates[0]
    rivals = [each for each in explanation.candidates[1:] if _differs(best.box, each.box)]
    odds = sum(np.exp((each.value - best.value) / _TEMPERATURE) for each in rivals)
    return float(_overlapping(best.box, sigmas) / (1.0 + odds) * _explained(best) * contained(best))


def _explained(candidate: Candidate) -> float:
    """Far below zero nothing fits well: a bush, a wall."""
    return float(1.0 / (1.0 + np.exp(-(candidate.value + 2.0 * _TEMPERATURE) / _TEMPERATURE)))


def contained(candidate: Candidate) -> float:
    """Share, 0 to 1, of what hangs together with the click that lies within the box: little of a wall, all of a car."""
    box, cells = candidate.box, candidate.group.whole
    c, s = np.cos(box[2]), np.sin(box[2])
    x, y = (cells - box[:2]).T
    within = (np.abs(c * x + s * y) <= 0.5 * box[3] + _BESIDE_M) & (np.abs(c * y - s * x) <= 0.5 * box[4] + _BESIDE_M)
    return float(np.mean(within))


def _differs(box: FloatArray, other: FloatArray) -> bool:
    shift = np.hypot(*(box[:2] - other[:2]))
    size = np.abs(np.log(np.maximum(box[3:], 0.1) / np.maximum(other[3:], 0.1))).max()
    turn = abs((box[2] - other[2] + 0.5 * np.pi) % np.pi - 0.5 * np.pi)
    return bool(shift > 0.25 * min(box[3:]) + 0.25 or size > 0.3 or turn > np.deg2rad(25.0))


def _overlapping(box: FloatArray, sigmas: FloatArray) -> float:
    """Share of boxes drawn from the uncertainty that overlap by half, as if they were not turned."""
    draws = np.random.default_rng(0).normal(size=(_DRAWS, 4)) * sigmas[[0, 1, 3, 4]]
    overlap, union = np.ones(_DRAWS), np.ones(_DRAWS)
    other = np.ones(_DRAWS)
    for axis in range(2):
        size, drawn = box[3 + axis], np.maximum(box[3 + axis] + draws[:, 2 + axis], 0.1)
        middle = draws[:, axis]
        shared = np.minimum(0.5 * size, middle + 0.5 * drawn) - np.maximum(-0.5 * size, middle - 0.5 * drawn)
        overlap *= np.maximum(shared, 0.0)
        union *= size
        other *= drawn
    return float(np.mean(overlap / (union + other - overlap) >= 0.5))
