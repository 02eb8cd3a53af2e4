"""Recordings that know nothing of where they were, or nothing that is any good, get an estimated ego motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from calibration import SensorKind
from fusion.cuboid_table import CuboidTable
from fusion.ego_motion import EgoMotion
from fusion.odometry.estimate import Odometry, estimate_odometry
from fusion.odometry.raw_sweeps import as_measured, raw_sweeps
from fusion.progress import Progress, silent
from fusion.recording.reader import Recording
from fusion.recording.source import PoseSource, RecordingSource, SourceStream
from fusion.samples import PointFrame

_LONGEST_PERIOD_NS = 300_000_000


def estimate_ego_motion(
    origin: RecordingSource | Recording, lidar: str | None = None, progress: Progress = silent
) -> EgoMotion:
    """`world_from_ego` from the sweeps of one LiDAR, by default the first: z up, beginning at its first pose.

    Points of each sweep are used at their own times. Raises UsageError without a LiDAR, InputError without two sweeps.
    """
    return estimate_odometry(raw_sweeps(origin, lidar), progress).ego_motion


def with_odometry(source: RecordingSource, lidar: str | None = None, progress: Progress = silent) -> RecordingSource:
    """The source with an estimated ego motion, and a note that says how far to trust it.

    What was in the source's own world comes along: sweeps are taken back to the sensor, cuboids keep their place beside
    the ego, and poses of single samples are dropped.
    """
    sweeps = raw_sweeps(source, lidar)
    found = estimate_odometry(sweeps, progress)
    return replace(
        source,
        ego_motion=found.ego_motion,
        pose_source=PoseSource.ODOMETRY,
        streams=tuple(_without_world(stream, source) for stream in source.streams),
        cuboids=_carried(source, found.ego_motion),
        origin_m=np.zeros(3),
        notes=(*source.notes, _note(sweeps.lidar, found)),
    )


def with_odometry_if_needed(source: RecordingSource, *, wanted: bool, progress: Progress = silent) -> RecordingSource:
    """Where the user asks for it (`ReaderOptions.odometry`), or where poses lack and sweeps follow closely.

    Else the source itself: frames that are seconds apart may have nothing to do with each other.
    """
    follows = any(
        source.rig[stream.sensor].kind is SensorKind.LIDAR and 0 < stream.timeline.period_ns <= _LONGEST_PERIOD_NS
        for stream in source.streams
    )
    if wanted or (source.pose_source is PoseSource.NONE and follows):
        return with_odometry(source, progress=progress)
    return source


def _note(lidar: str, found: Odometry) -> str:
    level = "" if found.levelled else "; no ground was found, so up is the ego's up"
    way = f"{found.drift.travelled_m:.0f} m without closing loops"
    return f"ego motion estimated from {lidar}, {way}: {found.drift}{level}"


def _without_world(stream: SourceStream, source: RecordingSource) -> SourceStream:
    sensor = source.rig[stream.sensor]
    if sensor.kind is not SensorKind.LIDAR or stream.point_frame is not PointFrame.WORLD:
        return replace(stream, world_from_sensor=None)
    load = as_measured(stream, source.ego_motion, sensor.ego_from_sensor)
    return replace(stream, load=load, world_from_sensor=None, point_frame=PointFrame.SENSOR)


def _carried(source: RecordingSource, ego_motion: EgoMotion) -> Callable[[], CuboidTable | None]:
    def cuboids() -> CuboidTable | None:
        table = source.cuboids()
        if table is None:
            return None
        times_ns = _times_of(table, source)
        ego_from_object = source.ego_motion.at(times_ns).inverse() * table.world_from_object
        return replace(table, world_from_object=ego_motion.at(times_ns) * ego_from_object)

    return cuboids


def _times_of(table: CuboidTable, source: RecordingSource) -> np.ndarray:
    """(M,) int64 ns of each cuboid: its own, else its frame's."""
    if table.times_ns is not None:
        return table.times_ns
    streams = {stream.sensor: stream for stream in source.streams}
    frames = streams[source.reference].timeline.times_ns if source.frame_times_ns is None else source.frame_times_ns
    return np.asarray(frames[table.frames])
