"""track."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from calibration.errors import UsageError
from fusion.progress import Progress
from fusion.recording import Recording
from labeling.automation.detections import Detected, TrackProposal, read_detections, track_detections
from labeling.automation.detections.network import NetworkDetector
from labeling.automation.prelabel import Added, add_prelabels
from labeling.project import Project
from viewer.cli.console import print_json, progress_bar, results

_ACTOR = "track"


def track(
    folder: Path,
    name: str,
    detections: Path | None,
    network: Path | None,
    format_name: str | None,
    *,
    online: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Detections become tracks beside what is there already."""
    if (detections is None) == (network is None):
        raise UsageError("say whose detections: with --detections or with --network")
    project = Project.open(folder)
    with project.recording(name) as recording, progress_bar("tracking") as progress:
        detected = _detected(recording, detections, network, format_name, progress)
        found = track_detections(recording, detected, project.ontology(), online=online, progress=progress)
    done = Added(tuple(each.proposal for each in found), 0)
    if not dry_run:
        labels = project.labels()
        try:
            done = add_prelabels(labels, name, done.added, actor=_ACTOR)
        finally:
            labels.close()
    added = {each.track.id for each in done.added}
    shown = [each for each in found if each.track.id in added]
    if as_json:
        rows = [_row(each) for each in shown]
        print_json(
            {"recording": name, "added": not dry_run, "detections": len(detected), "tracks": rows, "known": done.known}
        )
        return
    verb = "would be added" if dry_run else "added"
    results.print(f"{name}: {len(detected)} detections, {len(shown)} tracks {verb}; {done.known} were there already")
    for kind, count in Counter(each.track.class_name for each in shown).most_common():
        results.print(f"  {count} {kind}")


def _detected(
    recording: Recording, detections: Path | None, network: Path | None, format_name: str | None, progress: Progress
) -> Detected:
    if detections is not None:
        return read_detections(recording, detections, format_name)
    assert network is not None
    return NetworkDetector(network).detect(recording, progress)


def _row(each: TrackProposal) -> dict[str, Any]:
    joints = [
        {
            "frame": joint.frame,
            "gap_s": joint.gap_s,
            "cost": joint.cost,
            "position": joint.position,
            "size": joint.size,
            "heading": joint.heading,
        }
        for joint in each.joints
    ]
    track = each.track
    return {
        "id": track.id,
        "class": track.class_name,
        "score": each.score,
        "knots": len(track),
        "size_m": list(track.size_m),
        "joints": joints,
    }
