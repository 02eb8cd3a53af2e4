"""The server's half of review: who is let in, what they may see, and under whose name they edit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from labeling.editing.edits import CreateTrack
from labeling.project import Project
from labeling.review import LOCAL, Person, Role, SamplingKind, SamplingPlan, acts
from labeling.track_record import TrackRecord
from tests.viewer.conftest import sample_project
from tests.viewer.test_findings import asked, turned_round
from viewer.server import security
from viewer.server.app import create_app
from viewer.server.security import Access

BASE = "http://127.0.0.1:8300"
ANNA, BEN = Person("anna", Role.ANNOTATOR), Person("ben", Role.REVIEWER)
OWNER = {"authorization": "Bearer secret-token"}


@pytest.fixture
def client(tiny_project: Project) -> Iterator[TestClient]:
    app = create_app(tiny_project, Access("secret-token", frozenset({"127.0.0.1:8300"})), with_page=False)
    with TestClient(app, base_url=BASE) as client:
        yield client


@pytest.fixture
def headers(tiny_project: Project) -> dict[str, dict[str, str]]:
    people = tiny_project.people()
    roles = {"anna": Role.ANNOTATOR, "ben": Role.REVIEWER, "lena": Role.LEAD}
    found = {name: {"authorization": f"Bearer {people.add(name, role)}"} for name, role in roles.items()}
    people.close()
    return found


def test_the_owner_and_people_are_let_in_and_who_was_removed_is_not(
    tiny_project: Project, client: TestClient, headers: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def me(who: dict[str, str]) -> object:
        return client.get("/api/recordings/tiny/review", headers=who).json().get("me")

    assert me(OWNER) == {"name": "local", "role": "lead"}
    assert me(headers["anna"]) == {"name": "anna", "role": "annotator"}
    assert client.get("/api/project", headers={"authorization": "Bearer stranger"}).status_code == 401
    monkeypatch.setattr(security, "_REMEMBERED_S", 0.0)
    people = tiny_project.people()
    people.remove("anna")
    people.close()
    assert client.get("/api/project", headers=headers["anna"]).status_code == 401


def test_gold_and_other_peoples_layers_are_hidden(
    tiny_project: Project, client: TestClient, headers: dict[str, dict[str, str]]
) -> None:
    labels = tiny_project.labels()
    record = TrackRecord.of(labels.tracks("tiny")["moving"])
    for layer in ("gold", "anna", "carl"):
        labels.apply_edit(f"tiny@{layer}", CreateTrack(record))
    labels.close()

    def seen(who: dict[str, str]) -> list[str]:
        return [each["name"] for each in client.get("/api/project", headers=who).json()["recordings"]]

    assert seen(headers["anna"]) == ["tiny", "tiny@anna"]
    assert seen(headers["ben"]) == ["tiny", "tiny@anna", "tiny@carl"]
    assert seen(headers["lena"]) == seen(OWNER) == ["tiny", "tiny@anna", "tiny@carl", "tiny@gold"]
    for name in ("tiny@gold", "tiny@carl"):
        for path in ("", "/review", "/labels?first=0&last=0", "/frames/0/points", "/frames/0/pose?track=moving"):
            assert client.get(f"/api/recordings/{name}{path}", headers=headers["anna"]).status_code == 403
    reply = client.get("/api/recordings/tiny@anna", headers=headers["anna"]).json()
    assert (reply["name"], [each["id"] for each in reply["tracks"]]) == ("tiny@anna", ["moving"])
    assert client.get("/api/recordings/tiny@..", headers=headers["lena"]).status_code == 422


def test_the_report_is_for_leads(client: TestClient, headers: dict[str, dict[str, str]]) -> None:
    refused = client.get("/api/report", headers=headers["ben"])
    assert (refused.status_code, refused.json()["error"]) == (403, "ben is reviewer, and the report is for leads")
    page = client.get("/api/report", headers=headers["lena"])
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["content-security-policy"] == security.PAGE_POLICY


def test_a_sample_by_risk_begins_with_what_checks_found(tmp_path: Path) -> None:
    project = sample_project(tmp_path / "project")
    car = turned_round(project)
    with closing(project.review()) as review:
        plan = SamplingPlan(SamplingKind.RISK, 5)
        review.act("street", acts.OpenTask("t", "t", 0, 2**62, sampling=plan), LOCAL)
        for act, who in ((acts.Take, ANNA), (acts.Submit, ANNA), (acts.Take, BEN)):
            review.act("street", act("t"), who)
    app = create_app(project, Access("secret-token", frozenset({"127.0.0.1:8300"})), with_page=False)
    with TestClient(app, base_url=BASE, headers=OWNER) as client:
        asked(client)  # until the check is done
        assert client.get("/api/recordings/street/review").json()["tasks"][0]["look_at"] == [car]


def test_edits_are_made_and_undone_under_ones_own_name(
    tiny_project: Project, client: TestClient, headers: dict[str, dict[str, str]]
) -> None:
    def edit(who: str, class_name: str) -> int:
        body = {"kind": "set_class", "track_id": "moving", "class_name": class_name}
        request = {"key": f"{who}-{class_name}", "edit": body}
        return client.post("/api/recordings/tiny/edits", json=request, headers=headers[who]).status_code

    assert (edit("anna", "van"), edit("ben", "truck")) == (200, 200)
    undo = client.post("/api/recordings/tiny/undo", json={"key": "anna-undoes"}, headers=headers["anna"])
    assert undo.status_code == 409
    assert "ben has changed the same track since" in undo.json()["error"]
    assert client.get("/api/recordings/tiny", headers=OWNER).json()["can_undo"] is False
    rig = {"key": "anna-the-rig", "edit": {"kind": "adopt_rig", "rig": None, "how": "why not"}}
    assert client.post("/api/recordings/tiny/edits", json=rig, headers=headers["anna"]).status_code == 403
    assert client.post("/api/recordings/tiny@anna/edits", json=rig, headers=headers["lena"]).status_code == 200
    assert client.get("/api/recordings/tiny@anna", headers=OWNER).json()["rig_number"] > 0
