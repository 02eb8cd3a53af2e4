"""import: datasets and logs into recordings, label files into tracks of a recording."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from calibration.errors import UsageError
from fusion.odometry import with_odometry_if_needed
from fusion.readers import ReaderOptions, read_source, readers_of
from fusion.recording import RecordingSource
from labeling.formats import guess_label_format
from labeling.importing import Imported, import_labels, import_source
from labeling.project import Project
from viewer.cli.console import print_json, progress_bar, results


def options_of(streams: list[str], sequence: str | None, ego_frame: str | None, odometry: bool) -> ReaderOptions:
    """From the words of the command line. Raises UsageError for a stream that is not TOPIC=SENSOR."""
    for each in streams:
        if "=" not in each:
            raise UsageError(f"a stream is TOPIC=SENSOR, not {each!r}", do="TOPIC=- leaves one out")
    named = dict(each.rsplit("=", 1) for each in streams)
    return ReaderOptions(named, sequence, ego_frame, odometry)


def import_(
    source: Path,
    folder: Path,
    format_name: str | None,
    name: str | None,
    options: ReaderOptions,
    compact: bool,
    as_json: bool,
) -> None:
    """A dataset folder or a log becomes a recording with tracks, a label file becomes tracks of a recording."""
    if source.is_file() and not readers_of(source, format_name):
        _import_label_file(source, Project.open(folder), format_name, name, as_json)
        return
    with progress_bar("reading labels") as progress:
        read = read_source(source, format_name, options)
        progress(1, 1)
    with progress_bar("estimating the ego motion") as progress:
        read = with_odometry_if_needed(read, wanted=options.odometry, progress=progress)
    _import_recording(Project.create(folder), read, name, compact, as_json)


def _import_recording(
    project: Project, source: RecordingSource, name: str | None, compact: bool, as_json: bool
) -> None:
    with progress_bar("importing") as progress:
        imported = import_source(project, source, name, progress, compact=compact)
    if as_json:
        print_json(asdict(imported))
        return
    print_imported(imported)


def print_imported(imported: Imported) -> None:
    """What came in, and the notes about it."""
    samples = ", ".join(f"{count} {sensor}" for sensor, count in imported.samples.items())
    results.print(f"recording {imported.name}: {imported.frames} frames ({samples})")
    results.print(f"{imported.tracks} tracks with {imported.rows} knots")
    for note in imported.notes:
        results.print(f"  {note}")


def _import_label_file(
    source: Path, project: Project, format_name: str | None, name: str | None, as_json: bool
) -> None:
    label_format = guess_label_format(source, format_name)
    if name is None:
        raise UsageError("labels belong to a recording", do="say which with --name", where=source)
    tracks = import_labels(project, name, source, label_format)
    if as_json:
        print_json({"name": name, "tracks": len(tracks), "rows": sum(map(len, tracks))})
        return
    results.print(f"recording {name}: {len(tracks)} tracks with {sum(map(len, tracks))} knots from {source}")
