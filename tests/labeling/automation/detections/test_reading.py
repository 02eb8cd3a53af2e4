"""Every format of detections, read into the world and made into tracks, on the shipped street whose truth is exact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather

from calibration.errors import FormatError, InputError
from fusion.recording import Recording
from labeling.automation.detections import Detected, read_detections, track_detections
from labeling.automation.detections.detected import middles_ns
from labeling.formats import LABEL_FORMATS
from labeling.frame_times import FrameTimes
from labeling.metrics import Comparison, hota
from labeling.ontology import default_ontology
from labeling.overlap import Overlap, overlap_matrix
from labeling.track import Maker, PresenceKind, Track
from tests.conftest import ROOT

SAMPLE = ROOT / "sample_data"


@pytest.fixture(scope="module")
def street() -> Iterator[tuple[Recording, list[Track]]]:
    with Recording.open(SAMPLE / "street.h5") as recording:
        read = LABEL_FORMATS["boxwright"].read
        yield recording, read(recording, SAMPLE / "street.tracks.json", default_ontology())


def seen(recording: Recording, tracks: list[Track]) -> list[tuple[int, int, Track]]:
    """Frame, its middle, and track, for everything that is observed then."""
    middles = middles_ns(recording)
    return [
        (frame, int(middle), track)
        for frame, middle in enumerate(middles)
        for track in tracks
        if track.presence_at(int(middle)) is PresenceKind.OBSERVED
    ]


def own(recording: Recording, tracks: list[Track], reference: str, *, noise_m: float = 0.0, seed: int = 0) -> Any:
    rng, rows = np.random.default_rng(seed), []
    mountings = {sensor.name: sensor.ego_from_sensor for sensor in recording.rig}
    for frame, middle, track in seen(recording, tracks):
        pose = track.at(middle)
        if reference != "world":
            world_from = recording.ego_motion.at(middle)
            if reference != "ego":
                world_from = world_from * mountings[reference]
            pose = world_from.inverse() * pose
        row = {
            "frame": frame,
            "class": track.class_name,
            "position_m": (pose.translation + rng.normal(0.0, noise_m, 3)).tolist(),
            "size_m": list(track.size_m),
            "rotation_wxyz": pose.rotation.tolist(),
            "score": float(rng.uniform(0.5, 1.0)),
            "in": reference,
        }
        rows.append(row)
    return {"detections": rows}


def write_own(recording: Recording, tracks: list[Track], folder: Path, reference: str) -> Path:
    path = folder / "detections.json"
    path.write_text(json.dumps(own(recording, tracks, reference)))
    return path


def write_argoverse2(recording: Recording, tracks: list[Track], folder: Path) -> Path:
    rows = []
    for _, middle, track in seen(recording, tracks):
        pose = recording.ego_motion.at(middle).inverse() * track.at(middle)
        rows.append((middle, track.class_name, 0.9, *track.size_m, *pose.rotation.tolist(), *pose.translation.tolist()))
    names = ["timestamp_ns", "category", "score", "length_m", "width_m", "height_m"]
    names += ["qw", "qx", "qy", "qz", "tx_m", "ty_m", "tz_m"]
    path = folder / "detections.feather"
    feather.write_feather(pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))), path)
    return path


def write_nuscenes(recording: Recording, tracks: list[Track], folder: Path) -> Path:
    results: dict[str, list[Any]] = {}
    stamps = {}
    for frame, middle, track in seen(recording, tracks):
        pose, (length, width, height) = track.at(middle), track.size_m
        stamps[f"token-{frame}"] = middle // 1000
        box = {"translation": pose.translation.tolist(), "size": [width, length, height]}
        box |= {"rotation": pose.rotation.tolist(), "detection_name": track.class_name, "detection_score": 0.8}
        results.setdefault(f"token-{frame}", []).append(box)
    results["of-another-scene"] = []
    (folder / "sample.json").write_text(json.dumps([{"token": k, "timestamp": v} for k, v in stamps.items()]))
    path = folder / "results.json"
    path.write_text(json.dumps({"meta": {}, "results": results}))
    return path


def write_openlabel(recording: Recording, tracks: list[Track], folder: Path) -> Path:
    frames: dict[str, Any] = {}
    for frame, middle, track in seen(recording, tracks):
        pose = recording.ego_motion.at(middle).inverse() * track.at(middle)
        w, x, y, z = pose.rotation.tolist()
        cuboid = {
            "name": "box",
            "coordinate_system": "ego",
            "val": [*pose.translation.tolist(), x, y, z, w, *track.size_m],
        }
        cuboid["attributes"] = {"num": [{"name": "score", "val": 0.7}]}
        objects = frames.setdefault(str(frame), {"objects": {}})["objects"]
        objects[track.id] = {"object_data": {"cuboid": [cuboid]}}
    objects = {track.id: {"name": track.id, "type": track.class_name} for track in tracks}
    path = folder / "labels.json"
    path.write_text(
        json.dumps({"openlabel": {"metadata": {"schema_version": "1.0.0"}, "objects": objects, "frames": frames}})
    )
    return path


def check_truth(detected: Detected, tracks: list[Track], *, tolerance_m: float) -> None:
    """Every detection is where some track of its class is then."""
    assert len(detected) > 100
    for row, (time_ns, name) in enumerate(zip(detected.times_ns.tolist(), detected.classes, strict=True)):
        same = [track for track in tracks if track.class_name.replace(" ", "_") == name.replace(" ", "_")]
        place = detected.world_from_object.translation[row]
        nearest = min(same, key=lambda track: np.linalg.norm(track.at(time_ns).translation - place))
        assert np.linalg.norm(nearest.at(time_ns).translation - place) < tolerance_m
        np.testing.assert_allclose(detected.sizes_m[row], nearest.size_m, atol=1e-3)
        turned = float(detected.world_from_object.yaw_rad[row] - nearest.at(time_ns).yaw_rad)
        assert np.cos(turned) > 0.999


@pytest.mark.parametrize("reference", ["world", "ego", "lidar_top"])
def test_our_own_in_any_frame_of_reference(
    street: tuple[Recording, list[Track]], tmp_path: Path, reference: str
) -> None:
    recording, tracks = street
    names = [sensor.name for sensor in recording.rig]
    reference = reference if reference in ("world", "ego") else recording.lidars()[0]
    assert reference in ("world", "ego", *names)
    check_truth(read_detections(recording, write_own(recording, tracks, tmp_path, reference)), tracks, tolerance_m=1e-6)


@pytest.mark.parametrize("write", [write_argoverse2, write_nuscenes, write_openlabel])
def test_other_peoples(street: tuple[Recording, list[Track]], tmp_path: Path, write: Any) -> None:
    recording, tracks = street
    check_truth(read_detections(recording, write(recording, tracks, tmp_path)), tracks, tolerance_m=1e-3)


def test_kitti_text_and_comma_separated(street: tuple[Recording, list[Track]], tmp_path: Path) -> None:
    recording, tracks = street
    path = tmp_path / "0000.txt"
    LABEL_FORMATS["kitti"].write(recording, {track.id: track for track in tracks}, path)
    detected = read_detections(recording, path)
    check_truth(detected, tracks, tolerance_m=0.05)
    lines = []
    kinds = {"Pedestrian": 1, "Car": 2, "Cyclist": 3}
    for line in path.read_text().splitlines():
        words = line.split()
        if words[2].capitalize() in kinds:
            numbers = [words[0], str(kinds[words[2].capitalize()]), *words[6:10], "3.5", *words[10:17], words[5]]
            lines.append(",".join(numbers))
    (tmp_path / "rows.txt").write_text("\n".join(lines))
    rows = read_detections(recording, tmp_path / "rows.txt")
    assert len(rows) == len(lines) > 0
    assert set(rows.scores.tolist()) == {3.5}
    cars = np.array([name == "car" for name in detected.classes])
    np.testing.assert_allclose(
        rows.world_from_object.translation[np.array(rows.classes) == "Car"],
        detected.world_from_object.translation[cars],
        atol=1e-5,
    )


def test_tracks_keep_identities_and_say_what_holds_them(street: tuple[Recording, list[Track]], tmp_path: Path) -> None:
    recording, tracks = street
    path = tmp_path / "noisy.json"
    path.write_text(json.dumps(own(recording, tracks, "ego", noise_m=0.1)))
    detected = read_detections(recording, path)
    scores = {}
    for online in (False, True):
        found = track_detections(recording, detected, default_ontology(), online=online)
        scores[online] = identity_score(recording, tracks, [each.track for each in found])
        assert all(each.track.makers[0] is Maker.MODEL for each in found)
        joints = [joint for each in found for joint in each.joints]
        assert joints
        assert all(joint.cost == pytest.approx(joint.position + joint.size + joint.heading) for joint in joints)
        assert any("least_sure_join" in dict(each.track.attributes) for each in found)
    assert scores[False] > 0.85
    assert scores[True] > 0.65


def identity_score(recording: Recording, truths: list[Track], found: list[Track]) -> float:
    """Association part of HOTA, all classes together."""
    times, frames = FrameTimes(recording), range(len(recording.frames))
    rows: list[list[Any]] = [[], [], []]
    for frame in frames:
        shown = [
            [(n, track.cuboid_at(t)) for n, track in enumerate(group) for t, p in [times.shown(track, frame)]
             if p is not PresenceKind.ABSENT]
            for group in (truths, found)
        ]  # fmt: skip
        cuboids = [
            np.array(
                [[*c.world_from_object.translation, *c.size_m, float(c.world_from_object.yaw_rad)] for _, c in each]
            )
            for each in shown
        ]
        rows[0].append(np.array([n for n, _ in shown[0]], dtype=np.int64))
        rows[1].append(np.array([n for n, _ in shown[1]], dtype=np.int64))
        rows[2].append(overlap_matrix(cuboids[0].reshape(-1, 7), cuboids[1].reshape(-1, 7), Overlap.IOU_3D))
    return float(hota(Comparison.of(*rows)).means()["AssA"])


def row(**changes: object) -> str:
    """One detection that is right but for the changes."""
    right = {"frame": 0, "class": "car", "position_m": [0, 0, 0], "size_m": [1, 1, 1], "yaw_rad": 0} | changes
    return json.dumps({"detections": [{key: value for key, value in right.items() if value is not None}]})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "the file"),
        ('{"detections": [{"frame": 0}]}', "detections.0"),
        (row(size_m=[1, 1, 0]), "size_m"),
        (row(frame=999), "no frame 999"),
        (row(frame=None, time_ns=5), "no frame of"),
        (row(time_ns=5), "either frame or time_ns"),
        (row(**{"in": "moon"}), "moon"),
        ('{"results": []}', "results"),
        ('{"openlabel": []}', "OpenLABEL"),
    ],
)
def test_bad_files_are_one_line(street: tuple[Recording, list[Track]], tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(FormatError, match=words) as caught:
        read_detections(street[0], path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_file_and_no_format(street: tuple[Recording, list[Track]], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_detections(street[0], tmp_path / "none.json")
    (tmp_path / "some.json").write_text("{}")
    with pytest.raises(InputError, match="unknown format"):
        read_detections(street[0], tmp_path / "some.json", "waymo")
