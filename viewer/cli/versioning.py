"""What `boxwright versions` does."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table

from calibration.errors import InputError, UsageError
from labeling.editing.layers import layer_key
from labeling.project import Project
from labeling.review import LOCAL, acts
from labeling.versions import Conflict, Difference, VersionService, differences, merge
from labeling.versions.diff import UNITS
from labeling.versions.page import diff_page
from labeling.versions.storing import store_tracks
from viewer.cli.console import print_json, remark, results


@contextmanager
def _opened(folder: Path, recording: str) -> Iterator[tuple[Project, VersionService]]:
    """Raises RecordingError if there is no such recording."""
    project = Project.open(folder)
    project.recording_as_it_came(recording).close()
    with closing(project.versions()) as service:
        yield project, service


def name(folder: Path, recording: str, layer: str, version: str, note: str) -> None:
    """Name the labels as they are now."""
    with _opened(folder, recording) as (_, service):
        named = service.name(layer_key(recording, layer), version, note=note)
    results.print(f"{named.name}: the labels after journal entry {named.sequence}")


def list_versions(folder: Path, recording: str, layer: str, *, as_json: bool) -> None:
    """Oldest first."""
    with _opened(folder, recording) as (_, service):
        names = service.names(layer_key(recording, layer))
    if as_json:
        records = [
            {"name": each.name, "sequence": each.sequence, "who": each.who, "at_ns": str(each.at_ns), "note": each.note}
            for each in names
        ]
        print_json({"versions": records})
        return
    for each in names:
        when = f"{datetime.fromtimestamp(each.at_ns * 1e-9, UTC):%Y-%m-%d %H:%M}"
        results.print(f"{each.name:<20} entry {each.sequence:>6}  {when} {each.who} {each.note}".rstrip())


def diff(folder: Path, recording: str, before: str, after: str, page: Path | None, *, as_json: bool) -> None:
    """Every change, by track."""
    with _opened(folder, recording) as (project, service):
        old, new = service.tracks(recording, before), service.tracks(recording, after)
        found = differences(old, new)
        with project.recording_as_it_came(recording) as opened:
            start_ns = int(opened.frames.times_ns[0])
    if page is not None:
        _write(page, diff_page(f"{recording}: from {before} to {after}", found, old, new, start_ns))
    if as_json:
        print_json({"before": before, "after": after, "differences": [each.to_record() for each in found]})
    else:
        _print_differences(found, start_ns)


def _write(page: Path, text: str) -> None:
    try:
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write the page ({error.strerror})", where=page) from error
    remark(f"boxwright: wrote {page}")


def _print_differences(found: list[Difference], start_ns: int) -> None:
    if not found:
        results.print("nothing differs")
        return
    table = Table("track", "change", "from s", "to s", "size", "what")
    for each in found:
        unit = UNITS.get(each.kind, "")
        times = (f"{(time_ns - start_ns) * 1e-9:.2f}" for time_ns in (each.start_ns, each.end_ns))
        table.add_row(each.track_id, each.kind, *times, f"{each.amount:.3g} {unit}" if unit else "", each.detail)
    results.print(table)


def begin_layer(folder: Path, recording: str, layer: str, source: str | None) -> None:
    """Copy the labels of a reference into a new layer."""
    with _opened(folder, recording) as (project, service):
        key = layer_key(recording, layer)
        if service.tracks(key):
            raise UsageError(f"the layer {layer!r} has labels already", do="choose another name", where=recording)
        tracks = {} if source is None else service.tracks(recording, source)
        with closing(project.labels()) as labels:
            store_tracks(labels, key, tracks)
    results.print(f"layer {key}: {len(tracks)} tracks")


def merge_versions(
    folder: Path, recording: str, references: tuple[str, str, str], *, dry_run: bool, as_json: bool
) -> int:
    """References: base, ours, theirs. Exit code 3 where the two contradict."""
    with _opened(folder, recording) as (project, service):
        base, ours, theirs = (service.tracks(recording, each) for each in references)
        found = merge(base, ours, theirs)
        if not dry_run:
            with closing(project.labels()) as labels:
                store_tracks(labels, recording, found.tracks)
            _comment(project, recording, found.conflicts)
    if as_json:
        print_json({"tracks": len(found.tracks), "conflicts": [_record(each) for each in found.conflicts]})
    else:
        results.print(f"{recording}: {len(found.tracks)} tracks{' (not stored)' * dry_run}")
    for each in found.conflicts:
        remark(f"boxwright: both changed {each.track_id}: {each.text}")
    return 3 if found.conflicts else 0


def _comment(project: Project, recording: str, conflicts: tuple[Conflict, ...]) -> None:
    """Each conflict as a comment, pinned where it is: a person decides."""
    with closing(project.review()) as review:
        for each in conflicts:
            pin = acts.Pin(each.track_id, each.start_ns)
            review.act(recording, acts.AddComment(uuid.uuid4().hex, f"merge: {each.text}", pin, "merge"), LOCAL)


def _record(conflict: Conflict) -> dict[str, str]:
    return {
        "track_id": conflict.track_id,
        "what": conflict.what,
        "start_ns": str(conflict.start_ns),
        "end_ns": str(conflict.end_ns),
        "kept": conflict.kept,
        "left": conflict.left,
    }
