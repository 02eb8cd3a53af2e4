"""The exact labels of injected actors, row by row, each at the moment at which the frame's LiDAR looked at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from fusion.cuboid_table import CuboidTable
from fusion.frame_clock import FrameClock
from fusion.recording import Recording
from fusion.scenario.sensing.ray_caster import BoolArray
from fusion.scenario.world import Actor
from fusion.timeline import Int64Array

_ROUNDS = 3


def actor_table(
    recording: Recording, actors: Sequence[Actor], seen: Mapping[str, npt.NDArray[np.int32]]
) -> CuboidTable:
    """Rows for every actor from the first frame in which any sensor saw it to the last.

    seen: by sensor, (samples, actors) points or pixels on each actor. A frame in which nobody sees it is occluded.
    """
    in_frames = _frames_seen(recording, len(actors), seen)
    clock = FrameClock(recording)
    rows = [
        (actor, frame, time_ns, bool(in_frames[frame, index]))
        for index, actor in enumerate(actors)
        for frame in _from_first_to_last(in_frames[:, index])
        for time_ns in [_viewing_time_ns(recording, clock, actor, frame)]
    ]
    poses = [actor.trajectory.at(np.asarray(time_ns)) for actor, _, time_ns, _ in rows]
    return CuboidTable(
        track_ids=tuple(actor.track_id for actor, *_ in rows),
        classes=tuple(actor.class_name for actor, *_ in rows),
        times_ns=np.array([time_ns for _, _, time_ns, _ in rows], dtype=np.int64),
        frames=np.array([frame for _, frame, _, _ in rows], dtype=np.int64),
        world_from_object=RigidTransform.stack(poses) if poses else RigidTransform.exp(np.zeros((0, 6))),
        sizes_m=np.array([actor.size_m for actor, *_ in rows], dtype=np.float64).reshape(-1, 3),
        attributes=tuple(_attributes(actor, time_ns, observed=observed) for actor, _, time_ns, observed in rows),
    )


def _frames_seen(recording: Recording, actors: int, seen: Mapping[str, npt.NDArray[np.int32]]) -> BoolArray:
    """(frames, actors) whether any sensor saw the actor in the frame's sample."""
    found = np.zeros((len(recording.frames), actors), dtype=np.bool_)
    for sensor, counts in seen.items():
        for frame in range(len(found)):
            sample = recording.sample_of(sensor, frame)
            if sample is not None:
                found[frame] |= counts[sample] > 0
    return found


def _from_first_to_last(seen: BoolArray) -> list[int]:
    found: Int64Array = np.flatnonzero(seen)
    return list(range(int(found[0]), int(found[-1]) + 1)) if len(found) else []


def _viewing_time_ns(recording: Recording, clock: FrameClock, actor: Actor, frame: int) -> int:
    """When the beam met the actor's centre, by fixed-point iteration."""
    time_ns = recording.frame_middle_ns(frame)
    for _ in range(_ROUNDS):
        place = actor.trajectory.at(np.asarray(time_ns)).translation
        time_ns = int(clock.time_at(place[None], frame)[0])
    return time_ns


def _attributes(actor: Actor, time_ns: int, *, observed: bool) -> dict[str, str]:
    states = {state.name: state.value for state in actor.states if state.start_ns <= time_ns <= state.end_ns}
    return {"visibility": "observed" if observed else "occluded"} | actor.attributes | states
