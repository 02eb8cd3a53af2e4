"""Which pose belongs to which row of a photo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration import Pinhole, Rig, RigidTransform, Sensor, SensorKind
from fusion import EgoMotion, EncodedImage, PointFrame, Sweep, Timeline
from fusion.recording import Recording, RecordingSource, SourceStream, write_recording
from labeling.cuboid import CORNER_SIGNS
from labeling.frame_labels import frame_labels
from labeling.frame_times import FrameTimes
from labeling.photo_view import photo_view
from labeling.projection import project_cuboids
from labeling.slip import corner_slip_px
from labeling.track import Knot, Presence, Track
from tests.conftest import PERIOD_NS, PIXEL_PNG, START_NS

READOUT_NS = 30_000_000
TURN_RADPS = np.radians(30)
MODEL = Pinhole(640, 400, 400.0, 400.0, 319.5, 199.5)
EGO_FROM_CAMERA = RigidTransform.from_matrix(np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 1.5]], dtype=float))
UPRIGHT = (1.0, 0.0, 0.0, 0.0)


def turning_source(readout_ns: int, own_poses: RigidTransform | None = None) -> RecordingSource:
    """An ego that turns left on the spot and looks ahead."""
    times = START_NS + PERIOD_NS * np.arange(3, dtype=np.int64)
    ego_times = np.arange(times[0] - PERIOD_NS, times[-1] + PERIOD_NS, PERIOD_NS // 10)
    ego = RigidTransform.from_yaw(TURN_RADPS * (ego_times - START_NS) * 1e-9, np.zeros((len(ego_times), 3)))
    lidar = Sensor("lidar", SensorKind.LIDAR, RigidTransform.identity())
    front = Sensor("front", SensorKind.CAMERA, EGO_FROM_CAMERA, MODEL, readout_ns)
    sweep = Sweep(np.float32([[5, 0, 0]]), np.zeros(1, np.uint8), np.zeros(1, np.int32))
    return RecordingSource(
        name="turning",
        rig=Rig((lidar, front)),
        ego_motion=EgoMotion(Timeline(ego_times), ego),
        streams=(
            SourceStream("lidar", Timeline(times), lambda _: sweep, point_frame=PointFrame.SENSOR),
            SourceStream("front", Timeline(times), lambda _: EncodedImage(PIXEL_PNG, "image/png"), own_poses),
        ),
        reference="lidar",
    )


@contextmanager
def opened(source: RecordingSource, folder: Path) -> Iterator[Recording]:
    path = folder / "turning.h5"
    write_recording(source, path)
    with Recording.open(path) as recording:
        yield recording


def parked(x: float, y: float, size: tuple[float, float, float] = (0.2, 0.2, 3.0), speed: float = 0.0) -> Track:
    times = [START_NS - PERIOD_NS, START_NS + 4 * PERIOD_NS]
    knots = [Knot(t, (x, y + speed * (t - START_NS) * 1e-9, 1.5), UPRIGHT) for t in times]
    return Track.from_knots("pole", "pole", size, knots, [Presence(times[0], times[1])])


def test_a_global_shutter_has_one_moment(tmp_path: Path) -> None:
    with opened(turning_source(0), tmp_path) as recording:
        view = photo_view(recording, "front", 1)
        assert view.times_ns.tolist() == [recording.times_ns("front")[1]] == [view.time_ns]
        expected = recording.world_from_sensor("front", 1).inverse()
        assert np.array_equal(view.camera_from_world.matrix[0], expected.matrix)
        track = parked(12.0, 1.0)
        pose = track.at(view.times_ns)
        drawn = view.outlines(RigidTransform(pose.rotation[None], pose.translation[None]), [track.size_m])
        alone = project_cuboids(MODEL, expected * pose, [track.size_m])
        assert np.array_equal(drawn.segments_px, alone.segments_px)
        assert np.array_equal(drawn.boxes_px, alone.boxes_px)


@pytest.mark.parametrize("readout_ns", [READOUT_NS, -READOUT_NS])
def test_a_rolling_shutter_has_three_and_the_timestamp_is_the_middle(tmp_path: Path, readout_ns: int) -> None:
    with opened(turning_source(readout_ns), tmp_path) as recording:
        view = photo_view(recording, "front", 1)
        time_ns = int(recording.times_ns("front")[1])
        assert view.time_ns == time_ns
        assert view.times_ns.tolist() == [time_ns - readout_ns // 2, time_ns, time_ns + readout_ns // 2]
        expected = (recording.ego_motion.at(view.times_ns) * EGO_FROM_CAMERA).inverse()
        assert view.camera_from_world.almost_equal(expected, atol_m=1e-12, atol_rad=1e-12)


def test_a_pose_of_the_photos_own_moves_as_the_ego_does(tmp_path: Path) -> None:
    own = RigidTransform.from_yaw([0.1, 0.2, 0.3], [[5.0, 1, 0], [6, 1, 0], [7, 1, 0]]) * EGO_FROM_CAMERA
    with opened(turning_source(READOUT_NS, own), tmp_path) as recording:
        view = photo_view(recording, "front", 1)
        world_from_camera = view.camera_from_world.inverse()
        assert world_from_camera[1].almost_equal(own[1], atol_m=1e-12, atol_rad=1e-12)
        half_turn = TURN_RADPS * 0.5e-9 * READOUT_NS
        for k, sign in ((0, -1), (2, 1)):
            turned = RigidTransform.from_yaw(0.2 + sign * half_turn, [6.0, 1, 0]) * EGO_FROM_CAMERA
            assert world_from_camera[k].almost_equal(turned, atol_m=1e-9, atol_rad=1e-9)


@pytest.mark.parametrize("readout_ns", [READOUT_NS, -READOUT_NS])
def test_in_a_turn_to_the_left_what_stands_leans_to_the_right(tmp_path: Path, readout_ns: int) -> None:
    """At 30 degrees a second the image moves right by 400 * 0.52 = 209 px/s: 6.3 px while all rows are read."""
    track = parked(10.0, 0.0)
    with opened(turning_source(readout_ns), tmp_path) as recording:
        shown = frame_labels(recording, FrameTimes(recording), {track.id: track}, [0])[0]
        outlines = shown.outlines["front"]
        view = photo_view(recording, "front", 0)
        ends, valid = view.pixels([[10.0, 0.0, 0.0], [10.0, 0.0, 3.0]])
    assert valid.all()
    per_row = np.sign(readout_ns) * 400.0 * TURN_RADPS * 0.03 / 400
    lean = (ends[0, 0] - ends[1, 0]) / (ends[0, 1] - ends[1, 1])
    assert lean == pytest.approx(per_row, rel=1e-3)
    uprights = outlines.segments_px[np.abs(np.diff(outlines.segments_px[..., 1], axis=1)[:, 0]) > 50].astype(float)
    assert len(uprights) >= 4
    for (u0, v0), (u1, v1) in uprights.tolist():
        assert (u1 - u0) / (v1 - v0) == pytest.approx(per_row, rel=0.02)


def test_an_object_is_asked_where_its_rows_saw_it(tmp_path: Path) -> None:
    """Against every corner's own exposure, searched on the true trajectories."""
    track = parked(8.0, -2.0, (4.5, 1.9, 1.6), speed=20.0)
    corners = 0.5 * CORNER_SIGNS * np.array(track.size_m)
    with opened(turning_source(READOUT_NS), tmp_path) as recording:
        view = photo_view(recording, "front", 1)
        pixels, valid = view.pixels(track.at(view.times_ns).apply(corners))
        assert valid.all()
        exposures = np.full(8, view.time_ns, dtype=np.int64)
        for _ in range(30):
            camera_from_world = (recording.ego_motion.at(exposures) * EGO_FROM_CAMERA).inverse()
            places = [(camera_from_world[k] * track.at(exposures)[k]).apply(corners[k]) for k in range(8)]
            found = MODEL.project(places)[0]
            rows = np.clip((found[:, 1] + 0.5) / MODEL.height_px - 0.5, -0.55, 0.55)
            exposures = (view.time_ns + READOUT_NS * rows).astype(np.int64)
        middle = MODEL.project((view.camera_from_world[1] * track.at(view.time_ns)).apply(corners))[0]
    print("moved", np.abs(pixels - middle).max(), "px, off", np.abs(pixels - found).max(), "px")
    assert np.abs(pixels - middle).max() > 5.0
    assert np.abs(pixels - found).max() < 0.05


def test_only_what_moves_slips(tmp_path: Path) -> None:
    with opened(turning_source(READOUT_NS), tmp_path) as recording:
        view = photo_view(recording, "front", 1)
        other = view.time_ns - 50_000_000
        assert corner_slip_px(view, parked(10.0, 0.0), other) == pytest.approx(0.0, abs=1e-6)
        crossing = corner_slip_px(view, parked(10.0, 1.0, speed=10.0), other)
        assert crossing == pytest.approx(400.0 * 10.0 / 10.0 * 0.05, rel=0.25)


def test_old_recordings_have_global_shutters(tmp_path: Path) -> None:
    source = turning_source(READOUT_NS)
    with opened(source, tmp_path) as recording:
        assert recording.rig["front"].readout_ns == READOUT_NS
    bare = tuple(replace(sensor, readout_ns=0) for sensor in source.rig)
    (tmp_path / "old").mkdir()
    with opened(replace(source, rig=Rig(bare)), tmp_path / "old") as recording:
        assert recording.rig["front"].readout_ns == 0
        assert "readout" not in str(recording.rig.to_record())
