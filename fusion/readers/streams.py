"""Streams of files that belong to numbered frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from calibration import CameraModel
from calibration.errors import FormatError
from fusion.readers.clouds import as_sweep, read_cloud
from fusion.readers.clouds.raw import KITTI_COLUMNS
from fusion.readers.image_header import load_photo
from fusion.recording.source import SourceStream
from fusion.samples import PointFrame, Sample
from fusion.timeline import Int64Array, Timeline

Load = Callable[[Path, int], Sample]
Files = Sequence[Path | None]

TENTH_NS = 100_000_000
SECOND_NS = 1_000_000_000


def timeline(times_ns: Int64Array, where: Path) -> Timeline:
    """Raises FormatError if times do not increase strictly."""
    try:
        return Timeline(times_ns)
    except ValueError as error:
        raise FormatError("the times do not increase from one to the next", where=where) from error


def frame_stream(sensor: str, times_ns: Int64Array, files: Files, load: Load, where: Path) -> SourceStream:
    """Of one file a frame, None where a frame has none; only what is there is listed.

    times_ns: (frames,). load(file, time_ns) -> sample.
    """
    present = np.array([file is not None for file in files], dtype=bool)
    samples = np.where(present, np.cumsum(present) - 1, -1).astype(np.int64)
    return _stream(sensor, times_ns[present], [file for file in files if file is not None], load, samples, where)


def reference_stream(
    sensor: str,
    times_ns: Int64Array,
    files: Files,
    load: Load,
    where: Path,
    point_frame: PointFrame = PointFrame.SENSOR,
) -> SourceStream:
    """As `frame_stream`, but a frame without a file keeps its time: its data is listed and missing."""
    every = np.arange(len(files), dtype=np.int64)
    return _stream(sensor, times_ns, files, load, every, where, point_frame)


def _stream(
    sensor: str,
    times_ns: Int64Array,
    files: Files,
    load: Load,
    frame_samples: Int64Array,
    where: Path,
    point_frame: PointFrame = PointFrame.SENSOR,
) -> SourceStream:
    def load_one(index: int) -> Sample | None:
        file = files[index]
        return None if file is None else load(file, int(times_ns[index]))

    return SourceStream(
        sensor, timeline(times_ns, where), load_one, point_frame=point_frame, frame_samples=frame_samples
    )


def photo_loader(model: CameraModel) -> Load:
    """Loads photos of the size of `model`, as they came."""

    def load(file: Path, _time_ns: int) -> Sample:
        return load_photo(file, model)

    return load


def cloud_loader(columns: Sequence[str] = KITTI_COLUMNS) -> Load:
    """Loads point cloud files as sweeps. columns: of files that do not name theirs."""

    def load(file: Path, time_ns: int) -> Sample:
        return as_sweep(read_cloud(file, columns), time_ns)

    return load
