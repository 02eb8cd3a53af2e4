"""Two people's work on the same labels made one: what only one changed is taken, by track, and within a track by
field, moment and knot; what both changed to different things is a conflict, which keeps both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from calibration.errors import EditError
from labeling.editing import edits
from labeling.editing.edits import ApplyPatches, TrackEdit, TrackPatch
from labeling.editing.patch import difference, knot_bytes, same
from labeling.track import Knot, Maker, Presence, PresenceKind, State, Track
from labeling.versions.diff import extent
from labeling.versions.lines import (
    Line,
    Span,
    merged_line,
    presence_line,
    presence_of,
    state_lines,
    states_of,
)
from labeling.versions.twins import twins

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that both changed, each in another way, from start to end in int64 ns.

    what: the class, the size, an attribute's or state's name, presence, knots, or the whole track. kept, left: what
    stands in the merged labels, and what does not. take: the edits that, on top of the merged labels, take what was
    left.
    """

    track_id: str
    what: str
    start_ns: int
    end_ns: int
    kept: str
    left: str
    take: tuple[TrackEdit, ...]

    @property
    def text(self) -> str:
        """In one line."""
        return f"{self.what}: kept {self.kept}; the other has {self.left}"


@dataclass(frozen=True, slots=True)
class Merge:
    """The merged tracks by id, and what both changed."""

    tracks: dict[str, Track]
    conflicts: tuple[Conflict, ...]


def merge(base: Mapping[str, Track], ours: Mapping[str, Track], theirs: Mapping[str, Track]) -> Merge:
    """Three-way. base: what both began from. Where both changed one thing, ours stands; a person's knot stands before
    a machine's, and a change before a deletion. A new object that both found is kept once."""
    tracks: dict[str, Track] = {}
    conflicts: list[Conflict] = []
    doubles = twins(_new(ours, base, theirs), _new(theirs, base, ours))
    for track_id in sorted({*base, *ours, *theirs}):
        if track_id in doubles:
            mine, other = ours[doubles[track_id]], theirs[track_id]
            conflicts.append(_found_twice(mine, other))
            continue
        merged, clashes = _merged(base.get(track_id), ours.get(track_id), theirs.get(track_id))
        conflicts += clashes
        if merged is not None:
            tracks[track_id] = merged
    return Merge(tracks, tuple(conflicts))


def _new(tracks: Mapping[str, Track], *others: Mapping[str, Track]) -> list[Track]:
    return [track for each, track in tracks.items() if not any(each in other for other in others)]


def _found_twice(mine: Track, other: Track) -> Conflict:
    take = ApplyPatches((difference(mine.id, mine, None), difference(other.id, None, other)))
    return Conflict(mine.id, "found by both", *extent(other), "one of the two", f"it as {other.id}", (take,))


def _merged(base: Track | None, ours: Track | None, theirs: Track | None) -> tuple[Track | None, list[Conflict]]:
    if same(ours, theirs) or same(theirs, base):
        return ours, []
    if same(ours, base):
        return theirs, []
    if ours is None or theirs is None:
        return _against_deletion(ours, theirs)
    if base is None:
        return ours, [_whole(ours, theirs)]
    try:
        return _by_part(base, ours, theirs)
    except EditError:  # what is left of the two makes no track, such as one without knots
        return ours, [_whole(ours, theirs)]


def _against_deletion(ours: Track | None, theirs: Track | None) -> tuple[Track, list[Conflict]]:
    kept = ours or theirs
    assert kept is not None
    return kept, [Conflict(kept.id, "track", *extent(kept), "the change", "it deleted", (edits.DeleteTrack(kept.id),))]


def _whole(ours: Track, theirs: Track) -> Conflict:
    take = ApplyPatches((difference(theirs.id, None, theirs),))
    return Conflict(ours.id, "track", *extent(theirs), "one version", "another", (take,))


def _by_part(base: Track, ours: Track, theirs: Track) -> tuple[Track, list[Conflict]]:
    merged, conflicts = _knots(base, ours, theirs)
    merged, more = _description(merged, base, ours, theirs)
    presence, clashes = _presence(base, ours, theirs)
    states, others = _states(base, ours, theirs)
    return replace(merged, presence=presence, states=states), [*conflicts, *more, *clashes, *others]


def _description(merged: Track, base: Track, ours: Track, theirs: Track) -> tuple[Track, list[Conflict]]:
    """Class, size, attributes."""
    conflicts = []
    whole = extent(theirs)

    def chosen(what: str, was: Value, mine: Value, other: Value, take: TrackEdit) -> Value:
        if mine != was and other != was and mine != other:
            conflicts.append(Conflict(ours.id, what, *whole, _word(mine), _word(other), (take,)))
        return other if mine == was else mine

    class_name = chosen(
        "class", base.class_name, ours.class_name, theirs.class_name, edits.SetClass(ours.id, theirs.class_name)
    )
    size_m = chosen("size", base.size_m, ours.size_m, theirs.size_m, edits.Resize(ours.id, theirs.size_m))
    before, mine, other = (dict(each.attributes) for each in (base, ours, theirs))
    attributes = {
        name: chosen(
            f"attribute {name}",
            before.get(name),
            mine.get(name),
            other.get(name),
            edits.SetAttribute(ours.id, name, other.get(name)),
        )
        for name in sorted({*before, *mine, *other})
    }
    kept = tuple((name, value) for name, value in attributes.items() if value is not None)
    return replace(merged, class_name=class_name, size_m=size_m, attributes=kept), conflicts


def _word(value: object) -> str:
    if isinstance(value, tuple):
        return " x ".join(f"{side:.2f}" for side in value) + " m"
    return "none" if value is None else str(value)


def _presence(base: Track, ours: Track, theirs: Track) -> tuple[tuple[Presence, ...], list[Conflict]]:
    if ours.presence == base.presence:
        return theirs.presence, []
    if theirs.presence in (base.presence, ours.presence):
        return ours.presence, []
    line, clashes = merged_line(presence_line(base), presence_line(ours), presence_line(theirs))
    conflicts = [
        _clash(ours.id, "presence", each, edits.SetPresence(ours.id, each.start_ns, each.end_ns, _kind(each)))
        for each in clashes
    ]
    return presence_of(line), conflicts


def _kind(span: Span) -> PresenceKind:
    return PresenceKind.ABSENT if span.value is None else PresenceKind(span.value)


def _states(base: Track, ours: Track, theirs: Track) -> tuple[tuple[State, ...], list[Conflict]]:
    if ours.states == base.states:
        return theirs.states, []
    if theirs.states in (base.states, ours.states):
        return ours.states, []
    was, mine, other = state_lines(base), state_lines(ours), state_lines(theirs)
    lines: dict[str, Line] = {}
    conflicts = []
    for name in sorted({*was, *mine, *other}):
        lines[name], clashes = merged_line(was.get(name, ()), mine.get(name, ()), other.get(name, ()))
        conflicts += [_clash(ours.id, f"state {name}", each, _set_state(ours.id, name, each)) for each in clashes]
    return states_of(lines), conflicts


def _set_state(track_id: str, name: str, span: Span) -> TrackEdit:
    if span.value is None:
        return edits.ClearState(track_id, name, span.start_ns, span.end_ns)
    return edits.SetState(track_id, State(name, span.value, span.start_ns, span.end_ns))


def _clash(track_id: str, what: str, span: Span, take: TrackEdit) -> Conflict:
    return Conflict(track_id, what, span.start_ns, span.end_ns, "one value", span.value or "none", (take,))


@dataclass(frozen=True, slots=True)
class _Clash:
    """Two opinions on one moment; None: no knot there."""

    time_ns: int
    kept: Knot | None
    left: Knot | None


def _knots(base: Track, ours: Track, theirs: Track) -> tuple[Track, list[Conflict]]:
    was, mine, other = knot_bytes(base), knot_bytes(ours), knot_bytes(theirs)
    my_knots, other_knots = ({knot.time_ns: knot for knot in track.knots} for track in (ours, theirs))
    kept: list[Knot] = []
    runs: list[list[_Clash]] = [[]]
    for time_ns in sorted({*was, *mine, *other}):
        facts = was.get(time_ns), mine.get(time_ns), other.get(time_ns)
        knot = (other_knots if facts[1] == facts[0] else my_knots).get(time_ns)
        if facts[1] != facts[0] and facts[2] not in (facts[0], facts[1]):
            clash = _chosen(time_ns, my_knots.get(time_ns), other_knots.get(time_ns))
            knot = clash.kept
            runs[-1].append(clash)
        elif runs[-1]:
            runs.append([])
        if knot is not None:
            kept.append(knot)
    if not kept:
        raise EditError("no knot is left", where=ours.id)
    return ours.with_knots(kept), [_knot_conflict(ours.id, run) for run in runs if run]


def _chosen(time_ns: int, mine: Knot | None, other: Knot | None) -> _Clash:
    """A person's knot before a machine's, a knot before none, else ours."""

    def rank(knot: Knot | None) -> int:
        return 0 if knot is None else 1 + (knot.maker is Maker.HUMAN)

    first, second = (mine, other) if rank(mine) >= rank(other) else (other, mine)
    return _Clash(time_ns, first, second)


def _knot_conflict(track_id: str, run: list[_Clash]) -> Conflict:
    patch = TrackPatch(
        track_id,
        set_knots=tuple(each.left for each in run if each.left is not None),
        removed_knots=tuple(each.time_ns for each in run if each.left is None),
    )
    number = f"{len(run)} pose{'s' * (len(run) > 1)}"
    left = "none there" if not patch.set_knots else f"others, up to {_farthest(run):.2f} m away"
    return Conflict(track_id, "poses", run[0].time_ns, run[-1].time_ns, number, left, (ApplyPatches((patch,)),))


def _farthest(run: list[_Clash]) -> float:
    steps = [
        sum((a - b) ** 2 for a, b in zip(each.kept.position_m, each.left.position_m, strict=True)) ** 0.5
        for each in run
        if each.kept is not None and each.left is not None
    ]
    return max(steps, default=0.0)
