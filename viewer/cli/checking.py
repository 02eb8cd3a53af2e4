"""`boxwright check`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from fusion.recording import Recording
from labeling.project import Project
from labeling.quality.attention import Moment, attention_queue
from labeling.quality.checking import check_tracks
from labeling.quality.finding import Finding, Severity
from labeling.quality.profile import RuleProfile, rule_profile
from labeling.track import Track
from viewer.cli.console import print_json, progress_bar, remark, results

FOUND_ERRORS = 4
"""Exit code where the labels have errors: the check itself did what it should."""


def check(folder: Path, name: str, profile_name: str, report: Path | None, *, as_json: bool) -> int:
    """Check a recording's labels, tell what was found, and return the exit code for CI."""
    project = Project.open(folder)
    profile = rule_profile(profile_name)
    labels = project.labels()
    try:
        tracks = list(labels.tracks(name).values())
    finally:
        labels.close()
    with project.recording(name) as recording:
        with progress_bar("checking") as progress:
            found = check_tracks(recording, tracks, profile, progress=progress)
        if report is not None:
            _write_report(report, recording, tracks, found, profile)
    if as_json:
        told = {"name": profile.name, "version": profile.version}
        print_json({"recording": name, "profile": told, "findings": [each.to_record() for each in found]})
    else:
        _tell(name, found, profile, len(tracks))
    return FOUND_ERRORS if any(each.severity is Severity.ERROR for each in found) else 0


def attention(folder: Path, names: list[str], top: int, profile_name: str, *, as_json: bool) -> None:
    """Check recordings, and tell the moments that are most worth a look, without what people rejected before."""
    project, profile = Project.open(folder), rule_profile(profile_name)
    labels, log = project.labels(), project.verdicts()
    found: dict[str, list[Finding]] = {}
    try:
        for name in names or project.recording_names():
            tracks = list(labels.tracks(name).values())
            if not tracks and not names:
                continue
            judged = log.of(name)
            with project.recording(name) as recording, progress_bar(f"checking {name}") as progress:
                everything = check_tracks(recording, tracks, profile, progress=progress)
            found[name] = [each for each in everything if not any(verdict.is_about(each) for verdict in judged)]
        moments = attention_queue(found, log.decisions())[:top]
    finally:
        labels.close()
        log.close()
    if as_json:
        print_json({"moments": [_moment_record(each) for each in moments]})
        return
    for each in moments:
        first, last = each.finding.frames
        tracks_said = ", ".join(each.finding.track_ids) or "no track"
        results.print(
            f"{each.recording} frames {first} to {last}, {tracks_said}: {each.finding.kind}: {each.why}", markup=False
        )
    if not moments:
        results.print(f"nothing in {len(found)} recordings is worth a look")


def _moment_record(moment: Moment) -> dict[str, object]:
    told = {"recording": moment.recording, "chance": moment.chance, "seconds": moment.seconds, "worth": moment.worth}
    return told | {"why": moment.why, "finding": moment.finding.to_record()}


def _write_report(
    path: Path, recording: Recording, tracks: list[Track], found: list[Finding], profile: RuleProfile
) -> None:
    from viewer.check_report import write_report

    with progress_bar("drawing") as progress:
        write_report(path, recording, tracks, found, profile, progress)
    remark(f"report written: {path}")


def _tell(name: str, found: list[Finding], profile: RuleProfile, count: int) -> None:
    for each in found:
        tracks = ", ".join(each.track_ids) or "at " + " ".join(f"{value:.1f}" for value in each.place_m)
        first, last = each.frames
        cure = " [can be repaired]" if each.repair else ""
        results.print(
            f"{each.severity} {each.confidence:.2f} {each.kind} {tracks}, frames {first} to {last}: {each.why}{cure}"
        )
    kinds = ", ".join(f"{number} {kind}" for kind, number in Counter(str(each.kind) for each in found).most_common())
    verdict = f"{len(found)} findings ({kinds})" if found else "nothing found"
    results.print(f"{name}: {verdict} in {count} tracks, by rules {profile.name} {profile.version}")
