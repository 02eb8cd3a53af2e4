"""What somebody's labels say in each frame of a segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.recording import Recording
from labeling.frame_times import FrameTimes
from labeling.overlap import upright_rows
from labeling.track import PresenceKind, Track, poses_of


@dataclass(frozen=True, slots=True)
class Sightings:
    """F frames. ids, classes: of each frame, N_f names; cuboids: of each frame (N_f, 7) upright x y z length width
    height yaw in the world, metres."""

    ids: tuple[tuple[str, ...], ...]
    classes: tuple[tuple[str, ...], ...]
    cuboids: tuple[FloatArray, ...]

    def __len__(self) -> int:
        """How many cuboids."""
        return sum(map(len, self.ids))

    def of_class(self, name: str) -> Sightings:
        """Only the cuboids of a class."""
        kept = [[row for row, each in enumerate(frame) if each == name] for frame in self.classes]
        return Sightings(
            tuple(tuple(ids[row] for row in rows) for ids, rows in zip(self.ids, kept, strict=True)),
            tuple((name,) * len(rows) for rows in kept),
            tuple(cuboids[rows] for cuboids, rows in zip(self.cuboids, kept, strict=True)),
        )


def frames_within(recording: Recording, start_ns: int, end_ns: int) -> list[int]:
    """Numbers of the frames of which the middle lies between two times."""
    frames = range(len(recording.frames))
    return [frame for frame in frames if start_ns <= recording.frame_middle_ns(frame) <= end_ns]


def sightings_in(
    recording: Recording, tracks: Mapping[str, Track], frames: Sequence[int], classes: Sequence[str] = ()
) -> Sightings:
    """What tracks say in frames; of all classes if none are given.

    Whether an object is there is asked at the moment at which the frame shows it, as the page does; all are then laid
    where they are in the middle of the frame, so that two descriptions can be compared.
    """
    chosen = [track for track in tracks.values() if not classes or track.class_name in classes]
    times = FrameTimes(recording)
    middles = np.array([recording.frame_middle_ns(frame) for frame in frames], np.int64)
    poses = poses_of(chosen, np.tile(middles, (len(chosen), 1)))
    sizes = np.array([track.size_m for track in chosen]).reshape(-1, 3)
    rows = [_present(chosen, times.times_of(chosen, frame)) for frame in frames]
    return Sightings(
        tuple(tuple(chosen[row].id for row in each) for each in rows),
        tuple(tuple(chosen[row].class_name for row in each) for each in rows),
        tuple(
            upright_rows(RigidTransform(poses.rotation[each, f], poses.translation[each, f]), sizes[each])
            for f, each in enumerate(rows)
        ),
    )


def _present(tracks: Sequence[Track], moments: Sequence[int]) -> list[int]:
    there = (track.presence_at(moment) for track, moment in zip(tracks, moments, strict=True))
    return [row for row, kind in enumerate(there) if kind is not PresenceKind.ABSENT]
