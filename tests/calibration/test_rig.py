"""The rig says what it has."""

from __future__ import annotations

import pytest

from calibration import CalibrationError, Pinhole, Rig, RigidTransform, Sensor, SensorKind

LIDAR = Sensor("top", SensorKind.LIDAR, RigidTransform.from_yaw(0.1, [0.0, 0.0, 1.8]))
CAMERA = Sensor("front", SensorKind.CAMERA, RigidTransform.identity(), Pinhole(64, 48, 50.0, 50.0, 31.5, 23.5))


def test_record_round_trip() -> None:
    again = Rig.from_record(Rig((LIDAR, CAMERA)).to_record())
    assert [sensor.name for sensor in again] == ["top", "front"]
    assert again["front"].model == CAMERA.model
    assert again["top"].ego_from_sensor.almost_equal(LIDAR.ego_from_sensor, atol_m=0.0, atol_rad=0.0)


def test_names_are_unique_and_looked_up() -> None:
    with pytest.raises(CalibrationError, match="two sensors have one name: top"):
        Rig((LIDAR, LIDAR))
    with pytest.raises(CalibrationError, match="no sensor 'rear'; it has top, front"):
        Rig((LIDAR, CAMERA))["rear"]


def test_a_camera_without_a_model_is_refused() -> None:
    with pytest.raises(CalibrationError, match="a camera needs a camera model: blind"):
        Sensor("blind", SensorKind.CAMERA, RigidTransform.identity())
    with pytest.raises(CalibrationError, match="a LiDAR has no camera model: top"):
        _ = LIDAR.model
