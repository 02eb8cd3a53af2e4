"""init, export."""

from __future__ import annotations

from pathlib import Path

from calibration.errors import InputError, UsageError
from labeling.formats import LABEL_FORMATS
from labeling.project import Project
from viewer.cli.console import print_json, progress_bar, remark, results


def init(folder: Path) -> None:
    """Make a project folder."""
    Project.create(folder)
    results.print(f"project {folder}: put recordings in with `boxwright import SOURCE {folder}`")


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
