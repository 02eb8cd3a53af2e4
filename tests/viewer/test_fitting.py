"""The server's half of fitting and solving: proposals that the page stores as edits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from fusion.cloud import fused_cloud
from labeling.editing.edits import EDIT, CreateTrack, Move
from labeling.overlap.upright import overlap_rows, upright_rows
from labeling.project import Project
from labeling.track import Maker, Presence, PresenceKind, Track
from labeling.track_record import TrackRecord
from tests.viewer.conftest import sample_project
from viewer.server.app import create_app
from viewer.server.security import Access

ACCESS = Access("secret-token", frozenset({"127.0.0.1:8300"}))
UNDER = "/api/recordings/street"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return sample_project(tmp_path / "project")


@pytest.fixture
def client(project: Project) -> Iterator[TestClient]:
    app = create_app(project, ACCESS, with_page=False)
    with TestClient(app, base_url="http://127.0.0.1:8300", headers={"authorization": "Bearer secret-token"}) as client:
        yield client


def tracks_of(project: Project) -> dict[str, Track]:
    labels = project.labels()
    try:
        return dict(labels.tracks("street"))
    finally:
        labels.close()


def store(client: TestClient, reply: dict[str, object], track_id: str) -> None:
    body = {"key": f"key-of-{track_id}", "expected": {track_id: reply["revision"]}, "edit": reply["edit"]}
    answer = client.post(f"{UNDER}/edits", json=body)
    assert answer.status_code == 200, answer.text


def nearest_car(project: Project) -> tuple[Track, int]:
    """The parked or driving car that is nearest to the ego in frame 10, and the moment."""
    with project.recording("street") as recording:
        time_ns = recording.frame_middle_ns(10)
        ego = recording.ego_motion.at(time_ns)
    cars = [track for track in tracks_of(project).values() if track.class_name == "car"]
    away = [np.linalg.norm(car.at(time_ns).translation - ego.translation) for car in cars]
    return cars[int(np.argmin(away))], time_ns


def test_a_cuboid_put_askew_finds_its_car(project: Project, client: TestClient) -> None:
    car, time_ns = nearest_car(project)
    labels = project.labels()
    labels.apply_edit("street", Move(car.id, time_ns, (0.5, 0.35, 0.1), whole=True))
    labels.close()
    reply = client.post(f"{UNDER}/fitting/refit", json={"track_id": car.id, "frame": 10}).json()
    assert reply["confidence"] > 0.5
    before = tracks_of(project)[car.id]
    EDIT.validate_python(reply["edit"])
    store(client, reply, car.id)
    fitted = tracks_of(project)[car.id]
    true = car.at(time_ns).translation
    assert np.linalg.norm(fitted.at(time_ns).translation - true) < 0.3
    assert np.linalg.norm(before.at(time_ns).translation - true) > 0.5
    client.post(f"{UNDER}/undo", json={"key": "undo-the-fit"})
    assert tracks_of(project)[car.id].knots == before.knots


def test_one_pose_becomes_a_track(project: Project, client: TestClient) -> None:
    moving = max(tracks_of(project).values(), key=lambda track: track.speed_mps())
    knot = replace(moving.knot(12), maker=Maker.HUMAN)
    record = TrackRecord("new", moving.class_name, moving.size_m, (knot,), (Presence(knot.time_ns, knot.time_ns),))
    labels = project.labels()
    labels.apply_edit("street", CreateTrack(record))
    labels.close()
    reply = client.post(f"{UNDER}/fitting/solve", json={"track_id": "new"}).json()
    assert not reply["stands"]
    assert 0 <= reply["suggested_frame"] < 30
    store(client, reply, "new")
    solved = tracks_of(project)["new"]
    assert len(solved) > 5
    assert knot in solved.knots
    again = client.post(f"{UNDER}/fitting/solve", json={"track_id": "new"}).json()
    assert again["edit"] is None  # nothing is new


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("solve", {"track_id": "nobody"}, 422, "no such track"),
        ("refit", {"track_id": "nobody", "frame": 0}, 422, "no such track"),
        ("refit", {"track_id": "nobody", "frame": -1}, 422, "greater than or equal"),
        ("solve", {"track_id": "nobody", "more": 1}, 422, "not permitted"),
    ],
)
def test_nonsense_is_refused_in_one_line(
    client: TestClient, path: str, body: dict[str, object], status: int, words: str
) -> None:
    answer = client.post(f"{UNDER}/fitting/{path}", json=body)
    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_a_frame_that_is_not_there(project: Project, client: TestClient) -> None:
    car, _ = nearest_car(project)
    answer = client.post(f"{UNDER}/fitting/refit", json={"track_id": car.id, "frame": 999})
    assert answer.status_code == 404
    assert "no frame 999" in answer.json()["error"]


def overlaps(project: Project, found: Track, truth: Track) -> np.ndarray:
    """Intersection over union in every frame in which the truth is observed and found is there."""
    with project.recording("street") as recording:
        times = np.array([recording.frame_middle_ns(frame) for frame in range(len(recording.frames))])
    seen = [
        time
        for time in times.tolist()
        if truth.presence_at(time) is PresenceKind.OBSERVED and found.presence_at(time) is not PresenceKind.ABSENT
    ]
    rows = [upright_rows(track.at(np.array(seen)), np.tile(track.size_m, (len(seen), 1))) for track in (found, truth)]
    return overlap_rows(*rows)


@pytest.mark.parametrize("where", ["cloud", "photo"])
def test_one_click_makes_a_whole_track(project: Project, client: TestClient, where: str) -> None:
    """On a car that moves or stands; a click on what is labelled already says so."""
    car, time_ns = nearest_car(project)
    with project.recording("street") as recording:
        cloud = fused_cloud(recording, 10)
        inside = car.cuboid_at(time_ns).contains(cloud.points_in_world.astype(float), margin_m=-0.05)
        points = cloud.points_in_world[inside].astype(float)
        point = points[np.argmax(points[:, 2])]
        camera = recording.cameras()[0]
        index = recording.sample_of(camera, 10)
        assert index is not None
        in_camera = recording.world_from_sensor(camera, index).inverse().apply(points)
        pixels, valid = recording.rig[camera].model.project(in_camera)
        pixel = pixels[valid & recording.rig[camera].model.contains(pixels)]
    body: dict[str, object] = {"frame": 10, "class_name": "car"}
    if where == "cloud":
        path, body["position_m"] = "place", point.tolist()
    else:
        assert len(pixel), "the car is not in the photo"
        path, body["camera"], body["pixel"] = "place-in-photo", camera, np.median(pixel, axis=0).tolist()
    known = client.post(f"{UNDER}/{path}", json=body).json()
    assert (known["known"], known["track"]) == (car.id, None)
    deleted = client.post(
        f"{UNDER}/edits", json={"key": "delete-it", "edit": {"kind": "delete_track", "track_id": car.id}}
    )
    assert deleted.status_code == 200
    reply = client.post(f"{UNDER}/{path}", json=body).json()
    assert reply["grown"]
    record = TypeAdapter(TrackRecord).validate_python(reply["track"])
    assert all(knot.maker is Maker.SOLVER for knot in record.knots)
    found = record.track()
    ious = overlaps(project, found, car)
    assert len(ious) > 10
    assert np.mean(ious > 0.7) > 0.9


def test_where_nothing_stands_a_usual_cuboid_is_made(client: TestClient) -> None:
    body = {"frame": 0, "class_name": "car", "position_m": [0.0, 0.0, 400.0]}
    reply = client.post(f"{UNDER}/place", json=body).json()
    assert not reply["grown"]
    assert len(reply["track"]["knots"]) == 1
    wrong = client.post(
        f"{UNDER}/place-in-photo", json={"frame": 0, "class_name": "car", "camera": "nose", "pixel": [1, 1]}
    )
    assert wrong.status_code == 422
