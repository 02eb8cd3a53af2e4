"""What somebody's labels say in each frame of a segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.recording import Recording
from fusion.timeline import Int64Array
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


def frame_moments(recording: Recording, start_ns: int, end_ns: int) -> Int64Array:
    """(F,) int64 ns: the middles of the frames between two times."""
    middles = np.array([recording.frame_middle_ns(frame) for frame in range(len(recording.frames))], np.int64)
    return middles[(middles >= start_ns) & (middles <= end_ns)]


def sightings_in(tracks: Mapping[str, Track], times_ns: Int64Array, classes: Sequence[str] = ()) -> Sightings:
    """What tracks say at (F,) times: the objects that are observed or occluded; of all classes if none are given."""
    chosen = [track for track in tracks.values() if not classes or track.class_name in classes]
    times = np.broadcast_to(times_ns, (len(chosen), len(times_ns)))
    poses = poses_of(chosen, np.ascontiguousarray(times))
    there = np.array(
        [[track.presence_at(each) is not PresenceKind.ABSENT for each in times_ns.tolist()] for track in chosen], bool
    ).reshape(times.shape)
    sizes = np.array([track.size_m for track in chosen]).reshape(-1, 3)
    rows = [np.flatnonzero(column) for column in there.T]
    return Sightings(
        tuple(tuple(chosen[row].id for row in each) for each in rows),
        tuple(tuple(chosen[row].class_name for row in each) for each in rows),
        tuple(
            upright_rows(RigidTransform(poses.rotation[each, f], poses.translation[each, f]), sizes[each])
            for f, each in enumerate(rows)
        ),
    )
