"""Painting, splitting, joining and swapping against a model so simple that it is right: one letter a nanosecond."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.editing import edits
from labeling.editing.edits import Edit
from labeling.track import Knot, Presence, PresenceKind, State, Track
from tests.labeling.strategies import tracks
from tests.labeling.test_edits import after, applied, at, one

LINE = range(-1, 13)
short = st.integers(0, 11)
short_spans = st.tuples(short, short).map(lambda pair: (min(pair), max(pair)))
NAMES = ("s", "t")


def presence_line(track: Track) -> list[str]:
    return [track.presence_at(t).value for t in LINE]


def state_line(track: Track, name: str) -> list[str | None]:
    line: list[str | None] = []
    for t in LINE:
        values = [s.value for s in track.states if s.name == name and s.start_ns <= t <= s.end_ns]
        assert len(values) <= 1
        line.append(values[0] if values else None)
    return line


def is_tidy(intervals: tuple[Presence, ...] | tuple[State, ...]) -> bool:
    """In order, without overlap, and no two neighbours that touch and are the same."""
    pairs = itertools.pairwise(intervals)
    return all(a.end_ns < b.start_ns and (a.end_ns + 1 < b.start_ns or _label(a) != _label(b)) for a, b in pairs)


def _label(each: Presence | State) -> str:
    return each.kind.value if isinstance(each, Presence) else each.value


@given(st.lists(st.tuples(short_spans, st.sampled_from(list(PresenceKind))), max_size=8))
def test_presence_is_what_was_painted_last(strokes: list[tuple[tuple[int, int], PresenceKind]]) -> None:
    track, line = Track.from_knots("a", "car", (4, 2, 1), [Knot(0, (0, 0, 0), (1, 0, 0, 0))]), ["absent"] * len(LINE)
    for (start, end), kind in strokes:
        track = after(edits.SetPresence("a", start, end, kind), {"a": track})["a"]
        line = [kind.value if start <= t <= end else old for t, old in zip(LINE, line, strict=True)]
        assert presence_line(track) == line
        assert is_tidy(track.presence)


state_strokes = st.tuples(short_spans, st.sampled_from(NAMES), st.sampled_from(["x", "y", None]))


@given(st.lists(state_strokes, max_size=8))
def test_a_state_is_what_was_painted_last_and_leaves_others_alone(
    strokes: list[tuple[tuple[int, int], str, str | None]],
) -> None:
    track = Track.from_knots("a", "car", (4, 2, 1), [Knot(0, (0, 0, 0), (1, 0, 0, 0))])
    lines: dict[str, list[str | None]] = {name: [None] * len(LINE) for name in NAMES}
    for (start, end), name, value in strokes:
        edit: Edit = edits.ClearState("a", name, start, end)
        if value is not None:
            edit = edits.SetState("a", State(name, value, start, end))
        track = after(edit, {"a": track})["a"]
        lines[name] = [value if start <= t <= end else old for t, old in zip(LINE, lines[name], strict=True)]
        assert {each: state_line(track, each) for each in NAMES} == lines
        assert list(track.states) == sorted(track.states, key=lambda s: (s.start_ns, s.name))
        assert all(is_tidy(tuple(s for s in track.states if s.name == each)) for each in NAMES)


@given(tracks(times=short), short)
def test_a_split_cuts_everything_at_the_time(track: Track, time_ns: int) -> None:
    parts = applied(edits.Split("a", time_ns, "c"), {"a": track})
    assert {t for t in LINE if t < time_ns and presence_line(track)[t + 1] != "absent"} == {
        t for t in LINE if parts["a"].presence_at(t) is not PresenceKind.ABSENT
    }
    for t in LINE:
        assert parts["a" if t < time_ns else "c"].presence_at(t) is track.presence_at(t)
        assert parts["c" if t < time_ns else "a"].presence_at(t) is PresenceKind.ABSENT
    assert parts["c"].size_m == track.size_m
    assert parts["c"].class_name == track.class_name
    assert parts["c"].attributes == track.attributes


@given(tracks(), st.integers(0, 12))
def test_split_and_join_is_where_we_were(track: Track, tick: int) -> None:
    parts = applied(edits.Split("a", at(tick / 10), "c"), {"a": track})
    joined = after(edits.Join("a", "c"), parts)
    assert set(joined) == {"a"}
    poses, again = track.at(track.times_ns), joined["a"].at(track.times_ns)
    assert poses.translation.tobytes() == again.translation.tobytes()
    assert poses.rotation.tobytes() == again.rotation.tobytes()
    assert joined["a"].presence == track.presence
    assert joined["a"].states == track.states
    assert joined["a"].attributes == track.attributes


def test_a_split_between_knots_keeps_both_ways_to_the_cut() -> None:
    track = one(0, 1, 2, 3, presence=(Presence(at(0), at(3)),))
    parts = after(edits.Split("a", at(1.4), "c"), {"a": track})
    for part, seconds in (("a", np.linspace(0, 1.39, 9)), ("c", np.linspace(1.4, 3, 9))):
        x = parts[part].at(np.array([at(s) for s in seconds])).translation[:, 0]
        np.testing.assert_allclose(x, 10 * seconds, atol=1e-6)


def knots_by_time(track: Track) -> str:
    return repr(track.knots)


@given(tracks("a"), tracks("b"), st.integers(0, 13))
def test_swapping_twice_is_where_we_were(first: Track, second: Track, tick: int) -> None:
    before = {"a": first, "b": second}
    edit = edits.Swap("a", "b", at(tick / 10))
    swapped = applied(edit, before)
    for each, other in (("a", "b"), ("b", "a")):
        for t in (at(tick / 10) - 1, at(tick / 10), at(2), at(-0.05)):
            came_from = each if t < at(tick / 10) else other
            assert swapped[each].presence_at(t) is before[came_from].presence_at(t)
        assert swapped[each].size_m == before[each].size_m
        assert swapped[each].attributes == before[each].attributes
    again = applied(edit, swapped)
    for each, track in before.items():
        kept = [knot for knot in again[each].knots if track.knot_index(knot.time_ns) is not None]
        assert repr(tuple(kept)) == repr(track.knots)
        assert again[each].presence == track.presence
        if all(t.times_ns[0] < at(tick / 10) <= t.times_ns[-1] for t in before.values()):
            assert again[each].states == track.states
        # A stretch with presence and no knot is given the knot it needs, and nothing else is new.
        assert len(again[each]) <= len(track) + 2


def test_a_swap_cures_a_crossing() -> None:
    there = (Presence(at(0), at(3)),)
    first, second = one(0, 1, 2, 3, presence=there), one(0, 1, 2, 3, presence=there, id="b")
    second = second.with_knots(Knot(k.time_ns, (30 - k.position_m[0], 5.0, 0.0), k.rotation_wxyz) for k in second.knots)
    wrong = after(edits.Swap("a", "b", at(2)), {"a": first, "b": second})
    assert wrong["a"].positions_m[:, 0].tolist() == [0, 10, 10, 0]
    right = after(edits.Swap("a", "b", at(2)), wrong)
    assert np.array_equal(right["a"].positions_m, first.positions_m)


@pytest.mark.parametrize("first_word", [PresenceKind.OBSERVED, PresenceKind.OCCLUDED])
def test_in_a_join_the_first_ones_word_stands(first_word: PresenceKind) -> None:
    first = Track.from_knots("a", "car", (4, 2, 1), [Knot(5, (1, 0, 0), (1, 0, 0, 0))], [Presence(2, 6, first_word)])
    second = Track.from_knots(
        "b", "van", (9, 9, 9), [Knot(t, (2, 0, 0), (1, 0, 0, 0)) for t in (5, 8)], [Presence(4, 9)]
    )
    joined = after(edits.Join("a", "b"), {"a": first, "b": second})["a"]
    assert joined.positions_m[:, 0].tolist() == [1, 2]
    assert (joined.class_name, joined.size_m) == ("car", (4, 2, 1))
    assert [joined.presence_at(t) for t in (3, 5, 6)] == [first_word] * 3
    assert joined.presence_at(7) is PresenceKind.OBSERVED
