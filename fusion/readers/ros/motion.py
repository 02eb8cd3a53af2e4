"""Where the ego was: from the tree of frames, else from odometry, poses, or satellite fixes with an IMU."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from calibration import RigidTransform, quaternion
from calibration.quaternion import FloatArray
from fusion.ego_motion import EgoMotion
from fusion.readers.ros.frames import Edge, Frames
from fusion.readers.ros.geodesy import course_rad, east_north_up
from fusion.readers.ros.survey import PoseLog, Survey
from fusion.readers.ros.values import pose_transform
from fusion.recording.source import PoseSource
from fusion.timeline import Int64Array, Timeline

_EGO_FRAMES = ("base_link", "base_footprint", "ego_vehicle", "ego", "vehicle", "base", "body", "robot", "car")
_EARTH = "earth"  # REP 105: earth-centred, its z axis does not point up
_FAR_M = 1000.0
_ODOMETRY = ("nav_msgs/Odometry",)
_POSES = ("geometry_msgs/PoseStamped", "geometry_msgs/PoseWithCovarianceStamped", "foxglove.PoseInFrame")
_FIXES = ("sensor_msgs/NavSatFix", "foxglove.LocationFix")
_IMUS = ("sensor_msgs/Imu",)


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """world_frame: the log's name of the world, empty where it has none. origin_m: what was subtracted."""

    ego_motion: EgoMotion
    source: PoseSource
    ego_frame: str
    world_frame: str
    origin_m: FloatArray
    notes: tuple[str, ...]


def find_motion(found: Survey, frames: Frames, ego_frame: str | None, sensor_frames: list[str]) -> Motion:
    """The best source there is, and in which frames it speaks. ego_frame: what the user calls it."""
    ego = ego_frame or _guessed_ego(found, frames, sensor_frames)
    motion = (
        _from_frames(frames, ego)
        or _from_poses(found, frames, ego, _ODOMETRY)
        or _from_poses(found, frames, ego, _POSES)
        or _from_fixes(found, frames, ego)
        or _standing(ego)
    )
    notes = motion.notes if ego_frame else (f"the ego is frame {motion.ego_frame!r} (guessed)", *motion.notes)
    return replace(_near(motion), notes=notes)


def _guessed_ego(found: Survey, frames: Frames, sensor_frames: list[str]) -> str:
    """A usual name, else what the last moving edge above the sensors carries, else whose odometry there is."""
    for name in _EGO_FRAMES:
        if name in frames:
            return name
    carried: Counter[str] = Counter()
    for sensor in sensor_frames:
        moving = [each for each in frames.chain(sensor) if (edge := frames.edge(each)) and edge.moves]
        carried.update(moving[:1])
    if carried:
        return carried.most_common(1)[0][0]
    told = [log.child for log in found.poses.values() if log.type_name in _ODOMETRY and log.child]
    return told[0] if told else _EGO_FRAMES[0]


def _near(motion: Motion) -> Motion:
    """Poses in a grid of a country lose digits where they are used: the world begins near the first pose."""
    poses = motion.ego_motion.world_from_ego
    if np.abs(poses.translation[0]).max() <= _FAR_M:
        return motion
    origin = np.round(poses.translation[0])
    near = EgoMotion(motion.ego_motion.timeline, RigidTransform(poses.rotation, poses.translation - origin))
    return replace(motion, ego_motion=near, origin_m=origin)


def _from_frames(frames: Frames, ego: str) -> Motion | None:
    chain = frames.chain(ego)
    world = chain[-2] if chain[-1] == _EARTH and len(chain) > 2 else chain[-1]
    moving = frames.moving_edges(world, ego)
    if not moving:
        return None
    times = _common_times(moving)
    motion = EgoMotion(Timeline(times), frames.target_from_source(world, ego, times))
    names = " -> ".join(reversed(chain[: chain.index(world) + 1]))
    return Motion(motion, PoseSource.TF, ego, world, np.zeros(3), (f"ego poses from transforms {names}",))


def _common_times(edges: list[Edge]) -> Int64Array:
    """All times of all edges while all of them are known; where they never are, those of the busiest."""
    lines = [edge.motion.timeline.times_ns for edge in edges]
    # An edge that came once or twice (a map that was set at the start) holds for all times.
    busy = [line for line in lines if len(line) > 2] or lines
    start, end = max(line[0] for line in busy), min(line[-1] for line in busy)
    union = np.unique(np.concatenate(busy))
    common = union[(union >= start) & (union <= end)]
    return common if len(common) else max(busy, key=len)


def _busiest(found: Survey, types: tuple[str, ...]) -> tuple[str, PoseLog] | None:
    logs = [(topic, log) for topic, log in found.poses.items() if log.type_name in types]
    return max(logs, key=lambda each: len(each[1].times_ns)) if logs else None


def pose_rows(log: PoseLog) -> tuple[Int64Array, FloatArray]:
    """Times (N,), strictly increasing, and rows (N, 7)."""
    times, first = np.unique(np.array(log.times_ns, dtype=np.int64), return_index=True)
    return times, np.array(log.rows, dtype=np.float64).reshape(-1, 7)[first]


def _from_poses(found: Survey, frames: Frames, ego: str, types: tuple[str, ...]) -> Motion | None:
    chosen = _busiest(found, types)
    if chosen is None:
        return None
    topic, log = chosen
    times, rows = pose_rows(log)
    world_from_child = pose_transform(rows)
    notes = [f"ego poses from {topic}"]
    if not log.child or log.child == ego:
        mounted = RigidTransform.identity()
    elif frames.connected(log.child, ego) and not frames.moving(log.child, ego):
        mounted = frames.still(log.child, ego)
    else:
        mounted = RigidTransform.identity()
        notes.append(f"nothing says where {log.child!r} sits on {ego!r}: taken to be the same")
    motion = EgoMotion(Timeline(times), world_from_child * mounted)
    return Motion(motion, PoseSource.POSES, ego, log.parent, np.zeros(3), tuple(notes))


def _from_fixes(found: Survey, frames: Frames, ego: str) -> Motion | None:
    chosen = _busiest(found, _FIXES)
    if chosen is None:
        return None
    topic, log = chosen
    times, rows = pose_rows(log)
    places = east_north_up(rows[:, :3])
    turned, how = _turns(found, frames, ego, times, places)
    lever = _mounting(frames, ego, log.child).translation
    motion = EgoMotion(Timeline(times), RigidTransform(turned, places - quaternion.rotate(turned, lever)))
    start = ", ".join(f"{value:.7f}" for value in rows[0, :2])
    notes = (f"ego poses from {topic} and {how}; the world is east, north, up of {start}, {rows[0, 2]:.2f} m",)
    return Motion(motion, PoseSource.GPS_IMU, ego, "", np.zeros(3), notes)


def _turns(
    found: Survey, frames: Frames, ego: str, times_ns: Int64Array, places_m: FloatArray
) -> tuple[FloatArray, str]:
    """(N, 4) orientation of the ego at the times of the fixes, and where it is from."""
    chosen = _busiest(found, _IMUS)
    if chosen is None:
        return quaternion.from_yaw(course_rad(places_m)), "the course over ground"
    topic, log = chosen
    imu_times, rows = pose_rows(log)
    world_from_imu = EgoMotion(Timeline(imu_times), pose_transform(rows)).at(times_ns)
    imu_from_ego = _mounting(frames, ego, log.child).inverse()
    return quaternion.multiply(world_from_imu.rotation, imu_from_ego.rotation), topic


def _mounting(frames: Frames, ego: str, sensor: str) -> RigidTransform:
    if frames.connected(ego, sensor) and not frames.moving(ego, sensor):
        return frames.still(ego, sensor)
    return RigidTransform.identity()


def _standing(ego: str) -> Motion:
    note = "no poses in this log: the ego is taken to stand still"
    return Motion(EgoMotion.standing_still(), PoseSource.NONE, ego, "", np.zeros(3), (note,))
