"""`apply(edit, tracks)`: a pure function from labels to labels, with its inverse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from calibration import RigidTransform
from calibration.errors import EditError
from labeling import intervals
from labeling.editing import edits
from labeling.editing.edits import ApplyPatches, TrackEdit
from labeling.editing.patch import difference, patched
from labeling.track import Knot, Maker, Presence, PresenceKind, State, Track

Tracks = Mapping[str, Track]
Versions = dict[str, Track | None]


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit does. tracks: the new version of each touched track, None where it ends. inverse: takes it back."""

    tracks: Versions
    inverse: ApplyPatches


def apply(edit: TrackEdit, tracks: Tracks) -> Change:
    """Apply to `tracks` (at least those that `edits.touched_ids` names and that exist); nothing is changed in place.

    Raises EditError if the edit makes no sense for the labels as they are.
    """
    after = _RULES[type(edit)](edit, tracks)
    back = tuple(difference(track_id, version, tracks.get(track_id)) for track_id, version in after.items())
    return Change(after, ApplyPatches(back))


def _get(tracks: Tracks, track_id: str) -> Track:
    if track_id not in tracks:
        raise EditError("there is no such track, it may have been deleted", where=track_id)
    return tracks[track_id]


def _create(edit: edits.CreateTrack, tracks: Tracks) -> Versions:
    if edit.track.id in tracks:
        raise EditError("there is a track of this identity already", where=edit.track.id)
    return {edit.track.id: edit.track.track()}


def _delete(edit: edits.DeleteTrack, tracks: Tracks) -> Versions:
    return {_get(tracks, edit.track_id).id: None}


def _set_knot(edit: edits.SetKnot, tracks: Tracks) -> Versions:
    track = _get(tracks, edit.track_id)
    index = track.knot_index(edit.knot.time_ns)
    if index is not None and track.makers[index] is Maker.HUMAN and edit.knot.maker is not Maker.HUMAN:
        raise EditError("a machine may not move a human's knot", where=track.id)
    return {track.id: _with_knot(track, edit.knot)}


def _remove_knot(edit: edits.RemoveKnot, tracks: Tracks) -> Versions:
    track = _get(tracks, edit.track_id)
    if track.knot_index(edit.time_ns) is None:
        raise EditError(f"the track has no knot at {edit.time_ns} ns", where=track.id)
    return {track.id: track.with_knots(knot for knot in track.knots if knot.time_ns != edit.time_ns)}


def _move(edit: edits.Move, tracks: Tracks) -> Versions:
    step = RigidTransform(np.array([1.0, 0, 0, 0]), np.array(edit.offset_m))
    return {edit.track_id: _adjusted(_get(tracks, edit.track_id), edit.time_ns, step, edit.whole)}


def _rotate(edit: edits.Rotate, tracks: Tracks) -> Versions:
    step = RigidTransform.exp(np.array([0.0, 0.0, 0.0, *edit.rotation_rad]))
    return {edit.track_id: _adjusted(_get(tracks, edit.track_id), edit.time_ns, step, edit.whole)}


def _resize(edit: edits.Resize, tracks: Tracks) -> Versions:
    track = _get(tracks, edit.track_id)
    growth = np.array(edit.size_m) - np.array(track.size_m)
    shift = RigidTransform(np.array([1.0, 0, 0, 0]), -0.5 * growth * np.array(edit.anchor))
    moved = _composed(track, shift) if np.any(shift.translation != 0.0) else track
    return {track.id: replace(moved, size_m=edit.size_m)}


def _set_class(edit: edits.SetClass, tracks: Tracks) -> Versions:
    return {edit.track_id: replace(_get(tracks, edit.track_id), class_name=edit.class_name)}


def _set_attribute(edit: edits.SetAttribute, tracks: Tracks) -> Versions:
    track = _get(tracks, edit.track_id)
    attributes = dict(track.attributes)
    attributes.pop(edit.name, None)
    if edit.value is not None:
        attributes[edit.name] = edit.value
    return {track.id: replace(track, attributes=tuple(sorted(attributes.items())))}


def _set_state(edit: edits.SetState, tracks: Tracks) -> Versions:
    track = _get(tracks, edit.track_id)
    _check_interval(edit.state.start_ns, edit.state.end_ns, track.id)
    return {track.id: replace(track, states=intervals.paint_state(track.states, edit.state))}


def _clear_state(edit: edits.ClearState, tracks: Tracks) -> Versions:
    track = _get(tracks, edit.track_id)
    _check_interval(edit.start_ns, edit.end_ns, track.id)
    return {track.id: replace(track, states=intervals.erase_state(track.states, edit.name, edit.start_ns, edit.end_ns))}


def _set_presence(edit: edits.SetPresence, tracks: Tracks) -> Versions:
    track = _get(tracks, edit.track_id)
    _check_interval(edit.start_ns, edit.end_ns, track.id)
    if edit.presence is PresenceKind.ABSENT:
        presence = intervals.erase(track.presence, edit.start_ns, edit.end_ns)
    else:
        presence = intervals.paint_presence(track.presence, Presence(edit.start_ns, edit.end_ns, edit.presence))
    return {track.id: replace(track, presence=presence)}


def _split(edit: edits.Split, tracks: Tracks) -> Versions:
    track = _get(tracks, edit.track_id)
    if edit.new_id in tracks:
        raise EditError("there is a track of this identity already", where=edit.new_id)
    before = _part(_with_edge(track, edit.time_ns - 1), None, edit.time_ns - 1)
    after = _part(_with_edge(track, edit.time_ns), edit.time_ns, None)
    if before is None or after is None:
        raise EditError("nothing of the track lies on one side of this time", where=track.id)
    return {track.id: before, edit.new_id: replace(after, id=edit.new_id)}


def _join(edit: edits.Join, tracks: Tracks) -> Versions:
    track, other = _get(tracks, edit.track_id), _get(tracks, edit.other_id)
    if track.id == other.id:
        raise EditError("a track cannot be joined with itself", where=track.id)
    return {track.id: _merged(track, other), other.id: None}


def _swap(edit: edits.Swap, tracks: Tracks) -> Versions:
    first, second = _get(tracks, edit.track_id), _get(tracks, edit.other_id)
    if first.id == second.id:
        raise EditError("a track cannot be swapped with itself", where=first.id)
    return {
        first.id: _continued(first, second, edit.time_ns),
        second.id: _continued(second, first, edit.time_ns),
    }


def _apply_patches(edit: ApplyPatches, tracks: Tracks) -> Versions:
    versions: Versions = {}
    for patch in edit.patches:
        if patch.track_id in versions:
            raise EditError("two patches are about one track", where=patch.track_id)
        versions[patch.track_id] = patched(patch, tracks.get(patch.track_id))
    return versions


_RULES: dict[type[Any], Callable[[Any, Tracks], Versions]] = {
    edits.CreateTrack: _create,
    edits.DeleteTrack: _delete,
    edits.SetKnot: _set_knot,
    edits.RemoveKnot: _remove_knot,
    edits.Move: _move,
    edits.Rotate: _rotate,
    edits.Resize: _resize,
    edits.SetClass: _set_class,
    edits.SetAttribute: _set_attribute,
    edits.SetState: _set_state,
    edits.ClearState: _clear_state,
    edits.SetPresence: _set_presence,
    edits.Split: _split,
    edits.Join: _join,
    edits.Swap: _swap,
    ApplyPatches: _apply_patches,
}


def _check_interval(start_ns: int, end_ns: int, track_id: str) -> None:
    if end_ns < start_ns:
        raise EditError("an interval ends before it starts", where=track_id)


def _with_knot(track: Track, knot: Knot) -> Track:
    knots = {each.time_ns: each for each in track.knots} | {knot.time_ns: knot}
    return _reaching(track.with_knots(knots.values()), knot.time_ns)


def _reaching(track: Track, time_ns: int) -> Track:
    """Presence stretched from its nearest end to the time: who sets a pose there says the object is there."""
    if track.presence_at(time_ns) is not PresenceKind.ABSENT:
        return track
    ends = [end for interval in track.presence for end in (interval.start_ns, interval.end_ns)]
    nearest = min(ends, key=lambda end: abs(end - time_ns), default=time_ns)
    new = Presence(min(nearest, time_ns), max(nearest, time_ns))
    kept = intervals.erase(intervals.paint_presence((), new), nearest, nearest) if ends else (new,)
    presence = track.presence
    for part in kept:
        presence = intervals.paint_presence(presence, part)
    return replace(track, presence=presence)


def _adjusted(track: Track, time_ns: int, step: RigidTransform, whole: bool) -> Track:
    if whole:
        return _composed(track, step)
    return _with_knot(track, Knot.of(time_ns, track.at(time_ns) * step, Maker.HUMAN))


def _composed(track: Track, step: RigidTransform) -> Track:
    """Every knot moved by one step in the object's own axes; who made them stays."""
    poses = RigidTransform(track.rotations_wxyz, track.positions_m) * step
    return replace(track, positions_m=poses.translation, rotations_wxyz=poses.rotation)


def _with_edge(track: Track, time_ns: int) -> Track:
    """A knot where a trajectory is about to be cut between two knots, so that both parts keep their way to the cut."""
    between = track.times_ns[0] < time_ns < track.times_ns[-1] and track.knot_index(time_ns) is None
    if not between or track.presence_at(time_ns) is PresenceKind.ABSENT:
        return track
    return track.with_knots((*track.knots, Knot.of(time_ns, track.at(time_ns), Maker.SOLVER)))


def _part(track: Track, start_ns: int | None, end_ns: int | None) -> Track | None:
    """The track from start to end; None if no knot and no presence falls into it.

    A part with presence but without a knot keeps the pose it had at its edge.
    """
    low = -(2**63) if start_ns is None else start_ns
    high = 2**63 - 1 if end_ns is None else end_ns
    presence = intervals.clip(track.presence, start_ns, end_ns)
    knots = [knot for knot in track.knots if low <= knot.time_ns <= high]
    if not knots and not presence:
        return None
    if not knots:
        edge = presence[0].start_ns
        knots = [Knot.of(edge, track.at(edge), Maker.IMPORT)]
    states = intervals.sort_states(intervals.clip(track.states, start_ns, end_ns))
    return replace(track.with_knots(knots), presence=presence, states=states)


def _merged(track: Track, other: Track) -> Track:
    """Knots, presence and states of both; where the first is present, its word stands.

    Two knots of two opinions a moment apart would throw the spline off its way, so the other's are left out there.
    """
    added = [knot for knot in other.knots if track.presence_at(knot.time_ns) is PresenceKind.ABSENT]
    knots = {knot.time_ns: knot for knot in (*added, *track.knots)}
    presence: tuple[Presence, ...] = other.presence
    for interval in track.presence:
        presence = intervals.paint_presence(presence, interval)
    states: tuple[State, ...] = other.states
    for state in track.states:
        states = intervals.paint_state(states, state)
    attributes = dict(other.attributes) | dict(track.attributes)
    return replace(
        track.with_knots(knots.values()),
        presence=presence,
        states=states,
        attributes=tuple(sorted(attributes.items())),
    )


def _continued(first: Track, second: Track, time_ns: int) -> Track:
    """`first` until the time and then what `second` did; size, class and attributes stay with the identity."""
    before, after = _part(first, None, time_ns - 1), _part(second, time_ns, None)
    if before is None and after is None:
        raise EditError("nothing would be left of a track", where=first.id)
    if before is None or after is None:
        part = before or after
        assert part is not None
        return replace(part, id=first.id, class_name=first.class_name, size_m=first.size_m, attributes=first.attributes)
    merged = _merged(before, after)
    return replace(merged, attributes=first.attributes)
