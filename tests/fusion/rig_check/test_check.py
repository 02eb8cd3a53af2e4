"""Faults planted into a simulated rig are named; nothing is named on what is right, or without evidence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fusion.faults import SensorFault, plant_in_source
from fusion.recording import Recording, write_recording
from fusion.recording.as_source import recording_source
from fusion.rig_check import RigFault, RigState, SensorVerdict, check, check_rig
from fusion.scenario import scene_of
from labeling.project import Project
from labeling.synthetic import simulate_into

NAME = "street"


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Four frames of a street with parked cars, by a LiDAR and four cameras."""
    project = Project.create(tmp_path_factory.mktemp("rig"))
    simulate_into(project, replace(scene_of("parked_row_pull_out"), frames=4), 0, NAME)
    return project


def checked(project: Project, folder: Path, *faults: SensorFault) -> dict[str, SensorVerdict]:
    with project.recording(NAME) as recording:
        source, ledger = plant_in_source(recording_source(recording), faults, seed=1)
        assert not ledger.skipped
        write_recording(source, folder / "faulty.h5")
    with Recording.open(folder / "faulty.h5") as recording:
        return {verdict.sensor: verdict for verdict in check_rig(recording)}


def test_what_is_right_is_good(street: Project, tmp_path: Path) -> None:
    verdicts = checked(street, tmp_path)
    assert list(verdicts) == ["camera_front", "camera_left", "camera_right", "camera_back"]
    assert {verdict.state for verdict in verdicts.values()} == {RigState.GOOD}
    assert all(verdict.turn_deg < 0.5 for verdict in verdicts.values())


@pytest.mark.parametrize(
    ("kind", "sensor"),
    [
        ("inverted_extrinsic", "camera_left"),
        ("swapped_axes", "camera_right"),
        ("quaternion_order", "camera_left"),
        ("scaled_intrinsics", "camera_front"),
        ("inverted_extrinsic", "lidar_top"),
        ("swapped_axes", "lidar_top"),
        ("quaternion_order", "lidar_top"),
        ("mirrored_points", "lidar_top"),
    ],
)
def test_a_planted_fault_is_named(kind: str, sensor: str, street: Project, tmp_path: Path) -> None:
    verdicts = checked(street, tmp_path, SensorFault(kind, sensor))
    wrong = verdicts.pop(sensor)
    assert wrong.state is RigState.WRONG
    assert kind in (wrong.fault, *wrong.also)
    assert wrong.better > wrong.evidence + 3.0
    assert str(wrong.fault).replace("_", " ") in wrong.line
    assert {verdict.state for verdict in verdicts.values()} <= {RigState.GOOD, RigState.ROUGH}


def test_all_cameras_may_be_wrong(street: Project, tmp_path: Path) -> None:
    cameras = ("camera_front", "camera_left", "camera_right", "camera_back")
    verdicts = checked(street, tmp_path, *(SensorFault("inverted_extrinsic", camera) for camera in cameras))
    assert [verdicts[camera].fault for camera in cameras] == [RigFault.INVERTED_EXTRINSIC] * 4


def test_without_photos_nothing_can_be_told(tiny_project: Project) -> None:
    with tiny_project.recording("tiny") as recording:
        (verdict,) = check_rig(recording)
    assert (verdict.sensor, verdict.state) == ("front", RigState.UNKNOWN)
    assert verdict.line == "cannot tell: no photo in a frame with a sweep"


def test_without_a_decoder_it_says_what_to_install(tiny_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "can_decode", lambda: False)
    with tiny_project.recording("tiny") as recording:
        (verdict,) = check_rig(recording)
    assert verdict.line == "cannot tell: no decoder of photos; pip install opencv-contrib-python-headless"


def test_real_rigs_raise_no_alarm(pandaset_project: Project) -> None:
    with pandaset_project.recording("drive") as recording:
        verdicts = check_rig(recording)
    assert len(verdicts) == 6
    assert {verdict.state for verdict in verdicts} == {RigState.GOOD}
