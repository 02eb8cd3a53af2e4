"""What is guessed about a log that nobody has described, and what a user may say against it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from calibration import RigidTransform
from calibration.errors import FormatError
from fusion import PointFrame, Sweep
from fusion.readers import ReaderOptions, read_source
from fusion.readers.ros.naming import calibration_topic, guessed_name
from fusion.recording import RecordingSource
from fusion.recording.source import PoseSource
from tests.fusion.ros.logs import (
    PERIOD_NS,
    START_NS,
    Said,
    cloud,
    drive,
    fix,
    image,
    imu,
    odometry,
    points,
    pose_stamped,
    transform,
    write_mcap_log,
)

STILL = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)


def source_of(tmp_path: Path, said: list[Said], options: ReaderOptions | None = None) -> RecordingSource:
    return read_source(write_mcap_log(tmp_path / "log.mcap", said), None, options)


def clouds(frame: str = "lidar", count: int = 4, topic: str = "/lidar/points") -> list[Said]:
    times = [START_NS + index * PERIOD_NS for index in range(count)]
    return [Said(topic, time_ns, cloud(points(seed=1), time_ns, frame)) for time_ns in times]


@pytest.mark.parametrize(
    ("topic", "frame", "name"),
    [
        ("/velodyne_points", "velodyne", "velodyne"),
        ("/sensors/lidar/top/points_raw", "x", "lidar_top"),
        ("/CAM_FRONT/image_rect_compressed", "CAM_FRONT", "CAM_FRONT"),
        ("/camera/color/image_raw/compressed", "x", "camera_color"),
        ("/points", "os_lidar_link", "os_lidar"),
        ("/points", "", "lidar"),
        ("/a b/ü/points", "", "a_b"),
    ],
)
def test_names(topic: str, frame: str, name: str) -> None:
    assert guessed_name(topic, frame, "lidar") == name


def test_calibrations_are_found_by_namespace_then_by_frame() -> None:
    known = {"/left/camera_info": "l", "/right/camera_info": "r", "/deep/depth/camera_info": "d"}
    assert calibration_topic("/left/image_raw/compressed", "r", known) == "/left/camera_info"
    assert calibration_topic("/deep/depth/image_raw", "", known) == "/deep/depth/camera_info"
    assert calibration_topic("/elsewhere/image", "r", known) == "/right/camera_info"
    assert calibration_topic("/elsewhere/image", "", known) is None


def test_the_user_names_sensors_and_leaves_some_out(tmp_path: Path) -> None:
    options = ReaderOptions(streams={"/lidar/points": "roof", "/front/image_raw": "-"})
    source = source_of(tmp_path, drive(), options)
    assert [sensor.name for sensor in source.rig] == ["roof"]
    twice = ReaderOptions(streams={"/lidar/points": "one", "/front/image_raw": "one"})
    with pytest.raises(FormatError, match="two topics are to be sensor 'one'"):
        source_of(tmp_path, drive(), twice)
    with pytest.raises(FormatError, match="a sensor cannot be called 'a/b'"):
        source_of(tmp_path, drive(), ReaderOptions(streams={"/lidar/points": "a/b"}))


def test_what_was_guessed_is_said(tmp_path: Path) -> None:
    notes = source_of(tmp_path, drive()).notes
    for line in (
        "/lidar/points is lidar 'lidar' in frame 'lidar'",
        "/front/image_raw is calibrated by /front/camera_info",
        "/lidar/points has no times of points: all are taken at the stamp",
        "the ego is frame 'base_link' (guessed)",
        "ego poses from transforms odom -> base_link",
    ):
        assert line in notes


def test_a_chain_of_moving_frames(tmp_path: Path) -> None:
    """map -> odom jumps rarely, odom -> rover often; the name of the ego is not a usual one."""
    said = [Said("/tf_static", START_NS, transform(START_NS, "rover", "lidar", (0, 0, 1, 1, 0, 0, 0)))]
    said += clouds()
    for index in range(31):
        time_ns = START_NS + index * 10_000_000
        said.append(Said("/tf", time_ns, transform(time_ns, "odom", "rover", (index * 0.1, 0, 0, 1, 0, 0, 0))))
        if index % 10 == 0:
            said.append(Said("/tf", time_ns, transform(time_ns, "map", "odom", (0, index * 0.01, 0, 1, 0, 0, 0))))
    source = source_of(tmp_path, said)
    assert "the ego is frame 'rover' (guessed)" in source.notes
    assert np.allclose(source.ego_motion.at(START_NS + 150_000_000).translation, [1.5, 0.15, 0])
    assert np.allclose(source.rig["lidar"].ego_from_sensor.translation, [0, 0, 1])


def test_static_frames_on_tf_are_static(tmp_path: Path) -> None:
    said = clouds()
    for index in range(4):
        time_ns = START_NS + index * PERIOD_NS
        said.append(Said("/tf", time_ns, transform(time_ns, "base_link", "lidar", (0, 0, 1, 1, 0, 0, 0))))
        said.append(Said("/tf", time_ns, transform(time_ns, "odom", "base_link", (index, 0, 0, 1, 0, 0, 0))))
    source = source_of(tmp_path, said)
    assert source.streams[0].world_from_sensor is None
    assert np.allclose(source.rig["lidar"].ego_from_sensor.translation, [0, 0, 1])


def test_a_sensor_that_moves_on_the_ego_has_poses_of_its_own(tmp_path: Path) -> None:
    said = drive(frames=4)
    for index in range(4):
        time_ns = START_NS + index * PERIOD_NS
        turn = RigidTransform.from_yaw(0.1 * index, [0.0, 0.0, 3.0]).rotation.tolist()
        said.append(Said("/tf", time_ns, transform(time_ns, "base_link", "mast", (0, 0, 3, *turn))))
    said += clouds("mast", topic="/mast/points")
    source = source_of(tmp_path, said)
    own = next(stream for stream in source.streams if stream.sensor == "mast").world_from_sensor
    assert own is not None
    assert np.allclose(own.translation, [[0, 0, 3], [1, 0, 3], [2, 0, 3], [3, 0, 3]])
    assert np.allclose(own.yaw_rad, [0, 0.1, 0.2, 0.3])


def test_clouds_in_the_map_stay_in_the_world(tmp_path: Path) -> None:
    source = source_of(tmp_path, drive(frames=4) + clouds("odom", topic="/registered/points"))
    stream = next(stream for stream in source.streams if stream.sensor == "registered")
    assert stream.point_frame is PointFrame.WORLD


def test_far_coordinates_get_a_local_origin(tmp_path: Path) -> None:
    """UTM poses, and clouds in UTM in float64: nothing is lost to float32."""
    table = points(count=10).astype([(name, "f8") for name in ("x", "y", "z", "intensity")])
    table["x"] += 500_000.0
    table["y"] += 5_400_000.0
    said = []
    for index in range(3):
        time_ns = START_NS + index * PERIOD_NS
        row = (500_000.25 + index, 5_400_000.5, 310.0, 1, 0, 0, 0)
        said.append(Said("/tf", time_ns, transform(time_ns, "utm", "base_link", row)))
        said.append(Said("/cloud", time_ns, cloud(table, time_ns, "utm")))
    source = source_of(tmp_path, said)
    assert source.origin_m.tolist() == [500_000.0, 5_400_000.0, 310.0]
    assert np.allclose(source.ego_motion.world_from_ego.translation[0], [0.25, 0.5, 0.0])
    sweep = source.streams[0].load(0)
    assert isinstance(sweep, Sweep)
    assert np.allclose(sweep.points_m[:, 0], table["x"] - 500_000.0, atol=1e-5)


def test_odometry_before_poses_before_fixes(tmp_path: Path) -> None:
    times = [START_NS + index * PERIOD_NS for index in range(4)]
    said = [Said("/tf_static", START_NS, transform(START_NS, "base_link", "imu", (1, 0, 0, 1, 0, 0, 0)))]
    said += clouds()
    said += [Said("/gps", time_ns, fix(time_ns, 48.0, 11.0 + 1e-5 * i, 500.0)) for i, time_ns in enumerate(times)]
    with_fixes = source_of(tmp_path, said)
    assert with_fixes.pose_source is PoseSource.GPS_IMU
    said += [
        Said("/pose", time_ns, pose_stamped(time_ns, "map", (i, 1, 0, 1, 0, 0, 0))) for i, time_ns in enumerate(times)
    ]
    with_poses = source_of(tmp_path, said)
    assert with_poses.pose_source is PoseSource.POSES
    assert with_poses.ego_motion.at(times[2]).translation.tolist() == [2, 1, 0]
    said += [Said("/odom", t, odometry(t, "odom", "imu", (i, 2, 0, 1, 0, 0, 0))) for i, t in enumerate(times)]
    with_odometry = source_of(tmp_path, said)
    assert with_odometry.ego_motion.at(times[2]).translation.tolist() == [1, 2, 0]  # the IMU sits a metre ahead


def test_fixes_and_imu_make_a_level_world(tmp_path: Path) -> None:
    """A degree of longitude at 48 degrees north is 74,625 m; the IMU looks north."""
    times = [START_NS + index * PERIOD_NS for index in range(5)]
    north = RigidTransform.from_yaw(np.pi / 2, np.zeros(3)).rotation.tolist()
    said = clouds()
    said += [Said("/gps", t, fix(t, 48.0, 11.0 + 1e-4 * i, 500.0 + i)) for i, t in enumerate(times)]
    said += [Said("/imu", t, imu(t, tuple(north))) for t in times]
    said.append(Said("/gps", times[-1] + 1, fix(times[-1] + 1, 0.0, 0.0, 0.0, status=-1)))
    source = source_of(tmp_path, said)
    assert np.allclose(source.ego_motion.at(times[3]).translation, [3 * 7.4625, 0, 3], atol=0.01)
    assert np.allclose(source.ego_motion.at(times[3]).yaw_rad, np.pi / 2)


def test_fixes_alone_give_the_course(tmp_path: Path) -> None:
    times = [START_NS + index * PERIOD_NS for index in range(5)]
    said = clouds() + [Said("/gps", t, fix(t, 48.0 + 1e-5 * i, 11.0, 500.0)) for i, t in enumerate(times)]
    source = source_of(tmp_path, said)
    assert np.allclose(source.ego_motion.world_from_ego.yaw_rad, np.pi / 2, atol=1e-3)


def test_no_poses_at_all(tmp_path: Path) -> None:
    source = source_of(tmp_path, clouds())
    assert source.pose_source is PoseSource.NONE
    assert "no poses in this log: the ego is taken to stand still" in source.notes


def test_stamps_that_do_not_increase(tmp_path: Path) -> None:
    offsets = [0, 1, 1, 3, 2, 4]  # one twice, one overtaken
    said = [
        Said("/lidar/points", START_NS + order, cloud(points(seed=order), START_NS + offset * PERIOD_NS, "lidar"))
        for order, offset in enumerate(offsets)
    ]
    source = source_of(tmp_path, said)
    assert ((source.streams[0].timeline.times_ns - START_NS) // PERIOD_NS).tolist() == [0, 1, 2, 3, 4]
    assert any("1 messages overtook another" in note for note in source.notes)
    assert any("1 messages left out: 1 with a stamp twice" in note for note in source.notes)
    sweep = source.streams[0].load(2)
    assert isinstance(sweep, Sweep)
    assert sweep.points_m[0, 0] == points(seed=4)["x"][0]


def test_a_clock_that_is_set_back_loses_what_comes_twice(tmp_path: Path) -> None:
    seconds = [0, 1, 2, 3, 1, 2, 3, 4]
    said = [
        Said("/lidar/points", START_NS + order, cloud(points(), START_NS + second * 10**9, "lidar"))
        for order, second in enumerate(seconds)
    ]
    source = source_of(tmp_path, said)
    assert ((source.streams[0].timeline.times_ns - START_NS) // 10**9).tolist() == [0, 1, 2, 3, 4]


def test_zero_stamps_and_a_foreign_clock(tmp_path: Path) -> None:
    said = drive(frames=4)
    for index in range(4):
        log_ns = START_NS + index * PERIOD_NS
        said.append(Said("/unstamped/points", log_ns, cloud(points(), 0, "lidar")))
        said.append(Said("/booted/points", log_ns, cloud(points(), 5_000_000_000 + index * PERIOD_NS, "lidar")))
    source = source_of(tmp_path, said)
    times = {stream.sensor: stream.timeline.times_ns for stream in source.streams}
    assert times["unstamped"].tolist() == [START_NS + index * PERIOD_NS for index in range(4)]
    assert times["booted"].tolist() == [START_NS + index * PERIOD_NS for index in range(4)]
    assert any("4 of 4 stamps are zero" in note for note in source.notes)
    assert any("booted has another clock" in note for note in source.notes)


def test_one_camera_in_two_topics_is_one_sensor(tmp_path: Path) -> None:
    said = drive(frames=2)
    pixels = np.zeros((48, 64), np.uint8)
    said += [Said("/front/image_mono", START_NS, image(pixels, "mono8", START_NS, "optical"))]
    source = source_of(tmp_path, said)
    assert "/front/image_mono is left out: /front/image_raw is the same camera" in source.notes
    named = ReaderOptions(streams={"/front/image_mono": "grey"})
    assert {sensor.name for sensor in source_of(tmp_path, said, named).rig} == {"grey", "lidar"}


def test_a_log_without_sensors(tmp_path: Path) -> None:
    said = [Said("/tf", START_NS, transform(START_NS, "a", "b", STILL))]
    with pytest.raises(FormatError, match=r"no clouds and no images in this log: .*log\.mcap"):
        source_of(tmp_path, said)
