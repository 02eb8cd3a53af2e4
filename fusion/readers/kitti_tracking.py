"""KITTI tracking sequences (https://www.cvlibs.net/datasets/kitti/eval_tracking.php), also those without sensor data.

A folder holds `label_02/0000.txt`, `calib/0000.txt` and, as far as they were downloaded, `image_02/0000/`, `image_03`,
`velodyne/0000/`, `oxts/0000.txt`, or estimated poses of the left colour camera, `camera_poses/0000.txt` (rows of 12:
3x4, first camera frame from camera). One sequence is one recording: with several, the path of any file or folder of one
chooses it.

There are no timestamps: frames are 0.1 s apart, and all sensors of a frame have one time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration import Rig, RigidTransform, Sensor, SensorKind
from calibration.errors import FormatError
from fusion.cuboid_table import CuboidTable
from fusion.ego_motion import EgoMotion
from fusion.readers.folder_files import files_by_stem, folders_in, inside, parsing, read_table
from fusion.readers.image_header import IMAGE_SUFFIXES, first_header
from fusion.readers.kitti_calibration import KittiCalibration, read_calibration
from fusion.readers.kitti_labels import KittiLabels, read_tracking_labels
from fusion.readers.options import ReaderOptions
from fusion.readers.oxts import world_from_imu
from fusion.readers.rigid import rigid
from fusion.readers.streams import TENTH_NS, cloud_loader, photo_loader, reference_stream
from fusion.recording.source import PoseSource, RecordingSource, SourceStream
from fusion.timeline import Int64Array, Timeline

_LIDAR = "velodyne"
_CAMERAS = ("image_02", "image_03")
_LABELS = "label_02"
_TEXTS = (_LABELS, "calib", "oxts", "camera_poses")
_FOLDERS = (*_CAMERAS, _LIDAR)
_MOST_FRAMES = 1_000_000


@dataclass(frozen=True, slots=True)
class _Sequence:
    root: Path
    name: str

    def text(self, part: str) -> Path | None:
        path = inside(self.root, f"{part}/{self.name}.txt")
        return path if path.is_file() else None

    def files(self, part: str, suffixes: tuple[str, ...]) -> dict[int, Path]:
        found = files_by_stem(self.root, f"{part}/{self.name}", suffixes)
        with parsing("a file is not named by its frame's number", self.root / part / self.name):
            return {int(stem): file for stem, file in found.items()}


def recognises(path: Path) -> bool:
    """Whether the path is a tracking folder, `training` in it, or a file or folder of one sequence."""
    return _root(path) is not None


def _is_root(path: Path) -> bool:
    return (path / "calib").is_dir() and any((path / part).is_dir() for part in (_LABELS, *_CAMERAS))


def _root(path: Path) -> Path | None:
    """A sequence lies two levels below the root: label_02/0000.txt, velodyne/0000."""
    chosen = path.parent.parent if path.parent.name in (*_TEXTS, *_FOLDERS) else path
    return next((each for each in (chosen, path / "training") if _is_root(each)), None)


def read(path: Path, _options: ReaderOptions) -> RecordingSource:
    """Open one sequence. Frames are those of its data and labels.

    Raises FormatError where there are several sequences and the path chooses none, or files are malformed.
    """
    sequence = _sequence(path)
    calib = sequence.text("calib")
    if calib is None:
        raise FormatError(f"sequence {sequence.name} has no calibration", where=sequence.root / "calib")
    calibration = read_calibration(calib)
    file = sequence.text(_LABELS)
    labels = None if file is None else read_tracking_labels(file)
    sweeps = sequence.files(_LIDAR, (".bin",))
    photos = {name: sequence.files(name, IMAGE_SUFFIXES) for name in _CAMERAS}
    ego_motion, pose_source, notes = _ego_motion(sequence, calibration)
    times = _times(labels, [sweeps, *photos.values()], ego_motion, sequence)
    rig = _rig(calibration, photos)
    notes += [f"{labels.ignored} DontCare rows are left out"] if labels is not None and labels.ignored else []
    notes += [] if sweeps or any(photos.values()) else ["there is no sensor data in this folder"]
    cuboids = _cuboids(labels, times, ego_motion, calibration)
    return RecordingSource(
        name=f"kitti-tracking-{sequence.name}",
        rig=rig,
        ego_motion=ego_motion,
        streams=tuple(_streams(sequence.root, rig, times, sweeps, photos)),
        reference=_LIDAR if sweeps else _CAMERAS[0],
        cuboids=lambda: cuboids,
        notes=("there are no timestamps: frames are 0.1 s apart", *notes),
        pose_source=pose_source,
    )


def _sequence(path: Path) -> _Sequence:
    root = _root(path)
    if root is None:
        raise FormatError("no KITTI tracking folder: it needs calib and label_02 or image_02", where=path)
    if path.parent.parent == root:
        return _Sequence(root, path.stem)
    names = {stem for part in _TEXTS for stem in files_by_stem(root, part, (".txt",))}
    names |= {folder.name for part in _FOLDERS for folder in folders_in(root / part)}
    if len(names) != 1:
        listed = ", ".join(sorted(names)[:30])
        raise FormatError(
            f"{len(names)} sequences: {listed}", do=f"give the path of one, as {_LABELS}/NAME.txt", where=root
        )
    return _Sequence(root, names.pop())


def _times(
    labels: KittiLabels | None, parts: list[dict[int, Path]], ego_motion: EgoMotion, sequence: _Sequence
) -> Int64Array:
    """(F,) from frame 0 to the last one of anything."""
    last = max([number for part in parts for number in part], default=-1)
    last = max(last, int(labels.frames.max()) if labels is not None and len(labels) else -1)
    if last < 0 and len(ego_motion.timeline) > 1:
        last = len(ego_motion.timeline) - 1
    if not 0 <= last < _MOST_FRAMES:
        raise FormatError(f"sequence {sequence.name} has no frames, or {last} is no frame number", where=sequence.root)
    return np.arange(last + 1, dtype=np.int64) * TENTH_NS


def _ego_motion(sequence: _Sequence, calibration: KittiCalibration) -> tuple[EgoMotion, PoseSource, list[str]]:
    """GPS/IMU, else camera poses in a world that is the first ego, which is taken to stand level."""
    oxts, poses = sequence.text("oxts"), sequence.text("camera_poses")
    if oxts is not None:
        rows = read_table(oxts, 30)
        note = f"the world's origin is latitude {rows[0, 0]:.7f}, longitude {rows[0, 1]:.7f}; x is east"
        return _timed(world_from_imu(rows, oxts), oxts), PoseSource.GPS_IMU, [note]
    if poses is None:
        return EgoMotion.standing_still(), PoseSource.NONE, ["there are no poses: the ego is taken to stand still"]
    first_from_camera = rigid(read_table(poses, 12).reshape(-1, 3, 4), poses)
    ego_from_camera = calibration.ego_from_camera("2")
    world_from_ego = ego_from_camera * first_from_camera * ego_from_camera.inverse()
    return _timed(world_from_ego, poses), PoseSource.POSES, ["the world is the first ego, taken to stand level"]


def _timed(world_from_ego: RigidTransform, where: Path) -> EgoMotion:
    if not len(world_from_ego):
        raise FormatError("there are no poses in the file", where=where)
    return EgoMotion(Timeline(np.arange(len(world_from_ego), dtype=np.int64) * TENTH_NS), world_from_ego)


def _rig(calibration: KittiCalibration, photos: dict[str, dict[int, Path]]) -> Rig:
    """image_02 is there even without photos: labels are seen from it."""
    sensors = [Sensor(_LIDAR, SensorKind.LIDAR, calibration.ego_from_velo)]
    for name, files in photos.items():
        header = first_header(list(files.values()))
        if header is None and name != _CAMERAS[0]:
            continue
        size = None if header is None else (header.width_px, header.height_px)
        model = calibration.model(name[-1], size)
        sensors.append(Sensor(name, SensorKind.CAMERA, calibration.ego_from_camera(name[-1]), model))
    # The frame of the labels; it has no photos here.
    sensors.append(
        Sensor("image_00", SensorKind.CAMERA, calibration.ego_from_camera("0"), calibration.model("0", None))
    )
    return Rig(tuple(sensors))


def _streams(
    root: Path, rig: Rig, times: Int64Array, sweeps: dict[int, Path], photos: dict[str, dict[int, Path]]
) -> Iterator[SourceStream]:
    frames = range(len(times))
    for sensor in rig:
        if sensor.name == _LIDAR and sweeps:
            yield reference_stream(_LIDAR, times, [sweeps.get(f) for f in frames], cloud_loader(), root)
        elif sensor.name in photos:
            files = [photos[sensor.name].get(f) for f in frames]
            yield reference_stream(sensor.name, times, files, photo_loader(sensor.model), root)


def _cuboids(
    labels: KittiLabels | None, times: Int64Array, ego_motion: EgoMotion, calibration: KittiCalibration
) -> CuboidTable | None:
    """Each pose at its photo's time: labels are seen from the camera."""
    if labels is None or not len(labels):
        return None
    ego_from_rect: RigidTransform = calibration.ego_from_velo * calibration.rect_from_velo.inverse()
    moments = times[labels.frames]
    return labels.table(
        tuple(f"kitti-{number}" for number in labels.numbers), moments, ego_motion.at(moments) * ego_from_rect
    )
