"""PandaSet sequence folders (https://pandaset.org), read without pandas and without trusting their pickles.

What the data itself shows, sequence 002:
- `lidar/poses.json` is the pose of a ground-level frame with x right and y forward; clouds and cuboids are in the
  world.
- Photos are already undistorted: straight edges and cuboids fit with K alone, and miss by tens of pixels with the
  listed D.
- A cuboid holds at the moment its LiDAR passed the object, not at the frame's timestamp (the end of the sweep): drawn
  as it is, it sits on cars in the photos, each of which was taken as the beam passed. So every pose gets that moment
  as time.
- `cuboids.sensor_id` 0 is the spinning, 1 the forward LiDAR, -1 both alike; an object that moves can carry a uuid for
  each (`cuboids.sibling_id`), and the pair differs by the motion between the two moments.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration import Pinhole, Rig, RigidTransform, Sensor, SensorKind
from calibration.errors import FormatError
from fusion.ego_motion import EgoMotion
from fusion.readers.files import read_image, read_json
from fusion.readers.folder_files import candidates, finite, parsing, the_only
from fusion.readers.options import ReaderOptions
from fusion.readers.pandaset_cuboids import read_cuboids
from fusion.readers.table_pickle import read_table_pickle
from fusion.recording.source import RecordingSource, SourceStream
from fusion.samples import EncodedImage, PointFrame, Sweep
from fusion.timeline import Int64Array, Timeline, seconds_to_ns

_SIZE_PX = (1920, 1080)
_POSE_FROM_EGO = RigidTransform.from_yaw(np.pi / 2, np.zeros(3))
# Places on the ego: the per-frame camera poses against the static calibration put the spinning LiDAR here, to 2 cm.
_LIDARS = {"main_pandar64": (0.80, 0.0, 1.85), "front_gt": (1.41, 0.0, 1.55)}


def recognises(path: Path) -> bool:
    """Whether the folder is one sequence, or holds one."""
    return bool(candidates(path, _is_sequence, depth=1))


def _is_sequence(path: Path) -> bool:
    return (path / "lidar" / "poses.json").is_file() or (path / "annotations" / "cuboids").is_dir()


def read(path: Path, _options: ReaderOptions) -> RecordingSource:
    """Open one sequence. Frames are those with any file: a frame may have no sweep.

    Raises FormatError where files that every sequence has are missing or broken.
    """
    path = the_only(path, candidates(path, _is_sequence, depth=1), "PandaSet sequence")
    frames = _frames(path)
    lidar_times = _times(path / "lidar", frames)
    pose_times = _stamps(path / "lidar")
    world_from_pose = _poses(path / "lidar")
    ego_motion = EgoMotion(Timeline(pose_times), world_from_pose * _POSE_FROM_EGO)
    cameras = _cameras(path)
    streams = [_lidar_stream(path, name, device, frames, lidar_times) for device, name in enumerate(_LIDARS)]
    streams += [_camera_stream(path, name, frames) for name in cameras]
    cuboids, notes = read_cuboids(path, frames, lidar_times, ego_motion, _LIDARS)
    return RecordingSource(
        name=f"pandaset-{path.resolve().name}",
        rig=Rig((*_lidar_sensors(), *(_camera_sensor(path, name, ego_motion) for name in cameras))),
        ego_motion=ego_motion,
        streams=tuple(streams),
        reference="main_pandar64",
        cuboids=lambda: cuboids,
        notes=tuple(notes),
    )


def _frames(path: Path) -> Int64Array:
    patterns = ("lidar/*.pkl.gz", "annotations/cuboids/*.pkl.gz", "camera/*/*.jpg")
    numbers = {int(file.name.split(".")[0]) for pattern in patterns for file in path.glob(pattern)}
    if not numbers:
        raise FormatError("a PandaSet sequence without sweeps, photos and cuboids", where=path)
    return np.array(sorted(numbers), dtype=np.int64)


def _times(folder: Path, frames: Int64Array) -> Int64Array:
    times = _stamps(folder)
    if frames[-1] >= len(times):
        raise FormatError(f"frame {frames[-1]} has no timestamp", where=folder / "timestamps.json")
    return times[frames]


def _stamps(folder: Path) -> Int64Array:
    file = folder / "timestamps.json"
    return seconds_to_ns(finite(read_json(file), file))


def _poses(folder: Path) -> RigidTransform:
    poses = read_json(folder / "poses.json")
    if not poses:
        raise FormatError("a recording without poses cannot be placed in the world", where=folder / "poses.json")
    with parsing("a pose is malformed", folder / "poses.json"):
        rotations = [[pose["heading"][axis] for axis in "wxyz"] for pose in poses]
        positions = [[pose["position"][axis] for axis in "xyz"] for pose in poses]
        return RigidTransform(np.array(rotations, np.float64), np.array(positions, np.float64))


def _cameras(path: Path) -> list[str]:
    return sorted(folder.parent.name for folder in path.glob("camera/*/intrinsics.json"))


def _lidar_sensors() -> list[Sensor]:
    return [Sensor(name, SensorKind.LIDAR, RigidTransform.from_yaw(0.0, mount)) for name, mount in _LIDARS.items()]


def _camera_sensor(path: Path, name: str, ego_motion: EgoMotion) -> Sensor:
    folder = path / "camera" / name
    k: dict[str, float] = read_json(folder / "intrinsics.json")
    first = _poses(folder)[0]
    ego_from_camera = ego_motion.at(_stamps(folder)[0]).inverse() * first
    with parsing("the intrinsics are malformed", folder / "intrinsics.json"):
        fx, fy, cx, cy = (float(k[name]) for name in ("fx", "fy", "cx", "cy"))
        model = Pinhole(*_SIZE_PX, fx_px=fx, fy_px=fy, cx_px=cx, cy_px=cy)
    return Sensor(name, SensorKind.CAMERA, ego_from_camera, model)


def _camera_stream(path: Path, name: str, frames: Int64Array) -> SourceStream:
    folder = path / "camera" / name

    def load(index: int) -> EncodedImage | None:
        data = read_image(folder / f"{frames[index]:02d}.jpg")
        return None if data is None else EncodedImage(data, "image/jpeg")

    return SourceStream(
        name,
        Timeline(_times(folder, frames)),
        load,
        world_from_sensor=_poses(folder)[frames],
        frame_samples=np.arange(len(frames), dtype=np.int64),
    )


def _lidar_stream(path: Path, name: str, device: int, frames: Int64Array, times_ns: Int64Array) -> SourceStream:
    return SourceStream(
        name,
        Timeline(times_ns),
        partial(_load_sweep, path, device, frames, times_ns),
        point_frame=PointFrame.WORLD,
        frame_samples=np.arange(len(frames), dtype=np.int64),
    )


def _load_sweep(path: Path, device: int, frames: Int64Array, times_ns: Int64Array, index: int) -> Sweep | None:
    table = _sweep_table(path, int(frames[index]))
    if table is None:
        return None
    mine = table["d"] == device
    points = np.stack([table[axis][mine] for axis in "xyz"], axis=1)
    offsets = seconds_to_ns(table["t"][mine]) - times_ns[index]
    return Sweep(points.astype(np.float32), table["i"][mine].astype(np.uint8), offsets.astype(np.int32))


def _sweep_table(path: Path, frame: int) -> dict[str, npt.NDArray[Any]] | None:
    file = path / "lidar" / f"{frame:02d}.pkl.gz"
    return read_table_pickle(file) if file.is_file() else None
