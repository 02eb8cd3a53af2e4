"""What differs between two versions of a recording's labels: by track, when, and by how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from fusion.timeline import Int64Array
from labeling.editing.patch import knot_bytes, same
from labeling.track import PresenceKind, Track
from labeling.versions.lines import Span, changed_spans, presence_line, state_lines

_SAME_PLACE_M = 1e-9
_SAME_TURN_RAD = 1e-9

BoolArray = npt.NDArray[np.bool_]


class ChangeKind(StrEnum):
    """What happened to a track; its size is in the unit that `UNITS` names."""

    ADDED = "added"
    REMOVED = "removed"
    REIDENTIFIED = "re-identified"
    MOVED = "moved"
    TURNED = "turned"
    RESIZED = "resized"
    KNOTS = "knots"
    CLASS = "class"
    ATTRIBUTE = "attribute"
    STATE = "state"
    PRESENCE = "presence"


UNITS = {
    ChangeKind.MOVED: "m",
    ChangeKind.TURNED: "rad",
    ChangeKind.RESIZED: "m",
    ChangeKind.KNOTS: "knots",
    ChangeKind.REIDENTIFIED: "knots",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One change of one track, from start to end in int64 ns.

    amount: of what moved, turned or was resized the largest distance (m), angle (rad) or change of a side (m); of
    knots and identities how many knots; else 1. other_id: whose it was before, of what is re-identified.
    """

    kind: ChangeKind
    track_id: str
    start_ns: int
    end_ns: int
    amount: float = 1.0
    detail: str = ""
    other_id: str = ""

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values; times as decimal strings."""
        return {
            "kind": self.kind.value,
            "track_id": self.track_id,
            "start_ns": str(self.start_ns),
            "end_ns": str(self.end_ns),
            "amount": self.amount,
            "unit": UNITS.get(self.kind, ""),
            "detail": self.detail,
            "other_id": self.other_id,
        }


def differences(before: Mapping[str, Track], after: Mapping[str, Track]) -> list[Difference]:
    """Every change from one version to another, by track; none if and only if the two are the same to the last bit."""
    changed = [each for each in sorted({*before, *after}) if not same(before.get(each), after.get(each))]
    owners = _new_owners({each: before[each] for each in changed if each in before}, after, changed)
    found: list[Difference] = []
    for track_id in changed:
        old, new = before.get(track_id), after.get(track_id)
        moved_in = owners.arrived.get(track_id, {})
        found += [_reidentified(track_id, other, times) for other, times in sorted(moved_in.items())]
        if old is None and new is not None:
            if not moved_in:
                found.append(_whole(ChangeKind.ADDED, new))
        elif new is None and old is not None:
            if track_id not in owners.left:
                found.append(_whole(ChangeKind.REMOVED, old))
        elif old is not None and new is not None:
            foreign = np.array(sorted(time for times in moved_in.values() for time in times), np.int64)
            told = list(_changes(old, new, foreign))
            found += told or ([] if moved_in else [_whole(ChangeKind.KNOTS, new, 0.0, "the same in other intervals")])
    return found


@dataclass(frozen=True, slots=True)
class _Owners:
    """arrived: of each track, whose knots it has now, and at which times. left: tracks whose knots others have now."""

    arrived: dict[str, dict[str, list[int]]]
    left: set[str]


def _new_owners(before: Mapping[str, Track], after: Mapping[str, Track], changed: list[str]) -> _Owners:
    """Knots that are exactly where another track had them: what split, join and swap do."""
    gone = [(each, _places(before[each]) - _places_of(after, each)) for each in changed if each in before]
    owner = {place: each for each, places in gone for place in places}
    arrived: dict[str, dict[str, list[int]]] = {}
    for track_id in changed:
        for place in _places_of(after, track_id) - _places_of(before, track_id):
            if place in owner:
                arrived.setdefault(track_id, {}).setdefault(owner[place], []).append(place[0])
    return _Owners(arrived, {other for others in arrived.values() for other in others})


def _places_of(tracks: Mapping[str, Track], track_id: str) -> set[tuple[int, bytes]]:
    return _places(tracks[track_id]) if track_id in tracks else set()


def _places(track: Track) -> set[tuple[int, bytes]]:
    """Time and position of each knot, to the last bit."""
    positions = track.positions_m.tobytes()
    return {(time_ns, positions[24 * row : 24 * row + 24]) for row, time_ns in enumerate(track.times_ns.tolist())}


def _reidentified(track_id: str, other: str, times: list[int]) -> Difference:
    return Difference(
        ChangeKind.REIDENTIFIED, track_id, min(times), max(times), float(len(times)), f"was {other}", other
    )


def extent(track: Track) -> tuple[int, int]:
    """From the first to the last moment that a track says anything about, int64 ns."""
    ends = [int(track.times_ns[0]), int(track.times_ns[-1])]
    ends += [end for each in track.presence for end in (each.start_ns, each.end_ns)]
    return min(ends), max(ends)


def _whole(kind: ChangeKind, track: Track, amount: float = 1.0, detail: str = "") -> Difference:
    return Difference(kind, track.id, *extent(track), amount, detail or track.class_name)


def _changes(old: Track, new: Track, foreign: Int64Array) -> Iterator[Difference]:
    yield from _along(old, new, foreign)
    start, end = extent(new)
    if old.size_m != new.size_m:
        growth = np.array(new.size_m) - np.array(old.size_m)
        yield Difference(
            ChangeKind.RESIZED, new.id, start, end, float(np.abs(growth).max()), f"{_size(old)} -> {_size(new)}"
        )
    if old.class_name != new.class_name:
        yield Difference(ChangeKind.CLASS, new.id, start, end, detail=f"{old.class_name} -> {new.class_name}")
    earlier, later = dict(old.attributes), dict(new.attributes)
    for name in sorted({*earlier, *later}):
        if earlier.get(name) != later.get(name):
            yield Difference(
                ChangeKind.ATTRIBUTE, new.id, start, end, detail=_arrow(name, earlier.get(name), later.get(name))
            )
    for span in changed_spans(presence_line(old), presence_line(new)):
        yield _timed(ChangeKind.PRESENCE, new.id, "presence", span)
    if old.states != new.states:
        states, others = state_lines(old), state_lines(new)
        for name in sorted({*states, *others}):
            for span in changed_spans(states.get(name, ()), others.get(name, ())):
                yield _timed(ChangeKind.STATE, new.id, name, span)


def _along(old: Track, new: Track, foreign: Int64Array) -> Iterator[Difference]:
    """Where the way differs, in runs of knots of either; what came from another track is told as its identity."""
    times = np.union1d(old.times_ns, new.times_ns).astype(np.int64)
    ours = ~np.isin(times, foreign) & _both_present(old, new, times)
    step = _poses(old, times).inverse() * _poses(new, times)
    shift = np.linalg.norm(step.translation, axis=1)
    w = np.abs(step.rotation[:, 0])
    turn = 2.0 * np.arctan2(np.linalg.norm(step.rotation[:, 1:], axis=1), w)
    told = False
    for kind, sizes, least in ((ChangeKind.MOVED, shift, _SAME_PLACE_M), (ChangeKind.TURNED, turn, _SAME_TURN_RAD)):
        for first, last in _runs((sizes > least) & ours):
            told = True
            yield Difference(kind, new.id, int(times[first]), int(times[last]), float(sizes[first : last + 1].max()))
    other = _other_knots(old, new, foreign) if not told else []
    if len(other):
        yield Difference(ChangeKind.KNOTS, new.id, other[0], other[-1], float(len(other)))


def _both_present(old: Track, new: Track, times_ns: Int64Array) -> BoolArray:
    """Where one ends and the other goes on, that is told as presence, not as a way to nowhere."""
    if old.presence == new.presence:
        return np.ones(len(times_ns), bool)
    absent = PresenceKind.ABSENT
    return np.array([absent not in (old.presence_at(t), new.presence_at(t)) for t in times_ns.tolist()], bool)


def _other_knots(old: Track, new: Track, foreign: Int64Array) -> list[int]:
    """Times of knots that only one has, or that differ in anything, be it in who made them."""
    earlier, later = knot_bytes(old), knot_bytes(new)
    times = {*earlier, *later} - set(foreign.tolist())
    return sorted(each for each in times if earlier.get(each) != later.get(each))


def _poses(track: Track, times_ns: Int64Array) -> RigidTransform:
    if np.array_equal(times_ns, track.times_ns):  # at a knot it is the knot; no spline is needed for that
        return RigidTransform(track.rotations_wxyz, track.positions_m)
    return track.at(times_ns)


def _runs(mask: BoolArray) -> list[tuple[int, int]]:
    """First and last index of each run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(first), int(after) - 1) for first, after in edges.reshape(-1, 2)]


def _timed(kind: ChangeKind, track_id: str, name: str, span: tuple[Span, str | None]) -> Difference:
    after, before = span
    nothing = PresenceKind.ABSENT.value if kind is ChangeKind.PRESENCE else None
    detail = _arrow(name, before or nothing, after.value or nothing)
    return Difference(kind, track_id, after.start_ns, after.end_ns, detail=detail)


def _arrow(name: str, before: str | None, after: str | None) -> str:
    return f"{name}: {'none' if before is None else before} -> {'none' if after is None else after}"


def _size(track: Track) -> str:
    return " x ".join(f"{side:.2f}" for side in track.size_m)
