"""The sweeps of one LiDAR as measured, whatever frame they are stored in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform, SensorKind
from calibration.errors import UsageError
from fusion.deskew import from_world
from fusion.ego_motion import EgoMotion
from fusion.odometry.tracking import TimedPoints
from fusion.recording.as_source import recording_source
from fusion.recording.reader import Recording
from fusion.recording.source import RecordingSource, SourceStream
from fusion.samples import PointFrame, Sample, Sweep
from fusion.timeline import Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class RawSweeps:
    """Sweeps with points, in order, loaded one at a time. ego_from_sensor: from the frame in which they are."""

    lidar: str
    stream: SourceStream
    load: Callable[[int], Sample | None]
    ego_from_sensor: RigidTransform

    def __len__(self) -> int:
        return len(self.stream.timeline)

    def __iter__(self) -> Iterator[TimedPoints]:
        last_ns = -(2**63)
        for index in range(len(self)):
            sweep = self._timed(index)
            if sweep is not None and sweep.middle_ns > last_ns:
                last_ns = sweep.middle_ns
                yield sweep

    def __getitem__(self, index: int) -> TimedPoints:
        """The sweep of a sample that has points."""
        sweep = self._timed(index)
        if sweep is None:
            raise IndexError(index)
        return sweep

    def _timed(self, index: int) -> TimedPoints | None:
        sample = self.load(index)
        if not isinstance(sample, Sweep) or not len(sample):
            return None
        stamp = int(self.stream.timeline.times_ns[index])
        if self.stream.point_frame is PointFrame.EGO:  # compensated: all of it holds at the timestamp
            return TimedPoints(sample.points_m, np.full(len(sample), stamp, np.int64), stamp, index)
        times_ns = stamp + sample.time_offset_ns.astype(np.int64)
        # The median: a few points with times astray must not move a whole sweep.
        return TimedPoints(sample.points_m, times_ns, stamp + int(np.median(sample.time_offset_ns)), index)


def raw_sweeps(origin: RecordingSource | Recording, lidar: str | None = None) -> RawSweeps:
    """Of the named LiDAR, or of the first with sweeps. Points stored in the world are brought back to where they were
    measured, by the poses that brought them there. Raises UsageError where there is no such LiDAR."""
    source = recording_source(origin) if isinstance(origin, Recording) else origin
    lidars = [s for s in source.streams if source.rig[s.sensor].kind is SensorKind.LIDAR and len(s.timeline)]
    found = [stream for stream in lidars if lidar in (None, stream.sensor)]
    if not found:
        known = ", ".join(stream.sensor for stream in lidars) or "none"
        raise UsageError("odometry needs a LiDAR", do=f"there is {known}", where=lidar or source.name)
    stream = found[0]
    mounting = source.rig[stream.sensor].ego_from_sensor
    if stream.point_frame is PointFrame.EGO:
        mounting = RigidTransform.identity()
    return RawSweeps(stream.sensor, stream, as_measured(stream, source.ego_motion, mounting), mounting)


def as_measured(
    stream: SourceStream, ego_motion: EgoMotion, ego_from_sensor: RigidTransform
) -> Callable[[int], Sample | None]:
    """How to load a stream's sweeps in the sensor frame; one that is not stored in the world is left as it is."""
    if stream.point_frame is not PointFrame.WORLD:
        return stream.load
    stamps: Int64Array = stream.timeline.times_ns

    def load(index: int) -> Sample | None:
        sweep = stream.load(index)
        if not isinstance(sweep, Sweep):
            return sweep
        times_ns: npt.NDArray[np.int64] = stamps[index] + sweep.time_offset_ns.astype(np.int64)
        points = from_world(sweep.points_m, times_ns, ego_motion, ego_from_sensor)
        return Sweep(points, sweep.intensity, sweep.time_offset_ns)

    return load
