"""Deskew beside the vectorised numpy and scipy way, and what motion is left in the points afterwards."""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from benchmarks.report import Peer, Report, peer_version, run
from benchmarks.timing import interleaved
from calibration import RigidTransform
from calibration.errors import InputError
from calibration.quaternion import FloatArray
from fusion.cloud import Cloud, fused_cloud
from fusion.deskew import from_world, to_world
from fusion.ego_motion import EgoMotion
from fusion.recording import Recording
from fusion.samples import Float32Array, PointFrame
from fusion.scenario import read_scene
from fusion.scenario.truth.reader import Truth
from fusion.timeline import Int64Array, Timeline
from labeling.frame_times import FrameTimes
from labeling.object_clouds import object_points
from labeling.project import Project
from labeling.synthetic import simulate_into
from labeling.track import Track

TARGET_RATIO, TARGET_RESIDUAL_M, TARGET_SPREAD = 5.0, 0.01, 0.5
BEND, CARS = (Path(__file__).with_name(f"{name}.yaml") for name in ("fast_bend", "fast_cars"))
_START_NS = 1_700_000_000_000_000_000
_POINTS = 166_000
_FACE_M = 0.12
_FEWEST = 30


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One sweep as measured, and the motion to take out of it."""

    points_m: Float32Array
    times_ns: Int64Array
    ego_motion: EgoMotion
    ego_from_sensor: RigidTransform

    def ours(self) -> Float32Array:
        return to_world(self.points_m, self.times_ns, self.ego_motion, self.ego_from_sensor)

    def peer(self) -> Float32Array:
        """All points at once: scipy's Slerp, numpy's interp."""
        knots = self.ego_motion.timeline.times_ns
        seconds = (self.times_ns - knots[0]) * 1e-9
        poses = self.ego_motion.world_from_ego
        turns = Slerp((knots - knots[0]) * 1e-9, Rotation.from_quat(np.roll(poses.rotation, -1, axis=1)))(seconds)
        places = [np.interp(seconds, (knots - knots[0]) * 1e-9, poses.translation[:, axis]) for axis in range(3)]
        points = turns.apply(self.ego_from_sensor.apply(self.points_m)) + np.column_stack(places)
        return points.astype(np.float32)


def synthetic_job() -> Job:
    """Points all around at 20 m/s and 30 degrees a second, every one at a time of its own."""
    rng = np.random.default_rng(0)
    knots = _START_NS + 10_000_000 * np.arange(-30, 30, dtype=np.int64)
    seconds = (knots - _START_NS) * 1e-9
    places = np.stack([20.0 * seconds, 0.0 * seconds, 0.0 * seconds], axis=1)
    motion = EgoMotion(Timeline(knots), RigidTransform.from_yaw(np.deg2rad(30.0) * seconds, places))
    times_ns = _START_NS + np.sort(rng.integers(-100_000_000, 0, _POINTS))
    points = rng.uniform(-80.0, 80.0, (_POINTS, 3)).astype(np.float32)
    return Job(points, times_ns, motion, RigidTransform.from_yaw(0.1, [1.0, 0.0, 2.0]))


def recorded_job(recording: Recording) -> Job:
    """The largest sweep of a recording's first frames, distorted again if it is stored in the world."""
    lidars = recording.lidars()
    samples = [(name, index) for name in lidars for index in range(min(4, len(recording.times_ns(name))))]
    samples = [(name, index) for name, index in samples if recording.has(name, index)]
    if not samples:
        raise InputError("a recording without sweeps", where=recording.path)
    lidar, index = max(samples, key=lambda each: len(recording.sweep(*each)))
    sweep, mounting = recording.sweep(lidar, index), recording.rig[lidar].ego_from_sensor
    times_ns = recording.times_ns(lidar)[index] + sweep.time_offset_ns.astype(np.int64)
    points = sweep.points_m
    if recording.point_frame(lidar) is PointFrame.WORLD:
        points = from_world(points, times_ns, recording.ego_motion, mounting)
    return Job(points, times_ns, recording.ego_motion, mounting)


def measure(options: argparse.Namespace, command: str) -> Report:
    """Speed on our own or the caller's sweep; residuals against the truth of simulated ones."""
    if options.recording is not None:
        with Recording.open(options.recording) as recording:
            figures, ratio = _speed(recorded_job(recording), options.repetitions)
        return _report(figures, ratio, command)
    figures, ratio = _speed(synthetic_job(), options.repetitions)
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder))
        figures |= _residuals(options.frames)
        figures |= _spreads(project, options.frames)
    return _report(figures, ratio, command)


def _speed(job: Job, repetitions: int) -> tuple[dict[str, float], float]:
    timings = interleaved({"ours": lambda _: job.ours(), "peer": lambda _: job.peer()}, repetitions)
    ours, peer = timings["ours"].median_ms, timings["peer"].median_ms
    inside = _within(job)  # the peer knows no times beyond the knots
    apart = np.abs(
        job.ours()[inside].astype(np.float64)
        - replace(job, points_m=job.points_m[inside], times_ns=job.times_ns[inside]).peer()
    )
    figures = {
        "points": float(len(job.times_ns)),
        "ours_ms": ours,
        "peer_ms": peer,
        "disagreement_m": float(apart.max()),
    }
    return figures, peer / ours


def _within(job: Job) -> np.ndarray:
    knots = job.ego_motion.timeline.times_ns
    return np.flatnonzero((job.times_ns >= knots[0]) & (job.times_ns <= knots[-1]))


def _residuals(frames: int) -> dict[str, float]:
    """Static points after deskew against where they were measured from, which the simulator knows exactly."""
    from fusion.scenario.simulation import Simulation, lidar_simulator

    simulation = Simulation(replace(read_scene(BEND), frames=frames), 0)
    (mounted,) = simulation.sensors
    lidar, pose_at = lidar_simulator(simulation, mounted), simulation.true_pose(mounted)
    asked = simulation.firings[mounted.name].true_ns
    fine = np.arange(asked[0] - 300_000_000, asked[-1] + 300_000_000, 10_000_000)
    worst = {"static_residual_m": 0.0, "static_residual_of_10_hz_poses_m": 0.0, "static_without_deskew_m": 0.0}
    motions = [EgoMotion(Timeline(each), simulation.world.world_from_ego(each)) for each in (fine, fine[::10])]
    for index, end_ns in enumerate(asked):
        sweep = lidar.sweep(index, int(end_ns), None).sweep
        times_ns = end_ns + sweep.time_offset_ns.astype(np.int64)
        true = pose_at(times_ns)
        truth = true.rotate(sweep.points_m.astype(np.float64)) + true.translation
        mounting = mounted.sensor.ego_from_sensor
        found = [to_world(sweep.points_m, times_ns, motion, mounting) for motion in motions]
        found.append(pose_at(np.array([end_ns]))[0].apply(sweep.points_m))
        for name, points in zip(worst, found, strict=True):
            worst[name] = max(worst[name], float(np.linalg.norm(points - truth, axis=1).max()))
    return worst


def _spreads(project: Project, frames: int) -> dict[str, float]:
    """Standard deviation across the side that faces the sensor, of cars at 15 m/s, before and after."""
    scene = replace(read_scene(CARS), frames=frames)
    simulate_into(project, scene, 0)
    labels = project.labels()
    tracks = labels.tracks(scene.name)
    labels.close()
    before, after, counts = [], [], []
    with project.recording(scene.name) as recording, Truth.open(project.truth_path(scene.name)) as truth:
        times = FrameTimes(recording)
        for frame in range(len(recording.frames)):
            cloud = fused_cloud(recording, frame)
            found = object_points(cloud, list(tracks.values()), times, frame)
            instances = _instances(recording, truth, frame, cloud)
            counts.append(_owned(found.owners, found.track_ids, instances, truth))
            for number, actor in enumerate(truth.actors):
                track = tracks.get(actor.track_id)
                if track is not None and track.speed_mps() > 10.0 and actor.track_id in found.track_ids:
                    pose = track.at(times.time_of(track, frame))
                    face = _face(cloud, instances == number, track, recording)
                    if face is not None:
                        axis, rows = face
                        before.append(_spread(pose, cloud.points_in_world[rows], axis))
                        after.append(_spread(pose, found.cloud.points_in_world[rows], axis))
    shares = np.array(counts).sum(axis=0)
    return {
        "sides": float(len(before)),
        "spread_before_m": float(np.median(before)),
        "spread_after_m": float(np.median(after)),
        "spread_ratio": float(np.median(after) / np.median(before)),
        "moving_points_owned": float(shares[0] / max(shares[1], 1)),
    }


def _instances(recording: Recording, truth: Truth, frame: int, cloud: Cloud) -> np.ndarray:
    """(N,) true actor of each point of the fused cloud."""
    parts = []
    for lidar in cloud.sources:
        index = recording.sample_of(lidar, frame)
        assert index is not None
        parts.append(truth.instances(lidar, truth.firing_of(lidar, index)))
    return np.concatenate(parts)


def _face(cloud: Cloud, mine: np.ndarray, track: Track, recording: Recording) -> tuple[int, np.ndarray] | None:
    """Axis of the object across the side that faces the ego, and the points on it, told by their true places."""
    rows = np.flatnonzero(mine)
    if len(rows) < _FEWEST:
        return None
    poses = track.at(cloud.times_ns[rows])
    local = poses.inverse().rotate(cloud.points_in_world[rows] - poses.translation)
    ego = (
        track.at(int(cloud.times_ns[rows[0]]))
        .inverse()
        .apply(recording.ego_motion.at(int(cloud.times_ns[rows[0]])).translation)
    )
    half = 0.5 * np.array(track.size_m)
    axis = int(np.argmax(np.abs(ego[:2]) - half[:2]))
    towards = local[:, axis] * np.sign(ego[axis])
    chosen = rows[towards > np.percentile(towards, 95) - _FACE_M]
    return (axis, chosen) if len(chosen) >= _FEWEST else None


def _spread(pose: RigidTransform, points: FloatArray | Float32Array, axis: int) -> float:
    return float(np.std(pose.inverse().apply(points)[:, axis]))


def _owned(owners: np.ndarray, track_ids: tuple[str, ...], instances: np.ndarray, truth: Truth) -> tuple[int, int]:
    """Of the points that lie on actors shown, how many were given to the right one."""
    rows = {track_id: row for row, track_id in enumerate(track_ids)}
    wanted = np.array([rows.get(actor.track_id, -2) for actor in truth.actors])
    on = np.flatnonzero(instances >= 0)
    on = on[wanted[instances[on]] >= 0]
    return int((owners[on] == wanted[instances[on]]).sum()), len(on)


def _report(figures: dict[str, float], ratio: float, command: str) -> Report:
    met = ratio >= TARGET_RATIO and figures.get("static_residual_m", 0.0) <= TARGET_RESIDUAL_M
    met = met and figures.get("spread_ratio", 0.0) <= TARGET_SPREAD
    return Report(
        name="deskew",
        title="Motion taken out of a sweep, each point at its own time",
        figures=figures,
        ratio=ratio,
        target=f"{TARGET_RATIO:.0f} times numpy and scipy; static points within {TARGET_RESIDUAL_M} m at 20 m/s and "
        f"30 degrees/s; spread across the near side of cars at 15 m/s at most {TARGET_SPREAD} of what it was",
        met=bool(met),
        peer=Peer("scipy Slerp and numpy interp, vectorised", peer_version("scipy")),
        command=command,
        notes=(
            "static_residual_m: the worst point against the exact truth, with poses every 10 ms",
            "static_residual_of_10_hz_poses_m: a straight line from pose to pose cuts the bend",
            "spread: standard deviation in the fused cloud of two LiDARs half a turn apart, median over all cars",
            "moving_points_owned: share of the points on labelled actors that were given to the right track",
        )
        if "sides" in figures
        else (),
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recording", type=Path, metavar="FILE", help="speed on a sweep of a recording file (.h5)")
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--frames", type=int, default=20, help="of each simulated drive")


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("deskew", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
