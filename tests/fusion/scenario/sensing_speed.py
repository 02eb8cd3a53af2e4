"""How fast sensors are simulated: `python -m tests.fusion.scenario.sensing_speed`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from calibration import Pinhole, RigidTransform
from fusion.scenario.language.sensors import Camera, Lidar, SpinningScan
from fusion.scenario.sensing.camera import CameraSimulator
from fusion.scenario.sensing.lidar import LidarSimulator
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.world import START_NS
from tests.fusion.scenario.sensing_worlds import EGO_FROM_CAMERA, mounted, street

BEAMS, COLUMNS = 128, 1800


@dataclass(frozen=True)
class Speed:
    """Seconds of the wall clock (best and median) and of all cores together (best)."""

    best_s: float
    median_s: float
    cpu_s: float


def measure(task: Callable[[int], object], repeats: int) -> Speed:
    """After one run that warms up."""
    task(0)
    wall, cpu = [], []
    for index in range(repeats):
        start_wall, start_cpu = time.perf_counter(), time.process_time()
        task(index)
        wall.append(time.perf_counter() - start_wall)
        cpu.append(time.process_time() - start_cpu)
    return Speed(min(wall), float(np.median(wall)), min(cpu))


def lidar_speed(scene: MovingScene, repeats: int = 5) -> Speed:
    """A sweep of 128 x 1800 rays with noise, among 30 actors in a street."""
    lidar = Lidar(SpinningScan(tuple(np.linspace(-25.0, 15.0, BEAMS).tolist()), columns=COLUMNS))
    mount = RigidTransform.from_yaw(0.0, [0.0, 0.0, 1.9])
    simulator = LidarSimulator(scene, lidar, mounted(scene.world, mount), 100_000_000)
    end_ns = START_NS + 600_000_000
    return measure(lambda i: simulator.sweep(i, end_ns + i * 100_000_000, np.random.default_rng(i)), repeats)


def camera_speed(scene: MovingScene, readout_ms: float, repeats: int = 5) -> Speed:
    """A photo of 640 x 400 with noise."""
    model = Pinhole(640, 400, fx_px=400.0, fy_px=400.0, cx_px=319.5, cy_px=190.0)
    camera = Camera({}, readout_ms=readout_ms, noise=2.0)
    simulator = CameraSimulator(scene, model, camera, mounted(scene.world, EGO_FROM_CAMERA))
    return measure(lambda i: simulator.shot(START_NS + 300_000_000, np.random.default_rng(i)), repeats)


if __name__ == "__main__":
    scene = MovingScene(street())
    speed = lidar_speed(scene)
    rays = BEAMS * COLUMNS
    print(f"sweep of {rays} rays: {speed}; {rays / speed.best_s / 1e6:.2f} M rays/s")
    for readout_ms in (0.0, 30.0):
        print(f"photo 640x400, readout {readout_ms} ms: {camera_speed(scene, readout_ms)}")
