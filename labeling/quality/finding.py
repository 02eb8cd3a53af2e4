"""What a check found: where, when, how sure, how bad, why, and what could be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from labeling.editing.edits import TrackEdit

_EDITS: TypeAdapter[tuple[TrackEdit, ...]] = TypeAdapter(tuple[TrackEdit, ...])


class FindingKind(StrEnum):
    """What can be wrong."""

    JUMP = "jump"
    IDENTITY_SWAP = "identity_swap"
    FRAGMENT = "fragment"
    ENDS_EARLY = "ends_early"
    STARTS_LATE = "starts_late"
    ACCELERATION = "acceleration"
    SIDEWAYS = "sideways"
    HEADING_FLIP = "heading_flip"
    HEADING = "heading_against_motion"
    SIZE_CREEP = "size_creep"
    SIZE_LIMITS = "size_limits"
    WRONG_CLASS = "wrong_class"
    PHANTOM = "phantom"
    MISSING_OBJECT = "missing_object"
    CUT_POINTS = "cut_points"
    OFF_GROUND = "off_ground"
    DRIFT = "drift"
    TIME_SLIP = "time_slip"
    DUPLICATE = "duplicate"
    OVERLAP = "overlap"


class Severity(StrEnum):
    """How bad it is if it is so: an error spoils what is trained on the labels, a note is worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is probably wrong.

    track_ids: the tracks that it is about; none where one is missing. frames, times_ns: first and last that are wrong,
    both included. place_m: x, y, z in the world where to look, in the first of these frames. confidence: probability, 0
    to 1, that a person would call it an error. why: one plain sentence. repair: edits that would put it right, applied
    in this order; none where no honest one is known. No repair moves a human's knot.
    """

    kind: FindingKind
    track_ids: tuple[str, ...]
    frames: tuple[int, int]
    times_ns: tuple[int, int]
    place_m: tuple[float, float, float]
    confidence: float
    severity: Severity
    why: str
    repair: tuple[TrackEdit, ...] = ()

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values; times are decimal strings."""
        return {
            "kind": str(self.kind),
            "track_ids": list(self.track_ids),
            "frames": list(self.frames),
            "times_ns": [str(each) for each in self.times_ns],
            "place_m": [round(each, 3) for each in self.place_m],
            "confidence": round(self.confidence, 3),
            "severity": str(self.severity),
            "why": self.why,
            "repair": _EDITS.dump_python(self.repair, mode="json"),
        }
