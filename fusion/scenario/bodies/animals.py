"""Dogs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.scenario.bodies.body import BodyKind, BodyRequest, Signals
from fusion.scenario.bodies.joints import hinged, smooth
from fusion.scenario.solids.materials import DARK, Surface
from fusion.scenario.solids.meshes import Mesh, ellipsoid, join, tapered
from fusion.scenario.world import Part
from fusion.timeline import Int64Array

_HIPS = ((0.24, 0.08, 0.0), (0.24, -0.08, 0.5), (-0.26, 0.08, 0.5), (-0.26, -0.08, 0.0))
"""x, y and phase of each leg: diagonal legs swing together, as in a trot."""
_LEG_M, _STRIDE_M, _SWING_RAD, _DRAWN_HEIGHT_M = 0.36, 0.62, 0.42, 0.66


@dataclass(frozen=True, slots=True, eq=False)
class Trot:
    """Legs by distance; the trunk sinks as far as the legs that carry it lean. scale: 1 for a dog of 0.66 m."""

    signals: Signals
    scale: float

    def swing_rad(self, phase: float, time_ns: Int64Array) -> FloatArray:
        """(S,) how far a leg is swung forward."""
        strides = self.signals.distance_m(time_ns) / (_STRIDE_M * self.scale) + phase
        fade = smooth(np.abs(self.signals.speed_mps(time_ns)) / 0.5)
        return np.asarray(_SWING_RAD * fade * np.sin(2.0 * np.pi * strides))

    def trunk(self, time_ns: Int64Array) -> RigidTransform:
        """`ground_from_trunk` (S,), origin on the ground when the dog stands."""
        lean = np.abs(self.swing_rad(0.0, time_ns))
        zero = np.zeros_like(lean)
        drop = self.scale * _LEG_M * (np.cos(lean) - 1.0)
        return RigidTransform(np.array([1.0, 0.0, 0.0, 0.0]), np.stack([zero, zero, drop], axis=-1))

    def leg(self, hip: tuple[float, float, float], time_ns: Int64Array) -> RigidTransform:
        """`ground_from_leg` (S,), origin at the hip."""
        x, y, phase = hip
        root = self.trunk(time_ns).translation + self.scale * np.array([x, y, _LEG_M])
        return hinged(root, self.swing_rad(phase, time_ns))


def make_dog(request: BodyRequest) -> tuple[Part, ...]:
    """A dog that trots."""
    motion = Trot(request.signals, request.size_m[2] / _DRAWN_HEIGHT_M)
    fur = Surface(request.colour, reflectivity=0.4)
    leg = _scaled([tapered((0.0, 0.0, 0.04), (0.0, 0.0, -_LEG_M), (0.055, 0.026), fur, sides=8)], motion.scale)
    legs = [Part(leg, partial(motion.leg, hip)) for hip in _HIPS]
    return (Part(_scaled(_trunk(fur), motion.scale), motion.trunk), *legs)


def _trunk(fur: Surface) -> list[Mesh]:
    """Chest, loins, neck, head with muzzle and ears, tail."""
    ears = [ellipsoid((0.43, y, 0.60), (0.025, 0.018, 0.055), fur, rings=4) for y in (-0.055, 0.055)]
    return [
        ellipsoid((0.16, 0.0, 0.42), (0.22, 0.125, 0.13), fur, rings=7),
        ellipsoid((-0.14, 0.0, 0.42), (0.26, 0.105, 0.105), fur, rings=7),
        tapered((0.26, 0.0, 0.44), (0.42, 0.0, 0.56), (0.09, 0.065), fur, sides=10),
        ellipsoid((0.45, 0.0, 0.575), (0.10, 0.075, 0.075), fur, rings=6),
        tapered((0.50, 0.0, 0.565), (0.62, 0.0, 0.54), (0.05, 0.03), fur, sides=8),
        ellipsoid((0.62, 0.0, 0.55), (0.018, 0.018, 0.015), DARK, rings=4),
        *ears,
        tapered((-0.36, 0.0, 0.46), (-0.54, 0.0, 0.58), (0.03, 0.012), fur, sides=6),
    ]


def _scaled(meshes: list[Mesh], factor: float) -> Mesh:
    whole = join(meshes)
    return Mesh(whole.vertices_m * factor, whole.triangles, whole.surface_of_triangle, whole.surfaces)


ANIMALS: dict[str, BodyKind] = {"dog": BodyKind("animal", (1.18, 0.27, 0.66), make_dog)}
