"""A source out of an MCAP file that says itself what it is: one of ours."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from calibration import RigidTransform, SensorKind
from fusion.readers.ros.extras import Extras, StreamExtras
from fusion.readers.ros.frames import Edge
from fusion.readers.ros.loading import Loader
from fusion.readers.ros.log import Log
from fusion.readers.ros.motion import Motion, pose_rows
from fusion.readers.ros.point_times import Origin, PointClock
from fusion.readers.ros.scenes import cuboid_table
from fusion.readers.ros.stamps import clean_times
from fusion.readers.ros.survey import PoseLog, Stream, Survey
from fusion.readers.ros.values import pose_transform
from fusion.recording.source import RecordingSource, SourceStream
from fusion.samples import Sample
from fusion.timeline import Int64Array, Timeline

TIME_FIELD = "time_offset_ns"
_CLOCK = PointClock(TIME_FIELD, "ns", Origin.STAMP)


def told_source(path: Path, log: Log, found: Survey, extras: Extras) -> RecordingSource | None:
    """The recording as it was written; None where the messages are not those that the file says it has."""
    frames = found.links.frames()
    edge = frames.edge(extras.ego_frame)
    by_topic = {each.topic: sensor for sensor, each in extras.streams.items()}
    there = {by_topic[topic]: stream for topic, stream in found.streams.items() if topic in by_topic}
    known = {sensor.name: sensor.kind for sensor in extras.rig}
    if edge is None or not there or any(known.get(name) != stream.kind for name, stream in there.items()):
        return None
    times = {sensor: _times(there.get(sensor), each) for sensor, each in extras.streams.items()}
    whole = all(len(times[sensor]) == each.count for sensor, each in extras.streams.items())
    whole = whole and _fits(extras)
    streams = tuple(
        _stream(path, log, there.get(sensor.name), extras, sensor.name, times[sensor.name], found, whole)
        for sensor in extras.rig
        if sensor.name in extras.streams and (len(times[sensor.name]) or whole)
    )
    reference = extras.reference if any(each.sensor == extras.reference for each in streams) else streams[0].sensor
    frame_times = extras.frame_times_ns if whole else times[reference]
    motion = _motion(extras, edge)
    lost = [] if whole else ["parts of this file are missing: frames are taken from the times of what is there"]
    return RecordingSource(
        name=extras.source,
        rig=extras.rig,
        ego_motion=motion.ego_motion,
        streams=streams,
        reference=reference,
        frame_times_ns=frame_times,
        origin_m=extras.origin_m,
        cuboids=partial(cuboid_table, log, found.scenes, frames, motion, frame_times),
        notes=(*extras.notes, *lost),
        pose_source=extras.pose_source,
    )


def _motion(extras: Extras, edge: Edge) -> Motion:
    return Motion(edge.motion, extras.pose_source, extras.ego_frame, extras.world_frame, np.zeros(3), ())


def _fits(extras: Extras) -> bool:
    """Whether what is said about frames is about frames that there are."""
    count = len(extras.frame_times_ns)
    return (
        count > 0
        and bool(np.all(np.diff(extras.frame_times_ns) > 0))
        and extras.reference in extras.streams
        and all(
            len(each.frame_samples) == count
            and each.frame_samples.min() >= -1
            and each.frame_samples.max() < each.count
            and len(each.metres_per_unit) in (0, 1, each.count)
            for each in extras.streams.values()
        )
    )


def _times(stream: Stream | None, extras: StreamExtras) -> Int64Array:
    present = np.empty(0, np.int64) if stream is None else stream.track.stamps_ns
    return np.union1d(present, extras.missing_ns)


def _stream(
    path: Path,
    log: Log,
    stream: Stream | None,
    extras: Extras,
    sensor: str,
    times_ns: Int64Array,
    found: Survey,
    whole: bool,
) -> SourceStream:
    told = extras.streams[sensor]
    own = _own_poses(found.poses.get(told.poses), times_ns)
    samples = told.frame_samples if whole else None
    timeline = Timeline(times_ns)
    if stream is None:
        return SourceStream(sensor, timeline, _nothing, own, told.point_frame, samples)
    clean = clean_times(stream.track.stamps_ns, stream.track.log_ns)
    chosen = np.full(len(times_ns), -1, dtype=np.int64)
    chosen[np.searchsorted(times_ns, clean.times_ns)] = clean.chosen
    scales = told.metres_per_unit if extras.rig[sensor].kind is SensorKind.DEPTH else ()
    loader = Loader(log, path, stream, times_ns, chosen, _CLOCK, None, False, scales or (0.001,))
    return SourceStream(sensor, timeline, loader, own, told.point_frame, samples)


def _nothing(_index: int) -> Sample | None:
    """All of this stream's data is missing."""


def _own_poses(log: PoseLog | None, times_ns: Int64Array) -> RigidTransform | None:
    """The samples' own poses, if there is one for each."""
    if log is None:
        return None
    pose_times, rows = pose_rows(log)
    at = np.searchsorted(pose_times, times_ns)
    if not len(times_ns) or at.max() >= len(pose_times) or np.any(pose_times[at] != times_ns):
        return None
    return pose_transform(rows[at])
