"""Where streams of motion come from: the ego, sensors with poses of their own, odometry from a LiDAR, text files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration import RigidTransform, SensorKind
from calibration.errors import CalibrationError, InputError, UsageError
from calibration.motion import PoseStream, Turning
from calibration.quaternion import FloatArray
from fusion.odometry import estimate_odometry, raw_sweeps
from fusion.progress import Progress, silent
from fusion.recording import Recording
from fusion.samples import PointFrame

EGO = "ego"
_NANOSECONDS = 1e12
"""Times above are nanoseconds, not seconds: as seconds they would lie 30,000 years ahead."""
_POSE_COLUMNS, _RATE_COLUMNS = 8, (4, 7)


@dataclass(frozen=True, slots=True, eq=False)
class MotionStream:
    """name: for people; turning: always there; poses: None for a gyroscope. drifting: poses are summed from steps."""

    name: str
    turning: Turning
    poses: PoseStream | None
    drifting: bool = False

    @staticmethod
    def of_poses(name: str, poses: PoseStream, *, drifting: bool = False) -> MotionStream:
        """Of a tracker, a GNSS, or odometry."""
        return MotionStream(name, Turning.of_poses(poses), poses, drifting)

    @property
    def with_poses(self) -> PoseStream:
        """Raises CalibrationError for a gyroscope."""
        if self.poses is None:
            raise CalibrationError(
                "these are rates, hand-eye needs poses", do="calibrate time takes them", where=self.name
            )
        return self.poses


def read_motion(path: Path) -> MotionStream:
    """A text file, columns apart by spaces or commas, `#` before remarks: time x y z qx qy qz qw (TUM), or
    time wx wy wz and perhaps an accelerometer's three (rad/s). Times are seconds, or nanoseconds if they are large.

    Raises InputError for anything else.
    """
    rows = _rows(path)
    times = np.array([row[0] for row in rows])
    times_ns = (times if times[0] > _NANOSECONDS else times * 1e9).round().astype(np.int64)
    values = np.array([row[1:] for row in rows])
    try:
        if values.shape[1] + 1 in _RATE_COLUMNS:
            return MotionStream(path.name, Turning.of_rates(times_ns, values[:, :3]), None)
        poses = RigidTransform(np.roll(values[:, 3:], 1, axis=-1), values[:, :3])
        return MotionStream.of_poses(path.name, PoseStream(times_ns, poses))
    except (CalibrationError, ValueError) as error:
        raise InputError(f"no stream of motion: {error}", where=path) from error


def _rows(path: Path) -> list[list[float]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot read this file of poses or rates", do="check the path", where=path) from error
    rows: list[list[float]] = []
    for number, line in enumerate(lines, start=1):
        text = line.split("#", 1)[0].replace(",", " ").split()
        if not text:
            continue
        try:
            row = [float(each) for each in text]
        except ValueError as error:
            raise InputError(f"line {number} is not all numbers", where=path) from error
        if not np.all(np.isfinite(row)) or len(row) not in (_POSE_COLUMNS, *_RATE_COLUMNS):
            raise InputError(
                f"line {number} has {len(row)} columns",
                do="give time x y z qx qy qz qw, or time wx wy wz",
                where=path,
            )
        rows.append(row)
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise InputError("the lines are not all alike", do="give one stream a file", where=path)
    return rows


def motion_of(recording: Recording, name: str, progress: Progress = silent) -> MotionStream:
    """Of a recording: `ego`, a sensor whose source has poses of it, or a LiDAR, by odometry in its own frame.

    Raises UsageError for a name that is none of these.
    """
    if name == EGO:
        motion = recording.ego_motion
        if len(motion.timeline) < 3:
            raise UsageError("nothing is known of the ego's motion", do="name sensors", where=recording.name)
        return MotionStream.of_poses(EGO, PoseStream(motion.timeline.times_ns, motion.world_from_ego))
    known = (EGO, *recording.streams)
    if name not in known:
        raise UsageError(f"there is no stream {name!r}", do=f"there are {', '.join(known)}", where=recording.name)
    poses = recording.own_poses(name)
    if recording.rig[name].kind is SensorKind.LIDAR:
        return MotionStream.of_poses(name, _odometry(recording, name, progress), drifting=True)
    if poses is None:
        raise UsageError(
            f"nothing is known of how {name} itself moves",
            do="name a LiDAR, or a file of its poses (of visual odometry, say)",
            where=recording.name,
        )
    return MotionStream.of_poses(name, PoseStream(recording.times_ns(name), poses))


def _odometry(recording: Recording, lidar: str, progress: Progress) -> PoseStream:
    if recording.point_frame(lidar) is PointFrame.EGO:
        raise UsageError(
            "the points of this LiDAR came in the ego's frame, so its own motion is not known", where=lidar
        )
    sweeps = replace(raw_sweeps(recording, lidar), ego_from_sensor=RigidTransform.identity())
    knots = estimate_odometry(sweeps, progress).knots
    return PoseStream(knots.times_ns, knots.world_from_ego)


def rates_hz(stream: MotionStream) -> float:
    """Samples a second."""
    return 1e9 / stream.turning.period_ns


def angular_speeds(turning: Turning) -> tuple[FloatArray, FloatArray]:
    """Seconds from the first sample (N - 1,), and degrees a second (N - 1,), for pictures."""
    seconds = (turning.times_ns - turning.times_ns[0]) * 1e-9
    speeds = np.linalg.norm(np.diff(turning.angles_rad, axis=0), axis=1) / np.diff(seconds)
    return 0.5 * (seconds[1:] + seconds[:-1]), np.rad2deg(speeds)
