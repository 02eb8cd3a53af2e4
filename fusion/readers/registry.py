"""The registry of readers: which there are, and which one a folder is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration.errors import FormatError
from fusion.cuboid_table import CuboidTable
from fusion.readers import (
    argoverse2,
    cloud_folder,
    kitti_object,
    kitti_pairs,
    kitti_raw,
    kitti_tracking,
    nuscenes,
    pandaset,
    plain_folder,
    rgbd_folder,
    ros,
    sustechpoints,
)
from fusion.readers.folder_files import parsing
from fusion.readers.options import ReaderOptions
from fusion.recording.source import RecordingSource, SourceStream
from fusion.samples import Sample, Sweep

_CONTRADICTS = "contradicts its own format"


@dataclass(frozen=True, slots=True)
class Reader:
    """A dataset format. recognises(path): whether the folder or file looks like one; read(path, options): a lazy
    source."""

    title: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, ReaderOptions], RecordingSource]


READERS: dict[str, Reader] = {
    "pandaset": Reader("PandaSet sequence folder", pandaset.recognises, pandaset.read),
    "nuscenes": Reader("nuScenes folder, one scene of it", nuscenes.recognises, nuscenes.read),
    "argoverse2": Reader("Argoverse 2 sensor log folder", argoverse2.recognises, argoverse2.read),
    "kitti-raw": Reader("KITTI raw drive folder", kitti_raw.recognises, kitti_raw.read),
    "kitti-tracking": Reader("KITTI tracking sequence", kitti_tracking.recognises, kitti_tracking.read),
    "sustechpoints": Reader("SUSTechPOINTS scene folder", sustechpoints.recognises, sustechpoints.read),
    "plain": Reader("plain folder with rig.yaml", plain_folder.recognises, plain_folder.read),
    "kitti-object": Reader("KITTI object folder", kitti_object.recognises, kitti_object.read),
    "pairs": Reader("pairs of photo and cloud", kitti_pairs.recognises, kitti_pairs.read),
    "rgbd": Reader("RGB-D folder (7-Scenes, TUM)", rgbd_folder.recognises, rgbd_folder.read),
    "mcap": Reader("MCAP file of ROS or Foxglove messages", ros.recognises_mcap, ros.read),
    "rosbag": Reader("ROS 1 bag file or ROS 2 bag folder", ros.recognises_bag, ros.read),
    "clouds": Reader("point cloud file, or a folder of them", cloud_folder.recognises, cloud_folder.read),
}


def readers_of(path: Path, format_name: str | None = None) -> list[str]:
    """Names of the readers for a folder or file: the one that is named, or all that recognise it."""
    if format_name is not None:
        return [format_name] if format_name in READERS else []
    return [name for name, reader in READERS.items() if reader.recognises(path)]


def read_source(path: Path, format_name: str | None = None, options: ReaderOptions | None = None) -> RecordingSource:
    """Open a dataset folder or file, guessing the format unless it is given.

    Raises FormatError if the path is missing, the format unknown, or nobody recognises the folder.
    """
    known = ", ".join(READERS)
    if not path.exists():
        raise FormatError("there is nothing to import", do="check the path", where=path)
    if format_name is not None and format_name not in READERS:
        raise FormatError(f"unknown format {format_name!r}", do=f"one of {known}", where=path)
    names = readers_of(path, format_name)
    if not names:
        raise FormatError("no reader recognises this folder", do=f"name one of {known} with --format", where=path)
    with parsing(_CONTRADICTS, path):
        return _guarded(READERS[names[0]].read(path, options or ReaderOptions()), path)


def _guarded(source: RecordingSource, path: Path) -> RecordingSource:
    """The source, of which nothing but a FormatError comes: readers name the file themselves where they foresee it."""

    def cuboids() -> CuboidTable | None:
        with parsing(_CONTRADICTS, path):
            return source.cuboids()

    return replace(source, streams=tuple(_guarded_stream(each, path) for each in source.streams), cuboids=cuboids)


def _guarded_stream(stream: SourceStream, path: Path) -> SourceStream:
    def load(index: int) -> Sample | None:
        with parsing(f"sample {index} of {stream.sensor} {_CONTRADICTS}", path):
            return _finite(stream.load(index))

    return replace(stream, load=load)


def _finite(sample: Sample | None) -> Sample | None:
    """A sweep without the points that are nowhere: nothing behind this border expects them."""
    if not isinstance(sample, Sweep):
        return sample
    somewhere = np.isfinite(sample.points_m).all(axis=1)
    if somewhere.all():
        return sample
    return Sweep(sample.points_m[somewhere], sample.intensity[somewhere], sample.time_offset_ns[somewhere])
