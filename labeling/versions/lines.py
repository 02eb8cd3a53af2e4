"""A line of time with a value on some stretches of it: presence, or one state; two compared, three merged.

Stretches are closed int64 intervals, sorted, and do not overlap; where there is none, the value is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from labeling.intervals import sort_states
from labeling.track import Presence, PresenceKind, State, Track


@dataclass(frozen=True, slots=True)
class Span:
    """A value from start to end, both included."""

    start_ns: int
    end_ns: int
    value: str | None


Line = Sequence[Span]


def presence_line(track: Track) -> Line:
    """Observed and occluded; None is absent."""
    return [Span(each.start_ns, each.end_ns, each.kind.value) for each in track.presence]


def presence_of(line: Line) -> tuple[Presence, ...]:
    """Inverse of `presence_line`."""
    return tuple(
        Presence(each.start_ns, each.end_ns, PresenceKind(each.value)) for each in line if each.value is not None
    )


def state_lines(track: Track) -> dict[str, list[Span]]:
    """One line for each state's name."""
    lines: dict[str, list[Span]] = {}
    for each in track.states:
        lines.setdefault(each.name, []).append(Span(each.start_ns, each.end_ns, each.value))
    return lines


def states_of(lines: dict[str, Line]) -> tuple[State, ...]:
    """Inverse of `state_lines`."""
    return sort_states(
        State(name, each.value, each.start_ns, each.end_ns)
        for name, line in lines.items()
        for each in line
        if each.value is not None
    )


def changed_spans(before: Line, after: Line) -> list[tuple[Span, str | None]]:
    """Where two lines differ: what is there after, and the value before."""
    found: list[tuple[Span, str | None]] = []
    for start, end, (old, new) in _cut([before, after]):
        if old == new:
            continue
        if found and found[-1][0].end_ns == start - 1 and (found[-1][0].value, found[-1][1]) == (new, old):
            start = found.pop()[0].start_ns
        found.append((Span(start, end, new), old))
    return found


def merged_line(base: Line, ours: Line, theirs: Line) -> tuple[list[Span], list[Span]]:
    """What both made of a line, and theirs where both changed it to different things: there ours stands."""
    merged: list[Span] = []
    clashes: list[Span] = []
    for start, end, (was, mine, other) in _cut([base, ours, theirs]):
        chosen = other if mine == was else mine
        if chosen is not None:
            _extend(merged, Span(start, end, chosen))
        if mine != was and other != was and mine != other:
            _extend(clashes, Span(start, end, other))
    return merged, clashes


def _extend(line: list[Span], span: Span) -> None:
    if line and line[-1].end_ns == span.start_ns - 1 and line[-1].value == span.value:
        line[-1] = Span(line[-1].start_ns, span.end_ns, span.value)
    else:
        line.append(span)


def _cut(lines: Sequence[Line]) -> list[tuple[int, int, tuple[str | None, ...]]]:
    """The stretches between any ends, with the value of each line there; those where no line says anything left out."""
    edges = sorted({edge for line in lines for each in line for edge in (each.start_ns, each.end_ns + 1)})
    cut = []
    for start, after in pairwise(edges):
        values = tuple(_value_at(line, start) for line in lines)
        if any(value is not None for value in values):
            cut.append((start, after - 1, values))
    return cut


def _value_at(line: Line, time_ns: int) -> str | None:
    return next((each.value for each in line if each.start_ns <= time_ns <= each.end_ns), None)
