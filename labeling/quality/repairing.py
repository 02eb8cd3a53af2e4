"""Put proposed repairs into labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from calibration.errors import EditError
from labeling.editing.apply import apply
from labeling.editing.edits import touched_ids
from labeling.quality.finding import Finding
from labeling.track import Track


def repaired(tracks: Mapping[str, Track], findings: Sequence[Finding]) -> tuple[dict[str, Track], list[Finding]]:
    """The tracks after the repairs of findings, in their order, and the findings whose repair was applied.

    A repair is made for labels as they were: after one of a track its others are left out. Check again for those.
    """
    state, touched = dict(tracks), set[str]()
    done: list[Finding] = []
    for finding in findings:
        ids = {*finding.track_ids, *(each for edit in finding.repair for each in touched_ids(edit))}
        after = None if not finding.repair or ids & touched else _applied(state, finding)
        if after is not None:
            state = after
            touched |= ids
            done.append(finding)
    return state, done


def _applied(tracks: Mapping[str, Track], finding: Finding) -> dict[str, Track] | None:
    """None where the labels have changed so that the repair makes no sense any more."""
    state = dict(tracks)
    for edit in finding.repair:
        try:
            change = apply(edit, state)
        except EditError:
            return None
        state |= {track_id: track for track_id, track in change.tracks.items() if track is not None}
        for track_id in (each for each, track in change.tracks.items() if track is None):
            state.pop(track_id, None)
    return state
