"""Odometry beside kiss-icp: the same sweeps of a simulated drive around a block, and PandaSet without its poses."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.frame_access import default_source
from benchmarks.report import Peer, Report, peer_version, run
from calibration import Rig, RigidTransform
from calibration.errors import InputError
from fusion.ego_motion import EgoMotion
from fusion.odometry import Odometry, estimate_odometry, raw_sweeps
from fusion.odometry.raw_sweeps import RawSweeps
from fusion.odometry.tracking import SweepTracker, TimedPoints, edge_for, first_step
from fusion.readers import read_source
from fusion.recording import Recording
from fusion.recording.source import PoseSource, RecordingSource, SourceStream
from fusion.samples import Sample
from fusion.scenario import read_scene
from fusion.timeline import Timeline

SCENE = Path(__file__).with_name("city_block.yaml")
TARGET_DRIFT_PERCENT, TARGET_M, TARGET_DEG, TARGET_RATE = 0.6, 0.05, 0.5, 30.0
_BLOCK = 20
_SEGMENTS_M = (100.0, 200.0, 300.0, 400.0)
_PROBED = 40


@dataclass(frozen=True, slots=True)
class Rates:
    """Sweeps a second of tracking alone, both in turns of twenty sweeps; the peer's poses."""

    ours: float
    peer: float
    peer_poses: RigidTransform


def measure(options: argparse.Namespace, command: str) -> Report:
    """The synthetic block and PandaSet, or a recording of the caller's."""
    if options.recording is not None:
        return _of_recording(options.recording, options.lidar, command)
    source, truth = simulated(options.frames)
    sweeps = raw_sweeps(source)
    list(zip(range(3), sweeps, strict=False))
    start = time.perf_counter()
    found = estimate_odometry(sweeps)
    whole_s = time.perf_counter() - start
    rates = _rates(list(sweeps), sweeps.ego_from_sensor)
    figures = _synthetic_figures(found, truth, rates) | {"whole_sweeps_per_s": len(sweeps) / whole_s}
    figures |= _pandaset_figures(options.pandaset or default_source())
    return _report(figures, rates, command)


def simulated(frames: int | None) -> tuple[RecordingSource, EgoMotion]:
    """The drive around the block, without its poses, in memory; and its true ego motion."""
    from fusion.scenario.simulation import Simulation, lidar_simulator

    scene = read_scene(SCENE)
    simulation = Simulation(scene if frames is None else replace(scene, frames=min(frames, scene.frames)), 0)
    (mounted,) = simulation.sensors
    lidar, fired = lidar_simulator(simulation, mounted), simulation.firings[mounted.name]
    taken = [
        lidar.sweep(index, int(time_ns), simulation.sample_rng(mounted, index)).sweep
        for index, time_ns in enumerate(fired.true_ns)
    ]
    asked = np.arange(fired.true_ns[0] - 200_000_000, fired.true_ns[-1] + 200_000_000, 10_000_000)
    truth = EgoMotion(Timeline(asked), simulation.world.world_from_ego(asked))
    rig = Rig((mounted.sensor,))
    stream = SourceStream(mounted.name, Timeline(fired.true_ns), _from(taken))
    source = RecordingSource(
        scene.name, rig, EgoMotion.standing_still(), (stream,), mounted.name, pose_source=PoseSource.NONE
    )
    return source, truth


def _from(samples: list[Any]) -> Callable[[int], Sample | None]:
    return lambda index: samples[index]


def pose_errors(times_ns: np.ndarray, found: RigidTransform, truth: EgoMotion) -> tuple[np.ndarray, np.ndarray]:
    """Metres and degrees by which poses (N,) are off, both worlds laid upon one another at the first pose."""
    true = truth.at(times_ns)
    off = (true[0].inverse() * true).inverse() * (found[0].inverse() * found)
    return np.linalg.norm(off.translation, axis=1), np.rad2deg(np.linalg.norm(off.log()[:, 3:], axis=1))


def segment_drift_percent(times_ns: np.ndarray, found: RigidTransform, truth: EgoMotion) -> float:
    """KITTI's measure: mean error of relative motions over stretches of 100 to 400 m, of their length."""
    true = truth.at(times_ns)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(true.translation, axis=0), axis=1))])
    shares = []
    for length_m in _SEGMENTS_M:
        for first in range(0, len(true), 10):
            last = int(np.searchsorted(along, along[first] + length_m))
            if last < len(true):
                error = (true[first].inverse() * true[last]).inverse() * (found[first].inverse() * found[last])
                shares.append(100.0 * float(np.linalg.norm(error.translation)) / length_m)
    return float(np.mean(shares)) if shares else float("nan")


def _synthetic_figures(found: Odometry, truth: EgoMotion, rates: Rates) -> dict[str, float]:
    times_ns = found.knots.times_ns
    metres, degrees = pose_errors(times_ns, found.ego_motion.at(times_ns), truth)
    travelled = found.drift.travelled_m
    up = (found.ego_motion.at(times_ns[0]) * truth.at(times_ns[0]).inverse()).rotate(np.array([0.0, 0.0, 1.0]))
    segments = segment_drift_percent(times_ns, found.knots.world_from_ego, truth)
    end = 100.0 * float(metres[-1]) / travelled
    return {
        "sweeps": float(len(times_ns)),
        "travelled_m": travelled,
        "drift_percent": float(np.fmax(segments, end)),
        "drift_of_segments_percent": segments,
        "drift_at_end_percent": end,
        "worst_m": float(metres.max()),
        "worst_deg": float(degrees.max()),
        "reported_drift_percent": found.drift.percent,
        "up_is_off_deg": float(np.rad2deg(np.arccos(min(float(up[2]), 1.0)))),
        "peer_drift_of_segments_percent": segment_drift_percent(times_ns, rates.peer_poses, truth),
        "peer_drift_at_end_percent": 100.0 * float(pose_errors(times_ns, rates.peer_poses, truth)[0][-1]) / travelled,
        "sweeps_per_s": rates.ours,
        "peer_sweeps_per_s": rates.peer,
    }


def _rates(sweeps: list[TimedPoints], ego_from_sensor: RigidTransform) -> Rates:
    edge_m = edge_for(sweeps[0])
    ours = SweepTracker(edge_m, ego_from_sensor, first_step(sweeps[:4], edge_m, ego_from_sensor))
    threads = min((0, 1), key=lambda each: _seconds_of_peer(sweeps[:_PROBED], ego_from_sensor, each))
    peer, seconds, poses = _kiss_icp(threads), {"ours": 0.0, "peer": 0.0}, []
    for start in range(0, len(sweeps), _BLOCK):
        block = sweeps[start : start + _BLOCK]
        begun = time.perf_counter()
        for sweep in block:
            ours.take(sweep)
        turn = time.perf_counter()
        for sweep in block:
            poses.append(_registered(peer, sweep, ego_from_sensor))
        seconds["ours"] += turn - begun
        seconds["peer"] += time.perf_counter() - turn
    return Rates(
        len(sweeps) / seconds["ours"], len(sweeps) / seconds["peer"], RigidTransform.from_matrix(np.array(poses))
    )


def _kiss_icp(threads: int) -> Any:
    peer_version("kiss-icp")
    from kiss_icp.config import load_config
    from kiss_icp.kiss_icp import KissICP

    config = load_config(None)
    config.registration.max_num_threads = threads
    return KissICP(config)


def _registered(peer: Any, sweep: TimedPoints, ego_from_sensor: RigidTransform) -> np.ndarray:
    start = sweep.times_ns.min()
    peer.register_frame(
        ego_from_sensor.apply(sweep.points_m), (sweep.times_ns - start) / max(float(np.ptp(sweep.times_ns)), 1.0)
    )
    return np.array(peer.last_pose)


def _seconds_of_peer(sweeps: list[TimedPoints], ego_from_sensor: RigidTransform, threads: int) -> float:
    """On few cores its own choice of threads is not its best one."""
    peer, start = _kiss_icp(threads), time.perf_counter()
    for sweep in sweeps:
        _registered(peer, sweep, ego_from_sensor)
    return time.perf_counter() - start


def _pandaset_figures(path: Path) -> dict[str, float]:
    if not (path / "lidar").is_dir():
        return {}
    source = read_source(path)
    sweeps = raw_sweeps(source)
    figures = _against_poses(estimate_odometry(sweeps), source.ego_motion, "pandaset")
    loaded = list(sweeps)
    peer = _kiss_icp(1)
    poses = RigidTransform.from_matrix(np.array([_registered(peer, each, sweeps.ego_from_sensor) for each in loaded]))
    ends = np.array([int(each.times_ns.max()) for each in loaded])
    figures["peer_pandaset_m"] = float(pose_errors(ends, poses, source.ego_motion)[0].max())
    return figures


def _against_poses(found: Odometry, truth: EgoMotion, name: str) -> dict[str, float]:
    metres, degrees = pose_errors(found.knots.times_ns, found.ego_motion.at(found.knots.times_ns), truth)
    return {f"{name}_m": float(metres.max()), f"{name}_deg": float(degrees.max())}


def _report(figures: dict[str, float], rates: Rates, command: str) -> Report:
    met = figures["drift_percent"] <= TARGET_DRIFT_PERCENT
    met &= figures["sweeps_per_s"] >= min(TARGET_RATE, rates.peer)
    met &= figures.get("pandaset_m", 0.0) <= TARGET_M and figures.get("pandaset_deg", 0.0) <= TARGET_DEG
    notes = [
        "drift_percent: the larger of KITTI's measure over stretches of 100 to 400 m and the error at the end",
        "sweeps_per_s: tracking alone, beside the peer with the faster of one and all threads, in turns of 20 sweeps",
        "whole_sweeps_per_s: with levelling and the check backwards in time",
        "pandaset: worst over the frames, laid upon its own poses at the first; its sweeps are distorted again first",
    ]
    if "pandaset_m" not in figures:
        notes.append("there is no PandaSet sequence: name one with --pandaset or set BOXWRIGHT_REAL_DATA")
    return Report(
        name="odometry",
        title="Ego motion from one LiDAR alone, once around a block",
        figures=figures,
        ratio=rates.ours / rates.peer,
        target=f"drift <= {TARGET_DRIFT_PERCENT} %, PandaSet within {TARGET_M} m and {TARGET_DEG} degrees, "
        f"{TARGET_RATE:.0f} sweeps/s where kiss-icp does",
        met=bool(met),
        peer=Peer("kiss-icp", peer_version("kiss-icp")),
        command=command,
        notes=tuple(notes),
    )


def _of_recording(path: Path, lidar: str | None, command: str) -> Report:
    with Recording.open(path) as recording:
        sweeps: RawSweeps = raw_sweeps(recording, lidar)
        found = estimate_odometry(sweeps)
        loaded = list(sweeps)
        if len(loaded) < 2:
            raise InputError("fewer than two sweeps", where=path)
        rates = _rates(loaded, sweeps.ego_from_sensor)
        figures = {
            "sweeps": float(len(loaded)),
            "travelled_m": found.drift.travelled_m,
            "reported_drift_percent": found.drift.percent,
            "reported_drift_m": found.drift.metres,
            "overlap": found.drift.overlap,
            "sweeps_per_s": rates.ours,
            "peer_sweeps_per_s": rates.peer,
        }
        known = recording.pose_source not in (PoseSource.NONE, PoseSource.ODOMETRY)
        if known:
            figures |= _against_poses(found, recording.ego_motion, "recording")
            times_ns, poses = found.knots.times_ns, found.knots.world_from_ego
            figures["drift_percent"] = segment_drift_percent(times_ns, poses, recording.ego_motion)
    figures = {name: value for name, value in figures.items() if np.isfinite(value)}
    return Report(
        name="odometry",
        title=f"Ego motion of {path.name} from {sweeps.lidar}",
        figures=figures,
        ratio=rates.ours / rates.peer,
        target=f"{TARGET_RATE:.0f} sweeps/s where kiss-icp does, drift <= {TARGET_DRIFT_PERCENT} % where it is known",
        met=bool(
            rates.ours >= min(TARGET_RATE, rates.peer) and figures.get("drift_percent", 0.0) <= TARGET_DRIFT_PERCENT
        ),
        peer=Peer("kiss-icp", peer_version("kiss-icp")),
        command=command,
        notes=("recording_m, recording_deg: worst distance from the recording's own poses, one upon another at first",),
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recording", type=Path, metavar="FILE", help="a recording file (.h5) instead of our data")
    parser.add_argument("--lidar", metavar="NAME", help="of that recording; by default its first")
    parser.add_argument("--frames", type=int, help="only so many of the block")
    parser.add_argument("--pandaset", type=Path, metavar="SEQUENCE")


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("odometry", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
