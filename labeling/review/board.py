"""What the journal's entries make of a recording's tasks: states, comments, disputes and decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from labeling.editing.layers import recording_of
from labeling.review import acts
from labeling.review.acts import ACT, Act
from labeling.review.sampling import SamplingPlan
from labeling.track import Track
from labeling.versions.diff import extent


class TaskState(StrEnum):
    """Where a task stands."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    ACCEPTED = "accepted"
    ESCALATED = "escalated"
    ADJUDICATED = "adjudicated"


@dataclass(frozen=True, slots=True)
class Event:
    """An act as the journal has it."""

    sequence: int
    recording: str
    who: str
    at_ns: int
    act: Act

    @staticmethod
    def of(entry: Any) -> Event:
        """From a journal entry."""
        return Event(entry.sequence, entry.recording, entry.actor, entry.at_ns, ACT.validate_json(entry.edit))


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark; resolved_by: who has seen to it, empty while nobody has."""

    id: str
    task_id: str
    text: str
    pin: acts.Pin
    rule: str
    who: str
    at_ns: int
    resolved_by: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A lead's decision on a dispute."""

    recording: str
    task_id: str
    rule: str
    text: str
    chosen: int
    dispute: acts.Escalate
    who: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it is now.

    annotators, reviewers: who took it to label it, to review it. opened: number of the journal entry that opened it;
    since: of the one that brought it into its state. story: everything that happened to it. dispute: what is escalated.
    """

    id: str
    title: str
    start_ns: int
    end_ns: int
    classes: tuple[str, ...]
    sampling: SamplingPlan
    state: TaskState
    opened: int
    since: int
    annotators: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    story: tuple[Event, ...] = ()
    dispute: acts.Escalate | None = None

    def holds(self, track: Track) -> bool:
        """Whether a track is part of the task's work."""
        start, end = extent(track)
        return (not self.classes or track.class_name in self.classes) and start <= self.end_ns and end >= self.start_ns


_AFTER: dict[type[Any], dict[TaskState, TaskState]] = {
    acts.Take: {
        TaskState.OPEN: TaskState.IN_PROGRESS,
        TaskState.CHANGES_REQUESTED: TaskState.IN_PROGRESS,
        TaskState.SUBMITTED: TaskState.IN_REVIEW,
    },
    acts.Submit: {TaskState.IN_PROGRESS: TaskState.SUBMITTED},
    acts.RequestChanges: {TaskState.IN_REVIEW: TaskState.CHANGES_REQUESTED},
    acts.Accept: {TaskState.IN_REVIEW: TaskState.ACCEPTED},
    acts.Escalate: {
        TaskState.IN_REVIEW: TaskState.ESCALATED,
        TaskState.CHANGES_REQUESTED: TaskState.ESCALATED,
    },
    acts.Adjudicate: {TaskState.ESCALATED: TaskState.ADJUDICATED},
    acts.Reopen: {
        TaskState.ACCEPTED: TaskState.CHANGES_REQUESTED,
        TaskState.ADJUDICATED: TaskState.CHANGES_REQUESTED,
        TaskState.IN_PROGRESS: TaskState.OPEN,
        TaskState.IN_REVIEW: TaskState.SUBMITTED,
    },
}


def state_after(state: TaskState, act: Act) -> TaskState | None:
    """The state that an act leads to; None where it cannot be done."""
    return _AFTER.get(type(act), {}).get(state)


@dataclass(frozen=True, slots=True)
class Board:
    """All tasks, comments and decisions of a recording, or of a layer of it."""

    tasks: Mapping[str, Task] = field(default_factory=dict)
    comments: Mapping[str, Comment] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()

    @staticmethod
    def of(events: Iterable[Event]) -> Board:
        """From the journal's events, oldest first."""
        board = Board()
        for event in events:
            board = board.after(event)
        return board

    def after(self, event: Event) -> Board:
        """With one more event, which must be one that the state allows."""
        act = event.act
        if isinstance(act, acts.AddComment | acts.RequestChanges):
            comment = Comment(act.comment_id, act.task_id, act.text, act.pin, act.rule, event.who, event.at_ns)
            self = replace(self, comments={**self.comments, comment.id: comment})
        if isinstance(act, acts.AddComment):
            return self
        if isinstance(act, acts.ResolveComment):
            resolved = replace(self.comments[act.comment_id], resolved_by=event.who)
            return replace(self, comments={**self.comments, act.comment_id: resolved})
        if isinstance(act, acts.OpenTask):
            return self._with(_opened(act, event))
        task = self.tasks[act.task_id]
        if isinstance(act, acts.Adjudicate):
            self = replace(self, decisions=(*self.decisions, _decision(task, act, event)))
        return self._with(_stepped(task, act, event))

    def _with(self, task: Task) -> Board:
        return replace(self, tasks={**self.tasks, task.id: task})


def _opened(act: acts.OpenTask, event: Event) -> Task:
    return Task(
        act.task_id,
        act.title,
        act.start_ns,
        act.end_ns,
        act.classes,
        act.sampling,
        TaskState.OPEN,
        event.sequence,
        event.sequence,
        story=(event,),
    )


def _stepped(task: Task, act: Act, event: Event) -> Task:
    state = state_after(task.state, act)
    assert state is not None
    annotators, reviewers = task.annotators, task.reviewers
    if isinstance(act, acts.Take) and state is TaskState.IN_PROGRESS:
        annotators = _including(annotators, event.who)
    elif isinstance(act, acts.Take):
        reviewers = _including(reviewers, event.who)
    return replace(
        task,
        state=state,
        since=event.sequence,
        annotators=annotators,
        reviewers=reviewers,
        story=(*task.story, event),
        dispute=act if isinstance(act, acts.Escalate) else task.dispute,
    )


def _including(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The newest last."""
    return (*(each for each in names if each != name), name)


def _decision(task: Task, act: acts.Adjudicate, event: Event) -> Decision:
    assert task.dispute is not None
    rule = act.rule or task.dispute.rule
    recording = recording_of(event.recording)
    return Decision(recording, task.id, rule, act.text, act.chosen, task.dispute, event.who, event.at_ns)
