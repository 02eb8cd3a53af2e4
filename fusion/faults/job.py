"""One sensor fault to be planted: in what, how much, with which dice; and the few things that every kind does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform, Sensor
from fusion.faults.ledger import Planted
from fusion.recording.source import RecordingSource, SourceStream
from fusion.samples import PointFrame, Sample, Sweep
from fusion.timeline import Int64Array, Timeline

EGO = "ego"  # instead of a sensor's name, where the poses of the ego itself are at fault

_TRIES = 8

# The source with the fault in it and what was planted, or why it cannot be.
Result = tuple[RecordingSource, Planted] | str


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One fault. sensor: its name, or EGO. amount: in the kind's unit. rng: dice of this fault alone."""

    kind: str
    source: RecordingSource
    sensor: str
    amount: float
    rng: np.random.Generator

    @property
    def stream(self) -> SourceStream:
        """The sensor's stream."""
        return next(stream for stream in self.source.streams if stream.sensor == self.sensor)

    @property
    def mounted(self) -> Sensor:
        """The sensor's entry in the rig."""
        return self.source.rig[self.sensor]

    @property
    def count(self) -> int:
        """How many samples the sensor lists."""
        return len(self.stream.timeline)

    def run(self, wanted_s: float) -> tuple[int, int]:
        """First and last index of a random run of samples of about that long; never the first, nor over half of all."""
        period_ns = max(self.stream.timeline.period_ns, 1)
        length = int(np.clip(round(wanted_s * 1e9 / period_ns), 1, self.count // 2))
        first = int(self.rng.integers(1, self.count - length + 1))
        return first, first + length - 1

    def delivered_run(self, wanted_s: float) -> list[int]:
        """Indices of the samples with data in such a run; none, if only runs without data were met.

        It loads them: a sample that never came cannot go missing, and a ledger must not say that it did.
        """
        for _ in range(_TRIES):
            first, last = self.run(wanted_s)
            there = [index for index in range(first, last + 1) if self.stream.load(index) is not None]
            if there:
                return there
        return []

    def onset(self) -> int:
        """Index of a sample in the middle half, from which on something is wrong."""
        return int(self.rng.integers(max(self.count // 4, 1), max(3 * self.count // 4, 2)))

    def with_stream(self, stream: SourceStream) -> RecordingSource:
        """The source with the sensor's stream replaced."""
        streams = tuple(stream if each.sensor == self.sensor else each for each in self.source.streams)
        return replace(self.source, streams=streams)

    def planted(self, first: int, last: int, amount: dict[str, float | str], note: str = "") -> Planted:
        """The entry of the ledger for samples first to last of the sensor."""
        times = self.stream.timeline.times_ns
        frames = frames_of(self.source, self.stream, first, last)
        samples: dict[str, float | str] = {"first_sample": float(first), "last_sample": float(last)}
        return Planted(self.kind, (self.sensor,), frames, (int(times[first]), int(times[last])), amount | samples, note)


def frame_times(source: RecordingSource) -> Int64Array:
    """(F,) int64 ns, the timestamps of the frames."""
    if source.frame_times_ns is not None:
        return source.frame_times_ns
    return next(each.timeline.times_ns for each in source.streams if each.sensor == source.reference)


def frames_of(source: RecordingSource, stream: SourceStream, first: int, last: int) -> tuple[int, int]:
    """First and last frame that shows one of a stream's samples; the nearest in time where none does."""
    frames: npt.NDArray[np.integer] = np.empty(0, dtype=np.int64)
    if stream.frame_samples is not None:
        frames = np.flatnonzero((stream.frame_samples >= first) & (stream.frame_samples <= last))
    if not len(frames):
        frames = Timeline(frame_times(source)).nearest(stream.timeline.times_ns[[first, last]])
    return int(frames.min()), int(frames.max())


def with_samples(stream: SourceStream, change: Callable[[int, Sample], Sample | None]) -> SourceStream:
    """The stream with every sample that is there changed when it is loaded."""

    def load(index: int) -> Sample | None:
        sample = stream.load(index)
        return None if sample is None else change(index, sample)

    return replace(stream, load=load)


def with_points(stream: SourceStream, change: Callable[[int, npt.NDArray[np.floating]], npt.ArrayLike]) -> SourceStream:
    """The stream with the points of every sweep changed: change(index, points (N, 3) metres in its point frame)."""

    def moved(index: int, sample: Sample) -> Sample:
        assert isinstance(sample, Sweep)
        return replace(sample, points_m=np.asarray(change(index, sample.points_m), dtype=np.float32))

    return with_samples(stream, moved)


def frame_from_ego(source: RecordingSource, stream: SourceStream, index: int) -> RigidTransform:
    """From the ego frame at a sweep's timestamp to the frame in which its points are kept: EGO or WORLD."""
    if stream.point_frame is PointFrame.WORLD:
        return source.ego_motion.at(stream.timeline.times_ns[index])
    return RigidTransform.identity()
