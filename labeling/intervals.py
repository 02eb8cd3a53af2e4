"""Closed int64 intervals: painting one over others, cutting, gluing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from labeling.track import Presence, State

Interval = TypeVar("Interval", Presence, State)


def erase(intervals: Iterable[Interval], start_ns: int, end_ns: int) -> tuple[Interval, ...]:
    """What is left outside [start, end]; an interval that reaches over it falls into two."""
    left: list[Interval] = []
    for interval in intervals:
        if interval.end_ns < start_ns or interval.start_ns > end_ns:
            left.append(interval)
            continue
        if interval.start_ns < start_ns:
            left.append(replace(interval, end_ns=start_ns - 1))
        if interval.end_ns > end_ns:
            left.append(replace(interval, start_ns=end_ns + 1))
    return tuple(left)


def paint(
    intervals: Iterable[Interval], new: Interval, same: Callable[[Interval, Interval], bool]
) -> tuple[Interval, ...]:
    """`new` over the others, sorted; neighbours that are the same and touch become one."""
    ordered = list(erase(intervals, new.start_ns, new.end_ns))
    ordered.append(new)
    ordered.sort(key=lambda each: each.start_ns)
    merged: list[Interval] = []
    for interval in ordered:
        if merged and same(merged[-1], interval) and interval.start_ns <= merged[-1].end_ns + 1:
            merged[-1] = replace(merged[-1], end_ns=max(merged[-1].end_ns, interval.end_ns))
        else:
            merged.append(interval)
    return tuple(merged)


def paint_presence(intervals: Iterable[Presence], new: Presence) -> tuple[Presence, ...]:
    """Presence with `new` on top."""
    return paint(intervals, new, lambda a, b: a.kind is b.kind)


def paint_state(states: Iterable[State], new: State) -> tuple[State, ...]:
    """States with `new` on top of those of its own name; other names stay."""
    states = tuple(states)
    others = [state for state in states if state.name != new.name]
    own = paint([state for state in states if state.name == new.name], new, lambda a, b: a.value == b.value)
    return sort_states((*others, *own))


def erase_state(states: Iterable[State], name: str, start_ns: int, end_ns: int) -> tuple[State, ...]:
    """States without the named one in [start, end]."""
    states = tuple(states)
    others = [state for state in states if state.name != name]
    own = erase([state for state in states if state.name == name], start_ns, end_ns)
    return sort_states((*others, *own))


def sort_states(states: Iterable[State]) -> tuple[State, ...]:
    """By start, then name."""
    return tuple(sorted(states, key=lambda state: (state.start_ns, state.name)))


def clip(intervals: Iterable[Interval], start_ns: int | None, end_ns: int | None) -> tuple[Interval, ...]:
    """The part inside [start, end]; None is without limit."""
    kept: list[Interval] = []
    for interval in intervals:
        start = interval.start_ns if start_ns is None else max(interval.start_ns, start_ns)
        end = interval.end_ns if end_ns is None else min(interval.end_ns, end_ns)
        if start <= end:
            kept.append(replace(interval, start_ns=start, end_ns=end))
    return tuple(kept)
