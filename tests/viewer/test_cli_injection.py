"""`boxwright inject` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fusion.scenario.truth.reader import Truth
from labeling.project import Project
from tests.fusion.scenario.test_injection import ground_source
from tests.viewer.test_cli import complaint, run

__all__ = ["run"]

SPEC = """
actors:
  - {name: guest, kind: pedestrian, path: {from_m: [12.0, 3.0]}, speed_mps: 1.2, attributes: {rare: "yes"}}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "guest.yaml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One recording on a plane, with a label."""
    from fusion import PointFrame
    from fusion.recording.as_source import recording_source
    from labeling.importing import import_source
    from tests.conftest import tiny_source

    project = Project.create(tmp_path / "p")
    with ground_source(PointFrame.SENSOR, tmp_path) as recording:
        from dataclasses import replace

        import_source(project, replace(recording_source(recording), cuboids=tiny_source().cuboids), "drive")
    return project


def test_an_actor_is_put_in_with_labels_and_truth(run, project: Project, spec: Path) -> None:
    code, out, err = run("inject", project.root, "drive", spec, "--name", "with", "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert (answer["name"], answer["frames"], answer["tracks"], answer["notes"]) == ("with", 6, 3, [])
    assert answer["changed"]["lidar"] == 6
    (actor,) = answer["actors"]
    assert actor["frames"] == 6
    assert actor["points"] > 100
    labels = project.labels()
    before, after = labels.tracks("drive"), labels.tracks("with")
    labels.close()
    for track_id, track in before.items():
        assert np.array_equal(after[track_id].positions_m, track.positions_m)
        assert after[track_id].presence == track.presence
    guest = after[actor["track_id"]]
    assert guest.attributes == (("rare", "yes"),)
    with Truth.open(project.truth_path("with")) as truth, project.recording("with") as recording:
        (true,) = truth.actors
        assert true.track_id == guest.id
        assert np.abs(true.motion.at(guest.times_ns).translation - guest.positions_m).max() < 1e-3
        for index in range(6):
            assert len(truth.instances("lidar", index)) == len(recording.sweep("lidar", index))
            assert (truth.instances("lidar", index) == 0).any()
        assert recording.notes[-1] == "injected: guest from seed 0; these labels are exact"


def test_the_same_seed_is_the_same_recording(run, project: Project, spec: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        assert run("inject", project.root, "drive", spec, "--name", name, "--seed", seed)[0] == 0
    a, b, c = (project.recording_path(name).read_bytes() for name in "abc")
    assert a == b != c


def test_what_cannot_be_leaves_nothing_behind(run, project: Project, spec: Path, tmp_path: Path) -> None:
    def inject(path: Path = spec, name: str = "with", of: str = "drive") -> tuple[int, str, str]:
        return run("inject", project.root, of, path, "--name", name)

    far = tmp_path / "far.yaml"
    far.write_text(SPEC.replace("[12.0, 3.0]", "[1200.0, 3.0]"))
    unknown = tmp_path / "unknown.yaml"
    unknown.write_text(SPEC.replace("pedestrian", "unicorn"))
    assert complaint(inject(far)).startswith("no LiDAR of the recording measured the ground where guest goes; move")
    assert complaint(inject(unknown)).startswith("no body 'unicorn'; one of")
    assert complaint(inject(tmp_path / "none.yaml")).startswith("cannot read the injection (No such file")
    assert complaint(inject(of="none")).startswith("there is no such recording")
    assert complaint(inject(name="drive"), 2).startswith("there is a recording, or labels, 'drive' already")
    assert project.recording_names() == ("drive",)
    assert not list(project.root.glob("truth/*"))
    assert inject()[0] == 0
    line = complaint(inject(name="again", of="with"), 2)
    assert line == "there is a track of that injected actor already; name it otherwise: guest"


def test_an_actor_that_nobody_sees_is_said(run, project: Project, tmp_path: Path) -> None:
    path = tmp_path / "below.yaml"
    path.write_text(SPEC.replace("speed_mps: 1.2", "height_m: -40.0"))
    code, out, _ = run("inject", project.root, "drive", path, "--name", "with")
    assert code == 0
    assert "no sensor ever sees guest: it has no track" in out
    assert "samples that changed: none" in out
