"""init, import, export."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from calibration.errors import InputError, UsageError
from fusion.readers import read_source
from fusion.recording import RecordingSource
from labeling.formats import LABEL_FORMATS, guess_label_format
from labeling.importing import Imported, import_labels, import_source
from labeling.project import Project
from viewer.cli.console import print_json, progress_bar, remark, results


def init(folder: Path) -> None:
    """Make a project folder."""
    Project.create(folder)
    results.print(f"project {folder}: put recordings in with `boxwright import SOURCE {folder}`")


def import_(source: Path, folder: Path, format_name: str | None, name: str | None, as_json: bool) -> None:
    """A dataset folder becomes a recording with tracks, a label file becomes tracks of a recording."""
    if source.is_file():
        _import_label_file(source, Project.open(folder), format_name, name, as_json)
        return
    with progress_bar("reading labels") as progress:
        read = read_source(source, format_name)
        progress(1, 1)
    _import_recording(Project.create(folder), read, name, as_json)


def _import_recording(project: Project, source: RecordingSource, name: str | None, as_json: bool) -> None:
    with progress_bar("importing") as progress:
        imported = import_source(project, source, name, progress)
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


def export(folder: Path, name: str, format_name: str, out: Path, as_json: bool) -> int:
    """Write labels; exit code 3 if the format could not say everything."""
    if format_name not in LABEL_FORMATS:
        raise UsageError(f"unknown format {format_name!r}", do=f"one of {', '.join(LABEL_FORMATS)}")
    project = Project.open(folder)
    labels = project.labels()
    try:
        with project.recording(name) as recording, progress_bar("exporting") as progress:
            report = LABEL_FORMATS[format_name].write(recording, labels.tracks(name), out)
            progress(1, 1)
    except OSError as error:
        raise InputError(
            f"cannot write the export ({error.strerror})", do="choose a writable place", where=out
        ) from error
    finally:
        labels.close()
    if as_json:
        print_json({"rows": report.rows, "tracks": report.tracks, "losses": report.losses, "out": str(out)})
    else:
        results.print(f"{out}: {report.rows} cuboids of {report.tracks} tracks")
    for loss in report.losses:
        remark(f"boxwright: {format_name} cannot say, and lost: {loss}")
    return 3 if report.losses else 0
