"""`boxwright user` and `boxwright task`."""

from __future__ import annotations

import json

import pytest

from calibration.errors import RecordingError, UsageError
from labeling.project import Project
from labeling.review import Person, Role, SamplingKind, SamplingPlan
from tests.viewer.test_cli_rig import _run


def test_people_get_a_token_once(tiny_project: Project) -> None:
    folder = str(tiny_project.root)
    printed = _run("user", "add", folder, "anna", "--role", "reviewer")
    token = printed.splitlines()[1].strip()
    people = tiny_project.people()
    assert people.with_token(token) == Person("anna", Role.REVIEWER)
    assert json.loads(_run("user", "list", folder, "--json")) == {"people": [{"name": "anna", "role": "reviewer"}]}
    assert token not in _run("user", "list", folder)
    _run("user", "remove", folder, "anna")
    assert people.with_token(token) is None
    people.close()
    with pytest.raises(UsageError, match="there is no role 'boss'; one of annotator, reviewer, lead"):
        _run("user", "add", folder, "anna", "--role", "boss")


def test_tasks_are_opened_and_listed(tiny_project: Project) -> None:
    folder = str(tiny_project.root)
    words = ("--frames", "1", "3", "--class", "car", "--sampling", "random=25")
    assert _run("task", "open", folder, "tiny", "morning", *words) == "task morning: 0.3 s of tiny, car\n"
    _run("task", "open", folder, "tiny", "anna's", "--layer", "anna")
    listed = json.loads(_run("task", "list", folder, "--json"))["tasks"]
    assert [(each["recording"], each["task"], each["state"]) for each in listed] == [
        ("tiny", "morning", "open"),
        ("tiny@anna", "anna's", "open"),
    ]
    assert "open" in _run("task", "list", folder)
    review = tiny_project.review()
    assert review.board("tiny").tasks["morning"].sampling == SamplingPlan(SamplingKind.RANDOM, 25)
    review.close()
    assert json.loads(_run("task", "precedents", folder, "mirror", "--json")) == {"precedents": []}


def test_a_sample_for_a_delivery() -> None:
    words = ("--good", "0.01", "--bad", "0.08")
    assert _run("task", "sample", *words) == "inspect 65 tracks at random; accept with up to 2 wrong ones\n"
    assert json.loads(_run("task", "sample", *words, "--json")) == {"inspect": 65, "accept_up_to": 2}
    with pytest.raises(UsageError, match="is not better than one of"):
        _run("task", "sample", "--good", "0.2")


def test_wrong_calls_say_what_to_do(tiny_project: Project) -> None:
    folder = str(tiny_project.root)
    with pytest.raises(RecordingError, match="there are no frames 3 to 99, the last is 5: tiny"):
        _run("task", "open", folder, "tiny", "a", "--frames", "3", "99")
    with pytest.raises(UsageError, match="no sampling plan is called 'some'; write all, risk=20 or random=10"):
        _run("task", "open", folder, "tiny", "a", "--sampling", "some")
    with pytest.raises(UsageError, match="there is no class 'dragon'"):
        _run("task", "open", folder, "tiny", "a", "--class", "dragon")
