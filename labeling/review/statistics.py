"""How work goes: per person, per class and per rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from labeling.review import acts
from labeling.review.board import Board, Task
from labeling.track import Track


@dataclass(slots=True)
class PersonStatistics:
    """submitted: how often; first_time: tasks accepted without changes; returned: how often changes were requested;
    reviewed: verdicts given; overruled: disputes that were decided for the other. working_s: from taking a task to
    submitting it."""

    submitted: int = 0
    first_time: int = 0
    returned: int = 0
    accepted: int = 0
    reviewed: int = 0
    overruled: int = 0
    comments: int = 0
    working_s: float = 0.0


@dataclass(slots=True)
class ClassStatistics:
    """tracks: of the class in tasks; comments: pinned to one of them."""

    tracks: int = 0
    comments: int = 0


@dataclass(slots=True)
class RuleStatistics:
    """Findings, disputes and decisions under a rule."""

    comments: int = 0
    escalated: int = 0
    decided: int = 0


@dataclass(slots=True)
class Statistics:
    """states: how many tasks are in each."""

    states: Counter[str] = field(default_factory=Counter)
    people: dict[str, PersonStatistics] = field(default_factory=dict)
    classes: dict[str, ClassStatistics] = field(default_factory=dict)
    rules: dict[str, RuleStatistics] = field(default_factory=dict)

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "states": dict(self.states),
            **{
                name: {each: asdict(value) for each, value in sorted(getattr(self, name).items())}
                for name in ("people", "classes", "rules")
            },
        }


def statistics(boards: Mapping[str, Board], tracks: Mapping[str, Mapping[str, Track]]) -> Statistics:
    """Of the boards of several recordings, and the tracks of each."""
    found = Statistics()
    for name, board in boards.items():
        for task in board.tasks.values():
            found.states[task.state.value] += 1
            _count_people(found, task)
            _count_classes(found, task, tracks.get(name, {}))
        _count_comments(found, board, tracks.get(name, {}))
        for decision in board.decisions:
            _rule(found, decision.rule).decided += 1
            _person(found, decision.dispute.proposals[1 - decision.chosen].by).overruled += 1
    return found


def _count_people(found: Statistics, task: Task) -> None:
    """Along its story; the work that is judged is that of who submitted it last."""
    author, taken_ns, returned = "", 0, 0
    for event in task.story:
        match event.act:
            case acts.Take():
                taken_ns = event.at_ns
            case acts.Submit():
                author = event.who
                _person(found, author).submitted += 1
                _person(found, author).working_s += (event.at_ns - taken_ns) * 1e-9
            case acts.RequestChanges():
                returned += 1
                _person(found, event.who).reviewed += 1
                _person(found, author).returned += 1
            case acts.Accept():
                _person(found, event.who).reviewed += 1
                _person(found, author).accepted += 1
                _person(found, author).first_time += not returned
            case acts.Escalate():
                _rule(found, event.act.rule).escalated += 1


def _count_classes(found: Statistics, task: Task, tracks: Mapping[str, Track]) -> None:
    for track in tracks.values():
        if task.holds(track):
            _class(found, track.class_name).tracks += 1


def _count_comments(found: Statistics, board: Board, tracks: Mapping[str, Track]) -> None:
    for comment in board.comments.values():
        _person(found, comment.who).comments += 1
        if comment.rule:
            _rule(found, comment.rule).comments += 1
        track = tracks.get(comment.pin.track_id)
        if track is not None:
            _class(found, track.class_name).comments += 1


def _person(found: Statistics, name: str) -> PersonStatistics:
    return found.people.setdefault(name, PersonStatistics())


def _class(found: Statistics, name: str) -> ClassStatistics:
    return found.classes.setdefault(name, ClassStatistics())


def _rule(found: Statistics, name: str) -> RuleStatistics:
    return found.rules.setdefault(name or "none", RuleStatistics())
