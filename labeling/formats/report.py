"""What an export wrote, and what the format could not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labeling.track import PresenceKind, Track


@dataclass(frozen=True, slots=True)
class ExportReport:
    """rows: cuboids written. losses: one line for each kind of thing that did not fit, empty if everything did."""

    rows: int
    tracks: int
    losses: tuple[str, ...] = ()


def unsayable(tracks: Mapping[str, Track], *, presence: bool = True) -> list[str]:
    """Losses of every format that knows boxes in frames and nothing of trajectories."""
    losses = []
    states = sum(len(track.states) for track in tracks.values())
    attributes = sum(len(track.attributes) for track in tracks.values())
    occluded = sum(1 for t in tracks.values() for p in t.presence if p.kind is PresenceKind.OCCLUDED)
    if states:
        losses.append(f"{states} timed states")
    if attributes:
        losses.append(f"{attributes} attributes")
    if occluded and presence:
        losses.append(f"{occluded} occluded intervals: those cuboids are written as if they were seen")
    return losses
