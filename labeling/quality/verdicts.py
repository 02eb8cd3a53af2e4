"""What people said of findings: notes in the journal, so that who, when and what stays, and the queue can learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter

from labeling.editing.store import Store
from labeling.quality.attention import Decisions
from labeling.quality.finding import Finding, FindingKind

_KIND = "verdict"
_MOST_TRACKS = 16

Frame = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one finding: whether it was right. track_ids and frames (first and last) say which one it was."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    finding: FindingKind
    track_ids: Annotated[tuple[str, ...], Field(max_length=_MOST_TRACKS)]
    frames: tuple[Frame, Frame]
    accepted: bool

    def is_about(self, finding: Finding) -> bool:
        """The same kind about the same tracks, in frames that overlap."""
        same = self.finding is finding.kind and self.track_ids == finding.track_ids
        return same and self.frames[0] <= finding.frames[1] and finding.frames[0] <= self.frames[1]


_VERDICT: TypeAdapter[Verdict] = TypeAdapter(Verdict)


class VerdictLog:
    """Reads and writes the verdicts of a project."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def close(self) -> None:
        """Release the store."""
        self._store.close()

    def add(self, recording: str, verdict: Verdict, actor: str, key: str) -> None:
        """Into the journal, once however often it is sent with one key."""
        with self._store.transaction() as transaction:
            if transaction.entry_with_key(recording, key) is None:
                transaction.note(recording, actor, _KIND, _VERDICT.dump_json(verdict), key)

    def of(self, recording: str) -> tuple[Verdict, ...]:
        """Of a recording, or of a layer of it, the oldest first."""
        with self._store.transaction() as transaction:
            return tuple(_VERDICT.validate_json(entry.edit) for entry in transaction.notes(_KIND, recording))

    def decisions(self) -> Decisions:
        """Counts of each kind, over all recordings."""
        with self._store.transaction() as transaction:
            verdicts = [_VERDICT.validate_json(entry.edit) for entry in transaction.notes(_KIND)]
        decisions = Decisions()
        for each in verdicts:
            decisions = decisions.with_one(each.finding, accepted=each.accepted)
        return decisions
