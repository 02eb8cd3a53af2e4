"""At which moment a frame shows an object, and what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tests.conftest as drive
from fusion.recording import Recording
from labeling.frame_labels import frame_labels
from labeling.frame_times import FrameTimes
from labeling.importing import import_source
from labeling.project import Project
from labeling.projection import project_cuboids
from labeling.track import Knot, Presence, PresenceKind, Track
from tests.conftest import PERIOD_NS, START_NS

UPRIGHT = (1.0, 0.0, 0.0, 0.0)


@pytest.fixture
def recording(tiny_project: Project) -> Iterator[Recording]:
    with tiny_project.recording("tiny") as opened:
        yield opened


def car(*times_ns: int, presence: tuple[Presence, ...] | None = None, speed: float = 10.0, id: str = "a") -> Track:
    knots = [Knot(t, (15.0 + speed * (t - START_NS) * 1e-9, 0.0, 0.8), UPRIGHT) for t in times_ns]
    always = (Presence(START_NS - 10 * PERIOD_NS, START_NS + 20 * PERIOD_NS),)
    return Track.from_knots(id, "car", (4.5, 1.9, 1.6), knots, always if presence is None else presence)


def test_a_knot_of_the_frame_is_the_frames_moment(recording: Recording) -> None:
    times = FrameTimes(recording)
    for frame in range(6):
        middle = recording.frame_middle_ns(frame)
        for knot in (middle, middle - PERIOD_NS // 2, middle + PERIOD_NS // 2, middle + 12_345_678):
            assert times.time_of(car(knot), frame) == knot
        nearer = car(middle - 30_000_000, middle + 20_000_000)
        assert times.time_of(nearer, frame) == middle + 20_000_000


def test_between_knots_the_sweep_says_when_it_passed(recording: Recording) -> None:
    times = FrameTimes(recording)
    for frame in (2, 3):
        middle = recording.frame_middle_ns(frame)
        for far in (middle - PERIOD_NS // 2 - 1, middle + PERIOD_NS // 2 + 1):
            sparse = car(far, far + 20 * PERIOD_NS) if far > middle else car(far - 20 * PERIOD_NS, far)
            shown = times.time_of(sparse, frame)
            assert shown == times.time_at(sparse.at(middle).translation, frame)
            assert shown != far
            assert abs(shown - middle) <= PERIOD_NS // 2 + 1_000_000


def test_real_knots_are_shown_where_they_are(pandaset_project: Project) -> None:
    """Every label of PandaSet comes out of its frame at its own time, which is when the sweep passed it."""
    labels = pandaset_project.labels()
    tracks = labels.tracks("drive")
    labels.close()
    shown = 0
    with pandaset_project.recording("drive") as recording:
        times = FrameTimes(recording)
        for track in list(tracks.values())[::10]:
            for frame in range(0, 24, 3):
                time_ns, kind = times.shown(track, frame)
                if kind is not PresenceKind.ABSENT:
                    assert track.knot_index(time_ns) is not None
                    passed = times.time_at(track.at(time_ns).translation, frame)
                    assert abs(passed - time_ns) < 3_000_000 or abs(abs(passed - time_ns) - PERIOD_NS) < 3_000_000
                    shown += 1
    assert shown > 30


def test_frames_show_what_is_present(recording: Recording) -> None:
    middles = [recording.frame_middle_ns(frame) for frame in range(6)]
    presence = (Presence(middles[1], middles[2]), Presence(middles[3], middles[4], PresenceKind.OCCLUDED))
    track = car(*middles, presence=presence)
    never = car(*middles, presence=(), id="never")
    found = frame_labels(recording, FrameTimes(recording), {"a": track, "never": never}, range(6))
    assert [labels.frame for labels in found] == list(range(6))
    assert [labels.track_ids for labels in found] == [(), ("a",), ("a",), ("a",), ("a",), ()]
    assert [kind.value for labels in found for kind in labels.presence] == ["observed"] * 2 + ["occluded"] * 2
    for labels in found[1:5]:
        assert labels.times_ns.tolist() == [middles[labels.frame]]
        assert np.array_equal(labels.world_from_object.translation, track.at(labels.times_ns).translation)
        assert np.array_equal(labels.sizes_m, [[4.5, 1.9, 1.6]])
    empty = found[0]
    assert empty.world_from_object.batch_shape == (0,)
    assert empty.outlines["front"].visible.shape == (0,)


def check_outlines(recording: Recording, tracks: dict[str, Track]) -> int:
    checked = 0
    times = FrameTimes(recording)
    for labels in frame_labels(recording, times, tracks, range(len(recording.frames))):
        index = recording.sample_of("front", labels.frame)
        assert index is not None
        exposure = int(recording.times_ns("front")[index])
        camera_from_world = recording.world_from_sensor("front", index).inverse()
        for row, track_id in enumerate(labels.track_ids):
            pose = camera_from_world * tracks[track_id].at(np.array([exposure]))
            expected = project_cuboids(recording.rig["front"].model, pose, [tracks[track_id].size_m])
            outlines = labels.outlines["front"]
            np.testing.assert_allclose(outlines.boxes_px[row], expected.boxes_px[0], atol=1e-6)
            np.testing.assert_allclose(outlines.segments_px[outlines.owners == row], expected.segments_px, atol=1e-3)
            later = camera_from_world * tracks[track_id].at(labels.times_ns[row : row + 1])
            moved = project_cuboids(recording.rig["front"].model, later, [tracks[track_id].size_m])
            checked += not np.allclose(moved.boxes_px, outlines.boxes_px[row], atol=0.01)
    return checked


def two_cars() -> dict[str, Track]:
    times = [drive.START_NS + PERIOD_NS * i for i in range(6)]
    always = (Presence(times[0] - 10 * PERIOD_NS, times[-1] + PERIOD_NS),)
    oncoming = [Knot(t, (30.0 - 8.0 * i, 3.0, 0.8), UPRIGHT) for i, t in enumerate(times)]
    leading = [Knot(t, (20.0 + 2.0 * i, -2.0, 0.8), UPRIGHT) for i, t in enumerate(times)]
    return {
        "oncoming": Track.from_knots("oncoming", "car", (4.5, 1.9, 1.6), oncoming, always),
        "leading": Track.from_knots("leading", "van", (5.5, 2.1, 2.3), leading, always),
    }


def test_outlines_are_of_the_photos_own_time(recording: Recording) -> None:
    assert check_outlines(recording, two_cars()) >= 6


def test_a_recording_may_start_before_time_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of a simulation start at 0 and its first photo comes earlier: that is a time like others."""
    monkeypatch.setattr(drive, "START_NS", -2 * PERIOD_NS)
    project = Project.create(tmp_path / "project")
    import_source(project, drive.tiny_source(), "tiny")
    with project.recording("tiny") as recording:
        assert recording.times_ns("front")[0] < 0
        assert check_outlines(recording, two_cars()) >= 6


def test_a_frame_without_a_photo_has_no_outlines(tmp_path: Path) -> None:
    source = drive.tiny_source()
    lidar, front = source.streams
    fewer = replace(front, timeline=type(front.timeline)(front.timeline.times_ns[:3]))
    project = Project.create(tmp_path / "project")
    import_source(project, replace(source, streams=(lidar, fewer)), "tiny")
    with project.recording("tiny") as recording:
        found = frame_labels(recording, FrameTimes(recording), two_cars(), range(6))
        assert ["front" in labels.outlines for labels in found] == [True] * 3 + [False] * 3
        assert all(len(labels.track_ids) == 2 for labels in found)
        bare = frame_labels(recording, FrameTimes(recording), two_cars(), [0], with_outlines=False)[0]
        assert bare.outlines == {}
        assert np.array_equal(bare.times_ns, found[0].times_ns)
