"""Sweeps with the actors in them: each ray of a real sweep, answered or not, is fired again at its own moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.recording import Recording
from fusion.samples import Sweep
from fusion.scenario.injection.lidar_traits import LidarTraits
from fusion.scenario.injection.missing_rays import MissingRays, ScanPattern
from fusion.scenario.injection.real_objects import RealObject
from fusion.scenario.injection.sensor_motion import MeasuredSweep, lidar_motion
from fusion.scenario.sensing.echoes import Echoes, echoes
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.sensing.ray_caster import BoolArray
from fusion.scenario.sensing.rays import NOBODY, Rays
from fusion.scenario.sensing.visibility import Visibility, visibility_of
from fusion.timeline import Int64Array

_MARGIN_M = 0.02
_MIN_RANGE_M = 0.3
_GUIDES = 5


@dataclass(frozen=True, slots=True, eq=False)
class InjectedSweep:
    """A sweep with the actors in it. actors: (N,) int16 index of the injected actor each point lies on, -1 for none.

    changed: whether it differs from the recording's at all.
    """

    sweep: Sweep
    actors: npt.NDArray[np.int16]
    visibility: Visibility
    changed: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Cast:
    """What R rays met. points: (R,) index of the measured point, -1 for a ray without an echo. measured_m: (R,)."""

    points: Int64Array
    times_ns: Int64Array
    directions: FloatArray
    measured_m: FloatArray
    met: Echoes


class SweepInjector:
    """One LiDAR of a recording. scene: of the injected actors alone; objects: labelled real things."""

    def __init__(
        self, recording: Recording, lidar: str, scene: MovingScene, objects: Sequence[RealObject] = ()
    ) -> None:
        self._recording, self._lidar, self._scene, self._objects = recording, lidar, scene, objects
        self._motion = lidar_motion(recording, lidar)
        self._indices = [i for i in range(len(recording.times_ns(lidar))) if recording.has(lidar, i)]
        self._rays = MissingRays(self._pattern, len(self._indices))

    def inject(self, index: int, rng: np.random.Generator) -> InjectedSweep:
        """Sample `index` of the stream, which must be there, with the actors in it."""
        measured = MeasuredSweep.of(self._recording, self._lidar, index)
        cast = self._cast(measured, index, rng)
        if cast is None:
            return self._unchanged(measured.sweep)
        near = self._nearer(cast.met.ranges_m, cast.measured_m)
        if not near.any():
            return InjectedSweep(measured.sweep, _nobody(len(measured)), self._visibility(cast), False)
        sweep, actors = self._swept(measured, cast, near, rng)
        return InjectedSweep(sweep, actors, self._visibility(cast), True)

    @cached_property
    def traits(self) -> LidarTraits:
        """How this LiDAR measures, from a sweep in the middle of the recording."""
        middle = self._indices[len(self._indices) // 2]
        measured = MeasuredSweep.of(self._recording, self._lidar, middle)
        return LidarTraits.of(measured, self._rays.repetition, self._objects)

    def _pattern(self, position: int) -> ScanPattern | None:
        if not 0 <= position < len(self._indices):
            return None
        measured = MeasuredSweep.of(self._recording, self._lidar, self._indices[position])
        return ScanPattern.of(measured) if len(measured) else None

    def _unchanged(self, sweep: Sweep) -> InjectedSweep:
        nothing = np.zeros(len(self._scene.world.actors), dtype=np.int64)
        return InjectedSweep(sweep, _nobody(len(sweep)), Visibility(nothing, nothing.copy()), False)

    def _cast(self, measured: MeasuredSweep, index: int, rng: np.random.Generator) -> _Cast | None:
        """All rays that may meet an actor, and what they meet; None if there are none."""
        if not len(measured):
            return None
        position = self._indices.index(index)
        pattern = self._rays.pattern(position)
        assert pattern is not None
        cones = self._cones(int(measured.times_ns.min()), int(measured.times_ns.max()))
        points = np.unique(np.concatenate([pattern.within(axis, angle) for axis, angle in cones]))
        missing = np.concatenate([self._rays.towards(position, axis, angle) for axis, angle in cones])
        # Cones that overlap find the same rays.
        missing = np.unique(missing.round(12), axis=0)
        if not len(points) + len(missing):
            return None
        times_ns = np.concatenate([measured.times_ns[points], pattern.times_towards(missing)])
        directions = np.concatenate([measured.directions[points], missing])
        order = np.argsort(times_ns, kind="stable")
        asked = np.concatenate([points, np.full(len(missing), -1)])[order]
        measured_m = np.concatenate([measured.ranges_m[points], np.full(len(missing), np.inf)])[order]
        distinct, shots = np.unique(times_ns[order], return_inverse=True)
        rays = Rays.aimed(self._motion(distinct), directions[order], shots.astype(np.int32))
        met = echoes(self._scene, rays, self._scene.moments(distinct), self.traits.max_range_m, rng)
        return _Cast(asked, times_ns[order], directions[order], measured_m, met)

    def _cones(self, start_ns: int, end_ns: int) -> list[tuple[FloatArray, float]]:
        """In the sensor frame, one for each actor: axis (3,) and half-angle that hold it all through the sweep."""
        times_ns = np.linspace(start_ns, end_ns, _GUIDES).astype(np.int64)
        sensor_from_world = self._motion(times_ns).inverse()
        cones = []
        for actor in self._scene.world.actors:
            centres = (sensor_from_world * actor.trajectory.at(times_ns)).translation
            radius_m = 0.5 * float(np.linalg.norm(actor.size_m)) + 0.1
            cones.append(_cone(centres, radius_m))
        return cones

    def _nearer(self, ranges_m: FloatArray, measured_m: FloatArray) -> BoolArray:
        in_range = (ranges_m >= _MIN_RANGE_M) & (ranges_m <= self.traits.max_range_m)
        return np.asarray(in_range & (ranges_m < measured_m - _MARGIN_M))

    def _visibility(self, cast: _Cast) -> Visibility:
        """Rays that meet each actor first, and that would if nothing real were there."""
        alone = cast.met.alone
        in_range = (alone.ranges_m >= _MIN_RANGE_M) & (alone.ranges_m <= self.traits.max_range_m)
        first = in_range & (cast.met.visible[alone.rays] == alone.actors)
        first &= alone.ranges_m < cast.measured_m[alone.rays] - _MARGIN_M
        found = np.full(len(cast.measured_m), NOBODY, dtype=np.int32)
        found[alone.rays[first]] = alone.actors[first]
        return visibility_of(found, alone, in_range, len(self._scene.world.actors))

    def _swept(
        self, measured: MeasuredSweep, cast: _Cast, near: BoolArray, rng: np.random.Generator
    ) -> tuple[Sweep, npt.NDArray[np.int16]]:
        traits, met = self.traits, cast.met
        found = rng.random(len(near)) >= traits.losses(met.albedos, met.cosines, met.ranges_m)
        noisy_m = met.ranges_m + traits.range_sigma_m * rng.standard_normal(len(near))
        strengths = traits.intensities(met.albedos, met.cosines, met.ranges_m)
        answered = np.flatnonzero(near & found)
        new_points = measured.stored(cast.directions[answered] * noisy_m[answered, None], cast.times_ns[answered])
        new = _Columns.of(new_points, strengths[answered], cast.times_ns[answered] - measured.time_ns, measured.sweep)
        hidden = cast.points[near & (cast.points >= 0)]
        return _exchanged(measured.sweep, hidden, cast.points[answered], new, met.actors[answered])


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Points (M,) with the types of the sweep they go into."""

    points_m: npt.NDArray[np.float32]
    intensity: npt.NDArray[Any]
    time_offset_ns: npt.NDArray[np.int32]

    @staticmethod
    def of(points_m: FloatArray, intensity: FloatArray, offsets_ns: Int64Array, like: Sweep) -> _Columns:
        kind = like.intensity.dtype
        strengths = np.rint(intensity) if np.issubdtype(kind, np.integer) else intensity
        return _Columns(points_m.astype(np.float32), strengths.astype(kind), offsets_ns.astype(np.int32))


def _exchanged(
    sweep: Sweep, hidden: Int64Array, replaced: Int64Array, new: _Columns, new_actors: npt.NDArray[np.int32]
) -> tuple[Sweep, npt.NDArray[np.int16]]:
    """The sweep with new points (M,): each in the place of the point `replaced` (M,), or added where that is -1.

    hidden: points that are not measured any more. A sweep in order of time stays so; else new points come last.
    """
    points, intensity, offsets = sweep.points_m.copy(), sweep.intensity.copy(), sweep.time_offset_ns.copy()
    actors, kept = _nobody(len(sweep)), np.ones(len(sweep), dtype=np.bool_)
    kept[hidden] = False
    at = replaced >= 0
    rows = replaced[at]
    points[rows], intensity[rows], offsets[rows] = new.points_m[at], new.intensity[at], new.time_offset_ns[at]
    actors[rows], kept[rows] = new_actors[at], True
    points = np.concatenate([points[kept], new.points_m[~at]])
    intensity = np.concatenate([intensity[kept], new.intensity[~at]])
    offsets = np.concatenate([offsets[kept], new.time_offset_ns[~at]])
    actors = np.concatenate([actors[kept], new_actors[~at].astype(np.int16)])
    if np.all(np.diff(sweep.time_offset_ns) >= 0):
        order = np.argsort(offsets, kind="stable")
        points, intensity, offsets, actors = points[order], intensity[order], offsets[order], actors[order]
    return Sweep(points, intensity, offsets), actors


def _cone(centres: FloatArray, radius_m: float) -> tuple[FloatArray, float]:
    """Axis and half-angle of a cone from the origin about spheres of a radius at centres (K, 3)."""
    distances = np.linalg.norm(centres, axis=1)
    if distances.min() <= 1.05 * radius_m:
        return np.array([1.0, 0.0, 0.0]), np.pi
    towards = centres / distances[:, None]
    axis = towards.mean(axis=0)
    axis /= max(float(np.linalg.norm(axis)), 1e-9)
    angles = np.arccos(np.clip(towards @ axis, -1.0, 1.0)) + np.arcsin(radius_m / distances)
    return axis, float(min(angles.max() + 0.01, np.pi))


def _nobody(count: int) -> npt.NDArray[np.int16]:
    return np.full(count, NOBODY, dtype=np.int16)
