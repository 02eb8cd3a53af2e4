"""nuScenes: a small folder of the same shape, for the real one may not be shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calibration import RigidTransform
from calibration.errors import FormatError, UnsafeInputError
from fusion.cloud import fused_cloud
from fusion.readers import ReaderOptions, read_source
from fusion.readers.nuscenes import firing_offsets_ns
from fusion.samples import PointFrame
from labeling.importing import import_source
from labeling.project import Project
from labeling.track import PresenceKind
from tests.conftest import PIXEL_PNG

START_US = 1_532_402_927_647_951
SWEEPS = 5  # 0 and 4 are keyframes
SPEED_MPS = 8.0
MOUNT = RigidTransform.from_yaw(-np.pi / 2, [0.94, 0.0, 1.84])  # x right, y forward
CAMERA = RigidTransform.from_matrix(np.array([[0, 0, 1, 1.7], [-1, 0, 0, 0], [0, -1, 0, 1.5]], dtype=float))
WALL_M = 20.0


def _pose(token: str, transform: RigidTransform, **more: object) -> dict[str, Any]:
    pose = {"rotation": transform.rotation.tolist(), "translation": transform.translation.tolist()}
    return {"token": token, **pose, **more}


def _ego(time_us: int) -> RigidTransform:
    return RigidTransform.from_yaw(0.0, [600.0 + SPEED_MPS * (time_us - START_US) * 1e-6, 1600.0, 0.0])


def _cloud(time_us: int) -> np.ndarray:
    """A wall across the road, compensated: in the sensor's frame at the timestamp, 32 rings a column."""
    y, z = np.meshgrid(np.linspace(-5.0, 5.0, 20), np.linspace(0.2, 3.0, 32), indexing="ij")
    world = np.stack([np.full(y.size, 600.0 + WALL_M), 1600.0 + y.ravel(), z.ravel()], axis=1)
    points = (_ego(time_us) * MOUNT).inverse().apply(world)
    rings = np.tile(np.arange(32.0), 20)
    return np.column_stack([points, np.full(len(points), 7.0), rings]).astype("<f4")


def write_nuscenes(root: Path, scenes: int = 1) -> None:
    tables: dict[str, list[dict[str, Any]]] = {
        "sensor": [{"token": f"s{c}", "channel": c} for c in ("LIDAR_TOP", "CAM_FRONT", "RADAR_FRONT")],
        "calibrated_sensor": [
            _pose("cLIDAR_TOP", MOUNT, sensor_token="sLIDAR_TOP", camera_intrinsic=[]),
            _pose("cCAM_FRONT", CAMERA, sensor_token="sCAM_FRONT", camera_intrinsic=[[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
            _pose("cRADAR_FRONT", MOUNT, sensor_token="sRADAR_FRONT", camera_intrinsic=[]),
        ],
        "scene": [{"token": f"scene{n}", "name": f"scene-{n:04d}"} for n in range(scenes)],
        "category": [{"token": "k", "name": "vehicle.car"}],
        "instance": [{"token": "i", "category_token": "k"}],
        "attribute": [{"token": "a", "name": "vehicle.moving"}],
        "visibility": [{"token": "4", "level": "v80-100"}],
        "sample": [],
        "sample_data": [],
        "ego_pose": [],
        "sample_annotation": [],
    }
    for n in range(scenes):
        _write_scene(root, tables, n)
    (root / "v1.0-mini").mkdir()
    for name, rows in tables.items():
        (root / "v1.0-mini" / f"{name}.json").write_text(json.dumps(rows))


def _write_scene(root: Path, tables: dict[str, list[dict[str, Any]]], n: int) -> None:
    times = [START_US + 50_000 * sweep for sweep in range(SWEEPS)]
    for key, sweep in enumerate((0, SWEEPS - 1)):
        token = f"sample{n}-{key}"
        tables["sample"].append({"token": token, "scene_token": f"scene{n}", "timestamp": times[sweep]})
        box = RigidTransform.from_yaw(0.2, [612.0 + 0.1 * sweep, 1601.0, 0.8])
        tables["sample_annotation"].append(
            _pose(
                f"ann{n}-{key}",
                box,
                sample_token=token,
                instance_token="i",
                size=[1.9, 4.5, 1.6],
                attribute_tokens=["a"],
                visibility_token="4",
            )
        )
    for sweep, time_us in enumerate(times):
        for channel, suffix, delay_us in (
            ("LIDAR_TOP", "pcd.bin", 0),
            ("CAM_FRONT", "png", -35_000),
            ("RADAR_FRONT", "pcd", -9_000),
        ):
            is_key = sweep in (0, SWEEPS - 1)
            name = f"{'samples' if is_key else 'sweeps'}/{channel}/{n}-{time_us}.{suffix}"
            token = f"{channel}{n}-{sweep}"
            tables["ego_pose"].append(_pose(f"e{token}", _ego(time_us + delay_us), timestamp=time_us + delay_us))
            tables["sample_data"].append(
                {
                    "token": token,
                    "sample_token": f"sample{n}-{0 if sweep == 0 else 1}",
                    "ego_pose_token": f"e{token}",
                    "calibrated_sensor_token": f"c{channel}",
                    "timestamp": time_us + delay_us,
                    "filename": name,
                    "is_key_frame": is_key,
                    "width": 1,
                    "height": 1,
                }
            )
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(_cloud(time_us).tobytes() if channel == "LIDAR_TOP" else PIXEL_PNG)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_nuscenes(tmp_path / "nuscenes")
    return tmp_path / "nuscenes"


def test_a_scene_comes_in_whole(folder: Path, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project")
    imported = import_source(project, read_source(folder))
    assert imported.name == "scene-0000"
    assert imported.frames == SWEEPS
    assert imported.samples == {"CAM_FRONT": SWEEPS, "LIDAR_TOP": SWEEPS}
    assert imported.notes == ("left out: RADAR_FRONT (no radars yet)",)
    with project.recording("scene-0000") as recording:
        assert recording.times_ns("LIDAR_TOP")[0] == START_US * 1000
        assert recording.point_frame("LIDAR_TOP") is PointFrame.EGO
        for frame in range(SWEEPS):
            cloud = fused_cloud(recording, frame)
            assert np.abs(cloud.points_in_world[:, 0] - 600.0 - WALL_M).max() < 1e-3


def test_an_object_is_there_between_keyframes(folder: Path, tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project")
    import_source(project, read_source(folder))
    labels = project.labels()
    (track,) = labels.tracks("scene-0000").values()
    labels.close()
    assert track.id == "i"
    assert track.class_name == "vehicle.car"
    assert track.size_m == (4.5, 1.9, 1.6)
    assert len(track) == 2
    assert dict(track.attributes) == {"vehicle": "moving", "camera_visibility": "v80-100"}
    middle_ns = (START_US + 100_000) * 1000
    assert track.presence_at(middle_ns) is PresenceKind.OBSERVED
    assert track.at(middle_ns).translation[0] == pytest.approx(612.2, abs=0.05)
    assert track.at(middle_ns).yaw_rad == pytest.approx(0.2)


def test_one_of_several_scenes_is_named(tmp_path: Path) -> None:
    write_nuscenes(tmp_path, scenes=3)
    with pytest.raises(
        FormatError, match="there are 3 scenes; --sequence with one of scene-0000, scene-0001, scene-0002"
    ):
        read_source(tmp_path)
    with pytest.raises(FormatError, match="no scene 'scene-9'; --sequence with one of"):
        read_source(tmp_path, None, ReaderOptions(sequence="scene-9"))
    assert read_source(tmp_path, None, ReaderOptions(sequence="scene-0002")).name == "scene-0002"


def test_points_are_timed_in_the_order_of_firing() -> None:
    offsets = firing_offsets_ns(64 * 10, 50_000_000)
    assert offsets[0] == offsets[31] != offsets[32]
    assert -50_000_000 < offsets[0] < offsets[-1] < 0


def _changed(folder: Path, table: str, change: dict[str, object]) -> None:
    file = folder / "v1.0-mini" / f"{table}.json"
    rows = json.loads(file.read_text())
    rows[0].update(change)
    file.write_text(json.dumps(rows))


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        ("sample_data", {"calibrated_sensor_token": "lost"}, "calibrated_sensor has no row 'lost'"),
        ("ego_pose", {"rotation": [0, 0, 0, 0]}, "a pose"),
        ("sample_data", {"timestamp": "noon"}, "noon"),
        ("sample_annotation", {"size": [1, 2]}, "FormatError"),
    ],
)
def test_a_broken_table_is_one_line(folder: Path, table: str, change: dict[str, object], message: str) -> None:
    _changed(folder, table, change)
    with pytest.raises((FormatError, ValueError)) as told:
        read_source(folder).cuboids()
    assert "\n" not in str(told.value)
    assert isinstance(told.value, FormatError)
    assert message in str(told.value) or message == "FormatError"


def test_names_do_not_lead_out_of_the_folder(folder: Path) -> None:
    _changed(folder, "sample_data", {"filename": "../../secret.bin"})
    source = read_source(folder)
    with pytest.raises(UnsafeInputError):
        source.streams[0].load(0)
