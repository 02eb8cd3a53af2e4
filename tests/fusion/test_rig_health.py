"""A rig that is right, one of which a camera was knocked, one whose clock is late."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from calibration.errors import InputError
from calibration.targetless.aligning import moved_by
from fusion.camera_scenes import CameraScenes, camera_scenes
from fusion.recording import Recording
from fusion.rig_health import (
    CameraHealth,
    HealthState,
    Usual,
    baseline_from,
    drift_of,
    health_record,
    judged,
    rig_health,
)
from fusion.scenario import scene_of
from labeling.project import Project
from labeling.synthetic import simulate_into


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    """The front camera says that it looked 50 ms later than it did."""
    project = Project.create(tmp_path_factory.mktemp("late"))
    simulate_into(project, replace(scene_of("clock_error_50ms"), frames=24), 0, "late", labelled=False)
    with project.recording("late") as recording:
        yield recording


@pytest.fixture(scope="module")
def right(late: Recording) -> CameraScenes:
    """Of a camera that is right."""
    return camera_scenes(late, "camera_right", range(0, 24, 4))


def looked(late: Recording, scenes: CameraScenes, turn_deg: list[float], usual: Usual | None = None) -> CameraHealth:
    turn = np.concatenate([np.deg2rad(turn_deg), np.zeros(3)])
    turned = replace(scenes, camera_from_lidar=moved_by(scenes.camera_from_lidar, turn))
    return judged(scenes.camera, late.rig[scenes.camera].ego_from_sensor, drift_of(turned), usual)


def test_a_turn_is_found_with_its_direction_and_told_from_time(late: Recording, right: CameraScenes) -> None:
    """Alone, and against a baseline, by which less is seen."""
    drift = drift_of(right)
    usual = Usual(drift.turn_rad, drift.late_s, drift.covariance)
    mounted = late.rig[right.camera].ego_from_sensor
    assert judged(right.camera, mounted, drift).state is HealthState.GOOD
    assert judged(right.camera, mounted, drift, usual).state is HealthState.GOOD
    found = looked(late, right, [-0.4, 0.1, 0.0])
    assert found.state is HealthState.DRIFTED
    assert np.rad2deg(found.turn_rad) == pytest.approx([0.4, -0.1, 0.0], abs=0.12)
    assert abs(found.late_s) < 0.008
    assert "degrees down" in found.line  # it was told to look up
    found = looked(late, right, [0.0, 0.25, 0.0], usual)
    assert found.state is HealthState.DRIFTED
    assert np.rad2deg(found.turn_rad) == pytest.approx([0.0, -0.25, 0.0], abs=0.08)


def test_a_late_clock_is_not_called_a_turn(late: Recording) -> None:
    health = rig_health(late, cameras=["camera_front"])
    (front,) = health.cameras
    assert front.state is HealthState.WRONG_TIME
    assert 1e3 * front.late_s == pytest.approx(-50.0, abs=5.0)
    assert np.rad2deg(np.linalg.norm(front.turn_rad)) < 0.1
    assert "50" in front.line or "51" in front.line or "52" in front.line
    record = json.loads(json.dumps(health_record(health)))
    assert record["cameras"]["camera_front"]["state"] == "wrong time"


def test_baselines_are_checked() -> None:
    for wrong in ({}, [], {"cameras": 3}, {"cameras": {"a": {"measured": {"turn_rad": [1], "late_s": None}}}}):
        with pytest.raises(InputError, match="no health of a rig"):
            baseline_from(wrong)
