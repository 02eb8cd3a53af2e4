"""nuScenes folders (https://www.nuscenes.org): one scene of the tables in `v1.0-*`, with sweeps and samples.

- Clouds are compensated for the ego's motion to the sweep's timestamp, and given in the sensor's frame there: here they
  become points in the ego frame. Times of points are not given; rows come in the order in which they were fired, all
  rings of a column together, and the timestamp is the end of the turn (H. Caesar et al., "nuScenes", 2020, section 3).
- Annotations exist for keyframes only, twice a second. Every sweep of the LiDAR is a frame here; in the frames between
  two keyframes an object is where its trajectory goes.
- Sizes are width, length, height; quaternions w, x, y, z; annotations are in the world.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration import Pinhole, Rig, RigidTransform, Sensor, SensorKind
from calibration.errors import FormatError
from fusion.cuboid_table import CuboidTable
from fusion.ego_motion import EgoMotion
from fusion.readers.clouds.raw import read_bin
from fusion.readers.files import read_json
from fusion.readers.folder_files import finite, inside, parsing
from fusion.readers.image_header import load_photo
from fusion.readers.options import ReaderOptions
from fusion.recording.source import RecordingSource, SourceStream
from fusion.samples import EncodedImage, PointFrame, Sweep
from fusion.timeline import Int64Array, Timeline

Row = dict[str, Any]

_LIDAR = "LIDAR_TOP"
_RINGS = 32
_COLUMNS = ("x", "y", "z", "intensity", "ring")
_LONGEST_LIST = 8


def recognises(path: Path) -> bool:
    """Whether the folder holds a version of the tables."""
    return any(path.glob("v1.0-*/sample_data.json"))


def read(path: Path, options: ReaderOptions) -> RecordingSource:
    """Open one scene; options.sequence names it, where there are several.

    Raises FormatError where a table is missing or broken, or the scene is not said.
    """
    tables = _Tables(_version(path))
    scene = _scene(tables, path, options.sequence)
    keyframes = _keyframes(tables, scene)
    data = _sample_data(tables, keyframes)
    if _LIDAR not in data:
        raise FormatError(f"scene {scene['name']} has no {_LIDAR}", where=path)
    channels = [name for name in data if name == _LIDAR or name.startswith("CAM")]
    sensors = {name: _sensor(tables, name, data[name][0]) for name in channels}
    left_out = sorted(set(data) - set(channels))
    lidar = data[_LIDAR]
    cuboids = partial(_cuboids, tables, keyframes, lidar)
    return RecordingSource(
        name=str(scene["name"]),
        rig=Rig(tuple(sensors.values())),
        ego_motion=_ego_motion(tables, data),
        streams=(
            _lidar_stream(path, lidar, sensors[_LIDAR]),
            *(_camera_stream(path, sensors[name], data[name]) for name in channels if name != _LIDAR),
        ),
        reference=_LIDAR,
        cuboids=cuboids,
        notes=tuple([f"left out: {', '.join(left_out)} (no radars yet)"] if left_out else []),
    )


class _Tables:
    """Tables of one version, each read once, by name and by token."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[str, list[Row]] = {}
        self._by_token: dict[str, dict[str, Row]] = {}

    def rows(self, name: str) -> list[Row]:
        """All rows of a table. Raises FormatError if it is missing or no list of objects."""
        if name not in self._rows:
            file = self._folder / f"{name}.json"
            rows = read_json(file)
            if not isinstance(rows, list) or not all(isinstance(row, dict) and "token" in row for row in rows):
                raise FormatError("a nuScenes table is a list of objects with a token", where=file)
            self._rows[name] = rows
        return self._rows[name]

    def row(self, name: str, token: object) -> Row:
        """One row. Raises FormatError if there is none."""
        if name not in self._by_token:
            self._by_token[name] = {str(row["token"]): row for row in self.rows(name)}
        if str(token) not in self._by_token[name]:
            raise FormatError(f"{name} has no row {token!r}", do="complete the download", where=self._folder)
        return self._by_token[name][str(token)]

    def get(self, row: Row, key: str) -> Any:
        """A field. Raises FormatError if it is missing."""
        if key not in row:
            raise FormatError(f"a row lacks {key!r}", where=self._folder)
        return row[key]


@dataclass(frozen=True, slots=True, eq=False)
class _Keyframe:
    token: str
    time_ns: int


def _version(path: Path) -> Path:
    found = sorted(file.parent for file in path.glob("v1.0-*/sample_data.json"))
    if not found:
        raise FormatError("no tables of nuScenes", do="the folder that holds v1.0-mini or the like", where=path)
    return found[0]


def _scene(tables: _Tables, path: Path, wanted: str | None) -> Row:
    scenes = {str(tables.get(row, "name")): row for row in tables.rows("scene")}
    if wanted is None and len(scenes) == 1:
        return next(iter(scenes.values()))
    if wanted not in scenes:
        names = sorted(scenes)
        more = f" and {len(names) - _LONGEST_LIST} more" if len(names) > _LONGEST_LIST else ""
        what = f"there are {len(names)} scenes" if wanted is None else f"no scene {wanted!r}"
        raise FormatError(what, do=f"--sequence with one of {', '.join(names[:_LONGEST_LIST])}{more}", where=path)
    return scenes[wanted]


def _keyframes(tables: _Tables, scene: Row) -> list[_Keyframe]:
    rows = [row for row in tables.rows("sample") if tables.get(row, "scene_token") == scene["token"]]
    found = [_Keyframe(row["token"], _nanoseconds(tables.get(row, "timestamp"))) for row in rows]
    return sorted(found, key=lambda keyframe: keyframe.time_ns)


def _nanoseconds(microseconds: object) -> int:
    with parsing("a timestamp", Path("sample_data.json")):
        return int(str(microseconds)) * 1000


def _sample_data(tables: _Tables, keyframes: list[_Keyframe]) -> dict[str, list[Row]]:
    """Rows by channel, in order of time: sweeps belong to the keyframe after them."""
    tokens = {keyframe.token for keyframe in keyframes}
    found: dict[str, list[Row]] = {}
    for row in tables.rows("sample_data"):
        if tables.get(row, "sample_token") in tokens:
            calibrated = tables.row("calibrated_sensor", tables.get(row, "calibrated_sensor_token"))
            channel = tables.get(tables.row("sensor", tables.get(calibrated, "sensor_token")), "channel")
            found.setdefault(str(channel), []).append(row)
    return {
        name: sorted(found[name], key=lambda row: _nanoseconds(tables.get(row, "timestamp"))) for name in sorted(found)
    }


def _sensor(tables: _Tables, name: str, row: Row) -> Sensor:
    calibrated = tables.row("calibrated_sensor", row["calibrated_sensor_token"])
    mounting = _pose(tables, calibrated)
    if name == _LIDAR:
        return Sensor(name, SensorKind.LIDAR, mounting)
    with parsing("a camera's calibration", Path("calibrated_sensor.json")):
        k = np.array(tables.get(calibrated, "camera_intrinsic"), dtype=np.float64).reshape(3, 3)
        size = int(tables.get(row, "width")), int(tables.get(row, "height"))
        model = Pinhole(*size, fx_px=k[0, 0], fy_px=k[1, 1], cx_px=k[0, 2], cy_px=k[1, 2])
    return Sensor(name, SensorKind.CAMERA, mounting, model)


def _pose(tables: _Tables, row: Row) -> RigidTransform:
    with parsing("a pose", Path("ego_pose.json")):
        return RigidTransform(np.array(tables.get(row, "rotation")), np.array(tables.get(row, "translation")))


def _ego_motion(tables: _Tables, data: dict[str, list[Row]]) -> EgoMotion:
    """The pose of every sample, sorted by its time."""
    poses = {
        _nanoseconds(tables.get(row, "timestamp")): tables.row("ego_pose", tables.get(row, "ego_pose_token"))
        for rows in data.values()
        for row in rows
    }
    times = np.array(sorted(poses), dtype=np.int64)
    return EgoMotion(Timeline(times), RigidTransform.stack([_pose(tables, poses[int(time)]) for time in times]))


def _times(rows: list[Row]) -> Timeline:
    try:
        return Timeline(np.array([_nanoseconds(row["timestamp"]) for row in rows], dtype=np.int64))
    except ValueError as error:
        raise FormatError("two samples of a sensor have one time", where=str(rows[0].get("filename"))) from error


def _lidar_stream(path: Path, rows: list[Row], sensor: Sensor) -> SourceStream:
    times = _times(rows)

    def load(index: int) -> Sweep | None:
        file = inside(path, str(rows[index].get("filename")))
        return _sweep(file, sensor.ego_from_sensor, times.period_ns) if file.is_file() else None

    return SourceStream(_LIDAR, times, load, point_frame=PointFrame.EGO)


def _sweep(file: Path, ego_from_sensor: RigidTransform, period_ns: int) -> Sweep:
    table = read_bin(file, _COLUMNS)
    count = len(table.points_m)
    points = ego_from_sensor.apply(np.asarray(table.points_m, dtype=np.float64))
    intensity = np.zeros(count) if table.intensity is None else np.asarray(table.intensity)
    return Sweep(points.astype(np.float32), intensity.astype(np.uint8), firing_offsets_ns(count, period_ns))


def firing_offsets_ns(count: int, period_ns: int) -> npt.NDArray[np.int32]:
    """(N,) times of points before the end of the turn, in the order of firing, 32 at once."""
    column = np.arange(count) // _RINGS
    columns = max(1, -(-count // _RINGS))
    return np.rint(((column + 0.5) / columns - 1.0) * period_ns).astype(np.int32)


def _camera_stream(path: Path, sensor: Sensor, rows: list[Row]) -> SourceStream:
    def load(index: int) -> EncodedImage | None:
        file = inside(path, str(rows[index].get("filename")))
        return load_photo(file, sensor.model) if file.is_file() else None

    return SourceStream(sensor.name, _times(rows), load)


def _cuboids(tables: _Tables, keyframes: list[_Keyframe], lidar: list[Row]) -> CuboidTable | None:
    """One row for each annotation, in the frame of its keyframe's sweep, at the moment when that sweep passed it."""
    frames = {str(row["sample_token"]): frame for frame, row in enumerate(lidar) if row.get("is_key_frame")}
    rows = [row for row in tables.rows("sample_annotation") if str(tables.get(row, "sample_token")) in frames]
    if not rows:
        return None
    sizes = finite([tables.get(row, "size") for row in rows], Path("sample_annotation.json")).reshape(-1, 3)
    return CuboidTable(
        track_ids=tuple(str(tables.get(row, "instance_token")) for row in rows),
        classes=tuple(_category(tables, row) for row in rows),
        times_ns=None,
        frames=np.array([frames[str(row["sample_token"])] for row in rows], dtype=np.int64),
        world_from_object=RigidTransform.stack([_pose(tables, row) for row in rows]),
        sizes_m=sizes[:, [1, 0, 2]],
        attributes=tuple(_attributes(tables, row) for row in rows),
        labelled_frames=_labelled(frames, keyframes),
    )


def _labelled(frames: dict[str, int], keyframes: list[_Keyframe]) -> Int64Array:
    return np.array(sorted(frames[each.token] for each in keyframes if each.token in frames), dtype=np.int64)


def _category(tables: _Tables, row: Row) -> str:
    instance = tables.row("instance", tables.get(row, "instance_token"))
    return str(tables.get(tables.row("category", tables.get(instance, "category_token")), "name"))


def _attributes(tables: _Tables, row: Row) -> dict[str, str]:
    """`vehicle.moving` becomes vehicle: moving; visibility is that of the cameras, in bins of per cent."""
    names = [str(tables.get(tables.row("attribute", token), "name")) for token in row.get("attribute_tokens", [])]
    found = {name.partition(".")[0]: name.partition(".")[2] for name in names if "." in name}
    if row.get("visibility_token"):
        found["camera_visibility"] = str(tables.get(tables.row("visibility", row["visibility_token"]), "level"))
    return found
