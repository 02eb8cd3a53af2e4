"""`repeat` written out: one spec for each of the several that it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from calibration.quaternion import FloatArray
from fusion.scenario.language.actors import ActorSpec, PathSpec, Repeat
from fusion.scenario.language.place import PropSpec

_VARIED = 0.07


def each_actor(spec: ActorSpec, rng: np.random.Generator) -> Iterator[ActorSpec]:
    """The actor, or those that its `repeat` stands for, named name_1, name_2, ..."""
    if spec.repeat is None:
        yield spec
        return
    for number, moved, turned_deg in _steps(spec.repeat, rng):
        yield replace(spec, name=f"{spec.name}_{number}", path=_moved_path(spec.path, moved, turned_deg), repeat=None)


def each_prop(spec: PropSpec, rng: np.random.Generator) -> Iterator[PropSpec]:
    """The prop, or those that its `repeat` stands for."""
    if spec.repeat is None:
        yield spec
        return
    for _, moved, turned_deg in _steps(spec.repeat, rng):
        at_m = _added(spec.at_m, moved)
        path = None if spec.path is None else _moved_path(spec.path, moved, turned_deg)
        size = _varied(spec.size_m, rng) if spec.repeat.vary else spec.size_m
        yield replace(spec, at_m=at_m, yaw_deg=spec.yaw_deg + turned_deg, path=path, size_m=size, repeat=None)


def varied_size(size_m: tuple[float, float, float], rng: np.random.Generator) -> tuple[float, float, float]:
    """A size a few per cent larger or smaller along each axis, to the centimetre."""
    length, width, height = np.round(np.array(size_m) * rng.uniform(1 - _VARIED, 1 + _VARIED, 3), 2).tolist()
    return length, width, height


def _varied(size_m: tuple[float, float, float] | None, rng: np.random.Generator) -> tuple[float, float, float] | None:
    return None if size_m is None else varied_size(size_m, rng)


def _steps(repeat: Repeat, rng: np.random.Generator) -> Iterator[tuple[int, FloatArray, float]]:
    """Number from 1 on, displacement (3,) in metres, turn in degrees; numbers in `skip` are left out."""
    for index in range(repeat.count):
        shaken = repeat.jitter_m * rng.uniform(-1.0, 1.0, 2)
        turned_deg = float(repeat.jitter_deg * rng.uniform(-1.0, 1.0))
        if index + 1 not in repeat.skip:
            yield index + 1, index * np.array(repeat.step_m) + [*shaken, 0.0], turned_deg


def _moved_path(path: PathSpec, moved: FloatArray, turned_deg: float) -> PathSpec:
    start = None if path.from_m is None else _added((*path.from_m, 0.0)[:3], moved)
    waypoints = tuple(_added((*point, 0.0)[:3], moved) for point in path.waypoints_m)
    return replace(path, from_m=start, waypoints_m=waypoints, heading_deg=path.heading_deg + turned_deg)


def _added(point: tuple[float, ...], moved: FloatArray) -> tuple[float, float, float]:
    x, y, z = (np.array(point) + moved).tolist()
    return x, y, z
