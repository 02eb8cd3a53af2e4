"""Labels on disk: an append-only journal and the current rows, in SQLite.

Every write is one transaction that is on disk (WAL, synchronous=FULL) before the call returns.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from calibration.errors import InputError

_METADATA = sa.MetaData()
_PATIENCE_S = 30.0

# The current version of each track; a deleted one keeps its row and revision, without a body.
TRACKS = sa.Table(
    "tracks",
    _METADATA,
    sa.Column("recording", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=True),
)
# What was done, never changed. kind: edit; undo or redo, of which `target` is the edit that it is about; else a note,
# which changes no label (a version's name, a step of a review) and which nothing undoes.
LABEL_KINDS = ("edit", "undo", "redo")
JOURNAL = sa.Table(
    "journal",
    _METADATA,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("recording", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at_ns", sa.BigInteger, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("target", sa.Integer, nullable=False),
    sa.Column("edit", sa.LargeBinary, nullable=False),
    sa.Column("inverse", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("recording", "key"),
    sa.Index("journal_by_kind", "kind", "recording", "sequence"),
)
# Which tracks each entry touched.
TOUCHED = sa.Table(
    "touched",
    _METADATA,
    sa.Column("recording", sa.Text, primary_key=True),
    sa.Column("track_id", sa.Text, primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
)
# People: who they are is their name; of their token only the hash is kept.
PEOPLE = sa.Table(
    "people",
    _METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("token_hash", sa.Text, nullable=False, unique=True),
    sa.Column("added_ns", sa.BigInteger, nullable=False),
)
# For each edit whether it stands: undone_by is the journal entry that took it back.
UNDO = sa.Table(
    "undo",
    _METADATA,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("recording", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("undone_by", sa.Integer, nullable=True),
    sa.Index("undo_by_actor", "recording", "actor", "undone_by", "sequence"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A track's current version; body None: deleted."""

    id: str
    revision: int
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal, without its number."""

    recording: str
    actor: str
    at_ns: int
    key: str
    kind: str
    target: int
    edit: bytes
    inverse: bytes


class Transaction:
    """Reads and writes that happen together or not at all."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def rows(self, recording: str, ids: tuple[str, ...] | None = None) -> list[Row]:
        """Current rows, deleted ones included; all of a recording, or those of the ids."""
        query = sa.select(TRACKS.c.id, TRACKS.c.revision, TRACKS.c.body).where(TRACKS.c.recording == recording)
        if ids is not None:
            query = query.where(TRACKS.c.id.in_(ids))
        return [Row(*row) for row in self._connection.execute(query.order_by(TRACKS.c.id))]

    def rows_since(self, recording: str, sequence: int) -> list[Row]:
        """Current rows of the tracks touched after a journal entry."""
        changed = sa.select(TOUCHED.c.track_id).where(TOUCHED.c.recording == recording, TOUCHED.c.sequence > sequence)
        query = sa.select(TRACKS.c.id, TRACKS.c.revision, TRACKS.c.body)
        query = query.where(TRACKS.c.recording == recording, TRACKS.c.id.in_(changed))
        return [Row(*row) for row in self._connection.execute(query)]

    def count(self, recording: str) -> int:
        """How many tracks there are."""
        query = sa.select(sa.func.count()).select_from(TRACKS)
        where = (TRACKS.c.recording == recording, TRACKS.c.body.is_not(None))
        return int(self._connection.execute(query.where(*where)).scalar_one())

    def recordings(self) -> tuple[str, ...]:
        """Everything that the journal is about, sorted."""
        query = sa.select(JOURNAL.c.recording).distinct().order_by(JOURNAL.c.recording)
        return tuple(self._connection.execute(query).scalars())

    def last_sequence(self, recording: str) -> int:
        """Number of the recording's newest journal entry; 0 without any."""
        query = sa.select(sa.func.max(TOUCHED.c.sequence)).where(TOUCHED.c.recording == recording)
        return int(self._connection.execute(query).scalar() or 0)

    def entry_with_key(self, recording: str, key: str) -> sa.Row[Any] | None:
        """The entry that an idempotence key already made."""
        query = sa.select(JOURNAL).where(JOURNAL.c.recording == recording, JOURNAL.c.key == key)
        return self._connection.execute(query).first()

    def entry(self, sequence: int) -> sa.Row[Any]:
        """The entry of a number."""
        return self._connection.execute(sa.select(JOURNAL).where(JOURNAL.c.sequence == sequence)).one()

    def entries(self, recording: str) -> list[sa.Row[Any]]:
        """The recording's whole journal, oldest first."""
        query = sa.select(JOURNAL).where(JOURNAL.c.recording == recording).order_by(JOURNAL.c.sequence)
        return list(self._connection.execute(query))

    def label_entries_since(self, recording: str, sequence: int) -> list[sa.Row[Any]]:
        """What changed the recording's labels after an entry, newest first."""
        query = sa.select(JOURNAL).where(JOURNAL.c.recording == recording, JOURNAL.c.sequence > sequence)
        query = query.where(JOURNAL.c.kind.in_(LABEL_KINDS)).order_by(JOURNAL.c.sequence.desc())
        return list(self._connection.execute(query))

    def notes(self, kind: str, recording: str | None = None) -> list[sa.Row[Any]]:
        """The notes of a kind, oldest first; of one recording or of all."""
        query = sa.select(JOURNAL).where(JOURNAL.c.kind == kind).order_by(JOURNAL.c.sequence)
        return list(
            self._connection.execute(query if recording is None else query.where(JOURNAL.c.recording == recording))
        )

    def note(self, recording: str, actor: str, kind: str, body: bytes, key: str) -> int:
        """Write a note into the journal; its number."""
        return self.append(Entry(recording, actor, time.time_ns(), key, kind, 0, body, b""), ())

    def standing_edits(self, recording: str, actor: str, since: int) -> tuple[str, ...]:
        """The tracks that an actor's edits after an entry touched, of those edits that nobody took back."""
        where = (UNDO.c.recording == recording, UNDO.c.actor == actor, UNDO.c.sequence > since)
        query = sa.select(TOUCHED.c.track_id).distinct().join(UNDO, UNDO.c.sequence == TOUCHED.c.sequence)
        return tuple(self._connection.execute(query.where(*where, UNDO.c.undone_by.is_(None))).scalars())

    def put(self, recording: str, row: Row) -> None:
        """Set a current row."""
        key = {"recording": recording, "id": row.id}
        values = {"revision": row.revision, "body": row.body}
        where = (TRACKS.c.recording == recording, TRACKS.c.id == row.id)
        if self._connection.execute(sa.update(TRACKS).where(*where).values(values)).rowcount == 0:
            self._connection.execute(sa.insert(TRACKS).values(key | values))

    def append(self, entry: Entry, touched: tuple[str, ...]) -> int:
        """Add to the journal; the new entry's number."""
        values = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
        statement = sa.insert(JOURNAL).values(values).returning(JOURNAL.c.sequence)
        sequence = int(self._connection.execute(statement).scalar_one())
        rows = [{"recording": entry.recording, "track_id": each, "sequence": sequence} for each in touched]
        if rows:
            self._connection.execute(sa.insert(TOUCHED), rows)
        return sequence

    def touched(self, recording: str, sequence: int) -> tuple[str, ...]:
        """The tracks that an entry touched."""
        query = sa.select(TOUCHED.c.track_id).where(TOUCHED.c.recording == recording, TOUCHED.c.sequence == sequence)
        return tuple(self._connection.execute(query).scalars())

    def sequences_touching(self, recording: str, track_id: str) -> tuple[int, ...]:
        """Numbers of the entries that touched a track, oldest first."""
        where = (TOUCHED.c.recording == recording, TOUCHED.c.track_id == track_id)
        query = sa.select(TOUCHED.c.sequence).where(*where).order_by(TOUCHED.c.sequence)
        return tuple(self._connection.execute(query).scalars())

    def last_touching(self, recording: str, track_id: str) -> sa.Row[Any] | None:
        """The newest entry that touched a track."""
        where = (TOUCHED.c.recording == recording, TOUCHED.c.track_id == track_id)
        newest = self._connection.execute(sa.select(sa.func.max(TOUCHED.c.sequence)).where(*where)).scalar()
        return None if newest is None else self.entry(newest)

    def others_since(self, recording: str, ids: tuple[str, ...], sequence: int, actor: str) -> str | None:
        """Who else has touched one of the tracks since."""
        query = (
            sa.select(JOURNAL.c.actor)
            .join(TOUCHED, TOUCHED.c.sequence == JOURNAL.c.sequence)
            .where(TOUCHED.c.recording == recording, TOUCHED.c.track_id.in_(ids), TOUCHED.c.sequence > sequence)
            .where(JOURNAL.c.actor != actor)
        )
        return self._connection.execute(query.limit(1)).scalar()

    def note_edit(self, recording: str, actor: str, sequence: int) -> None:
        """A new edit can be undone."""
        values = {"sequence": sequence, "recording": recording, "actor": actor, "undone_by": None}
        self._connection.execute(sa.insert(UNDO).values(values))

    def note_undone(self, sequence: int, undone_by: int | None) -> None:
        """An edit was taken back by an entry, or stands again."""
        self._connection.execute(sa.update(UNDO).where(UNDO.c.sequence == sequence).values(undone_by=undone_by))

    def next_undo(self, recording: str, actor: str) -> int | None:
        """The actor's newest edit that stands."""
        mine = (UNDO.c.recording == recording, UNDO.c.actor == actor)
        query = sa.select(sa.func.max(UNDO.c.sequence)).where(*mine, UNDO.c.undone_by.is_(None))
        return self._connection.execute(query).scalar()

    def next_redo(self, recording: str, actor: str) -> int | None:
        """The edit that the actor took back last, unless they have edited since: that closes the way forward."""
        mine = (UNDO.c.recording == recording, UNDO.c.actor == actor, UNDO.c.undone_by.is_not(None))
        query = sa.select(UNDO.c.sequence, UNDO.c.undone_by).where(*mine).order_by(UNDO.c.undone_by.desc()).limit(1)
        last = self._connection.execute(query).first()
        standing = self.next_undo(recording, actor) or 0
        return None if last is None or standing > last.undone_by else int(last.sequence)


class Store:
    """The labels of one project."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @staticmethod
    def open(path: Path) -> Store:
        """Open or create the SQLite file. Raises InputError if it cannot be written or is something else."""
        engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": _PATIENCE_S})
        sa.event.listen(engine, "connect", _configure)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        try:
            _METADATA.create_all(engine)
            for index in JOURNAL.indexes:  # a store of an earlier version has the table without it
                index.create(engine, checkfirst=True)
        except sa.exc.DatabaseError as error:
            engine.dispose()
            raise InputError(
                f"the label store cannot be used ({error.orig})", do="check the folder's permissions", where=path
            ) from error
        return Store(engine)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """On disk when the block is left; nothing happened if it raises."""
        with self._engine.begin() as connection:
            yield Transaction(connection)

    @contextmanager
    def connection(self) -> Iterator[sa.Connection]:
        """For tables that no label is in; as `transaction` otherwise."""
        with self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Release the file."""
        self._engine.dispose()


def _configure(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun by the listener above, not by the driver
    _write_ahead(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """While several open a new file at once, SQLite refuses this at once instead of waiting as it was told to."""
    end_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end_s:
                raise
            time.sleep(0.01)
