"""`boxwright check` as CI meets it."""

from __future__ import annotations

import json
from pathlib import Path

from labeling.project import Project
from tests.viewer.test_cli import complaint, run  # noqa: F401  (run is a fixture)


def test_check_tells_and_leaves_with_a_code(run, tiny_project: Project, tmp_path: Path) -> None:  # noqa: F811
    report = tmp_path / "findings.html"
    code, out, _ = run("check", tiny_project.root, "tiny", "--json", "--report", report)
    told = json.loads(out)
    assert told["recording"] == "tiny"
    assert told["profile"] == {"name": "driving", "version": 1}
    assert code == (4 if any(each["severity"] == "error" for each in told["findings"]) else 0)
    assert report.read_text().count("<article>") == len(told["findings"])
    code, out, _ = run("check", tiny_project.root, "tiny", "--profile", "indoor_robot")
    assert "in 2 tracks, by rules indoor_robot 1" in out


def test_check_complains_in_one_line(run, tiny_project: Project, tmp_path: Path) -> None:  # noqa: F811
    assert "no rule profile 'x'" in complaint(run("check", tiny_project.root, "tiny", "--profile", "x"), code=2)
    assert "there is no such recording" in complaint(run("check", tiny_project.root, "none"))
    nowhere = tmp_path / "no" / "such" / "folder.html"
    code, _, err = run("check", tiny_project.root, "tiny", "--report", nowhere)
    assert code == 1
    assert "cannot write the report" in err
