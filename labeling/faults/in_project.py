"""A recording of a project under another name, with faults planted in its data, its labels, or both."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from calibration.errors import RecordingError, UsageError
from fusion.faults import Ledger, SensorFault, plant_in_source, write_ledger
from fusion.progress import Progress, silent
from fusion.recording import RecordingSource, write_recording
from fusion.recording.as_source import recording_source
from labeling.faults.in_tracks import plant_in_tracks
from labeling.faults.planting import Wanted
from labeling.importing import add_tracks
from labeling.project import Project


def ledger_path(project: Project, name: str) -> Path:
    """Where the ledger of a recording is or would be. Raises UsageError for a name that could leave the folder."""
    return project.root / "ledgers" / f"{project.recording_path(name).stem}.json"


def plant_in_project(
    project: Project,
    name: str,
    new_name: str,
    labels: Wanted,
    sensors: Sequence[SensorFault] = (),
    *,
    share: float | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Ledger:
    """Copy a recording with its labels to `new_name`, with faults; its ledger is `ledgers/NEW_NAME.json`.

    Label faults are planted by the original's data, which is right. Raises RecordingError if there is no recording of
    that name, UsageError if the new one is taken or a fault makes no sense; nothing is left behind then.
    """
    service = project.labels()
    try:
        if project.recording_path(new_name).exists() or service.count(new_name):
            raise UsageError(
                f"there is a recording, or labels, {new_name!r} already", do="choose another name", where=project.root
            )
        with project.recording(name) as recording:
            right = list(service.tracks(name).values())
            tracks, in_labels = plant_in_tracks(right, recording, labels, share=share, seed=seed)
            source, in_data = plant_in_source(recording_source(recording), tuple(sensors), seed)
            changed = source if in_data.entries else None
            with _undone_on_failure(project, new_name):
                _write_data(recording.path, changed, project.recording_path(new_name), progress)
                ledger = _both(in_data, in_labels)
                write_ledger(ledger, ledger_path(project, new_name))
                # Last, for only this cannot be taken away again: before it there is nothing, after it everything.
                add_tracks(service, new_name, tracks)
    finally:
        service.close()
    return ledger


def _both(data: Ledger, labels: Ledger) -> Ledger:
    return replace(labels, entries=(*data.entries, *labels.entries), skipped=(*data.skipped, *labels.skipped))


@contextmanager
def _undone_on_failure(project: Project, name: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for path in (project.recording_path(name), ledger_path(project, name)):
            if path.is_file():
                path.unlink()
        raise


def _write_data(original: Path, changed: RecordingSource | None, to: Path, progress: Progress) -> None:
    if changed is None:
        _copy(original, to)  # nothing is wrong in the data: the very same bytes
    else:
        write_recording(changed, to, progress=progress)


def _copy(original: Path, to: Path) -> None:
    partial = to.with_name(to.name + ".partial")
    try:
        shutil.copyfile(original, partial)
        partial.replace(to)
    except OSError as error:
        raise RecordingError(
            f"cannot copy the recording ({error.strerror or error})", do="choose a writable folder", where=to
        ) from error
    finally:
        partial.unlink(missing_ok=True)
