"""Tracking as time goes by: every detection to the track whose prediction it fits best, by optimal assignment."""

from __future__ import annotations

import numba
import numpy as np

from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.automation.tracking.detections import Detections
from labeling.automation.tracking.motion import predict, update
from labeling.automation.tracking.settings import TrackerSettings
from labeling.metrics.assignment import best_assignment

_FAR = 1e6
_SIZE_GAIN = 0.2  # of a new size: about the last five detections count


def track_online(detections: Detections, settings: TrackerSettings) -> tuple[Int64Array, FloatArray]:
    """(N,) the track of each detection, numbers from 0, and -1 for a weak one that went on with none; and (N, 4) what
    each of them cost: position, size, heading (squares of standard errors), and the time since the track was seen.

    A detection uses nothing of what comes later.
    """
    owners, costs = np.full(len(detections), -1, np.int64), np.zeros((len(detections), 4))
    s = settings
    _follow(
        detections.seconds,
        detections.starts,
        detections.centres_m,
        np.log(detections.sizes_m),
        detections.yaws_rad,
        detections.scores,
        np.array(
            [s.position_m**2, s.acceleration_mps2, s.speed_mps, s.size_log, s.yaw_rad, s.gate, s.longest_gap_s, s.weak]
        ),
        owners,
        costs,
    )
    return owners, costs


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def heading_gap(a: float, b: float) -> float:
    """Angle between two directions that may each be half a turn wrong: 0 to a quarter turn."""
    gap = abs(a - b) % np.pi
    return min(gap, np.pi - gap)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _follow(
    seconds: FloatArray,
    starts: Int64Array,
    centres: FloatArray,
    sizes: FloatArray,
    yaws: FloatArray,
    scores: FloatArray,
    settings: FloatArray,
    owners: Int64Array,
    costs: FloatArray,
) -> None:
    variance, speed, weak = settings[0], settings[2], settings[7]
    most = len(centres)
    states, covariances = np.zeros((most, 2, 3)), np.zeros((most, 2, 2))
    size, yaw, seen = np.zeros((most, 3)), np.zeros(most), np.zeros(most)
    alive, count, created = np.zeros(most, np.int64), 0, 0
    for t in range(len(seconds)):
        count = _age(alive, count, seconds, t, states, covariances, seen, settings)
        first, last = starts[t], starts[t + 1]
        if count > 0 and last > first:
            tracks = alive[:count]
            parts = _parts(tracks, first, last, states, covariances, size, yaw, centres, sizes, yaws, settings)
            scored = settings[5] - parts.sum(axis=2)  # worse than the gate is worse than nobody
            rows, columns = best_assignment(np.where(scored > 0.0, scored, -_FAR))
            for m in range(len(rows)):
                if scored[rows[m], columns[m]] <= 0.0:
                    continue
                track, d = tracks[rows[m]], first + columns[m]
                costs[d, :3], costs[d, 3] = parts[rows[m], columns[m]], seconds[t] - seen[track]
                update(states[track], covariances[track], centres[d], variance)
                size[track] += _SIZE_GAIN * (sizes[d] - size[track])
                yaw[track], seen[track], owners[d] = yaws[d], seconds[t], track
        for d in range(first, last):
            if owners[d] != -1 or scores[d] < weak:
                continue
            owners[d] = alive[count] = created
            states[created, 0], covariances[created] = centres[d], np.array([[variance, 0.0], [0.0, speed * speed]])
            size[created], yaw[created], seen[created] = sizes[d], yaws[d], seconds[t]
            count, created = count + 1, created + 1


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _age(
    alive: Int64Array,
    count: int,
    seconds: FloatArray,
    t: int,
    states: FloatArray,
    covariances: FloatArray,
    seen: FloatArray,
    settings: FloatArray,
) -> int:
    """Predict the tracks that may still be seen to a frame, forget the others; how many are left."""
    kept = 0
    for k in range(count):
        track = alive[k]
        if seconds[t] - seen[track] <= settings[6]:
            predict(states[track], covariances[track], seconds[t] - seconds[t - 1], settings[1])
            alive[kept] = track
            kept += 1
    return kept


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _parts(
    tracks: Int64Array,
    first: int,
    last: int,
    states: FloatArray,
    covariances: FloatArray,
    size: FloatArray,
    yaw: FloatArray,
    centres: FloatArray,
    sizes: FloatArray,
    yaws: FloatArray,
    settings: FloatArray,
) -> FloatArray:
    """(tracks, detections, 3) what it costs to take one for the other: position, size, heading. Size and heading alone
    never break a track: each counts for half of the gate at most."""
    parts = np.zeros((len(tracks), last - first, 3))
    for k in range(len(tracks)):
        track = tracks[k]
        total = covariances[track, 0, 0] + settings[0]
        for d in range(first, last):
            part = parts[k, d - first]
            for axis in range(3):
                part[0] += (centres[d, axis] - states[track, 0, axis]) ** 2 / total
                part[1] += (sizes[d, axis] - size[track, axis]) ** 2 / (2.0 * settings[3] ** 2)
            part[1] = min(part[1], 0.5 * settings[5])
            part[2] = min((heading_gap(yaws[d], yaw[track]) / settings[4]) ** 2, 0.5 * settings[5])
    return parts
