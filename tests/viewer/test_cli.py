"""The command line as a user meets it: what it prints, how it fails, which code it leaves with."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import feather

from fusion.readers import READERS
from labeling.project import Project
from tests.conftest import ROOT
from tests.fusion.test_table_pickle import Wants, write
from viewer.cli import entry

Result = tuple[int, str, str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def run(*words: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["boxwright", *map(str, words)])
        with pytest.raises(SystemExit) as exit:
            entry.main()
        captured = capsys.readouterr()
        code = exit.value.code
        return (code if isinstance(code, int) else 0), captured.out, captured.err

    return run


def complaint(result: Result, code: int = 1) -> str:
    """The one line on stderr."""
    assert result[0] == code, result
    assert result[1] == ""
    lines = result[2].strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("boxwright: ")
    return lines[0].removeprefix("boxwright: ")


# --- every error path that the first issue names, as its one line -----------------------------------------------------


def test_unknown_format(run, pandaset: Path, tmp_path: Path) -> None:
    line = complaint(run("import", pandaset, tmp_path / "p", "--format", "waymo"))
    assert line == f"unknown format 'waymo'; one of {', '.join(READERS)}: {pandaset}"


def test_a_folder_that_nobody_recognises(run, tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    line = complaint(run("import", tmp_path / "holiday", tmp_path / "p"))
    assert line == (
        f"no reader recognises this folder; name one of {', '.join(READERS)} with --format: {tmp_path / 'holiday'}"
    )


def test_truncated_feather(run, argoverse2: Path, tmp_path: Path) -> None:
    log = copy(argoverse2, tmp_path / "log")
    file = log / "annotations.feather"
    file.write_bytes(file.read_bytes()[:5000])
    line = complaint(run("import", log, tmp_path / "p"))
    assert line == f"not a readable feather file, it may be truncated; download it again: {file}"
    assert not (tmp_path / "p" / "recordings").exists()


def test_a_pickle_that_wants_code(run, pandaset: Path, tmp_path: Path) -> None:
    folder = tmp_path / "002"
    (folder / "annotations" / "cuboids").mkdir(parents=True)
    (folder / "lidar").mkdir()
    for name in ("lidar/poses.json", "lidar/timestamps.json"):
        shutil.copy(pandaset / name, folder / name)
    file = write(folder / "annotations" / "cuboids" / "00.pkl.gz", Wants(eval, "__import__('os').getcwd()"))
    line = complaint(run("import", folder, tmp_path / "p"))
    assert line == (
        "the pickle asks for builtins.eval, which is not part of a table; refused, nothing was run; "
        f"get the file from a source you trust: {file}"
    )


def test_a_recording_without_poses(run, argoverse2: Path, tmp_path: Path) -> None:
    log = copy(argoverse2, tmp_path / "log")
    file = log / "city_SE3_egovehicle.feather"
    feather.write_feather(feather.read_table(file).slice(0, 0), file)
    line = complaint(run("import", log, tmp_path / "p"))
    assert line == f"a recording without poses cannot be placed in the world: {file}"


def test_an_unwritable_folder(run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")  # a folder cannot be made below a file, not even by root
    line = complaint(run("init", tmp_path / "file" / "p"))
    assert line == f"cannot write the project folder (Not a directory); choose a writable folder: {tmp_path}/file/p"


def test_a_port_in_use(run, tiny_project: Project) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = complaint(run("serve", tiny_project.root, "--port", port, "--no-browser"))
    assert line == f"port {port} cannot be used (Address already in use); choose another with --port"


# --- more of them -----------------------------------------------------------------------------------------------------


def test_other_wrong_calls(run, tiny_project: Project, tmp_path: Path) -> None:
    root = tiny_project.root
    assert complaint(run("info", tmp_path)).startswith("not a Boxwright project; make one with `boxwright init DIR`:")
    assert complaint(run("info", root, "other")).startswith("there is no such recording; see `boxwright info DIR`:")
    assert complaint(run("info", root, "../other"), 2).startswith("a recording cannot be called '../other'")
    assert complaint(run("export", root, "tiny", "--format", "pdf", "--out", "x"), 2) == (
        "unknown format 'pdf'; one of argoverse2, kitti, boxwright"
    )
    assert complaint(run("scenario", "moon", "--out", tmp_path / "m"), 2) == (
        "no scenario 'moon'; `boxwright scenario` lists them, or give a YAML file"
    )
    assert complaint(run("scenario", "street"), 2) == "a recording belongs into a project; say which folder with --out"
    assert complaint(run("fly"), 2) == "No such command 'fly'. (see `boxwright --help`)"
    nothing = complaint(run("import", tmp_path / "nothing", root))
    assert nothing == f"there is nothing to import; check the path: {tmp_path / 'nothing'}"
    out = tmp_path / "no" / "such" / "folder.txt"
    line = complaint(run("export", root, "tiny", "--format", "boxwright", "--out", out))
    assert line == f"cannot write the export (No such file or directory); choose a writable place: {out}"


def test_importing_twice_changes_nothing(run, argoverse2: Path, tmp_path: Path) -> None:
    assert run("import", argoverse2, tmp_path / "p", "--name", "log")[0] == 0
    before = (tmp_path / "p" / "recordings" / "log.h5").read_bytes()
    line = complaint(run("import", argoverse2, tmp_path / "p", "--name", "log"), 2)
    assert line == f"there is a recording 'log' already; choose another with --name: {tmp_path / 'p'}"
    assert (tmp_path / "p" / "recordings" / "log.h5").read_bytes() == before


# --- what works -------------------------------------------------------------------------------------------------------


def test_help_has_an_example_for_every_command(run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    commands = re.findall(r"^  (\w+)  ", out.split("Commands:")[1], flags=re.M)
    expected = "demo init import info serve export view scenario plant inject fit prelabel track solve check attention"
    expected += " evaluate report mcap rig calibrate versions user task qualify"
    assert commands == expected.split()
    for command in commands:
        assert f"Example: boxwright {command}" in run(command, "--help")[1]


def test_help_loads_nothing_heavy() -> None:
    """Half a second to the first answer is lost when any of these comes in."""
    script = "import sys; import viewer.cli.entry; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["numpy", "scipy", "numba", "h5py", "rerun", "fastapi", "open3d", "sqlalchemy", "pyarrow", "cv2"]
    done = subprocess.run([sys.executable, "-c", script, *heavy], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_nothing_but_a_scenario_loads_open3d(tiny_project: Project) -> None:
    script = (
        "import sys; sys.argv = ['boxwright', 'info', sys.argv[1], 'tiny', '--json']\n"
        "import viewer.cli.entry as e, viewer.server, fusion.scenario\n"
        "try: e.main()\nexcept SystemExit: pass\n"
        "print('open3d' in sys.modules)"
    )
    command = [sys.executable, "-c", script, str(tiny_project.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "False"


def test_pandaset_from_import_to_export(run, pandaset: Path, tmp_path: Path) -> None:
    project = tmp_path / "p"
    code, out, _ = run("import", pandaset, project, "--json")
    imported = json.loads(out)
    assert code == 0
    assert (imported["frames"], imported["tracks"], imported["rows"]) == (24, 93, 2228)
    assert "25 were seen by both LiDARs and merged" in imported["notes"][0]

    code, out, _ = run("info", project, "pandaset-002", "--json")
    cameras = {each["camera"]: each for each in json.loads(out)["cameras"]}
    assert code == 0
    assert cameras["front_camera"]["offset_ms"] == pytest.approx(-49.9, abs=0.1)
    assert cameras["back_camera"]["offset_ms"] == pytest.approx(-99.9, abs=0.1)
    assert cameras["left_camera"]["slip_px"] > 200
    assert cameras["back_camera"]["slip_px"] > 200
    assert "up to 280 px" in run("info", project, "pandaset-002")[1]

    code, _, err = run("export", project, "pandaset-002", "--format", "kitti", "--out", tmp_path / "k.txt")
    assert code == 3
    assert "roll and pitch" in err
    assert len((tmp_path / "k.txt").read_text().splitlines()) > 900

    code, _, err = run("export", project, "pandaset-002", "--format", "boxwright", "--out", tmp_path / "t.json")
    assert (code, err) == (0, "")
    code, out, _ = run("import", tmp_path / "t.json", project, "--name", "pandaset-002")
    assert code == 0
    assert "93 tracks with 2228 knots" in out


def test_view_writes_a_scene_that_rerun_reads(run, tiny_project: Project, tmp_path: Path) -> None:
    code, _, _ = run("view", tiny_project.root, "tiny", "--save", tmp_path / "scene.rrd")
    assert code == 0
    assert (tmp_path / "scene.rrd").read_bytes()[:4] == b"RRF2"
    tool = [sys.executable, "-m", "rerun", "rrd", "print", str(tmp_path / "scene.rrd")]
    printed = subprocess.run(tool, capture_output=True, text=True, check=True).stdout
    for entity in ("/world/points", "/world/tracks/moving", "/world/cameras/front/outlines"):
        assert entity in printed


def test_version_and_init(run, tmp_path: Path) -> None:
    assert run("--version")[1].startswith("boxwright ")
    assert run("init", tmp_path / "p")[0] == 0
    assert json.loads(run("info", tmp_path / "p", "--json")[1]) == {"project": "p", "recordings": []}


def copy(source: Path, to: Path) -> Path:
    """A dataset that a test may damage."""
    shutil.copytree(source, to)
    for file in to.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    return to
