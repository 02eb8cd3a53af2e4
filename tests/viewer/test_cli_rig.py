"""`boxwright rig` lists, adopts, exports and goes back, and the server answers with the rig in force."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from calibration.errors import CalibrationError, FormatError, UsageError
from labeling.project import Project
from viewer.cli.entry import app
from viewer.server.workspace import Workspace


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.stdout


@pytest.fixture
def better(tiny_project: Project, tmp_path: Path) -> Path:
    """The project's rig, exported, with its camera 10 cm higher."""
    path = tmp_path / "better.yaml"
    _run("rig", str(tiny_project.root), "tiny", "--export", str(path))
    record = yaml.safe_load(path.read_text())
    camera = next(each for each in record["sensors"] if each["name"] == "front")
    camera["ego_from_sensor"]["translation_m"][2] += 0.1
    path.write_text(yaml.safe_dump(record))
    return path


def _height(project: Project) -> float:
    with project.recording("tiny") as recording:
        return float(recording.rig["front"].ego_from_sensor.translation[2])


def test_adopt_list_and_go_back(tiny_project: Project, better: Path) -> None:
    folder, before = str(tiny_project.root), _height(tiny_project)
    _run("rig", folder, "tiny", "--adopt", str(better), "--how", "measured again")
    assert _height(tiny_project) == pytest.approx(before + 0.1)
    listed = json.loads(_run("rig", folder, "tiny", "--json"))["versions"]
    assert [(each["how"], each["current"]) for each in listed[1:]] == [("measured again", True)]
    assert "* " in _run("rig", folder, "tiny")
    assert json.loads(_run("info", folder, "tiny", "--quick", "--json"))["rig"] != "own"
    _run("rig", folder, "tiny", "--version", "0")
    assert _height(tiny_project) == before


def test_what_cannot_be_done_is_one_clear_error(tiny_project: Project, better: Path) -> None:
    folder = str(tiny_project.root)
    with pytest.raises(UsageError, match="no rig version 7"):
        _run("rig", folder, "tiny", "--version", "7")
    better.write_text("sensors: [{name: front}]")
    with pytest.raises(CalibrationError, match="malformed"):
        _run("rig", folder, "tiny", "--adopt", str(better))
    better.write_text("cameras: []")
    with pytest.raises(FormatError, match="give a rig"):
        _run("rig", folder, "tiny", "--adopt", str(better))


def test_a_server_that_runs_sees_the_new_rig(tiny_project: Project, better: Path) -> None:
    workspace = Workspace(tiny_project)
    before = workspace.recording("tiny").recording.rig["front"].ego_from_sensor.translation[2]
    _run("rig", str(tiny_project.root), "tiny", "--adopt", str(better))
    after = workspace.recording("tiny").recording.rig["front"].ego_from_sensor.translation[2]
    workspace.close()
    assert after == pytest.approx(before + 0.1)
