"""PandaSet sequence 002, as it lies on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from calibration.errors import FormatError, UnsafeInputError
from fusion.cloud import fused_cloud
from fusion.readers import read_source
from labeling.project import Project
from labeling.track import Track
from tests.fusion.test_table_pickle import Wants, write


def test_everything_is_imported(pandaset_project: Project) -> None:
    with pandaset_project.recording("drive") as recording:
        assert len(recording.frames) == 24
        assert len(recording.cameras()) == 6
        assert recording.lidars() == ("main_pandar64", "front_gt")
        assert {recording.count(name) for name in recording.streams} == {24}
        assert len(fused_cloud(recording, 0)) == 166_768
        assert recording.notes[0].startswith("118 uuids are 93 objects: 25 were seen by both LiDARs and merged")


def test_the_clock_of_the_spinning_lidar_is_right(pandaset: Path, pandaset_project: Project) -> None:
    """Every camera fires as the beam passes its middle: what it looks at and its exposure agree to 8 ms."""
    from fusion.frame_clock import FrameClock

    with pandaset_project.recording("drive") as recording:
        clock = FrameClock(recording)
        for camera in recording.cameras():
            index = recording.sample_of(camera, 7)
            ahead = recording.world_from_sensor(camera, index).apply([[0.0, 0.0, 20.0]])
            exposure = recording.times_ns(camera)[index]
            assert abs(clock.time_at(ahead, 7)[0] - exposure) < 8_000_000, camera


def test_every_pose_is_at_the_moment_when_its_points_were_measured(pandaset_project: Project) -> None:
    """Cuboids hug their points only if each is asked at its own time: at the frame's timestamp they lose them."""
    labels = pandaset_project.labels()
    tracks = labels.tracks("drive")
    labels.close()
    with pandaset_project.recording("drive") as recording:
        cloud = fused_cloud(recording, 12)
        fast = [track for track in tracks.values() if track.speed_mps() > 5 and len(track) == 24]
        own, others = 0, 0
        for track in fast:
            time_ns = _moment(track, recording.frame_middle_ns(12))
            own += int(track.cuboid_at(time_ns).contains(cloud.points_in_world).sum())
            at_timestamp = int(recording.frames.times_ns[12])
            others += int(track.cuboid_at(at_timestamp).contains(cloud.points_in_world).sum())
        assert own > 3000
        assert others < 0.9 * own


def _moment(track: Track, middle_ns: int) -> int:
    return int(track.times_ns[np.abs(track.times_ns - middle_ns).argmin()])


def test_heading_is_where_cars_drive(pandaset_project: Project) -> None:
    labels = pandaset_project.labels()
    for track in labels.tracks("drive").values():
        if track.speed_mps() < 3.0 or len(track) < 10:
            continue
        way = track.positions_m[-1] - track.positions_m[0]
        turn = np.arctan2(way[1], way[0]) - track.at(int(track.times_ns[len(track) // 2])).yaw_rad
        assert abs(np.angle(np.exp(1j * turn))) < 0.35, track.id
        assert track.size_m[0] > track.size_m[1]
    labels.close()


def test_tracks_come_out_as_they_went_in(pandaset: Path, pandaset_project: Project) -> None:
    table = read_source(pandaset).cuboids()
    labels = pandaset_project.labels()
    tracks = labels.tracks("drive")
    labels.close()
    assert len(tracks) == len(set(table.track_ids)) == 93
    for row, track_id in enumerate(table.track_ids):
        pose = tracks[track_id].at(int(table.times_ns[row]))
        assert np.array_equal(pose.translation, table.world_from_object.translation[row])
        assert np.array_equal(pose.rotation, table.world_from_object.rotation[row])
    # One size a track; the two LiDARs' cuboids of a merged object differ by centimetres.
    for track_id, track in tracks.items():
        rows = [row for row, each in enumerate(table.track_ids) if each == track_id]
        assert track.size_m == tuple(np.median(table.sizes_m[rows], axis=0))
        assert np.ptp(table.sizes_m[rows], axis=0).max() < 0.6


def _copy(pandaset: Path, to: Path) -> Path:
    """A sequence of two frames that a test may damage."""
    for file in pandaset.rglob("*"):
        wanted = file.suffix == ".json" or file.name.startswith(("00.", "01."))
        if file.is_file() and wanted and "semseg" not in file.parts:
            target = to / file.relative_to(pandaset)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
            target.chmod(0o644)
    return to


def test_a_frame_without_a_sweep_is_a_frame(pandaset: Path, tmp_path: Path) -> None:
    folder = _copy(pandaset, tmp_path / "002")
    (folder / "lidar" / "01.pkl.gz").unlink()
    source = read_source(folder)
    assert len(source.streams[0].timeline) == 2
    assert source.streams[0].load(0) is not None
    assert source.streams[0].load(1) is None


def test_a_sequence_without_poses_says_so(pandaset: Path, tmp_path: Path) -> None:
    folder = _copy(pandaset, tmp_path / "002")
    (folder / "lidar" / "poses.json").write_text("[]")
    with pytest.raises(FormatError, match=r"a recording without poses cannot be placed in the world: .*poses\.json"):
        read_source(folder)


def test_a_poisoned_sweep_is_refused(pandaset: Path, tmp_path: Path) -> None:
    folder = _copy(pandaset, tmp_path / "002")
    write(folder / "annotations" / "cuboids" / "01.pkl.gz", Wants(eval, "1"))
    with pytest.raises(UnsafeInputError, match=r"builtins\.eval"):
        read_source(folder)
