"""One drive in every container: MCAP with and without chunks and index, ROS 2 SQLite and MCAP bags, ROS 1 bags."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mcap.writer import CompressionType
from rosbags.rosbag1 import Writer as Bag1Writer

from calibration import SensorKind
from calibration.errors import FormatError
from fusion import EncodedImage, Sweep
from fusion.readers import read_source
from fusion.recording.source import PoseSource
from tests.fusion.ros.logs import PERIOD_NS, ROS1, START_NS, drive, points, write_bag1, write_bag2, write_mcap_log

CONTAINERS: dict[str, Callable[[Path], Path]] = {
    "mcap": lambda folder: write_mcap_log(folder / "a.mcap", drive()),
    "mcap, lz4": lambda folder: write_mcap_log(folder / "a.mcap", drive(), compression=CompressionType.LZ4),
    "mcap without chunks": lambda folder: write_mcap_log(folder / "a.mcap", drive(), chunked=False),
    "mcap without index": lambda folder: write_mcap_log(folder / "a.mcap", drive(), indexed=False),
    "ros 2 sqlite": lambda folder: write_bag2(folder / "a", drive()),
    "ros 2 sqlite file": lambda folder: write_bag2(folder / "a", drive()) / "a.db3",
    "ros 2 sqlite, packed messages": lambda folder: write_bag2(folder / "a", drive(), packed_messages=True),
    "ros 2 mcap": lambda folder: write_bag2(folder / "a", drive(), mcap=True),
    "ros 1": lambda folder: write_bag1(folder / "a.bag", drive(ROS1)),
    "ros 1, bz2": lambda folder: write_bag1(folder / "a.bag", drive(ROS1), Bag1Writer.CompressionFormat.BZ2),
    "ros 1, lz4": lambda folder: write_bag1(folder / "a.bag", drive(ROS1), Bag1Writer.CompressionFormat.LZ4),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_container_gives_the_same_drive(container: str, tmp_path: Path) -> None:
    source = read_source(CONTAINERS[container](tmp_path))
    assert {sensor.name: sensor.kind for sensor in source.rig} == {
        "front": SensorKind.CAMERA,
        "lidar": SensorKind.LIDAR,
    }
    assert source.reference == "lidar"
    assert source.pose_source is PoseSource.TF
    assert np.allclose(source.ego_motion.at(START_NS + PERIOD_NS // 2).translation, [0.5, 0, 0])
    assert np.allclose(source.rig["lidar"].ego_from_sensor.translation, [0, 0, 2])
    assert np.allclose(source.rig["front"].ego_from_sensor.rotate([0, 0, 1]), [1, 0, 0])
    lidar = next(stream for stream in source.streams if stream.sensor == "lidar")
    assert lidar.timeline.times_ns.tolist() == [START_NS + index * PERIOD_NS for index in range(5)]
    for index in (4, 0, 3):
        sweep = lidar.load(index)
        table = points(seed=index)
        assert isinstance(sweep, Sweep)
        assert np.array_equal(sweep.points_m, np.stack([table[axis] for axis in "xyz"], axis=1))
        assert np.array_equal(sweep.intensity, table["intensity"])
    front = next(stream for stream in source.streams if stream.sensor == "front")
    assert front.timeline.times_ns[0] == START_NS + 5
    photo = front.load(2)
    assert isinstance(photo, EncodedImage)
    assert photo.media_type == "image/png"
    assert source.rig["front"].model.fy_px == 61.0


def test_a_bag_without_metadata_is_read(tmp_path: Path) -> None:
    folder = write_bag2(tmp_path / "a", drive())
    (folder / "metadata.yaml").unlink()
    source = read_source(folder)
    assert any("no readable metadata.yaml" in note for note in source.notes)


def test_a_bag_that_lacks_a_file_says_which(tmp_path: Path) -> None:
    folder = write_bag2(tmp_path / "a", drive())
    (folder / "a.db3").unlink()
    with pytest.raises(FormatError, match=r"a ROS 2 bag without a\.db3"):
        read_source(folder)


def test_a_bag_does_not_lead_out_of_its_folder(tmp_path: Path) -> None:
    folder = write_bag2(tmp_path / "a", drive())
    (folder / "a.db3").rename(tmp_path / "outside.db3")
    metadata = folder / "metadata.yaml"
    metadata.write_text(metadata.read_text().replace("a.db3", "../outside.db3"))
    with pytest.raises(FormatError, match=r"without outside\.db3"):
        read_source(folder)


def test_a_bag_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = write_bag1(tmp_path / "a.bag", drive(ROS1, frames=200)).read_bytes()
    cut = tmp_path / "cut.bag"
    cut.write_bytes(whole[: len(whole) * 3 // 4])
    source = read_source(cut)
    assert 10 < len(source.streams[0].timeline) < 200
    assert any("cut off or damaged" in note for note in source.notes)
