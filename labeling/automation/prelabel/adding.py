"""Put proposals among the labels, through the door that everybody uses, beside what is there already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labeling.automation.prelabel.joining import nearness
from labeling.automation.prelabel.recording import Prelabelled
from labeling.editing.edits import ApplyPatches
from labeling.editing.patch import difference
from labeling.editing.service import LabelService
from labeling.track import PresenceKind, Track

ACTOR = "prelabel"
_SAME_PLACE = 0.4
_ASKED = 5


@dataclass(frozen=True, slots=True)
class Added:
    """added: the proposals that became tracks. known: how many were left out, because a track stands there already."""

    added: tuple[Prelabelled, ...]
    known: int


def add_prelabels(
    labels: LabelService, recording: str, proposals: Sequence[Prelabelled], *, actor: str = ACTOR
) -> Added:
    """One edit for all that is new: one undo takes it away. Nothing that was there is touched."""
    there = labels.tracks(recording)
    new = tuple(each for each in proposals if each.track.id not in there and not _known(each.track, there.values()))
    if new:
        patches = tuple(difference(each.track.id, None, each.track) for each in new)
        labels.apply_edit(recording, ApplyPatches(patches), actor=actor)
    return Added(new, len(proposals) - len(new))


def _known(proposal: Track, tracks: Iterable[Track]) -> bool:
    """Whether a track is in its place at most of the moments at which both are there."""
    step = max(len(proposal) // _ASKED, 1)
    moments = proposal.times_ns[::step].tolist()
    for track in tracks:
        both = [each for each in moments if track.presence_at(each) is not PresenceKind.ABSENT]
        near = [each for each in both if nearness(proposal.cuboid_at(each), track.cuboid_at(each)) < _SAME_PLACE]
        if both and 2 * len(near) > len(both):
            return True
    return False
