"""Write one recording file: whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.errors import RecordingError
from fusion.progress import Progress, silent
from fusion.recording import layout
from fusion.recording.compact import encoded, encoded_points, fits, reordered
from fusion.recording.source import RecordingSource, SourceStream
from fusion.samples import DepthImage, EncodedImage, PointFrame, Sample, Sweep
from fusion.timeline import Timeline


def write_recording(source: RecordingSource, path: Path, *, compact: bool = False, progress: Progress = silent) -> None:
    """Write `source` to `path`; a temporary file beside it is renamed when it is whole and has been read back.

    compact: points to the millimetre and in another order (see `compact`), a third of the size; else nothing is lost.
    progress(done, total) is called after each sample. Raises RecordingError if the folder cannot be written.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        with h5py.File(partial, "w", **layout.FILE) as file:
            _write_head(file, source)
            spans = _write_streams(file, source, compact, progress)
            _write_frames(file, source, spans)
        _read_back(partial)
        _sync(partial)
        partial.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise RecordingError(
            f"cannot write the recording ({error.strerror or error})", do="choose a writable folder", where=path
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _write_head(file: h5py.File, source: RecordingSource) -> None:
    # Groups that come into being by themselves carry the time of day; the same source must be the same bytes.
    for group in ("ego", layout.STREAMS, "frames", layout.FRAME_SAMPLES):
        file.create_group(group)
    file.attrs["format"] = layout.FORMAT
    file.attrs["version"] = layout.VERSION
    file.attrs["source"] = source.name
    file.attrs["reference"] = source.reference
    file.attrs["origin_m"] = np.asarray(source.origin_m, dtype=np.float64)
    file.attrs["pose_source"] = str(source.pose_source)
    file.attrs["notes"] = json.dumps(source.notes)
    file[layout.RIG] = json.dumps(source.rig.to_record())
    file[layout.EGO_TIMES] = source.ego_motion.timeline.times_ns
    file[layout.EGO_POSES] = pose_rows(source.ego_motion.world_from_ego)


def _write_streams(
    file: h5py.File, source: RecordingSource, compact: bool, progress: Progress
) -> dict[str, npt.NDArray[np.int64]]:
    done = 0
    spans = {}
    for stream in source.streams:
        group = file.create_group(f"{layout.STREAMS}/{stream.sensor}")
        group["times_ns"] = stream.timeline.times_ns
        group.attrs["point_frame"] = str(stream.point_frame)
        if stream.world_from_sensor is not None:
            group["world_from_sensor"] = pose_rows(stream.world_from_sensor)
        extents = np.repeat(stream.timeline.times_ns[:, None], 2, axis=1)
        for index, time_ns in enumerate(stream.timeline.times_ns):
            sample = stream.load(index)
            if isinstance(sample, Sweep) and compact and fits(sample):
                pose = _frame_from_sensor(source, stream, index)
                _write_compact_sweep(group.create_group(layout.sample_key(index)), reordered(sample, pose))
            elif sample is not None:
                _write_sample(group, index, sample)
            if sample is not None:
                extents[index] = _extent(sample, int(time_ns))
            done += 1
            progress(done, source.sample_count)
        spans[stream.sensor] = _fill_missing_extents(extents, stream.timeline, group)
    return spans


def _write_sample(group: h5py.Group, index: int, sample: Sample) -> None:
    key = layout.sample_key(index)
    if isinstance(sample, EncodedImage):
        dataset = group.create_dataset(key, data=np.frombuffer(sample.data, dtype=np.uint8))
        dataset.attrs["media_type"] = sample.media_type
    elif isinstance(sample, DepthImage):
        dataset = group.create_dataset(key, data=sample.values, chunks=sample.values.shape, **layout.COMPRESSION)
        dataset.attrs["metres_per_unit"] = sample.metres_per_unit
    else:
        _write_sweep(group.create_group(key), sample)


def _write_sweep(group: h5py.Group, sweep: Sweep) -> None:
    planes = np.ascontiguousarray(sweep.points_m.T, dtype=np.float32)
    columns = {layout.POINTS: planes, layout.INTENSITY: sweep.intensity, layout.OFFSETS: sweep.time_offset_ns}
    for name, data in columns.items():
        _write_column(group, name, data, layout.COMPRESSION)


def _write_compact_sweep(group: h5py.Group, sweep: Sweep) -> None:
    columns = {
        layout.POINT_STEPS: encoded_points(sweep.points_m),
        layout.INTENSITY: sweep.intensity,
        layout.OFFSET_STEPS: encoded(sweep.time_offset_ns[None]),
    }
    for name, data in columns.items():
        _write_column(group, name, data, layout.COMPACT)


def _write_column(group: h5py.Group, name: str, data: npt.NDArray[Any], compression: dict[str, Any]) -> None:
    group.create_dataset(name, data=data, **({"chunks": data.shape, **compression} if data.size else {}))


def _frame_from_sensor(source: RecordingSource, stream: SourceStream, index: int) -> RigidTransform:
    """The LiDAR's pose in the frame of its points, at the sweep's time."""
    ego_from_sensor = source.rig[stream.sensor].ego_from_sensor
    if stream.point_frame is PointFrame.SENSOR:
        return RigidTransform.identity()
    if stream.point_frame is PointFrame.EGO:
        return ego_from_sensor
    if stream.world_from_sensor is not None:
        return stream.world_from_sensor[index]
    return source.ego_motion.at(stream.timeline.times_ns[index]) * ego_from_sensor


def _extent(sample: Sample, time_ns: int) -> tuple[int, int]:
    if isinstance(sample, Sweep) and len(sample):
        return time_ns + int(sample.time_offset_ns.min()), time_ns + int(sample.time_offset_ns.max())
    return time_ns, time_ns


def _fill_missing_extents(
    extents: npt.NDArray[np.int64], timeline: Timeline, group: h5py.Group
) -> npt.NDArray[np.int64]:
    """A missing sweep is taken to last as long as the others, relative to its timestamp."""
    present = np.array([layout.sample_key(i) in group for i in range(len(timeline))], dtype=bool)
    if present.any() and not present.all():
        offsets = extents[present] - timeline.times_ns[present, None]
        extents[~present] = timeline.times_ns[~present, None] + np.median(offsets, axis=0).astype(np.int64)
    return extents


def _write_frames(file: h5py.File, source: RecordingSource, spans: dict[str, npt.NDArray[np.int64]]) -> None:
    reference = next(stream for stream in source.streams if stream.sensor == source.reference)
    times = reference.timeline.times_ns if source.frame_times_ns is None else source.frame_times_ns
    own = _frame_samples(reference, Timeline(times).times_ns, reference.timeline.period_ns)
    frame_spans = np.where(own[:, None] >= 0, spans[source.reference][own], times[:, None])
    middles = frame_spans[:, 0] + (frame_spans[:, 1] - frame_spans[:, 0]) // 2
    file[layout.FRAME_TIMES] = times
    file[layout.FRAME_SPANS] = frame_spans
    for stream in source.streams:
        samples = own if stream is reference else _frame_samples(stream, middles, Timeline(times).period_ns)
        file[f"{layout.FRAME_SAMPLES}/{stream.sensor}"] = samples


def _frame_samples(stream: SourceStream, times_ns: npt.NDArray[np.int64], period_ns: int) -> npt.NDArray[np.int64]:
    """The stream's sample for each frame: as the source says, else the nearest within half a period."""
    if stream.frame_samples is not None:
        return stream.frame_samples
    if len(stream.timeline) == 0:
        return np.full(len(times_ns), -1, dtype=np.int64)
    nearest = stream.timeline.nearest(times_ns)
    distance = np.abs(stream.timeline.times_ns[nearest] - times_ns)
    tolerance = max(period_ns, stream.timeline.period_ns) // 2 + 1
    return np.where(distance <= tolerance, nearest, -1).astype(np.int64)


def pose_rows(poses: RigidTransform) -> npt.NDArray[np.float64]:
    """(N, 7): x y z in metres, then the quaternion w x y z."""
    return np.concatenate([poses.translation, poses.rotation], axis=1)


def _read_back(path: Path) -> None:
    from fusion.recording.reader import Recording

    with Recording.open(path) as recording:
        for name in recording.streams:
            recording.times_ns(name)
            recording.point_frame(name)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
