"""KITTI's object benchmark (https://www.cvlibs.net/datasets/kitti/eval_object.php): `training` with image_2, velodyne,
calib and label_2, a file a frame in each.

The frames have nothing to do with each other: each is a second of its own, in one place, and every cuboid a track of
its own. They come from several days with several calibrations: each calibration is a camera of its own in the rig
(`image_2`, `image_2-b`, ...), which has photos in its frames only.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration import Rig, RigidTransform, Sensor, SensorKind
from calibration.errors import FormatError
from calibration.quaternion import IDENTITY
from fusion.cuboid_table import CuboidTable
from fusion.ego_motion import EgoMotion
from fusion.readers.folder_files import candidates, files_by_stem, the_only
from fusion.readers.image_header import IMAGE_SUFFIXES, photo_header
from fusion.readers.kitti_calibration import VELODYNE_HEIGHT_M, KittiCalibration, read_calibration
from fusion.readers.kitti_labels import read_object_labels
from fusion.readers.options import ReaderOptions
from fusion.readers.streams import SECOND_NS, cloud_loader, frame_stream, photo_loader, reference_stream
from fusion.recording.source import PoseSource, RecordingSource, SourceStream
from fusion.timeline import Int64Array

_LIDAR = "velodyne"
_CAMERAS = {"image_2": "2", "image_3": "3"}
_EGO_FROM_VELO = RigidTransform(IDENTITY, np.array([0.0, 0.0, VELODYNE_HEIGHT_M]))


@dataclass(frozen=True, slots=True)
class _Camera:
    """One calibration of one camera, and its photos by frame."""

    sensor: Sensor
    photos: dict[str, Path]


def recognises(path: Path) -> bool:
    """Whether the folder is `training` or `testing`, or holds one."""
    return bool(candidates(path, _is_split, depth=1))


def _is_split(path: Path) -> bool:
    return (path / "calib").is_dir() and ((path / "image_2").is_dir() or (path / "label_2").is_dir())


def read(path: Path, _options: ReaderOptions) -> RecordingSource:
    """Open one split. Raises FormatError where calibration or labels are missing or malformed."""
    path = the_only(path, candidates(path, _is_split, depth=1), "KITTI object folder")
    calibrations = {stem: read_calibration(file) for stem, file in files_by_stem(path, "calib", (".txt",)).items()}
    stems = sorted(calibrations)
    if not stems:
        raise FormatError("there are no calibrations", where=path / "calib")
    times = np.arange(len(stems), dtype=np.int64) * SECOND_NS
    sweeps = files_by_stem(path, _LIDAR, (".bin",))
    cameras = [each for name in _CAMERAS for each in _cameras(path, name, calibrations)]
    cuboids, ignored = _cuboids(path, stems, calibrations, times)
    notes = ["the frames are unrelated: each is a second, a place and tracks of its own"]
    notes += [f"{ignored} DontCare rows are left out"] if ignored else []
    lidar = Sensor(_LIDAR, SensorKind.LIDAR, _EGO_FROM_VELO)
    return RecordingSource(
        name=f"kitti-object-{path.resolve().name}",
        rig=Rig((lidar, *(camera.sensor for camera in cameras))),
        ego_motion=EgoMotion.standing_still(),
        streams=tuple(_streams(path, stems, times, sweeps, cameras)),
        reference=_LIDAR,
        cuboids=lambda: cuboids,
        notes=tuple(notes),
        pose_source=PoseSource.NONE,
    )


def _cameras(path: Path, name: str, calibrations: dict[str, KittiCalibration]) -> list[_Camera]:
    """Photos grouped by calibration and size."""
    groups: dict[bytes, _Camera] = {}
    for stem, photo in files_by_stem(path, name, IMAGE_SUFFIXES).items():
        if stem not in calibrations:
            raise FormatError(f"photo {stem} has no calibration", where=photo)
        header = photo_header(photo)
        size, place = (header.width_px, header.height_px), _ego_from_camera(calibrations[stem], _CAMERAS[name])
        numbers = [*size, *calibrations[stem].projections[_CAMERAS[name]].ravel(), *place.translation, *place.rotation]
        key = np.array(numbers).tobytes()
        if key not in groups:
            model = calibrations[stem].model(_CAMERAS[name], size)
            groups[key] = _Camera(Sensor(_variant(name, len(groups)), SensorKind.CAMERA, place, model), {})
        groups[key].photos[stem] = photo
    return list(groups.values())


def _ego_from_camera(calibration: KittiCalibration, number: str) -> RigidTransform:
    return _EGO_FROM_VELO * (calibration.camera_from_rect(number) * calibration.rect_from_velo).inverse()


def _variant(name: str, number: int) -> str:
    """image_2, image_2-b, ..., image_2-z, image_2-26, ..."""
    letters = string.ascii_lowercase
    return name if number == 0 else f"{name}-{letters[number] if number < len(letters) else number}"


def _streams(
    path: Path, stems: list[str], times: Int64Array, sweeps: dict[str, Path], cameras: list[_Camera]
) -> Iterator[SourceStream]:
    yield reference_stream(_LIDAR, times, [sweeps.get(stem) for stem in stems], cloud_loader(), path)
    for camera in cameras:
        photos = [camera.photos.get(stem) for stem in stems]
        yield frame_stream(camera.sensor.name, times, photos, photo_loader(camera.sensor.model), path)


def _cuboids(
    path: Path, stems: list[str], calibrations: dict[str, KittiCalibration], times: Int64Array
) -> tuple[CuboidTable | None, int]:
    files = files_by_stem(path, "label_2", (".txt",))
    tables, ignored = [], 0
    for frame, stem in enumerate(stems):
        if stem not in files:
            continue
        labels = read_object_labels(files[stem], frame)
        world_from_rect = _EGO_FROM_VELO * calibrations[stem].rect_from_velo.inverse()
        ignored += labels.ignored
        if len(labels):
            ids = tuple(f"{stem}-{number}" for number in labels.numbers)
            tables.append(labels.table(ids, times[labels.frames], world_from_rect))
    return (_joined(tables) if tables else None), ignored


def _joined(tables: list[CuboidTable]) -> CuboidTable:
    frames = np.concatenate([table.frames for table in tables])
    return CuboidTable(
        track_ids=tuple(each for table in tables for each in table.track_ids),
        classes=tuple(each for table in tables for each in table.classes),
        times_ns=frames * SECOND_NS,
        frames=frames,
        world_from_object=RigidTransform(
            np.concatenate([table.world_from_object.rotation for table in tables]),
            np.concatenate([table.world_from_object.translation for table in tables]),
        ),
        sizes_m=np.concatenate([table.sizes_m for table in tables]),
        attributes=tuple(each for table in tables for each in table.attributes),
    )
