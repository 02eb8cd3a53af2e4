"""The exact labels of a simulation, row by row, each at the moment at which the frame's sensor looked at its actor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.cuboid_table import CuboidTable
from fusion.scenario.sensing.scan import shots
from fusion.scenario.world import Actor
from fusion.timeline import Int64Array, Timeline

if TYPE_CHECKING:
    from fusion.scenario.simulation import Simulation

BoolArray = npt.NDArray[np.bool_]

_ROUNDS = 4
_CAMERA_REACH_M = 80.0


def label_table(simulation: Simulation, seen: dict[str, npt.NDArray[np.int32]]) -> CuboidTable:
    """Rows for every actor from the first frame in which any sensor saw it to the last, while it is within reach.

    seen: by sensor, (firings, actors) points or pixels on each actor. A frame in which nobody sees the actor is
    occluded. Times are those that the reference sensor claims.
    """
    in_frames = frames_seen(simulation, seen)
    ids, classes, times, frames, poses, sizes, attributes = [], [], [], [], [], [], []
    for index, actor in enumerate(simulation.world.actors):
        true_ns = viewing_times_ns(simulation, actor)
        claimed_ns = true_ns + _claimed_minus_true_ns(simulation)
        world_from_object = actor.trajectory.at(true_ns)
        for frame in _labelled_frames(in_frames[:, index], _in_reach(simulation, world_from_object, true_ns)):
            ids.append(actor.track_id)
            classes.append(actor.class_name)
            times.append(int(claimed_ns[frame]))
            frames.append(frame)
            poses.append(world_from_object[frame])
            sizes.append(actor.size_m)
            attributes.append(_attributes(actor, int(true_ns[frame]), observed=bool(in_frames[frame, index])))
    return CuboidTable(
        track_ids=tuple(ids),
        classes=tuple(classes),
        times_ns=np.array(times, dtype=np.int64),
        frames=np.array(frames, dtype=np.int64),
        world_from_object=RigidTransform.stack(poses) if poses else RigidTransform.exp(np.zeros((0, 6))),
        sizes_m=np.array(sizes, dtype=np.float64).reshape(-1, 3),
        attributes=tuple(attributes),
    )


def frames_seen(simulation: Simulation, seen: dict[str, npt.NDArray[np.int32]]) -> BoolArray:
    """(frames, actors) whether any sensor saw the actor in its sample that is nearest to the frame."""
    frame_ns = simulation.firings[simulation.reference.name].true_ns
    found = np.zeros((len(frame_ns), len(simulation.world.actors)), dtype=bool)
    for name, counts in seen.items():
        times = Timeline(simulation.firings[name].true_ns)
        nearest = times.nearest(frame_ns)
        apart_ns = np.abs(times.times_ns[nearest] - frame_ns)
        found |= (counts[nearest] > 0) & (apart_ns <= _half_period_ns(simulation))[:, None]
    return found


def viewing_times_ns(simulation: Simulation, actor: Actor) -> Int64Array:
    """(frames,) int64, true times: when the LiDAR's beam comes nearest to the actor's centre, by fixed-point iteration.

    Without a LiDAR, the frame's own moment.
    """
    end_ns = simulation.firings[simulation.reference.name].true_ns
    lidar = simulation.reference.spec.lidar
    if lidar is None:
        return end_ns
    period_ns = round(1e9 / simulation.reference.spec.clock.rate_hz)
    offsets_ns, directions = shots(lidar.scan, 0, period_ns)
    towards = directions.mean(axis=1)
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    times_ns = end_ns + int(offsets_ns[len(offsets_ns) // 2])
    for _ in range(_ROUNDS):
        times_ns = end_ns + offsets_ns[_nearest_shot(_directions_to(simulation, actor, times_ns), towards)]
    return np.asarray(times_ns)


def _directions_to(simulation: Simulation, actor: Actor, times_ns: Int64Array) -> FloatArray:
    """(N, 3) from the reference sensor to the actor's centre, in the sensor's frame."""
    world_from_sensor = simulation.reference.world_from_sensor(simulation.world.ego, times_ns)
    return np.asarray((world_from_sensor.inverse() * actor.trajectory.at(times_ns)).translation)


def _nearest_shot(directions: FloatArray, towards: FloatArray) -> npt.NDArray[np.intp]:
    """Which of the shots (S, 3) looks most nearly along each direction (N, 3), seen from above as a beam's fan is."""
    level = towards[:, :2] / np.linalg.norm(towards[:, :2], axis=1, keepdims=True)
    return np.asarray(np.argmax(directions[:, :2] @ level.T, axis=1))


def _in_reach(simulation: Simulation, world_from_object: RigidTransform, times_ns: Int64Array) -> BoolArray:
    reference = simulation.reference
    world_from_sensor = reference.world_from_sensor(simulation.world.ego, times_ns)
    away = np.linalg.norm(world_from_object.translation - world_from_sensor.translation, axis=1)
    return np.asarray(away < (reference.spec.lidar.max_range_m if reference.spec.lidar else _CAMERA_REACH_M))


def _labelled_frames(seen: BoolArray, in_reach: BoolArray) -> list[int]:
    found = np.flatnonzero(seen)
    if not len(found):
        return []
    between = np.arange(found[0], found[-1] + 1)
    return [int(frame) for frame in between[in_reach[between]]]


def _attributes(actor: Actor, time_ns: int, *, observed: bool) -> dict[str, str]:
    states = {state.name: state.value for state in actor.states if state.start_ns <= time_ns <= state.end_ns}
    return {"visibility": "observed" if observed else "occluded"} | actor.attributes | states


def _claimed_minus_true_ns(simulation: Simulation) -> Int64Array:
    fired = simulation.firings[simulation.reference.name]
    return np.asarray(fired.recorded_ns - fired.true_ns)


def _half_period_ns(simulation: Simulation) -> int:
    return round(0.5e9 / simulation.reference.spec.clock.rate_hz) + 1
