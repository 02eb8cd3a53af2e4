"""Faults of where the ego is said to be: a localisation that jumps, or drifts away.

All that was placed by it goes along: poses that come with samples, and points that were brought into the world.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.ego_motion import EgoMotion
from fusion.faults.job import Job, Result, frame_times, with_points
from fusion.faults.ledger import Planted
from fusion.recording.source import RecordingSource, SourceStream
from fusion.samples import PointFrame
from fusion.timeline import Int64Array

_Offset = Callable[[Int64Array], FloatArray]  # (N,) int64 ns to (N, 3) metres in the world


def pose_jump(job: Job) -> Result:
    """From some frame on, the ego is some metres beside where it is."""
    return _displaced(job, "jump_m", lambda seconds: np.asarray(seconds >= 0.0, dtype=np.float64))


def pose_drift(job: Job) -> Result:
    """From some frame on, the ego leaves its place by some metres a second."""
    return _displaced(job, "drift_mps", lambda seconds: np.maximum(seconds, 0.0))


def _displaced(job: Job, name: str, growth: Callable[[FloatArray], FloatArray]) -> Result:
    source = job.source
    if len(source.ego_motion.timeline) < 2:
        return "the ego stands still: it has one pose"
    frames = frame_times(source)
    first = int(job.rng.integers(max(len(frames) // 4, 1), max(3 * len(frames) // 4, 2)))
    angle = job.rng.uniform(-np.pi, np.pi)
    direction = np.array([np.cos(angle), np.sin(angle), 0.0])

    def offset(times_ns: Int64Array) -> FloatArray:
        seconds = (np.asarray(times_ns) - frames[first]) * 1e-9
        return np.asarray(job.amount * growth(seconds)[:, None] * direction)

    entry = Planted(
        job.kind,
        (job.sensor,),
        (first, len(frames) - 1),
        (int(frames[first]), int(frames[-1])),
        {name: job.amount, "direction_x": float(direction[0]), "direction_y": float(direction[1])},
    )
    return _moved(source, offset), entry


def _moved(source: RecordingSource, offset: _Offset) -> RecordingSource:
    motion = source.ego_motion
    wrong = EgoMotion(motion.timeline, _shifted(motion.world_from_ego, offset(motion.timeline.times_ns)))
    return replace(source, ego_motion=wrong, streams=tuple(_moved_stream(each, offset) for each in source.streams))


def _moved_stream(stream: SourceStream, offset: _Offset) -> SourceStream:
    steps = offset(stream.timeline.times_ns)
    if stream.world_from_sensor is not None:
        stream = replace(stream, world_from_sensor=_shifted(stream.world_from_sensor, steps))
    if stream.point_frame is not PointFrame.WORLD:
        return stream

    def moved(index: int, points: npt.NDArray[np.floating]) -> npt.ArrayLike:
        # Where nothing is wrong the points stay as they are, bit for bit.
        return points + steps[index] if steps[index].any() else points

    return with_points(stream, moved)


def _shifted(poses: RigidTransform, steps: FloatArray) -> RigidTransform:
    return RigidTransform(poses.rotation, poses.translation + steps)
