"""A track as the solver sees it: frames, a motion, a half size, and the poses that people set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.automation.class_priors import class_prior
from labeling.automation.solver.evidence import HEIGHT, Evidence, Z
from labeling.automation.solver.matching import AGAINST, LAYERS, MARGIN_M, value_at
from labeling.automation.solver.smoothing import ACCELERATION, AXLE, CURVATURE, WALKS, YAW_RATE, smooth
from labeling.automation.solver.tracking import ABOVE_M, LOWEST_M, MOST_POINTS, look, state_at
from labeling.track import Knot, Maker, Track

CERTAIN = 1e7 * np.eye(3)
"""Information of a pose that a person set: a third of a millimetre."""
_AXLE_SHARE = 0.3
"""The axles of road vehicles lie this much of the length before and behind the middle."""
_WALKING_BELOW_M = 1.2
_GROUND_OFF_M = 0.35
_MOST_AGAINST, _KEPT = {False: 0.6, True: 0.4}, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """anchors: the knots that are given, by time; frames: (A,) in which each lies. centres: (A, 3) their x, y and yaw,
    the yaw unrolled. body: (7,), see `matching`. motion: see `smoothing`. moments: (F,) seconds after each frame's
    middle at which the object is seen; exact at the anchors."""

    track: Track
    anchors: tuple[Knot, ...]
    frames: Int64Array
    centres: FloatArray
    body: FloatArray
    motion: FloatArray
    moments: FloatArray

    @property
    def walks(self) -> bool:
        """Whether it may move sideways."""
        return bool(self.motion[WALKS] > 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A trajectory. states: (F, 5), covariances: (F, 5, 5), moments: (F,); see `smoothing`."""

    states: FloatArray
    covariances: FloatArray
    moments: FloatArray


def problem_of(evidence: Evidence, track: Track) -> Problem:
    """The human's knots are what holds; without any, all knots are."""
    human = [knot for knot in track.knots if knot.maker is Maker.HUMAN]
    nearest: dict[int, Knot] = {}
    offsets: dict[int, float] = {}
    for knot in human or track.knots:
        moment = (knot.time_ns - evidence.start_ns) * 1e-9
        frame = int(np.argmin(np.abs(evidence.seconds - moment)))
        offset = moment - float(evidence.seconds[frame])
        if frame not in nearest or abs(offset) < abs(offsets[frame]):
            nearest[frame], offsets[frame] = knot, offset
    frames = sorted(nearest)
    anchors = tuple(nearest[frame] for frame in frames)
    moments = np.interp(np.arange(len(evidence)), frames, [offsets[frame] for frame in frames])
    poses = [knot.world_from_object for knot in anchors]
    yaws = np.unwrap([float(pose.yaw_rad) for pose in poses])
    places = np.array([pose.translation - evidence.origin for pose in poses])
    centres, held = np.column_stack([places[:, :2], yaws]), np.array(frames, dtype=np.int64)
    motion = motion_of(track.class_name, track.size_m)
    body = _body_of(evidence, track, held, centres, places[:, 2], motion)
    return Problem(track, anchors, held, centres, body, motion, moments)


def _body_of(
    evidence: Evidence, track: Track, frames: Int64Array, centres: FloatArray, heights: FloatArray, motion: FloatArray
) -> FloatArray:
    """A body as `matching` describes it, as far as it can be told from where people put it."""
    half = 0.5 * np.array(track.size_m)
    ground, _ = evidence.ground_at(frames, centres[:, :2])
    bottoms = heights - half[2]
    if np.abs(np.median(bottoms - ground)) <= _GROUND_OFF_M:
        band = (float(HEIGHT), LOWEST_M, track.size_m[2] + ABOVE_M)
    else:  # the ground here is a wrong guess: heights count from where people say that it stands
        band = (float(Z), float(bottoms.min()) + LOWEST_M, float(bottoms.max()) + track.size_m[2] + ABOVE_M)
    body = np.array([*half, *band, 0.0])
    body[AGAINST] = _against(evidence, frames, centres, body, motion)
    return body


def _against(
    evidence: Evidence, frames: Int64Array, centres: FloatArray, body: FloatArray, motion: FloatArray
) -> float:
    """How much points beside it may speak against it: less where others stood close by when a person set it."""
    points, model, walks = np.empty((MOST_POINTS, 4)), np.zeros((0, 0, LAYERS)), bool(motion[WALKS] > 0.0)
    most = _MOST_AGAINST[walks]
    neutral, hostile = body.copy(), body.copy()
    neutral[AGAINST], hostile[AGAINST] = 0.0, 1.0
    for frame, centre in zip(frames.tolist(), centres, strict=True):
        corner, eye = evidence.corners[frame], evidence.eyes[frame]
        count = look(evidence.rows, evidence.starts[frame], corner, centre, body, MARGIN_M, 0, points)
        mine = value_at(points, count, centre, neutral, eye, model, walks)
        beside = mine - value_at(points, count, centre, hostile, eye, model, walks)
        if beside > 1e-6:
            most = min(most, _KEPT * mine / beside)
    return max(most, 0.0)


def motion_of(class_name: str, size_m: tuple[float, float, float]) -> FloatArray:
    """How things of a class move; a class that says nothing walks if it is small and is steered if it is large."""
    limits = class_prior(class_name).motion
    walks = limits.holonomic and max(size_m[:2]) < 2.0 * _WALKING_BELOW_M
    motion = np.zeros(5)
    motion[WALKS] = float(walks)
    motion[AXLE] = 0.0 if walks else _AXLE_SHARE * size_m[0]
    motion[ACCELERATION] = max(limits.acceleration_mps2, 1.0)
    motion[CURVATURE] = 1.0 / max(limits.least_turn_radius_m, 1.0)
    motion[YAW_RATE] = limits.yaw_rate_radps
    return motion


def without_points(evidence: Evidence, problem: Problem) -> Estimate:
    """The smoother that knows the anchors and nothing else."""
    frames = np.arange(len(evidence))
    centres = np.column_stack([np.interp(frames, problem.frames, column) for column in problem.centres.T])
    states = np.array([state_at(centre, problem.motion) for centre in centres])
    seconds = evidence.seconds + problem.moments
    if len(problem.frames) > 1:
        rates = np.gradient(states[:, :2], seconds, axis=0)
        if problem.walks:
            states[:, 3:5] = rates
        else:
            states[:, 3] = rates[:, 0] * np.cos(states[:, 2]) + rates[:, 1] * np.sin(states[:, 2])
    means, information, certain = anchored(evidence, problem)
    covariances = np.empty((len(frames), 5, 5))
    smooth(states, seconds, means, information, certain, problem.motion, covariances)
    return Estimate(states, covariances, problem.moments.copy())


def anchored(evidence: Evidence, problem: Problem) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What the frames say (means, information, certain) as far as the anchors go."""
    count = len(evidence)
    means, information, certain = np.zeros((count, 3)), np.zeros((count, 3, 3)), np.zeros(count)
    means[problem.frames], information[problem.frames], certain[problem.frames] = problem.centres, CERTAIN, 1.0
    return means, information, certain
