"""A LiDAR or a depth camera of a recording laid on a LiDAR of it, by the surfaces that both saw in some frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from calibration import Rig, RigidTransform, SensorKind
from calibration.errors import CalibrationError, UsageError
from calibration.handeye import solve_hand_eye_streams
from calibration.handeye_refinement import Prior
from calibration.registration import CloudPair, Registered, register
from fusion.cloud import sweep_in_world
from fusion.depth import depth_points
from fusion.motion_streams import motion_of
from fusion.progress import Progress, silent
from fusion.recording import Recording

_MOST_FRAMES = 16
_FAR_OFF = (1.0, 180.0)
"""Metres and degrees by which a mounting that is to be found from motion may be wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class RangeAligned:
    """rig: with the sensor where it was found. rotation_deg, translation_m: how far that is from where it was. pair: a
    frame for pictures, and frames: those that were used."""

    rig: Rig
    sensor: str
    reference: str
    rotation_deg: float
    translation_m: float
    frames: tuple[int, ...]
    registered: Registered
    start: RigidTransform
    pair: CloudPair


def align_range_sensor(
    recording: Recording,
    sensor: str,
    reference: str,
    *,
    frames: Sequence[int] | None = None,
    reach_deg: float = 3.0,
    reach_m: float = 0.3,
    start: RigidTransform | None = None,
    progress: Progress = silent,
) -> RangeAligned:
    """Find where a LiDAR or depth camera sits on the ego, beside a LiDAR whose mounting is taken for right.

    start: reference_from_sensor, by default the rig's. frames: by default sixteen all through the recording. Raises
    CalibrationError where the two see too little in common, UsageError for sensors that are none.
    """
    _check(recording, sensor, reference)
    usable = [
        frame
        for frame in range(len(recording.frames))
        if recording.sample_of(sensor, frame) is not None and recording.sample_of(reference, frame) is not None
    ]
    chosen = _spread(usable) if frames is None else [frame for frame in frames if frame in set(usable)]
    pairs = []
    for done, frame in enumerate(chosen, start=1):
        pairs.append(_pair(recording, sensor, reference, frame))
        progress(done, 2 * len(chosen))
    believed = recording.rig[reference].ego_from_sensor.inverse() * recording.rig[sensor].ego_from_sensor
    found = register(
        pairs,
        believed if start is None else start,
        reach_deg=reach_deg,
        reach_m=reach_m,
        tell=lambda done, total: progress(len(chosen) + done * len(chosen) // total, 2 * len(chosen)),
    )
    off = believed.inverse() * found.target_from_source
    mounted = recording.rig[reference].ego_from_sensor * found.target_from_source
    sensors = tuple(replace(each, ego_from_sensor=mounted) if each.name == sensor else each for each in recording.rig)
    return RangeAligned(
        Rig(sensors),
        sensor,
        reference,
        float(np.rad2deg(np.linalg.norm(off.log()[3:]))),
        float(np.linalg.norm(off.translation)),
        tuple(chosen),
        found,
        believed if start is None else start,
        pairs[len(pairs) // 2],
    )


def start_from_motion(recording: Recording, sensor: str, reference: str, progress: Progress = silent) -> RigidTransform:
    """reference_from_sensor, from how both moved: for a rig of which nothing is known.

    Raises CalibrationError where they do not turn enough.
    """
    reference_motion = motion_of(recording, reference, progress)
    sensor_motion = motion_of(recording, sensor, progress)
    believed = recording.rig[reference].ego_from_sensor.inverse() * recording.rig[sensor].ego_from_sensor
    found = solve_hand_eye_streams(
        reference_motion.with_poses,
        sensor_motion.with_poses,
        offset_known=True,
        drifting=True,
        prior=Prior(believed, _FAR_OFF[0], float(np.deg2rad(_FAR_OFF[1]))),
        names=(reference, sensor),
    )
    return found.a_from_b


def _check(recording: Recording, sensor: str, reference: str) -> None:
    ranging = (*recording.lidars(), *recording.depth_cameras())
    for name, known in ((sensor, ranging), (reference, recording.lidars())):
        if name not in known:
            said = ", ".join(known) or "none"
            raise UsageError(f"{name!r} is no sensor for this", do=f"there are {said}", where=recording.name)
    if sensor == reference:
        raise UsageError("a sensor is not laid on itself", where=sensor)


def _spread(frames: Sequence[int]) -> list[int]:
    if not frames:
        raise CalibrationError("no frame has points of both sensors")
    rows = np.unique(np.linspace(0, len(frames) - 1, min(len(frames), _MOST_FRAMES)).astype(int))
    return [frames[row] for row in rows.tolist()]


def _pair(recording: Recording, sensor: str, reference: str, frame: int) -> CloudPair:
    """Both as they would have seen it at the moment of the sensor's sample."""
    index = recording.sample_of(sensor, frame)
    assert index is not None
    moment = int(recording.times_ns(sensor)[index])
    seen = _points(recording, sensor, index, moment)
    other = recording.sample_of(reference, frame)
    assert other is not None
    return CloudPair(_points(recording, reference, other, moment), seen)


def _points(recording: Recording, sensor: str, index: int, moment: int) -> npt.NDArray[np.floating]:
    """(N, 3) metres in the sensor's frame, where it was at a moment."""
    mounted = recording.rig[sensor]
    if mounted.kind is SensorKind.DEPTH:
        return depth_points(recording.depth(sensor, index), mounted.model).points_in_camera
    cloud = sweep_in_world(recording, sensor, index)
    world_from_sensor = recording.ego_motion.at(moment) * mounted.ego_from_sensor
    return world_from_sensor.inverse().apply(cloud.points_in_world.astype(np.float64))
