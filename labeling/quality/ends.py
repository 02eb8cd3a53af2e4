"""Tracks that go on as another, and labels that end, or start, while their thing is still, or already, there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.automation.class_priors import class_prior
from labeling.quality.case import Case, logistic
from labeling.quality.finding import Finding, FindingKind
from labeling.quality.looking import BLOCKED, HITS, THROUGH, Looks, Places, look_at
from labeling.quality.repairs import extended, joined
from labeling.quality.rows import TrackRows

_LONGEST_GAP_S = 2.5
_AHEAD = 6
"""So many frames behind an end are looked at."""
_STEPS = 4
_STANDS_MPS = 0.25
_SAME_SIZE = 0.01
_UNSEEN = 2.2
"""Log odds less, where no beam says anything."""


@dataclass(frozen=True, slots=True, eq=False)
class Continued:
    """Where a track would be in frames behind its end (or before its start). frames, times_ns: (K,), from the end on.
    places: (K, 4) centre and yaw."""

    frames: Int64Array
    times_ns: Int64Array
    poses: FloatArray


def fragments(case: Case) -> list[Finding]:
    """Pairs of tracks of which the second goes on where the first ended."""
    pairs = sorted(_candidates(case), key=lambda each: -each[2])
    ended: set[int] = set()
    begun: set[int] = set()
    found: list[Finding] = []
    for one, other, sure, off_m, gap in pairs:
        if one in ended or other in begun:
            continue
        ended.add(one)
        begun.add(other)
        first, second = case.tracks[one], case.tracks[other]
        why = f"another {second.class_name} starts {gap} frames after its end, {off_m:.1f} m from where it leads"
        repair = joined(case.originals, first.id, second.id)
        found.append(
            case.finding(
                FindingKind.FRAGMENT, [first, second], (len(first) - 1, len(first) - 1), sure, why, repair=repair
            )
        )
    return found


def _candidates(case: Case) -> Iterator[tuple[int, int, float, float, int]]:
    """Tracks one and other, how sure, how far off, and frames between."""
    starts = np.array([int(track.times_ns[0]) for track in case.tracks])
    heads = np.array([track.positions_m[0] for track in case.tracks]).reshape(-1, 3)
    for one, track in enumerate(case.tracks):
        gaps_s = (starts - int(track.times_ns[-1])) * 1e-9
        for other in np.flatnonzero((gaps_s > 0.0) & (gaps_s < _LONGEST_GAP_S)).tolist():
            gap_s = float(gaps_s[other])
            velocity = _end_velocity(track, 1)
            reach = 4.0 + float(np.linalg.norm(velocity)) * gap_s * 1.5
            if np.linalg.norm(heads[other] - track.positions_m[-1]) > reach + 1.5 * gap_s:
                continue
            sure, off_m = _same(track, case.tracks[other], gap_s)
            if sure > 0.2:
                yield one, other, sure, off_m, int(case.tracks[other].frames[0] - track.frames[-1])


def _same(one: TrackRows, other: TrackRows, gap_s: float) -> tuple[float, float]:
    """How sure the second goes on as the first, by place, motion, size and class; and how far off its start is."""
    limit = max(class_prior(one.class_name).motion.acceleration_mps2, 2.0)
    sigma = 0.25 + 0.15 * limit * gap_s**2 + 0.3 * gap_s
    ahead = one.positions_m[-1, :2] + _end_velocity(one, 1) * gap_s
    behind = other.positions_m[0, :2] - _end_velocity(other, -1) * gap_s
    off_m = min(
        float(np.linalg.norm(other.positions_m[0, :2] - ahead)), float(np.linalg.norm(one.positions_m[-1, :2] - behind))
    )
    sizes = np.abs(np.log(np.median(other.sizes_m, axis=0) / one.size_m))
    score = 3.0 - 0.5 * (off_m / sigma) ** 2 - 12.0 * max(float(sizes.max()) - 0.03, 0.0)
    score += 2.0 * (float(sizes.max()) < _SAME_SIZE)
    score -= 2.0 * (one.class_name != other.class_name) + 0.5 * gap_s
    return logistic(score), off_m


def _end_velocity(track: TrackRows, side: int) -> FloatArray:
    """(2,) m/s at the end (1) or start (-1)."""
    part = slice(-_STEPS - 1, None) if side > 0 else slice(0, _STEPS + 1)
    places, seconds = track.positions_m[part, :2], track.seconds[part]
    if len(places) < 2:
        return np.zeros(2)
    return np.asarray(np.median(np.diff(places, axis=0) / np.maximum(np.diff(seconds), 1e-3)[:, None], axis=0))


def ends(case: Case) -> list[Finding]:
    """Labels that stop at an end while the points go on, after what `fragments` explains."""
    continued = {FindingKind.ENDS_EARLY: set[str](), FindingKind.STARTS_LATE: set[str]()}
    for finding in fragments(case):
        if finding.confidence >= 0.5:
            continued[FindingKind.ENDS_EARLY].add(finding.track_ids[0])
            continued[FindingKind.STARTS_LATE].add(finding.track_ids[1])
    labelled = np.unique(case.places.frames)
    found: list[Finding] = []
    for kind, side in ((FindingKind.ENDS_EARLY, 1), (FindingKind.STARTS_LATE, -1)):
        stays = _stay_share(case, labelled, side)
        for index, track in enumerate(case.tracks):
            if track.id not in continued[kind] and len(track) >= 2:
                found += _end(case, index, track, kind, side, labelled, stays)
    return found


def _stay_share(case: Case, labelled: Int64Array, side: int) -> float:
    """Share of the tracks that reach the end of the recording."""
    edge = labelled[-1] if side > 0 else labelled[0]
    at = [track.frames[-1 if side > 0 else 0] == edge for track in case.tracks]
    return float(np.mean(at)) if at else 0.0


def _end(
    case: Case, index: int, track: TrackRows, kind: FindingKind, side: int, labelled: Int64Array, stays: float
) -> Iterator[Finding]:
    onward = _continue(case, track, side, labelled)
    if onward is None:
        return
    looks = _look(case, track, onward)
    rows = case.rows_of(index)
    edge = rows[-_AHEAD:] if side > 0 else rows[:_AHEAD]
    before = case.looks.counts[edge][case.looks.seen[edge]]
    usual = float(np.median(before[:, HITS])) if len(before) else 0.0
    score, told = _still_there(looks, usual)
    if not told:
        # Nothing was seen there: what remains is that the others here stay to the end.
        score = 0.5 * float(np.log(max(stays, 1e-3) / max(1.0 - stays, 1e-3))) - _UNSEEN
    sure = logistic(score)
    if sure < 0.2:
        return
    there = looks.counts[:, HITS] >= max(0.3 * usual, 3.0) if told else np.ones(len(onward.frames), np.bool_)
    last = int(np.flatnonzero(there)[-1]) + 1 if there.any() else len(onward.frames)
    row = len(track) - 1 if side > 0 else 0
    word = "ends" if side > 0 else "starts"
    why = f"its label {word}, but its points are {'still' if side > 0 else 'already'} there in {last} more frames"
    if not told:
        why = f"its label {word} in the middle of the recording, as those of few others here do"
    poses = RigidTransform.from_yaw(onward.poses[:last, 3], onward.poses[:last, :3])
    repair = extended(case.originals, track.id, onward.times_ns[:last], poses) if told else ()
    yield case.finding(kind, [track], (row, row), sure, why, repair=repair)


def _continue(case: Case, track: TrackRows, side: int, labelled: Int64Array) -> Continued | None:
    """Where the track would be in the labelled frames behind its end; None if there are none."""
    own = int(track.frames[-1] if side > 0 else track.frames[0])
    beyond = labelled[labelled > own][:_AHEAD] if side > 0 else labelled[labelled < own][::-1][:_AHEAD]
    if not len(beyond):
        return None
    row = len(track) - 1 if side > 0 else 0
    middles = np.array([case.observed.recording.frame_middle_ns(int(each)) for each in (own, *beyond)])
    times = int(track.times_ns[row]) + (middles[1:] - middles[0])
    velocity = _end_velocity(track, side)
    if np.linalg.norm(velocity) < _STANDS_MPS and track.way_m < 1.0:
        velocity = np.zeros(2)
    seconds = (times - int(track.times_ns[row])) * 1e-9
    poses = np.tile(np.array([*track.positions_m[row], track.yaws_rad[row]]), (len(beyond), 1))
    poses[:, :2] += seconds[:, None] * velocity
    return Continued(beyond.astype(np.int64), times.astype(np.int64), poses)


def _look(case: Case, track: TrackRows, onward: Continued) -> Looks:
    count = len(onward.frames)
    row = 0 if onward.frames[0] < track.frames[0] else -1
    places = Places(
        onward.frames,
        onward.times_ns,
        onward.poses,
        np.tile(track.sizes_m[row], (count, 1)),
        np.tile(_end_velocity(track, 1 if row else -1), (count, 1)),
        np.full(count, -1, np.int64),
    )
    return look_at(case.observed.sights, places, case.places)


def _still_there(looks: Looks, usual: float) -> tuple[float, bool]:
    """Log odds that the thing is there behind the end of its label, and whether anything was seen at all."""
    seen = looks.counts[looks.seen]
    if not len(seen) or usual < 3.0:
        return 0.0, False
    hits, through, blocked = seen[:, HITS], seen[:, THROUGH], seen[:, BLOCKED]
    there = np.clip(hits / usual, 0.0, 1.5)
    solid = float(hits.sum() / max(hits.sum() + through.sum(), 1))
    enough = float(np.log(max(hits.sum(), 1) / 6.0))
    hidden = bool(np.median(blocked) > 3.0 * np.median(hits) and np.median(hits) < 0.3 * usual)
    frames = float(np.minimum(there, 1.0)[:3].sum())
    return 2.2 * (frames - 1.6) + 0.6 * enough + 2.0 * (solid - 0.5) - 3.0 * hidden, True
