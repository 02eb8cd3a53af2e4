"""The one door for acts of review: who may, is it the time for it, and into the journal."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from calibration.errors import EditError
from labeling.editing.edits import ApplyPatches
from labeling.editing.service import LabelService
from labeling.editing.store import Store, Transaction
from labeling.review import acts
from labeling.review.acts import ACT, Act
from labeling.review.board import Board, Decision, Event
from labeling.review.checking import EditedTracks, check
from labeling.review.evidence import with_evidence
from labeling.review.people import Person
from labeling.versions import VersionService

_KIND = "review"
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
            board, edited = _board(transaction, recording), EditedTracks(transaction, recording, person.name)
            return {
                each: tuple(
                    kind for kind, make in _STEPS.items() if _may(edited, board, make(each, person.name), person)
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
            board = _board(transaction, recording)
            if transaction.entry_with_key(recording, key) is not None:
                return board
            check(EditedTracks(transaction, recording, person.name), board, act, person)
        if isinstance(act, acts.Escalate):
            act = with_evidence(act, self._versions, recording)
        edit = _decided_edit(board, act)
        if edit is not None:
            self._labels.apply_edit(recording, edit, actor=person.name, key=f"{key}/edit")
        with self._store.transaction() as transaction:
            board = _board(transaction, recording)
            if transaction.entry_with_key(recording, key) is not None:
                return board
            check(EditedTracks(transaction, recording, person.name), board, act, person)
            transaction.note(recording, person.name, _KIND, ACT.dump_json(act), key)
            return _board(transaction, recording)

    def precedents(self, text: str = "", rule: str = "") -> tuple[Decision, ...]:
        """Decisions of all recordings in which every word of the text occurs, of one rule or of any, newest first."""
        found = [each for board in self.boards().values() for each in board.decisions]
        words = text.lower().split()
        chosen = [each for each in found if rule in ("", each.rule) and _has(each, words)]
        return tuple(sorted(chosen, key=lambda each: -each.at_ns))


def _may(edited: EditedTracks, board: Board, act: Act, person: Person) -> bool:
    try:
        check(edited, board, act, person)
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
