"""The labels as frames show them: each cuboid at the moment its frame saw it, each outline at the exposure
of its photo, or of each of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.recording import Recording
from fusion.timeline import Int64Array
from labeling.frame_times import FrameTimes
from labeling.photo_view import PhotoView, photo_view
from labeling.projection import Outlines
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


def _views(recording: Recording, cameras: tuple[str, ...], frame: int) -> dict[str, PhotoView]:
    """How each camera that has a photo in the frame saw the world."""
    samples = {camera: recording.sample_of(camera, frame) for camera in cameras}
    return {camera: photo_view(recording, camera, index) for camera, index in samples.items() if index is not None}


def _frame(
    recording: Recording, times: FrameTimes, cameras: tuple[str, ...], tracks: list[Track], frame: int
) -> FrameLabels:
    moments = times.times_of(tracks, frame)
    kinds = [track.presence_at(time_ns) for track, time_ns in zip(tracks, moments, strict=True)]
    rows = [row for row, kind in enumerate(kinds) if kind is not PresenceKind.ABSENT]
    shown = [tracks[row] for row in rows]
    times_ns = np.array([moments[row] for row in rows], dtype=np.int64)
    sizes = np.array([track.size_m for track in shown]).reshape(-1, 3)
    views = _views(recording, cameras, frame)
    # One column for the moment, then those of each photo.
    asked = np.concatenate([np.empty(0, np.int64), *(view.times_ns for view in views.values())])
    poses = poses_of(shown, np.column_stack([times_ns, np.broadcast_to(asked, (len(shown), len(asked)))]))
    ends = 1 + np.cumsum([len(view.times_ns) for view in views.values()])
    return FrameLabels(
        frame=frame,
        track_ids=tuple(track.id for track in shown),
        presence=tuple(kinds[row] for row in rows),
        times_ns=times_ns,
        world_from_object=RigidTransform(poses.rotation[:, 0], poses.translation[:, 0]),
        sizes_m=sizes,
        outlines={
            camera: view.outlines(_columns(poses, end - len(view.times_ns), end), sizes)
            for (camera, view), end in zip(views.items(), ends.tolist(), strict=True)
        },
    )


def _columns(poses: RigidTransform, start: int, end: int) -> RigidTransform:
    return RigidTransform(poses.rotation[:, start:end], poses.translation[:, start:end])
