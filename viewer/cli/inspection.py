"""info, view."""

from __future__ import annotations

from pathlib import Path

from calibration.errors import InputError
from fusion.recording import Recording
from labeling.frame_labels import frame_labels
from labeling.frame_times import FrameTimes
from labeling.project import Project
from labeling.track import Track
from viewer.cli.console import print_json, progress_bar, results
from viewer.cli.recording_info import recording_report, report_lines

_BATCH_FRAMES = 16


def info(folder: Path, name: str | None, as_json: bool, *, quick: bool = False) -> None:
    """A project's recordings, or one recording in detail. quick: without the calibration check."""
    project = Project.open(folder)
    labels = project.labels()
    try:
        if name is None:
            _project_info(project, {each: labels.count(each) for each in project.recording_names()}, as_json)
            return
        with project.recording(name) as recording:
            _recording_info(recording, labels.tracks(name), as_json, quick)
    finally:
        labels.close()


def _project_info(project: Project, tracks: dict[str, int], as_json: bool) -> None:
    rows = []
    for name, count in tracks.items():
        with project.recording(name) as recording:
            rows.append({"name": name, "frames": len(recording.frames), "tracks": count})
    if as_json:
        print_json({"project": project.name, "recordings": rows})
        return
    results.print(f"project {project.name}: {len(rows)} recordings")
    for row in rows:
        results.print(f"  {row['name']}: {row['frames']} frames, {row['tracks']} tracks")


def _recording_info(recording: Recording, tracks: dict[str, Track], as_json: bool, quick: bool) -> None:
    report = recording_report(recording, tracks, quick=quick)
    if as_json:
        print_json(report)
        return
    for line in report_lines(report):
        results.print(line)


def view(folder: Path, name: str, save: Path) -> None:
    """Write the whole scene to an .rrd file, frame by frame."""
    from viewer.scene import SceneStream, log_blueprint, log_labels, log_sensors, log_static, log_styles
    from viewer.scene.timing import interval_view, log_intervals

    project = Project.open(folder)
    labels = project.labels()
    try:
        with (
            project.recording(name) as recording,
            _writable(save).open("wb") as file,
            progress_bar("writing") as progress,
        ):
            tracks, times, ontology = labels.tracks(name), FrameTimes(recording), project.ontology()
            stream = SceneStream(recording.name)
            log_static(stream, recording)
            log_blueprint(stream, recording, below=interval_view())
            log_intervals(stream, recording)
            log_styles(stream, tracks, ontology)
            count = len(recording.frames)
            for first in range(0, count, _BATCH_FRAMES):
                batch = range(first, min(first + _BATCH_FRAMES, count))
                log_labels(stream, tracks, ontology, frame_labels(recording, times, tracks, batch))
                for frame in batch:
                    log_sensors(stream, recording, frame)
                    file.write(stream.read())
                    progress(frame + 1, count)
    finally:
        labels.close()
    results.print(f"{save}: open it with `rerun {save}`")


def _writable(path: Path) -> Path:
    try:
        path.open("wb").close()
    except OSError as error:
        raise InputError(
            f"cannot write the file ({error.strerror})", do="choose a writable place", where=path
        ) from error
    return path
