"""The plain folder: a layout for recordings that no other reader knows; `docs/import.md` describes it.

DIR/rig.yaml                    the sensors, as a recording file's rig lists them
DIR/SENSOR/TIME_NS.EXT          photos (jpg, png), clouds (pcd, ply, las, laz, bin, npy, npz), depth images (16-bit png)
DIR/poses.csv                   optional: time_ns, x, y, z, qw, qx, qy, qz
DIR/labels.csv                  optional: time_ns, track_id, class, x, y, z, length, width, height, qw, qx, qy, qz, ...
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from calibration import Rig, RigidTransform, Sensor, SensorKind
from calibration.errors import FormatError
from calibration.quaternion import FloatArray
from fusion.cuboid_table import CuboidTable
from fusion.ego_motion import EgoMotion
from fusion.readers.clouds import CLOUD_SUFFIXES, PointTable, as_sweep, read_cloud
from fusion.readers.clouds.raw import KITTI_COLUMNS
from fusion.readers.depth_png import decode_depth_png
from fusion.readers.folder_files import files_by_stem, finite, inside, parsing, read_bytes, read_text
from fusion.readers.image_header import IMAGE_SUFFIXES, load_photo
from fusion.readers.options import ReaderOptions
from fusion.readers.rigid import near_origin, quaternion_poses
from fusion.readers.streams import timeline
from fusion.recording.source import PoseSource, RecordingSource, SourceStream
from fusion.samples import DepthImage, PointFrame, Sample
from fusion.timeline import Int64Array, Timeline

RIG, POSES, LABELS = "rig.yaml", "poses.csv", "labels.csv"
_POSE = ("x", "y", "z", "qw", "qx", "qy", "qz")
_SIZE = ("length", "width", "height")
_SENSOR_KEYS = {"name", "kind", "ego_from_sensor", "camera", "readout_ns", "points", "metres_per_unit"}
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_LONGEST_RIG = 1 << 20
_FAR_M = 10_000.0
_PREFERENCE = (SensorKind.LIDAR, SensorKind.DEPTH, SensorKind.CAMERA)
_SUFFIXES = {SensorKind.CAMERA: IMAGE_SUFFIXES, SensorKind.LIDAR: CLOUD_SUFFIXES, SensorKind.DEPTH: (".png",)}


@dataclass(frozen=True, slots=True)
class _Mounted:
    """A sensor, and how its files are to be read. columns: of bare clouds."""

    sensor: Sensor
    columns: tuple[str, ...]
    point_frame: PointFrame
    metres_per_unit: float
    files: tuple[Path, ...]
    timeline: Timeline


def recognises(path: Path) -> bool:
    """Whether the folder has a rig.yaml."""
    return (path / RIG).is_file()


def read(path: Path, _options: ReaderOptions) -> RecordingSource:
    """Open the folder. Frames are the samples of `reference`: by default of the first LiDAR, depth camera or camera.

    Raises FormatError where a file is malformed, UnsafeInputError where a link leads out of the folder.
    """
    rig_file = inside(path, RIG)
    record = _rig_record(rig_file)
    mounted = [_mounted(path, sensor, rig_file) for sensor in record["sensors"]]
    with parsing("the rig contradicts itself", rig_file):
        rig = Rig(tuple(each.sensor for each in mounted))
    with_data = [each for each in mounted if each.files]
    reference = _reference(record, with_data, rig_file)
    poses = _poses(path)
    origin = _origin(poses, with_data)
    cuboids = _cuboids(path, origin, reference.timeline)
    notes = [f"{each.sensor.name} has no files" for each in mounted if not each.files]
    notes += [] if poses else [f"there is no {POSES}: the ego is taken to stand still"]
    return RecordingSource(
        name=str(record.get("name") or path.resolve().name),
        rig=rig,
        ego_motion=_ego_motion(poses, origin),
        streams=tuple(_stream(each, origin) for each in with_data),
        reference=reference.sensor.name,
        origin_m=origin,
        cuboids=lambda: cuboids,
        notes=tuple(notes),
        pose_source=PoseSource.POSES if poses else PoseSource.NONE,
    )


def _rig_record(file: Path) -> dict[str, Any]:
    text = read_text(file)
    if len(text) > _LONGEST_RIG:
        raise FormatError("a rig of more than a megabyte", where=file)
    try:
        record = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise FormatError("not readable YAML", where=file) from error
    if not isinstance(record, dict) or not isinstance(record.get("sensors"), list) or not record["sensors"]:
        raise FormatError("the rig lists no sensors", where=file)
    return record


def _mounted(root: Path, record: Any, file: Path) -> _Mounted:
    if not isinstance(record, dict) or not _NAME.fullmatch(str(record.get("name"))):
        raise FormatError("a sensor needs a name of letters, digits, dots and dashes", where=file)
    name = str(record["name"])
    unknown = sorted(map(str, record.keys() - _SENSOR_KEYS))
    if unknown:
        raise FormatError(f"sensor {name} has an unknown key {', '.join(unknown)[:80]}", where=file)
    with parsing(f"sensor {name} is malformed", file):
        sensor = Sensor.from_record({"camera": None} | record)
        points = record.get("points") or {}
        columns = tuple(str(column) for column in points.get("columns", KITTI_COLUMNS))
        point_frame = PointFrame(points.get("frame", PointFrame.SENSOR))
        scale = float(record.get("metres_per_unit", 1e-3))
        if not 0 < scale < 1e3:
            raise ValueError("metres_per_unit must be positive")
    found = files_by_stem(root, name, _SUFFIXES[sensor.kind])
    with parsing("a file is not named by its time in nanoseconds", root / name):
        by_time = {_time_ns(stem): path for stem, path in found.items()}
    times = sorted(by_time)
    files = tuple(by_time[time_ns] for time_ns in times)
    return _Mounted(sensor, columns, point_frame, scale, files, Timeline(np.array(times, dtype=np.int64)))


def _time_ns(text: str) -> int:
    time_ns = int(text)
    if not abs(time_ns) < 1 << 62:
        raise ValueError("a time beyond 64 bits")
    return time_ns


def _reference(record: dict[str, Any], mounted: list[_Mounted], file: Path) -> _Mounted:
    if not mounted:
        raise FormatError("no sensor has a file", do="put them into SENSOR/TIME_NS.EXT", where=file)
    wanted = record.get("reference")
    if wanted is None:
        return min(mounted, key=lambda each: _PREFERENCE.index(each.sensor.kind))
    for each in mounted:
        if each.sensor.name == wanted:
            return each
    raise FormatError(f"the reference {str(wanted)[:40]!r} is no sensor with files", where=file)


def _table(root: Path, name: str, needed: tuple[str, ...]) -> list[dict[str, str]]:
    """Rows of a CSV file with a header; empty where there is no such file."""
    file = inside(root, name)
    if not file.is_file():
        return []
    try:
        rows = list(csv.DictReader(io.StringIO(read_text(file)), restkey="", restval=""))
    except csv.Error as error:
        raise FormatError(f"not a readable CSV file ({error})", where=file) from error
    for number, row in enumerate(rows, start=2):
        lacking = [column for column in needed if not row.get(column)]
        if lacking or row.get(""):
            raise FormatError(f"line {number} lacks {', '.join(lacking) or 'a column in the header'}", where=file)
    return rows


def _numbers(rows: list[dict[str, str]], columns: tuple[str, ...], file: Path) -> FloatArray:
    return finite([[row[column] for column in columns] for row in rows], file).reshape(-1, len(columns))


def _times(rows: list[dict[str, str]], file: Path) -> Int64Array:
    with parsing("a time is no whole number of nanoseconds", file):
        return np.array([_time_ns(row["time_ns"]) for row in rows], dtype=np.int64)


def _placed(rows: list[dict[str, str]], file: Path) -> RigidTransform:
    values = _numbers(rows, _POSE, file)
    return quaternion_poses(values[:, 3:], values[:, :3], file)


def _poses(path: Path) -> tuple[Timeline, RigidTransform] | None:
    rows = _table(path, POSES, ("time_ns", *_POSE))
    if not rows:
        return None
    file = path / POSES
    return timeline(_times(rows, file), file), _placed(rows, file)


def _origin(poses: tuple[Timeline, RigidTransform] | None, mounted: list[_Mounted]) -> FloatArray:
    """What is subtracted: as the first pose tells, else the first cloud that is in the world."""
    if poses is not None:
        return near_origin(poses[1])[1]
    for each in mounted:
        if each.sensor.kind is SensorKind.LIDAR and each.point_frame is PointFrame.WORLD:
            return cloud_origin(read_cloud(each.files[0], each.columns))
    return np.zeros(3)


def cloud_origin(table: PointTable) -> FloatArray:
    """(3,) whole metres in the middle of a cloud that is more than 10 km away, else zero."""
    if not len(table) or np.max(np.abs(table.points_m[0])) <= _FAR_M:
        return np.zeros(3)
    return np.round(np.median(table.points_m.astype(np.float64), axis=0))


def _ego_motion(poses: tuple[Timeline, RigidTransform] | None, origin: FloatArray) -> EgoMotion:
    if poses is None:
        return EgoMotion.standing_still()
    times, world_from_ego = poses
    return EgoMotion(times, RigidTransform(world_from_ego.rotation, world_from_ego.translation - origin))


def _stream(mounted: _Mounted, origin: FloatArray) -> SourceStream:
    times = mounted.timeline.times_ns

    def load(index: int) -> Sample | None:
        return _load(mounted, mounted.files[index], int(times[index]), origin)

    return SourceStream(mounted.sensor.name, mounted.timeline, load, point_frame=mounted.point_frame)


def _load(mounted: _Mounted, file: Path, time_ns: int, origin: FloatArray) -> Sample:
    if mounted.sensor.kind is SensorKind.CAMERA:
        return load_photo(file, mounted.sensor.model)
    if mounted.sensor.kind is SensorKind.DEPTH:
        return _depth(mounted, file)
    table = read_cloud(file, mounted.columns)
    return as_sweep(moved(table, origin) if mounted.point_frame is PointFrame.WORLD else table, time_ns)


def moved(table: PointTable, origin: FloatArray) -> PointTable:
    """The table with `origin` (3,) subtracted, in float64 where anything is."""
    points = table.points_m.astype(np.float64) - origin if np.any(origin) else table.points_m
    return PointTable(points, table.intensity, table.time, table.columns, table.dropped, table.viewpoint)


def _depth(mounted: _Mounted, file: Path) -> DepthImage:
    values, model = decode_depth_png(read_bytes(file), file), mounted.sensor.model
    if values.shape != (model.height_px, model.width_px):
        raise FormatError(f"a depth image of {values.shape[1]} x {values.shape[0]} pixels, not the rig's", where=file)
    return DepthImage(values, mounted.metres_per_unit)


def _cuboids(path: Path, origin: FloatArray, frames: Timeline) -> CuboidTable | None:
    """Cuboids in the coordinates of the poses, each at its own time and in the frame nearest to it."""
    rows, file = _table(path, LABELS, ("time_ns", "track_id", "class", *_POSE, *_SIZE)), path / LABELS
    if not rows:
        return None
    times, world_from_object, sizes = _times(rows, file), _placed(rows, file), _numbers(rows, _SIZE, file)
    if np.any(sizes <= 0):
        raise FormatError("a size is not positive", where=file)
    return CuboidTable(
        track_ids=tuple(row["track_id"] for row in rows),
        classes=tuple(row["class"] for row in rows),
        times_ns=times,
        frames=frames.nearest(times).astype(np.int64),
        world_from_object=RigidTransform(world_from_object.rotation, world_from_object.translation - origin),
        sizes_m=sizes,
        attributes=tuple(_attributes(row) for row in rows),
    )


def _attributes(row: Mapping[str, str]) -> dict[str, str]:
    """Columns that are neither pose nor size, as far as they are filled."""
    known = {"time_ns", "track_id", "class", *_POSE, *_SIZE}
    return {name: value for name, value in row.items() if name not in known and value}
