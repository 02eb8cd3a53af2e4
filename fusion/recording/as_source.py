"""An open recording file as a source again, so that it can be written anew with something changed."""

from __future__ import annotations

from collections.abc import Callable

from calibration import SensorKind
from fusion.recording.reader import Recording
from fusion.recording.source import RecordingSource, SourceStream
from fusion.samples import Sample
from fusion.timeline import Timeline


def recording_source(recording: Recording) -> RecordingSource:
    """Everything in the file, exactly; writing it gives an equal recording.

    Samples are read from the file when they are asked for: it must stay open as long as the source is used. There are
    no cuboids, for labels never live in a recording file.
    """
    return RecordingSource(
        name=recording.source,
        rig=recording.rig,
        ego_motion=recording.ego_motion,
        streams=tuple(_stream(recording, sensor) for sensor in recording.streams),
        reference=recording.reference,
        frame_times_ns=recording.frames.times_ns,
        origin_m=recording.origin_m,
        notes=recording.notes,
        pose_source=recording.pose_source,
    )


def _stream(recording: Recording, sensor: str) -> SourceStream:
    return SourceStream(
        sensor=sensor,
        timeline=Timeline(recording.times_ns(sensor)),
        load=_loader(recording, sensor),
        world_from_sensor=recording.own_poses(sensor),
        point_frame=recording.point_frame(sensor),
        # Not `sample_of`, which hides what is listed but missing.
        frame_samples=recording.listed_samples(sensor),
    )


def _loader(recording: Recording, sensor: str) -> Callable[[int], Sample | None]:
    readers: dict[SensorKind, Callable[[str, int], Sample]] = {
        SensorKind.CAMERA: recording.image,
        SensorKind.LIDAR: recording.sweep,
        SensorKind.DEPTH: recording.depth,
    }
    read = readers[recording.rig[sensor].kind]

    def load(index: int) -> Sample | None:
        return read(sensor, index) if recording.has(sensor, index) else None

    return load
