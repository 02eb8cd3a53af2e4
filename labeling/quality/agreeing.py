"""Labels against points, over whole tracks: late or early in time, drifting away, or creeping from what stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.automation.class_priors import class_prior
from labeling.quality.case import Case, logistic
from labeling.quality.finding import Finding, FindingKind
from labeling.quality.repairs import retimed, shifted
from labeling.quality.rows import TrackRows

_LAGS = np.linspace(-1.5, 1.5, 13)
"""In frames."""
_LEAST_LAG, _LEAST_SHIFT_M = 0.45, 0.15
_LOOSE_M = 0.21
"""Cuboids lie so loosely around their points: less may be a matter of taste."""
_NARROW_M = 1.2
_FEWEST_ROWS = 4
_ENOUGH = 12.0
"""Log likelihood ratio that a slip or drift needs: about what the clean tracks of real recordings reach by chance."""
_DRIFT_MPS = 0.2
_TURNS = np.arange(16) * np.pi / 8.0
_SHORT, _WINDOW, _MOST_A_WINDOW = 44, 24, 36.0
_ONSETS = (0.0, 0.2, 0.4)
_OFFSETS = np.array([(a, b) for a in np.linspace(-0.4, 0.4, 9) for b in np.linspace(-0.3, 0.3, 7)])
_LIKELY_OFFSETS = 10
_CREEPS_MPS = (0.05, 0.45)
_STILL_M = 0.02
_FEWEST_CREEP, _LEAST_CREEP_M, _FEW_CREEP = 5, 0.12, 0.08


def slips(case: Case) -> list[Finding]:
    """Moving things whose points lie where the label is a moment earlier or later."""
    period_s = max(case.observed.recording.frames.period_ns, 1) * 1e-9
    found: list[Finding] = []
    for index, track in enumerate(case.tracks):
        rows = case.told_rows(index)
        if len(rows) < _FEWEST_ROWS:
            continue
        ways = _local(case, rows, case.places.velocities_mps[rows])
        shifts = (_LAGS * period_s)[:, None, None] * ways
        values = case.maps.along_path(rows, shifts)
        middle = len(_LAGS) // 2
        best = int(np.argmax(values))
        late_s, gain = float(_LAGS[best] * period_s), float(values[best] - values[middle])
        gain *= 1.0 if track.size_m[1] > _NARROW_M else 0.5  # riders and handlebars are no box
        shift = float(np.median(np.linalg.norm(shifts[best], axis=1)))
        if abs(_LAGS[best]) < _LEAST_LAG or shift < _LEAST_SHIFT_M or gain < 0.5 * _ENOUGH:
            continue
        word = "behind" if late_s > 0.0 else "ahead of"
        why = f"it runs {abs(late_s) * 1e3:.0f} ms {word} the points, which lie {shift:.2f} m from where it is"
        sure = logistic(min((gain - _ENOUGH) / 4.0, (shift - _LOOSE_M) / 0.03))
        repair = retimed(case.originals, track.id, late_s)
        found.append(case.finding(FindingKind.TIME_SLIP, [track], (0, len(track) - 1), sure, why, repair=repair))
    return found


def drifts(case: Case) -> list[Finding]:
    """Tracks that leave their points slowly, and those that creep though the points stand."""
    creeps = [_creep(track) for track in case.tracks]
    others = float(np.mean([each is not None for each in creeps])) if creeps else 0.0
    found: list[Finding] = []
    for index, (track, creep) in enumerate(zip(case.tracks, creeps, strict=True)):
        finding = None if creep is None else _creeping(case, index, track, creep, others)
        finding = finding or _drifting(case, index, track)
        if finding is not None:
            found.append(finding)
    return found


def _local(case: Case, rows: Int64Array, ways: FloatArray) -> FloatArray:
    """(K, 2) vectors in the world as seen in the object's frame."""
    c, s = np.cos(case.places.poses[rows, 3]), np.sin(case.places.poses[rows, 3])
    return np.column_stack([c * ways[:, 0] + s * ways[:, 1], c * ways[:, 1] - s * ways[:, 0]])


def _likely_offsets(case: Case, rows: Int64Array) -> tuple[FloatArray, float]:
    """Where the cuboid could lie all the time (M, 2), the likeliest, and what the likeliest says."""
    paths = np.broadcast_to(_OFFSETS[:, None], (len(_OFFSETS), len(rows), 2))
    values = case.maps.along_path(rows, paths)
    return _OFFSETS[np.argsort(values)[::-1][:_LIKELY_OFFSETS]], float(values.max())


def _gain(case: Case, rows: Int64Array, ways: FloatArray) -> float:
    """Log likelihood ratio that the cuboid should be shifted by (K, 2) metres in the world, less their mean, against
    its being right but for one shift in its own frame."""
    offsets, plain = _likely_offsets(case, rows)
    path = _local(case, rows, ways - ways.mean(axis=0))
    return float(case.maps.along_path(rows, offsets[:, None] + path).max()) - plain


@dataclass(frozen=True, slots=True)
class _Creep:
    """From which row on, how fast, and whether it stood before."""

    first: int
    speed_mps: float
    stood: bool


def _creep(track: TrackRows) -> _Creep | None:
    """Whether a track moves as slowly as nothing drives, in a straight line, after standing or all the time."""
    first = _onset(track)
    if len(track) - first < _FEWEST_CREEP:
        return None
    part = slice(max(first - 1, 0), len(track))
    places, seconds = track.positions_m[part, :2], track.seconds[part] - track.seconds[part][0]
    way = places[-1] - places[0]
    length = float(np.linalg.norm(way))
    speed = length / max(float(seconds[-1]), 1e-3)
    straight = places[0] + seconds[:, None] / max(float(seconds[-1]), 1e-3) * way
    even = float(np.abs(places - straight).max()) < _STILL_M + 0.05 * length
    if not even or length < _LEAST_CREEP_M or not _CREEPS_MPS[0] <= speed <= _CREEPS_MPS[1]:
        return None
    return _Creep(first, speed, first > 1)


def _creeping(case: Case, index: int, track: TrackRows, creep: _Creep, others: float) -> Finding | None:
    """How sure it is that what the label creeps away from stands: by the points, by its class, and by whether others
    here creep too. others: the share of the tracks that do."""
    prior, rows, gain = class_prior(track.class_name), case.told_rows(index), 0.0
    if len(rows) >= _FEWEST_ROWS:
        gain = _gain(case, rows, track.positions_m[0, :2] - track.positions_m[rows - case.starts[index], :2])
    score = -0.5 + 2.0 * creep.stood + float(np.clip(gain / 6.0, -4.0, 4.0))
    score += 2.0 * (not prior.movable) - 1.5 * (prior.motion.holonomic and prior.movable)
    score += 1.5 if others < _FEW_CREEP else -2.0
    sure = logistic(score)
    if sure < 0.3:
        return None
    why = f"it creeps at {creep.speed_mps:.2f} m/s, straight and evenly, while what it labels seems to stand"
    back = track.positions_m[max(creep.first - 1, 0), :2] - track.positions_m[creep.first :, :2]
    repair = shifted(case.originals, track.id, track.times_ns[creep.first :], back) if case.is_told(index) else ()
    return case.finding(FindingKind.DRIFT, [track], (creep.first, len(track) - 1), sure, why, repair=repair)


def _onset(track: TrackRows) -> int:
    """The first row that is not where the first one was."""
    apart = np.linalg.norm(track.positions_m[:, :2] - track.positions_m[0, :2], axis=1)
    away = np.flatnonzero(apart > 0.5 * _STILL_M)
    return int(away[0]) if len(away) else len(track)


def _drifting(case: Case, index: int, track: TrackRows) -> Finding | None:
    """The points of a moving track leave its cuboid in one direction, evenly."""
    rows = case.told_rows(index)
    if len(rows) < 2 * _FEWEST_ROWS or track.way_m < _STILL_M:
        return None  # what stands exactly does not drift: its label would have to move
    gain, turn, begin = _drift_of_short(case, rows) if len(rows) <= _SHORT else _drift_of_long(case, rows)
    if gain < 0.5 * _ENOUGH:
        return None
    first = int(begin - case.starts[index])
    grown = _DRIFT_MPS * np.maximum(track.seconds - track.seconds[first], 0.0)
    back = grown[first:, None] * np.array([np.cos(turn), np.sin(turn)])
    why = f"it leaves its points by about {_DRIFT_MPS:.1f} m a second over {len(track) - first} frames"
    repair = shifted(case.originals, track.id, track.times_ns[first:], back)
    sure = logistic((gain - 1.5 * _ENOUGH) / 4.0)
    return case.finding(FindingKind.DRIFT, [track], (first, len(track) - 1), sure, why, repair=repair)


def _drift_of_short(case: Case, rows: Int64Array) -> tuple[float, float, int]:
    """The likeliest drift: its log likelihood ratio, direction, and the row where it begins."""
    seconds = _seconds(case, rows)
    offsets, plain = _likely_offsets(case, rows)
    best: tuple[float, float, float] = (0.0, 0.0, 0.0)
    for turn in _TURNS.tolist():
        for onset in _ONSETS:
            path = _drift_path(case, rows, turn, np.maximum(seconds - onset * seconds[-1], 0.0))
            gain = float(case.maps.along_path(rows, offsets[:, None] + path).max()) - plain
            best = max(best, (gain, turn, onset))
    gain, turn, onset = best
    return gain, turn, int(rows[np.searchsorted(seconds, onset * seconds[-1])])


def _drift_of_long(case: Case, rows: Int64Array) -> tuple[float, float, int]:
    """The same of a long track, window by window: a map does not reach as far as a long drift does, and another side
    comes into view but once. A drift goes on to the end, so that all windows from some one on must agree."""
    windows = np.array_split(rows, len(rows) // _WINDOW)
    gains = np.empty((len(_TURNS), len(windows)))
    for column, window in enumerate(windows):
        offsets, plain = _likely_offsets(case, window)
        for row, turn in enumerate(_TURNS.tolist()):
            path = _drift_path(case, window, turn, _seconds(case, window))
            gains[row, column] = float(case.maps.along_path(window, offsets[:, None] + path).max()) - plain
    onward = np.cumsum(np.minimum(gains, _MOST_A_WINDOW)[:, ::-1], axis=1)[:, ::-1]
    best, column = divmod(int(np.argmax(onward)), len(windows))
    return float(onward[best, column]), float(_TURNS[best]), int(windows[column][0])


def _seconds(case: Case, rows: Int64Array) -> FloatArray:
    return np.asarray((case.places.times_ns[rows] - case.places.times_ns[rows[0]]) * 1e-9)


def _drift_path(case: Case, rows: Int64Array, turn: float, seconds: FloatArray) -> FloatArray:
    """(K, 2) where a cuboid that drifts for (K,) seconds would have to be shifted, in its own frame, less the mean."""
    ways = _DRIFT_MPS * seconds[:, None] * np.array([np.cos(turn), np.sin(turn)])
    return _local(case, rows, ways - ways.mean(axis=0))
