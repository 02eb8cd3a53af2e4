"""Findings while people label: asked for, repaired, rejected; in the server and in a real Chromium."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page

from calibration import RigidTransform, quaternion
from labeling.editing.edits import CreateTrack, DeleteTrack
from labeling.project import Project
from labeling.track import Knot, Maker
from labeling.track_record import TrackRecord
from tests.viewer.conftest import Served, sample_project, wait_for
from viewer.cli import entry
from viewer.server.app import create_app
from viewer.server.security import Access

ACCESS = Access("secret-token", frozenset({"127.0.0.1:8300"}))
UNDER = "/api/recordings/street/findings"


def turned_round(project: Project) -> str:
    """A car that drives backwards from now on, as an importer may have it; the id."""
    labels = project.labels()
    tracks = labels.tracks("street").values()
    car = max(
        (each for each in tracks if each.class_name == "car"),
        key=lambda each: float(np.linalg.norm(each.velocities_mps, axis=1).mean()),
    )
    half = quaternion.from_rotation_vector(np.array([0.0, 0.0, np.pi]))
    knots = [
        Knot.of(knot.time_ns, knot.world_from_object * RigidTransform(half, np.zeros(3)), Maker.IMPORT)
        for knot in car.knots
    ]
    wrong = replace(car, rotations_wxyz=np.array([knot.rotation_wxyz for knot in knots]))
    labels.apply_edit("street", DeleteTrack(car.id))
    labels.apply_edit("street", CreateTrack(TrackRecord.of(wrong)))
    labels.close()
    return car.id


def asked(client: TestClient) -> dict[str, Any]:
    """Until the check of the newest labels is done."""
    for _ in range(120):
        reply: dict[str, Any] = client.get(UNDER).json()
        if reply["fresh"]:
            return reply
        time.sleep(0.25)
    pytest.fail("the check does not end")


def test_findings_follow_the_labels_and_what_people_say_of_them(tmp_path: Any) -> None:
    project = sample_project(tmp_path / "project")
    car = turned_round(project)
    headers = {"authorization": f"Bearer {ACCESS.token}", "host": "127.0.0.1:8300"}
    with TestClient(create_app(project, ACCESS, with_page=False), headers=headers) as client:
        (finding,) = [each for each in asked(client)["findings"] if car in each["track_ids"]]
        assert finding["kind"] == "heading_against_motion"
        assert finding["repair"]
        verdict = {key: finding[key] for key in ("track_ids", "frames")} | {"finding": finding["kind"]}
        body = {"key": "no-error-1", "verdict": verdict | {"accepted": False}}
        left = client.post(f"{UNDER}/verdicts", json=body).json()["findings"]
        assert not any(car in each["track_ids"] for each in left)
        for number, edit in enumerate(finding["repair"]):
            done = client.post("/api/recordings/street/edits", json={"key": f"repair-it-{number}", "edit": edit})
            assert done.status_code == 200, done.text
        assert not any(car in each["track_ids"] for each in asked(client)["findings"])
        assert client.get("/api/recordings/none/findings").status_code == 404
    log = project.verdicts()
    assert [each.accepted for each in log.of("street")] == [False]
    log.close()


@pytest.mark.browser
def test_keys_walk_through_findings_and_repair_one(page: Page, served: Served) -> None:
    car = turned_round(served.project)
    page.goto("about:blank")
    page.goto(served.address)
    page.wait_for_selector("body[data-ready=true]", timeout=120_000)
    page.keyboard.press("Shift+C")
    line = page.locator("[data-testid=finding][data-kind=heading_against_motion]").first
    line.wait_for(timeout=60_000)
    page.keyboard.press("j")
    page.wait_for_selector("[data-testid=finding].current")
    line.get_by_role("button").click()
    assert page.evaluate("() => window.boxwright.selectedTrackId") == car
    page.keyboard.press("Shift+R")
    page.wait_for_selector("[data-testid=save-state][data-state=saved]", timeout=30_000)

    def ahead() -> bool:
        labels = served.project.labels()
        track = labels.tracks("street")[car]
        labels.close()
        axis = quaternion.rotate(track.rotations_wxyz[0], np.array([1.0, 0.0, 0.0]))
        return float(axis @ track.velocities_mps[0]) > 0.0

    wait_for(ahead, "the car still drives backwards")
    wait_for(lambda: line.count() == 0, "the finding stays", seconds=60)
    page.keyboard.press("Control+z")
    wait_for(lambda: not ahead(), "the repair is not undone")


def test_the_worthiest_moment_of_a_project_comes_first(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = sample_project(tmp_path / "project")
    car = turned_round(project)
    for words, expected in (((), car), (("--json",), '"recording": "street"')):
        monkeypatch.setattr(sys, "argv", ["boxwright", "attention", str(project.root), "--top", "1", *words])
        with pytest.raises(SystemExit) as left:
            entry.main()
        assert not left.value.code
        assert expected in capsys.readouterr().out
