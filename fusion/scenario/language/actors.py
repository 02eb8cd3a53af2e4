"""Who and what moves in a scenario: bodies, paths, speeds, joints and states."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from fusion.scenario.language.base import CLOSED, Color, Name, NotNegative, Positive, Size, TimedValue, Vector


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of road: straight (turn_deg 0), or turning by turn_deg (left is positive) over its length."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    length_m: Positive
    turn_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class PathSpec:
    """Where something goes. Either from_m and heading_deg, straight or along segments, or through waypoints.

    from_m: x, y and optionally z of the ground. waypoints_m: a smooth curve through all of them. sway_m, sway_length_m:
    amplitude and wavelength of a sine across the path. A path goes on straight beyond its ends.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    from_m: tuple[float, float] | Vector | None = None
    heading_deg: float = 0.0
    segments: tuple[Segment, ...] = ()
    waypoints_m: tuple[tuple[float, float] | Vector, ...] = ()
    sway_m: float = 0.0
    sway_length_m: Positive = 40.0
    sway_phase_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class StateSpec:
    """A named state between two seconds of the scenario."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    name: str
    value: str
    from_s: NotNegative = 0.0
    to_s: NotNegative | None = None


@dataclass(frozen=True, slots=True)
class Tow:
    """What hangs behind: it follows the hitch as a trailer does, and is an actor with a track of its own.

    hitch_m: hitch behind the tractor's centre; drawbar_m: from there to the trailer's axle; hang_m: centre of the
    trailer in front of that axle.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    kind: Name
    hitch_m: Positive
    drawbar_m: Positive
    hang_m: float = 0.0
    size_m: Size | None = None
    color: Color | None = None
    class_name: str | None = None


@dataclass(frozen=True, slots=True)
class Carry:
    """Carried by another actor between two seconds: it moves as that actor (and, if named, its joint) does.

    joint: of the carrier, whose value is metres upwards.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    by: Name
    from_s: NotNegative = 0.0
    to_s: NotNegative | None = None
    joint: Name | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """Several alike, each further by step_m; jitter_m and jitter_deg shake them; vary: other sizes and colours."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    count: Annotated[int, Field(gt=0, le=2000)]
    step_m: Vector
    jitter_m: NotNegative = 0.0
    jitter_deg: NotNegative = 0.0
    vary: bool = False
    skip: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ActorSpec:
    """One thing with a track, or with `repeat` several.

    kind: its body (see the table of bodies). speed_mps: constant, or (second, speed) pairs. along_m: how far along its
    path it is at second 0. turn_deg: (second, degrees) by which it is turned away from its path. joints: named motions
    of its body, (second, value) pairs. height_m: of its underside above the ground.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED

    name: Name
    kind: Name
    path: PathSpec
    speed_mps: float | tuple[TimedValue, ...] = 0.0
    along_m: float = 0.0
    size_m: Size | None = None
    color: Color | None = None
    style: Name | None = None
    class_name: str | None = None
    turn_deg: tuple[TimedValue, ...] = ()
    joints: dict[Name, tuple[TimedValue, ...]] = field(default_factory=dict)
    states: tuple[StateSpec, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)
    height_m: float = 0.0
    tows: Tow | None = None
    carried: Carry | None = None
    repeat: Repeat | None = None
