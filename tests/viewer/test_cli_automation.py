"""`boxwright fit` answers with a cuboid, adds it when told to, and refuses in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from calibration.errors import InputError, UsageError
from labeling.project import Project
from labeling.track import Maker
from viewer.cli.commands import app

_SAMPLE = Path(__file__).parents[2] / "sample_data" / "street.h5"
_CAR = ["--frame", "5", "--point", "8.2", "-3.9", "0.5"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project = Project.create(tmp_path / "project")
    project.recording_path("street").write_bytes(_SAMPLE.read_bytes())
    return project.root


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False, standalone_mode=False)
    return result.stdout


def test_fit_answers_with_a_car_and_adds_it(folder: Path) -> None:
    found = json.loads(_run("fit", str(folder), "street", *_CAR, "--add", "--json"))
    assert found["class"] == "car"
    assert 4.0 < found["size_m"][0] < 5.5
    labels = Project.open(folder).labels()
    track = labels.tracks("street")[found["track_id"]]
    labels.close()
    assert track.makers == (Maker.SOLVER,)
    assert track.knot(0).time_ns == int(found["time_ns"])


def test_fit_tells_people_what_it_does_not_know(folder: Path) -> None:
    assert "or the opposite" in _run("fit", str(folder), "street", *_CAR, "--alone")


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (["--frame", "5"], UsageError, "say where"),
        (["--frame", "500", "--point", "0", "0", "0"], UsageError, "there is no frame 500"),
        (["--frame", "5", "--point", "0", "0", "90"], InputError, "no LiDAR point"),
        (["--frame", "5", "--pixel", "nose", "1", "1"], UsageError, "no photo of 'nose'"),
    ],
)
def test_fit_refuses_in_one_line(folder: Path, arguments: list[str], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        _run("fit", str(folder), "street", *arguments)
    assert "\n" not in str(caught.value)


def test_prelabel_adds_tracks_and_names_them(folder: Path) -> None:
    added = json.loads(_run("prelabel", str(folder), "street", "--json"))
    labels = Project.open(folder).labels()
    tracks = labels.tracks("street")
    labels.close()
    assert {each["id"]: each["class"] for each in added["tracks"]} == {
        track.id: track.class_name for track in tracks.values()
    }
    assert "car" in {track.class_name for track in tracks.values()}


def test_track_makes_tracks_of_detections_once(folder: Path, tmp_path: Path) -> None:
    box = {"class": "car", "size_m": [4.5, 1.9, 1.6], "yaw_rad": 0.0, "score": 0.9}
    rows = [box | {"frame": frame, "position_m": [200.0 + frame, 3.0, 0.8]} for frame in range(20) if frame != 7]
    path = tmp_path / "detections.json"
    path.write_text(json.dumps({"detections": rows}))
    words = ["track", str(folder), "street", "--detections", str(path), "--json"]
    tried = json.loads(_run(*words, "--dry-run"))
    assert not tried["added"]
    added = json.loads(_run(*words))
    assert added["detections"] == 19
    assert [each["class"] for each in added["tracks"]] == ["car"]
    assert len(added["tracks"][0]["joints"]) == 18
    labels = Project.open(folder).labels()
    tracks = labels.tracks("street")
    labels.close()
    assert set(tracks) == {added["tracks"][0]["id"]}
    assert json.loads(_run(*words))["known"] == 1  # a second time nothing is doubled


def test_track_wants_one_source(folder: Path) -> None:
    with pytest.raises(UsageError, match="whose detections"):
        _run("track", str(folder), "street")
