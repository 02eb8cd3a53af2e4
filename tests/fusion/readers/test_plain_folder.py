"""The plain folder that docs/import.md describes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from calibration.errors import InputError, UnsafeInputError
from fusion.cloud import fused_cloud
from fusion.readers import read_source
from fusion.recording.source import PoseSource
from labeling.importing import import_source
from labeling.project import Project
from tests.conftest import ROOT
from tests.fusion.readers.writers import cloud, png, write_pcd, write_photo

START = 1_700_000_000_000_000_000
EASTING = 500_000


def _example(language: str) -> list[str]:
    text = (ROOT / "docs" / "import.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.S)


def plain(folder: Path) -> Path:
    """The example of the documentation, with data to it."""
    folder.mkdir(parents=True)
    (folder / "rig.yaml").write_text(_example("yaml")[0])
    poses, labels = _example("csv")
    (folder / "poses.csv").write_text(poses)
    (folder / "labels.csv").write_text(labels)
    for index in range(3):
        time_ns = START + index * 100_000_000
        (folder / "lidar_top").mkdir(exist_ok=True)
        write_pcd(folder / "lidar_top" / f"{time_ns}.pcd", cloud())
        write_photo(folder / "camera_front" / f"{time_ns + 40_000_000}.png", 1280, 720)
        (folder / "depth_front").mkdir(exist_ok=True)
        (folder / "depth_front" / f"{time_ns + 1}.png").write_bytes(png(np.full((48, 64), 2000, np.uint16)))
    return folder


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    source = read_source(plain(tmp_path / "drive"))
    assert source.reference == "lidar_top"
    assert source.pose_source is PoseSource.POSES
    assert source.origin_m[0] == EASTING
    project = Project.create(tmp_path / "p")
    import_source(project, source, "it")
    labels = project.labels()
    tracks = labels.tracks("it")
    labels.close()
    (track,) = tracks.values()
    assert (track.class_name, track.size_m, len(track)) == ("car", (4.5, 1.9, 1.6), 2)
    assert dict(track.attributes) == {"colour": "red"}
    with project.recording("it") as recording:
        assert recording.streams == ("lidar_top", "camera_front", "depth_front")
        assert [recording.sample_of("camera_front", frame) for frame in range(3)] == [0, 1, 2]
        assert recording.depth("depth_front", 0).depth_m[0, 0] == 2.0
        assert len(fused_cloud(recording, 1)) == 200
        ego = recording.ego_motion.at(START)
        assert np.abs(ego.translation).max() < 100
        assert (ego.inverse() * track.at(START)).translation == pytest.approx([15.0, 2.0, 0.8], abs=0.5)


def test_without_poses_the_ego_stands(tmp_path: Path) -> None:
    folder = plain(tmp_path / "drive")
    (folder / "poses.csv").unlink()
    (folder / "labels.csv").unlink()
    source = read_source(folder)
    assert source.pose_source is PoseSource.NONE
    assert source.cuboids() is None


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("rig.yaml", "sensors:", "sensors: [", "not readable YAML"),
        ("rig.yaml", "sensors:", "detectors:", "lists no sensors"),
        ("rig.yaml", "kind: lidar", "kind: sonar", "sensor lidar_top is malformed"),
        ("rig.yaml", "name: lidar_top", "name: ../../etc", "needs a name of letters"),
        ("rig.yaml", "name: lidar_top", "name: camera_front", "two sensors have one name"),
        ("rig.yaml", "rotation_wxyz:", "rotation:", "sensor lidar_top is malformed"),
        ("rig.yaml", "rotation_wxyz: [1, 0, 0, 0]", "rotation_wxyz: [0, 0, 0, 0]", "sensor lidar_top is malformed"),
        ("rig.yaml", "fx_px: 1000.0", "fx_px: -1", "sensor camera_front is malformed"),
        ("rig.yaml", "metres_per_unit:", "meters_per_unit:", "unknown key meters_per_unit"),
        ("rig.yaml", "metres_per_unit: 0.001", "metres_per_unit: .nan", "metres_per_unit must be positive"),
        ("poses.csv", "qw", "w", "lacks qw"),
        ("poses.csv", "1700000000000000000,", "1.5,", "no whole number"),
        ("poses.csv", "1700000000000000000,", "1900000000000000000,", "do not increase"),
        ("poses.csv", "500000.0", "east", "not a number"),
        ("labels.csv", "4.5", "-4.5", "a size is not positive"),
        ("labels.csv", "4.5", "inf", "not finite"),
        ("labels.csv", "track_id", "id", "lacks track_id"),
    ],
)
def test_a_damaged_folder_is_one_line(tmp_path: Path, name: str, old: str, new: str, message: str) -> None:
    folder = plain(tmp_path / "drive")
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message) as caught:
        read_source(folder)
    assert "\n" not in str(caught.value)


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    folder = plain(tmp_path / "drive")
    write_photo(folder / "camera_front" / f"{START + 40_000_000}.png", 640, 480)
    (folder / "depth_front" / f"{START + 1}.png").write_bytes(png(np.zeros((4, 4), np.uint16)))
    project = Project.create(tmp_path / "p")
    with pytest.raises(InputError, match="640 x 480 pixels, but the calibration is for 1280 x 720"):
        import_source(project, read_source(folder), "it")
    assert not list((project.root / "recordings").iterdir())  # nothing half-written
    write_photo(folder / "camera_front" / f"{START + 40_000_000}.png", 1280, 720)
    with pytest.raises(InputError, match="depth image of 4 x 4"):
        import_source(project, read_source(folder), "it")
    (folder / "lidar_top" / "first.pcd").write_bytes(b"")
    with pytest.raises(InputError, match="not named by its time"):
        read_source(folder)


def test_a_link_is_not_followed_out(tmp_path: Path) -> None:
    folder = plain(tmp_path / "drive")
    (folder / "poses.csv").unlink()
    (folder / "poses.csv").symlink_to("/etc/passwd")
    with pytest.raises(UnsafeInputError, match="leads out"):
        read_source(folder)
