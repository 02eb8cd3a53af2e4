"""KITTI's three layouts: the real drive and sequences, and small folders like the originals."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from calibration.errors import FormatError, InputError, UnsafeInputError
from fusion.cloud import fused_cloud
from fusion.readers import read_source
from fusion.readers.kitti_calibration import read_calibration
from fusion.readers.kitti_raw import read_times
from fusion.readers.oxts import world_from_imu
from fusion.recording import RecordingSource
from fusion.recording.source import PoseSource
from labeling.importing import import_source
from labeling.project import Project
from labeling.projection import project_cuboids
from labeling.track import PresenceKind
from tests.fusion.readers.writers import write_photo

SEQUENCES = ("0000", "0001", "0006", "0010", "0013", "0016")


def drive_of(real_data: Path) -> Path:
    return real_data / "kitti_raw" / "2011_09_26" / "2011_09_26_drive_0005_sync"


@pytest.fixture
def drive(real_data: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    for file in (real_data / "kitti_raw").rglob("*.*"):
        if file.is_file():
            target = tmp_path / file.relative_to(real_data / "kitti_raw")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
            target.chmod(0o644)
    return next(tmp_path.glob("*/*_sync"))


def imported(source: RecordingSource, folder: Path) -> Project:
    project = Project.create(folder)
    import_source(project, source, "it")
    return project


def test_a_drive_is_found_from_any_level(real_data: Path) -> None:
    names = {read_source(path).name for path in (drive_of(real_data), real_data / "kitti_raw")}
    assert names == {"kitti-2011_09_26_drive_0005_sync"}


def test_a_drive(real_data: Path, tmp_path: Path) -> None:
    source = read_source(real_data / "kitti_raw")
    assert source.pose_source is PoseSource.GPS_IMU
    with imported(source, tmp_path / "p").recording("it") as recording:
        assert recording.cameras() == ("image_02", "image_03", "image_00", "image_01")
        assert len(recording.frames) == 1  # the timestamps list 154, and only one has data
        assert recording.frames.times_ns[0] == 1_317_042_272_335_337_762  # 2011-09-26 13:04:32 UTC
        start_and_end = [1_317_042_272_283_701_593, 1_317_042_272_386_973_931]
        assert np.abs(recording.frame_spans_ns[0] - start_and_end).max() < 10_000
        cloud = fused_cloud(recording, 0)
        assert len(cloud) == 123_397
        ego = recording.ego_motion.at(recording.frames.times_ns[0])
        assert abs(float(ego.yaw_rad) + 1.2219) < 1e-3
        road = ego.inverse().apply(cloud.points_in_world)
        near = (np.abs(road[:, :2]) < 8).all(axis=1)
        assert -1.1 < np.median(road[near, 2]) < -0.7  # the IMU sits 0.93 m above the road


def test_the_velodyne_turns_counter_clockwise(real_data: Path) -> None:
    """At the seam behind the car the first and the last points of a sweep show the same walls."""
    source = read_source(real_data / "kitti_raw")
    sweep = source.streams[0].load(0)
    points, seconds = sweep.points_m.astype(float), sweep.time_offset_ns * 1e-9
    azimuth = np.arctan2(points[:, 1], points[:, 0])
    assert np.all(np.diff(seconds[np.argsort(azimuth)]) >= 0)
    speed, turn = np.array([3.51, 0.04, 0.0]), 0.145  # vf, vl and wz of its GPS/IMU record

    def gap(direction: int) -> float:
        moments = direction * seconds
        c, s = np.cos(turn * moments), np.sin(turn * moments)
        x, y = c * points[:, 0] - s * points[:, 1], s * points[:, 0] + c * points[:, 1]
        still = np.stack([x, y, points[:, 2]], axis=1) + np.outer(moments, speed)
        walls, seam = points[:, 2] > -1.2, np.pi - np.radians(4)
        first, last = still[walls & (azimuth < -seam)], still[walls & (azimuth > seam)]
        return float(np.median(cKDTree(first).query(last)[0]))

    assert gap(+1) < 0.7 * gap(0) < 0.7 * gap(-1)


def test_ego_motion_is_on_the_ellipsoid() -> None:
    """North and east by the radii of curvature of WGS 84; turning with the earth."""
    latitude, radius, squared = np.radians(49.0), 6_378_137.0, 0.00669437999
    bend = 1 - squared * np.sin(latitude) ** 2
    north_m, east_m = radius * (1 - squared) / bend**1.5 * 1e-5, radius / bend**0.5 * np.cos(latitude) * 1e-5
    degrees = np.degrees(1e-5)
    rows = np.array([[49, 8, 100, 0, 0, 0.3], [49 + degrees, 8, 100, 0, 0, 0.3], [49, 8 + degrees, 103, 0, 0.1, 0.3]])
    poses = world_from_imu(rows, Path("oxts"))
    assert np.abs(poses.translation - [[0, 0, 0], [0, north_m, 0], [east_m, 0, 3]]).max() < 2e-3
    assert np.abs(poses.yaw_rad - 0.3).max() < 2e-5
    assert poses[2].rotate([1.0, 0, 0])[2] == pytest.approx(-np.sin(0.1), abs=1e-5)  # front down is positive


def _tracklets(occlusion: int = 2) -> str:
    pose = (
        "<item><tx>10</tx><ty>-5</ty><tz>-1.7</tz><rx>0</rx><ry>0</ry><rz>0.5</rz><state>2</state>"
        f"<occlusion>{occlusion}</occlusion><truncation>1</truncation></item>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?><boost_serialization><tracklets><count>1</count>'
        "<item><objectType>Car</objectType><h>1.6</h><w>1.8</w><l>4.2</l><first_frame>0</first_frame>"
        f"<poses><count>2</count>{pose}{pose}</poses></item></tracklets></boost_serialization>"
    )


def test_tracklets(drive: Path) -> None:
    (drive / "tracklet_labels.xml").write_text(_tracklets())
    source = read_source(drive)
    table = source.cuboids()
    assert table.track_ids == ("tracklet-0",)  # of its second pose there is no frame
    assert table.sizes_m.tolist() == [[4.2, 1.8, 1.6]]
    world_from_velo = source.ego_motion.at(0) * source.rig["velodyne_points"].ego_from_sensor
    expected = world_from_velo.apply([10.0, -5.0, -0.9])
    assert np.abs(table.world_from_object.translation[0] - expected).max() < 1e-9
    before_forward_ns = 0.0516 * 1e9 * np.arctan2(5, 10) / np.pi
    assert table.times_ns[0] == pytest.approx(source.streams[0].timeline.times_ns[0] - before_forward_ns, abs=2e4)
    assert table.attributes[0] == {
        "visibility": PresenceKind.OCCLUDED.value, "occlusion": "fully", "truncation": "truncated"
    }  # fmt: skip


def test_xml_with_entities_is_refused(drive: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    (drive / "tracklet_labels.xml").write_text(bomb)
    with pytest.raises(UnsafeInputError, match="entities"):
        read_source(drive)
    (drive / "tracklet_labels.xml").write_text("<tracklets>")
    with pytest.raises(FormatError, match="not readable XML"):
        read_source(drive)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("../calib_velo_to_cam.txt", "R: 1 0 0", "lacks R or T"),
        ("../calib_velo_to_cam.txt", "R: 1 0 0 0 1 0 0 0 -1\nT: 0 0 0", "right-handed"),
        ("../calib_cam_to_cam.txt", "S_00: 1 2", "lacks a matrix"),
        ("image_02/timestamps.txt", "yesterday", "not a time"),
        ("image_02/timestamps.txt", "", "no timestamp"),
        ("velodyne_points/timestamps.txt", "1960-01-01 00:00:00", "before 1970"),
        ("oxts/data/0000000000.txt", "1 2 3", "one line of 30 numbers"),
        ("oxts/data/0000000000.txt", " ".join(["nan"] * 30), "not finite"),
        ("oxts/data/0000000000.txt", " ".join(["400"] * 30), "nowhere on earth"),
        ("velodyne_points/timestamps_end.txt", "2011-09-26 13:04:30", "begin before and end after"),
        ("image_02/data/0000000001x.png", "x", "not named by its frame"),
    ],
)
def test_a_damaged_drive_is_one_line(drive: Path, name: str, text: str, message: str) -> None:
    (drive / name).write_text(text)
    with pytest.raises(FormatError, match=message) as caught:
        read_source(drive)
    assert "\n" not in str(caught.value)


def test_a_link_out_of_the_drive_is_refused(drive: Path, tmp_path: Path) -> None:
    photo = drive / "image_02" / "data" / "0000000000.png"
    photo.unlink()
    photo.symlink_to("/etc/passwd")
    with pytest.raises(UnsafeInputError, match="leads out"):
        read_source(drive)


def test_times_keep_their_nanoseconds(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("2011-09-26 13:04:32.349659964\n")
    assert read_times(tmp_path / "t.txt").tolist() == [1_317_042_272_349_659_964]


@pytest.mark.parametrize("name", SEQUENCES)
def test_cuboids_fill_the_2d_boxes_of_their_labels(real_data: Path, name: str) -> None:
    """The labels' own 2D boxes were drawn in image_02: our cuboids fall there. A pedestrian's box is tighter."""
    folder = real_data / "kitti_tracking"
    source = read_source(folder / "label_02" / f"{name}.txt")
    table, camera = source.cuboids(), source.rig["image_02"]
    world_from_camera = source.ego_motion.at(table.times_ns) * camera.ego_from_sensor
    got = project_cuboids(camera.model, world_from_camera.inverse() * table.world_from_object, table.sizes_m)
    lines = [line.split() for line in (folder / "label_02" / f"{name}.txt").read_text().splitlines()]
    wanted = np.array([[float(v) for v in words[6:10]] for words in lines if words[2] != "DontCare"])
    stiff = np.array([each != "Pedestrian" for each in table.classes])
    assert np.nanmedian(_overlap(got.boxes_px, wanted)[stiff]) > 0.96


def _overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    return common / (np.prod(a[:, 2:] - a[:, :2], axis=1) + np.prod(b[:, 2:] - b[:, :2], axis=1) - common)


def test_a_sequence_without_sensor_data(real_data: Path, tmp_path: Path) -> None:
    source = read_source(real_data / "kitti_tracking" / "calib" / "0000.txt")
    assert source.pose_source is PoseSource.POSES
    assert "there is no sensor data in this folder" in source.notes
    project = imported(source, tmp_path / "p")
    labels = project.labels()
    tracks = labels.tracks("it")
    labels.close()
    with project.recording("it") as recording:
        assert len(recording.frames) == 154
        assert recording.count("image_02") == 0
    assert len(tracks) == 15
    assert tracks["kitti-0"].class_name == "Van"
    # Parked cars stand still in the world although the car drives by.
    standing = [t for t in tracks.values() if t.class_name == "Car" and len(t) > 30]
    assert min(np.ptp(t.positions_m[:, :2], axis=0).max() for t in standing) < 2.0


def test_several_sequences_are_listed(real_data: Path) -> None:
    with pytest.raises(FormatError, match=r"6 sequences: 0000, 0001, 0006, .*; give the path of one") as caught:
        read_source(real_data / "kitti_tracking")
    assert "\n" not in str(caught.value)


@pytest.fixture
def tracking(real_data: Path, tmp_path: Path) -> Path:
    """Frame 0 of sequence 0000 with its data, which is frame 0 of the raw drive."""
    root, drive = tmp_path / "training", drive_of(real_data)
    for part in ("label_02", "calib", "camera_poses"):
        (root / part).mkdir(parents=True)
        (root / part / "0000.txt").write_bytes((real_data / "kitti_tracking" / part / "0000.txt").read_bytes())
    for part, source in (
        ("image_02", "image_02/data/0000000000.png"),
        ("velodyne", "velodyne_points/data/0000000000.bin"),
    ):
        (root / part / "0000").mkdir(parents=True)
        shutil.copy(drive / source, root / part / "0000" / f"000000.{source[-3:]}")
    return root


def test_points_are_inside_of_cuboids(tracking: Path, tmp_path: Path) -> None:
    project = imported(read_source(tracking.parent), tmp_path / "p")
    labels = project.labels()
    tracks = labels.tracks("it")
    labels.close()
    with project.recording("it") as recording:
        cloud = fused_cloud(recording, 0)
        assert len(cloud) == 123_397
        inside = {
            track.class_name: int(track.cuboid_at(0).contains(cloud.points_in_world).sum())
            for track in tracks.values()
            if track.times_ns[0] == 0
        }
    assert inside["Van"] > 300
    assert inside["Cyclist"] > 300
    assert inside["Pedestrian"] > 100


def test_original_names_of_the_matrices(tracking: Path) -> None:
    file = tracking / "calib" / "0000.txt"
    before = read_calibration(file)
    text = file.read_text().replace("R0_rect:", "R_rect").replace("Tr_velo_to_cam:", "Tr_velo_cam")
    file.write_text(text.replace("Tr_imu_to_velo:", "Tr_imu_velo"))
    assert read_calibration(file).ego_from_camera("2").almost_equal(before.ego_from_camera("2"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("label_02/0000.txt", "0 1 Car 0 0 1 2 3"),
        ("label_02/0000.txt", "0 1 Car 0 0 0 1 2 3 4 1 -1 1 0 0 9 0"),
        ("label_02/0000.txt", "0 1 Car 0 0 0 1 2 3 4 1 1 1 nan 0 9 0"),
        ("label_02/0000.txt", "99999999999 1 Car 0 0 0 1 2 3 4 1 1 1 0 0 9 0"),
        ("label_02/0000.txt", "-5 1 Car 0 0 0 1 2 3 4 1 1 1 0 0 9 0"),
        ("camera_poses/0000.txt", "1 2 3"),
        ("camera_poses/0000.txt", ""),
        ("camera_poses/0000.txt", "1 0 0 0 0 1 0 0 0 0 2 0"),
        ("calib/0000.txt", "P2: 1 2 3"),
        ("image_02/0000/000000.png", "no photo"),
        ("image_02/0000/first.png", "no number"),
    ],
)
def test_a_damaged_sequence_is_one_line(tracking: Path, name: str, text: str) -> None:
    (tracking / name).write_text(text)
    with pytest.raises(InputError) as caught:
        read_source(tracking)
    assert "\n" not in str(caught.value)


@pytest.fixture
def objects(tracking: Path, tmp_path: Path) -> Path:
    """Two frames of the object benchmark, of two calibrations."""
    root = tmp_path / "objects" / "training"
    for part in ("image_2", "velodyne", "calib", "label_2"):
        (root / part).mkdir(parents=True)
    calib = (tracking / "calib" / "0000.txt").read_text()
    rows = [line.split(" ", 2) for line in (tracking / "label_02" / "0000.txt").read_text().splitlines()]
    label = "\n".join(rest for frame, _, rest in rows if frame == "0")
    for stem, text in (("000003", calib), ("000007", calib.replace("7.215377000000e+02", "7.070493000000e+02"))):
        (root / "calib" / f"{stem}.txt").write_text(text)
        (root / "label_2" / f"{stem}.txt").write_text(label)
        shutil.copy(tracking / "velodyne" / "0000" / "000000.bin", root / "velodyne" / f"{stem}.bin")
    shutil.copy(tracking / "image_02" / "0000" / "000000.png", root / "image_2" / "000003.png")
    write_photo(root / "image_2" / "000007.png", 1224, 370)
    return root


def test_object_frames_are_unrelated(objects: Path, tmp_path: Path) -> None:
    source = read_source(objects.parent)
    assert source.pose_source is PoseSource.NONE
    assert source.notes[0].startswith("the frames are unrelated")
    project = imported(source, tmp_path / "p")
    labels = project.labels()
    tracks = labels.tracks("it")
    labels.close()
    with project.recording("it") as recording:
        assert recording.cameras() == ("image_2", "image_2-b")
        assert [recording.sample_of("image_2", frame) for frame in (0, 1)] == [0, None]
        assert [recording.sample_of("image_2-b", frame) for frame in (0, 1)] == [None, 0]
        assert recording.rig["image_2-b"].model.width_px == 1224
        points = fused_cloud(recording, 1).points_in_world
    assert sorted(tracks) == [f"{stem}-{row}" for stem in ("000003", "000007") for row in (2, 3, 4)]
    vans = [track for track in tracks.values() if track.class_name == "Van"]
    assert [len(van) for van in vans] == [1, 1]
    assert vans[1].cuboid_at(int(vans[1].times_ns[0])).contains(points).sum() > 300
    near = (np.abs(points[:, :2]) < 8).all(axis=1)
    assert abs(np.median(points[near, 2])) < 0.2


def test_an_object_photo_without_calibration(objects: Path) -> None:
    (objects / "calib" / "000007.txt").unlink()
    with pytest.raises(FormatError, match="photo 000007 has no calibration"):
        read_source(objects)
