"""Tracks as plain JSON: what the store keeps, the page gets and `--format boxwright` writes.

The text of a track is canonical: the same track is the same bytes, always.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter

from labeling.track import Knot, Presence, State, Track

Length = Annotated[float, Field(gt=0, lt=1000, allow_inf_nan=False)]
Identifier = Annotated[str, Field(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """A track with its knots as rows."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: Identifier
    class_name: Identifier
    size_m: tuple[Length, Length, Length]
    knots: Annotated[tuple[Knot, ...], Field(min_length=1)]
    presence: tuple[Presence, ...] = ()
    states: tuple[State, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of(track: Track) -> TrackRecord:
        """From a track."""
        return TrackRecord(
            id=track.id,
            class_name=track.class_name,
            size_m=track.size_m,
            knots=track.knots,
            presence=track.presence,
            states=track.states,
            attributes=dict(sorted(track.attributes)),
        )

    def track(self) -> Track:
        """To a track. Raises EditError where the numbers do not make one."""
        presence = sorted(self.presence, key=lambda each: each.start_ns)
        states = tuple(sorted(self.states, key=lambda each: (each.start_ns, each.name)))
        bare = Track.from_knots(self.id, self.class_name, self.size_m, self.knots, presence)
        return replace(bare, states=states, attributes=tuple(sorted(self.attributes.items())))


_RECORD = TypeAdapter(TrackRecord)
_RECORDS = TypeAdapter(tuple[TrackRecord, ...])


def track_to_json(track: Track) -> bytes:
    """Canonical bytes of one track."""
    return _RECORD.dump_json(TrackRecord.of(track))


def track_from_json(data: bytes | str) -> Track:
    """Inverse of `track_to_json`. Raises pydantic.ValidationError on foreign content."""
    return _RECORD.validate_json(data).track()


def tracks_to_json(tracks: list[Track]) -> bytes:
    """A list of tracks, indented for people to read."""
    return _RECORDS.dump_json(tuple(TrackRecord.of(track) for track in tracks), indent=1)


def tracks_from_json(data: bytes | str) -> list[Track]:
    """Inverse of `tracks_to_json`. Raises pydantic.ValidationError on foreign content."""
    return [record.track() for record in _RECORDS.validate_json(data)]
