"""Does it stand or move, and how fast? One search over all speeds along the heading, and over curvatures."""

from __future__ import annotations

import numpy as np

from calibration.quaternion import FloatArray
from labeling.automation.solver.evidence import Evidence
from labeling.automation.solver.problem import Estimate, Problem
from labeling.automation.solver.tracking import score_motions

_SPEEDS = np.arange(-8.0, 33.0, 0.5)
_CURVATURES = (-0.15, -0.08, -0.03, 0.0, 0.03, 0.08, 0.15)
_SIDEWAYS_MPS2 = 5.0
_WALKING = np.arange(0.4, 3.3, 0.4)
_DIRECTIONS = 16
_REACH_S, _SPARSE_REACH_S, _SPARSE = 0.8, 1.6, 30
_STANDING_BONUS = 2.0
"""Of things that could move, one or two in ten do: log odds."""


def find_motion(
    evidence: Evidence, problem: Problem, row: int, plain: Estimate, points: int, model: FloatArray
) -> FloatArray:
    """The state (5,) at an anchor, as the frames around say. points: how many there are in the anchor's cuboid."""
    anchor = int(problem.frames[row])
    base, covariance = plain.states[anchor], plain.covariances[anchor]
    period = float(np.median(np.diff(evidence.seconds))) if len(evidence) > 1 else 0.1
    reach = max(round((_SPARSE_REACH_S if points < _SPARSE else _REACH_S) / period), 1)
    start = float(evidence.seconds[anchor] + problem.moments[anchor])

    def values(candidates: FloatArray) -> FloatArray:
        said = score_motions(
            evidence.rows, evidence.starts, evidence.corners, evidence.eyes, evidence.seconds, anchor, reach,
            candidates, problem.body, problem.motion, model, start,
        )  # fmt: skip
        return np.asarray(said - _cost(candidates, base, covariance, len(problem.frames) > 1, problem.walks))

    coarse = _walks(base) if problem.walks else _drives(base)
    scores = values(coarse)
    fine = np.concatenate([_around(coarse[best], problem.walks) for best in np.argsort(-scores)[:3]])
    every, said = np.concatenate([coarse, fine]), np.concatenate([scores, values(fine)])
    return np.asarray(every[int(np.argmax(said))].copy())


def _drives(base: FloatArray) -> FloatArray:
    candidates = np.repeat(base[None], len(_SPEEDS) + 1, axis=0)
    candidates[:-1, 3] = _SPEEDS
    return candidates


def _walks(base: FloatArray) -> FloatArray:
    turns = np.arange(_DIRECTIONS) * (2.0 * np.pi / _DIRECTIONS)
    speeds, directions = (each.ravel() for each in np.meshgrid(_WALKING, turns))
    candidates = np.repeat(base[None], len(speeds) + 2, axis=0)
    candidates[:-2, 3], candidates[:-2, 4] = speeds * np.cos(directions), speeds * np.sin(directions)
    candidates[-2, 3:] = 0.0
    return candidates


def _around(state: FloatArray, walks: bool) -> FloatArray:
    if walks:
        steps = [(x, y) for x in (-0.2, 0.0, 0.2) for y in (-0.2, 0.0, 0.2)]
        return np.array([state + np.array([0.0, 0.0, 0.0, x, y]) for x, y in steps])
    found = []
    for step in (-0.25, 0.0, 0.25):
        for curvature in _CURVATURES:
            near = state.copy()
            near[3] += step
            if abs(curvature) * near[3] ** 2 <= _SIDEWAYS_MPS2 and (curvature == 0.0 or abs(near[3]) > 0.3):
                near[4] = curvature
                found.append(near)
    return np.array(found)


def _cost(candidates: FloatArray, base: FloatArray, covariance: FloatArray, known: bool, walks: bool) -> FloatArray:
    """What speaks against candidates before any point is looked at."""
    if walks:
        speeds = np.hypot(candidates[:, 3], candidates[:, 4])
        cost = 0.5 * (speeds / 1.5) ** 2
        off = candidates[:, 3:] - base[3:]
        between = np.einsum("ca,ab,cb->c", off, np.linalg.inv(covariance[3:, 3:] + 0.05 * np.eye(2)), off)
    else:
        speeds = np.abs(candidates[:, 3])
        cost = 0.5 * (candidates[:, 4] / 0.1) ** 2
        between = (candidates[:, 3] - base[3]) ** 2 / (covariance[3, 3] + 0.05)
    return np.asarray(cost + (0.5 * between if known else 0.0) - np.where(speeds < 0.1, _STANDING_BONUS, 0.0))
