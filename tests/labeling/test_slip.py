"""PandaSet's cameras fire 18 to 100 ms before the LiDAR's timestamp: drawn at one time, outlines lie beside the car."""

from __future__ import annotations

import numpy as np
import pytest

from labeling.frame_labels import frame_labels
from labeling.frame_times import FrameTimes
from labeling.photo_view import photo_view
from labeling.project import Project
from labeling.projection import project_cuboids
from labeling.slip import CameraSlip, camera_slips, corner_slip_px
from labeling.track import Track


@pytest.fixture(scope="module")
def tracks(pandaset_project: Project) -> dict[str, Track]:
    labels = pandaset_project.labels()
    found = labels.tracks("drive")
    labels.close()
    return found


@pytest.fixture(scope="module")
def slips(pandaset_project: Project, tracks: dict[str, Track]) -> dict[str, CameraSlip]:
    with pandaset_project.recording("drive") as recording:
        return {slip.camera: slip for slip in camera_slips(recording, list(tracks.values()))}


def test_offsets_are_those_of_the_files(slips: dict[str, CameraSlip]) -> None:
    print({name: round(slip.offset_ms, 2) for name, slip in slips.items()})
    assert len(slips) == 6
    assert all(-100.1 < slip.offset_ms < -17.9 for slip in slips.values())
    assert slips["front_camera"].offset_ms == pytest.approx(-49.9, abs=0.2)
    assert slips["back_camera"].offset_ms == pytest.approx(-99.9, abs=0.2)


def test_a_passing_car_slips_by_more_than_a_hundred_pixels(slips: dict[str, CameraSlip]) -> None:
    print({name: slip.slip_px and round(slip.slip_px, 1) for name, slip in slips.items()})
    left = slips["left_camera"]
    assert left.slip_px is not None
    assert left.slip_px > 100.0
    assert left.track_id is not None
    assert left.frame is not None


def test_what_is_parked_does_not_slip(pandaset_project: Project, tracks: dict[str, Track]) -> None:
    """The camera's own pose at its own time is used for both: only the object's motion can slip."""
    parked = [track for track in tracks.values() if np.ptp(track.positions_m, axis=0).max() < 0.05]
    assert len(parked) > 10
    with pandaset_project.recording("drive") as recording:
        frame_ns = int(recording.frames.times_ns[12])
        index = recording.sample_of("left_camera", 12)
        assert index is not None
        view = photo_view(recording, "left_camera", index)
        worst = [corner_slip_px(view, track, frame_ns) for track in parked]
    assert sum(slip >= 0 for slip in worst) >= 2
    assert max(worst) < 1.0


def test_outlines_are_drawn_at_the_photos_own_time(pandaset_project: Project, tracks: dict[str, Track]) -> None:
    camera, frame = "left_camera", 12
    with pandaset_project.recording("drive") as recording:
        labels = frame_labels(recording, FrameTimes(recording), tracks, [frame])[0]
        index = recording.sample_of(camera, frame)
        assert index is not None
        exposure, frame_ns = int(recording.times_ns(camera)[index]), int(recording.frames.times_ns[frame])
        camera_from_world = recording.world_from_sensor(camera, index).inverse()
        moving = []
        for row, track_id in enumerate(labels.track_ids):
            track = tracks[track_id]
            boxes = []
            for time_ns in (exposure, frame_ns):
                pose = camera_from_world * track.at(np.array([time_ns]))
                boxes.append(project_cuboids(recording.rig[camera].model, pose, [track.size_m]).boxes_px[0])
            drawn = labels.outlines[camera].boxes_px[row]
            np.testing.assert_allclose(drawn, boxes[0], atol=1e-3)
            if track.speed_mps() > 3 and labels.outlines[camera].visible[row]:
                moving.append(np.abs(drawn - boxes[1]).max())
        print("moving objects, px:", np.round(moving, 1))
    assert len(moving) > 0
    assert max(moving) > 5.0
