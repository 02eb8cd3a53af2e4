"""KITTI raw drives (https://www.cvlibs.net/datasets/kitti/raw_data.php): `..._sync` and `..._extract` folders.

Format: the raw development kit's readme. What the data itself shows, 2011_09_26 drive 0005:
- The Velodyne turns counter-clockwise and starts behind the car: only so do the two ends of a sweep meet, at the seam,
  after the ego motion is taken out. Its timestamp is when it looks forward, half-way from start to end.
- Photos of `_sync` drives are rectified (P_rect, no distortion), those of `_extract` drives are not (K, D): the size of
  the photos tells which.
- The ego is the IMU: x forward, y left, z up. Timestamps have no time zone and are taken to be UTC.
- Tracklets are in the Velodyne's frame around points as measured: each pose holds when the beam passed its centre.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration import BrownConrady, CameraModel, Rig, RigidTransform, Sensor, SensorKind
from calibration.errors import FormatError
from calibration.quaternion import FloatArray
from fusion.cuboid_table import CuboidTable
from fusion.ego_motion import EgoMotion
from fusion.readers.clouds.raw import read_bin
from fusion.readers.folder_files import candidates, files_by_stem, finite, parsing, read_lines, the_only
from fusion.readers.image_header import ImageHeader, first_header
from fusion.readers.kitti_calibration import KittiCalibration, checked, read_numbers
from fusion.readers.kitti_tracklets import Tracklets, read_tracklets
from fusion.readers.options import ReaderOptions
from fusion.readers.oxts import world_from_imu
from fusion.readers.rigid import rigid
from fusion.readers.streams import frame_stream, photo_loader, reference_stream
from fusion.recording.source import PoseSource, RecordingSource, SourceStream
from fusion.samples import Sample, Sweep
from fusion.timeline import Int64Array, Timeline

_LIDAR = "velodyne_points"
_CAMERAS = ("image_02", "image_03", "image_00", "image_01")  # colour first, left first
_OXTS_COLUMNS = 30
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,9})?", flags=re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class _Spin:
    """Times of the sweeps (M,) int64 ns: when each begins, looks forward, and ends."""

    start_ns: Int64Array
    forward_ns: Int64Array
    end_ns: Int64Array

    def offsets_ns(self, index: int, points_m: FloatArray) -> FloatArray:
        """(N,) when the beam passed points (N, 3) of the Velodyne's frame, against the timestamp."""
        turned = np.arctan2(points_m[:, 1], points_m[:, 0]) / np.pi
        before = float(self.forward_ns[index] - self.start_ns[index])
        after = float(self.end_ns[index] - self.forward_ns[index])
        return np.asarray(np.where(turned < 0, turned * before, turned * after))


def recognises(path: Path) -> bool:
    """Whether the folder is one drive, or holds drives."""
    return bool(candidates(path, _is_drive))


def _is_drive(path: Path) -> bool:
    return (path / _LIDAR).is_dir() or ((path / "oxts").is_dir() and (path / "image_02").is_dir())


def read(path: Path, _options: ReaderOptions) -> RecordingSource:
    """Open one drive; the calibration files lie in it or beside it. Frames are those with any sweep or photo.

    Raises FormatError where calibration, timestamps or records are missing or malformed.
    """
    drive = the_only(path, candidates(path, _is_drive), "KITTI raw drive").resolve()
    sweeps = files_by_stem(drive, f"{_LIDAR}/data", (".bin",))
    photos = {name: files_by_stem(drive, f"{name}/data", (".png", ".jpg")) for name in _CAMERAS}
    photos = {name: files for name, files in photos.items() if files}
    frames = _frames(drive, [sweeps, *photos.values()])
    reference = _LIDAR if sweeps else next(iter(photos))
    calibration, folder = _calibration(drive)
    ego_motion, pose_source, notes = _ego_motion(drive, frames)
    spin, spin_notes = _spin(drive, frames) if sweeps else (None, [])
    sensors = [Sensor(_LIDAR, SensorKind.LIDAR, calibration.ego_from_velo)]
    sensors += [
        _camera(name, first_header(list(files.values())), calibration, folder) for name, files in photos.items()
    ]
    streams = [_lidar_stream(drive, frames, sweeps, spin)] if spin else []
    streams += _camera_streams(drive, frames, photos, {each.name: each for each in sensors}, reference)
    tracklets = read_tracklets(drive)
    cuboids = _cuboids(tracklets, frames, spin, ego_motion, calibration)
    return RecordingSource(
        name=f"kitti-{drive.name}",
        rig=Rig(tuple(sensors)),
        ego_motion=ego_motion,
        streams=tuple(streams),
        reference=reference,
        cuboids=lambda: cuboids,
        notes=("timestamps have no time zone and are taken to be UTC", *notes, *spin_notes),
        pose_source=pose_source,
    )


def _frames(drive: Path, parts: list[dict[str, Path]]) -> Int64Array:
    with parsing("a file is not named by its frame's number", drive):
        numbers = sorted({int(stem) for part in parts for stem in part})
    if not numbers:
        raise FormatError("a KITTI drive without sweeps and photos", where=drive)
    return np.array(numbers, dtype=np.int64)


def read_times(path: Path) -> Int64Array:
    """(N,) int64 ns of lines `2011-09-26 13:04:32.349659964`, taken to be UTC. Raises FormatError if one is none."""
    lines = read_lines(path)
    if not all(_TIME.fullmatch(line) for line in lines):
        raise FormatError("a line is not a time", where=path)
    with parsing("a line is not a time", path):
        times = np.array(lines, dtype="datetime64[ns]").astype(np.int64)
    if np.any(times < 0):
        raise FormatError("a time is before 1970", where=path)
    return times


def _times(path: Path, frames: Int64Array) -> Int64Array:
    times = read_times(path)
    if frames[-1] >= len(times):
        raise FormatError(f"frame {frames[-1]} has no timestamp", where=path)
    return times[frames]


def _calibration(drive: Path) -> tuple[KittiCalibration, Path]:
    """Of the rectified cameras, and the folder where the files are."""
    folder = drive if (drive / "calib_cam_to_cam.txt").is_file() else drive.parent
    cameras = read_numbers(folder / "calib_cam_to_cam.txt")
    with parsing("the calibration lacks a matrix, or one is malformed", folder / "calib_cam_to_cam.txt"):
        rectification = _placed(cameras["R_rect_00"], np.zeros(3), folder)
        projections = {name[-1]: cameras[name].reshape(3, 4) for name in cameras if name.startswith("P_rect_0")}
    rect_from_velo = rectification * _pose(folder / "calib_velo_to_cam.txt")
    imu = folder / "calib_imu_to_velo.txt"
    calibration = KittiCalibration(projections, rect_from_velo, _pose(imu) if imu.is_file() else None, folder)
    return checked(calibration, folder), folder


def _pose(path: Path) -> RigidTransform:
    numbers = read_numbers(path)
    with parsing("the calibration lacks R or T, or one is malformed", path):
        return _placed(numbers["R"], numbers["T"], path)


def _placed(rotation: FloatArray, translation: FloatArray, path: Path) -> RigidTransform:
    return rigid(np.column_stack([rotation.reshape(3, 3), translation]), path)


def _camera(name: str, header: ImageHeader | None, calibration: KittiCalibration, folder: Path) -> Sensor:
    """Rectified if the photos have the size of the rectified ones."""
    assert header is not None
    number, path = name[-1], folder / "calib_cam_to_cam.txt"
    numbers = read_numbers(path)
    size = (header.width_px, header.height_px)
    with parsing("the calibration lacks a camera, or it is malformed", path):
        rectified, native = (tuple(np.rint(numbers[key + name[-2:]]).astype(int)) for key in ("S_rect_", "S_"))
        if size == native and size != rectified:
            return _unrectified(name, size, calibration, numbers, folder)
        model: CameraModel = calibration.model(number, size)
        if size != rectified:
            raise FormatError(
                f"photos of {name} have {size[0]} x {size[1]} pixels, the calibration {rectified[0]} x {rectified[1]}",
                where=path,
            )
        return Sensor(name, SensorKind.CAMERA, calibration.ego_from_camera(number), model)


def _unrectified(
    name: str, size: tuple[int, int], calibration: KittiCalibration, numbers: dict[str, FloatArray], folder: Path
) -> Sensor:
    path, suffix = folder / "calib_cam_to_cam.txt", name[-2:]
    k, (k1, k2, p1, p2, k3) = numbers[f"K_{suffix}"].reshape(3, 3), numbers[f"D_{suffix}"].tolist()
    model = BrownConrady(*size, k[0, 0], k[1, 1], k[0, 2], k[1, 2], k1, k2, p1, p2, k3)
    camera_from_first = _placed(numbers[f"R_{suffix}"], numbers[f"T_{suffix}"], path)
    camera_from_velo = camera_from_first * _pose(folder / "calib_velo_to_cam.txt")
    return Sensor(name, SensorKind.CAMERA, calibration.ego_from_velo * camera_from_velo.inverse(), model)


def _ego_motion(drive: Path, frames: Int64Array) -> tuple[EgoMotion, PoseSource, list[str]]:
    records = files_by_stem(drive, "oxts/data", (".txt",))
    if not records:
        return EgoMotion.standing_still(), PoseSource.NONE, ["no GPS/IMU: the ego is taken to stand still"]
    with parsing("a GPS/IMU file is not named by its number", drive / "oxts"):
        numbers = np.array([int(stem) for stem in records], dtype=np.int64)
    times = _times(drive / "oxts" / "timestamps.txt", numbers)
    rows = [_record(file) for file in records.values()]
    forwards = np.concatenate([[True], times[1:] > np.maximum.accumulate(times)[:-1]])
    poses = world_from_imu(np.array(rows)[forwards], drive / "oxts")
    latitude, longitude, altitude = rows[0][:3]
    notes = [f"the world's origin is latitude {latitude:.7f}, longitude {longitude:.7f}, {altitude:.2f} m; x is east"]
    if not forwards.all():
        notes.append(f"{int((~forwards).sum())} GPS/IMU records go back in time and are left out")
    if len(records) < len(frames):
        notes.append(f"{len(records)} GPS/IMU records for {len(frames)} frames")
    return EgoMotion(Timeline(times[forwards]), poses), PoseSource.GPS_IMU, notes


def _record(file: Path) -> FloatArray:
    lines = read_lines(file)
    if len(lines) != 1 or len(lines[0].split()) != _OXTS_COLUMNS:
        raise FormatError(f"a GPS/IMU record must be one line of {_OXTS_COLUMNS} numbers", where=file)
    return finite(lines[0].split()[:6], file)


def _spin(drive: Path, frames: Int64Array) -> tuple[_Spin, list[str]]:
    folder = drive / _LIDAR
    forward = _times(folder / "timestamps.txt", frames)
    ends = [folder / "timestamps_start.txt", folder / "timestamps_end.txt"]
    if not all(each.is_file() for each in ends):
        return _Spin(forward, forward, forward), ["no start and end of the sweeps: points have no times of their own"]
    start, end = (_times(each, frames) for each in ends)
    if np.any(start > forward) or np.any(end < forward) or np.any(end - start > 10**9):
        raise FormatError("a sweep does not begin before and end after it looks forward", where=ends[0])
    return _Spin(start, forward, end), []


def _lidar_stream(drive: Path, frames: Int64Array, sweeps: dict[str, Path], spin: _Spin) -> SourceStream:
    by_number = {int(stem): file for stem, file in sweeps.items()}
    index_of = {int(time_ns): index for index, time_ns in enumerate(spin.forward_ns)}

    def load(file: Path, time_ns: int) -> Sample:
        table = read_bin(file)
        assert table.intensity is not None
        offsets = spin.offsets_ns(index_of[time_ns], table.points_m.astype(np.float64))
        return Sweep(table.points_m.astype(np.float32), table.intensity.copy(), np.rint(offsets).astype(np.int32))

    files = [by_number.get(int(frame)) for frame in frames]
    return reference_stream(_LIDAR, spin.forward_ns, files, load, drive / _LIDAR)


def _camera_streams(
    drive: Path, frames: Int64Array, photos: dict[str, dict[str, Path]], sensors: dict[str, Sensor], reference: str
) -> Iterator[SourceStream]:
    for name, files in photos.items():
        by_number = {int(stem): file for stem, file in files.items()}
        times = _times(drive / name / "timestamps.txt", frames)
        listed = [by_number.get(int(frame)) for frame in frames]
        stream = reference_stream if name == reference else frame_stream
        yield stream(name, times, listed, photo_loader(sensors[name].model), drive / name)


def _cuboids(
    tracklets: Tracklets | None,
    frames: Int64Array,
    spin: _Spin | None,
    ego_motion: EgoMotion,
    calibration: KittiCalibration,
) -> CuboidTable | None:
    """Each pose in the world, at the moment when the beam passed its centre."""
    if tracklets is None or spin is None:
        return None
    known = np.isin(tracklets.frames, frames)
    if not known.any():
        return None
    chosen = np.flatnonzero(known)
    index = np.searchsorted(frames, tracklets.frames[chosen])
    velo_from_object = tracklets.velo_from_object[chosen]
    offsets = [
        spin.offsets_ns(i, centre[None])[0] for i, centre in zip(index, velo_from_object.translation, strict=True)
    ]
    times = spin.forward_ns[index] + np.rint(offsets).astype(np.int64)
    return CuboidTable(
        track_ids=tuple(tracklets.track_ids[row] for row in chosen),
        classes=tuple(tracklets.classes[row] for row in chosen),
        times_ns=times,
        frames=index.astype(np.int64),
        world_from_object=ego_motion.at(times) * calibration.ego_from_velo * velo_from_object,
        sizes_m=tracklets.sizes_m[chosen],
        attributes=tuple(tracklets.attributes[row] for row in chosen),
    )
