"""SUSTechPOINTS, pairs of photo and cloud, RGB-D folders: real ones, and small ones like them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from calibration.errors import FormatError, InputError, UnsafeInputError
from fusion.cloud import fused_cloud
from fusion.readers import read_source
from fusion.recording.source import PoseSource
from labeling.importing import import_source
from labeling.photo_view import photo_view
from labeling.project import Project
from tests.fusion.readers.writers import cloud, png, write_las, write_pcd, write_photo


@pytest.mark.parametrize(
    "name",
    [
        "kitti_raw",
        "sustechpoints",
        "lidar_camera_pairs",
        "lidar_camera_alignment",
        "rgbd_7scenes",
        "kitti_raw/2011_09_26",
        "pandaset",
        "argoverse2",
    ],
)
def test_real_folders_import_with_nothing_but_their_path(real_data: Path, tmp_path: Path, name: str) -> None:
    project = Project.create(tmp_path / "p")
    imported = import_source(project, read_source(real_data / name))
    assert imported.frames >= 1
    assert all(imported.samples.values())
    assert not list(project.root.rglob("*.partial"))


def test_sustechpoints(real_data: Path, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "p")
    source = read_source(real_data / "sustechpoints" / "example")
    import_source(project, source, "it")
    assert "the LiDAR's -y axis is taken to be forward: camera front looks there" in source.notes
    labels = project.labels()
    tracks = labels.tracks("it")
    labels.close()
    assert tracks["1001"].class_name == "Truck"
    with project.recording("it") as recording:
        assert recording.frames.times_ns.tolist() == [95 * 10**9, 965 * 10**8, 97 * 10**9, 975 * 10**8]
        assert [recording.sample_of("front", frame) for frame in range(4)] == [None, 0, 1, 2]
        ahead = recording.rig["front"].ego_from_sensor.rotate([0.0, 0.0, 1.0])
        left = recording.rig["left"].ego_from_sensor.rotate([0.0, 0.0, 1.0])
        assert ahead[0] > 0.99
        assert left[1] > 0.7
        counts = []
        for frame, time_ns in enumerate(recording.frames.times_ns.tolist()):
            points = fused_cloud(recording, frame).points_in_world
            shown = [track for track in tracks.values() if time_ns in track.times_ns]
            counts += [int(track.cuboid_at(time_ns).contains(points).sum()) for track in shown]
            for each in recording.lidars():
                offsets = recording.sweep(each, frame).time_offset_ns
                assert 0.09e9 < np.ptp(offsets) < 0.11e9
        # Only with the rotations in their right order and the heading's axis right are cuboids full.
        assert np.median(counts) > 40
        assert np.mean(np.array(counts) == 0) < 0.05


def test_objects_on_a_slope_share_its_tilt(real_data: Path) -> None:
    """Whatever their yaw: this is what tells the order of the three rotations."""
    table = read_source(real_data / "sustechpoints").cuboids()
    up = table.world_from_object.rotate([0.0, 0.0, 1.0])
    tilted = up[np.hypot(up[:, 0], up[:, 1]) > 0.04]
    yaws = table.world_from_object.yaw_rad[np.hypot(up[:, 0], up[:, 1]) > 0.04]
    assert np.ptp(yaws) > 3.0
    assert np.abs(tilted - np.median(tilted, axis=0)).max() < 0.06


def _scene(folder: Path) -> Path:
    """Two frames, the second without a photo."""
    for stem in ("a", "b"):
        (folder / "lidar").mkdir(parents=True, exist_ok=True)
        write_pcd(folder / "lidar" / f"{stem}.pcd", cloud())
        (folder / "label").mkdir(exist_ok=True)
        label = {"obj_id": "7", "obj_type": "Car", "obj_attr": "open", "psr": {
            "position": dict.fromkeys("xyz", 1), "scale": dict.fromkeys("xyz", 2), "rotation": dict.fromkeys("xyz", 0)
        }}  # fmt: skip
        (folder / "label" / f"{stem}.json").write_text(json.dumps([label, {**label, "obj_id": ""}, label]))
    write_photo(folder / "camera" / "front" / "a.png")
    write_photo(folder / "camera" / "rear" / "a.png")
    (folder / "calib" / "camera").mkdir(parents=True)
    extrinsic = [0, -1, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0, 0, 0, 0, 1]
    record = {"extrinsic": extrinsic, "intrinsic": [50, 0, 32, 0, 50, 24, 0, 0, 1]}
    (folder / "calib" / "camera" / "front.json").write_text(json.dumps(record))
    (folder / "calib" / "camera" / "left.json").write_text(json.dumps(record))
    return folder


def test_a_small_scene(tmp_path: Path) -> None:
    source = read_source(_scene(tmp_path / "scene"))
    assert "camera left has no photos and is left out" in source.notes
    assert "camera rear has no calibration and is left out" in source.notes
    table = source.cuboids()
    assert table.track_ids == ("7", "-a-1", "7-a-2", "7", "-b-1", "7-b-2")
    assert table.attributes[0] == {"attribute": "open"}
    assert source.rig["front"].ego_from_sensor.rotate([0.0, 0.0, 1.0]) == pytest.approx([1, 0, 0])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("calib/camera/front.json", "{}"),
        ("calib/camera/front.json", "[" * 100_000),
        ("calib/camera/front.json", '{"extrinsic": [1, 2], "intrinsic": [1]}'),
        ("calib/camera/front.json", json.dumps({"extrinsic": np.ones((4, 4)).ravel().tolist(), "intrinsic": [1] * 9})),
        ("calib/camera/front.json", json.dumps({"extrinsic": np.eye(4).ravel().tolist(), "intrinsic": [0] * 9})),
        ("label/a.json", "no json"),
        ("label/a.json", "5"),
        ("label/a.json", '[{"obj_id": "1"}]'),
        ("label/a.json", '[{"psr": {"position": {"x": "NaN"}}}]'),
        ("camera/front/a.png", "no photo"),
    ],
)
def test_a_damaged_scene_is_one_line(tmp_path: Path, name: str, text: str) -> None:
    scene = _scene(tmp_path / "scene")
    (scene / name).write_text(text)
    with pytest.raises(InputError) as caught:
        read_source(scene)
    assert "\n" not in str(caught.value)


def test_pairs_use_their_calibration(real_data: Path, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "p")
    source = read_source(real_data / "lidar_camera_alignment")
    import_source(project, source, "it")
    with project.recording("it") as recording:
        assert recording.rig["camera"].model.distortion[:2] == (-0.1192, 0.162)
        assert recording.rig["camera"].ego_from_sensor.rotate([0.0, 0.0, 1.0])[0] > 0.99
        view, points = photo_view(recording, "camera", 0), fused_cloud(recording, 0).points_in_world
        pixels, valid = view.pixels(points)
        assert 10_000 < int((valid & view.camera.contains(np.where(valid[:, None], pixels, -9.0))).sum()) < 20_000
    with pytest.raises(FormatError, match=r"2 of them \(folder of photo and cloud pairs\): "):
        read_source(_two(real_data / "lidar_camera_alignment", tmp_path / "two"))


def _two(source: Path, folder: Path) -> Path:
    for name in "ab":
        shutil.copytree(source, folder / name)
    return folder


@pytest.mark.parametrize("text", ["{}", '{"intrinsics": {"K": [1], "D": []}, "extrinsics": {}}', "[]", "[1"])
def test_damaged_pairs_are_one_line(real_data: Path, tmp_path: Path, text: str) -> None:
    for part in ("img", "pcd"):
        (tmp_path / part).mkdir()
    write_photo(tmp_path / "img" / "0.png")
    (tmp_path / "gt.json").write_text(text)
    with pytest.raises(FormatError) as caught:
        read_source(tmp_path)
    assert "\n" not in str(caught.value)


def test_7scenes_is_level_and_one_room(real_data: Path) -> None:
    source = read_source(real_data / "rgbd_7scenes")
    depth = next(stream for stream in source.streams if stream.sensor == "depth")
    model, heights = source.rig["depth"].model, []
    v, u = np.mgrid[300:480:4, 0:640:4]
    rays, _ = model.unproject(np.stack([u.ravel(), v.ravel()], axis=1).astype(float))
    for index in range(0, 30, 5):
        metres = depth.load(index).depth_m[300::4, ::4].ravel()
        pose = source.ego_motion.at(depth.timeline.times_ns[index]) * source.rig["depth"].ego_from_sensor
        heights.append(pose.apply(rays * metres[:, None])[metres > 0, 2])
        assert metres.max() < 10  # 65535 is nothing, not 65 m
    floor = np.concatenate(heights)
    counts, edges = np.histogram(floor, np.arange(floor.min(), floor.max(), 0.02))
    assert counts.max() > 0.15 * len(floor)  # a level floor is one height
    assert edges[counts.argmax()] < source.ego_motion.world_from_ego.translation[:, 2].min() - 1.0


def _tum(folder: Path) -> Path:
    """Three photos and depth images at times of their own, a camera that looks along the world's y."""
    rows: dict[str, list[str]] = {"rgb": [], "depth": []}
    for name, start in (("rgb", 1305031102.175304), ("depth", 1305031102.160407)):
        for index in range(3):
            stamp = f"{start + index / 30:.6f}"
            rows[name].append(f"{stamp} {name}/{stamp}.png")
            (folder / name).mkdir(parents=True, exist_ok=True)
            values = np.full((48, 64), 5000, np.uint16) if name == "depth" else np.zeros((48, 64), np.uint8)
            (folder / name / f"{stamp}.png").write_bytes(png(values, (1, 2, 4)))
        (folder / f"{name}.txt").write_text("# a comment\n" + "\n".join(rows[name]) + "\n")
    pose = "0 0 1.5 -0.70710678 0 0 0.70710678"
    (folder / "groundtruth.txt").write_text(f"1305031102.0 {pose}\n1305031103.0 {pose}\n")
    return folder


def test_tum(tmp_path: Path) -> None:
    folder = _tum(tmp_path / "rgbd_dataset_freiburg2_desk")
    source = read_source(folder)
    assert source.pose_source is PoseSource.POSES
    assert source.rig["color"].model.distortion[0] == 0.2312
    assert source.streams[0].timeline.times_ns[0] == 1_305_031_102_175_304_000
    depth = source.streams[1].load(0)
    assert depth.depth_m[0, 0] == 1.0
    project = Project.create(tmp_path / "p")
    import_source(project, source, "it")
    with project.recording("it") as recording:
        assert [recording.sample_of("color", frame) for frame in range(3)] == [0, 1, 2]
        ahead = recording.world_from_sensor("depth", 0).apply([0.0, 0.0, 1.0])
        assert ahead == pytest.approx([0.0, 1.0, 1.5], abs=1e-6)
        ego = recording.ego_motion.at(recording.frames.times_ns[0])
        assert ego.rotate([0.0, 0.0, 1.0]) == pytest.approx([0, 0, 1], abs=1e-6)


def test_a_list_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = _tum(tmp_path / "tum")
    for name in ("../../etc/passwd", "/etc/passwd"):
        (folder / "rgb.txt").write_text(f"1.0 {name}\n")
        with pytest.raises(UnsafeInputError, match="leads out of the folder"):
            read_source(folder)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rgb.txt", ""),
        ("rgb.txt", "now rgb/1.png"),
        ("rgb.txt", "1.0"),
        ("depth.txt", "2.0 a\n1.0 b"),
        ("groundtruth.txt", "1.0 0 0 0"),
        ("groundtruth.txt", "1.0 0 0 0 0 0 0 0"),
        ("groundtruth.txt", "1.0 0 0 nan 0 0 0 1"),
        ("camera-intrinsics.txt", "1 2"),
        ("camera-intrinsics.txt", "-1 0 0\n0 0 0\n0 0 1"),
    ],
)
def test_a_damaged_tum_folder_is_one_line(tmp_path: Path, name: str, text: str) -> None:
    folder = _tum(tmp_path / "tum")
    (folder / name).write_text(text)
    with pytest.raises(InputError) as caught:
        read_source(folder)
    assert "\n" not in str(caught.value)


def test_clouds_alone_in_map_coordinates(tmp_path: Path) -> None:
    points = np.random.default_rng(0).uniform(0, 50, (100, 3)) + np.array([500_000, 5_400_000, 100])
    for name in ("a.laz", "b.laz"):
        write_las(tmp_path / name, points)
    source = read_source(tmp_path)
    project = Project.create(tmp_path / "p")
    import_source(project, source, "it")
    with project.recording("it") as recording:
        got = fused_cloud(recording, 1).points_in_world.astype(float) + recording.origin_m
        assert len(recording.frames) == 2
        assert np.abs(got - points).max() < 0.001
    assert read_source(tmp_path / "a.laz").name == "clouds-a"
