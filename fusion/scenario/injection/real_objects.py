"""Labelled things of a recording, as far as an injection needs them: what moves with them, and what may hide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array

_MARGIN_M, _CLEARANCE_M = 0.1, 0.3
_VEHICLE_LENGTH_M = 3.0

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class RealObject:
    """A thing that is there from start_ns to end_ns. at: `world_from_object` at times (...,) int64 ns."""

    size_m: tuple[float, float, float]
    at: Callable[[Int64Array], RigidTransform]
    start_ns: int
    end_ns: int
    moves: bool

    def is_there(self, time_ns: int) -> bool:
        """Whether it is labelled at that moment."""
        return self.start_ns <= time_ns <= self.end_ns


def brought_to(
    points_in_world: FloatArray, times_ns: Int64Array, time_ns: int, objects: Sequence[RealObject]
) -> FloatArray:
    """Points (N, 3), each measured at its own time, where they are at `time_ns`: those on moving objects move along."""
    points = points_in_world.copy()
    for thing in objects:
        if not (thing.moves and thing.is_there(time_ns) and len(points)):
            continue
        middle = thing.at(np.array([int(times_ns[len(times_ns) // 2])]))[0]
        reach = 0.5 * float(np.linalg.norm(thing.size_m)) + 5.0
        near = np.flatnonzero(np.all(np.abs(points_in_world - middle.translation) < reach, axis=1))
        if not len(near):
            continue
        local = _apply_each(thing.at(times_ns[near]).inverse(), points_in_world[near])
        inside = np.all(np.abs(local) <= 0.5 * np.asarray(thing.size_m) + _MARGIN_M, axis=1)
        points[near[inside]] = thing.at(np.array([time_ns]))[0].apply(local[inside])
    return points


def on_vehicles(points_in_world: FloatArray, time_ns: int, objects: Sequence[RealObject]) -> BoolArray:
    """(N,) whether points lie in a labelled object as long as a car, well above the ground that it stands on."""
    inside = np.zeros(len(points_in_world), dtype=np.bool_)
    for thing in objects:
        if thing.is_there(time_ns) and thing.size_m[0] > _VEHICLE_LENGTH_M:
            half = 0.5 * np.asarray(thing.size_m)
            pose = thing.at(np.array([time_ns]))[0]
            near = np.flatnonzero(np.all(np.abs(points_in_world - pose.translation) < np.linalg.norm(half), axis=1))
            local = pose.inverse().apply(points_in_world[near])
            inside[near] |= np.all(np.abs(local) <= half, axis=1) & (local[:, 2] > _CLEARANCE_M - half[2])
    return inside


def _apply_each(poses: RigidTransform, points: FloatArray) -> FloatArray:
    """Points (N, 3), each by its own pose of a batch (N,)."""
    return np.asarray(poses.rotate(points) + poses.translation)
