"""The one door for acts of review: who may, is it the time for it, and into the journal."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from calibration.errors import EditError, ForbiddenError, UsageError
from labeling.editing.edits import ApplyPatches
from labeling.editing.service import LabelService
from labeling.editing.store import Store, Transaction
from labeling.review import acts
from labeling.review.acts import ACT, Act
from labeling.review.board import Board, Decision, Event, Task, TaskState, state_after
from labeling.review.evidence import with_evidence
from labeling.review.people import Person, Role
from labeling.track import Track
from labeling.track_record import track_from_json
from labeling.versions import VersionService

_KIND = "review"
_ROLES: Mapping[type[object], Role] = {
    acts.OpenTask: Role.LEAD,
    acts.Adjudicate: Role.LEAD,
    acts.Reopen: Role.LEAD,
    acts.Accept: Role.REVIEWER,
    acts.RequestChanges: Role.REVIEWER,
}


_STEPS: Mapping[str, Callable[[str, str], Act]] = {
    "take": lambda task_id, _: acts.Take(task_id),
    "submit": lambda task_id, _: acts.Submit(task_id),
    "request_changes": lambda task_id, _: acts.RequestChanges(task_id, uuid.uuid4().hex, "why"),
    "accept": lambda task_id, _: acts.Accept(task_id),
    "escalate": lambda task_id, name: acts.Escalate(task_id, "why", (acts.Proposal(name, "this"),) * 2),
    "adjudicate": lambda task_id, _: acts.Adjudicate(task_id, 0, "why"),
    "reopen": lambda task_id, _: acts.Reopen(task_id, "why"),
}
"""An act of each kind by somebody, to ask whether they may."""


class ReviewService:
    """Reads and moves the tasks of a project's recordings."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._labels = LabelService(store)
        self._versions = VersionService(store)

    def close(self) -> None:
        """Release the store."""
        self._store.close()

    def board(self, recording: str) -> Board:
        """The tasks of a recording, or of a layer of it."""
        with self._store.transaction() as transaction:
            return _board(transaction, recording)

    def boards(self) -> dict[str, Board]:
        """The boards of all recordings and layers that have any."""
        with self._store.transaction() as transaction:
            events = [Event.of(entry) for entry in transaction.notes(_KIND)]
        names = sorted({each.recording for each in events})
        return {name: Board.of(each for each in events if each.recording == name) for name in names}

    def possible(self, recording: str, person: Person) -> dict[str, tuple[str, ...]]:
        """The kinds of acts that a person may do with each task now."""
        with self._store.transaction() as transaction:
            board = _board(transaction, recording)
            return {
                each: tuple(
                    k
                    for k, make in _STEPS.items()
                    if _may(transaction, recording, board, make(each, person.name), person)
                )
                for each in board.tasks
            }

    def act(self, recording: str, act: Act, person: Person, *, key: str | None = None) -> Board:
        """Do it; it is in the journal when this returns, once however often it is sent with one key.

        An escalation takes its evidence along, and adjudication makes the chosen proposal's edit. Raises ForbiddenError
        if this person may not, EditError if it is not the time for it.
        """
        key = key or uuid.uuid4().hex
        with self._store.transaction() as transaction:
            if transaction.entry_with_key(recording, key) is not None:
                return _board(transaction, recording)
            board = _board(transaction, recording)
            _check(transaction, recording, board, act, person)
        if isinstance(act, acts.Escalate):
            act = with_evidence(act, self._versions, recording)
        edit = _decided_edit(board, act)
        if edit is not None:
            self._labels.apply_edit(recording, edit, actor=person.name, key=f"{key}/edit")
        with self._store.transaction() as transaction:
            _check(transaction, recording, _board(transaction, recording), act, person)
            transaction.note(recording, person.name, _KIND, ACT.dump_json(act), key)
            return _board(transaction, recording)

    def precedents(self, text: str = "", rule: str = "") -> tuple[Decision, ...]:
        """Decisions of all recordings in which every word of the text occurs, of one rule or of any, newest first."""
        found = [each for board in self.boards().values() for each in board.decisions]
        words = text.lower().split()
        chosen = [each for each in found if rule in ("", each.rule) and _has(each, words)]
        return tuple(sorted(chosen, key=lambda each: -each.at_ns))


def _may(transaction: Transaction, recording: str, board: Board, act: Act, person: Person) -> bool:
    try:
        _check(transaction, recording, board, act, person)
    except EditError:
        return False
    return True


def _has(decision: Decision, words: list[str]) -> bool:
    dispute = decision.dispute
    said = (decision.rule, decision.text, dispute.evidence, *(each.text for each in dispute.proposals))
    return all(word in " ".join(said).lower() for word in words)


def _board(transaction: Transaction, recording: str) -> Board:
    return Board.of(Event.of(entry) for entry in transaction.notes(_KIND, recording))


def _decided_edit(board: Board, act: Act) -> ApplyPatches | None:
    if not isinstance(act, acts.Adjudicate):
        return None
    dispute = board.tasks[act.task_id].dispute
    return None if dispute is None else dispute.proposals[act.chosen].edit


def _check(transaction: Transaction, recording: str, board: Board, act: Act, person: Person) -> None:
    """Raises where it may not be done."""
    role = _ROLES.get(type(act), Role.ANNOTATOR)
    if not person.role.covers(role):
        raise ForbiddenError(f"{person.name} is {person.role}, and this takes a {role}", where=recording)
    if isinstance(act, acts.AddComment):
        _check_comment(board, act)
    elif isinstance(act, acts.ResolveComment):
        if act.comment_id not in board.comments:
            raise EditError("there is no such comment", where=act.comment_id)
    elif isinstance(act, acts.OpenTask):
        _check_opening(board, act)
    else:
        _check_step(transaction, recording, board, act, person)


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


def _check_step(transaction: Transaction, recording: str, board: Board, act: acts.TaskAct, person: Person) -> None:
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
        _check_reviewer(transaction, recording, task, act, person)
    elif isinstance(act, acts.Adjudicate):
        _check_not_a_party(task, person)
    elif isinstance(act, acts.Submit) and task.annotators[-1:] != (person.name,):
        raise ForbiddenError(f"{task.annotators[-1]} holds this task", where=task.id)
    elif isinstance(act, acts.Escalate):
        _check_dispute(task, act, person)


def _check_reviewer(transaction: Transaction, recording: str, task: Task, act: acts.TaskAct, person: Person) -> None:
    if not person.role.covers(Role.REVIEWER):
        raise ForbiddenError(f"{person.name} is {person.role}, and a review takes a reviewer", where=task.id)
    if person.name in task.annotators:
        raise ForbiddenError("nobody reviews their own work, and you labelled this", where=task.id)
    edited = _edited_in(transaction, recording, task, person.name)
    if edited:
        raise ForbiddenError(
            f"nobody reviews their own work, and you edited {len(edited)} of its tracks since it was opened",
            where=task.id,
        )
    if not isinstance(act, acts.Take) and task.reviewers[-1:] != (person.name,):
        raise ForbiddenError(f"{task.reviewers[-1]} reviews this task", where=task.id)


def _edited_in(transaction: Transaction, recording: str, task: Task, name: str) -> list[str]:
    """Tracks of the task that somebody's standing edits touched since it was opened; deleted ones count."""
    touched = transaction.standing_edits(recording, name, task.opened)
    rows = transaction.rows(recording, touched) if touched else []
    bodies: list[tuple[str, Track | None]] = [
        (row.id, None if row.body is None else track_from_json(row.body)) for row in rows
    ]
    return [each for each, track in bodies if track is None or task.holds(track)]


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
