"""What was planted, where and how much: the truth against which checks of labels and data are measured."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, PlainSerializer, TypeAdapter, ValidationError

from calibration.errors import InputError

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)

# Nanoseconds in JSON are decimal strings, as everywhere in Boxwright.
_TimeNs = Annotated[int, Field(ge=-(2**63), lt=2**63), PlainSerializer(str, return_type=str, when_used="json")]
_Frame = Annotated[int, Field(ge=0)]
_Count = Annotated[int, Field(ge=0)]
_Name = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Planted:
    """One fault.

    what: the sensor, or the tracks by their identities in what came out (a missing object: in what went in).
    frames, times_ns: first and last frame and moment that are wrong, both included; times_ns is None where the labels
    had no times. amount: how much, with the unit in each name. note: anything else, for people.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    kind: _Name
    what: Annotated[tuple[_Name, ...], Field(min_length=1)]
    frames: tuple[_Frame, _Frame]
    times_ns: tuple[_TimeNs, _TimeNs] | None
    amount: dict[str, float | str]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Faults that were asked for and could not be planted: how many of how many, and why."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    kind: _Name
    wanted: _Count
    planted: _Count
    reason: _Name


@dataclass(frozen=True, slots=True)
class Ledger:
    """All faults of one planting. seed and source (the recording's or dataset's name) make it again."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    seed: int
    source: str
    entries: tuple[Planted, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    format: Literal["boxwright-ledger"] = field(default="boxwright-ledger", kw_only=True)
    version: Literal[1] = field(default=1, kw_only=True)

    def of_kind(self, kind: str) -> tuple[Planted, ...]:
        """The faults of one kind, in the order in which they were planted."""
        return tuple(entry for entry in self.entries if entry.kind == kind)

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values; times are decimal strings."""
        record: dict[str, Any] = _LEDGER.dump_python(self, mode="json")
        return record


_LEDGER = TypeAdapter(Ledger)


def ledger_to_json(ledger: Ledger) -> bytes:
    """Canonical text: the same ledger is the same bytes, always."""
    return (json.dumps(ledger.to_record(), indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def write_ledger(ledger: Ledger, path: Path) -> None:
    """Write the JSON file, whole or not at all; its folder is made. Raises InputError if it cannot be written."""
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(ledger_to_json(ledger))
        partial.replace(path)
    except OSError as error:
        if partial.is_file():
            partial.unlink()
        raise InputError(
            f"cannot write the ledger ({error.strerror or error})", do="choose a writable folder", where=path
        ) from error


def read_ledger(path: Path) -> Ledger:
    """Inverse of `write_ledger`. Raises InputError with the first thing that is wrong in the file."""
    try:
        return _LEDGER.validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read the ledger ({error.strerror or error})", where=path) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"not a ledger ({first['msg']} at {place or 'the start'})", where=path) from error
