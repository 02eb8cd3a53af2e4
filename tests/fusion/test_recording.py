"""The recording file: whole or not at all, and honest about what is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from calibration.errors import RecordingError
from fusion.cloud import fused_cloud
from fusion.frame_clock import FrameClock
from fusion.recording import Recording, RecordingSource, write_recording
from tests.conftest import PERIOD_NS, PIXEL_PNG, START_NS, tiny_source


def written(source: RecordingSource, path: Path) -> Recording:
    write_recording(source, path)
    return Recording.open(path)


def test_everything_comes_back(tmp_path: Path) -> None:
    source = tiny_source()
    with written(source, tmp_path / "tiny.h5") as recording:
        assert recording.name == "tiny"
        assert recording.streams == ("lidar", "front")
        assert recording.frames.times_ns.tolist() == [START_NS + PERIOD_NS * i for i in range(6)]
        original = source.streams[0].load(3)
        sweep = recording.sweep("lidar", 3)
        assert np.array_equal(sweep.points_m, original.points_m)
        assert np.array_equal(sweep.intensity, original.intensity)
        assert np.array_equal(sweep.time_offset_ns, original.time_offset_ns)
        assert recording.image("front", 2).data == PIXEL_PNG
        assert recording.sample_of("front", 2) == 2
        assert recording.rig["front"].model == source.rig["front"].model


def test_the_same_source_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.h5", "b.h5"):
        write_recording(tiny_source(), tmp_path / name)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_a_frame_may_have_no_sweep(tmp_path: Path) -> None:
    with written(tiny_source(missing_sweep=2), tmp_path / "gap.h5") as recording:
        assert len(recording.frames) == 6
        assert recording.sample_of("lidar", 2) is None
        assert len(fused_cloud(recording, 2)) == 0
        assert len(fused_cloud(recording, 3)) == 500
        assert recording.frame_spans_ns[2].tolist() == [START_NS + PERIOD_NS, START_NS + 2 * PERIOD_NS]
        # Its clock is borrowed from a neighbour, at its own time.
        moment = FrameClock(recording).time_at([[10.0, 0.0, 0.0]], 2)[0]
        assert START_NS + PERIOD_NS <= moment <= START_NS + 2 * PERIOD_NS


def test_raw_sweeps_are_deskewed_at_each_points_own_time(tmp_path: Path) -> None:
    with written(tiny_source(), tmp_path / "tiny.h5") as recording:
        sweep, cloud = recording.sweep("lidar", 4), fused_cloud(recording, 4)
        seconds = (cloud.times_ns - START_NS) * 1e-9
        expected = sweep.points_m + np.stack([10.0 * seconds, 0 * seconds, 0 * seconds + 1.8], axis=1)
        np.testing.assert_allclose(cloud.points_in_world, expected, atol=1e-5)


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    source = tiny_source()

    def broken(index: int) -> None:
        raise RuntimeError("the disk of the source is gone")

    streams = (source.streams[0], replace(source.streams[1], load=broken))
    with pytest.raises(RuntimeError):
        write_recording(replace(source, streams=streams), tmp_path / "broken.h5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such recording"),
        (b"not hdf5 at all", "not a readable recording file; import it again"),
    ],
)
def test_what_is_no_recording_is_said_in_one_line(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "x.h5"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordingError, match=message):
        Recording.open(path)


def test_foreign_newer_and_damaged_files_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    write_recording(tiny_source(), path)
    for attribute, value, message in (("version", 99, "newer Boxwright"), ("format", "other", "not a Boxwright")):
        with h5py.File(path, "r+") as file:
            before = file.attrs[attribute]
            file.attrs[attribute] = value
        with pytest.raises(RecordingError, match=message):
            Recording.open(path)
        with h5py.File(path, "r+") as file:
            file.attrs[attribute] = before
    with h5py.File(path, "r+") as file:
        del file["rig"]
    with pytest.raises(RecordingError, match="damaged"):
        Recording.open(path)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    write_recording(tiny_source(), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(RecordingError, match="not a readable recording"):
        Recording.open(path)
