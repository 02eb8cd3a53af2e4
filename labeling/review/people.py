"""People: a name, a role, and a token of their own, of which the store keeps only a hash."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from calibration.errors import UsageError
from labeling.editing.store import PEOPLE, Store

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LOCAL_NAME = "local"


class Role(StrEnum):
    """What somebody may do: a reviewer may also annotate, a lead may also review; nobody reviews their own work."""

    ANNOTATOR = "annotator"
    REVIEWER = "reviewer"
    LEAD = "lead"

    def covers(self, other: Role) -> bool:
        """Whether this role may do what the other may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who labels."""

    name: str
    role: Role


LOCAL = Person(_LOCAL_NAME, Role.LEAD)
"""Who holds the token that the server printed, or types commands: whoever owns the project folder."""


class People:
    """The project's people."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def close(self) -> None:
        """Release the store."""
        self._store.close()

    def add(self, name: str, role: Role) -> str:
        """Add somebody, or give somebody a new role and token; the token, which is not to be had again.

        Raises UsageError for a name that cannot be.
        """
        if not _NAME.fullmatch(name) or name == _LOCAL_NAME:
            raise UsageError(f"a person cannot be called {name!r}", do="use letters, digits, dots, dashes")
        token = secrets.token_urlsafe(24)
        values = {"role": role.value, "token_hash": _hashed(token), "added_ns": time.time_ns()}
        with self._store.connection() as connection:
            if connection.execute(sa.update(PEOPLE).where(PEOPLE.c.name == name).values(values)).rowcount == 0:
                connection.execute(sa.insert(PEOPLE).values(values | {"name": name}))
        return token

    def remove(self, name: str) -> None:
        """Their token opens nothing any more; what they did stays in the journal. Raises UsageError for a stranger."""
        with self._store.connection() as connection:
            if connection.execute(sa.delete(PEOPLE).where(PEOPLE.c.name == name)).rowcount == 0:
                raise UsageError(f"there is nobody called {name!r}", do="see `boxwright user list`")

    def all(self) -> tuple[Person, ...]:
        """Everybody, by name."""
        return tuple(_person(row) for row in self._rows(sa.select(PEOPLE).order_by(PEOPLE.c.name)))

    def named(self, name: str) -> Person | None:
        """Somebody by name; whoever owns the folder is `local`."""
        if name == _LOCAL_NAME:
            return LOCAL
        rows = self._rows(sa.select(PEOPLE).where(PEOPLE.c.name == name))
        return _person(rows[0]) if rows else None

    def with_token(self, token: str) -> Person | None:
        """Whose token it is."""
        rows = self._rows(sa.select(PEOPLE).where(PEOPLE.c.token_hash == _hashed(token)))
        return _person(rows[0]) if rows else None

    def _rows(self, query: sa.Select[Any]) -> list[sa.Row[Any]]:
        with self._store.connection() as connection:
            return list(connection.execute(query))


def _hashed(token: str) -> str:
    """A token has 192 random bits, so one round is enough: there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()


def _person(row: sa.Row[Any]) -> Person:
    return Person(row.name, Role(row.role))
