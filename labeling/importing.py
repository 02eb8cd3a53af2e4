"""Import a dataset into a project: its sensors into a recording file, its cuboids into tracks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from calibration.errors import UsageError
from fusion.frame_clock import timed_by_sweeps
from fusion.progress import Progress, silent
from fusion.recording import RecordingSource, write_recording
from labeling.editing.edits import ApplyPatches
from labeling.editing.layers import layer_key
from labeling.editing.patch import difference
from labeling.editing.service import LabelService
from labeling.formats import LabelFormat
from labeling.from_table import extended_ontology, tracks_from_table
from labeling.project import Project
from labeling.track import Track

IMPORTER = "import"


@dataclass(frozen=True, slots=True)
class Imported:
    """What came in. notes: what was merged, guessed or missing, one line each."""

    name: str
    frames: int
    samples: dict[str, int]
    tracks: int
    rows: int
    notes: tuple[str, ...]


def import_source(
    project: Project,
    source: RecordingSource,
    name: str | None = None,
    progress: Progress = silent,
    *,
    compact: bool = False,
    layer: str = "",
) -> Imported:
    """Write the recording (see `write_recording` for compact), then its tracks, into a layer if one is named.

    Raises UsageError if there is a recording of that name already.
    """
    name = name or source.name
    path = project.recording_path(name)
    if path.exists():
        raise UsageError(f"there is a recording {name!r} already", do="choose another with --name", where=project.root)
    write_recording(source, path, compact=compact, progress=progress)
    try:
        return _import_tracks(project, source, name, layer)
    except BaseException:
        path.unlink()  # a recording whose labels did not come in is no import: the next try starts clean
        raise


def _import_tracks(project: Project, source: RecordingSource, name: str, layer: str) -> Imported:
    with project.recording(name) as recording:
        table = source.cuboids()
        tracks = [] if table is None else tracks_from_table(timed_by_sweeps(table, recording))
        samples = {sensor: recording.count(sensor) for sensor in recording.streams}
        frames = len(recording.frames)
    _store_tracks(project, layer_key(name, layer), tracks)
    return Imported(name, frames, samples, len(tracks), sum(map(len, tracks)), source.notes)


def _store_tracks(project: Project, name: str, tracks: list[Track]) -> None:
    labels = project.labels()
    try:
        in_use = any(labels.count(each) for each in project.recording_names())
        project.save_ontology(extended_ontology(project.ontology(), tracks, in_use=in_use))
        add_tracks(labels, name, tracks)
    finally:
        labels.close()


def add_tracks(labels: LabelService, recording: str, tracks: list[Track]) -> None:
    """All tracks in one edit of the importer: nobody's undo takes them away one by one."""
    if tracks:
        patches = tuple(difference(track.id, None, track) for track in tracks)
        labels.apply_edit(recording, ApplyPatches(patches), actor=IMPORTER)


def import_labels(project: Project, name: str, path: Path, label_format: LabelFormat) -> list[Track]:
    """Labels from a file into a recording that is there; a track of an identity that exists is replaced.

    Raises FormatError if the file cannot be read, RecordingError if there is no such recording.
    """
    with project.recording(name) as recording:
        tracks = label_format.read(recording, path, project.ontology())
    _store_tracks(project, name, tracks)
    return tracks
