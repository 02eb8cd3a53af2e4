"""`boxwright calibrate` as a user meets it."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration import Rig, RigidTransform
from labeling.editing.edits import AdoptRig
from tests.viewer.conftest import sample_project
from viewer.cli import entry
from viewer.cli.calibrating.adopting import adopt_rig, mounted


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["boxwright", "calibrate", *map(str, words)])
    with pytest.raises(SystemExit) as left:
        entry.main()
    said = capsys.readouterr()
    return int(left.value.code or 0), said.out, said.err


def test_intrinsics_of_a_folder(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for file in sorted((real_data / "camera_calibration").glob("left-*.png"))[:8]:
        (photos / file.name).write_bytes(file.read_bytes())
    page = tmp_path / "report.html"
    words = ("intrinsics", "--images", photos, "--board", "7x5", "--report", page, "--json")
    code, out, _ = run(monkeypatch, capsys, *words)
    assert code == 0
    found = json.loads(out)
    assert found["rms_px"] < 0.2
    assert len(found["views"]) == 8
    assert page.read_text().startswith("<!doctype html>")
    code, out, err = run(monkeypatch, capsys, "intrinsics", "--images", photos, "--board", "8x5")
    assert (code, out) == (1, "")
    assert "7x5" in err
    assert len(err.strip().splitlines()) == 1


def test_what_is_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, code, said in (
        (("intrinsics",), 2, "say which photos"),
        (("intrinsics", "--images", tmp_path / "none"), 1, "no such folder"),
        (("intrinsics", "--images", tmp_path), 1, "no photos here"),
        (("intrinsics", "--images", tmp_path, "--adopt"), 2, "only a recording"),
    ):
        left, _, err = run(monkeypatch, capsys, *words)
        assert left == code
        assert said in err


def test_a_camera_that_was_knocked_is_put_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = sample_project(tmp_path / "project")
    with project.recording("street") as recording:
        true, camera = recording.rig, recording.cameras()[0]
    knock = RigidTransform.exp(np.array([0.02, -0.03, 0.01, 0.01, -0.012, 0.008]))
    sensors = (
        replace(each, ego_from_sensor=each.ego_from_sensor * knock) if each.name == camera else each for each in true
    )
    labels = project.labels()
    labels.apply_edit("street", AdoptRig(Rig(tuple(sensors)).to_record(), "knocked"))
    labels.close()
    words = ("lidar-camera", project.root, "street", "--camera", camera, "--adopt", "--json")
    code, out, _ = run(monkeypatch, capsys, *words)
    assert code == 0
    told = json.loads(out)
    assert told["clear"]
    assert told["rotation_deg"] == pytest.approx(1.0, abs=0.2)
    with project.recording("street") as recording:
        off = true[camera].ego_from_sensor.inverse() * recording.rig[camera].ego_from_sensor
    assert np.rad2deg(2.0 * np.linalg.norm(off.rotation[1:])) < 0.2
    assert np.linalg.norm(off.translation) < 0.03
    code, _, err = run(monkeypatch, capsys, "lidar-camera", project.root, "street", "--camera", "nose")
    assert code == 2
    assert "there is no camera 'nose'" in err


def test_the_health_of_a_rig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = sample_project(tmp_path / "project")
    with project.recording("street") as recording:
        true, camera = recording.rig, recording.cameras()[0]
    words = ("health", project.root, "street", "--camera", camera)
    kept, page = tmp_path / "health.json", tmp_path / "health.html"
    code, out, err = run(monkeypatch, capsys, *words, "--save", kept, "--report", page)
    assert code == 0, err
    assert f"  {camera}: good" in out
    assert "<svg" in page.read_text()
    turn = RigidTransform.exp(np.array([0.0, 0.0, 0.0, 0.0, np.deg2rad(0.3), 0.0]))
    adopt_rig(project, "street", mounted(true, camera, true[camera].ego_from_sensor * turn), "knocked")
    code, out, err = run(monkeypatch, capsys, *words, "--baseline", kept, "--adopt", "--json")
    assert code == 0, err
    told = json.loads(out)["cameras"][camera]
    assert told["state"] == "drifted"
    assert told["turn_deg"] == pytest.approx([0.0, 0.3, 0.0], abs=0.1)
    with project.recording("street") as recording:
        off = (true[camera].ego_from_sensor.inverse() * recording.rig[camera].ego_from_sensor).log()
    assert np.rad2deg(np.linalg.norm(off[3:])) < 0.12
    code, _, err = run(monkeypatch, capsys, *words, "--baseline", kept, "--adopt")
    assert code == 1
    assert "no camera has drifted" in err
    code, _, err = run(monkeypatch, capsys, *words, "--baseline", page)
    assert code == 1
    assert "no readable health" in err
