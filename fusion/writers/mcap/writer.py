"""Write one MCAP file: whole or not at all, in the order of time, one sample in memory at a time."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer

from calibration import SensorKind
from calibration.errors import RecordingError, UsageError
from fusion.cuboid_table import CuboidTable
from fusion.progress import Progress, silent
from fusion.readers.ros.mcap_file import ATTACHMENT
from fusion.recording import Recording
from fusion.samples import PointFrame
from fusion.writers.mcap import labels, messages
from fusion.writers.mcap.plan import Plan, Topics, extras, plan

COMPRESSIONS = {"zstd": CompressionType.ZSTD, "lz4": CompressionType.LZ4, "none": CompressionType.NONE}
LABELS = "/labels"

_LAST_STAMP_NS = (2**31 - 1) * 1_000_000_000


class _Entry(NamedTuple):
    """One message to write; entries of one time are written in the order of topics."""

    time_ns: int
    topic: str
    data: bytes


def write_mcap(
    recording: Recording,
    path: Path,
    *,
    cuboids: CuboidTable | None = None,
    compression: str = "zstd",
    progress: Progress = silent,
) -> int:
    """Write a recording, and labels if there are any, and return the number of messages.

    A temporary file beside `path` is renamed when it is whole and the mcap library has read every message of it.
    progress(done, total) is called after each sample. Raises UsageError for an unknown compression, RecordingError if
    the folder cannot be written, or if the recording has times that ROS cannot say (after 2038).
    """
    if compression not in COMPRESSIONS:
        raise UsageError(f"unknown compression {compression!r}", do=f"one of {', '.join(COMPRESSIONS)}")
    _check_times(recording)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            count = _write(file, recording, cuboids, compression, progress)
            file.flush()
            os.fsync(file.fileno())
        _check(partial, count, path)
        partial.replace(path)
    except OSError as error:
        raise RecordingError(
            f"cannot write the MCAP file ({error.strerror or error})", do="choose a writable folder", where=path
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return count


def _check_times(recording: Recording) -> None:
    lines = [recording.ego_motion.timeline.times_ns, *(recording.times_ns(each) for each in recording.streams)]
    latest = max(int(line[-1]) for line in lines if len(line))
    if latest > _LAST_STAMP_NS:
        raise RecordingError("ROS cannot say times after January 2038", where=recording.path)


def _write(
    file: BinaryIO, recording: Recording, cuboids: CuboidTable | None, compression: str, progress: Progress
) -> int:
    writer = Writer(file, compression=COMPRESSIONS[compression])
    writer.start(profile="ros2", library="boxwright")
    names = plan(recording)
    writer.add_attachment(0, 0, ATTACHMENT, "application/json", extras(recording, names).to_bytes())
    channels = _channels(writer, names, labelled=cuboids is not None)
    sequence = dict.fromkeys(channels, 0)
    for entry in _entries(recording, names, cuboids, progress):
        # The log's times are unsigned; a time before 1970 is in the header all the same.
        log_ns = max(entry.time_ns, 0)
        writer.add_message(channels[entry.topic], log_ns, entry.data, log_ns, sequence[entry.topic])
        sequence[entry.topic] += 1
    writer.finish()
    return sum(sequence.values())


def _channels(writer: Writer, names: Plan, *, labelled: bool) -> dict[str, int]:
    types = {"/tf": messages.TRANSFORMS, "/tf_static": messages.TRANSFORMS}
    for topics in names.topics.values():
        kind = {"points": messages.CLOUD, "compressed": messages.PHOTO, "image_raw": messages.IMAGE}
        types[topics.samples] = kind[topics.samples.rpartition("/")[2]]
        types |= {topics.lens: messages.LENS} if topics.lens else {}
        types |= {topics.poses: messages.POSE} if topics.poses else {}
    schemas = {
        name: writer.register_schema(name, "ros2msg", messages.definition(name).encode())
        for name in sorted(set(types.values()))
    }
    channels = {topic: writer.register_channel(topic, "cdr", schemas[name]) for topic, name in types.items()}
    if labelled:
        schema = writer.register_schema(labels.SCHEMA_NAME, "jsonschema", labels.schema())
        channels[LABELS] = writer.register_channel(LABELS, "json", schema)
    return channels


def _entries(recording: Recording, names: Plan, cuboids: CuboidTable | None, progress: Progress) -> Iterator[_Entry]:
    """All messages in the order of time, made as they are asked for."""
    lines = [_ego_entries(recording, names)]
    lines += [_stream_entries(recording, sensor, topics, names) for sensor, topics in names.topics.items()]
    if cuboids is not None:
        updates = labels.scene_updates(cuboids, recording.frames.times_ns, names.world_frame)
        lines.append(_Entry(time_ns, LABELS, data) for time_ns, data in updates)
    total = sum(len(recording.times_ns(sensor)) for sensor in names.topics)
    samples = {topics.samples for topics in names.topics.values()}
    yield _rig_entry(recording, names)
    done = 0
    for entry in heapq.merge(*lines, key=lambda each: each[:2]):
        yield entry
        if entry.topic in samples:
            done += 1
            progress(done, total)
    progress(total, total)


def _rig_entry(recording: Recording, names: Plan) -> _Entry:
    starts = [recording.times_ns(sensor)[:1] for sensor in names.topics]
    start = int(np.concatenate([recording.ego_motion.timeline.times_ns[:1], *starts]).min())
    mounted = {sensor.name: sensor.ego_from_sensor for sensor in recording.rig}
    return _Entry(start, "/tf_static", messages.transforms(start, names.ego_frame, mounted))


def _ego_entries(recording: Recording, names: Plan) -> Iterator[_Entry]:
    motion = recording.ego_motion
    for index, time_ns in enumerate(motion.timeline.times_ns.tolist()):
        pose = {names.ego_frame: motion.world_from_ego[index]}
        yield _Entry(time_ns, "/tf", messages.transforms(time_ns, names.world_frame, pose))


def _stream_entries(recording: Recording, sensor: str, topics: Topics, names: Plan) -> Iterator[_Entry]:
    poses = recording.own_poses(sensor)
    model = recording.rig[sensor].camera
    for index, time_ns in enumerate(recording.times_ns(sensor).tolist()):
        # In the order of topics, as the merge of all streams expects it.
        if recording.has(sensor, index):
            if model is not None and topics.lens:
                yield _Entry(time_ns, topics.lens, messages.lens(model, time_ns, sensor))
            yield _Entry(time_ns, topics.samples, _sample(recording, sensor, index, time_ns, names))
        if poses is not None:
            yield _Entry(time_ns, topics.poses, messages.pose(time_ns, names.world_frame, poses[index]))


def _sample(recording: Recording, sensor: str, index: int, time_ns: int, names: Plan) -> bytes:
    kind = recording.rig[sensor].kind
    if kind is SensorKind.CAMERA:
        return messages.photo(recording.image(sensor, index), time_ns, sensor)
    if kind is SensorKind.DEPTH:
        return messages.depth(recording.depth(sensor, index), time_ns, sensor)
    frames = {PointFrame.SENSOR: sensor, PointFrame.EGO: names.ego_frame, PointFrame.WORLD: names.world_frame}
    frame = frames[recording.point_frame(sensor)]
    return messages.cloud(recording.sweep(sensor, index), time_ns, frame)


def _check(partial: Path, count: int, path: Path) -> None:
    """Everything can be read again, and every block is what its checksum says."""
    try:
        with partial.open("rb") as file:
            reader = make_reader(file, validate_crcs=True)
            read = sum(1 for _ in reader.iter_messages(log_time_order=False))
    except (McapError, ValueError, EOFError) as error:
        raise RecordingError("the MCAP file cannot be read back", do="try again", where=path) from error
    if read != count:
        raise RecordingError(f"only {read} of {count} messages can be read back", do="try again", where=path)
