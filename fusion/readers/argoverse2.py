"""Argoverse 2 sensor logs (https://argoverse.github.io/user-guide/datasets/sensor.html).

What the data itself shows, log 7fab2350:
- Sweeps are ego-motion compensated to their timestamp, the *start* of the sweep; `offset_ns` is each point's own time.
- laser_number 0-31 is the upper, 32-63 the lower LiDAR: with the calibrated mounting each laser's elevation is constant
  to 0.05 degrees, three times better than the other way round. The two spin half a turn apart.
- Annotations are in the ego frame at the timestamp, but around an object's points as they were measured: shifting
  moving cuboids to the timestamp loses points. So every pose gets the moment at which the upper LiDAR looked there as
  its time, which `fusion.frame_clock` finds out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from calibration import BrownConrady, Rig, RigidTransform, Sensor, SensorKind
from calibration.errors import FormatError
from calibration.quaternion import FloatArray
from fusion.cuboid_table import CuboidTable
from fusion.ego_motion import EgoMotion
from fusion.readers.files import as_int64, read_feather, read_image
from fusion.readers.folder_files import candidates, the_only
from fusion.readers.options import ReaderOptions
from fusion.recording.source import RecordingSource, SourceStream
from fusion.samples import EncodedImage, PointFrame, Sample, Sweep
from fusion.timeline import Int64Array, Timeline

_POSE = ("qw", "qx", "qy", "qz", "tx_m", "ty_m", "tz_m")
_SIZE = ("length_m", "width_m", "height_m")
_SWEEP = ("x", "y", "z", "intensity", "laser_number", "offset_ns")
_LIDARS = {"up_lidar": (0, 32), "down_lidar": (32, 64)}


def recognises(path: Path) -> bool:
    """Whether the folder is one log, or holds one."""
    return bool(candidates(path, _is_log, depth=1))


def _is_log(path: Path) -> bool:
    return (path / "city_SE3_egovehicle.feather").is_file() or (path / "annotations.feather").is_file()


def read(path: Path, _options: ReaderOptions) -> RecordingSource:
    """Open one log. A timestamp that is annotated but has no sweep file is a frame without a sweep.

    Raises FormatError where files that every log has are missing or broken.
    """
    path = the_only(path, candidates(path, _is_log, depth=1), "Argoverse 2 log")
    ego_motion, origin = _ego_motion(path)
    annotations = _annotations(path)
    sweeps = {int(file.stem): file for file in sorted((path / "sensors" / "lidar").glob("*.feather"))}
    annotated = annotations["timestamp_ns"] if annotations else np.empty(0, np.int64)
    frames = np.union1d(as_int64(list(sweeps)), as_int64(annotated))
    if not len(frames):
        raise FormatError("an Argoverse 2 log without sweeps and annotations", where=path)
    sensors = _sensors(path)
    photos = {s.name: _photo_times(path, s.name) for s in sensors if s.kind is SensorKind.CAMERA}
    streams = [_lidar_stream(name, lasers, frames, sweeps) for name, lasers in _LIDARS.items()]
    streams += [_camera_stream(path, name, times) for name, times in photos.items() if len(times)]
    notes = [] if annotations else ["no annotations in this log"]
    if len(sweeps) < len(frames):
        notes.append(f"{len(frames) - len(sweeps)} of {len(frames)} frames have no sweep file")
    cuboids = _cuboids(annotations, frames, ego_motion)
    return RecordingSource(
        name=f"argoverse2-{path.resolve().name}",
        rig=Rig(tuple(sensors)),
        ego_motion=ego_motion,
        streams=tuple(streams),
        reference="up_lidar",
        origin_m=origin,
        cuboids=lambda: cuboids,
        notes=tuple(notes),
    )


def _transforms(table: dict[str, Any]) -> RigidTransform:
    rotation = np.stack([table[name] for name in _POSE[:4]], axis=1).astype(np.float64)
    return RigidTransform(rotation, np.stack([table[name] for name in _POSE[4:]], axis=1).astype(np.float64))


def _ego_motion(path: Path) -> tuple[EgoMotion, FloatArray]:
    """City coordinates reach kilometres: the world is the city moved by a whole number of metres."""
    file = path / "city_SE3_egovehicle.feather"
    table = read_feather(file, ("timestamp_ns", *_POSE))
    times = as_int64(table["timestamp_ns"])
    if not len(times):
        raise FormatError("a recording without poses cannot be placed in the world", where=file)
    order = np.argsort(times, kind="stable")
    city_from_ego = _transforms(table)[order]
    origin = np.round(city_from_ego.translation[0])
    poses = RigidTransform(city_from_ego.rotation, city_from_ego.translation - origin)
    return EgoMotion(Timeline(times[order]), poses), origin


def _sensors(path: Path) -> list[Sensor]:
    folder = path / "calibration"
    places = read_feather(folder / "egovehicle_SE3_sensor.feather", ("sensor_name", *_POSE))
    names = ("fx_px", "fy_px", "cx_px", "cy_px", "k1", "k2", "k3", "height_px", "width_px")
    lenses = read_feather(folder / "intrinsics.feather", ("sensor_name", *names))
    models = {}
    for row, name in enumerate(lenses["sensor_name"]):
        lens = {column: float(lenses[column][row]) for column in names}
        width, height = int(lens.pop("width_px")), int(lens.pop("height_px"))
        models[str(name)] = BrownConrady(width_px=width, height_px=height, **lens)
    poses = _transforms(places)
    sensors = []
    for row, name in enumerate(places["sensor_name"]):
        model = models.get(str(name))
        kind = SensorKind.CAMERA if model else SensorKind.LIDAR
        sensors.append(Sensor(str(name), kind, poses[row], model))
    return sensors


def _photo_times(path: Path, camera: str) -> Int64Array:
    return as_int64(sorted(int(file.stem) for file in (path / "sensors" / "cameras" / camera).glob("*.jpg")))


def _camera_stream(path: Path, camera: str, times_ns: Int64Array) -> SourceStream:
    folder = path / "sensors" / "cameras" / camera

    def load(index: int) -> Sample | None:
        data = read_image(folder / f"{times_ns[index]}.jpg")
        return None if data is None else EncodedImage(data, "image/jpeg")

    return SourceStream(camera, Timeline(times_ns), load)


def _lidar_stream(name: str, lasers: tuple[int, int], frames: Int64Array, sweeps: dict[int, Path]) -> SourceStream:
    load: Callable[[int], Sample | None] = partial(_load_sweep, lasers, frames, sweeps)
    every = np.arange(len(frames), dtype=np.int64)
    return SourceStream(name, Timeline(frames), load, point_frame=PointFrame.EGO, frame_samples=every)


def _load_sweep(lasers: tuple[int, int], frames: Int64Array, sweeps: dict[int, Path], index: int) -> Sweep | None:
    file = sweeps.get(int(frames[index]))
    if file is None:
        return None
    table = read_feather(file, _SWEEP)
    mine = (table["laser_number"] >= lasers[0]) & (table["laser_number"] < lasers[1])
    points = np.stack([table[axis][mine] for axis in "xyz"], axis=1).astype(np.float32)
    return Sweep(points, table["intensity"][mine].astype(np.uint8), table["offset_ns"][mine].astype(np.int32))


def _annotations(path: Path) -> dict[str, Any] | None:
    file = path / "annotations.feather"
    return read_feather(file, ("timestamp_ns", "track_uuid", "category", *_SIZE, *_POSE)) if file.is_file() else None


def _cuboids(table: dict[str, Any] | None, frames: Int64Array, ego_motion: EgoMotion) -> CuboidTable | None:
    if table is None:
        return None
    stamps = as_int64(table["timestamp_ns"])
    ego_from_object = _transforms(table)
    return CuboidTable(
        track_ids=tuple(map(str, table["track_uuid"])),
        classes=tuple(map(str, table["category"])),
        times_ns=None,
        frames=np.searchsorted(frames, stamps).astype(np.int64),
        world_from_object=ego_motion.at(stamps) * ego_from_object,
        sizes_m=np.stack([table[name] for name in _SIZE], axis=1).astype(np.float64),
    )
