"""The search: which box of which class explains best what is seen around a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration.quaternion import FloatArray
from labeling.automation.class_priors import ClassPrior
from labeling.automation.one_click.evidence import Evidence, gather
from labeling.automation.one_click.hypotheses import Group, boxes, directions, groups
from labeling.automation.one_click.motion import Motion
from labeling.automation.one_click.scoring import refine, score, top_within
from labeling.automation.one_click.sight import FrameSight

_REACH_M, _LONG_REACH_M = 8.0, 16.0
_LONG_M = 7.0
"""Around things longer than this a wider look is taken."""
_REFINED, _FINISHED = 6, 3
_ROUGH_STEPS, _FINE_STEPS = 2, 5
_ALONG_ROAD = 1.0
"""Nats for a vehicle that stands or drives along the ego's own road, and against one across: 7 to 1."""
_MOST_OFF = 4.0
_SEED_OUTSIDE_M, _IMPOSSIBLE = 0.3, -20.0
_LEAST_SHARE = 0.35
"""Something may hide the foot of a thing, but hardly its upper two thirds."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One explanation: a class, a box (x, y, yaw, length, width around the evidence's centre) and its
    log-likelihood."""

    prior: ClassPrior
    box: FloatArray
    value: float
    group: Group

    @property
    def top_m(self) -> float:
        """Height above the ground of the highest point in it."""
        return float(top_within(self.box, self.group.pillars))


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """All candidates that were looked at closely, the best first; none where nothing stands on the ground."""

    evidence: Evidence
    candidates: tuple[Candidate, ...]

    @property
    def span_m(self) -> float:
        """How far the points of the best one reach."""
        points = self.evidence.points[:2, self.candidates[0].group.member]
        return float(np.hypot(*np.ptp(points, axis=1)))


def explain(
    sights: Sequence[FrameSight],
    place: FloatArray,
    priors: Sequence[ClassPrior],
    *,
    motion: Motion | None = None,
    time_ns: int = 0,
    before: Sequence[Candidate] = (),
    yaws: Sequence[float] = (),
    span_m: float = 0.0,
) -> Explanation:
    """Look around a place (3,) in the world at frames, the first of which is the one that was clicked in.

    motion: of the thing, by which other frames' points are brought to `time_ns`; a moving vehicle's sides run along it.
    before: candidates found with less evidence. yaws: more directions to try. span_m: how large it seemed before.
    """
    velocity = np.zeros(2) if motion is None else motion.velocity_mps
    reach_m = _REACH_M if span_m < _LONG_M else _LONG_REACH_M
    evidence = gather(sights, place, reach_m, velocity_mps=velocity, time_ns=time_ns)
    found = _groups(evidence, place)
    if any(_span(evidence, group) > _LONG_M for group in found) and reach_m < _LONG_REACH_M:
        evidence = gather(sights, place, _LONG_REACH_M, velocity_mps=velocity, time_ns=time_ns)
        found = _groups(evidence, place)
    first = [each for group in found for each in _first(group, evidence, priors, motion, yaws)]
    first += [replace(each, group=group) for each in before for group in found if group.tall == each.group.tall]
    return Explanation(evidence, _narrowed(first, evidence))


def _groups(evidence: Evidence, place: FloatArray) -> list[Group]:
    if not len(evidence.heights):
        return []
    seed = int(np.argmin(np.linalg.norm(evidence.points.T - place, axis=1)))
    return groups(evidence, seed, float(np.hypot(*evidence.eyes[0])))


def _span(evidence: Evidence, group: Group) -> float:
    return float(np.hypot(*np.ptp(evidence.points[:2, group.member], axis=1)))


def _first(
    group: Group, evidence: Evidence, priors: Sequence[ClassPrior], motion: Motion | None, yaws: Sequence[float]
) -> list[Candidate]:
    """Boxes of every class, in every direction, as they come."""
    found = []
    tried = [*directions(group), *yaws]
    if motion is not None and motion.heading_rad is not None:
        tried = [motion.heading_rad]
    for yaw in tried:
        for prior, box in boxes(group, yaw, evidence.eyes, priors):
            value = score(box, group.hits, group.free, evidence.eyes, _numbers(prior))
            found.append(_valued(Candidate(prior, box, float(value), group), evidence))
    return found


def _narrowed(first: list[Candidate], evidence: Evidence) -> tuple[Candidate, ...]:
    """The best few refined roughly, the best of those to the end."""
    rough = [_refined(each, evidence, _ROUGH_STEPS) for each in _best(first)[:_REFINED]]
    rough = _best(rough)
    fine = [_refined(each, evidence, _FINE_STEPS) for each in rough[:_FINISHED]]
    return tuple(_best([*fine, *rough[_FINISHED:]]))


def _best(candidates: list[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda each: -each.value)


def _refined(candidate: Candidate, evidence: Evidence, steps: int) -> Candidate:
    group = candidate.group
    box, value = refine(candidate.box, group.hits, group.free, evidence.eyes, _numbers(candidate.prior), steps)
    return _valued(replace(candidate, box=box, value=float(value)), evidence)


def _numbers(prior: ClassPrior) -> FloatArray:
    return np.array([prior.size_m[0], prior.size_m[1], prior.spread_m[0], prior.spread_m[1]])


def _valued(candidate: Candidate, evidence: Evidence) -> Candidate:
    """With what the cells do not say: how common the class is, its height (the top may be hidden), that vehicles mostly
    stand along the road, and that the click must lie inside."""
    prior, value = candidate.prior, candidate.value + np.log(candidate.prior.share)
    off = (candidate.top_m - prior.size_m[2]) / prior.spread_m[2]
    off = min(off if off > 0.0 else -0.5 * off, _MOST_OFF)
    value -= 0.5 * off * off
    if candidate.top_m < _LEAST_SHARE * prior.size_m[2]:
        value += _IMPOSSIBLE
    if prior.is_vehicle and evidence.road_yaw is not None:
        value += _ALONG_ROAD * np.cos(2.0 * (candidate.box[2] - evidence.road_yaw))
    if _outside(candidate.box, candidate.group.seed) > _SEED_OUTSIDE_M:
        value += _IMPOSSIBLE
    return replace(candidate, value=float(value))


def _outside(box: FloatArray, place: FloatArray) -> float:
    """How far a place lies outside, seen from above; negative inside."""
    x, y = place - box[:2]
    c, s = np.cos(box[2]), np.sin(box[2])
    return float(max(abs(c * x + s * y) - 0.5 * box[3], abs(c * y - s * x) - 0.5 * box[4]))
