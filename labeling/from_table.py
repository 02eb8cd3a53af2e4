"""Tracks out of a dataset's cuboid rows: one knot for each row, nothing smoothed, nothing invented."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from fusion import CuboidTable
from fusion.timeline import Int64Array
from labeling.intervals import sort_states
from labeling.ontology import Ontology, default_ontology
from labeling.track import Maker, Presence, PresenceKind, State, Track

_VISIBILITY = "visibility"  # an attribute that says whether the object could be seen becomes presence, not a state


def tracks_from_table(table: CuboidTable, maker: Maker = Maker.IMPORT) -> list[Track]:
    """One track per identity, in order of first appearance. Frames without a row are absent.

    A value that is the same in all rows becomes an attribute, one that changes becomes a state.
    """
    if table.times_ns is None:
        raise ValueError("the rows have no times yet")
    rows_of: dict[str, list[int]] = {}
    for row, track_id in enumerate(table.track_ids):
        rows_of.setdefault(track_id, []).append(row)
    return [_track(table, table.times_ns, np.array(rows), maker) for rows in rows_of.values()]


def _track(table: CuboidTable, times_ns: Int64Array, rows: Int64Array, maker: Maker) -> Track:
    rows = rows[np.argsort(times_ns[rows], kind="stable")]
    length, width, height = np.median(table.sizes_m[rows], axis=0).tolist()
    times = times_ns[rows]
    runs = _runs(table, rows, times.tolist())
    attributes, states = _attributes_and_states(table, rows, times)
    return Track(
        id=table.track_ids[rows[0]],
        class_name=table.classes[rows[0]],
        size_m=(length, width, height),
        times_ns=times,
        positions_m=table.world_from_object.translation[rows],
        rotations_wxyz=table.world_from_object.rotation[rows],
        makers=(maker,) * len(rows),
        presence=runs,
        states=states,
        attributes=attributes,
    )


def _runs(table: CuboidTable, rows: Int64Array, times: list[int]) -> tuple[Presence, ...]:
    """Intervals of consecutive frames of one visibility; between two that touch, the change lies half-way."""
    kinds = [PresenceKind(table.attributes[row].get(_VISIBILITY, PresenceKind.OBSERVED)) for row in rows]
    frames = _places(table, rows)
    runs: list[Presence] = []
    for index, (frame, time_ns, kind) in enumerate(zip(frames, times, kinds, strict=True)):
        follows = index > 0 and frame == frames[index - 1] + 1
        if follows and runs[-1].kind is kind:
            runs[-1] = Presence(runs[-1].start_ns, time_ns, kind)
        elif follows:
            middle = (times[index - 1] + time_ns) // 2
            runs[-1] = Presence(runs[-1].start_ns, middle, runs[-1].kind)
            runs.append(Presence(middle + 1, time_ns, kind))
        else:
            runs.append(Presence(time_ns, time_ns, kind))
    return tuple(runs)


def _places(table: CuboidTable, rows: Int64Array) -> list[int]:
    """Of the rows' frames among those that were labelled: the next one is one more."""
    frames = table.frames[rows]
    places = frames if table.labelled_frames is None else np.searchsorted(table.labelled_frames, frames)
    return [int(place) for place in places]


def _attributes_and_states(
    table: CuboidTable, rows: Int64Array, times: Int64Array
) -> tuple[tuple[tuple[str, str], ...], tuple[State, ...]]:
    names = sorted({name for row in rows for name in table.attributes[row]} - {_VISIBILITY})
    attributes, states = [], []
    for name in names:
        values = [table.attributes[row].get(name) for row in rows]
        if len(set(values)) == 1 and values[0] is not None:
            attributes.append((name, values[0]))
            continue
        for value, run in groupby(range(len(rows)), key=values.__getitem__):
            indices = list(run)
            if value is not None:
                states.append(State(name, value, int(times[indices[0]]), int(times[indices[-1]])))
    return tuple(attributes), sort_states(states)


def extended_ontology(ontology: Ontology, tracks: list[Track], *, in_use: bool = False) -> Ontology:
    """The ontology with the classes that tracks bring and it does not know, at their median size.

    A dataset's own classes take the place of the default ones, unless somebody has touched them or labels use them.
    """
    unknown = any(track.class_name not in ontology.names for track in tracks)
    if unknown and not in_use and ontology == default_ontology():
        ontology = Ontology(())
    for name in dict.fromkeys(track.class_name for track in tracks):
        if name not in ontology.names:
            sizes = np.array([track.size_m for track in tracks if track.class_name == name])
            length, width, height = np.round(np.median(sizes, axis=0), 2).tolist()
            ontology = ontology.with_class(name, (max(length, 0.05), max(width, 0.05), max(height, 0.05)))
    return ontology
