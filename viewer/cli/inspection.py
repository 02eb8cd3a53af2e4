"""info, view."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from calibration.errors import InputError
from fusion.recording import Recording
from labeling.frame_labels import frame_labels
from labeling.frame_times import FrameTimes
from labeling.project import Project
from labeling.slip import CameraSlip, camera_slips
from labeling.track import Track
from viewer.cli.console import print_json, progress_bar, results

_BATCH_FRAMES = 16


def info(folder: Path, name: str | None, as_json: bool) -> None:
    """A project's recordings, or one recording in detail."""
    project = Project.open(folder)
    labels = project.labels()
    try:
        if name is None:
            _project_info(project, {each: labels.count(each) for each in project.recording_names()}, as_json)
            return
        with project.recording(name) as recording:
            _recording_info(recording, labels.tracks(name), as_json)
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


def _recording_info(recording: Recording, tracks: dict[str, Track], as_json: bool) -> None:
    with progress_bar("measuring slip") as progress:
        slips = camera_slips(recording, list(tracks.values()), progress)
    report = {
        "name": recording.name,
        "frames": len(recording.frames),
        "reference": recording.reference,
        "streams": [_stream(recording, each) for each in recording.streams],
        "tracks": len(tracks),
        "knots": sum(map(len, tracks.values())),
        "cameras": [asdict(slip) for slip in slips],
        "notes": list(recording.notes),
    }
    if as_json:
        print_json(report)
    else:
        _print_recording(report, slips)


def _stream(recording: Recording, sensor: str) -> dict[str, Any]:
    times = recording.times_ns(sensor)
    period = float(np.median(np.diff(times)) / 1e6) if len(times) > 1 else None
    return {
        "sensor": sensor,
        "kind": str(recording.rig[sensor].kind),
        "samples": recording.count(sensor),
        "listed": len(times),
        "period_ms": period,
    }


def _print_recording(report: dict[str, Any], slips: list[CameraSlip]) -> None:
    results.print(
        f"recording {report['name']}: {report['frames']} frames by {report['reference']}, "
        f"{report['tracks']} tracks with {report['knots']} knots"
    )
    for stream in report["streams"]:
        missing = stream["listed"] - stream["samples"]
        period = "" if stream["period_ms"] is None else f", every {stream['period_ms']:.1f} ms"
        lost = f", {missing} missing" if missing else ""
        results.print(f"  {stream['sensor']} ({stream['kind']}): {stream['samples']} samples{period}{lost}")
    if slips:
        results.print(
            "cameras: exposure against the frame's LiDAR timestamp, and how far a moving cuboid's corner would"
        )
        results.print("slip if it were drawn at that timestamp instead of the exposure:")
    for slip in slips:
        worst = (
            "nothing moves in view"
            if slip.slip_px is None
            else (f"up to {slip.slip_px:.0f} px (track {str(slip.track_id)[:8]}, frame {slip.frame})")
        )
        results.print(f"  {slip.camera}: {slip.offset_ms:+.1f} ms, {worst}")
    for note in report["notes"]:
        results.print(f"note: {note}")


def view(folder: Path, name: str, save: Path) -> None:
    """Write the whole scene to an .rrd file, frame by frame."""
    from viewer.scene import SceneStream, log_blueprint, log_labels, log_sensors, log_static, log_styles

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
            log_blueprint(stream, recording)
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
