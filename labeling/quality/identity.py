"""The identity ledger: where each track's identity is in doubt, and what would put it right.

Whether one piece of a way goes on as another is asked by Bayes: how well place, velocity, heading, size, class and, if
the caller knows it, colour of the second follow from the first, against its being somebody else who turns up anywhere
around. Joins are chosen so that all of them together are likeliest. Nothing here changes labels: a proposal is edits
that a person may apply with one key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from calibration.quaternion import FloatArray
from labeling.automation.class_priors import class_prior
from labeling.editing import edits
from labeling.editing.edits import TrackEdit
from labeling.metrics.assignment import best_assignment
from labeling.quality.rows import TrackRows
from labeling.track import PresenceKind

AUTOMATIC: Final = 0.9
"""From so sure on a proposal is offered as the one to take; below, a person is shown all candidates."""
_LONGEST_S = 6.0
_STEPS = 4
_ACCELERATES_MPS2 = 1.2
"""One standard deviation of what traffic does for seconds."""
_PLACE_M, _SPEED_MPS, _TURN_RAD, _SIZE = 0.15, 0.35, 0.25, 0.06
_STRANGER_M, _STRANGER_MPS, _STRANGER_SIZE = 25.0, 12.0, 0.25
"""Half of the span in which a stranger would turn up, in place, velocity, and the logarithm of its size."""
_STRANGER = 0.0
_OTHER_CLASS = 5.0
_COLOUR = 25.0
_CROSSES_M = 6.0
_STEADY = 3


class ProposalKind(StrEnum):
    """What would be done."""

    JOIN = "join"
    SPLIT = "split"
    SWAP = "swap"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One way to put an identity right.

    tracks: the one that stays, then the other. time_ns: from when on. chance: probability, 0 to 1, that it is right.
    why: in one sentence. repair: edits, in order.
    """

    kind: ProposalKind
    tracks: tuple[str, ...]
    time_ns: int
    chance: float
    why: str
    repair: tuple[TrackEdit, ...]

    @property
    def is_automatic(self) -> bool:
        """Whether it is sure enough to be the one to take with a key."""
        return self.chance >= AUTOMATIC


@dataclass(frozen=True, slots=True)
class Entry:
    """A track's page of the ledger. gaps_ns: from its last row before to its first one after each span of time without
    rows. crossings: other tracks that come near, and when they are nearest. proposals: that name it, the likeliest
    first."""

    track_id: str
    gaps_ns: tuple[tuple[int, int], ...]
    crossings: tuple[tuple[str, int], ...]
    proposals: tuple[Proposal, ...]


def identity_ledger(tracks: Sequence[TrackRows], colors: Mapping[str, FloatArray] | None = None) -> dict[str, Entry]:
    """A page for every track. colors: (3,) mean red, green, blue of tracks, 0 to 255, from the photos."""
    proposals = identity_proposals(tracks, colors)
    crossings: dict[str, list[tuple[str, int]]] = {track.id: [] for track in tracks}
    for one, other, a, _ in _crossings(tracks):
        moment = int(tracks[one].times_ns[a])
        crossings[tracks[one].id].append((tracks[other].id, moment))
        crossings[tracks[other].id].append((tracks[one].id, moment))
    return {
        track.id: Entry(
            track.id,
            _gaps(track),
            tuple(crossings[track.id]),
            tuple(each for each in proposals if track.id in each.tracks),
        )
        for track in tracks
    }


def identity_proposals(tracks: Sequence[TrackRows], colors: Mapping[str, FloatArray] | None = None) -> list[Proposal]:
    """Joins, swaps and splits, the likeliest first."""
    found = [*_joins(tracks, colors or {}), *_swaps(tracks), *_splits(tracks)]
    swapped = {track_id for each in found if each.kind is ProposalKind.SWAP for track_id in each.tracks}
    kept = [each for each in found if each.kind is not ProposalKind.SPLIT or each.tracks[0] not in swapped]
    return sorted(kept, key=lambda each: -each.chance)


def _gaps(track: TrackRows) -> tuple[tuple[int, int], ...]:
    holes = np.flatnonzero(np.diff(track.frames) > 1)
    return tuple((int(track.times_ns[row]), int(track.times_ns[row + 1])) for row in holes)


@dataclass(frozen=True, slots=True, eq=False)
class _Edge:
    """How a piece of a way ends or starts. velocity_mps: (2,), None of a single row."""

    time_ns: int
    place_m: FloatArray
    velocity_mps: FloatArray | None
    yaw_rad: float
    size_m: FloatArray
    class_name: str


def _edge(track: TrackRows, rows: slice, side: int) -> _Edge:
    """Of some rows, their end (side 1) or start (-1)."""
    part = np.arange(len(track))[rows]
    near = part[-_STEPS - 1 :] if side > 0 else part[: _STEPS + 1]
    row = int(part[-1] if side > 0 else part[0])
    velocity = None
    if len(near) > 1:
        seconds = track.seconds[near] - track.seconds[row]
        design = np.column_stack([np.ones(len(near)), seconds])
        velocity = np.linalg.lstsq(design, track.positions_m[near, :2], rcond=None)[0][1]
    return _Edge(
        int(track.times_ns[row]),
        track.positions_m[row, :2],
        velocity,
        float(track.yaws_rad[row]),
        np.median(track.sizes_m[part], axis=0),
        track.class_name,
    )


def _odds(one: _Edge, other: _Edge, *, sizes: bool = True) -> float:
    """Log odds that the second edge goes on from the first, against its being a stranger's."""
    seconds = max((other.time_ns - one.time_ns) * 1e-9, 1e-3)
    first = one.velocity_mps if one.velocity_mps is not None else other.velocity_mps
    last = other.velocity_mps if other.velocity_mps is not None else first
    first, last = (np.zeros(2), np.zeros(2)) if first is None or last is None else (first, last)
    # If the velocity changes evenly, the way is its mean times the time: what else it may be grows with the time.
    off = other.place_m - one.place_m - 0.5 * (first + last) * seconds
    place_sigma = _PLACE_M + 0.5 * _SPEED_MPS * seconds + _ACCELERATES_MPS2 * seconds**2 / 10.0
    speed_sigma = _SPEED_MPS + _ACCELERATES_MPS2 * seconds ** (0.5 if seconds > 1.0 else 1.0)
    odds = _follows(off, place_sigma, _STRANGER_M) + _follows(last - first, speed_sigma, _STRANGER_MPS) - _STRANGER
    turn = np.abs((other.yaw_rad - one.yaw_rad + np.pi) % (2.0 * np.pi) - np.pi)
    odds -= 0.5 * min(float(turn) / (_TURN_RAD + 0.3 * seconds), 3.0) ** 2
    odds -= _OTHER_CLASS * (one.class_name != other.class_name)
    if sizes:
        change = np.log(other.size_m / one.size_m)
        odds += float(np.sum(np.log(_STRANGER_SIZE / _SIZE) - 0.5 * np.minimum((change / _SIZE) ** 2, 25.0)))
    return odds


def _follows(off: FloatArray, sigma: float, stranger: float) -> float:
    """Log of a normal density in two dimensions, with wide tails, against an even one of the stranger's span."""
    square = min(float(off @ off) / sigma**2, 60.0)
    return float(np.log((2.0 * stranger) ** 2 / (2.0 * np.pi * sigma**2)) - 0.5 * square)


def _joins(tracks: Sequence[TrackRows], colors: Mapping[str, FloatArray]) -> Iterator[Proposal]:
    ends = [_edge(track, slice(None), 1) for track in tracks]
    starts = [_edge(track, slice(None), -1) for track in tracks]
    odds = np.full((len(tracks), len(tracks)), -np.inf)
    for i, end in enumerate(ends):
        for j, start in enumerate(starts):
            if 0 < start.time_ns - end.time_ns < _LONGEST_S * 1e9:
                odds[i, j] = _odds(end, start) + _colour(colors.get(tracks[i].id), colors.get(tracks[j].id))
    if not np.isfinite(odds).any():
        return
    likely = np.exp(np.clip(odds, -50.0, 50.0)) * np.isfinite(odds)
    for i, j in zip(*best_assignment(np.where(odds > 0.0, odds, 0.0)), strict=True):
        if odds[i, j] <= 0.0:
            continue
        others = max(likely[i].sum(), likely[:, j].sum())
        yield _join(tracks[i], tracks[j], float(likely[i, j] / (1.0 + others)))


def _colour(one: FloatArray | None, other: FloatArray | None) -> float:
    if one is None or other is None:
        return 0.0
    return float(1.0 - 0.5 * min(float(np.sum((one - other) ** 2)) / (3.0 * _COLOUR**2), 12.0))


def _join(one: TrackRows, other: TrackRows, chance: float) -> Proposal:
    start, end = int(one.times_ns[-1]), int(other.times_ns[0])
    frames = int(other.frames[0] - one.frames[-1]) - 1
    repair: tuple[TrackEdit, ...] = (edits.Join(one.id, other.id),)
    if frames > 0:
        repair = (*repair, edits.SetPresence(one.id, start + 1, end - 1, PresenceKind.OCCLUDED))
    why = f"a {other.class_name} of its size goes on along its way {frames} frames later; in between it is extrapolated"
    return Proposal(ProposalKind.JOIN, (one.id, other.id), end, chance, why, repair)


def _crossings(tracks: Sequence[TrackRows]) -> Iterator[tuple[int, int, int, int]]:
    """Pairs of tracks that come near, at least one of them moving, and the rows of both where they are nearest."""
    for one, track in enumerate(tracks):
        for other in range(one + 1, len(tracks)):
            frames, a, b = np.intersect1d(track.frames, tracks[other].frames, return_indices=True)
            if len(frames) < 2 or max(track.way_m, tracks[other].way_m) < 1.0:
                continue
            apart = np.linalg.norm(track.positions_m[a, :2] - tracks[other].positions_m[b, :2], axis=1)
            nearest = int(np.argmin(apart))
            if apart[nearest] < _CROSSES_M:
                yield one, other, int(a[nearest]), int(b[nearest])


def _swaps(tracks: Sequence[TrackRows]) -> Iterator[Proposal]:
    """At a crossing, or behind a gap of both: do the two go on more smoothly as each other?"""
    for one, other, _, _ in _crossings(tracks):
        if tracks[one].class_name != tracks[other].class_name:
            continue
        best = max(_exchanges(tracks[one], tracks[other]), default=(0.0, 0))
        if best[0] > 0.0:
            chance = float(1.0 / (1.0 + np.exp(-best[0])))
            ids = tracks[one].id, tracks[other].id
            why = f"the ways of two {tracks[one].class_name} go on smoothly only if they exchange what they are"
            yield Proposal(ProposalKind.SWAP, ids, best[1], chance, why, (edits.Swap(*ids, best[1]),))


def _exchanges(one: TrackRows, other: TrackRows) -> Iterator[tuple[float, int]]:
    """Log odds of a swap at each common step where they are not far from each other, and its time."""
    frames, a, b = np.intersect1d(one.frames, other.frames, return_indices=True)
    for k in range(_STEADY, len(frames) - _STEADY + 1):
        rows = (int(a[k]), int(b[k]))
        if np.linalg.norm(one.positions_m[rows[0] - 1, :2] - other.positions_m[rows[1] - 1, :2]) > 3.0 * _CROSSES_M:
            continue
        before = [_edge(track, slice(None, row), 1) for track, row in zip((one, other), rows, strict=True)]
        after = [_edge(track, slice(row, None), -1) for track, row in zip((one, other), rows, strict=True)]
        kept = sum(_odds(before[k], after[k], sizes=False) for k in (0, 1))
        changed = sum(_odds(before[k], after[1 - k], sizes=False) for k in (0, 1))
        yield changed - kept - 4.0, min(after[0].time_ns, after[1].time_ns)


def _splits(tracks: Sequence[TrackRows]) -> Iterator[Proposal]:
    """Of each track the step that no thing of its class can take, if there is one."""
    for track in tracks:
        limit = max(class_prior(track.class_name).motion.acceleration_mps2, 2.0)
        worst, row = 0.0, 0
        for k in range(_STEADY, len(track) - _STEADY):
            seconds = float(track.seconds[k] - track.seconds[k - 1])
            way = track.positions_m[k, :2] - track.positions_m[k - 1, :2]
            if np.linalg.norm(way) < 0.3 + 0.5 * limit * seconds**2:
                continue
            odds = _odds(_edge(track, slice(None, k), 1), _edge(track, slice(k, None), -1), sizes=False)
            worst, row = min((worst, row), (odds, k))
        if row:
            yield _split(track, row, worst)


def _split(track: TrackRows, row: int, odds: float) -> Proposal:
    time_ns = int(track.times_ns[row])
    way = float(np.linalg.norm(track.positions_m[row, :2] - track.positions_m[row - 1, :2]))
    chance = float(1.0 / (1.0 + np.exp(np.clip(odds, -30.0, 30.0))))
    repair = (edits.Split(track.id, time_ns, f"{track.id[:180]}-{time_ns}"),)
    why = f"it goes on {way:.1f} m away, where its way does not lead"
    return Proposal(ProposalKind.SPLIT, (track.id,), time_ns, chance, why, repair)
