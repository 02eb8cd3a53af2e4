"""Ego motion out of one LiDAR's sweeps, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, RotationSpline

from calibration import RigidTransform
from calibration.errors import InputError
from calibration.quaternion import FloatArray
from fusion.ego_motion import EgoMotion
from fusion.odometry.levelling import ground_normal, levelled
from fusion.odometry.local_map import thinned
from fusion.odometry.raw_sweeps import RawSweeps
from fusion.odometry.tracking import Step, TimedPoints, TrackedPoses, edge_for, first_step, track
from fusion.progress import Progress, silent
from fusion.timeline import Int64Array, Timeline

_POSE_STEP_NS = 20_000_000
_BOOT_SWEEPS = 4
_MOST_WINDOWS, _WINDOW_SWEEPS, _SWEEPS_A_WINDOW = 8, 24, 200

_SHORTEST_M = 1.0


@dataclass(frozen=True, slots=True)
class Drift:
    """How well the motion agrees with itself; no loop is closed to make it look better.

    percent: distance between where a window of the drive ends, and where it ends by sweeps taken backwards in time onto
    a map of their own, of its length; median over windows. degrees: the same of the heading, over a window. metres: of
    the windows, where the ego hardly moved (percent is then nan). overlap: mean share of a sweep that lay on the map.
    travelled_m: length of the drive.
    """

    percent: float
    metres: float
    degrees: float
    overlap: float
    travelled_m: float

    def __str__(self) -> str:
        far = f"{self.percent:.2f} %" if np.isfinite(self.percent) else f"{self.metres * 100:.1f} cm"
        return f"{far} and {self.degrees:.2f} degrees apart forwards and backwards, {self.overlap:.0%} overlap"


@dataclass(frozen=True, slots=True, eq=False)
class Odometry:
    """What was estimated. knots: the pose at the middle of each sweep, in the world of ego_motion. levelled: whether
    the ground was found, so that z is up."""

    ego_motion: EgoMotion
    knots: TrackedPoses
    drift: Drift
    levelled: bool


def estimate_odometry(sweeps: RawSweeps, progress: Progress = silent) -> Odometry:
    """Ego motion over all sweeps: the world begins at the first pose, looks where the ego looked, and z is up.

    Raises InputError where there are no two sweeps with points.
    """
    boot = [sweep for _, sweep in zip(range(_BOOT_SWEEPS), sweeps, strict=False)]
    if len(boot) < 2:
        raise InputError("odometry needs two sweeps with points", do="name another LiDAR", where=sweeps.lidar)
    edge_m = edge_for(boot[0])
    step = first_step(boot, edge_m, sweeps.ego_from_sensor)
    knots = track(_told(sweeps, progress), edge_m, sweeps.ego_from_sensor, step)
    drift = _drift(sweeps, knots, edge_m)
    up = _up(boot[0], step, sweeps.ego_from_sensor, edge_m)
    world_from_first = RigidTransform.identity() if up is None else levelled(up)
    knots = replace(knots, world_from_ego=world_from_first * knots.world_from_ego)
    return Odometry(dense_motion(knots.times_ns, knots.world_from_ego), knots, drift, up is not None)


def dense_motion(times_ns: Int64Array, world_from_ego: RigidTransform) -> EgoMotion:
    """A smooth curve through poses (N,), every 20 ms, and from one interval before the first to one after the last.

    Straight lines from sweep to sweep would cut corners: at 20 m/s and 30 degrees a second by more than a centimetre.
    """
    times, poses = _lengthened(times_ns, world_from_ego)
    seconds = (times - times[0]) * 1e-9
    count = -(-int(times[-1] - times[0]) // _POSE_STEP_NS)
    asked = times[0] + np.minimum(_POSE_STEP_NS * np.arange(count + 1, dtype=np.int64), times[-1] - times[0])
    asked = np.union1d(asked, times)
    at = (asked - times[0]) * 1e-9
    turns = RotationSpline(seconds, Rotation.from_quat(np.roll(poses.rotation, -1, axis=-1)))(at)
    places = CubicSpline(seconds, poses.translation, axis=0)(at)
    return EgoMotion(Timeline(asked), RigidTransform(np.roll(turns.as_quat(), 1, axis=-1), places))


def _lengthened(times_ns: Int64Array, poses: RigidTransform) -> tuple[Int64Array, RigidTransform]:
    """The first and the last motion go on for one interval: the first sweep began before its middle."""
    if len(times_ns) == 1:
        return np.array([times_ns[0], times_ns[0] + 1]), poses[np.array([0, 0])]
    before = poses[0] * (poses[1].inverse() * poses[0])
    after = poses[-1] * (poses[-2].inverse() * poses[-1])
    times = np.concatenate([[2 * times_ns[0] - times_ns[1]], times_ns, [2 * times_ns[-1] - times_ns[-2]]])
    rotation = np.concatenate([before.rotation[None], poses.rotation, after.rotation[None]])
    translation = np.concatenate([before.translation[None], poses.translation, after.translation[None]])
    return times, RigidTransform(rotation, translation)


def _told(sweeps: RawSweeps, progress: Progress) -> Iterator[TimedPoints]:
    for done, sweep in enumerate(sweeps, start=1):
        yield sweep
        progress(done, len(sweeps))


def _up(sweep: TimedPoints, step: Step, ego_from_sensor: RigidTransform, edge_m: float) -> FloatArray | None:
    """(3,) normal of the ground in the frame of the first pose."""
    even = sweep.chosen(thinned(sweep.points_m, 0.2 * edge_m))
    return ground_normal(step.straight(even, ego_from_sensor).astype(np.float64))


def _drift(sweeps: RawSweeps, knots: TrackedPoses, edge_m: float) -> Drift:
    shares, metres, degrees = [], [], []
    for first, last in _windows(len(knots.times_ns)):
        forwards = knots.world_from_ego[first].inverse() * knots.world_from_ego[last]
        back = _backwards(sweeps, knots, first, last, edge_m)
        apart = (forwards * back).log()
        travelled = _length(knots.world_from_ego.translation[first : last + 1])
        metres.append(float(np.linalg.norm(apart[:3])))
        degrees.append(float(np.rad2deg(np.linalg.norm(apart[3:]))))
        if travelled >= _SHORTEST_M:
            shares.append(100.0 * metres[-1] / travelled)
    return Drift(
        percent=float(np.median(shares)) if shares else float("nan"),
        metres=float(np.median(metres)),
        degrees=float(np.median(degrees)),
        overlap=float(np.mean(knots.overlaps)),
        travelled_m=_length(knots.world_from_ego.translation),
    )


def _windows(count: int) -> list[tuple[int, int]]:
    """First and last sweep of stretches spread over the drive."""
    length = min(_WINDOW_SWEEPS, count)
    windows = min(1 + count // _SWEEPS_A_WINDOW, _MOST_WINDOWS)
    starts = np.unique(np.linspace(0, count - length, windows).astype(int))
    return [(int(start), int(start) + length - 1) for start in starts]


def _backwards(sweeps: RawSweeps, knots: TrackedPoses, first: int, last: int, edge_m: float) -> RigidTransform:
    """Pose of the first sweep of a window as seen from the last, by the sweeps taken backwards in time."""
    indices = knots.indices[first : last + 1][::-1].tolist()
    backwards = (sweeps[index].reversed() for index in indices)
    before = max(last - 1, first)
    motion = knots.world_from_ego[last].inverse() * knots.world_from_ego[before]
    step = Step(motion, max(int(knots.times_ns[last] - knots.times_ns[before]), 1))
    poses = track(backwards, edge_m, sweeps.ego_from_sensor, step).world_from_ego
    return poses[0].inverse() * poses[-1]


def _length(places: FloatArray) -> float:
    return float(np.linalg.norm(np.diff(places, axis=0), axis=1).sum())
