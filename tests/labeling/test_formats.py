"""Labels out to others, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration import RigidTransform, quaternion
from calibration.errors import FormatError
from labeling.formats import LABEL_FORMATS, guess_label_format, kitti
from labeling.formats.kitti import KittiRow, camera_from_objects, parse_rows
from labeling.formats.report import ExportReport
from labeling.project import Project
from labeling.track import Presence, PresenceKind, State, Track
from labeling.track_record import track_to_json
from tests.labeling.strategies import tracks

KITTI = LABEL_FORMATS["kitti"]
OURS = LABEL_FORMATS["boxwright"]
LINE = "3 7 Car 0 1 -1.5 10 20 110 80 1.5 1.8 4.2 1.25 1.7 20 0.1\n"


def tracks_of(project: Project, name: str) -> dict[str, Track]:
    labels = project.labels()
    found = labels.tracks(name)
    labels.close()
    return found


def round_trip(project: Project, name: str, some: dict[str, Track], path: Path) -> tuple[ExportReport, list[Track]]:
    with project.recording(name) as recording:
        report = KITTI.write(recording, some, path)
        return report, KITTI.read(recording, path, project.ontology())


@settings(max_examples=25)
@given(tracks("a"), tracks("b"))
def test_our_own_json_loses_nothing(tmp_path_factory: pytest.TempPathFactory, a: Track, b: Track) -> None:
    path = tmp_path_factory.getbasetemp() / "tracks.json"
    report = OURS.write(None, {"a": a, "b": b}, path)  # type: ignore[arg-type]
    assert report == ExportReport(len(a) + len(b), 2, ())
    again = OURS.read(None, path, None)  # type: ignore[arg-type]
    assert [track_to_json(track) for track in again] == [track_to_json(a), track_to_json(b)]


def test_our_own_json_of_a_real_drive(pandaset_project: Project, tmp_path: Path) -> None:
    before = tracks_of(pandaset_project, "drive")
    OURS.write(None, before, tmp_path / "t.json")  # type: ignore[arg-type]
    again = OURS.read(None, tmp_path / "t.json", None)  # type: ignore[arg-type]
    assert {t.id: track_to_json(t) for t in again} == {i: track_to_json(t) for i, t in before.items()}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"[",
            "not a Boxwright track file (Invalid JSON: EOF while parsing a list at line 1 column 1 at the start)",
        ),
        (b"\xff\xfe", "not a Boxwright track file (Invalid JSON: expected value at line 1 column 1 at the start)"),
        (b'[{"id":"a"}]', "not a Boxwright track file (Field required at 0.class_name)"),
        (
            b'[{"id":"a","class_name":"car","size_m":[1,1,1],"knots":['
            b'{"time_ns":"1","position_m":[0,0,0],"rotation_wxyz":[1,0,0,0]},'
            b'{"time_ns":"1","position_m":[0,0,0],"rotation_wxyz":[1,0,0,0]}]}]',
            "a track in the file makes no sense (two knots of a track have one time: a)",
        ),
    ],
)
def test_broken_json_says_what_and_where(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "tracks.json"
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        OURS.read(None, path, None)  # type: ignore[arg-type]
    assert str(caught.value) == f"{message}: {path}"


def assert_comes_back(project: Project, name: str, path: Path) -> tuple[int, ExportReport]:
    before = tracks_of(project, name)
    report, again = round_trip(project, name, before, path)
    with project.recording(name) as recording:
        camera = kitti.labelled_camera(recording)
        poses = {int(t): recording.world_from_sensor(camera, i) for i, t in enumerate(recording.times_ns(camera))}
    rows = 0
    for track in again:
        original = before[track.id]  # identities come from the .ids.json
        assert track.class_name == original.class_name
        np.testing.assert_allclose(track.size_m, original.size_m, atol=1e-6)
        lift = np.array([0, 0, 0.5 * track.size_m[2]])
        for time_ns in track.times_ns.tolist():
            camera_from_world = poses[time_ns].inverse()
            ours = camera_from_world * original.at(time_ns)
            theirs = camera_from_world * track.at(time_ns)
            # The bottom's centre is what KITTI carries; a tilt against the camera turns the box about it.
            np.testing.assert_allclose(
                theirs.translation - theirs.rotate(lift), ours.translation - ours.rotate(lift), atol=1e-5
            )
            ahead, expected = theirs.rotate(np.array([1.0, 0, 0])), ours.rotate(np.array([1.0, 0, 0]))
            turn = np.arctan2(ahead[2], ahead[0]) - np.arctan2(expected[2], expected[0])
            assert abs((turn + np.pi) % (2 * np.pi) - np.pi) < 1e-5
            rows += 1
    assert rows == report.rows
    assert {track.id for track in again} <= set(before)
    return rows, report


def test_kitti_of_a_tiny_drive(tiny_project: Project, tmp_path: Path) -> None:
    path = tmp_path / "0000.txt"
    rows, report = assert_comes_back(tiny_project, "tiny", path)
    assert rows == 12
    assert report.losses == ()
    assert json.loads((tmp_path / "0000.txt.ids.json").read_text()) == {"0": "moving", "1": "standing"}
    first = parse_rows(path)[0]
    assert (first.kind, first.occluded, first.size_hwl_m) == ("car", 0, (1.6, 1.9, 4.5))
    assert first.rotation_y_rad == pytest.approx(-np.pi / 2)  # driving away from the camera
    assert first.bottom_m[1] == pytest.approx(1.6)


def test_kitti_of_a_real_drive(pandaset_project: Project, tmp_path: Path) -> None:
    rows, report = assert_comes_back(pandaset_project, "drive", tmp_path / "0000.txt")
    print(rows, report.losses)
    assert rows > 500
    unseen = [loss for loss in report.losses if loss.endswith("cuboids that front_camera does not see")]
    assert len(unseen) == 1
    assert any("roll and pitch against front_camera" in loss for loss in report.losses)


def test_kitti_lists_what_it_cannot_say(tiny_project: Project, tmp_path: Path) -> None:
    before = tracks_of(tiny_project, "tiny")
    car = before["moving"]
    start, end = car.presence[0].start_ns, car.presence[0].end_ns
    some = {
        "moving": replace(
            car,
            class_name="police car",
            presence=(Presence(start, end, PresenceKind.OCCLUDED),),
            states=(State("turning", "left", start, end),),
            attributes=(("color", "red"), ("lights", "on")),
        )
    }
    with tiny_project.recording("tiny") as recording:
        report = KITTI.write(recording, some, tmp_path / "t.txt")
        again = KITTI.read(recording, tmp_path / "t.txt", tiny_project.ontology().with_class("police car", (4, 2, 1)))
    assert report.losses == ("1 timed states", "2 attributes")
    rows = parse_rows(tmp_path / "t.txt")
    assert {(row.kind, row.occluded) for row in rows} == {("police_car", 2)}
    assert again[0].class_name == "police car"


def test_without_our_identities_numbers_become_some(tiny_project: Project, tmp_path: Path) -> None:
    path = tmp_path / "0000.txt"
    path.write_text(LINE)
    with tiny_project.recording("tiny") as recording:
        assert [track.id for track in KITTI.read(recording, path, tiny_project.ontology())] == ["kitti-7"]
        (tmp_path / "0000.txt.ids.json").write_text("{broken")
        with pytest.raises(FormatError, match=r"^not readable JSON; delete it to get new identities: .*ids.json$"):
            KITTI.read(recording, path, tiny_project.ontology())
        path.write_text(LINE.replace("3 7", "99 7"))
        with pytest.raises(FormatError, match=r"^the recording has no photo of front in frame 99: .*0000\.txt$"):
            KITTI.read(recording, path, tiny_project.ontology())
        path.write_text("")
        assert KITTI.read(recording, path, tiny_project.ontology()) == []


def test_real_kitti_labels_are_read_whole(real_data: Path, tmp_path: Path) -> None:
    files = sorted((real_data / "kitti_tracking" / "label_02").glob("*.txt"))
    assert len(files) >= 5
    for file in files:
        lines = [line for line in file.read_text().splitlines() if " DontCare " not in line]
        rows = parse_rows(file)
        assert len(rows) == len(lines) > 0
        again = tmp_path / file.name
        again.write_text("".join(row.line() + "\n" for row in rows))
        assert parse_rows(again) == rows
        for line, row in zip(lines, rows, strict=True):
            ours, theirs = ([float(word) for word in text.split()[3:17]] for text in (row.line(), line))
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
        corners = camera_from_objects(rows)
        up = corners.rotate(np.array([0.0, 0, 1]))
        np.testing.assert_allclose(up, np.tile([0.0, -1, 0], (len(rows), 1)), atol=1e-9)
        forward = corners.rotate(np.array([1.0, 0, 0]))
        angles = np.array([row.rotation_y_rad for row in rows])
        np.testing.assert_allclose(forward, np.stack([np.cos(angles), 0 * angles, -np.sin(angles)], axis=1), atol=1e-9)


angle = st.floats(-3.14, 3.14).map(lambda value: round(value, 6))
size = st.floats(0.1, 20).map(lambda value: round(value, 6))


@given(st.builds(KittiRow, st.integers(0, 999), st.integers(0, 99), st.just("Car"), st.just(0.25), st.integers(0, 3),
                 angle, st.tuples(angle, angle, angle, angle), st.tuples(size, size, size),
                 st.tuples(angle, angle, angle), angle))  # fmt: skip
def test_a_row_is_its_line(row: KittiRow) -> None:
    assert kitti._parse(row.line().split()) == row
    pose = camera_from_objects([row])[0]
    assert pose.translation[1] == pytest.approx(row.bottom_m[1] - 0.5 * row.size_hwl_m[0])
    upright = RigidTransform(quaternion.from_matrix(kitti._CAMERA_FROM_UPRIGHT), np.zeros(3))
    assert float((upright.inverse() * pose).yaw_rad) == pytest.approx(-row.rotation_y_rad, abs=1e-9)


@pytest.mark.parametrize(
    "broken",
    [
        LINE.replace(" 0.1", ""),
        LINE.replace("20 0.1", "twenty 0.1"),
        LINE.replace("20 0.1", "nan 0.1"),
        LINE.replace("1.5 1.8 4.2", "1.5 0 4.2"),
        LINE.replace("3 7", "3.5 7"),
        "\x00\x01\x02\n",
        "\udcff\udcfe\n",
    ],
)
def test_a_broken_line_says_its_number(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "0000.txt"
    path.write_bytes((LINE + "\n" + broken + LINE).encode(errors="surrogateescape"))
    with pytest.raises(FormatError) as caught:
        parse_rows(path)
    assert str(caught.value) == f"line 3 is not a KITTI tracking label of 17 columns: {path}"


def test_formats_are_found_by_name_or_ending(tmp_path: Path) -> None:
    assert guess_label_format(tmp_path / "a.txt", None) is KITTI
    assert guess_label_format(tmp_path / "a.json", None) is OURS
    assert guess_label_format(tmp_path / "a.txt", "boxwright") is OURS
    for name, message in (
        ("coco", "unknown label format 'coco'; one of argoverse2, kitti, boxwright: x.xml"),
        (None, "no label format has files that end so; name one of argoverse2, kitti, boxwright with --format: x.xml"),
    ):
        with pytest.raises(FormatError) as caught:
            guess_label_format(Path("x.xml"), name)
        assert str(caught.value) == message
