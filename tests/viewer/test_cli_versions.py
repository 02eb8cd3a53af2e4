"""`boxwright versions` from a name to a merge."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from calibration.errors import RecordingError, UsageError
from labeling.editing.edits import Move, SetClass
from labeling.project import Project
from tests.viewer.test_cli_rig import _run


@pytest.fixture
def versions(tiny_project: Project) -> Callable[..., str]:
    def call(command: str, *words: str) -> str:
        return _run("versions", command, str(tiny_project.root), "tiny", *words)

    return call


def work(project: Project, key: str, *edits: SetClass | Move) -> None:
    labels = project.labels()
    for edit in edits:
        labels.apply_edit(key, edit)
    labels.close()


def test_two_layers_from_one_version_become_one(tiny_project: Project, versions: Callable[..., str]) -> None:
    assert versions("name", "begun", "--note", "the import") == "begun: the labels after journal entry 1\n"
    for who in ("anna", "ben"):
        assert versions("layer", who, "--from", "begun") == f"layer tiny@{who}: 2 tracks\n"
    times = tiny_project.versions().tracks("tiny")["moving"].times_ns
    work(tiny_project, "tiny@anna", SetClass("moving", "truck"), Move("moving", int(times[2]), (0.2, 0.0, 0.0)))
    work(tiny_project, "tiny@ben", SetClass("moving", "bus"), SetClass("standing", "van"))
    found = json.loads(versions("diff", "begun", "@anna", "--json"))["differences"]
    assert [(each["kind"], each["track_id"]) for each in found] == [("moved", "moving"), ("class", "moving")]
    page = tiny_project.root / "diff.html"
    assert "car -> van" in versions("diff", "begun", "@ben", "--html", str(page))
    assert page.read_text().count("<svg") == 2
    merged = json.loads(versions("merge", "@anna", "@ben", "--base", "begun", "--json"))
    assert [each["what"] for each in merged["conflicts"]] == ["class"]
    (comment,) = tiny_project.review().board("tiny").comments.values()
    assert (comment.pin.track_id, comment.text) == ("moving", "merge: class: kept truck; the other has bus")
    tracks = tiny_project.versions().tracks("tiny")
    assert {each.id: each.class_name for each in tracks.values()} == {"moving": "truck", "standing": "van"}
    assert "nothing differs" in versions("diff", "current")
    assert json.loads(versions("list", "--json"))["versions"][0]["note"] == "the import"


def test_what_is_not_there_is_one_clear_error(tiny_project: Project, versions: Callable[..., str]) -> None:
    with pytest.raises(UsageError, match="there is no version 'gone'; name one with"):
        versions("diff", "gone")
    with pytest.raises(RecordingError):
        _run("versions", "list", str(tiny_project.root), "other")
    versions("layer", "anna", "--from", "current")
    with pytest.raises(UsageError, match="the layer 'anna' has labels already"):
        versions("layer", "anna")
