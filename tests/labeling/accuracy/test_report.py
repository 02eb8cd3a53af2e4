"""A project of two people, gold and a reviewer, and what the report makes of it."""

from __future__ import annotations

import json

import pytest

from labeling.editing.edits import DeleteTrack, Move, Resize
from labeling.editing.service import LabelService
from labeling.project import Project
from labeling.review import LOCAL, Act, Person, ReviewService, Role, acts
from tests.viewer.test_cli_rig import _run

PEOPLE = {"anna": Role.ANNOTATOR, "carl": Role.ANNOTATOR, "ben": Role.REVIEWER}


class Work:
    """Somebody's hands."""

    def __init__(self, project: Project, labels: LabelService, review: ReviewService) -> None:
        self.labels, self.review = labels, review
        with project.recording("tiny") as recording:
            self.span = recording.frame_middle_ns(0), recording.frame_middle_ns(5)

    def do(self, key: str, who: str, *doings: Act) -> None:
        person = LOCAL if who == "local" else Person(who, PEOPLE[who])
        for act in doings:
            self.review.act(key, act, person)


@pytest.fixture
def worked(tiny_project: Project) -> Project:
    """anna is exact but for a size, carl misses one of two; ben finds carl's fault."""
    labels, review = tiny_project.labels(), tiny_project.review()
    work = Work(tiny_project, labels, review)
    root = str(tiny_project.root)
    for name in ("anna", "carl"):
        _run("versions", "layer", root, "tiny", name, "--from", "current")
        work.do(f"tiny@{name}", "local", acts.OpenTask(name, name, *work.span))
        work.do(f"tiny@{name}", name, acts.Take(name))
    _run("task", "gold", root, "tiny", "--from", "current", "--frames", "0", "3")
    labels.apply_edit("tiny@anna", Resize("moving", (4.5, 1.9, 1.28)), actor="anna")
    labels.apply_edit("tiny@carl", DeleteTrack("standing"), actor="carl")
    for name in ("anna", "carl"):
        work.do(f"tiny@{name}", name, acts.Submit(name))
        work.do(f"tiny@{name}", "ben", acts.Take(name))
    work.do("tiny@anna", "ben", acts.Accept("anna"))
    comment = acts.RequestChanges("carl", "c", "one is missing", acts.Pin("moving", work.span[0]), "missing")
    work.do("tiny@carl", "ben", comment)
    labels.close()
    review.close()
    return tiny_project


def test_the_report_says_who_is_how_accurate(worked: Project) -> None:
    found = json.loads(_run("report", str(worked.root), "--json"))
    scores = {each["person"]: each for each in found["gold"]["scores"]}
    assert scores["anna"]["f1"] == 1.0
    assert scores["anna"]["iou"] == pytest.approx((1.0 + 0.8) / 2, abs=1e-6)
    assert (scores["carl"]["recall"], scores["carl"]["precision"]) == (0.5, 1.0)
    (pair,) = found["agreement"]
    assert (sorted(pair["people"]), pair["frames"]) == (["anna", "carl"], 6)
    assert pair["f1"] == pytest.approx(2 / 3)
    assert 0.2 < pair["alpha"] < 0.7
    errors = found["errors"]
    assert (errors["inspected"], errors["defects"]) == (3, 1)  # two tracks of anna's, one of carl's
    assert errors["low"] < 1 / 3 < errors["high"]
    assert errors["people"]["anna"]["rate"] == 0.0
    assert found["states"] == {"accepted": 1, "changes_requested": 1}
    assert found["changed_since_accepted"] == {}


def test_changes_after_acceptance_are_told(worked: Project) -> None:
    labels = worked.labels()
    track = labels.tracks("tiny@anna")["moving"]
    labels.apply_edit("tiny@anna", Move("moving", int(track.times_ns[0]), (0.5, 0.0, 0.0)))
    labels.close()
    assert "tiny@anna anna: accepted, and 1 changes since" in _run("report", str(worked.root))


def test_the_page_escapes_what_people_wrote(worked: Project) -> None:
    review = worked.review()
    hostile = acts.AddComment("x", "text", rule="<script>alert(1)</script>")
    review.act("tiny", hostile, LOCAL)
    review.close()
    path = worked.root / "report.html"
    _run("report", str(worked.root), "--html", str(path))
    page = path.read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<svg" in page
    assert "anna and carl" in page


def test_a_project_without_any_of_it(tiny_project: Project) -> None:
    assert _run("report", str(tiny_project.root)) == "tasks: none yet\n"
    assert json.loads(_run("report", str(tiny_project.root), "--json"))["errors"]["high"] == 1.0
