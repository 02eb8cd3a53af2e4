"""A solved trajectory as knots and presence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.linalg import solveh_banded

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.automation.solver.evidence import Evidence
from labeling.automation.solver.inside import heights_inside
from labeling.automation.solver.problem import Estimate, Problem
from labeling.automation.solver.smoothing import seen_from
from labeling.track import Knot, Maker, Presence, PresenceKind, Track

_FEWEST_POINTS = 2
_BEYOND_S = 3.0
"""So long before and after it was seen the trajectory goes on, without a claim that anything is there."""
_APART = 0.2
"""Of a frame: knots closer than this would let the spline swing."""
_SLOPE = 0.02
"""How much steeper or flatter a road may be than level: one standard deviation, one metre after the other."""
_OWN_SIGMA_M = 0.15


def written(evidence: Evidence, problem: Problem, chosen: Estimate, counts: Int64Array, stands: bool) -> Track:
    """The track with the solver's knots between those that people set, and where it was seen."""
    times_ns = evidence.start_ns + np.rint((evidence.seconds + chosen.moments) * 1e9).astype(np.int64)
    seen = np.flatnonzero(counts >= _FEWEST_POINTS)
    seen = np.union1d(seen, problem.frames)
    presence = _presence(times_ns, seen)
    anchors = list(problem.anchors)
    if stands:
        return replace(problem.track.with_knots(anchors), presence=presence)
    centres = np.array([seen_from(state, problem.motion) for state in chosen.states])
    heights = _heights(evidence, problem, chosen, centres)
    near = (evidence.seconds >= evidence.seconds[seen[0]] - _BEYOND_S) & (
        evidence.seconds <= evidence.seconds[seen[-1]] + _BEYOND_S
    )
    free = np.setdiff1d(np.flatnonzero(near), problem.frames)
    added = _knots(evidence, problem, free, times_ns[free], centres[free], heights[free])
    return replace(problem.track.with_knots(_thinned(anchors, added, evidence)), presence=presence)


def _thinned(anchors: list[Knot], added: list[Knot], evidence: Evidence) -> list[Knot]:
    period_s = float(np.median(np.diff(evidence.seconds))) if len(evidence) > 1 else 0.1
    least_ns = int(_APART * period_s * 1e9)
    kept: list[Knot] = []
    held = np.array([knot.time_ns for knot in anchors])
    for knot in added:
        clear = np.abs(held - knot.time_ns).min() >= least_ns
        if clear and (not kept or knot.time_ns - kept[-1].time_ns >= least_ns):
            kept.append(knot)
    return [*anchors, *kept]


def _knots(
    evidence: Evidence,
    problem: Problem,
    frames: Int64Array,
    times_ns: Int64Array,
    centres: FloatArray,
    heights: FloatArray,
) -> list[Knot]:
    """Each tilted as the nearest pose that a person set."""
    nearest = np.abs(problem.frames[:, None] - frames).argmin(axis=0)
    held = np.stack([knot.world_from_object.rotation for knot in problem.anchors])[nearest]
    nowhere = np.zeros((len(frames), 3))
    turns = RigidTransform.from_yaw(centres[:, 2] - problem.centres[nearest, 2], nowhere)
    rotations = (turns * RigidTransform(held, nowhere)).rotation
    places = np.column_stack([centres[:, :2] + evidence.origin[:2], heights])
    return [
        Knot(time_ns, tuple(place), tuple(rotation), Maker.SOLVER)
        for time_ns, place, rotation in zip(times_ns.tolist(), places.tolist(), rotations.tolist(), strict=True)
    ]


def _heights(evidence: Evidence, problem: Problem, chosen: Estimate, centres: FloatArray) -> FloatArray:
    """(F,) world z of the centre: through those that people set, as high above the ground and above its own points as
    there, and no steeper than roads are; least squares over all frames."""
    count = len(centres)
    set_m = np.array([knot.position_m[2] - evidence.origin[2] for knot in problem.anchors])
    rows = np.arange(count)
    held = np.interp(rows, problem.frames, set_m)
    weights, values = np.zeros(count), np.zeros(count)
    ground, sigma = evidence.ground_at(rows, centres[:, :2])
    own, own_sigma = _own_heights(evidence, problem, chosen)
    for said, said_sigma in ((ground, sigma), (own, own_sigma)):
        above = np.interp(rows, problem.frames, set_m - said[problem.frames])
        doubt = said_sigma**2 + np.interp(rows, problem.frames, said_sigma[problem.frames]) ** 2
        weights += 1.0 / doubt
        values += (said + above) / doubt
    weights[problem.frames], values[problem.frames] = 1e8, 1e8 * set_m
    apart = np.hypot(*np.diff(centres[:, :2], axis=0).T)
    steps = 1.0 / (_SLOPE * apart + 0.005) ** 2
    banded = np.zeros((2, count))
    banded[1] = weights + np.append(steps, 0.0) + np.append(0.0, steps)
    banded[0, 1:] = -steps
    solved = solveh_banded(banded, values) if count > 1 else held
    return np.asarray(solved + evidence.origin[2])


def _own_heights(evidence: Evidence, problem: Problem, chosen: Estimate) -> tuple[FloatArray, FloatArray]:
    """(F,) mean z of the points in the cuboid, and how far that may be from what another frame's says."""
    total = np.zeros((len(evidence), 2))
    heights_inside(evidence.rows, evidence.starts, evidence.corners, chosen.states, problem.body, problem.motion, total)
    seen = total[:, 0] >= _FEWEST_POINTS
    means = np.where(seen, total[:, 1] / np.maximum(total[:, 0], 1.0), 0.0)
    sigmas = np.where(seen, np.sqrt(_OWN_SIGMA_M**2 + problem.body[2] ** 2 / np.maximum(total[:, 0], 1.0)), 1e3)
    return means, sigmas


def _presence(times_ns: Int64Array, seen: Int64Array) -> tuple[Presence, ...]:
    """Observed while frames follow each other, occluded between two that do not."""
    first = int(times_ns[seen[0]])
    runs = [Presence(first, first)]
    for before, frame in zip(seen[:-1].tolist(), seen[1:].tolist(), strict=True):
        last, time_ns = runs[-1], int(times_ns[frame])
        if frame == before + 1:
            runs[-1] = Presence(last.start_ns, max(time_ns, last.end_ns))
        elif time_ns > last.end_ns + 2:
            runs += [Presence(last.end_ns + 1, time_ns - 1, PresenceKind.OCCLUDED), Presence(time_ns, time_ns)]
    return tuple(runs)
