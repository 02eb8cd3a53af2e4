"""A whole scenario file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from fusion.scenario.language.actors import ActorSpec, PathSpec
from fusion.scenario.language.base import CLOSED, Name, NotNegative, TimedValue
from fusion.scenario.language.place import PropSpec, Weather
from fusion.scenario.language.sensors import Clock, MountingError, SensorSpec


@dataclass(frozen=True, slots=True)
class PoseSource:
    """How well the recording knows where the ego was.

    outages_s: from, to; there the error walks away by drift_m_per_s sideways and drift_deg_per_s, and comes back with
    a jump. noise_m, noise_deg: standard deviation of each pose.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    rate_hz: Annotated[float, Field(gt=0.0, le=1000.0)] = 100.0
    noise_m: NotNegative = 0.0
    noise_deg: NotNegative = 0.0
    outages_s: tuple[tuple[NotNegative, NotNegative], ...] = ()
    drift_m_per_s: float = 0.0
    drift_deg_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class EgoSpec:
    """What carries the sensors; the ego frame lies on the ground, x forward. The ego itself is not seen."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    path: PathSpec
    speed_mps: float | tuple[TimedValue, ...] = 0.0
    along_m: float = 0.0
    poses: PoseSource = field(default_factory=PoseSource)


@dataclass(frozen=True, slots=True)
class SensorChange:
    """Another clock or mounting error for one sensor of the rig."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    clock: Clock | None = None
    mounting_error: MountingError | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """One scenario.

    about: one sentence for the user. exercises: the capability that it is there to try. frames: how many.
    rig: the name of a shipped rig or the sensors themselves; the first LiDAR defines the frames, without one the first
    sensor. sensors: changes to sensors of that rig, by name.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    name: Name
    about: str
    exercises: str
    frames: Annotated[int, Field(gt=0, le=100_000)]
    rig: Name | tuple[SensorSpec, ...]
    ego: EgoSpec
    place: tuple[PropSpec, ...]
    actors: tuple[ActorSpec, ...] = ()
    weather: Weather = field(default_factory=Weather)
    sensors: dict[Name, SensorChange] = field(default_factory=dict)
