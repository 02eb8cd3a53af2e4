"""Pairs of a photo and a cloud with a known extrinsic, as tools for LiDAR-camera calibration bring them.

Two layouts: `img/NAME.png`, `pcd/NAME.pcd` and `gt.json` (K as fx fy cx cy, D, and the extrinsic camera_from_lidar as
translation and quaternion w x y z); and `calib.pcd`, `calib.jpg` (or .png) and `calib.txt` (lines K: 9, D: 4 or 5, T:
12 numbers, camera_from_lidar). The pairs are unrelated: each is a second of its own, in one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration import BrownConrady, CameraModel, Pinhole, Rig, RigidTransform, Sensor, SensorKind
from calibration.errors import FormatError
from calibration.quaternion import FloatArray
from fusion.ego_motion import EgoMotion
from fusion.readers.clouds import CLOUD_SUFFIXES
from fusion.readers.files import read_json
from fusion.readers.folder_files import candidates, files_by_stem, finite, inside, parsing, the_only
from fusion.readers.image_header import IMAGE_SUFFIXES, first_header
from fusion.readers.kitti_calibration import read_numbers
from fusion.readers.options import ReaderOptions
from fusion.readers.rigid import quaternion_poses, rigid
from fusion.readers.streams import SECOND_NS, cloud_loader, frame_stream, photo_loader, reference_stream
from fusion.recording.source import PoseSource, RecordingSource

_LIDAR, _CAMERA = "lidar", "camera"
_SINGLE = "calib"


@dataclass(frozen=True, slots=True, eq=False)
class _Lens:
    """k: fx fy cx cy. distortion: k1 k2 p1 p2 and perhaps k3."""

    k: FloatArray
    distortion: FloatArray
    camera_from_lidar: RigidTransform

    def model(self, width_px: int, height_px: int) -> CameraModel:
        """A pinhole if nothing is distorted."""
        if not np.any(self.distortion):
            return Pinhole(width_px, height_px, *self.k.tolist())
        return BrownConrady(width_px, height_px, *self.k.tolist(), *self.distortion.tolist())


def recognises(path: Path) -> bool:
    """Whether the folder is in one of the two layouts, or holds one that is."""
    return bool(candidates(path, _is_pairs, depth=1))


def _is_pairs(path: Path) -> bool:
    many = (path / "gt.json").is_file() and (path / "img").is_dir() and (path / "pcd").is_dir()
    return many or _is_single(path)


def _is_single(path: Path) -> bool:
    return (path / f"{_SINGLE}.pcd").is_file() and (path / f"{_SINGLE}.txt").is_file()


def read(path: Path, _options: ReaderOptions) -> RecordingSource:
    """Open the pairs. Raises FormatError where the calibration is missing or malformed."""
    path = the_only(path, candidates(path, _is_pairs, depth=1), "folder of photo and cloud pairs")
    single = _is_single(path)
    photos = files_by_stem(path, "." if single else "img", IMAGE_SUFFIXES)
    clouds = files_by_stem(path, "." if single else "pcd", CLOUD_SUFFIXES)
    stems = [_SINGLE] if single else sorted({*photos, *clouds})
    header = first_header([photos[stem] for stem in stems if stem in photos])
    if header is None:
        raise FormatError("there is no photo beside the clouds", where=path)
    lens, where = (_single_lens(path), path / "calib.txt") if single else (_lens(path), path / "gt.json")
    with parsing("the calibration is no camera's", where):
        model = lens.model(header.width_px, header.height_px)
    times = np.arange(len(stems), dtype=np.int64) * SECOND_NS
    rig = Rig(
        (
            Sensor(_LIDAR, SensorKind.LIDAR, RigidTransform.identity()),
            Sensor(_CAMERA, SensorKind.CAMERA, lens.camera_from_lidar.inverse(), model),
        )
    )
    return RecordingSource(
        name=f"pairs-{path.resolve().name}",
        rig=rig,
        ego_motion=EgoMotion.standing_still(),
        streams=(
            reference_stream(_LIDAR, times, [clouds.get(stem) for stem in stems], cloud_loader(), path),
            frame_stream(_CAMERA, times, [photos.get(stem) for stem in stems], photo_loader(model), path),
        ),
        reference=_LIDAR,
        notes=("the pairs are unrelated: each is a second of its own", "the world is the LiDAR, taken to stand level"),
        pose_source=PoseSource.NONE,
    )


def _lens(path: Path) -> _Lens:
    file = inside(path, "gt.json")
    with parsing("the calibration lacks a part, or one is malformed", file):
        record = read_json(file)
        inner, outer = record["intrinsics"], record.get("extrinsics") or record["T_cam_lidar"]
        k, distortion = finite(inner["K"], file), finite(inner["D"], file)
        rotation, translation = finite(outer["rotation"], file), finite(outer["translation"], file)
        if (k.shape, rotation.shape, translation.shape) != ((4,), (4,), (3,)) or len(distortion) not in (4, 5):
            raise ValueError("4 numbers of K, 4 or 5 of D, 4 of the rotation, 3 of the translation")
    placed = quaternion_poses(rotation[None], translation[None], file)
    return _Lens(k, distortion, placed[0])


def _single_lens(path: Path) -> _Lens:
    file = inside(path, f"{_SINGLE}.txt")
    numbers = read_numbers(file)
    with parsing("the calibration lacks a part, or one is malformed", file):
        k, distortion = numbers["K"].reshape(3, 3), numbers.get("D", np.zeros(4))
        placed = rigid(numbers["T"].reshape(3, 4), file)
        if len(distortion) not in (4, 5):
            raise ValueError("D has 4 or 5 numbers")
    return _Lens(np.array([k[0, 0], k[1, 1], k[0, 2], k[1, 2]]), distortion, placed)
