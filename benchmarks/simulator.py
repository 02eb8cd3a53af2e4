"""The simulator against analytic truth, and its pace against the bare ray caster in the same run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from benchmarks.injection import measure_injection
from benchmarks.report import Peer, Report, peer_version, run
from benchmarks.simulator_worlds import outline_ious, range_errors_m
from benchmarks.timing import interleaved
from fusion.samples import Float32Array
from fusion.scenario import scene_of
from fusion.scenario.building import MountedSensor
from fusion.scenario.language.sensors import Lidar, SpinningScan
from fusion.scenario.sensing.lidar import LidarSimulator
from fusion.scenario.sensing.ray_caster import open3d
from fusion.scenario.sensing.rays import Rays
from fusion.scenario.sensing.scan import shots
from fusion.scenario.simulation import Simulation
from fusion.scenario.solids.meshes import join

TARGET = "1 M rays/s with noise and materials; 1e-4 m; 0.95 IoU in both shutters; 98 % agreement"
_FAR_M = 3000.0
_SCENE = "street"
_BEAMS, _COLUMNS = 128, 1800
_PERIOD_NS = 100_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--columns", type=int, default=_COLUMNS)
    parser.add_argument("--seed", type=int, default=0)


def measure(options: argparse.Namespace, command: str) -> Report:
    errors = np.concatenate([range_errors_m(options.seed, away_m) for away_m in (0.0, _FAR_M)])
    ious = {shutter: outline_ious(readout_ms) for shutter, readout_ms in (("global", 0.0), ("rolling", 30.0))}
    figures = {
        "range_error_m": float(errors.max()),
        "silhouette_iou": min(min(each) for each in ious.values()),
        **{f"silhouette_iou_median_{shutter}": float(np.median(each)) for shutter, each in ious.items()},
        **_pace(options),
        **measure_injection(options.seed),
    }
    return Report(
        name="simulator",
        title="Synthetic worlds: exactness, pace, injection",
        figures=figures,
        ratio=figures["rays_per_s"] / figures["bare_rays_per_s"],
        target=TARGET,
        met=_met(figures),
        peer=Peer("open3d's bare cast_rays of one standing mesh", peer_version("open3d")),
        command=command,
        notes=(
            "rays_per_s: whole sweeps, every shot at its own time, with materials, beam width, noise and losses",
            "bare_rays_per_s: the same rays into one mesh of everything, geometry only: no time, no material, no noise",
            "range_error_m: largest over returns of noise-free sweeps at the world's origin and 3 km away",
            "silhouette_iou: worst case of the product's outline box and the rendered silhouette's, box-shaped actors",
        ),
    )


def _met(figures: dict[str, float]) -> bool:
    return (
        figures["range_error_m"] <= 1e-4
        and figures["silhouette_iou"] >= 0.95
        and figures["rays_per_s"] >= 1e6
        and figures["injection_agreement"] >= 0.98
    )


def _pace(options: argparse.Namespace) -> dict[str, float]:
    simulation = Simulation(scene_of(_SCENE), options.seed)
    lidar = _dense(simulation.reference, options.columns)
    pose = simulation.true_pose(simulation.reference)
    simulator = LidarSimulator(simulation.moving_scene, lidar, pose, _PERIOD_NS)
    end_ns = int(simulation.firings[simulation.reference.name].true_ns[3])
    actions: dict[str, Callable[[int], object]] = {
        "ours": lambda turn: simulator.sweep(turn, end_ns, np.random.default_rng(turn)),
        "bare": _bare_cast(simulation, lidar, end_ns),
    }
    timings = interleaved(actions, options.repetitions, warm_up=2)
    rays = _BEAMS * options.columns
    return {
        "rays": float(rays),
        "actors": float(len(simulation.world.actors)),
        "rays_per_s": 1e3 * rays / timings["ours"].median_ms,
        "bare_rays_per_s": 1e3 * rays / timings["bare"].median_ms,
    }


def _dense(reference: MountedSensor, columns: int) -> Lidar:
    """The scene's LiDAR with 128 beams."""
    lidar = reference.spec.lidar
    assert lidar is not None
    scan = SpinningScan(tuple(np.linspace(-25.0, 15.0, _BEAMS).tolist()), columns=columns)
    return replace(lidar, scan=scan, coordinate_step_m=0.0)


def _bare_cast(simulation: Simulation, lidar: Lidar, end_ns: int) -> Callable[[int], object]:
    """open3d alone: everything as it stands at one moment, in one mesh."""
    world, tensor = simulation.world, open3d().core.Tensor
    meshes = [prop.mesh.placed(prop.world_from_mesh) for prop in world.props]
    for actor in world.actors:
        pose, moment = actor.trajectory.at(end_ns), np.array([end_ns])
        for part in actor.parts:
            placed = part.mesh if part.object_from_part is None else part.mesh.placed(part.object_from_part(moment)[0])
            meshes.append(placed.placed(pose))
    whole = join(meshes)
    scene = open3d().t.geometry.RaycastingScene()
    scene.add_triangles(tensor(whole.vertices_m.astype(np.float32)), tensor(whole.triangles.astype(np.uint32)))
    offsets_ns, directions = shots(lidar.scan, 0, _PERIOD_NS)
    fired = Rays.fired(simulation.true_pose(simulation.reference)(end_ns + offsets_ns), directions)
    rays: Float32Array = np.concatenate([fired.origins_m, fired.directions], axis=1).astype(np.float32)
    return lambda _turn: scene.cast_rays(tensor(rays))


def main(arguments: list[str] | None = None) -> int:
    return run("simulator", add_arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
