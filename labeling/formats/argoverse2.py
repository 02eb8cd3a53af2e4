"""Argoverse 2 `annotations.feather`: one row for each cuboid and frame, in the ego frame at the sweep's timestamp."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import feather

from calibration import RigidTransform
from calibration.errors import FormatError
from fusion import CuboidTable
from fusion.cloud import fused_cloud
from fusion.frame_clock import timed_by_sweeps
from fusion.readers.files import as_int64, read_feather
from fusion.recording import Recording
from labeling.formats.report import ExportReport, unsayable
from labeling.frame_labels import FrameLabels, frame_labels
from labeling.frame_times import FrameTimes
from labeling.from_table import tracks_from_table
from labeling.interior_points import count_interior_points
from labeling.ontology import Ontology
from labeling.track import Track

_SIZE = ("length_m", "width_m", "height_m")
_POSE = ("qw", "qx", "qy", "qz", "tx_m", "ty_m", "tz_m")
_UNKNOWN_COUNT = 0
_BATCH_FRAMES = 32


def write(recording: Recording, tracks: Mapping[str, Track], path: Path) -> ExportReport:
    """Write all cuboids that frames show. Each pose is that of the moment at which the sweep passed the object."""
    times = FrameTimes(recording)
    columns: dict[str, list[Any]] = {name: [] for name in ("timestamp_ns", "track_uuid", "category", *_SIZE, *_POSE)}
    counts: list[npt.NDArray[np.int64]] = []
    uncounted = 0
    for first in range(0, len(recording.frames), _BATCH_FRAMES):
        batch = range(first, min(first + _BATCH_FRAMES, len(recording.frames)))
        for labels in frame_labels(recording, times, tracks, batch, with_outlines=False):
            _append(columns, recording, labels, tracks)
            interior = _interior(recording, labels)
            uncounted += len(labels.track_ids) if interior is None else 0
            counts.append(np.full(len(labels.track_ids), _UNKNOWN_COUNT) if interior is None else interior)
    rows = len(columns["track_uuid"])
    table = pa.table(
        columns | {"num_interior_pts": np.concatenate(counts) if counts else np.empty(0, np.int64)}, schema=_SCHEMA
    )
    feather.write_feather(table, path, compression="uncompressed")
    losses = unsayable(tracks)
    if uncounted:
        losses.append(f"num_interior_pts of {uncounted} cuboids in frames without a sweep: written as {_UNKNOWN_COUNT}")
    return ExportReport(rows, len(set(columns["track_uuid"])), tuple(losses))


_SCHEMA = pa.schema(
    [("timestamp_ns", pa.int64()), ("track_uuid", pa.string()), ("category", pa.string())]
    + [(name, pa.float64()) for name in (*_SIZE, *_POSE)]
    + [("num_interior_pts", pa.int64())]
)


def _append(
    columns: dict[str, list[Any]], recording: Recording, labels: FrameLabels, tracks: Mapping[str, Track]
) -> None:
    stamp = int(recording.frames.times_ns[labels.frame])
    ego_from_object = recording.ego_motion.at(stamp).inverse() * labels.world_from_object
    columns["timestamp_ns"] += [stamp] * len(labels.track_ids)
    columns["track_uuid"] += labels.track_ids
    columns["category"] += [tracks[track_id].class_name for track_id in labels.track_ids]
    for axis, name in enumerate(_SIZE):
        columns[name] += labels.sizes_m[:, axis].tolist()
    numbers = np.concatenate([ego_from_object.rotation, ego_from_object.translation], axis=1)
    for axis, name in enumerate(_POSE):
        columns[name] += numbers[:, axis].tolist()


def _interior(recording: Recording, labels: FrameLabels) -> npt.NDArray[np.int64] | None:
    """LiDAR points inside each cuboid, counted in the ego frame as Argoverse does; None without a sweep."""
    cloud = fused_cloud(recording, labels.frame)
    if not len(cloud):
        return None
    ego_from_world = recording.ego_motion.at(int(recording.frames.times_ns[labels.frame])).inverse()
    points = ego_from_world.apply(cloud.points_in_world)
    return count_interior_points(points, ego_from_world * labels.world_from_object, labels.sizes_m)


def read(recording: Recording, path: Path, ontology: Ontology) -> list[Track]:
    """Tracks of an annotation file of this recording. Raises FormatError if a row belongs to none of its frames."""
    table = read_feather(path, ("timestamp_ns", "track_uuid", "category", *_SIZE, *_POSE))
    stamps = as_int64(table["timestamp_ns"])
    frames = np.searchsorted(recording.frames.times_ns, stamps)
    frames = np.minimum(frames, len(recording.frames) - 1).astype(np.int64)
    if np.any(recording.frames.times_ns[frames] != stamps):
        raise FormatError(
            "rows have timestamps that are no frames of the recording",
            do=f"import into the recording they belong to, not {recording.name}",
            where=path,
        )
    rotation = np.stack([table[name] for name in _POSE[:4]], axis=1).astype(np.float64)
    translation = np.stack([table[name] for name in _POSE[4:]], axis=1).astype(np.float64)
    world_from_object = recording.ego_motion.at(stamps) * RigidTransform(rotation, translation)
    cuboids = CuboidTable(
        track_ids=tuple(map(str, table["track_uuid"])),
        classes=tuple(map(str, table["category"])),
        times_ns=None,
        frames=frames,
        world_from_object=world_from_object,
        sizes_m=np.stack([table[name] for name in _SIZE], axis=1).astype(np.float64),
    )
    return tracks_from_table(timed_by_sweeps(cuboids, recording))
