"""Simulation stays fast: bounds on processor time, well above what it takes, so that a busy machine is no failure."""

from __future__ import annotations

import pytest

from fusion.scenario.sensing.moving_scene import MovingScene
from tests.fusion.scenario.sensing_speed import BEAMS, COLUMNS, camera_speed, lidar_speed
from tests.fusion.scenario.sensing_worlds import street


@pytest.fixture(scope="module")
def scene() -> MovingScene:
    return MovingScene(street())


def test_a_sweep_takes_less_than_two_seconds_of_processor_time_per_million_rays(scene: MovingScene) -> None:
    assert lidar_speed(scene, 3).cpu_s < 2.0 * BEAMS * COLUMNS / 1e6


def test_a_photo_takes_less_than_half_a_second_of_processor_time(scene: MovingScene) -> None:
    assert camera_speed(scene, 0.0, 3).cpu_s < 0.5
