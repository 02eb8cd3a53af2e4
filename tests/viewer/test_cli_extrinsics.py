"""`boxwright calibrate` for extrinsics and clocks, as a user meets it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration import RigidTransform
from fusion.scenario import scene_of
from labeling.project import Project
from labeling.synthetic import simulate_into
from tests.calibration.motions import A_FROM_B, WORLDS, noisy, ns, smooth_motion
from viewer.cli import entry
from viewer.cli.calibrating.adopting import adopt_rig, mounted

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["boxwright", "calibrate", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            entry.main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return call


def write_poses(path: Path, times_ns: np.ndarray, poses: RigidTransform) -> Path:
    rows = [
        f"{time} {' '.join(f'{each:.9f}' for each in (*place, *np.roll(rotation, -1)))}"
        for time, place, rotation in zip(times_ns.tolist(), poses.translation, poses.rotation, strict=True)
    ]
    path.write_text("# time x y z qx qy qz qw\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def two_files(tmp_path: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(0)
    seconds = np.arange(0.0, 40.0, 0.1)
    a = smooth_motion(rng)(seconds)
    b = WORLDS.inverse() * a * A_FROM_B
    first = write_poses(tmp_path / "a.txt", ns(seconds), noisy(rng, a, 0.005, 0.001))
    return first, write_poses(tmp_path / "b.txt", ns(seconds - 0.2), noisy(rng, b, 0.005, 0.001))


def test_hand_eye_and_time_of_two_files(run: Run, two_files: tuple[Path, Path], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    code, out, _ = run("time", *two_files, "--json", "--report", page)
    found = json.loads(out)
    assert code == 0
    assert found["offset_ms"] == pytest.approx(200.0, abs=1.0)
    assert page.read_text().count("<svg") == 2
    code, out, _ = run("handeye", *two_files, "--json", "--report", page)
    found = json.loads(out)
    assert code == 0
    assert found["a_from_b"]["translation_m"] == pytest.approx(A_FROM_B.translation.tolist(), abs=0.01)
    assert found["offset_ms"] == pytest.approx(200.0, abs=1.0)
    assert page.read_text().startswith("<!doctype html>")
    code, out, _ = run("handeye", *two_files)
    assert "add +200" in out or "add +199" in out


def test_files_that_are_none_are_refused_in_one_line(run: Run, two_files: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("0 0 zero 0\n")
    (tmp_path / "five.txt").write_text("0 0 0 0 1\n")
    (tmp_path / "rates.txt").write_text("".join(f"{0.1 * each},0,0,{each % 7}\n" for each in range(100)))
    for words, code, said in (
        (("time", two_files[0], tmp_path / "none.txt"), 2, "there is no such file"),
        (("time", two_files[0], two_files[0]), 2, "one stream twice"),
        (("time", two_files[0], tmp_path / "words.txt"), 1, "line 1 is not all numbers"),
        (("time", two_files[0], tmp_path / "five.txt"), 1, "5 columns"),
        (("handeye", two_files[0], tmp_path / "rates.txt"), 1, "these are rates"),
        (("handeye", *two_files, "--adopt"), 2, "adopting needs a recording"),
        (("handeye", *two_files, "--near-m", "0.1"), 2, "are about a rig"),
    ):
        left, out, err = run(*words)
        assert (left, out) == (code, ""), err
        assert said in err
        assert len(err.strip().splitlines()) == 1


@pytest.fixture(scope="module")
def robot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a synthetic robot, whose depth camera is not where its rig says."""
    folder = tmp_path_factory.mktemp("robot") / "project"
    project = Project.create(folder)
    simulate_into(project, replace(scene_of("shelf_robot"), frames=8), 0, "robot", labelled=False)
    with project.recording("robot") as recording:
        rig = recording.rig
    wrong = rig["depth_front"].ego_from_sensor * RigidTransform.exp([0.05, -0.04, 0.03, 0.02, -0.03, 0.02])
    adopt_rig(project, "robot", mounted(rig, "depth_front", wrong), "knocked")
    return folder


def test_a_depth_camera_is_laid_on_the_lidar(run: Run, robot: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    code, out, err = run(
        "depth-lidar", robot, "robot", "--sensor", "depth_front", "--report", page, "--json", "--adopt"
    )
    assert code == 0, err
    assert json.loads(out)["rotation_deg"] == pytest.approx(2.36, abs=0.15)
    assert page.read_text().count("<svg") == 2
    project = Project.open(robot)
    with project.recording("robot") as now, project.recording_as_it_came("robot") as came:
        off = (came.rig["depth_front"].ego_from_sensor.inverse() * now.rig["depth_front"].ego_from_sensor).log()
    assert np.linalg.norm(off[:3]) < 0.01
    assert np.rad2deg(np.linalg.norm(off[3:])) < 0.15


def test_sensors_that_are_none_are_refused(run: Run, robot: Path) -> None:
    for words, said in (
        (("lidar-lidar", robot, "robot", "--sensor", "nose"), "there is no LiDAR 'nose'"),
        (("depth-lidar", robot, "robot", "--sensor", "lidar_front"), "there is no depth camera 'lidar_front'"),
        (("lidar-lidar", robot, "robot", "--sensor", "lidar_front"), "there is no LiDAR to lay it on"),
    ):
        code, _, err = run(*words)
        assert code == 2, err
        assert said in err
