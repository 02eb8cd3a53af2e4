"""A solved trajectory as knots and presence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.automation.solver.evidence import Evidence
from labeling.automation.solver.problem import Estimate, Problem
from labeling.automation.solver.smoothing import seen_from
from labeling.track import Knot, Maker, Presence, PresenceKind, Track

_FEWEST_POINTS = 2
_BEYOND_S = 3.0
"""So long before and after it was seen the trajectory goes on, without a claim that anything is there."""
_APART = 0.2
"""Of a frame: knots closer than this would let the spline swing."""
_HALF_WINDOW = 3


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
    heights = _heights(evidence, problem, centres)
    near = (evidence.seconds >= evidence.seconds[seen[0]] - _BEYOND_S) & (
        evidence.seconds <= evidence.seconds[seen[-1]] + _BEYOND_S
    )
    added = [
        _knot(evidence, problem, frame, int(times_ns[frame]), centres[frame], float(heights[frame]))
        for frame in np.flatnonzero(near).tolist()
        if frame not in problem.frames
    ]
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


def _knot(evidence: Evidence, problem: Problem, frame: int, time_ns: int, centre: FloatArray, height: float) -> Knot:
    """Tilted as the nearest pose that a person set."""
    row = int(np.argmin(np.abs(problem.frames - frame)))
    turned = RigidTransform.from_yaw(float(centre[2] - problem.centres[row, 2]), [0.0, 0.0, 0.0])
    rotation = (turned * problem.anchors[row].world_from_object).rotation
    place = np.array([centre[0] + evidence.origin[0], centre[1] + evidence.origin[1], height])
    return Knot.of(time_ns, RigidTransform(rotation, place), Maker.SOLVER)


def _heights(evidence: Evidence, problem: Problem, centres: FloatArray) -> FloatArray:
    """(F,) world z of the centre: as high above the ground as where a person set it."""
    ground = np.array([evidence.ground_at(frame, centre[:2]) for frame, centre in enumerate(centres)])
    known = np.flatnonzero(np.isfinite(ground))
    heights = np.array([knot.position_m[2] for knot in problem.anchors])
    if not len(known):
        return np.interp(np.arange(len(ground)), problem.frames, heights)
    ground = np.interp(np.arange(len(ground)), known, ground[known])
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(ground, _HALF_WINDOW, mode="edge"), 2 * _HALF_WINDOW + 1)
    smooth = np.median(windows, axis=1) + evidence.origin[2]
    above = heights - smooth[problem.frames]
    return np.asarray(smooth + np.interp(np.arange(len(ground)), problem.frames, above))


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
