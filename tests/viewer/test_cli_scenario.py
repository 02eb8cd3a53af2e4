"""`boxwright scenario`: what there is, and one of them made."""

from __future__ import annotations

import json
from pathlib import Path

from fusion.scenario import shipped_scenes
from tests.viewer.test_cli import run  # noqa: F401  (a fixture)

SMALL = """
name: small
about: A robot looks at a bin.
exercises: the command
frames: 2
rig:
  - {name: lidar, at_m: [0, 0, 1], lidar: {scan: {pattern: raster, fov_deg: [60, 30], rows: 12, columns: 60}}}
ego: {path: {from_m: [0, 0]}}
place: [{kind: floor}]
weather: {indoors: true}
actors: [{name: bin, kind: bin, path: {from_m: [4, 0]}}]
"""


def test_scenarios_are_listed(run) -> None:  # noqa: F811
    code, out, _ = run("scenario")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(shipped_scenes())
    listed = json.loads(run("scenario", "--json")[1])
    assert {each["name"] for each in listed} == set(shipped_scenes())
    assert all(each.keys() == {"name", "about", "exercises", "frames"} for each in listed)


def test_the_schema_is_json(run) -> None:  # noqa: F811
    code, out, _ = run("scenario", "--schema")
    assert code == 0
    assert json.loads(out)["properties"]["frames"]["type"] == "integer"


def test_a_scenario_of_ones_own(run, tmp_path: Path) -> None:  # noqa: F811
    scene, project = tmp_path / "small.yaml", tmp_path / "project"
    scene.write_text(SMALL)
    code, out, err = run("scenario", scene, "--out", project, "--frames", "3", "--json")
    assert code == 0, err
    made = json.loads(out)
    assert made["name"] == "small"
    assert made["frames"] == 3
    assert made["tracks"] == 1
    assert (project / "truth" / "small.truth.h5").is_file()
    code, _, err = run("scenario", scene, "--out", project)
    assert code == 2
    assert "there is a recording 'small' already" in err
    assert run("scenario", scene, "--out", project, "--name", "exam", "--no-labels")[0] == 0
    assert json.loads(run("info", project, "exam", "--json")[1])["tracks"] == 0


def test_a_scenario_that_is_wrong_makes_nothing(run, tmp_path: Path) -> None:  # noqa: F811
    scene, project = tmp_path / "small.yaml", tmp_path / "project"
    scene.write_text(SMALL.replace("kind: bin", "kind: unicorn"))
    code, out, err = run("scenario", scene, "--out", project)
    assert code == 1
    assert out == ""
    assert err.startswith("boxwright: no body 'unicorn'; one of ")
    assert err.count("\n") == 1
    assert not list(project.rglob("*.h5*"))
