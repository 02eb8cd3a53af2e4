"""Plant faults into tracks: a track takes over what a fault changed in its frames, and keeps the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from fusion import CuboidTable
from fusion.faults import Ledger, Skipped
from fusion.recording import Recording
from labeling.faults.draft import VISIBILITY
from labeling.faults.free_ground import MeasuredGround
from labeling.faults.planting import TRACK_FAULTS, Wanted, plant_in_table, wanted_counts
from labeling.frame_times import FrameTimes
from labeling.from_table import tracks_from_table
from labeling.intervals import sort_states
from labeling.track import PresenceKind, State, Track

_ONE_SIZE = "a track has one size in all frames; plant it in a table"


def plant_in_tracks(
    tracks: Sequence[Track],
    recording: Recording,
    kinds: Wanted | None = None,
    *,
    share: float | None = None,
    seed: int = 0,
) -> tuple[list[Track], Ledger]:
    """The tracks with faults in them, and what was planted; arguments and errors are those of `plant_in_table`.

    kinds None is TRACK_FAULTS. Faults are planted in the poses that the frames show, phantoms where the recording's
    points leave room. Tracks without a fault come back as the same objects. One whose poses or frames a fault changed
    has a knot for every frame it is shown in, made by whoever made the nearest knot; else it keeps its knots.
    """
    chosen: Wanted = dict.fromkeys(TRACK_FAULTS) if kinds is None else kinds
    counts = wanted_counts(chosen, share, len(tracks))
    creeps = counts.pop("size_creep", 0)
    before = rows_of_tracks(tracks if any(counts.values()) else (), recording)
    ground = MeasuredGround(recording)
    after, ledger = plant_in_table(before, counts, seed=seed, source=recording.name, ground=ground)
    if creeps:
        ledger = replace(ledger, skipped=(*ledger.skipped, Skipped("size_creep", creeps, 0, _ONE_SIZE)))
    return _carried_over(tracks, before, after, ledger), ledger


def rows_of_tracks(tracks: Sequence[Track], recording: Recording) -> CuboidTable:
    """What the frames of a recording show of tracks: a row for each track and frame in which it is not absent.

    Attributes of a row are the track's, its states at that moment, and `visibility` where it is occluded.
    """
    moments = _moments(tracks, recording)
    rows = [(track, frame, time_ns) for track, shown in zip(tracks, moments, strict=True) for frame, time_ns in shown]
    poses = [track.at([time_ns for _, time_ns in shown]) for track, shown in zip(tracks, moments, strict=True) if shown]
    rotation = np.concatenate([np.empty((0, 4)), *(each.rotation for each in poses)])
    translation = np.concatenate([np.empty((0, 3)), *(each.translation for each in poses)])
    return CuboidTable(
        track_ids=tuple(track.id for track, _, _ in rows),
        classes=tuple(track.class_name for track, _, _ in rows),
        times_ns=np.array([time_ns for _, _, time_ns in rows], dtype=np.int64),
        frames=np.array([frame for _, frame, _ in rows], dtype=np.int64),
        world_from_object=RigidTransform(rotation, translation),
        sizes_m=np.array([track.size_m for track, _, _ in rows], dtype=np.float64).reshape(-1, 3),
        attributes=tuple(_attributes(track, time_ns) for track, _, time_ns in rows),
    )


def _moments(tracks: Sequence[Track], recording: Recording) -> list[list[tuple[int, int]]]:
    """For each track the frames that show it, and when."""
    times = FrameTimes(recording)
    found: list[list[tuple[int, int]]] = [[] for _ in tracks]
    for frame in range(len(recording.frames) if tracks else 0):
        for track, shown, time_ns in zip(tracks, found, times.times_of(tracks, frame), strict=True):
            # A knot half-way between two frames is near to both, and one row's.
            later = not shown or time_ns > shown[-1][1]
            if later and track.presence_at(time_ns) is not PresenceKind.ABSENT:
                shown.append((frame, time_ns))
    return found


def _attributes(track: Track, time_ns: int) -> dict[str, str]:
    attributes = dict(track.attributes)
    attributes |= {state.name: state.value for state in track.states if state.start_ns <= time_ns <= state.end_ns}
    if track.presence_at(time_ns) is PresenceKind.OCCLUDED:
        attributes[VISIBILITY] = str(PresenceKind.OCCLUDED)
    return attributes


def _carried_over(tracks: Sequence[Track], before: CuboidTable, after: CuboidTable, ledger: Ledger) -> list[Track]:
    """Tracks in their order, then the new ones; those that have lost all rows are left out."""
    touched = {each for entry in ledger.entries for each in entry.what}
    timed = {state.name for track in tracks for state in track.states}
    result: list[Track] = []
    for track in tracks:
        rows = _rows(after, track.id)
        if track.id not in touched:
            result.append(track)
        elif len(rows):
            result.append(_retold(track, _taken(before, _rows(before, track.id)), _taken(after, rows), timed))
    known = {track.id: track for track in tracks}
    for entry in ledger.of_kind("id_change"):
        origin, rows = known[entry.what[0]], _rows(after, entry.what[1])
        whole = _taken(before, _rows(before, origin.id))
        result.append(replace(_retold(origin, whole, _taken(after, rows), timed), id=entry.what[1]))
    for entry in ledger.of_kind("phantom"):
        result += tracks_from_table(_taken(after, _rows(after, entry.what[0])))
    return result


def _rows(table: CuboidTable, track_id: str) -> npt.NDArray[np.intp]:
    return np.flatnonzero(np.array([each == track_id for each in table.track_ids], dtype=np.bool_))


def _taken(table: CuboidTable, rows: npt.NDArray[np.intp]) -> CuboidTable:
    """Some rows, by time."""
    assert table.times_ns is not None
    rows = rows[np.argsort(table.times_ns[rows], kind="stable")]
    return CuboidTable(
        track_ids=tuple(table.track_ids[row] for row in rows),
        classes=tuple(table.classes[row] for row in rows),
        times_ns=table.times_ns[rows],
        frames=table.frames[rows],
        world_from_object=table.world_from_object[rows],
        sizes_m=table.sizes_m[rows],
        attributes=tuple(table.attributes[row] for row in rows),
    )


def _retold(track: Track, before: CuboidTable, after: CuboidTable, timed: set[str]) -> Track:
    """The track as the rows after the fault tell it. timed: names of states, as opposed to attributes."""
    told = tracks_from_table(after)[0]
    # Size and class stay with the identity, in its first row; rows behind a swap are another object's.
    length, width, height = after.sizes_m[0].tolist()
    named = replace(track, class_name=told.class_name, size_m=(length, width, height))
    if _same_way(before, after):
        return _with_values(named, before, after)
    if _same_moments(before, after) and before.attributes == after.attributes:
        return _with_way(named, told)
    return replace(_with_way(named, told), presence=told.presence, states=_states(track, told, timed))


def _same_moments(before: CuboidTable, after: CuboidTable) -> bool:
    assert before.times_ns is not None
    assert after.times_ns is not None
    return np.array_equal(before.times_ns, after.times_ns)


def _same_way(before: CuboidTable, after: CuboidTable) -> bool:
    one, other = before.world_from_object, after.world_from_object
    same_places = np.array_equal(one.translation, other.translation)
    return _same_moments(before, after) and same_places and np.array_equal(one.rotation, other.rotation)


def _with_way(track: Track, told: Track) -> Track:
    """The track with the knots of another telling; who made the nearest knot has made each."""
    nearest = np.abs(track.times_ns[:, None] - told.times_ns[None]).argmin(axis=0)
    return replace(
        track,
        times_ns=told.times_ns,
        positions_m=told.positions_m,
        rotations_wxyz=told.rotations_wxyz,
        makers=tuple(track.makers[index] for index in nearest),
    )


def _states(track: Track, told: Track, timed: set[str]) -> tuple[State, ...]:
    """States of a telling; one that never changes was told as an attribute, and attributes stay with the identity."""
    own = {name for name, _ in track.attributes}
    start, end = int(told.times_ns[0]), int(told.times_ns[-1])
    constant = [State(name, value, start, end) for name, value in told.attributes]
    return sort_states(state for state in (*told.states, *constant) if state.name in timed - own)


def _with_values(track: Track, before: CuboidTable, after: CuboidTable) -> Track:
    """The track with attributes and states as rows have them now, intervals staying as they are."""
    assert after.times_ns is not None
    attributes, states = dict(track.attributes), list(track.states)
    for time_ns, old, new in zip(after.times_ns.tolist(), before.attributes, after.attributes, strict=True):
        for name in (each for each in new if new[each] != old.get(each)):
            covering = [i for i, s in enumerate(states) if s.name == name and s.start_ns <= time_ns <= s.end_ns]
            for index in covering:
                states[index] = replace(states[index], value=new[name])
            if not covering:
                attributes[name] = new[name]
    return replace(track, attributes=tuple(sorted(attributes.items())), states=tuple(states))
