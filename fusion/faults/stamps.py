"""Faults of a sensor's clock: its samples are right and their times are not.

Whatever was looked up by a sample's time is looked up at the wrong one, as a pipeline would do it: poses that come
with the samples, and the ego's pose that brought points into the world. A frame keeps its samples where the source says
which they are; the frames' own times follow the reference sensor's.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fusion.ego_motion import EgoMotion
from fusion.faults.job import Job, Result, with_points
from fusion.recording.source import RecordingSource, SourceStream
from fusion.samples import PointFrame
from fusion.timeline import Int64Array, Timeline

_MOST_OF_A_GAP = 0.45  # two neighbours jittered towards each other by so much of their gap stay in order


def time_offset(job: Job) -> Result:
    """Every stamp of the sensor is some seconds late (negative: early)."""
    shift = round(job.amount * 1e9)
    return _restamped(job, job.stream.timeline.times_ns + shift, 0, {"offset_s": job.amount})


def clock_jump(job: Job) -> Result:
    """From some sample on, every stamp is some seconds late (negative: early)."""
    first = job.onset()
    times = job.stream.timeline.times_ns.copy()
    times[first:] += round(job.amount * 1e9)
    return _restamped(job, times, first, {"offset_s": job.amount})


def jitter(job: Job) -> Result:
    """Every stamp is off by a random time; the amount is the standard deviation in seconds, order is kept."""
    times = job.stream.timeline.times_ns
    limit = _MOST_OF_A_GAP * float(np.diff(times).min())
    noise = np.rint(np.clip(job.rng.normal(0.0, job.amount * 1e9, len(times)), -limit, limit)).astype(np.int64)
    largest = float(np.abs(noise).max()) * 1e-9
    return _restamped(job, times + noise, 0, {"sigma_s": job.amount, "largest_s": largest})


def _restamped(job: Job, times_ns: Int64Array, first: int, amount: dict[str, float | str]) -> Result:
    old = job.stream
    if np.any(np.diff(times_ns) <= 0):
        return f"times of {job.sensor} would no longer increase"
    stream = replace(_with_world_points_at(job.source, old, times_ns), timeline=Timeline(times_ns))
    if old.world_from_sensor is not None:
        poses = EgoMotion(old.timeline, old.world_from_sensor).at(times_ns)
        stream = replace(stream, world_from_sensor=poses)
    source = job.with_stream(stream)
    if job.sensor == source.reference and source.frame_times_ns is not None:
        frames = _frames_shifted(source.frame_times_ns, old, times_ns - old.timeline.times_ns)
        if np.any(np.diff(frames) <= 0):
            return "times of the frames would no longer increase"
        source = replace(source, frame_times_ns=frames)
    return source, job.planted(first, job.count - 1, amount)


def _frames_shifted(frame_times_ns: Int64Array, reference: SourceStream, shifts_ns: Int64Array) -> Int64Array:
    """Each frame as late as its sample of the reference sensor."""
    nearest = reference.timeline.nearest(frame_times_ns).astype(np.int64)
    if reference.frame_samples is not None:
        nearest = np.where(reference.frame_samples >= 0, reference.frame_samples, nearest)
    return np.asarray(frame_times_ns + shifts_ns[nearest])


def _with_world_points_at(source: RecordingSource, stream: SourceStream, times_ns: Int64Array) -> SourceStream:
    """Points that were brought into the world, brought there by the ego's pose at the wrong time."""
    if stream.point_frame is not PointFrame.WORLD:
        return stream
    right = source.ego_motion.at(stream.timeline.times_ns)
    wrong_from_right = source.ego_motion.at(times_ns) * right.inverse()

    def moved(index: int, points: npt.NDArray[np.floating]) -> npt.ArrayLike:
        return wrong_from_right[index].apply(points)

    return with_points(stream, moved)
