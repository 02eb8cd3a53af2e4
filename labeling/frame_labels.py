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
from labeling.track import PresenceKind, Track


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


@dataclass(slots=True, eq=False)
class _Gathered:
    ids: list[str]
    kinds: list[PresenceKind]
    times: list[int]
    rotations: list[FloatArray]
    translations: list[FloatArray]
    sizes: list[tuple[float, float, float]]


def frame_labels(
    recording: Recording,
    times: FrameTimes,
    tracks: Mapping[str, Track],
    frames: Sequence[int],
    *,
    with_outlines: bool = True,
) -> list[FrameLabels]:
    """What the frames show of the tracks; each trajectory is asked once for all frames and cameras."""
    cameras = recording.cameras() if with_outlines else ()
    exposures = {frame: _exposures(recording, cameras, frame) for frame in frames}
    gathered = {frame: _Gathered([], [], [], [], [], []) for frame in frames}
    for track in tracks.values():
        _gather(track, times, exposures, gathered)
    return [_frame(recording, cameras, exposures[frame], frame, gathered[frame]) for frame in frames]


def _exposures(recording: Recording, cameras: tuple[str, ...], frame: int) -> npt.NDArray[np.int64]:
    """(C,) index of each camera's photo in the frame, -1 for none, and its time: shape (C, 2)."""
    rows = np.full((len(cameras), 2), -1, dtype=np.int64)
    for row, camera in enumerate(cameras):
        index = recording.sample_of(camera, frame)
        if index is not None:
            rows[row] = index, recording.times_ns(camera)[index]
    return rows


def _gather(
    track: Track, times: FrameTimes, exposures: dict[int, npt.NDArray[np.int64]], gathered: dict[int, _Gathered]
) -> None:
    shown = [(frame, *times.shown(track, frame)) for frame in exposures]
    shown = [each for each in shown if each[2] is not PresenceKind.ABSENT]
    if not shown:
        return
    query = np.stack([np.concatenate([[time], exposures[frame][:, 1]]) for frame, time, _ in shown])
    missing = np.stack([np.concatenate([[False], exposures[frame][:, 0] < 0]) for frame, _, _ in shown])
    moments = np.array([time for _, time, _ in shown])
    poses = track.at(np.where(missing, moments[:, None], query))
    for row, (frame, time_ns, kind) in enumerate(shown):
        into = gathered[frame]
        into.ids.append(track.id)
        into.kinds.append(kind)
        into.times.append(time_ns)
        into.rotations.append(poses.rotation[row])
        into.translations.append(poses.translation[row])
        into.sizes.append(track.size_m)


def _frame(
    recording: Recording,
    cameras: tuple[str, ...],
    exposures: npt.NDArray[np.int64],
    frame: int,
    gathered: _Gathered,
) -> FrameLabels:
    count = len(gathered.ids)
    rotations = np.array(gathered.rotations).reshape(count, 1 + len(cameras), 4)
    translations = np.array(gathered.translations).reshape(count, 1 + len(cameras), 3)
    sizes = np.array(gathered.sizes).reshape(count, 3)
    outlines = {}
    for row, camera in enumerate(cameras):
        index = int(exposures[row, 0])
        if index >= 0:
            camera_from_world = recording.world_from_sensor(camera, index).inverse()
            world_from_object = RigidTransform(rotations[:, 1 + row], translations[:, 1 + row])
            model = recording.rig[camera].model
            outlines[camera] = project_cuboids(model, camera_from_world * world_from_object, sizes)
    return FrameLabels(
        frame=frame,
        track_ids=tuple(gathered.ids),
        presence=tuple(gathered.kinds),
        times_ns=np.array(gathered.times, dtype=np.int64),
        world_from_object=RigidTransform(rotations[:, 0], translations[:, 0]),
        sizes_m=sizes,
        outlines=outlines,
    )
