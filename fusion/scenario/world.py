"""Everything in a synthetic world and the exact truth about it: props that stand, actors that may move, the ego."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from calibration import BoxwrightError, RigidTransform
from fusion.scenario.language.place import Weather
from fusion.scenario.solids.meshes import Mesh
from fusion.timeline import Int64Array

_TRACK_NAMESPACE = uuid.UUID("8a7d4c1e-52f0-5b39-9a5e-6f0b6c3d2e11")

START_NS = 1_700_000_000_000_000_000
"""Second 0 of every scenario, as an epoch time."""

PoseAt = Callable[[Int64Array], RigidTransform]
"""Times (S,) int64 ns -> a batch (S,) of poses."""


class Motion(Protocol):
    """Where something is at any nanosecond."""

    @property
    def stands_still(self) -> bool:
        """Whether the pose is the same at all times."""

    def at(self, time_ns: npt.ArrayLike) -> RigidTransform:
        """`world_from_object` at times (...,) int64 ns, a batch of the same shape."""


@dataclass(frozen=True, slots=True, eq=False)
class Prop:
    """A part of the surroundings that nobody labels."""

    mesh: Mesh
    world_from_mesh: RigidTransform


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A rigid part of an actor. object_from_part: at times (S,) int64 ns; None for one that is fixed (identity)."""

    mesh: Mesh
    object_from_part: PoseAt | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TimedState:
    """A named state in a closed interval of int64 nanoseconds."""

    name: str
    value: str
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """Somebody or something to label; over all times its parts touch all six sides of the cuboid about its origin."""

    name: str
    class_name: str
    size_m: tuple[float, float, float]
    parts: tuple[Part, ...]
    trajectory: Motion
    states: tuple[TimedState, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def track_id(self) -> str:
        """The same in every run: made from the name."""
        return str(uuid.uuid5(_TRACK_NAMESPACE, self.name))

    @property
    def is_rigid_and_still(self) -> bool:
        """Whether nothing of it ever moves."""
        return self.trajectory.stands_still and all(part.object_from_part is None for part in self.parts)


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """What is there; `ego` is the motion of the ego frame."""

    props: tuple[Prop, ...]
    actors: tuple[Actor, ...]
    ego: Motion
    weather: Weather = field(default_factory=Weather)

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


def seconds_since_start(time_ns: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Times (...,) int64 ns as seconds of the scenario."""
    return np.asarray((np.asarray(time_ns, dtype=np.int64) - START_NS) * 1e-9, dtype=np.float64)
