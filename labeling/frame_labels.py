"""The labels as frames show them: each cuboid at the moment its frame saw it, each outline at its photo's own
exposure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.recording import Recording
from fusion.timeline import Int64Array
from labeling.frame_times import FrameTimes
from labeling.projection import Outlines, project_cuboids
from labeling.track import PresenceKind, Track, poses_of


@dataclass(frozen=True, slots=True, eq=False)
class FrameLabels:
    """B cuboids of one frame.

    times_ns: (B,) int64, the moment at which the frame shows each. world_from_object: batch (B,). sizes_m: (B, 3).
    outlines: for each camera with a photo, the cuboids in it; owners count within this frame.
    """

    frame: int
    track_ids: tuple[str, ...]
    presence: tuple[PresenceKind, ...]
    times_ns: Int64Array
    world_from_object: RigidTransform
    sizes_m: FloatArray
    outlines: dict[str, Outlines]


def frame_labels(
    recording: Recording,
    times: FrameTimes,
    tracks: Mapping[str, Track],
    frames: Sequence[int],
    *,
    with_outlines: bool = True,
) -> list[FrameLabels]:
    """What the frames show of the tracks."""
    cameras = recording.cameras() if with_outlines else ()
    return [_frame(recording, times, cameras, list(tracks.values()), frame) for frame in frames]


def _exposures(recording: Recording, cameras: tuple[str, ...], frame: int) -> npt.NDArray[np.int64]:
    """(C,) index of each camera's photo in the frame, -1 for none, and its time: shape (C, 2)."""
    rows = np.full((len(cameras), 2), -1, dtype=np.int64)
    for row, camera in enumerate(cameras):
        index = recording.sample_of(camera, frame)
        if index is not None:
            rows[row] = index, recording.times_ns(camera)[index]
    return rows


def _frame(
    recording: Recording, times: FrameTimes, cameras: tuple[str, ...], tracks: list[Track], frame: int
) -> FrameLabels:
    moments = times.times_of(tracks, frame)
    kinds = [track.presence_at(time_ns) for track, time_ns in zip(tracks, moments, strict=True)]
    rows = [row for row, kind in enumerate(kinds) if kind is not PresenceKind.ABSENT]
    shown = [tracks[row] for row in rows]
    times_ns = np.array([moments[row] for row in rows], dtype=np.int64)
    sizes = np.array([track.size_m for track in shown]).reshape(-1, 3)
    exposures = _exposures(recording, cameras, frame)
    # One column for the moment, then one a camera; a camera without a photo is asked for nothing of its own.
    asked = np.where(exposures[:, 0] < 0, times_ns[:, None], exposures[:, 1])
    poses = poses_of(shown, np.column_stack([times_ns, asked]))
    return FrameLabels(
        frame=frame,
        track_ids=tuple(track.id for track in shown),
        presence=tuple(kinds[row] for row in rows),
        times_ns=times_ns,
        world_from_object=_column(poses, 0),
        sizes_m=sizes,
        outlines={
            camera: _outlines(recording, camera, int(exposures[row, 0]), _column(poses, 1 + row), sizes)
            for row, camera in enumerate(cameras)
            if exposures[row, 0] >= 0
        },
    )


def _column(poses: RigidTransform, column: int) -> RigidTransform:
    return RigidTransform(poses.rotation[:, column], poses.translation[:, column])


def _outlines(
    recording: Recording, camera: str, index: int, world_from_object: RigidTransform, sizes: FloatArray
) -> Outlines:
    camera_from_world = recording.world_from_sensor(camera, index).inverse()
    return project_cuboids(recording.rig[camera].model, camera_from_world * world_from_object, sizes)
