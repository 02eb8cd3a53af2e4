"""Edits: small frozen values, and the only way to change anything.

The page, the command line, a script and a test send the same values through one door, `service.LabelService`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from labeling.times import TimeNs
from labeling.track import Knot, Presence, PresenceKind, State
from labeling.track_record import Identifier, Length, TrackRecord

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
Vector = tuple[Number, Number, Number]
Side = Literal[-1, 0, 1]


@dataclass(frozen=True, slots=True)
class CreateTrack:
    """A new object."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track: TrackRecord
    kind: Literal["create_track"] = "create_track"


@dataclass(frozen=True, slots=True)
class DeleteTrack:
    """The object and all its knots."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    kind: Literal["delete_track"] = "delete_track"


@dataclass(frozen=True, slots=True)
class SetKnot:
    """A pose at a time; it replaces a knot at that time. Presence is stretched to reach it."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    knot: Knot
    kind: Literal["set_knot"] = "set_knot"


@dataclass(frozen=True, slots=True)
class RemoveKnot:
    """The knot at exactly this time; the last one cannot be removed."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    time_ns: TimeNs
    kind: Literal["remove_knot"] = "remove_knot"


@dataclass(frozen=True, slots=True)
class Move:
    """Shift along the object's own axes, in metres: a human knot at the time, or the whole trajectory rigidly."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    time_ns: TimeNs
    offset_m: Vector
    whole: bool = False
    kind: Literal["move"] = "move"


@dataclass(frozen=True, slots=True)
class Rotate:
    """Turn by a rotation vector in the object's own axes, in radians: at the time, or every knot about its own
    centre."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    time_ns: TimeNs
    rotation_rad: Vector
    whole: bool = False
    kind: Literal["rotate"] = "rotate"


@dataclass(frozen=True, slots=True)
class Resize:
    """Another size with one side of each axis held: +1 the front, left or top, -1 the opposite, 0 the centre.

    A track has one size, so the trajectory shifts, and at every knot the held side stays where it is.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    size_m: tuple[Length, Length, Length]
    anchor: tuple[Side, Side, Side] = (0, 0, 0)
    kind: Literal["resize"] = "resize"


@dataclass(frozen=True, slots=True)
class SetClass:
    """Another class; the size stays."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    class_name: Identifier
    kind: Literal["set_class"] = "set_class"


@dataclass(frozen=True, slots=True)
class SetAttribute:
    """A value for the whole track, or None to clear it."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    name: Identifier
    value: str | None
    kind: Literal["set_attribute"] = "set_attribute"


@dataclass(frozen=True, slots=True)
class SetState:
    """A timed value, over whatever the state was then."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    state: State
    kind: Literal["set_state"] = "set_state"


@dataclass(frozen=True, slots=True)
class ClearState:
    """No value of the state from start to end."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    name: Identifier
    start_ns: TimeNs
    end_ns: TimeNs
    kind: Literal["clear_state"] = "clear_state"


@dataclass(frozen=True, slots=True)
class SetPresence:
    """Observed, occluded or absent from start to end."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    start_ns: TimeNs
    end_ns: TimeNs
    presence: PresenceKind
    kind: Literal["set_presence"] = "set_presence"


@dataclass(frozen=True, slots=True)
class Split:
    """From the time on it is another object, with an identity of its own."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    time_ns: TimeNs
    new_id: Identifier
    kind: Literal["split"] = "split"


@dataclass(frozen=True, slots=True)
class Join:
    """The other track was the same object: its knots, presence and states come over, its identity ends."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    other_id: Identifier
    kind: Literal["join"] = "join"


@dataclass(frozen=True, slots=True)
class Swap:
    """From the time on the two exchange what they are: the cure of an identity switch at a crossing."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    other_id: Identifier
    time_ns: TimeNs
    kind: Literal["swap"] = "swap"


@dataclass(frozen=True, slots=True)
class TrackPatch:
    """What differs between two versions of one track; fields that are None stay. `whole` is a track to (re)create."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    track_id: Identifier
    delete: bool = False
    whole: TrackRecord | None = None
    class_name: Identifier | None = None
    size_m: tuple[Length, Length, Length] | None = None
    set_knots: tuple[Knot, ...] = ()
    removed_knots: tuple[TimeNs, ...] = ()
    presence: tuple[Presence, ...] | None = None
    states: tuple[State, ...] | None = None
    attributes: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ApplyPatches:
    """Exact differences: what every edit's inverse is."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    patches: tuple[TrackPatch, ...]
    kind: Literal["apply_patches"] = "apply_patches"


@dataclass(frozen=True, slots=True)
class AdoptRig:
    """Another rig for the recording, of which `Rig.to_record` is the record; None: the one that it came with.

    how: in a few words, why and how it was estimated. Sensors are where they are said to be from here on; tracks stay.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    rig: dict[str, Any] | None
    how: Annotated[str, Field(min_length=1, max_length=2000)]
    kind: Literal["adopt_rig"] = "adopt_rig"


TrackEdit = (
    CreateTrack
    | DeleteTrack
    | SetKnot
    | RemoveKnot
    | Move
    | Rotate
    | Resize
    | SetClass
    | SetAttribute
    | SetState
    | ClearState
    | SetPresence
    | Split
    | Join
    | Swap
    | ApplyPatches
)
Edit = TrackEdit | AdoptRig

RIG_ID = ""  # stands for the rig where the journal says what was touched; no track has an empty name

EDIT: TypeAdapter[Edit] = TypeAdapter(Annotated[Edit, Field(discriminator="kind")])


def touched_ids(edit: Edit) -> tuple[str, ...]:
    """The tracks that an edit reads or writes; none for a rig."""
    match edit:
        case CreateTrack(track=track):
            return (track.id,)
        case AdoptRig():
            return ()
        case Split():
            return (edit.track_id, edit.new_id)
        case Join() | Swap():
            return (edit.track_id, edit.other_id)
        case ApplyPatches():
            return tuple(patch.track_id for patch in edit.patches)
        case _:
            return (edit.track_id,)
