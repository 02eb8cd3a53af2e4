"""What people do with tasks: small frozen values, each an entry of the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from labeling.editing.edits import ApplyPatches
from labeling.review.sampling import ALL_TRACKS, SamplingPlan
from labeling.times import TimeNs
from labeling.track_record import Identifier, TrackRecord

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)

Text = Annotated[str, Field(min_length=1, max_length=4000)]
Name = Annotated[str, Field(max_length=200)]


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A piece of work: a stretch of a recording, and the classes to label in it; none are all.

    sampling: which of its tracks a reviewer looks at.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    task_id: Identifier
    title: Text
    start_ns: TimeNs
    end_ns: TimeNs
    classes: tuple[Identifier, ...] = ()
    sampling: SamplingPlan = ALL_TRACKS
    kind: Literal["open_task"] = "open_task"


@dataclass(frozen=True, slots=True)
class Take:
    """Begin: to label what is open or wants changes, to review what was submitted."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    task_id: Identifier
    kind: Literal["take"] = "take"


@dataclass(frozen=True, slots=True)
class Submit:
    """The work is done and may be reviewed."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    task_id: Identifier
    kind: Literal["submit"] = "submit"


@dataclass(frozen=True, slots=True)
class Pin:
    """What a comment or dispute is about: a track at a moment; empty and None for the task as a whole."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Name = ""
    time_ns: TimeNs | None = None


@dataclass(frozen=True, slots=True)
class AddComment:
    """A remark pinned to a track and a moment; with a rule it is a finding. task_id: empty where it is about none."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    comment_id: Identifier
    text: Text
    pin: Pin = Pin()
    rule: Name = ""
    task_id: Name = ""
    kind: Literal["add_comment"] = "add_comment"


@dataclass(frozen=True, slots=True)
class ResolveComment:
    """It has been seen to."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    comment_id: Identifier
    kind: Literal["resolve_comment"] = "resolve_comment"


@dataclass(frozen=True, slots=True)
class RequestChanges:
    """Back to who labelled it, with a comment that says what is wrong and where."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    task_id: Identifier
    comment_id: Identifier
    text: Text
    pin: Pin = Pin()
    rule: Name = ""
    kind: Literal["request_changes"] = "request_changes"


@dataclass(frozen=True, slots=True)
class Accept:
    """The work is right."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    task_id: Identifier
    kind: Literal["accept"] = "accept"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One side of a dispute: what should be there, and the edit that makes it so, if it is not there already."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    by: Identifier
    text: Text
    edit: ApplyPatches | None = None


@dataclass(frozen=True, slots=True)
class Escalate:
    """Two people disagree, and a lead decides. evidence: what is to be seen, and where (pin). labelled: the disputed
    track as it was then, whatever becomes of it."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    task_id: Identifier
    evidence: Text
    proposals: tuple[Proposal, Proposal]
    pin: Pin = Pin()
    rule: Name = ""
    labelled: TrackRecord | None = None
    kind: Literal["escalate"] = "escalate"


@dataclass(frozen=True, slots=True)
class Adjudicate:
    """A lead's decision: which proposal stands, and why; linked to a rule it is a precedent for the next time."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    task_id: Identifier
    chosen: Literal[0, 1]
    text: Text
    rule: Name = ""
    kind: Literal["adjudicate"] = "adjudicate"


@dataclass(frozen=True, slots=True)
class Reopen:
    """What was accepted or adjudicated wants changes after all; or who holds a task is away, and others may take it."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    task_id: Identifier
    text: Text
    kind: Literal["reopen"] = "reopen"


TaskAct = OpenTask | Take | Submit | RequestChanges | Accept | Escalate | Adjudicate | Reopen
Act = TaskAct | AddComment | ResolveComment
ACT: TypeAdapter[Act] = TypeAdapter(Annotated[Act, Field(discriminator="kind")])
