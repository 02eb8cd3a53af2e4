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
from labeling.automation.one_click.motion import find_motion
from labeling.automation.one_click.scoring import refine, score, top_within
from labeling.automation.one_click.sight import FrameSight
from labeling.cuboid import Cuboid

_FIRST_REACH_M, _MOST_REACH_M = 8.0, 16.0
_REFINED, _ROUGH_STEPS, _FINE_STEPS = 6, 2, 5
_ALONG = 1.0


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
    yaw=None,
    span=0.0,
    extra=(),
):
    place = np.asarray(click, dtype=np.float64)
    evidence = gather(
        sights, place, _FIRST_REACH_M if span < 7.0 else _MOST_REACH_M, velocity_mps=velocity, time_ns=time_ns
    )
    if not len(evidence.heights):
        return evidence, []
    seed = _seed(evidence, place)
    range_m = float(np.hypot(*evidence.eyes[0]))
    found = groups(evidence, seed, range_m)
    span = max(float(np.hypot(*np.ptp(evidence.points[:2, g.member], axis=1))) for g in found)
    if span > 7.0 and evidence.reach_m < _MOST_REACH_M:
        evidence = gather(sights, place, _MOST_REACH_M, velocity_mps=velocity, time_ns=time_ns)
        seed = _seed(evidence, place)
        found = groups(evidence, seed, range_m)
    first = [c for group in found for c in _first_candidates(group, evidence, priors, yaw)]
    first += [Candidate(c.prior, c.box, c.value, g) for c in extra for g in found if g.tall == c.group.tall]
    first.sort(key=lambda each: -each.value)
    rough = [_refined(each, evidence, _ROUGH_STEPS, seed) for each in first[:_REFINED]]
    rough.sort(key=lambda each: -each.value)
    return evidence, sorted(
        [_refined(each, evidence, _FINE_STEPS, seed) for each in rough[:3]] + rough[3:], key=lambda each: -each.value
    )


_AROUND = (-3, -2, -1, 1, 2, 3)
_STATIC_SPREAD, _STATIC_FRAMES = 12, 8


def fit_all(sights, frame: int, click, priors=ROAD_USERS):
    sight = sights[frame]
    evidence, found = fit_candidates([sight], click, priors)
    if not found:
        return evidence, found, None
    near = int(np.argmin(np.linalg.norm(sight.points.T - np.asarray(click), axis=1)))
    time_ns = int(sight.times_ns[near])
    best = found[0]
    others = [sights[frame + step] for step in _AROUND if 0 <= frame + step < len(sights)]
    others = [each for each in others if len(each)]
    if not others:
        return evidence, found, None
    floor = np.array([*evidence.centre, *evidence.ground])
    motion = find_motion(
        evidence.points[:, best.group.member],
        time_ns,
        others,
        floor,
        float(best.box[2]),
        4.6 if best.group.tall else 2.2,
    )
    if not motion.known:
        return evidence, found, motion
    if motion.moves:
        seen = [sight] + [each for each in others if abs(each.frame - frame) <= 2]
    else:
        rows = np.unique(
            np.linspace(
                max(frame - _STATIC_SPREAD, 0), min(frame + _STATIC_SPREAD, len(sights) - 1), _STATIC_FRAMES
            ).astype(int)
        )
        seen = [sight] + [sights[int(row)] for row in rows if row != frame]
    yaw = (
        float(np.arctan2(motion.velocity_mps[1], motion.velocity_mps[0]))
        if np.hypot(*motion.velocity_mps) > 1.5
        else None
    )
    span = float(np.hypot(*np.ptp(evidence.points[:2, best.group.member], axis=1)))
    evidence2, merged = fit_candidates(seen, click, priors, motion.velocity_mps, time_ns, yaw, span, found[:2])
    return evidence2, merged, motion


def _seed(evidence: Evidence, place: FloatArray) -> int:
    """The point nearest to the click."""
    return int(np.argmin(np.linalg.norm(evidence.points.T - place, axis=1)))


def _first_candidates(
    group: Group, evidence: Evidence, priors: Sequence[ClassPrior], known=None, road=None
) -> list[Candidate]:
    found = []
    for yaw in directions(group) if known is None else [known]:
        for prior, box in boxes(group, yaw, evidence.eyes, priors):
            value = score(box, group.hits, group.free, evidence.eyes, _numbers(prior))
            found.append(Candidate(prior, box, value + _class_value(prior, box, evidence, group), group))
    return found


def _numbers(prior: ClassPrior) -> FloatArray:
    return np.array([prior.size_m[0], prior.size_m[1], prior.spread_m[0], prior.spread_m[1]])


def _class_value(prior: ClassPrior, box: FloatArray, evidence: Evidence, group: Group) -> float:
    """How likely the class is for its share, and for the height that was seen (the top may be hidden)."""
    top = top_within(box, group.pillars)
    off = (top - prior.size_m[2]) / prior.spread_m[2]
    if off < 0.0:
        off *= 0.5
    value = float(np.log(prior.share) - min(0.5 * off * off, 8.0))
    if prior.is_vehicle and evidence.road_yaw is not None:
        value += _ALONG * np.cos(2.0 * (box[2] - evidence.road_yaw))
    return value


def _refined(candidate: Candidate, evidence: Evidence, steps: int, seed: int) -> Candidate:
    group, prior = candidate.group, candidate.prior
    box, value = refine(candidate.box, group.hits, group.free, evidence.eyes, _numbers(prior), steps)
    x, y = evidence.points[:2, seed] - evidence.centre - box[:2]
    c, s = np.cos(box[2]), np.sin(box[2])
    if max(abs(c * x + s * y) - 0.5 * box[3], abs(c * y - s * x) - 0.5 * box[4]) > 0.3:
        value -= 20.0
    return Candidate(prior, box, value + _class_value(prior, box, evidence, group), group)


def cuboid_of(candidate: Candidate, evidence: Evidence, sight: FrameSight) -> Cuboid:
    x, y = candidate.box[:2] + evidence.centre
    ground = evidence.ground_at(x, y)
    height = height_of(candidate, evidence)
    pose = RigidTransform.from_yaw(candidate.box[2], [x, y, ground + 0.5 * height])
    return Cuboid(pose, np.array([candidate.box[3], candidate.box[4], height]))


def height_of(candidate: Candidate, evidence: Evidence) -> float:
    """Prior and highest point together: above that one a beam or more may be missing."""
    prior = candidate.prior
    top = top_within(candidate.box, candidate.group.pillars) + 0.03
    spread = 0.05 + 0.003 * float(np.hypot(*evidence.eyes[0]))
    if top > prior.size_m[2] + 3.0 * prior.spread_m[2]:
        return prior.size_m[2] + prior.spread_m[2]  # a tree reaches down to it
    if top >= prior.size_m[2]:
        return top
    a, b = 1.0 / spread**2, 1.0 / prior.spread_m[2] ** 2
    return (a * top + b * prior.size_m[2]) / (a + b)
