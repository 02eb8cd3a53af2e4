"""Fit a cuboid to what a click points at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from labeling.automation.class_priors import ClassPrior
from labeling.automation.one_click.evidence import Evidence, gather
from labeling.automation.one_click.hypotheses import ROAD_USERS, Group, boxes, directions, groups
from labeling.automation.one_click.scoring import refine, score, top_within
from labeling.automation.one_click.sight import FrameSight
from labeling.cuboid import Cuboid

_FIRST_REACH_M, _MOST_REACH_M = 8.0, 16.0
_REFINED, _ROUGH_STEPS, _FINE_STEPS = 6, 2, 5
_SEED_M = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One explanation: a class, a box (x, y, yaw, length, width around the evidence's centre) and its log-likelihood."""

    prior: ClassPrior
    box: FloatArray
    value: float
    group: Group


def fit_candidates(
    sights: Sequence[FrameSight],
    click: npt.ArrayLike,
    priors: Sequence[ClassPrior] = ROAD_USERS,
    velocity=(0.0, 0.0),
    time_ns=0,
):
    place = np.asarray(click, dtype=np.float64)
    evidence = gather(sights, place, _FIRST_REACH_M, velocity_mps=velocity, time_ns=time_ns)
    if not len(evidence.heights):
        return evidence, []
    seed = _seed(evidence, place)
    range_m = float(np.hypot(*evidence.eyes[0]))
    found = groups(evidence, seed, range_m)
    span = max(float(np.hypot(*np.ptp(evidence.points[:2, g.member], axis=1))) for g in found)
    if span > 7.0:
        evidence = gather(sights, place, _MOST_REACH_M, velocity_mps=velocity, time_ns=time_ns)
        seed = _seed(evidence, place)
        found = groups(evidence, seed, range_m)
    first = [c for group in found for c in _first_candidates(group, evidence, priors)]
    first.sort(key=lambda each: -each.value)
    rough = [_refined(each, evidence, _ROUGH_STEPS, seed) for each in first[:_REFINED]]
    rough.sort(key=lambda each: -each.value)
    return evidence, sorted(
        [_refined(each, evidence, _FINE_STEPS, seed) for each in rough[:3]] + rough[3:], key=lambda each: -each.value
    )


def _seed(evidence: Evidence, place: FloatArray) -> int:
    """The point nearest to the click."""
    return int(np.argmin(np.linalg.norm(evidence.points.T - place, axis=1)))


def _first_candidates(group: Group, evidence: Evidence, priors: Sequence[ClassPrior]) -> list[Candidate]:
    found = []
    for yaw in directions(group):
        for prior, box in boxes(group, yaw, evidence.eyes, priors):
            value = score(box, group.hits, group.free, evidence.eyes, _numbers(prior))
            found.append(Candidate(prior, box, value + _class_value(prior, box, evidence), group))
    return found


def _numbers(prior: ClassPrior) -> FloatArray:
    return np.array([prior.size_m[0], prior.size_m[1], prior.spread_m[0], prior.spread_m[1]])


def _class_value(prior: ClassPrior, box: FloatArray, evidence: Evidence) -> float:
    """How likely the class is for its share, and for the height that was seen (the top may be hidden)."""
    top = top_within(box, evidence.points, evidence.heights, evidence.centre)
    off = (top - prior.size_m[2]) / prior.spread_m[2]
    if off < 0.0:
        off *= 0.5
    return float(np.log(prior.share) - np.sum(np.log(prior.spread_m)) - min(0.5 * off * off, 8.0))


def _refined(candidate: Candidate, evidence: Evidence, steps: int, seed: int) -> Candidate:
    group, prior = candidate.group, candidate.prior
    box, value = refine(candidate.box, group.hits, group.free, evidence.eyes, _numbers(prior), steps)
    x, y = evidence.points[:2, seed] - evidence.centre - box[:2]
    c, s = np.cos(box[2]), np.sin(box[2])
    if max(abs(c * x + s * y) - 0.5 * box[3], abs(c * y - s * x) - 0.5 * box[4]) > 0.3:
        value -= 20.0
    return Candidate(prior, box, value + _class_value(prior, box, evidence), group)


def cuboid_of(candidate: Candidate, evidence: Evidence, sight: FrameSight) -> Cuboid:
    x, y = candidate.box[:2] + evidence.centre
    ground = evidence.ground_at(x, y)
    height = height_of(candidate, evidence)
    pose = RigidTransform.from_yaw(candidate.box[2], [x, y, ground + 0.5 * height])
    return Cuboid(pose, np.array([candidate.box[3], candidate.box[4], height]))


def height_of(candidate: Candidate, evidence: Evidence) -> float:
    """Prior and highest point together: above that one a beam or more may be missing."""
    prior = candidate.prior
    top = top_within(candidate.box, evidence.points, evidence.heights, evidence.centre) + 0.03
    spread = 0.05 + 0.003 * float(np.hypot(*evidence.eyes[0]))
    if top >= prior.size_m[2]:
        return top
    a, b = 1.0 / spread**2, 1.0 / prior.spread_m[2] ** 2
    return (a * top + b * prior.size_m[2]) / (a + b)
