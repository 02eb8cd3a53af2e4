"""A recording becomes an MCAP file, and the file the same recording again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory

from calibration import BrownConrady, Rig, RigidTransform, Sensor, SensorKind
from calibration.errors import RecordingError, UsageError
from fusion import DepthImage, Timeline
from fusion.readers import ReaderOptions, read_source
from fusion.recording import Recording, RecordingSource, SourceStream, write_recording
from fusion.recording.as_source import recording_source
from fusion.recording.writer import pose_rows
from fusion.writers.mcap import COMPRESSIONS, write_mcap
from labeling.project import Project
from tests.conftest import tiny_source

FRAMES = 3


def head(recording: Recording, frames: int) -> RecordingSource:
    """The first frames of a recording."""
    source = recording_source(recording)

    def cut(stream: SourceStream) -> SourceStream:
        poses = stream.world_from_sensor
        samples = stream.frame_samples
        return replace(
            stream,
            timeline=Timeline(stream.timeline.times_ns[:frames]),
            world_from_sensor=None if poses is None else poses[:frames],
            frame_samples=None if samples is None else samples[:frames],
        )

    return replace(source, streams=tuple(map(cut, source.streams)), frame_times_ns=source.frame_times_ns[:frames])


@pytest.fixture(scope="module")
def drive(pandaset_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first frames of PandaSet as a recording."""
    path = tmp_path_factory.mktemp("drive") / "drive.h5"
    with pandaset_project.recording("drive") as recording:
        write_recording(head(recording, FRAMES), path)
    return path


@pytest.fixture(scope="module")
def drive_mcap(drive: Path) -> Path:
    path = drive.with_suffix(".mcap")
    with Recording.open(drive) as recording:
        assert write_mcap(recording, path) > 0
    return path


def read_back(path: Path, target: Path, options: ReaderOptions | None = None) -> Recording:
    write_recording(read_source(path, None, options), target)
    return Recording.open(target)


def assert_same(one: Recording, other: Recording) -> None:
    assert one.source == other.source
    assert one.notes == other.notes
    assert one.reference == other.reference
    assert one.pose_source == other.pose_source
    assert one.rig.to_record() == other.rig.to_record()
    assert np.array_equal(one.origin_m, other.origin_m)
    assert np.array_equal(one.frames.times_ns, other.frames.times_ns)
    assert np.array_equal(one.frame_spans_ns, other.frame_spans_ns)
    assert np.array_equal(one.ego_motion.timeline.times_ns, other.ego_motion.timeline.times_ns)
    assert_same_poses(one.ego_motion.world_from_ego, other.ego_motion.world_from_ego)
    assert one.streams == other.streams
    for sensor in one.streams:
        assert one.point_frame(sensor) == other.point_frame(sensor)
        assert np.array_equal(one.times_ns(sensor), other.times_ns(sensor))
        assert np.array_equal(one.listed_samples(sensor), other.listed_samples(sensor))
        poses, others = one.own_poses(sensor), other.own_poses(sensor)
        assert (poses is None) == (others is None)
        if poses is not None and others is not None:
            assert_same_poses(poses, others)
        for index in range(len(one.times_ns(sensor))):
            assert_same_sample(one, other, sensor, index)


def assert_same_poses(one: RigidTransform, other: RigidTransform) -> None:
    assert np.abs(pose_rows(one) - pose_rows(other)).max() < 1e-9


def assert_same_sample(one: Recording, other: Recording, sensor: str, index: int) -> None:
    assert one.has(sensor, index) == other.has(sensor, index)
    if not one.has(sensor, index):
        return
    kind = one.rig[sensor].kind
    if kind is SensorKind.CAMERA:
        mine, its = one.image(sensor, index), other.image(sensor, index)
        assert (mine.data, mine.media_type) == (its.data, its.media_type)
    elif kind is SensorKind.DEPTH:
        deep, its_deep = one.depth(sensor, index), other.depth(sensor, index)
        assert np.array_equal(deep.values, its_deep.values)
        assert deep.metres_per_unit == its_deep.metres_per_unit
    else:
        sweep, its_sweep = one.sweep(sensor, index), other.sweep(sensor, index)
        for name in ("points_m", "intensity", "time_offset_ns"):
            assert np.array_equal(getattr(sweep, name), getattr(its_sweep, name))
            assert getattr(sweep, name).dtype == getattr(its_sweep, name).dtype


def test_pandaset_comes_back_exactly(drive: Path, drive_mcap: Path, tmp_path: Path) -> None:
    with Recording.open(drive) as one, read_back(drive_mcap, tmp_path / "back.h5") as other:
        assert len(one.streams) == 8
        assert_same(one, other)


def test_the_mcap_library_reads_every_message(drive: Path, drive_mcap: Path) -> None:
    seen: dict[str, int] = {}
    with drive_mcap.open("rb") as file:
        reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
        assert reader.get_header().profile == "ros2"
        for _, channel, message, decoded in reader.iter_decoded_messages():
            seen[channel.topic] = seen.get(channel.topic, 0) + 1
            if channel.topic.endswith("/points"):
                stamp = decoded.header.stamp
                assert stamp.sec * 1_000_000_000 + stamp.nanosec == message.log_time
                assert decoded.row_step == len(decoded.data)
    assert seen["/main_pandar64/points"] == FRAMES
    assert seen["/front_camera/image/compressed"] == seen["/front_camera/camera_info"] == FRAMES
    assert seen["/tf_static"] == 1
    with Recording.open(drive) as recording:
        assert seen["/tf"] == len(recording.ego_motion.timeline)


def everything(tmp_path: Path) -> Path:
    """A recording with all that is unusual: depth in two units, a missing sweep, an own pose, readout, distortion."""
    source = tiny_source(missing_sweep=2)
    lidar, front = source.streams
    camera = source.rig["front"].model
    lens = BrownConrady(640, 400, 400.0, 400.0, 319.5, 199.5, -0.1, 0.02, 1e-3, -2e-3, 0.001)
    rig = Rig(
        (
            *source.rig,
            Sensor("deep", SensorKind.DEPTH, RigidTransform.identity(), camera),
            Sensor("rolling", SensorKind.CAMERA, RigidTransform.identity(), lens, readout_ns=-20_000_000),
            Sensor("world", SensorKind.LIDAR, RigidTransform.identity()),
        )
    )

    def depth(index: int) -> DepthImage:
        rng = np.random.default_rng(index)
        return DepthImage(rng.integers(0, 65535, (4, 6), dtype=np.uint16), 0.001 if index % 2 else 0.00025)

    own = source.ego_motion.at(front.timeline.times_ns)
    streams = (lidar, front, SourceStream("deep", lidar.timeline, depth), replace(front, sensor="rolling"))
    streams = (*streams[:3], replace(streams[3], world_from_sensor=own))
    changed = replace(
        source, rig=rig, streams=streams, origin_m=np.array([5e5, 4.1e6, 30.0]), notes=("a note", "ümläut; of; sorts")
    )
    path = tmp_path / "everything.h5"
    write_recording(changed, path)
    return path


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_what_ros_cannot_say_comes_back_too(tmp_path: Path, compression: str) -> None:
    path = everything(tmp_path)
    out = tmp_path / "out.mcap"
    with Recording.open(path) as one:
        write_mcap(one, out, compression=compression)
        with read_back(out, tmp_path / "back.h5") as other:
            assert_same(one, other)
            assert other.rig["rolling"].readout_ns == -20_000_000


def test_labels_come_back(tmp_path: Path) -> None:
    source = tiny_source()
    table = source.cuboids()
    assert table is not None
    write_recording(source, tmp_path / "tiny.h5")
    with Recording.open(tmp_path / "tiny.h5") as recording:
        write_mcap(recording, tmp_path / "tiny.mcap", cuboids=table)
    back = read_source(tmp_path / "tiny.mcap").cuboids()
    assert back is not None
    order = sorted(range(len(back)), key=lambda row: (back.track_ids[row], back.frames[row]))
    mine = sorted(range(len(table)), key=lambda row: (table.track_ids[row], table.frames[row]))
    assert [back.track_ids[row] for row in order] == [table.track_ids[row] for row in mine]
    assert [back.classes[row] for row in order] == [table.classes[row] for row in mine]
    assert back.times_ns is not None
    assert table.times_ns is not None
    assert np.array_equal(back.times_ns[order], table.times_ns[mine])
    assert np.array_equal(back.frames[order], table.frames[mine])
    assert np.array_equal(back.sizes_m[order], table.sizes_m[mine])
    assert np.array_equal(pose_rows(back.world_from_object)[order], pose_rows(table.world_from_object)[mine])


def test_the_label_messages_are_foxgloves(tmp_path: Path) -> None:
    source = tiny_source()
    write_recording(source, tmp_path / "tiny.h5")
    with Recording.open(tmp_path / "tiny.h5") as recording:
        write_mcap(recording, tmp_path / "tiny.mcap", cuboids=source.cuboids())
    with (tmp_path / "tiny.mcap").open("rb") as file:
        messages = list(make_reader(file).iter_messages(topics=["/labels"]))
    schema, channel, message = messages[0]
    assert schema is not None
    assert (schema.name, schema.encoding, channel.message_encoding) == ("foxglove.SceneUpdate", "jsonschema", "json")
    entity = json.loads(message.data)["entities"][0]
    assert entity["frame_id"] == "world"
    assert entity["cubes"][0]["size"] == {"x": 4.5, "y": 1.9, "z": 1.6}


def test_a_file_without_our_attachment_is_guessed(drive: Path, drive_mcap: Path, tmp_path: Path) -> None:
    """What other tools leave of our file is still the same drive."""
    names = {"/front_gt/points": "-", "/main_pandar64/points": "top"}
    with (
        Recording.open(drive) as one,
        read_back(drive_mcap, tmp_path / "back.h5", ReaderOptions(streams=names, ego_frame="base_link")) as other,
    ):
        assert set(other.streams) == {"top", *one.cameras()}
        assert other.reference == "top"
        assert np.array_equal(other.sweep("top", 1).points_m, one.sweep("main_pandar64", 1).points_m)
        assert np.array_equal(other.sweep("top", 1).time_offset_ns, one.sweep("main_pandar64", 1).time_offset_ns)
        assert_same_poses(one.ego_motion.world_from_ego, other.ego_motion.world_from_ego)
        for camera in one.cameras():
            mounted, its = one.rig[camera].ego_from_sensor, other.rig[camera].ego_from_sensor
            assert mounted.almost_equal(its)
            assert np.allclose(one.rig[camera].model.parameters, other.rig[camera].model.parameters)


def test_a_cut_file_is_read_as_far_as_it_goes(drive_mcap: Path, tmp_path: Path) -> None:
    data = drive_mcap.read_bytes()
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(data[: len(data) * 2 // 3])
    with read_back(cut, tmp_path / "back.h5") as recording:
        assert 1 <= recording.count("main_pandar64") < FRAMES + 1
        assert recording.rig["front_gt"].kind is SensorKind.LIDAR
        assert any("parts of this file are missing" in note for note in recording.notes)
        assert any("cut off" in note for note in recording.notes)


def test_nothing_is_left_where_writing_fails(tmp_path: Path) -> None:
    write_recording(tiny_source(), tmp_path / "tiny.h5")
    with Recording.open(tmp_path / "tiny.h5") as recording:
        with pytest.raises(RecordingError, match="cannot write the MCAP file"):
            write_mcap(recording, tmp_path / "nowhere" / "out.mcap")
        with pytest.raises(UsageError, match="unknown compression 'zip'"):
            write_mcap(recording, tmp_path / "out.mcap", compression="zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny.h5"]


def test_progress_counts_samples(tmp_path: Path) -> None:
    write_recording(tiny_source(frames=4), tmp_path / "tiny.h5")
    told: list[tuple[int, int]] = []
    with Recording.open(tmp_path / "tiny.h5") as recording:
        write_mcap(recording, tmp_path / "out.mcap", progress=lambda done, total: told.append((done, total)))
    assert told[0] == (1, 8)
    assert told[-1] == (8, 8)
