"""The rig says what it has."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from calibration import CalibrationError, Pinhole, Rig, RigidTransform, Sensor, SensorKind
from fusion.recording import Recording
from tests.conftest import ROOT

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


def test_a_readout_survives_and_its_absence_leaves_no_trace() -> None:
    rolling = replace(CAMERA, readout_ns=-15_000_000)
    record = rolling.to_record()
    assert record["readout_ns"] == -15_000_000
    assert Sensor.from_record(json.loads(json.dumps(record))).readout_ns == -15_000_000
    assert list(CAMERA.to_record()) == ["name", "kind", "ego_from_sensor", "camera"]
    assert Sensor.from_record(CAMERA.to_record()).readout_ns == 0


def test_the_shipped_recording_is_still_read() -> None:
    with Recording.open(ROOT / "sample_data" / "street.h5") as recording:
        assert all(isinstance(sensor.readout_ns, int) for sensor in recording.rig)
        assert Rig.from_record(recording.rig.to_record()).to_record() == recording.rig.to_record()


def test_only_cameras_are_read_out_and_quickly() -> None:
    with pytest.raises(CalibrationError, match="only a camera has a readout, not a lidar sensor: top"):
        replace(LIDAR, readout_ns=1)
    with pytest.raises(CalibrationError, match="only a camera has a readout, not a depth sensor: front"):
        replace(CAMERA, kind=SensorKind.DEPTH, readout_ns=1)
    with pytest.raises(CalibrationError, match="longer than a second; give nanoseconds: front"):
        replace(CAMERA, readout_ns=30_000_000_000)
    with pytest.raises(CalibrationError, match="a sensor of the rig is malformed"):
        Sensor.from_record(CAMERA.to_record() | {"readout_ns": "slow"})
