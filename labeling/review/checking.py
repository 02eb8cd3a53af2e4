"""Who may do what with a task, and when: states, roles, and nobody reviews their own work."""

from __future__ import annotations

from collections.abc import Mapping

from calibration.errors import EditError, ForbiddenError, UsageError
from labeling.editing.store import Transaction
from labeling.review import acts
from labeling.review.acts import Act
from labeling.review.board import Board, Task, TaskState, state_after
from labeling.review.people import Person, Role
from labeling.track import Track
from labeling.track_record import track_from_json

_ROLES: Mapping[type[object], Role] = {
    acts.OpenTask: Role.LEAD,
    acts.Adjudicate: Role.LEAD,
    acts.Reopen: Role.LEAD,
    acts.Accept: Role.REVIEWER,
    acts.RequestChanges: Role.REVIEWER,
}


class EditedTracks:
    """The tracks that somebody's standing edits touched; each is read once, however many tasks are asked about."""

    def __init__(self, transaction: Transaction, recording: str, name: str) -> None:
        self.recording = recording
        self._transaction = transaction
        self._name = name
        self._known: dict[str, Track | None] = {}

    def tracks_in(self, task: Task) -> list[str]:
        """Those of a task that were touched since it was opened; deleted ones count."""
        touched = self._transaction.standing_edits(self.recording, self._name, task.opened)
        new = tuple(each for each in touched if each not in self._known)
        for row in self._transaction.rows(self.recording, new) if new else ():
            self._known[row.id] = None if row.body is None else track_from_json(row.body)
        tracks = ((each, self._known.get(each)) for each in touched)
        return [each for each, track in tracks if track is None or task.holds(track)]


def check(edited_by: EditedTracks, board: Board, act: Act, person: Person) -> None:
    """Raises ForbiddenError if the person may not, EditError or UsageError if it is not the time for it."""
    role = _ROLES.get(type(act), Role.ANNOTATOR)
    if not person.role.covers(role):
        raise ForbiddenError(f"{person.name} is {person.role}, and this takes a {role}", where=edited_by.recording)
    if isinstance(act, acts.AddComment):
        _check_comment(board, act)
    elif isinstance(act, acts.ResolveComment):
        if act.comment_id not in board.comments:
            raise EditError("there is no such comment", where=act.comment_id)
    elif isinstance(act, acts.OpenTask):
        _check_opening(board, act)
    else:
        _check_step(edited_by, board, act, person)


def _check_comment(board: Board, act: acts.AddComment) -> None:
    if act.comment_id in board.comments:
        raise EditError("there is a comment of this identity already", where=act.comment_id)
    if act.task_id and act.task_id not in board.tasks:
        raise EditError("there is no such task", where=act.task_id)


def _check_opening(board: Board, act: acts.OpenTask) -> None:
    if act.task_id in board.tasks:
        raise UsageError("there is a task of this name already", do="choose another", where=act.task_id)
    if act.end_ns < act.start_ns:
        raise UsageError("the task ends before it starts", where=act.task_id)


def _check_step(edited_by: EditedTracks, board: Board, act: acts.TaskAct, person: Person) -> None:
    task = board.tasks.get(act.task_id)
    if task is None:
        raise EditError("there is no such task", where=act.task_id)
    state = state_after(task.state, act)
    if state is None:
        word = act.kind.replace("_", " ")
        raise EditError(f"{word} is not possible, the task is {task.state.replace('_', ' ')}", where=task.id)
    if isinstance(act, acts.RequestChanges) and act.comment_id in board.comments:
        raise EditError("there is a comment of this identity already", where=act.comment_id)
    if isinstance(act, acts.Accept | acts.RequestChanges) or state is TaskState.IN_REVIEW:
        _check_reviewer(edited_by, task, act, person)
    elif isinstance(act, acts.Adjudicate):
        _check_not_a_party(task, person)
    elif isinstance(act, acts.Submit) and task.annotators[-1:] != (person.name,):
        raise ForbiddenError(f"{task.annotators[-1]} holds this task", where=task.id)
    elif isinstance(act, acts.Escalate):
        _check_dispute(task, act, person)


def _check_reviewer(edited_by: EditedTracks, task: Task, act: acts.TaskAct, person: Person) -> None:
    if not person.role.covers(Role.REVIEWER):
        raise ForbiddenError(f"{person.name} is {person.role}, and a review takes a reviewer", where=task.id)
    if person.name in task.annotators:
        raise ForbiddenError("nobody reviews their own work, and you labelled this", where=task.id)
    edited = edited_by.tracks_in(task)
    if edited:
        raise ForbiddenError(
            f"nobody reviews their own work, and you edited {len(edited)} of its tracks since it was opened",
            where=task.id,
        )
    if not isinstance(act, acts.Take) and task.reviewers[-1:] != (person.name,):
        raise ForbiddenError(f"{task.reviewers[-1]} reviews this task", where=task.id)


def _check_dispute(task: Task, act: acts.Escalate, person: Person) -> None:
    """Proposals are the parties', and their edits are about the disputed track: a lead decides on what they see."""
    parties = (*task.annotators, *task.reviewers)
    if person.name not in parties:
        raise ForbiddenError("only who labels or reviews a task can escalate it", where=task.id)
    if any(each.by not in parties for each in act.proposals):
        raise ForbiddenError("a proposal is by somebody who neither labelled nor reviewed the task", where=task.id)
    edits = [each.edit for each in act.proposals if each.edit is not None]
    if any(patch.track_id != act.pin.track_id for edit in edits for patch in edit.patches):
        raise EditError("a proposal may change only the disputed track", where=task.id)


def _check_not_a_party(task: Task, person: Person) -> None:
    if person.name in (*task.annotators, *task.reviewers):
        raise ForbiddenError("who labelled or reviewed a task cannot adjudicate it", where=task.id)
