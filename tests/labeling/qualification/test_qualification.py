"""Somebody labels a synthetic scenario and is measured against its truth."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from calibration.errors import UsageError
from fusion.scenario import scene_of
from labeling.accuracy import Sightings
from labeling.editing.edits import CreateTrack, DeleteTrack, SetClass
from labeling.formats import LABEL_FORMATS
from labeling.project import Project
from labeling.qualification import MISSED, Standard, begin, recording_name, score
from labeling.qualification.optional import without_optional
from labeling.review import Person, Role, acts
from labeling.track import Track
from labeling.track_record import TrackRecord
from tests.viewer.test_cli_rig import _run
from viewer.server.app import create_app
from viewer.server.security import Access

NAME = recording_name("anna")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A scenario of three frames before anna."""
    project = Project.create(tmp_path_factory.mktemp("qualification"))
    with closing(project.people()) as people:
        people.add("anna", Role.ANNOTATOR)
    begin(project, "anna", replace(scene_of("cut_in"), frames=3), seed=1)
    return project


def truth_of(project: Project) -> dict[str, Track]:
    with closing(project.versions()) as versions:
        return versions.tracks(NAME, "@gold")


def test_the_page_shows_an_empty_recording_and_hides_the_truth(begun: Project) -> None:
    with closing(begun.people()) as people:
        token = people.add("anna", Role.ANNOTATOR)
    app = create_app(begun, Access("secret-token", frozenset({"127.0.0.1:8300"})), with_page=False)
    headers = {"authorization": f"Bearer {token}"}
    with TestClient(app, base_url="http://127.0.0.1:8300", headers=headers) as client:
        assert [each["name"] for each in client.get("/api/project").json()["recordings"]] == [NAME]
        assert client.get(f"/api/recordings/{NAME}").json()["tracks"] == []
        (task,) = client.get(f"/api/recordings/{NAME}/review").json()["tasks"]
        assert (task["title"], task["may"]) == ("Qualification of anna: label what you see", ["take"])
        assert client.get(f"/api/recordings/{NAME}@gold").status_code == 403


def test_who_labels_exactly_passes_and_who_misses_one_is_told(begun: Project) -> None:
    with closing(begun.labels()) as labels, closing(begun.review()) as review:
        assert labels.tracks(NAME) == {}  # the truth is nowhere that an annotator looks
        with pytest.raises(UsageError, match="nothing is labelled yet"):
            score(begun, "anna", NAME, Standard())
        anna = Person("anna", Role.ANNOTATOR)
        review.act(NAME, acts.Take(NAME), anna)
        truth = truth_of(begun)
        for track in truth.values():
            labels.apply_edit(NAME, CreateTrack(TrackRecord.of(track)), actor="anna")
        review.act(NAME, acts.Submit(NAME), anna)
        found = score(begun, "anna", NAME, Standard())
        assert found.passed
        assert (found.overall.hota, found.overall.f1) == pytest.approx((1.0, 1.0))
        assert (found.work.actions, found.work.undone, found.findings) == (len(truth), 0, ())
        (against_gold,) = json.loads(_run("report", str(begun.root), "--json"))["gold"]["scores"]
        assert against_gold["f1"] == 1.0
        victim = max(found.classes, key=lambda name: found.classes[name].truths)
        car = next(each for each in truth.values() if each.class_name == victim and len(each) == 3)
        labels.apply_edit(NAME, DeleteTrack(car.id), actor="anna")
        labels.undo(NAME, actor="anna")
        labels.apply_edit(NAME, SetClass(car.id, "tram"), actor="anna")
        worse = score(begun, "anna", NAME, Standard(f1=0.99))
        assert not worse.passed
        assert worse.work.undone == 1
        assert (MISSED, car.id, 3) in {(each.kind, each.track_id, each.frames) for each in worse.findings}


def test_a_labellers_file_is_measured_on_the_same_ground(begun: Project, tmp_path: Path) -> None:
    """Begun under another name, labelled by a file; the page shows it, and the exit code is the verdict's."""
    folder = str(begun.root)
    file, page = tmp_path / "labels.json", tmp_path / "page.html"
    scenario = ("--scene", "cut_in", "--seed", "1", "--frames", "3")
    with begun.recording(NAME) as recording:
        LABEL_FORMATS["boxwright"].write(recording, truth_of(begun), file)
    words = ("qualify", "labeller", folder, "net", *scenario, "--labels", str(file), "--html", str(page), "--json")
    found = json.loads(_run(*words))
    assert found["passed"]
    assert found["hota"] == pytest.approx(1.0)
    assert "<svg" in page.read_text()
    with pytest.raises(UsageError, match="qualify-ben is no qualification"):
        _run("qualify", "score", folder, "ben")
    with pytest.raises(UsageError, match="there is nobody called 'ben'"):
        _run("qualify", "begin", folder, "ben")


def test_what_hardly_any_point_shows_may_be_labelled_or_not() -> None:
    rows = np.array([[0, 0, 0, 4, 2, 1.5, 0], [20, 0, 0, 4, 2, 1.5, 0]], float)
    true = Sightings((("near", "far"),), (("car", "car"),), (rows,))
    said = Sightings((("1", "2", "3"),), (("car",) * 3,), (np.array([rows[0], rows[1] + 0.2, rows[1] + 40.0]),))
    needed, judged = without_optional(true, said, [np.array([True, False])])
    assert needed.ids == (("near",),)
    assert judged.ids == (("1", "3"),)  # what overlaps nothing is still a phantom
