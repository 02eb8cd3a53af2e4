"""What an escalation carries: the disputed track as it was then, and as each side would have it."""

from __future__ import annotations

from dataclasses import replace

from labeling.editing.edits import ApplyPatches
from labeling.editing.layers import recording_of
from labeling.editing.patch import difference
from labeling.review import acts
from labeling.track_record import TrackRecord
from labeling.versions import VersionService


def with_evidence(dispute: acts.Escalate, versions: VersionService, recording: str) -> acts.Escalate:
    """With the pinned track, and, for who has it in a layer of their own name, the edit that makes it so."""
    track = versions.tracks(recording).get(dispute.pin.track_id)
    if track is None:
        return replace(dispute, labelled=None)
    first, second = (_carrying(each, track.id, versions, recording_of(recording)) for each in dispute.proposals)
    return replace(dispute, labelled=TrackRecord.of(track), proposals=(first, second))


def _carrying(proposal: acts.Proposal, track_id: str, versions: VersionService, recording: str) -> acts.Proposal:
    own = versions.tracks(recording, f"@{proposal.by}").get(track_id)
    if proposal.edit is not None or own is None:
        return proposal
    return replace(proposal, edit=ApplyPatches((difference(track_id, None, own),)))
