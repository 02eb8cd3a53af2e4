"""Tracking with everything in view: gaps are bridged, motion is smoothed, a track has one size and one confidence."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.automation.tracking.detections import Detections
from labeling.automation.tracking.motion import predict, smooth
from labeling.automation.tracking.online import heading_gap, track_online
from labeling.automation.tracking.settings import TrackerSettings

_TURNS_WITH_MOTION_MPS = 1.5  # above this speed a vehicle's heading is where it goes
_DOUBT_FRAMES = 3.0  # as if so many frames without evidence came on top: short tracks are doubtful
_REACH_SPREAD = 0.5  # the last detections say little of the speed: doubt added when looking over a gap, m/s


@dataclass(frozen=True, slots=True)
class Joint:
    """Why a detection, or a whole piece after a gap, was taken for the same thing.

    frame: where it goes on. gap_s: since it was last seen. position, size, heading: squares of standard errors, which
    add up to the cost; a cost beyond the settings' gate breaks.
    """

    frame: int
    gap_s: float
    position: float
    size: float
    heading: float

    @property
    def cost(self) -> float:
        """The sum."""
        return self.position + self.size + self.heading


@dataclass(frozen=True, slots=True, eq=False)
class TrackedObject:
    """One thing over K frames.

    frames: (K,) increasing; centres_m: (K, 3) world, smoothed; yaws_rad: (K,); size_m: length, width, height; detected:
    (K,) index of the frame's detection, or -1 where it was bridged; spread_m: (K,) standard deviation of the centre
    along an axis; score: confidence of the whole track in the detector's unit; joints: what held it together.
    """

    frames: Int64Array
    centres_m: FloatArray
    yaws_rad: FloatArray
    size_m: FloatArray
    detected: Int64Array
    spread_m: FloatArray
    score: float
    joints: tuple[Joint, ...]

    def shown(self, longest_gap: int = 12) -> npt.NDArray[np.bool_]:
        """(K,) frames in which it was detected, or was out of sight for no more than `longest_gap` of them.

        Bridged only if it was detected in most frames: what a detector mostly misses may be a mistake of the detector.
        """
        shown = self.detected >= 0
        seen = np.flatnonzero(shown)
        if shown.mean() > 0.5:
            for before, after in pairwise(seen.tolist()):
                if after - before - 1 <= longest_gap:
                    shown[before:after] = True
        return shown


def track_offline(detections: Detections, settings: TrackerSettings) -> list[TrackedObject]:
    """All things of one class, in the order of their first frame."""
    owners, costs = track_online(detections, settings)
    pieces = [np.flatnonzero(owners == owner) for owner in range(int(owners.max(initial=-1)) + 1)]
    chains = _joined([piece for piece in pieces if len(piece)], detections, settings)
    return [_object(chain, joints, costs, detections, settings) for chain, joints in chains]


def _joined(
    pieces: list[Int64Array], detections: Detections, settings: TrackerSettings
) -> list[tuple[Int64Array, list[Joint]]]:
    """Pieces of tracks chained over gaps, each to at most one before and one after, the best pairs of all."""
    count = len(pieces)
    found: dict[tuple[int, int], Joint] = {}
    scores = np.zeros((count, count))
    ends = [_end_states(piece, detections, settings) for piece in pieces]
    times = detections.seconds
    first = np.array([detections.frames[piece[0]] for piece in pieces])
    last = np.array([detections.frames[piece[-1]] for piece in pieces])
    for a in range(count):
        later = np.flatnonzero((first > last[a]) & (times[first] - times[last[a]] <= settings.longest_bridge_s))
        for b in later.tolist():
            joint = _joint(pieces[a], pieces[b], ends[a][1], ends[b][0], detections, settings)
            if joint.cost < settings.gate:
                found[a, b] = joint
                scores[a, b] = settings.gate - joint.cost
    rows, columns = linear_sum_assignment(scores, maximize=True)
    following = {a: b for a, b in zip(rows.tolist(), columns.tolist(), strict=True) if (a, b) in found}
    chains = []
    for start in sorted(set(range(count)) - set(following.values()), key=lambda piece: int(first[piece])):
        chain, joints, at = [pieces[start]], [], start
        while at in following:
            joints.append(found[at, following[at]])
            at = following[at]
            chain.append(pieces[at])
        chains.append((np.concatenate(chain), joints))
    return chains


def _end_states(
    piece: Int64Array, detections: Detections, settings: TrackerSettings
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """Smoothed state and covariance at a piece's first and last detection."""
    seconds = detections.seconds[detections.frames[piece]]
    variances = np.full(len(piece), settings.position_m**2)
    states, covariances = smooth(
        seconds, detections.centres_m[piece], variances, settings.acceleration_mps2, settings.speed_mps
    )
    covariances[:, 1, 1] += _REACH_SPREAD**2
    return (states[0], covariances[0]), (states[-1], covariances[-1])


def _joint(
    one: Int64Array,
    two: Int64Array,
    end: tuple[FloatArray, FloatArray],
    start: tuple[FloatArray, FloatArray],
    detections: Detections,
    settings: TrackerSettings,
) -> Joint:
    """Both sides carried to the middle of the gap: there they meet, or not."""
    gap_s = float(detections.seconds[detections.frames[two[0]]] - detections.seconds[detections.frames[one[-1]]])
    forward, forward_spread = end[0].copy(), end[1].copy()
    backward, backward_spread = start[0].copy(), start[1].copy()
    backward[1] *= -1.0
    backward_spread[0, 1] *= -1.0
    backward_spread[1, 0] *= -1.0
    predict(forward, forward_spread, 0.5 * gap_s, settings.acceleration_mps2)
    predict(backward, backward_spread, 0.5 * gap_s, settings.acceleration_mps2)
    total = forward_spread[0, 0] + backward_spread[0, 0]
    # What may be anywhere fits everything: the doubt about the place costs as much as it makes chance meetings likely.
    doubt = 3.0 * np.log(total / (2.0 * settings.position_m**2))
    position = float(((forward[0] - backward[0]) ** 2).sum() / total + doubt)
    sizes = [np.median(np.log(detections.sizes_m[piece]), axis=0) for piece in (one, two)]
    size = float(((sizes[1] - sizes[0]) ** 2).sum() / (2.0 * settings.size_log**2))
    turned = heading_gap(detections.yaws_rad[two[0]], detections.yaws_rad[one[-1]])
    return Joint(int(detections.frames[two[0]]), gap_s, position, size, float((turned / settings.yaw_rad) ** 2))


def _object(
    chain: Int64Array, joints: list[Joint], costs: FloatArray, detections: Detections, settings: TrackerSettings
) -> TrackedObject:
    seen = detections.frames[chain]
    frames = np.arange(seen[0], seen[-1] + 1)
    detected = np.full(len(frames), -1, np.int64)
    detected[seen - seen[0]] = chain
    found = detected >= 0
    measured, variances = np.zeros((len(frames), 3)), np.full(len(frames), np.inf)
    measured[found], variances[found] = detections.centres_m[chain], settings.position_m**2
    states, covariances = smooth(
        detections.seconds[frames], measured, variances, settings.acceleration_mps2, settings.speed_mps
    )
    bridges = {joint.frame for joint in joints}
    within = [
        Joint(int(detections.frames[d]), float(costs[d, 3]), *map(float, costs[d, :3]))
        for d in chain[1:]
        if int(detections.frames[d]) not in bridges
    ]
    return TrackedObject(
        frames=frames,
        centres_m=states[:, 0],
        yaws_rad=_headings(frames, seen, detections.yaws_rad[chain], states[:, 1]),
        size_m=_size(detections.sizes_m[chain], detections.scores[chain]),
        detected=detected,
        spread_m=np.sqrt(covariances[:, 0, 0]),
        score=track_score(detections.scores[chain]),
        joints=tuple(sorted([*joints, *within], key=lambda joint: joint.frame)),
    )


def _size(sizes_m: FloatArray, scores: FloatArray) -> FloatArray:
    """Median, of the surer half: what is seen well is measured well."""
    sure = scores >= np.median(scores)
    return np.asarray(np.median(sizes_m[sure], axis=0))


def _headings(frames: Int64Array, seen: Int64Array, yaws: FloatArray, velocities: FloatArray) -> FloatArray:
    """One front for the whole track, the one that it moves towards; then smoothed over a second."""
    level = np.unwrap(2.0 * yaws) / 2.0  # turns without jumps of half a turn
    axis = np.stack([np.cos(level), np.sin(level)], axis=1)
    moving = velocities[seen - frames[0], :2]
    fast = np.linalg.norm(moving, axis=1) > _TURNS_WITH_MOTION_MPS
    votes = float((axis[fast] * moving[fast]).sum()) if fast.any() else float(np.cos(level - yaws).sum())
    directed = level if votes >= 0.0 else level + np.pi
    smoothed = np.interp(frames, seen, directed)
    width = 2  # frames to each side
    padded = np.pad(smoothed, width, mode="edge")
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
    result = np.convolve(padded, kernel, mode="valid") if len(frames) > 2 * width else smoothed
    return np.asarray((result + np.pi) % (2.0 * np.pi) - np.pi)


def track_score(scores: FloatArray) -> float:
    """Of a whole track: the mean of its detections', drawn to zero where there are few."""
    return float(scores.sum() / (len(scores) + _DOUBT_FRAMES))
