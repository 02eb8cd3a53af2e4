"""What a kind of prop is, and how what a scenario says about one becomes meshes in the world."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.scenario.language.actors import PathSpec
from fusion.scenario.language.place import PropSpec
from fusion.scenario.solids.materials import Surface, surface_of
from fusion.scenario.solids.meshes import Mesh, join
from fusion.scenario.world import Prop

Size = tuple[float, float, float]

PathMaker = Callable[[PathSpec], tuple[FloatArray, FloatArray]]
"""Path -> points (N, 3), world, metres, about one a metre, and headings (N,), radians."""

MakeProps = Callable[[PropSpec, np.random.Generator, PathMaker | None], tuple[Prop, ...]]


@dataclass(frozen=True, slots=True)
class PropKind:
    """A kind of prop. about: one line for the user; make: its meshes in the world (spec.repeat is resolved before)."""

    about: str
    make: MakeProps


def place_of(spec: PropSpec) -> RigidTransform:
    """`world_from_prop`: origin on the ground below its middle, x along its length."""
    return RigidTransform.from_yaw(np.deg2rad(spec.yaw_deg), spec.at_m)


def size_of(spec: PropSpec, default: Size) -> Size:
    """Length, width, height."""
    return default if spec.size_m is None else spec.size_m


def finish_of(spec: PropSpec, default: Surface, extent_m: Size | None = None) -> Surface:
    """The surface that the spec's material and colour ask for. Raises InputError for an unknown material."""
    return surface_of(spec.material, spec.color, default, extent_m)


def standing_prop(spec: PropSpec, meshes: Iterable[Mesh]) -> tuple[Prop, ...]:
    """One prop from meshes in its own frame: origin on the ground below its middle."""
    return (Prop(join(list(meshes)), place_of(spec)),)


def standing_kind(about: str, meshes_of: Callable[[PropSpec, np.random.Generator], Iterable[Mesh]]) -> PropKind:
    """A kind that stands at one place."""

    def make(spec: PropSpec, rng: np.random.Generator, _paths: PathMaker | None) -> tuple[Prop, ...]:
        return standing_prop(spec, meshes_of(spec, rng))

    return PropKind(about, make)
