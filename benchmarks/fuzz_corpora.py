"""Small sources that every reader reads: cut out of the real recordings where they are, and made for the others."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fusion.recording import Recording
from fusion.writers.mcap import write_mcap

_ROOT = Path(__file__).parent.parent
_SAMPLE = _ROOT / "sample_data" / "street.h5"

Corpus = Callable[[Path, Path], bool]
"""(real data folder, empty folder) -> whether something was put there."""


def real_data() -> Path:
    """The folder of real recordings, which may be absent."""
    return Path(os.environ.get("BOXWRIGHT_REAL_DATA", _ROOT.parent / "shared" / "data"))


def _some_files(source: Path, to: Path, wanted: Callable[[Path], bool]) -> bool:
    """Copy the files of a folder that are wanted; whether there were any."""
    files = [file for file in source.rglob("*") if file.is_file() and wanted(file.relative_to(source))]
    for file in files:
        target = to / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    return bool(files)


def _pandaset(real: Path, to: Path) -> bool:
    def wanted(file: Path) -> bool:
        photo = file.suffix == ".jpg" and "front_camera" not in file.parts
        return (file.suffix == ".json" or file.name.startswith("00.")) and not photo and "semseg" not in file.parts

    return _some_files(real / "pandaset" / "002", to, wanted)


def _argoverse2(real: Path, to: Path) -> bool:
    logs = sorted((real / "argoverse2").glob("*-*"))
    return bool(logs) and _some_files(logs[0], to, lambda file: file.suffix == ".feather")


def _kitti_raw(real: Path, to: Path) -> bool:
    return _some_files(
        real / "kitti_raw", to, lambda file: "image_01" not in file.parts and "image_03" not in file.parts
    )


def _kitti_tracking(real: Path, to: Path) -> bool:
    return _some_files(real / "kitti_tracking", to, lambda file: "0013" in file.name)


def _sustechpoints(real: Path, to: Path) -> bool:
    return _some_files(
        real / "sustechpoints" / "example", to, lambda file: file.stem in {"000965", "front", "left", "right"}
    )


def _rgbd(real: Path, to: Path) -> bool:
    kept = ("frame-000100", "frame-000102", "camera-intrinsics", "gravity")
    return _some_files(real / "rgbd_7scenes", to, lambda file: file.name.startswith(kept))


def _pairs(real: Path, to: Path) -> bool:
    return _some_files(real / "lidar_camera_pairs" / "kitti", to, lambda file: file.stem in {"000000", "gt"})


def _nuscenes(_: Path, to: Path) -> bool:
    from tests.fusion.readers.test_nuscenes import write_nuscenes

    write_nuscenes(to)
    return True


def _clouds(_: Path, to: Path) -> bool:
    from tests.fusion.readers import writers

    table = writers.cloud(300)
    for encoding in ("ascii", "binary", "binary_compressed"):
        writers.write_pcd(to / f"a_{encoding}.pcd", table, encoding)
    for encoding in ("ascii", "binary_little_endian", "binary_big_endian"):
        writers.write_ply(to / f"b_{encoding}.ply", table, encoding)
    points = writers.points_of(table).astype("<f4")
    np.column_stack([points, np.ones(len(points), "<f4")]).astype("<f4").tofile(to / "c.bin")
    np.save(to / "d.npy", points)
    np.savez_compressed(to / "e.npz", points=points)
    writers.write_las(to / "f.las", points)
    return True


def _mcap(_: Path, to: Path) -> bool:
    with Recording.open(_SAMPLE) as recording:
        write_mcap(_first_frames(recording, to / "short.h5"), to / "drive.mcap")
    (to / "short.h5").unlink()
    return True


def _first_frames(recording: Recording, path: Path, frames: int = 2) -> Recording:
    """The recording with the data of its first samples alone."""
    from dataclasses import replace

    from fusion.recording import write_recording
    from fusion.recording.as_source import recording_source

    source = recording_source(recording)
    streams = tuple(
        replace(stream, load=lambda index, load=stream.load: load(index) if index < frames else None)
        for stream in source.streams
    )
    write_recording(replace(source, streams=streams), path)
    return Recording.open(path)


def _bag1(_: Path, to: Path) -> bool:
    from tests.fusion.ros import logs

    logs.write_bag1(to / "drive.bag", logs.drive(logs.ROS1))
    return True


def _bag2(_: Path, to: Path) -> bool:
    from tests.fusion.ros import logs

    logs.write_bag2(to / "bag", logs.drive())
    return True


CORPORA: dict[str, Corpus] = {
    "pandaset": _pandaset,
    "argoverse2": _argoverse2,
    "kitti_raw": _kitti_raw,
    "kitti_tracking": _kitti_tracking,
    "sustechpoints": _sustechpoints,
    "rgbd": _rgbd,
    "pairs": _pairs,
    "nuscenes": _nuscenes,
    "clouds": _clouds,
    "mcap": _mcap,
    "bag1": _bag1,
    "bag2": _bag2,
}
