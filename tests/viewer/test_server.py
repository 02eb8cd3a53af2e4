"""The server through an in-process client: who may ask, what comes back, what is refused."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from labeling.project import Project
from viewer.server import create_app
from viewer.server.security import Access

HOST = "127.0.0.1:8300"
ACCESS = Access("secret-token", frozenset({HOST, "localhost:8300"}))


@pytest.fixture
def client(tiny_project: Project) -> Iterator[TestClient]:
    app = create_app(tiny_project, ACCESS, with_page=False)
    with TestClient(app, base_url=f"http://{HOST}", headers={"authorization": "Bearer secret-token"}) as client:
        yield client


def packet(content: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack("<I", content[:4])
    return json.loads(content[4 : 4 + length]), content[4 + length :]


def post(client: TestClient, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    reply = client.post(f"/api/recordings/tiny/{path}", json=body)
    assert reply.status_code == status, reply.text
    return dict(reply.json())


def cuboid(client: TestClient, track_id: str, frame: int = 2) -> dict[str, Any]:
    head, _ = packet(client.get(f"/api/recordings/tiny/labels?first={frame}&last={frame}").content)
    return next(each for each in head["frames"][0]["cuboids"] if each["track_id"] == track_id)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": ""}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Basic secret-token"}, 401),
        ({"host": "evil.example"}, 421),
        ({"host": "evil.example:8300"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": f"https://{HOST}.evil.example"}, 403),
        ({"origin": f"http://{HOST}"}, 200),
        ({"host": "localhost:8300"}, 200),
    ],
)
def test_only_the_holder_of_the_token_on_our_own_page_may_ask(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    reply = client.get("/api/project", headers=headers)
    assert reply.status_code == status
    if status != 200:
        assert "\n" not in reply.json()["error"]


def test_every_answer_forbids_the_browser_to_reach_out(client: TestClient) -> None:
    reply = client.get("/api/health")
    policy = reply.headers["content-security-policy"]
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "access-control-allow-origin" not in reply.headers
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_footage_is_not_cached(client: TestClient) -> None:
    reply = client.get("/api/recordings/tiny/frames/0/sensors.rrd")
    assert reply.headers["cache-control"] == "private, no-store"
    assert reply.content[:4] == b"RRF2"


def test_a_recording_with_its_tracks(client: TestClient) -> None:
    reply = client.get("/api/recordings/tiny").json()
    assert [camera["name"] for camera in reply["cameras"]] == ["front"]
    assert len(reply["frames"]) == 6
    assert reply["frames"][0]["time_ns"] == "1700000000000000000"  # text: JavaScript would round a number
    assert {track["id"] for track in reply["tracks"]} == {"moving", "standing"}
    assert (reply["can_undo"], reply["can_redo"]) == (False, False)


def test_an_edit_is_seen_by_everybody_at_once(client: TestClient) -> None:
    before = cuboid(client, "moving")
    edit = {"kind": "move", "track_id": "moving", "time_ns": before["time_ns"], "offset_m": [0, 0.5, 0]}
    reply = post(client, "edits", {"key": "a" * 32, "expected": {"moving": 1}, "edit": edit})
    assert reply["tracks"][0]["revision"] == 2
    assert reply["can_undo"] is True
    after = cuboid(client, "moving")
    assert after["position_m"][1] == pytest.approx(before["position_m"][1] + 0.5)
    assert after["maker"] == "human"
    undone = post(client, "undo", {"key": "b" * 32})
    assert undone["can_redo"] is True
    assert cuboid(client, "moving") == before
    post(client, "redo", {"key": "c" * 32})
    assert cuboid(client, "moving") == after


def test_a_lost_answer_may_be_asked_for_again(client: TestClient) -> None:
    edit = {"kind": "set_class", "track_id": "moving", "class_name": "truck"}
    body = {"key": "k" * 32, "expected": {"moving": 1}, "edit": edit}
    assert post(client, "edits", body) == post(client, "edits", body)


def test_two_people_do_not_overwrite_each_other(client: TestClient) -> None:
    for number, status in ((1, 200), (2, 409)):
        edit = {"kind": "set_class", "track_id": "moving", "class_name": f"truck{number}"}
        body = {"key": f"key-{number}" * 4, "expected": {"moving": 1}, "edit": edit}
        reply = post(client, "edits", body, status)
    assert reply["error"].startswith("the track was changed meanwhile (revision 2, you saw 1)")
    assert reply["tracks"][0]["track"]["class_name"] == "truck1"


@pytest.mark.parametrize(
    "edit",
    [
        {"kind": "move", "track_id": "moving", "time_ns": "1", "offset_m": [0, 0]},
        {"kind": "move", "track_id": "moving", "time_ns": "1", "offset_m": [0, 0, 1e300]},
        {"kind": "move", "track_id": "moving", "time_ns": "99999999999999999999", "offset_m": [0, 0, 0]},
        {"kind": "resize", "track_id": "moving", "size_m": [0, 1, 1]},
        {"kind": "set_class", "track_id": "nobody", "class_name": "car"},
        {"kind": "remove_knot", "track_id": "moving", "time_ns": "5"},
        {"kind": "drop_table", "track_id": "moving"},
        {"kind": "set_class", "track_id": "moving", "class_name": "car", "more": 1},
    ],
)
def test_edits_that_make_no_sense_change_nothing(client: TestClient, edit: dict[str, Any]) -> None:
    before = client.get("/api/recordings/tiny").json()
    reply = post(client, "edits", {"key": "x" * 32, "edit": edit}, 422)
    assert "\n" not in reply["error"]
    assert client.get("/api/recordings/tiny").json() == before


def test_outlines_name_their_owners(client: TestClient) -> None:
    head, rrd = packet(client.get("/api/recordings/tiny/labels?first=0&last=5&selected=moving").content)
    assert rrd[:4] == b"RRF2"
    assert [frame["frame"] for frame in head["frames"]] == list(range(6))
    for frame in head["frames"]:
        assert set(frame["outlines"]["front"]) <= {"moving", "standing"}
        assert "moving" in frame["outlines"]["front"]


def test_a_click_on_the_ground_suggests_a_cuboid_that_stands_there(client: TestClient) -> None:
    body = {"frame": 1, "position_m": [14.0, -3.0, 0.0], "class_name": "car"}
    track = post(client, "place", body)["track"]
    assert track["knots"][0]["position_m"][:2] == [14.0, -3.0]
    assert track["size_m"] == [4.5, 1.9, 1.6]
    assert len(client.get("/api/recordings/tiny").json()["tracks"]) == 2  # a suggestion is not stored
    post(client, "edits", {"key": "n" * 32, "edit": {"kind": "create_track", "track": track}})
    assert len(client.get("/api/recordings/tiny").json()["tracks"]) == 3
    assert cuboid(client, track["id"], frame=1)["presence"] == "observed"


def test_points_pose_and_crop(client: TestClient) -> None:
    points = client.get("/api/recordings/tiny/frames/1/points").json()
    assert set(points) == {"moving", "standing"}
    pose = client.get("/api/recordings/tiny/frames/3/pose?track=standing").json()
    assert pose["position_m"] == [12.0, 5.0, 0.8]
    crop = client.get("/api/recordings/tiny/frames/1/crop?x=0&y=0&z=1&radius_m=15").content
    assert len(crop) % 16 == 0
    assert len(crop) > 0


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("recordings/other", 404, "there is no such recording"),
        ("recordings/..%2f..%2fetc", 404, None),
        ("recordings/%2e%2e", 422, "a recording cannot be called '..'"),
        ("recordings/tiny/frames/6/sensors.rrd", 404, "there is no frame 6, the last is 5"),
        ("recordings/tiny/frames/-1/points", 404, "there is no frame -1"),
        ("recordings/tiny/labels?first=0&last=99", 404, "there is no frame 99"),
        ("recordings/tiny/labels?first=3&last=1", 422, "ask for 1 to 64 frames at once"),
        ("recordings/tiny/frames/0/crop?x=0&y=0&z=0&radius_m=1e9", 422, "Input should be less than"),
        ("recordings/tiny/frames/0/pose?track=nobody", 422, "there is no such track"),
    ],
)
def test_bad_requests_get_one_line(client: TestClient, path: str, status: int, error: str | None) -> None:
    reply = client.get(f"/api/{path}")
    assert reply.status_code == status
    if error is not None:
        assert reply.json()["error"].startswith(error)


def test_a_request_without_end_is_refused(client: TestClient) -> None:
    reply = client.post("/api/recordings/tiny/edits", content=b"x" * (33 * 1024 * 1024))
    assert reply.status_code == 413
