"""SUSTechPOINTS scene folders (https://github.com/naurril/SUSTechPOINTS): lidar, camera, calib/camera, label.

What the data itself shows, `example`:
- `extrinsic` is camera_from_lidar, row by row; cuboids and points fall on the photos.
- `rotation` is Rx(x) Ry(y) Rz(z): objects of any yaw share the tilt of the road only in that order.
- Axes of the LiDAR are the rig's own: there -y is forward, as the camera called front says.
- File names are frame numbers at 10 Hz: the points' own times agree to 5 ms. Photos have no time of their own; they get
  the frame's, so do the cuboids, which fit points and photos as they are listed.
- There are no poses: the ego is the world, and everything that stands moves past it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from calibration import Pinhole, Rig, RigidTransform, Sensor, SensorKind, quaternion
from calibration.errors import FormatError
from fusion.cuboid_table import CuboidTable
from fusion.ego_motion import EgoMotion
from fusion.readers.clouds import CLOUD_SUFFIXES
from fusion.readers.files import read_json
from fusion.readers.folder_files import candidates, files_by_stem, finite, folders_in, parsing, the_only
from fusion.readers.image_header import IMAGE_SUFFIXES, first_header
from fusion.readers.options import ReaderOptions
from fusion.readers.rigid import rigid
from fusion.readers.streams import TENTH_NS, cloud_loader, frame_stream, photo_loader, reference_stream
from fusion.recording.source import PoseSource, RecordingSource, SourceStream
from fusion.timeline import Int64Array

_LIDAR = "lidar"


@dataclass(frozen=True, slots=True)
class _Camera:
    name: str
    camera_from_lidar: RigidTransform
    model: Pinhole
    photos: dict[str, Path]


def recognises(path: Path) -> bool:
    """Whether the folder is one scene, or holds one."""
    return bool(candidates(path, _is_scene, depth=1))


def _is_scene(path: Path) -> bool:
    return (path / _LIDAR).is_dir() and ((path / "label").is_dir() or (path / "calib" / "camera").is_dir())


def read(path: Path, _options: ReaderOptions) -> RecordingSource:
    """Open one scene. A frame is whatever has a sweep, a photo or labels.

    Raises FormatError where calibration, labels or clouds are malformed.
    """
    path = the_only(path, candidates(path, _is_scene, depth=1), "SUSTechPOINTS scene")
    clouds = files_by_stem(path, _LIDAR, CLOUD_SUFFIXES)
    labels = files_by_stem(path, "label", (".json",))
    cameras, notes = _cameras(path)
    stems = sorted({*clouds, *labels, *(stem for camera in cameras for stem in camera.photos)})
    if not stems:
        raise FormatError("a SUSTechPOINTS scene without clouds, photos and labels", where=path)
    times, how = _times(stems)
    ego_from_lidar, forward = _ego_from_lidar(cameras)
    cuboids = _cuboids(labels, stems, times, ego_from_lidar)
    return RecordingSource(
        name=f"sustechpoints-{path.resolve().name}",
        rig=_rig(cameras, ego_from_lidar),
        ego_motion=EgoMotion.standing_still(),
        streams=tuple(_streams(path, clouds, cameras, stems, times)),
        reference=_LIDAR,
        cuboids=lambda: cuboids,
        notes=(how, forward, "there are no poses: the ego is taken to stand still", *notes),
        pose_source=PoseSource.NONE,
    )


def _cameras(path: Path) -> tuple[list[_Camera], list[str]]:
    files = files_by_stem(path, "calib/camera", (".json",))
    cameras, notes = [], []
    for name, file in files.items():
        photos = files_by_stem(path, f"camera/{name}", IMAGE_SUFFIXES)
        header = first_header(list(photos.values()))
        if header is None:
            notes.append(f"camera {name} has no photos and is left out")
            continue
        with parsing("a camera's calibration is malformed", file):
            record = read_json(file)
            extrinsic = rigid(np.reshape(finite(record["extrinsic"], file), (4, 4)), file)
            k = np.reshape(finite(record["intrinsic"], file), (3, 3))
            model = Pinhole(header.width_px, header.height_px, k[0, 0], k[1, 1], k[0, 2], k[1, 2])
        cameras.append(_Camera(name, extrinsic, model, photos))
    unknown = sorted({folder.name for folder in folders_in(path / "camera")} - set(files))
    notes += [f"camera {name} has no calibration and is left out" for name in unknown]
    return cameras, notes


def _times(stems: list[str]) -> tuple[Int64Array, str]:
    """Frame numbers at 10 Hz; names that are no numbers are counted."""
    numbers = [int(stem) if stem.isascii() and stem.isdigit() and len(stem) < 10 else -1 for stem in stems]
    if min(numbers) < 0 or any(b <= a for a, b in pairwise(numbers)):
        return np.arange(len(stems), dtype=np.int64) * TENTH_NS, "there are no times: frames are 0.1 s apart"
    return np.array(numbers, dtype=np.int64) * TENTH_NS, "times are the frame numbers at 10 Hz"


def _ego_from_lidar(cameras: list[_Camera]) -> tuple[RigidTransform, str]:
    """A quarter turn about z, so that the front camera looks along x."""
    front = sorted((each for each in cameras if "front" in each.name.lower()), key=lambda each: len(each.name))
    chosen = next(iter([*front, *cameras]), None)
    if chosen is None:
        return RigidTransform.identity(), "the LiDAR's x axis is taken to be forward"
    x, y, _ = chosen.camera_from_lidar.inverse().rotate([0.0, 0.0, 1.0])
    quarters = round(math.atan2(y, x) / (math.pi / 2)) % 4
    axis = ("x", "y", "-x", "-y")[quarters]
    turn = RigidTransform.from_yaw(-quarters * math.pi / 2, np.zeros(3))
    return turn, f"the LiDAR's {axis} axis is taken to be forward: camera {chosen.name} looks there"


def _rig(cameras: list[_Camera], ego_from_lidar: RigidTransform) -> Rig:
    sensors = [Sensor(_LIDAR, SensorKind.LIDAR, ego_from_lidar)]
    for camera in cameras:
        ego_from_camera = ego_from_lidar * camera.camera_from_lidar.inverse()
        sensors.append(Sensor(camera.name, SensorKind.CAMERA, ego_from_camera, camera.model))
    return Rig(tuple(sensors))


def _streams(
    path: Path, clouds: dict[str, Path], cameras: list[_Camera], stems: list[str], times: Int64Array
) -> Iterator[SourceStream]:
    yield reference_stream(_LIDAR, times, [clouds.get(stem) for stem in stems], cloud_loader(), path)
    for camera in cameras:
        photos = [camera.photos.get(stem) for stem in stems]
        yield frame_stream(camera.name, times, photos, photo_loader(camera.model), path)


def _cuboids(
    labels: dict[str, Path], stems: list[str], times: Int64Array, ego_from_lidar: RigidTransform
) -> CuboidTable | None:
    rows: list[dict[str, Any]] = []
    for frame, stem in enumerate(stems):
        if stem in labels:
            rows += [row | {"frame": frame} for row in _rows(labels[stem])]
    if not rows:
        return None
    lidar_from_object = RigidTransform(
        np.stack([row["rotation"] for row in rows]), np.array([row["position"] for row in rows])
    )
    frames = np.array([row["frame"] for row in rows], dtype=np.int64)
    return CuboidTable(
        track_ids=tuple(row["id"] for row in rows),
        classes=tuple(row["class"] for row in rows),
        times_ns=times[frames],
        frames=frames,
        world_from_object=ego_from_lidar * lidar_from_object,
        sizes_m=np.array([row["size"] for row in rows]),
        attributes=tuple(row["attributes"] for row in rows),
    )


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """Cuboids of one frame in the LiDAR's frame; an identity that comes twice is told apart by its place."""
    with parsing("not readable JSON", file):
        record = read_json(file)
    listed = record.get("objs", []) if isinstance(record, dict) else record
    seen: set[str] = set()
    with parsing("a label is malformed", file):
        for place, label in enumerate(listed):
            track_id = str(label.get("obj_id") or "")
            if not track_id or track_id in seen:
                track_id = f"{track_id}-{file.stem}-{place}"
            seen.add(track_id)
            yield _row(label, file) | {"id": track_id}


def _row(label: dict[str, Any], file: Path) -> dict[str, Any]:
    position, size, angles = (
        finite([label["psr"][part][axis] for axis in "xyz"], file) for part in ("position", "scale", "rotation")
    )
    if min(size) <= 0:
        raise ValueError("a size is not positive")
    turns = [quaternion.from_rotation_vector(angle * axis) for angle, axis in zip(angles, np.eye(3), strict=True)]
    attribute = label.get("obj_attr")
    return {
        "position": position,
        "size": size,
        "rotation": quaternion.multiply(quaternion.multiply(turns[0], turns[1]), turns[2]),
        "class": str(label.get("obj_type") or "unknown"),
        "attributes": {"attribute": attribute} if isinstance(attribute, str) and attribute else {},
    }
