"""Everything in a synthetic world and the exact truth about it: props that stand, actors that may move, the ego."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import BoxwrightError, RigidTransform
from fusion.scenario.meshes import Mesh
from fusion.scenario.trajectory import START_NS, Trajectory

_TRACK_NAMESPACE = uuid.UUID("8a7d4c1e-52f0-5b39-9a5e-6f0b6c3d2e11")


@dataclass(frozen=True, slots=True, eq=False)
class Prop:
    """A part of the surroundings that nobody labels."""

    mesh: Mesh
    world_from_mesh: RigidTransform


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """Somebody or something to label; its mesh touches all six sides of the cuboid of `size_m` about its origin."""

    name: str
    class_name: str
    size_m: tuple[float, float, float]
    mesh: Mesh
    trajectory: Trajectory

    @property
    def track_id(self) -> str:
        """The same in every run: made from the name."""
        return str(uuid.uuid5(_TRACK_NAMESPACE, self.name))


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """What is there; `ego` is the trajectory of the ego frame."""

    props: tuple[Prop, ...]
    actors: tuple[Actor, ...]
    ego: Trajectory

    def actor(self, name: str) -> Actor:
        """By name. Raises BoxwrightError for an unknown one."""
        for actor in self.actors:
            if actor.name == name:
                return actor
        raise BoxwrightError(f"no actor {name!r}", do=f"one of {', '.join(actor.name for actor in self.actors)}")

    def world_from_object(self, name: str, time_ns: npt.ArrayLike) -> RigidTransform:
        """True pose of an actor's cuboid at times (...,) int64 ns."""
        return self.actor(name).trajectory.at(time_ns)

    def world_from_ego(self, time_ns: npt.ArrayLike) -> RigidTransform:
        """True ego pose at times (...,) int64 ns."""
        return self.ego.at(time_ns)


def at_start(trajectory: Trajectory) -> RigidTransform:
    """Pose of something that stands still."""
    return trajectory.at(np.int64(START_NS))
