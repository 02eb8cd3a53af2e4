"""The server's half of the picks: snap, solve, preview, and the edit that adopts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from calibration import Rig, RigidTransform
from fusion.cloud import fused_cloud
from labeling.editing.edits import AdoptRig
from labeling.project import Project
from tests.viewer.conftest import sample_project
from viewer.cli.calibrating.adopting import adopt_rig, mounted
from viewer.server.app import create_app
from viewer.server.security import Access

ACCESS = Access("secret-token", frozenset({"127.0.0.1:8300"}))
UNDER = "/api/recordings/street/calibration"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return sample_project(tmp_path / "project")


@pytest.fixture
def client(project: Project) -> Iterator[TestClient]:
    app = create_app(project, ACCESS, with_page=False)
    with TestClient(app, base_url="http://127.0.0.1:8300", headers={"authorization": "Bearer secret-token"}) as client:
        yield client


def disturbed(project: Project) -> tuple[str, Rig, list[dict[str, object]]]:
    """The first camera turned by two degrees; its name, the rig as it was, and eight right picks."""
    with project.recording("street") as recording:
        camera, true = recording.cameras()[0], recording.rig
        model, index = true[camera].model, recording.sample_of(camera, 0)
        assert index is not None
        points = fused_cloud(recording, 0).points_in_world
        seen = recording.world_from_sensor(camera, index).inverse().apply(points)
        pixels, valid = model.project(seen)
        rows = np.flatnonzero(valid & model.contains(pixels) & (seen[:, 2] > 3.0))
        chosen = np.random.default_rng(1).choice(rows, 8, replace=False)
        picks = [{"frame": 0, "position_m": points[i].tolist(), "pixel": pixels[i].tolist()} for i in chosen]
    turn = RigidTransform.exp(np.array([0, 0, 0, 0.02, 0.028, 0.0]))
    sensors = (
        replace(each, ego_from_sensor=each.ego_from_sensor * turn) if each.name == camera else each for each in true
    )
    labels = project.labels()
    labels.apply_edit("street", AdoptRig(Rig(tuple(sensors)).to_record(), "disturbed"))
    labels.close()
    return camera, true, picks


def test_picks_lead_to_an_edit_that_repairs_the_camera(project: Project, client: TestClient) -> None:
    camera, true, picks = disturbed(project)
    few = client.post(f"{UNDER}/picks", json={"camera": camera, "picks": picks[:3]}).json()
    assert (few["needed"], few["edit"]) == (1, None)
    found = client.post(f"{UNDER}/picks", json={"camera": camera, "picks": picks}).json()
    assert found["rotation_deg"] == pytest.approx(np.rad2deg(np.hypot(0.02, 0.028)), abs=0.1)
    assert not any(each["suspicious"] for each in found["verdicts"])
    done = client.post("/api/recordings/street/edits", json={"key": "adopt-the-picks", "edit": found["edit"]})
    assert done.status_code == 200
    with project.recording("street") as recording:
        left = true[camera].ego_from_sensor.inverse() * recording.rig[camera].ego_from_sensor
    assert np.rad2deg(np.linalg.norm(left.log()[3:])) < 0.1
    undone = client.post("/api/recordings/street/undo", json={"key": "undo-the-picks"}).json()
    assert undone["rig_number"] > done.json()["rig_number"]


def test_a_preview_is_drawn_and_taken_away(project: Project, client: TestClient) -> None:
    camera, _, picks = disturbed(project)
    drawn = client.post(f"{UNDER}/preview.rrd", json={"frame": 0, "camera": camera, "picks": picks})
    cleared = client.post(f"{UNDER}/preview.rrd", json={"frame": 0, "camera": camera, "picks": []})
    assert drawn.status_code == cleared.status_code == 200
    assert drawn.content[:4] == cleared.content[:4] == b"RRF2"
    assert len(drawn.content) > len(cleared.content) + 1000


def test_a_click_snaps_to_the_nearest_point_or_says_that_there_is_none(project: Project, client: TestClient) -> None:
    with project.recording("street") as recording:
        point = fused_cloud(recording, 0).points_in_world[100].astype(float)
    answer = client.post(f"{UNDER}/snap", json={"frame": 0, "position_m": (point + 1e-4).tolist()})
    np.testing.assert_allclose(answer.json()["position_m"], point, atol=2e-3)
    far = client.post(f"{UNDER}/snap", json={"frame": 0, "position_m": [0, 0, 500]})
    assert far.status_code == 200
    assert far.json()["position_m"] is None


def test_drift_is_measured_previewed_and_turned_back(project: Project, client: TestClient) -> None:
    with project.recording("street") as recording:
        true, camera = recording.rig, recording.cameras()[0]
    turn = RigidTransform.exp(np.array([0.0, 0.0, 0.0, 0.008, -0.006, 0.0]))
    adopt_rig(project, "street", mounted(true, camera, true[camera].ego_from_sensor * turn), "knocked")
    found = client.post(f"{UNDER}/drift", json={"camera": camera, "frames": [0, 5, 10, 15, 20]}).json()
    assert found["state"] == "drifted"
    assert found["turn_rad"] == pytest.approx([0.008, -0.006, 0.0], abs=0.0025)
    body = {"frame": 0, "camera": camera, "picks": []}
    drawn = client.post(f"{UNDER}/preview.rrd", json=body | {"turn_rad": found["turn_rad"]})
    assert len(drawn.content) > len(client.post(f"{UNDER}/preview.rrd", json=body).content) + 1000
    done = client.post("/api/recordings/street/edits", json={"key": "turn-it-back", "edit": found["edit"]})
    assert done.status_code == 200
    again = client.post(f"{UNDER}/drift", json={"camera": camera, "frames": [0, 5, 10, 15, 20]}).json()
    assert (again["state"], again["edit"]) == ("good", None)
    none = client.post(f"{UNDER}/drift", json={"camera": "nose", "frames": []})
    assert none.status_code >= 400
