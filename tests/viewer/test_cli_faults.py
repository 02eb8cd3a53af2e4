# ruff: noqa: F401, F811
"""`boxwright plant` as a user meets it; `run` is a fixture of a neighbour."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from calibration.errors import EditError
from fusion.faults import SENSOR_FAULTS, read_ledger
from labeling.editing.service import LabelService
from labeling.faults import LABEL_FAULTS, TRACK_FAULTS
from labeling.project import Project
from labeling.track_record import tracks_to_json
from tests.conftest import ROOT
from tests.house.test_docs import blocks
from tests.viewer.conftest import sample_project
from tests.viewer.test_cli import complaint, run


@pytest.fixture
def street(tmp_path: Path) -> Project:
    return sample_project(tmp_path / "project")


def tracks(project: Project, name: str) -> bytes:
    labels = project.labels()
    found = sorted(labels.tracks(name).values(), key=lambda track: track.id)
    labels.close()
    return tracks_to_json(found)


def untouched(project: Project) -> bool:
    """Nothing but what was there before: no recording, no labels, no ledger, no leftovers."""
    files = {str(path.relative_to(project.root)) for path in project.root.rglob("*") if path.is_file()}
    labels = project.labels()
    count = labels.count("faulty")
    labels.close()
    return {each for each in files if "labels.db" not in each} == {
        "ontology.yaml",
        "recordings/street.h5",
    } and not count


def test_labels_alone_leave_the_recording_as_it_is(run, street: Project) -> None:
    before = tracks(street, "street")
    code, out, err = run("plant", street.root, "street", "--as", "faulty", "--labels", "yaw_flip=2,drift")
    assert (code, err) == (0, "")
    path = street.root / "ledgers" / "faulty.json"
    lines = out.splitlines()
    assert lines[0] == f"recording faulty: 3 faults planted, written down in {path}"
    assert [line.split()[0] for line in lines[1:]] == ["drift", "yaw_flip", "yaw_flip"]
    ledger = read_ledger(path)
    assert (ledger.seed, ledger.source, len(ledger.entries)) == (0, "street", 3)
    for entry, line in zip(ledger.entries, lines[1:], strict=True):
        assert line.startswith(f"  {entry.kind} in {entry.what[0]}, frames {entry.frames[0]} to {entry.frames[1]}: ")
    assert street.recording_path("faulty").read_bytes() == street.recording_path("street").read_bytes()
    assert tracks(street, "street") == before != tracks(street, "faulty")


def test_data_alone_leave_the_labels_as_they_are(run, street: Project) -> None:
    code, out, _ = run(
        "plant", street.root, "street", "--as", "faulty", "--sensors", "lidar_dropout=0.2", "--seed", 4, "--json"
    )
    assert code == 0
    report = json.loads(out)
    (entry,) = report["entries"]
    assert (report["name"], report["seed"], entry["kind"]) == ("faulty", 4, "lidar_dropout")
    assert tracks(street, "faulty") == tracks(street, "street")
    with street.recording("faulty") as wrong, street.recording("street") as right:
        lidar = entry["what"][0]
        assert right.count(lidar) - wrong.count(lidar) == entry["amount"]["samples"] == 2


def test_what_cannot_be_planted_is_said_and_is_exit_code_3(run, street: Project) -> None:
    code, out, err = run("plant", street.root, "street", "--as", "faulty", "--labels", "size_creep,floating")
    assert code == 3
    assert out.startswith("recording faulty: 1 faults planted")
    assert err == (
        "boxwright: size_creep: 0 of 1 planted, for a track has one size in all frames; plant it in a table\n"
    )
    assert read_ledger(street.root / "ledgers" / "faulty.json").skipped[0].kind == "size_creep"


def test_a_share_is_for_all_kinds_if_none_is_named(run, street: Project) -> None:
    code, out, _ = run("plant", street.root, "street", "--as", "faulty", "--share", "0.1", "--json")
    report = json.loads(out)
    kinds = {each["kind"] for each in (*report["entries"], *report["skipped"])}
    assert kinds == set(TRACK_FAULTS)
    assert code == 3  # nobody in the sample has a state to be wrong
    run("plant", street.root, "street", "--as", "again", "--share", "0.1")
    assert tracks(street, "again") == tracks(street, "faulty")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "there is nothing to plant; name faults with --labels or --sensors, or a --share"),
        (["--labels", "rust"], 2, f"unknown label fault 'rust'; one of {', '.join(LABEL_FAULTS)}"),
        (["--sensors", "rust"], 2, f"unknown sensor fault 'rust'; one of {', '.join(SENSOR_FAULTS)}"),
        (["--labels", "drift=many"], 2, "'many' is no number of faults; write drift=2: drift=many"),
        (["--sensors", "jitter:lidar=much"], 2, "'much' is no amount; write jitter:lidar=0.5: jitter:lidar=much"),
        (["--sensors", "jitter:nose"], 2, "there is no sensor 'nose'; one of "),
        (["--labels", "drift", "--share", "2"], 2, "a share of 2 of the objects makes no sense; give a number from 0"),
        (["--labels", "drift", "--seed", "-1"], 2, "Invalid value for '--seed': "),
    ],
)
def test_wrong_calls_are_one_line_and_change_nothing(
    run,
    street: Project,
    words: list[str],
    code: int,
    message: str,
) -> None:
    assert complaint(run("plant", street.root, "street", "--as", "faulty", *words), code).startswith(message)
    assert untouched(street)


def test_wrong_names(run, street: Project) -> None:
    ask = ("--labels", "drift")
    taken = complaint(run("plant", street.root, "street", "--as", "street", *ask), 2)
    assert taken == f"there is a recording, or labels, 'street' already; choose another name: {street.root}"
    assert complaint(run("plant", street.root, "moon", "--as", "faulty", *ask)).startswith("there is no such recording")
    outside = complaint(run("plant", street.root, "street", "--as", "../x", *ask), 2)
    assert outside == "a recording cannot be called '../x'; use letters, digits, dots, dashes"
    assert complaint(run("plant", street.root / "no", "street", "--as", "x", *ask)).startswith(
        "not a Boxwright project"
    )
    assert untouched(street)


@pytest.mark.parametrize("sensors", [(), ("--sensors", "jitter")])
def test_labels_that_cannot_be_stored_leave_nothing(
    run,
    street: Project,
    sensors: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise EditError("the labels are locked")

    monkeypatch.setattr(LabelService, "apply_edit", refused)
    line = complaint(run("plant", street.root, "street", "--as", "faulty", "--labels", "drift", *sensors))
    assert line == "the labels are locked"
    assert [path.name for path in (street.root / "ledgers").iterdir()] == []
    (street.root / "ledgers").rmdir()
    assert untouched(street)


def test_a_ledger_that_cannot_be_written_leaves_nothing(run, street: Project) -> None:
    (street.root / "ledgers").write_text("a file where the folder should be")
    line = complaint(run("plant", street.root, "street", "--as", "faulty", "--labels", "drift"))
    assert line.startswith("cannot write the ledger (")
    (street.root / "ledgers").unlink()
    assert untouched(street)


def test_the_commands_of_the_page_run(tmp_path: Path) -> None:
    sample_project(tmp_path / "my-project")
    lines = [line for body in blocks(ROOT / "docs" / "faults.md", "sh") for line in body.splitlines()]
    script = "\n".join([f'boxwright() {{ "{sys.executable}" -m viewer.cli.entry "$@"; }}', "set -e", *lines])
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "my-project" / "ledgers").iterdir())) == len(lines)


def test_the_page_names_every_kind() -> None:
    text = (ROOT / "docs" / "faults.md").read_text()
    for kind in (*LABEL_FAULTS, *SENSOR_FAULTS):
        assert f"`{kind}`" in text, kind
