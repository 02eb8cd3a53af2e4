"""Point cloud files alone: one file, or a folder of them, in the order of their names.

Nothing is known but points: one LiDAR stands at the origin of their frame, which is the world, and a file is a frame.
Surveys in map coordinates are moved to a local origin.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from calibration import Rig, RigidTransform, Sensor, SensorKind
from calibration.errors import FormatError
from fusion.ego_motion import EgoMotion
from fusion.readers.clouds import as_sweep, read_cloud
from fusion.readers.folder_files import files_by_stem
from fusion.readers.options import ReaderOptions
from fusion.readers.plain_folder import cloud_origin, moved
from fusion.readers.streams import TENTH_NS, reference_stream
from fusion.recording.source import PoseSource, RecordingSource
from fusion.samples import PointFrame, Sample

_LIDAR = "lidar"
# An array of numpy may be anything: only where somebody says so is it a cloud.
_SUFFIXES = (".pcd", ".ply", ".las", ".laz", ".bin")


def recognises(path: Path) -> bool:
    """Whether it is a cloud file, or a folder with some directly in it."""
    if path.is_file():
        return path.suffix.lower() in _SUFFIXES
    return path.is_dir() and any(each.suffix.lower() in _SUFFIXES for each in path.iterdir())


def read(path: Path, _options: ReaderOptions) -> RecordingSource:
    """Open the clouds. Raises FormatError if there are none, or the first is malformed."""
    files = [path] if path.is_file() else list(files_by_stem(path, ".", _SUFFIXES).values())
    if not files:
        raise FormatError("there are no point clouds here", where=path)
    origin = cloud_origin(read_cloud(files[0]))
    times = np.arange(len(files), dtype=np.int64) * TENTH_NS

    def load(file: Path, time_ns: int) -> Sample:
        return as_sweep(moved(read_cloud(file), origin), time_ns)

    return RecordingSource(
        name=f"clouds-{path.resolve().stem}",
        rig=Rig((Sensor(_LIDAR, SensorKind.LIDAR, RigidTransform.identity()),)),
        ego_motion=EgoMotion.standing_still(),
        streams=(reference_stream(_LIDAR, times, files, load, path, PointFrame.WORLD),),
        reference=_LIDAR,
        origin_m=origin,
        notes=("clouds alone: frames are 0.1 s apart, there are no poses",),
        pose_source=PoseSource.NONE,
    )
