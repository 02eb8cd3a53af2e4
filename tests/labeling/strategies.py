"""Random tracks and edits for property tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from labeling.editing import edits
from labeling.intervals import paint_presence, paint_state
from labeling.track import Knot, Maker, Presence, PresenceKind, State, Track
from labeling.track_record import TrackRecord

EPOCH_NS = 1_700_000_000_123_456_789
INT64 = st.integers(-(2**63), 2**63 - 1)
TICK_NS = 100_000_000

# A short line of times on which intervals and knots meet each other often, and some that are off the grid.
first_ticks = st.integers(0, 3).map(lambda tick: EPOCH_NS + tick * TICK_NS)
near_times = st.one_of(
    first_ticks,
    st.integers(0, 12).map(lambda tick: EPOCH_NS + tick * TICK_NS),
    st.integers(EPOCH_NS - TICK_NS, EPOCH_NS + 13 * TICK_NS),
)
metres = st.one_of(st.floats(-1e5, 1e5), st.sampled_from([0.0, -0.0, 5e-324, -2.2e-310, 0.1 + 0.2]))
small = st.floats(-20.0, 20.0)
texts = st.text(st.characters(codec="utf-8"), max_size=8)
names = st.sampled_from(["turning", "moteur", "状態"])
lengths = st.floats(0.01, 30.0)
kinds = st.sampled_from([PresenceKind.OBSERVED, PresenceKind.OCCLUDED])


@st.composite
def rotations(draw: st.DrawFn) -> tuple[float, float, float, float]:
    exact = st.sampled_from([(1.0, 0.0, 0.0, 0.0), (1.0, -0.0, -0.0, -0.0), (0.0, 0.0, 0.0, -1.0)])
    component = st.floats(-1.0, 1.0)
    four = st.tuples(component, component, component, component).filter(lambda q: np.linalg.norm(q) > 0.1)
    w, x, y, z = draw(st.one_of(exact, four))
    norm = float(np.linalg.norm((w, x, y, z)))
    return (w / norm, x / norm, y / norm, z / norm)


@st.composite
def knots(draw: st.DrawFn, times: st.SearchStrategy[int] = near_times) -> Knot:
    position = draw(st.tuples(metres, metres, metres))
    return Knot(draw(times), position, draw(rotations()), draw(st.sampled_from(list(Maker))))


@st.composite
def spans(draw: st.DrawFn, times: st.SearchStrategy[int] = near_times) -> tuple[int, int]:
    first, last = sorted((draw(times), draw(times)))
    return first, last


@st.composite
def tracks(draw: st.DrawFn, track_id: str = "a", times: st.SearchStrategy[int] = near_times) -> Track:
    some = draw(st.lists(knots(times), min_size=1, max_size=6, unique_by=lambda knot: knot.time_ns))
    presence: tuple[Presence, ...] = ()
    for start, end in draw(st.lists(spans(times), max_size=3)):
        presence = paint_presence(presence, Presence(start, end, draw(kinds)))
    states: tuple[State, ...] = ()
    for start, end in draw(st.lists(spans(times), max_size=3)):
        states = paint_state(states, State(draw(names), draw(texts), start, end))
    attributes = draw(st.dictionaries(texts, texts, max_size=2))
    size = draw(st.tuples(lengths, lengths, lengths))
    return TrackRecord(track_id, "car", size, tuple(some), presence, states, attributes).track()


@st.composite
def all_edits(draw: st.DrawFn) -> edits.Edit:
    """Any kind of edit of the tracks a and b; c does not exist."""
    kind = draw(st.sampled_from(sorted(_EDITS)))
    return draw(_EDITS[kind])


old_ids = st.sampled_from(["a", "b"])
vectors = st.tuples(small, small, small)
sides = st.sampled_from([-1, 0, 1])
_interval = spans()
_records = tracks("c").map(TrackRecord.of)
_states = st.builds(lambda name, value, span: State(name, value, *span), names, texts, _interval)
_patches = st.builds(
    edits.TrackPatch,
    old_ids,
    class_name=st.none() | st.just("van"),
    size_m=st.none() | st.tuples(lengths, lengths, lengths),
    set_knots=st.lists(knots(), max_size=2, unique_by=lambda knot: knot.time_ns).map(tuple),
    presence=st.none() | tracks().map(lambda track: track.presence),
    states=st.none() | tracks().map(lambda track: track.states),
    attributes=st.none() | st.dictionaries(texts, texts, max_size=2),
)
_EDITS: dict[str, st.SearchStrategy[edits.Edit]] = {
    "create": st.builds(edits.CreateTrack, _records),
    "delete": st.builds(edits.DeleteTrack, old_ids),
    "set_knot": st.builds(edits.SetKnot, old_ids, knots()),
    "remove_knot": st.builds(edits.RemoveKnot, old_ids, first_ticks),
    "move": st.builds(edits.Move, old_ids, near_times, vectors, st.booleans()),
    "rotate": st.builds(edits.Rotate, old_ids, near_times, vectors, st.booleans()),
    "resize": st.builds(edits.Resize, old_ids, st.tuples(lengths, lengths, lengths), st.tuples(sides, sides, sides)),
    "class": st.builds(edits.SetClass, old_ids, st.sampled_from(["van", "Straßenbahn"])),
    "attribute": st.builds(edits.SetAttribute, old_ids, names, st.none() | texts),
    "set_state": st.builds(edits.SetState, old_ids, _states),
    "clear_state": st.builds(lambda i, n, s: edits.ClearState(i, n, *s), old_ids, names, _interval),
    "presence": st.builds(
        lambda i, s, k: edits.SetPresence(i, *s, k), old_ids, _interval, st.sampled_from(list(PresenceKind))
    ),
    "split": st.builds(edits.Split, old_ids, near_times, st.just("c")),
    "join": st.sampled_from([edits.Join("a", "b"), edits.Join("b", "a")]),
    "swap": st.builds(edits.Swap, st.just("a"), st.just("b"), near_times),
    "patches": st.builds(lambda patch: edits.ApplyPatches((patch,)), _patches),
}
EDIT_KINDS = sorted(_EDITS)


def edits_of(kind: str) -> st.SearchStrategy[edits.Edit]:
    return _EDITS[kind]
