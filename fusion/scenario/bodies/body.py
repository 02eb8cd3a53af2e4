"""What a body is made from, and what it consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from calibration.quaternion import FloatArray
from fusion.scenario.world import Part
from fusion.timeline import Int64Array

Size = tuple[float, float, float]
Colour = tuple[float, float, float]
"""Linear red, green, blue in 0..1."""


class Signals(Protocol):
    """What drives the joints of a body, all at times (S,) int64 ns."""

    def distance_m(self, time_ns: Int64Array) -> FloatArray:
        """(S,) distance travelled along its path: the phase of a walk."""

    def speed_mps(self, time_ns: Int64Array) -> FloatArray:
        """(S,) speed along its path: how far the legs swing."""

    def joint(self, name: str, time_ns: Int64Array, default: float = 0.0) -> FloatArray:
        """(S,) value of a joint named in the scenario, or the default where it is not."""


@dataclass(frozen=True, slots=True, eq=False)
class BodyRequest:
    """One body to make. size_m: of the body at rest (length, width, height); style: a variant of the kind, or ''."""

    size_m: Size
    colour: Colour
    style: str
    signals: Signals
    rng: np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class BodyKind:
    """A kind of body.

    make: parts in the *ground frame* of the actor: origin on the ground below its middle, x forward, y left, z up.
    Whoever calls it measures how far the parts reach over the scenario, and moves the origin to the middle of that.
    styles: what `style` may be. joints: names of joints with what their value means.
    """

    class_name: str
    size_m: Size
    make: Callable[[BodyRequest], tuple[Part, ...]]
    styles: tuple[str, ...] = ()
    joints: dict[str, str] | None = None
