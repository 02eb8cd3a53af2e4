"""A synthetic drive with any number of moving objects, for benchmarks that must not depend on footage."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from calibration import BrownConrady, CameraModel, Rig, RigidTransform, Sensor, SensorKind
from calibration.quaternion import FloatArray
from fusion import EgoMotion, EncodedImage, PointFrame, Sweep, Timeline
from fusion.recording import RecordingSource, SourceStream
from fusion.timeline import Int64Array
from labeling.importing import add_tracks, import_source
from labeling.project import Project
from labeling.track import Maker, Presence, Track

START_NS = 1_700_000_000_000_000_000
PERIOD_NS = 100_000_000
EGO_SPEED_MPS = 10.0
CAMERA_COUNT = 6
NAME = "drive"

# The smallest PNG there is: nobody looks at the photos of a benchmark.
_PIXEL_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c6368000000820081"
    "77cd72b60000000049454e44ae426082"
)
_EGO_FROM_FRONT = RigidTransform.from_matrix(np.array([[0, 0, 1, 1.5], [-1, 0, 0, 0], [0, -1, 0, 1.6]], dtype=float))


def camera_model() -> CameraModel:
    """A real lens with strong barrel distortion: KITTI's camera 00 before rectification (2011_09_26, K_00 and D_00)."""
    k = (-0.3728755, 0.2037299, 2.219027e-3, 1.383707e-3, -0.07233722)
    return BrownConrady(1392, 512, 984.2439, 980.8141, 690.0, 233.1966, *k)


def ego_from_camera(index: int) -> RigidTransform:
    """Six cameras look all round, the first one forward."""
    return RigidTransform.from_yaw(index * 2 * math.pi / CAMERA_COUNT, np.zeros(3)) * _EGO_FROM_FRONT


def make_project(root: Path, frames: int, track_count: int) -> Project:
    """A project with one recording, `NAME`, of a LiDAR and six cameras, and tracks with a knot a frame."""
    project = Project.create(root)
    import_source(project, _source(frames), NAME)
    labels = project.labels()
    add_tracks(labels, NAME, _tracks(frames, track_count))
    labels.close()
    return project


def _source(frames: int) -> RecordingSource:
    times = START_NS + PERIOD_NS * np.arange(frames, dtype=np.int64)
    cameras = [f"camera_{index}" for index in range(CAMERA_COUNT)]
    sensors = [Sensor("lidar", SensorKind.LIDAR, RigidTransform.from_yaw(0.0, [0.0, 0.0, 1.8]))]
    streams = [SourceStream("lidar", Timeline(times), _sweep, point_frame=PointFrame.SENSOR)]
    for index, name in enumerate(cameras):
        exposures = Timeline(times - PERIOD_NS + (index * PERIOD_NS) // CAMERA_COUNT)
        sensors.append(Sensor(name, SensorKind.CAMERA, ego_from_camera(index), camera_model()))
        streams.append(SourceStream(name, exposures, lambda _: EncodedImage(_PIXEL_PNG, "image/png")))
    return RecordingSource(NAME, Rig(tuple(sensors)), _ego_motion(times), tuple(streams), reference="lidar")


def _ego_motion(times: Int64Array) -> EgoMotion:
    ego_times = np.arange(times[0] - 2 * PERIOD_NS, times[-1] + 2 * PERIOD_NS, PERIOD_NS // 2)
    x = EGO_SPEED_MPS * (ego_times - START_NS) * 1e-9
    places = np.stack([x, 0 * x, 0 * x], axis=1)
    return EgoMotion(Timeline(ego_times), RigidTransform.from_yaw(np.zeros(len(x)), places))


def _sweep(index: int) -> Sweep:
    rng = np.random.default_rng(index)
    points = rng.uniform(-40, 40, (2000, 3)).astype(np.float32) * np.array([1.0, 1.0, 0.05], dtype=np.float32)
    offsets = np.linspace(-PERIOD_NS, 0, len(points)).astype(np.int32)
    return Sweep(points, rng.integers(0, 255, len(points), dtype=np.uint8), offsets)


def _tracks(frames: int, count: int) -> list[Track]:
    rng = np.random.default_rng(7)
    times = START_NS + PERIOD_NS * np.arange(frames, dtype=np.int64) - PERIOD_NS // 2
    return [_track(f"object-{index:04d}", times, rng) for index in range(count)]


def _track(track_id: str, times: Int64Array, rng: np.random.Generator) -> Track:
    """A car on an arc beside the ego's road."""
    seconds = (times - START_NS) * 1e-9
    yaw = rng.uniform(-math.pi, math.pi) + rng.normal(0.0, 0.1) * seconds
    steps: FloatArray = rng.uniform(0.0, 15.0) * PERIOD_NS * 1e-9 * np.stack([np.cos(yaw), np.sin(yaw)], axis=1)
    start = np.array([rng.uniform(-60.0, 60.0 + EGO_SPEED_MPS * seconds[-1]), rng.uniform(-40.0, 40.0)])
    places = np.column_stack([start + np.cumsum(steps, axis=0), np.full(len(times), 0.8)])
    poses = RigidTransform.from_yaw(yaw, places)
    presence = (Presence(int(times[0]), int(times[-1])),)
    makers = (Maker.IMPORT,) * len(times)
    return Track(track_id, "car", (4.5, 1.9, 1.6), times, poses.translation, poses.rotation, makers, presence)
