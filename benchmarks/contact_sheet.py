"""A sheet of photos of shipped scenarios: `python -m benchmarks.contact_sheet docs/images/scenarios.jpg`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from calibration import SensorKind
from fusion.scenario import scene_of
from fusion.scenario.sensing.exposure import Photo
from fusion.scenario.simulation import Simulation, camera_simulator

_WIDTH_PX, _HEIGHT_PX = 480, 300
_SHOWN = (
    ("street", 0, 0.5),
    ("crossing_behind_truck", 1, 0.12),
    ("forklift_lifting", 0, 0.55),
    ("semitrailer_junction", 0, 0.5),
    ("night_few_points", 0, 0.5),
    ("indoor_amr_glass", 0, 0.6),
    ("rain_petals", 0, 0.5),
    ("robot_arm_cell", 0, 0.5),
)
"""Scenario, which of its cameras, and how far into it."""


def photo_of(name: str, camera: int, share: float) -> Photo:
    """(H, W, 3) uint8 red, green, blue."""
    simulation = Simulation(scene_of(name), 0)
    mounted = [each for each in simulation.sensors if each.sensor.kind is SensorKind.CAMERA][camera]
    times_ns = simulation.firings[mounted.name].true_ns
    index = int(share * (len(times_ns) - 1))
    shot = camera_simulator(simulation, mounted).shot(int(times_ns[index]), simulation.sample_rng(mounted, index))
    return shot.pixels


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contact_sheet")
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    tiles = [cv2.resize(photo_of(*each), (_WIDTH_PX, _HEIGHT_PX), interpolation=cv2.INTER_AREA) for each in _SHOWN]
    half = len(tiles) // 2
    sheet = np.concatenate([np.concatenate(row, axis=1) for row in (tiles[:half], tiles[half:])])
    cv2.imwrite(str(options.out), sheet[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    return 0


if __name__ == "__main__":
    sys.exit(main())
