"""What an escalation carries: the disputed track as each side has it, kept whatever becomes of the labels."""

from __future__ import annotations

from dataclasses import replace

from labeling.editing.edits import ApplyPatches
from labeling.editing.layers import recording_of
from labeling.editing.patch import difference
from labeling.review import acts
from labeling.track import Track
from labeling.versions import VersionService


def with_evidence(dispute: acts.Escalate, versions: VersionService, recording: str) -> acts.Escalate:
    """Both proposals with the edit that makes them so: of who has the disputed track in a layer of their own name, as
    it is there, else as it is in the labels in dispute."""
    if not dispute.pin.track_id:
        return dispute
    first, second = (_carrying(each, dispute.pin.track_id, versions, recording) for each in dispute.proposals)
    return replace(dispute, proposals=(first, second))


def _carrying(proposal: acts.Proposal, track_id: str, versions: VersionService, recording: str) -> acts.Proposal:
    if proposal.edit is not None:
        return proposal
    track = _track(versions, f"@{proposal.by}", track_id, recording_of(recording))
    track = track or versions.tracks(recording).get(track_id)
    return proposal if track is None else replace(proposal, edit=ApplyPatches((difference(track_id, None, track),)))


def _track(versions: VersionService, layer: str, track_id: str, recording: str) -> Track | None:
    return versions.tracks(recording, layer).get(track_id)
