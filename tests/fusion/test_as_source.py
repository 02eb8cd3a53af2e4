"""A recording as a source again: written anew, it is the same recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fusion import PointFrame
from fusion.recording import Recording, write_recording
from fusion.recording.as_source import recording_source
from labeling.project import Project
from tests.conftest import ROOT, tiny_source
from tests.fusion.test_sensor_faults import FRAMES, content, drive, poses, stream


def assert_equal(one: Recording, other: Recording) -> None:
    for name in ("source", "reference", "notes", "streams"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.rig.to_record() == other.rig.to_record()
    for get in (
        lambda r: r.origin_m,
        lambda r: r.frames.times_ns,
        lambda r: r.frame_spans_ns,
        lambda r: r.ego_motion.timeline.times_ns,
        lambda r: r.ego_motion.world_from_ego.translation,
        lambda r: r.ego_motion.world_from_ego.rotation,
    ):
        assert np.array_equal(get(one), get(other))
    a, b = recording_source(one), recording_source(other)
    for name in one.streams:
        mine, theirs = stream(a, name), stream(b, name)
        assert mine.point_frame is theirs.point_frame
        assert np.array_equal(mine.timeline.times_ns, theirs.timeline.times_ns)
        assert np.array_equal(mine.frame_samples, theirs.frame_samples)
        assert (mine.world_from_sensor is None) == (theirs.world_from_sensor is None)
        assert np.array_equal(poses(a, name).translation, poses(b, name).translation)
        assert np.array_equal(poses(a, name).rotation, poses(b, name).rotation)
        assert content(a, name) == content(b, name)


def written_again(path: Path, to: Path) -> None:
    with Recording.open(path) as recording:
        write_recording(recording_source(recording), to)
        with Recording.open(to) as again:
            assert_equal(recording, again)


@pytest.mark.parametrize("point_frame", list(PointFrame))
def test_a_recording_written_again_is_equal(point_frame: PointFrame, tmp_path: Path) -> None:
    source = drive(point_frame)
    frame_samples = np.arange(FRAMES)
    frame_samples[3] = -1
    streams = (*source.streams[:2], replace(source.streams[2], frame_samples=frame_samples), source.streams[3])
    write_recording(replace(source, streams=streams, notes=("a note",), origin_m=np.ones(3)), tmp_path / "a.h5")
    written_again(tmp_path / "a.h5", tmp_path / "b.h5")
    # Boxwright's own bytes do not depend on the order in which a source lists its streams but in this one.
    written_again(tmp_path / "b.h5", tmp_path / "c.h5")
    assert (tmp_path / "b.h5").read_bytes() == (tmp_path / "c.h5").read_bytes()


def test_what_is_listed_and_missing_stays_so(tmp_path: Path) -> None:
    write_recording(tiny_source(missing_sweep=2), tmp_path / "a.h5")
    written_again(tmp_path / "a.h5", tmp_path / "b.h5")
    with Recording.open(tmp_path / "b.h5") as recording:
        assert recording.count("lidar") == 5
        assert recording_source(recording).streams[0].load(2) is None


def test_the_sample_and_pandaset_written_again_are_equal(pandaset_project: Project, tmp_path: Path) -> None:
    written_again(ROOT / "sample_data" / "street.h5", tmp_path / "street.h5")
    written_again(pandaset_project.recording_path("drive"), tmp_path / "drive.h5")
