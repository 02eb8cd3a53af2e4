"""The one door for every change: permission, idempotence, revision, apply, journal. Then it is on disk."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from calibration import Rig
from calibration.errors import ConflictError, EditError
from labeling.editing.apply import apply
from labeling.editing.edits import EDIT, RIG_ID, AdoptRig, Edit, touched_ids
from labeling.editing.layers import layer_of, recording_of
from labeling.editing.rigs import RigVersion, current_edit, newest_rig, rig_history, rig_of
from labeling.editing.store import Entry, Row, Store, Transaction
from labeling.track import Track
from labeling.track_record import track_from_json, track_to_json

Permission = Callable[[str, str, Edit], None]
RigCheck = Callable[[str, Rig], None]


def everybody_may(actor: str, recording: str, edit: Edit) -> None:
    """The permission hook of a single user: raises nothing. A hook refuses by raising ForbiddenError; it is asked
    outside of any transaction, so that it may read the store."""


def any_rig(recording: str, rig: Rig) -> None:
    """The check of rigs without recordings: raises nothing. A check refuses by raising CalibrationError."""


@dataclass(frozen=True, slots=True)
class Version:
    """A track at a revision; track None: deleted."""

    id: str
    revision: int
    track: Track | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an acknowledged edit, undo or redo did: its number in the journal and the new versions; the rig's too."""

    sequence: int
    versions: tuple[Version, ...]
    can_undo: bool
    can_redo: bool
    rig_number: int = 0


@dataclass(slots=True)
class _Cache:
    sequence: int = -1
    versions: dict[str, Version] = field(default_factory=dict)


class LabelService:
    """Reads and edits the labels of a project's recordings; safe to call from several threads and processes."""

    def __init__(self, store: Store, permission: Permission = everybody_may, check_rig: RigCheck = any_rig) -> None:
        self._store = store
        self._permission = permission
        self._check_rig = check_rig
        self._caches: dict[str, _Cache] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Release the store."""
        self._store.close()

    def count(self, recording: str) -> int:
        """How many tracks a recording has."""
        with self._store.transaction() as transaction:
            return transaction.count(recording)

    def layers(self) -> tuple[str, ...]:
        """Keys of all layers that anybody ever wrote into, sorted; see `labeling.editing.layers`."""
        with self._store.transaction() as transaction:
            return tuple(each for each in transaction.recordings() if layer_of(each))

    def versions(self, recording: str) -> tuple[int, dict[str, Version]]:
        """The newest journal number and every track that is not deleted, by id."""
        with self._lock:
            cache = self._caches.setdefault(recording, _Cache())
            with self._store.transaction() as transaction:
                newest = transaction.last_sequence(recording)
                if newest == cache.sequence:
                    return newest, dict(cache.versions)
                fresh = cache.sequence < 0
                rows = transaction.rows(recording) if fresh else transaction.rows_since(recording, cache.sequence)
            for row in rows:
                cache.versions[row.id] = _version(row)
            cache.versions = {each: version for each, version in cache.versions.items() if version.track is not None}
            cache.sequence = newest
            return newest, dict(cache.versions)

    def tracks(self, recording: str) -> dict[str, Track]:
        """Every track that is not deleted, by id."""
        _, versions = self.versions(recording)
        return {each: version.track for each, version in versions.items() if version.track is not None}

    def rig(self, recording: str) -> Rig | None:
        """The rig that was adopted for a recording; None: the one that it came with."""
        with self._store.transaction() as transaction:
            return rig_of(current_edit(transaction, recording))

    def rig_number(self, recording: str) -> int:
        """Number of the newest rig version, 0 without any: it changes whenever the rig may have."""
        with self._store.transaction() as transaction:
            return newest_rig(transaction, recording)

    def rig_versions(self, recording: str) -> tuple[RigVersion, ...]:
        """Every rig that was in force, oldest first; the first is the recording's own."""
        with self._store.transaction() as transaction:
            return rig_history(transaction, recording)

    def apply_edit(
        self,
        recording: str,
        edit: Edit,
        *,
        actor: str = "local",
        key: str | None = None,
        expected: Mapping[str, int] | None = None,
    ) -> Outcome:
        """Apply an edit; it is on disk when this returns.

        key: repeating a call with the same key answers again without applying again. expected: the revision of each
        track that the caller saw. Raises ForbiddenError, ConflictError if a track has moved on, EditError otherwise.
        """
        self._permission(actor, recording, edit)
        self._check(recording, edit)
        key = key or uuid.uuid4().hex
        with self._store.transaction() as transaction:
            done = _already_done(transaction, recording, key, edit)
            if done is not None:
                return _outcome(transaction, recording, actor, done)
            sequence = _apply(transaction, recording, actor, key, edit, expected or {})
            transaction.note_edit(recording, actor, sequence)
            return _outcome(transaction, recording, actor, sequence)

    def undo(self, recording: str, *, actor: str = "local", key: str | None = None) -> Outcome:
        """Take back the actor's newest edit that stands. Raises EditError if there is none, ConflictError if somebody
        else has changed one of its tracks since."""
        return self._step(recording, actor, key or uuid.uuid4().hex, "undo")

    def redo(self, recording: str, *, actor: str = "local", key: str | None = None) -> Outcome:
        """Do again what the actor took back last. Raises like `undo`."""
        return self._step(recording, actor, key or uuid.uuid4().hex, "redo")

    def can(self, recording: str, actor: str = "local") -> tuple[bool, bool]:
        """Whether there is something to undo, and something to redo."""
        with self._store.transaction() as transaction:
            return _can(transaction, recording, actor)

    def _check(self, recording: str, edit: Edit) -> None:
        rig = rig_of(edit) if isinstance(edit, AdoptRig) else None
        if rig is not None:
            self._check_rig(recording, rig)

    def _step(self, recording: str, actor: str, key: str, kind: str) -> Outcome:
        with self._store.transaction() as transaction:
            next_step = _next_step(transaction, recording, actor, kind)
        if next_step is not None:
            self._permission(actor, recording, next_step[1])
        with self._store.transaction() as transaction:
            done = _already_done(transaction, recording, key, None)
            if done is not None:
                return _outcome(transaction, recording, actor, done)
            if next_step is None or next_step != _next_step(transaction, recording, actor, kind):
                raise EditError(f"there is nothing to {kind}", where=recording)
            target, edit = next_step
            _check_untouched(transaction, recording, target, actor, kind)
            sequence = _apply(transaction, recording, actor, key, edit, {}, kind, target)
            transaction.note_undone(target, sequence if kind == "undo" else None)
            return _outcome(transaction, recording, actor, sequence)


def _version(row: Row) -> Version:
    return Version(row.id, row.revision, None if row.body is None else track_from_json(row.body))


def _already_done(transaction: Transaction, recording: str, key: str, edit: Edit | None) -> int | None:
    entry = transaction.entry_with_key(recording, key)
    if entry is None:
        return None
    if edit is not None and entry.edit != EDIT.dump_json(edit):
        raise EditError("this key was used for another edit", do="make a new key for each edit", where=key)
    return int(entry.sequence)


def _apply(
    transaction: Transaction,
    recording: str,
    actor: str,
    key: str,
    edit: Edit,
    expected: Mapping[str, int],
    kind: str = "edit",
    target: int = 0,
) -> int:
    if isinstance(edit, AdoptRig):
        texts = EDIT.dump_json(edit), EDIT.dump_json(current_edit(transaction, recording))
        return transaction.append(Entry(recording, actor, time.time_ns(), key, kind, target, *texts), (RIG_ID,))
    rows = {row.id: row for row in transaction.rows(recording, touched_ids(edit))}
    _check_expected(rows, expected)
    live = {each: track_from_json(row.body) for each, row in rows.items() if row.body is not None}
    change = apply(edit, live)
    for track_id, track in change.tracks.items():
        revision = rows[track_id].revision + 1 if track_id in rows else 1
        transaction.put(recording, Row(track_id, revision, None if track is None else track_to_json(track)))
    entry = Entry(
        recording, actor, time.time_ns(), key, kind, target, EDIT.dump_json(edit), EDIT.dump_json(change.inverse)
    )
    return transaction.append(entry, tuple(change.tracks))


def _check_expected(rows: Mapping[str, Row], expected: Mapping[str, int]) -> None:
    for track_id, revision in expected.items():
        if track_id in rows and rows[track_id].revision != revision:
            raise ConflictError(
                f"the track was changed meanwhile (revision {rows[track_id].revision}, you saw {revision})",
                (track_id,),
                do="look at the new version and edit again",
            )


def _next_step(transaction: Transaction, recording: str, actor: str, kind: str) -> tuple[int, Edit] | None:
    """The edit that the actor would take back or do again, and what that does; None if there is none."""
    choose = transaction.next_undo if kind == "undo" else transaction.next_redo
    target = choose(recording, actor)
    if target is None:
        return None
    entry = transaction.entry(target)
    return target, EDIT.validate_json(entry.inverse if kind == "undo" else entry.edit)


def _check_untouched(transaction: Transaction, recording: str, target: int, actor: str, kind: str) -> None:
    touched = transaction.touched(recording, target)
    other = transaction.others_since(recording, touched, target, actor)
    if other is not None:
        raise ConflictError(f"{other} has changed the same track since, {kind} would overwrite that", touched)


def _can(transaction: Transaction, recording: str, actor: str) -> tuple[bool, bool]:
    return (
        transaction.next_undo(recording, actor) is not None,
        transaction.next_redo(recording, actor) is not None,
    )


def _outcome(transaction: Transaction, recording: str, actor: str, sequence: int) -> Outcome:
    touched = transaction.touched(recording, sequence)
    versions = tuple(_version(row) for row in transaction.rows(recording, touched))
    return Outcome(
        sequence, versions, *_can(transaction, recording, actor), newest_rig(transaction, recording_of(recording))
    )
