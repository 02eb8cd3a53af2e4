"""What the documentation says is run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from viewer.cli.commands import app

DOCS = sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", flags=re.M | re.S)


def blocks(path: Path, language: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(path.read_text()) if kind == language]


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.stem)
def test_python_examples_run(path: Path) -> None:
    for body in blocks(path, "python"):
        subprocess.run([sys.executable, "-W", "error", "-c", body], check=True, cwd=ROOT)


def test_the_commands_of_start_run(pandaset: Path, tmp_path: Path) -> None:
    """All of them in order, but for those that serve, install, or cast rays for half a minute."""
    skipped = ("make ", "pip ", "boxwright serve", "boxwright scenario")
    lines = [line for body in blocks(ROOT / "docs" / "start.md", "sh") for line in body.splitlines()]
    lines = [line for line in lines if not line.startswith(skipped)]
    assert len(lines) >= 8
    script = "\n".join([f'boxwright() {{ "{sys.executable}" -m viewer.cli.entry "$@"; }}', "set -e", *lines])
    environment = {**os.environ, "PANDASET": str(pandaset), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "scene.rrd").stat().st_size > 50_000_000
    assert "up to 280 px" in done.stdout


def test_the_page_of_the_scene_language_is_what_the_code_says() -> None:
    from fusion.scenario.reference import reference

    assert (ROOT / "docs" / "scene-language.md").read_text() == reference(), "run `make reference`"


def test_the_scenario_of_the_page_is_one() -> None:
    import yaml

    from fusion.scenario.building import build_world, mounted_sensors
    from fusion.scenario.language.loading import parse_scene

    (body,) = blocks(ROOT / "docs" / "synthetic-worlds.md", "yaml")
    scene = parse_scene(yaml.safe_load(body), "synthetic-worlds.md")
    assert mounted_sensors(scene)
    assert [actor.name for actor in build_world(scene, 5.0, 0).actors] == ["cyclist", "van"]


def test_every_key_of_the_truth_file_is_documented() -> None:
    from fusion.scenario.truth import layout

    text = (ROOT / "docs" / "synthetic-worlds.md").read_text()
    for key in (layout.SCENE, layout.EGO_TIMES, layout.EGO_POSES, layout.ACTORS, layout.SENSORS, layout.INSTANCES):
        assert f"`{key}" in text, key


def test_every_command_is_documented() -> None:
    text = "".join(path.read_text() for path in [*DOCS, ROOT / "README.md"])
    names = [each.name or each.callback.__name__ for each in app.registered_commands if each.callback]
    for name in names:
        assert f"boxwright {name}" in text or f"make {name}" in text, name


def test_every_key_of_the_recording_file_is_documented() -> None:
    from fusion.recording import layout

    text = (ROOT / "docs" / "recording-file.md").read_text()
    for key in (layout.RIG, layout.EGO_TIMES, layout.EGO_POSES, layout.FRAME_TIMES, layout.FRAME_SPANS, layout.FORMAT):
        assert f"`{key}`" in text, key
