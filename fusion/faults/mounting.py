"""Faults of where a sensor is said to sit: the data is right and its mounting is not.

The mounting in the rig is wrong, and with it all that a pipeline derives from it: poses that come with the samples,
and points that were brought into the ego frame or the world.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform, SensorKind, quaternion
from calibration.quaternion import FloatArray
from fusion.faults.job import Job, Result, frame_from_ego, with_points
from fusion.recording.source import RecordingSource, SourceStream
from fusion.samples import PointFrame

# Body axes (x forward, y left, z up) read as camera axes (z forward, x right, y down), and for a LiDAR x taken for y.
_CAMERA_FROM_BODY = RigidTransform(np.array([0.5, -0.5, 0.5, -0.5]), np.zeros(3))
_QUARTER_TURN = RigidTransform.from_yaw(np.pi / 2, [0.0, 0.0, 0.0])


def extrinsic_drift(job: Job) -> Result:
    """The sensor was turned about a random axis by some degrees; from some sample on, where samples carry poses."""
    axis = _direction(job.rng)
    turn = RigidTransform(quaternion.from_rotation_vector(np.deg2rad(job.amount) * axis), np.zeros(3))
    return _knocked(job, turn, _components("axis", axis) | {"rotation_deg": job.amount})


def extrinsic_shift(job: Job) -> Result:
    """The sensor was moved in a random direction by some metres; from some sample on, where samples carry poses."""
    direction = _direction(job.rng)
    step = RigidTransform(quaternion.IDENTITY, job.amount * direction)
    return _knocked(job, step, _components("direction", direction) | {"translation_m": job.amount})


def inverted_extrinsic(job: Job) -> Result:
    """The mounting was given the wrong way round."""
    return _misread(job, job.mounted.ego_from_sensor.inverse())


def swapped_axes(job: Job) -> Result:
    """Another convention of axes: body axes for a camera's, for a LiDAR y forward instead of x."""
    swap = _QUARTER_TURN if job.mounted.kind is SensorKind.LIDAR else _CAMERA_FROM_BODY
    return _misread(job, job.mounted.ego_from_sensor * swap)


def quaternion_order(job: Job) -> Result:
    """A quaternion w, x, y, z was read as x, y, z, w."""
    right = job.mounted.ego_from_sensor
    # What stood first (w) was taken for x, and what stood last (z) for w.
    return _misread(job, RigidTransform(np.roll(right.rotation, 1), right.translation))


def _direction(rng: np.random.Generator) -> FloatArray:
    vector = rng.normal(size=3)
    return np.asarray(vector / np.linalg.norm(vector))


def _components(name: str, vector: FloatArray) -> dict[str, float | str]:
    return {f"{name}_{axis}": float(value) for axis, value in zip("xyz", vector, strict=True)}


def _knocked(job: Job, sensor_from_knocked: RigidTransform, amount: dict[str, float | str]) -> Result:
    """A change at some moment. A rig has one mounting: only poses, or points, of single samples can say from when."""
    timed = job.stream.world_from_sensor is not None or job.stream.point_frame is not PointFrame.SENSOR
    first = job.onset() if timed else 0
    source = _remounted(job, job.mounted.ego_from_sensor * sensor_from_knocked, first)
    note = "the mounting in the rig is still the right one of before" if timed else ""
    return source, job.planted(first, job.count - 1, amount, note)


def _misread(job: Job, wrong: RigidTransform) -> Result:
    """A mounting that is wrong from the start."""
    if wrong.almost_equal(job.mounted.ego_from_sensor, atol_m=1e-3, atol_rad=1e-3):
        return f"the mounting of {job.sensor} stays the same under it"
    error = job.mounted.ego_from_sensor.inverse() * wrong
    angle = float(np.rad2deg(np.linalg.norm(quaternion.to_rotation_vector(error.rotation))))
    distance = float(np.linalg.norm(error.translation))
    entry = job.planted(0, job.count - 1, {"rotation_deg": angle, "translation_m": distance})
    return _remounted(job, wrong, 0), entry


def _remounted(job: Job, wrong: RigidTransform, first: int) -> RecordingSource:
    """The source as if the mounting had been `wrong` from sample `first` on."""
    right = job.mounted.ego_from_sensor
    source = job.with_stream(_with_poses(_with_moved_points(job, wrong * right.inverse(), first), right, wrong, first))
    if first > 0:
        return source
    sensors = tuple(replace(each, ego_from_sensor=wrong) if each.name == job.sensor else each for each in source.rig)
    return replace(source, rig=replace(source.rig, sensors=sensors))


def _with_poses(stream: SourceStream, right: RigidTransform, wrong: RigidTransform, first: int) -> SourceStream:
    poses = stream.world_from_sensor
    if poses is None:
        return stream
    moved = poses * (right.inverse() * wrong)
    later = (np.arange(len(poses)) >= first)[:, None]
    rotation = np.where(later, moved.rotation, poses.rotation)
    translation = np.where(later, moved.translation, poses.translation)
    return replace(stream, world_from_sensor=RigidTransform(rotation, translation))


def _with_moved_points(job: Job, wrong_from_right_in_ego: RigidTransform, first: int) -> SourceStream:
    stream, source = job.stream, job.source
    if stream.point_frame is PointFrame.SENSOR:
        return stream

    def moved(index: int, points: npt.NDArray[np.floating]) -> npt.ArrayLike:
        if index < first:
            return points
        to_frame = frame_from_ego(source, stream, index)
        return (to_frame * wrong_from_right_in_ego * to_frame.inverse()).apply(points)

    return with_points(stream, moved)
