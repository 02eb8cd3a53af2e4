"""Named versions: a name is a point of a recording's journal, and itself an entry of it."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from calibration.errors import UsageError
from labeling.editing.apply import apply
from labeling.editing.edits import EDIT, AdoptRig
from labeling.editing.layers import layer_key
from labeling.editing.store import Store, Transaction
from labeling.track import Track
from labeling.track_record import track_from_json

CURRENT = "current"
"""The labels as they are now."""

_KIND = "version"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class NamedVersion:
    """A name for the labels as they were after journal entry `sequence`; who gave it and when, and why (note)."""

    name: str
    sequence: int
    who: str
    at_ns: int
    note: str


@dataclass(frozen=True, slots=True)
class JournalLine:
    """An entry of the journal: who made it and when; kind: edit, undo, redo, or what it notes."""

    sequence: int
    who: str
    at_ns: int
    kind: str


@dataclass(frozen=True, slots=True)
class _Body:
    name: str
    sequence: int
    note: str = ""


_BODY = TypeAdapter(_Body)


class VersionService:
    """Names versions of a recording's labels, and reads the labels of any of them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def close(self) -> None:
        """Release the store."""
        self._store.close()

    def name(self, recording: str, name: str, *, actor: str = "local", note: str = "") -> NamedVersion:
        """Name the labels as they are now. Raises UsageError if the name is taken or cannot be one."""
        if not _NAME.fullmatch(name) or name == CURRENT:
            raise UsageError(f"a version cannot be called {name!r}", do="use letters, digits, dots, dashes")
        with self._store.transaction() as transaction:
            if any(each.name == name for each in _named(transaction, recording)):
                raise UsageError(f"there is a version {name!r} already", do="choose another name", where=recording)
            body = _Body(name, transaction.last_sequence(recording), note)
            transaction.note(recording, actor, _KIND, _BODY.dump_json(body), uuid.uuid4().hex)
            return _named(transaction, recording)[-1]

    def names(self, recording: str) -> tuple[NamedVersion, ...]:
        """The named versions of a recording, or of a layer of it, oldest first."""
        with self._store.transaction() as transaction:
            return _named(transaction, recording)

    def tracks(self, recording: str, reference: str = CURRENT) -> dict[str, Track]:
        """The tracks that a reference is about, by id: `current`, a version's NAME, `@LAYER`, or `@LAYER:NAME`.

        Raises UsageError if there is no such version.
        """
        layer, name = _parsed(reference)
        key = layer_key(recording, layer)
        with self._store.transaction() as transaction:
            if name == CURRENT:
                return _tracks_at(transaction, key, transaction.last_sequence(key))
            known = {each.name: each.sequence for each in _named(transaction, key)}
            if name not in known:
                there = f"there are {', '.join(known)}" if known else "name one with `boxwright versions name`"
                raise UsageError(f"there is no version {name!r}", do=there, where=key)
            return _tracks_at(transaction, key, known[name])

    def journal(self, recording: str) -> tuple[JournalLine, ...]:
        """Who did what kind of thing when, oldest first."""
        with self._store.transaction() as transaction:
            entries = transaction.entries(recording)
        return tuple(JournalLine(each.sequence, each.actor, each.at_ns, each.kind) for each in entries)

    def tracks_at(self, recording: str, sequence: int) -> dict[str, Track]:
        """The tracks as they were after a journal entry, by id."""
        with self._store.transaction() as transaction:
            return _tracks_at(transaction, recording, sequence)


def _parsed(reference: str) -> tuple[str, str]:
    """Layer and name."""
    if not reference.startswith("@"):
        return "", reference
    layer, _, name = reference[1:].partition(":")
    return layer, name or CURRENT


def _named(transaction: Transaction, recording: str) -> tuple[NamedVersion, ...]:
    return tuple(_version(entry) for entry in transaction.notes(_KIND, recording))


def _version(entry: Any) -> NamedVersion:
    body = _BODY.validate_json(entry.edit)
    return NamedVersion(body.name, body.sequence, entry.actor, entry.at_ns, body.note)


def _tracks_at(transaction: Transaction, recording: str, sequence: int) -> dict[str, Track]:
    """From the current rows back: each entry's inverse restores the very bytes that were there before it."""
    rows = transaction.rows(recording)
    tracks = {row.id: track_from_json(row.body) for row in rows if row.body is not None}
    for entry in transaction.label_entries_since(recording, sequence):
        inverse = EDIT.validate_json(entry.inverse)
        if isinstance(inverse, AdoptRig):
            continue
        for track_id, track in apply(inverse, tracks).tracks.items():
            if track is None:
                tracks.pop(track_id, None)
            else:
                tracks[track_id] = track
    return dict(sorted(tracks.items()))
