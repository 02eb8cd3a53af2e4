"""Solve a whole track from a few poses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.automation.class_priors import class_prior
from labeling.automation.solver.evidence import Evidence
from labeling.automation.solver.inside import left_behind, points_inside
from labeling.automation.solver.problem import Estimate, Problem, anchored, problem_of, without_points
from labeling.automation.solver.searching import find_motion
from labeling.automation.solver.smoothing import smooth
from labeling.automation.solver.tracking import match_again, model_of, score_all, track_from
from labeling.automation.solver.writing import written
from labeling.track import Track

_START_SIGMAS = {False: (1e-3, 1e-3, 1e-3, 0.6, 0.03), True: (1e-3, 1e-3, 1e-3, 0.4, 0.4)}
_PASSES = 2
_WORKERS = 2
_POOL = ThreadPoolExecutor(_WORKERS, "solver")
"""Frames are matched by themselves: two threads, whatever the machine, so that results never depend on it."""
_LEAST_GAIN, _LEAST_SHARE = 6.0, 0.05
_STILL_M, _STILL_RAD = 0.5, 0.1
_FITS = 6.0
_LEFT_BEHIND = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """track: with solver knots and presence. stands: whether it is one pose. points: (F,) seen in the cuboid in each
    frame, at most 150. expected_error_m: (F,) one standard deviation of the centre. confidence: (F,) 0 to 1, that
    the cuboid of the frame is right. suggested_frame: the next one worth a look."""

    track: Track
    stands: bool
    points: Int64Array
    expected_error_m: FloatArray
    confidence: FloatArray
    suggested_frame: int


def solve(evidence: Evidence, track: Track) -> Solution:
    """The likeliest trajectory through the human knots, which stay what they are."""
    problem = problem_of(evidence, track)
    plain = without_points(evidence, problem)
    tracked = _tracked(evidence, problem, plain)
    chosen, stands, scores = _chosen(evidence, problem, plain, tracked)
    counts = points_inside(
        evidence.rows,
        evidence.starts,
        evidence.corners,
        evidence.seconds,
        chosen.states,
        chosen.moments,
        problem.body,
        problem.motion,
    )
    solved = written(evidence, problem, chosen, counts, stands)
    errors = _expected_errors(problem, chosen, stands, counts, scores)
    return Solution(
        solved, stands, counts, errors, 1.0 / (1.0 + (errors / 0.4) ** 2), _suggested(problem, errors, counts)
    )


def _tracked(evidence: Evidence, problem: Problem, plain: Estimate) -> Estimate:
    """The trajectory that the points say."""
    estimate = Estimate(plain.states.copy(), plain.covariances.copy(), plain.moments.copy())
    means, information, certain = anchored(evidence, problem)
    support = np.zeros(len(evidence))
    model = _model(evidence, problem, plain, problem.frames)
    counts = points_inside(
        evidence.rows,
        evidence.starts,
        evidence.corners,
        evidence.seconds,
        plain.states,
        plain.moments,
        problem.body,
        problem.motion,
    )
    middles = (problem.frames[1:] + problem.frames[:-1]) // 2
    for row, anchor in enumerate(problem.frames.tolist()):
        start = find_motion(evidence, problem, row, plain, int(counts[anchor]), model)
        estimate.states[anchor] = start
        first = int(middles[row - 1]) + 1 if row > 0 else 0
        last = int(middles[row]) if row < len(middles) else len(evidence) - 1
        for end in (first, last):
            track_from(
                evidence.rows, evidence.starts, evidence.corners, evidence.eyes, evidence.seconds, estimate.moments,
                anchor, end, start, np.diag(np.square(_START_SIGMAS[problem.walks])), problem.body, problem.motion,
                model, estimate.states, means, information, support,
            )  # fmt: skip
    return _refined(evidence, problem, estimate, means, information, certain, support, model)


def _refined(
    evidence: Evidence,
    problem: Problem,
    estimate: Estimate,
    means: FloatArray,
    information: FloatArray,
    certain: FloatArray,
    support: FloatArray,
    model: FloatArray,
) -> Estimate:
    """Smooth all, match again around the result with a model from where it fits, and smooth."""
    states, covariances, moments = estimate.states, estimate.covariances, estimate.moments
    seconds = evidence.seconds + moments
    for turn in range(_PASSES):
        states[:, 2] = np.unwrap(states[:, 2])
        smooth(states, seconds, means, information, certain, problem.motion, covariances)
        if turn < _PASSES - 1:
            fitting = np.flatnonzero((support > _FITS) | (certain > 0.0))
            model = _model(evidence, problem, estimate, fitting)
            halves = np.array_split(np.arange(len(states)), _WORKERS)
            jobs = [
                _POOL.submit(
                    match_again,
                    evidence.rows, evidence.starts, evidence.corners, evidence.eyes, evidence.seconds,
                    states, covariances, moments, certain,
                    problem.body, problem.motion, model, means, information, support, half,
                )
                for half in halves
            ]  # fmt: skip
            for job in jobs:
                job.result()
    return estimate


def _counts(evidence: Evidence, problem: Problem, estimate: Estimate) -> Int64Array:
    return np.asarray(
        points_inside(
            evidence.rows, evidence.starts, evidence.corners, evidence.seconds,
            estimate.states, estimate.moments, problem.body, problem.motion,
        )
    )  # fmt: skip


def _model(evidence: Evidence, problem: Problem, estimate: Estimate, frames: Int64Array) -> FloatArray:
    return np.asarray(
        model_of(
            evidence.rows, evidence.starts, evidence.corners, evidence.seconds,
            estimate.states, estimate.moments, frames, problem.body, problem.motion,
        )
    )  # fmt: skip


def _chosen(
    evidence: Evidence, problem: Problem, plain: Estimate, tracked: Estimate
) -> tuple[Estimate, bool, FloatArray]:
    """The smoother without points stands (with one anchor: it does not move) unless the points gain enough. Returns
    whether it stands, and what the points say for it in each frame."""
    anchors_only = _model(evidence, problem, plain, problem.frames)
    said = [_scores(evidence, problem, each, anchors_only) for each in (plain, tracked)]
    still = _stands(plain, problem)
    if still and not class_prior(problem.track.class_name).movable:
        return plain, still, said[0]
    if still and _stands(tracked, problem):
        return plain, still, said[0]
    gain = float(np.sum(said[1]) - np.sum(said[0]))
    enough = _LEAST_GAIN + _LEAST_SHARE * abs(float(np.sum(said[0])))
    if gain < enough or (
        still and (_stands(tracked, problem) or (not problem.walks and _stays(evidence, problem, tracked)))
    ):
        return plain, still, said[0]
    return tracked, False, said[1]


def _stays(evidence: Evidence, problem: Problem, estimate: Estimate) -> bool:
    """Whether the thing is still there when the estimate says that it is elsewhere. People stand where others stood."""
    if problem.walks:
        return False
    anchor = int(problem.frames[0])
    left = left_behind(
        evidence.rows, evidence.starts[anchor], evidence.corners[anchor], evidence.seconds, estimate.states, anchor,
        problem.body, problem.motion,
    )  # fmt: skip
    return bool(left > _LEFT_BEHIND)


def _scores(evidence: Evidence, problem: Problem, estimate: Estimate, model: FloatArray) -> FloatArray:
    return np.asarray(
        score_all(
            evidence.rows, evidence.starts, evidence.corners, evidence.eyes, evidence.seconds,
            estimate.states, estimate.moments, problem.body, problem.motion, model,
        )
    )  # fmt: skip


def _stands(estimate: Estimate, problem: Problem) -> bool:
    states = estimate.states
    anchor = states[int(problem.frames[0])]
    apart = np.hypot(*(states[:, :2] - anchor[:2]).T)
    return bool(apart.max() < _STILL_M and np.abs(states[:, 2] - anchor[2]).max() < _STILL_RAD)


def _expected_errors(
    problem: Problem, chosen: Estimate, stands: bool, counts: Int64Array, scores: FloatArray
) -> FloatArray:
    """(F,) metres. What stands is as sure as its points say that it is there."""
    if stands:
        errors = np.where(counts > 0, 0.05 + 0.3 / np.sqrt(np.maximum(counts, 1)), 0.3)
        errors = errors + np.where(scores < -3.0, 1.0, 0.0)
    else:
        spread = np.sqrt(np.maximum(chosen.covariances[:, 0, 0] + chosen.covariances[:, 1, 1], 0.0))
        errors = spread + np.where(scores < 0.0, 0.5, 0.0)
    errors[problem.frames] = 0.0
    return np.asarray(errors)


def _suggested(problem: Problem, errors: FloatArray, counts: Int64Array) -> int:
    """The largest expected error between the first and the last frame that saw it."""
    seen = np.flatnonzero(counts > 0)
    if not len(seen):
        return int(problem.frames[0])
    return int(seen[0] + np.argmax(errors[seen[0] : seen[-1] + 1]))
