"""What goes over the wire; `openapi.json` and the page's TypeScript types are made from these."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from labeling.editing.edits import Edit, Number, Vector
from labeling.editing.service import Outcome, Version
from labeling.ontology import Ontology
from labeling.times import TimeNs
from labeling.track import Maker, PresenceKind
from labeling.track_record import Identifier, TrackRecord

Key = Annotated[str, Field(min_length=8, max_length=100)]


class Message(BaseModel):
    """Whatever goes over the wire: nothing unknown is taken."""

    model_config = ConfigDict(extra="forbid")


class Health(Message):
    """The server is there."""

    ok: bool
    version: str


class Problem(Message):
    """What went wrong, in one line; for a conflict, the tracks as they are now."""

    error: str
    tracks: list[TrackReply] = []


class RecordingSummary(Message):
    """A line of the list of recordings."""

    name: str
    frames: int
    tracks: int


class ProjectReply(Message):
    """The project."""

    name: str
    version: str
    recordings: list[RecordingSummary]
    ontology: Ontology


class TrackReply(Message):
    """A track at a revision; null: deleted."""

    id: str
    revision: int
    track: TrackRecord | None

    @staticmethod
    def of(version: Version) -> TrackReply:
        """From the service's version."""
        record = None if version.track is None else TrackRecord.of(version.track)
        return TrackReply(id=version.id, revision=version.revision, track=record)


class FrameReply(Message):
    """A frame: its reference sensor's timestamp, and the middle of the time which that sensor took."""

    time_ns: TimeNs
    middle_ns: TimeNs


class CameraReply(Message):
    """A camera with photos."""

    name: str
    width_px: int
    height_px: int


class RecordingReply(Message):
    """A recording and all its tracks."""

    name: str
    reference: str
    frames: list[FrameReply]
    cameras: list[CameraReply]
    lidars: list[str]
    revision: int
    tracks: list[TrackReply]
    can_undo: bool
    can_redo: bool
    rig_number: int


class CuboidReply(Message):
    """A cuboid as a frame shows it, at the moment `time_ns`; maker: of the knot at that moment, if there is one."""

    track_id: str
    time_ns: TimeNs
    position_m: Vector
    rotation_wxyz: tuple[float, float, float, float]
    presence: PresenceKind
    distance_m: float
    at_knot: bool
    maker: Maker | None


class FrameLabelsReply(Message):
    """The labels of a frame. outlines: for each camera, the track of each instance of its outline entity."""

    frame: int
    cuboids: list[CuboidReply]
    outlines: dict[str, list[str]]


class LabelsHead(Message):
    """The JSON part of a label packet."""

    revision: int
    frames: list[FrameLabelsReply]


class PoseReply(Message):
    """Where a track is in a frame, whether it is present or not."""

    time_ns: TimeNs
    position_m: Vector
    rotation_wxyz: tuple[float, float, float, float]
    presence: PresenceKind


class PlaceRequest(Message):
    """A click in the cloud."""

    frame: Annotated[int, Field(ge=0)]
    position_m: Vector
    class_name: Identifier


class PixelRequest(Message):
    """A click in a photo. pixel: (0, 0) is the centre of the first pixel."""

    frame: Annotated[int, Field(ge=0)]
    camera: Identifier
    pixel: tuple[Number, Number]
    class_name: Identifier


class PlaceReply(Message):
    """A suggested track, not stored yet; or the id of the track that has what was clicked already.

    grown: whether it was fitted and followed through the frames; else it is a cuboid of its class's default size.
    confidence, suggested_frame, stands: as of a solved track.
    """

    track: TrackRecord | None
    known: str | None = None
    grown: bool = False
    confidence: float = 0.0
    suggested_frame: int | None = None
    stands: bool = False


class EditRequest(Message):
    """An edit. key: repeated requests with one key are applied once. expected: revisions that the sender saw."""

    key: Key
    expected: dict[str, int] = {}
    edit: Annotated[Edit, Field(discriminator="kind")]


class StepRequest(Message):
    """An undo or redo."""

    key: Key


class OutcomeReply(Message):
    """What was done; it is on disk."""

    sequence: int
    revision: int
    tracks: list[TrackReply]
    can_undo: bool
    can_redo: bool
    rig_number: int

    @staticmethod
    def of(outcome: Outcome) -> OutcomeReply:
        """From the service's outcome."""
        return OutcomeReply(
            sequence=outcome.sequence,
            revision=outcome.sequence,
            tracks=[TrackReply.of(version) for version in outcome.versions],
            can_undo=outcome.can_undo,
            can_redo=outcome.can_redo,
            rig_number=outcome.rig_number,
        )
