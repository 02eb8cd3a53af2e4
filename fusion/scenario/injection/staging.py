"""Actors of a scene, brought into the place and the time of a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.errors import InputError
from calibration.quaternion import FloatArray
from fusion.recording import Recording
from fusion.scenario.building.actors import path_from, profile_from
from fusion.scenario.building.repeats import each_actor
from fusion.scenario.building.worlds import build_world
from fusion.scenario.injection.ground import MeasuredGround
from fusion.scenario.injection.spec import InjectionSpec
from fusion.scenario.language.actors import ActorSpec, PathSpec
from fusion.scenario.language.scene import EgoSpec, Scene
from fusion.scenario.motion import PathMotion
from fusion.scenario.world import START_NS, Actor, Motion, Part, PoseAt
from fusion.timeline import Int64Array

_SPACING_M = 1.0
_MARGIN_S = 0.3
_BEYOND_M, _BEYOND_TOWED_M = 6.0, 25.0
_TRACK_M = 0.8
_STEEPEST_RAD = np.deg2rad(8.0)
_ROLL_STEP_S = 0.05
_ROLLING_LENGTH_M = 1.2
"""What is longer than this leans with the ground; people stand upright on it."""


@dataclass(frozen=True, slots=True, eq=False)
class RebasedMotion:
    """A motion of a scene in a world: moved in space, delayed by `later_ns`, and leaning to the right by a roll.

    ground_from_object: about whose origin it leans. roll_times_ns (K,) in the world's time, rolls_rad (K,).
    """

    scene_motion: Motion
    world_from_scene: RigidTransform
    later_ns: int
    ground_from_object: RigidTransform
    roll_times_ns: Int64Array
    rolls_rad: FloatArray

    @property
    def stands_still(self) -> bool:
        """Whether the pose is the same at all times."""
        return self.scene_motion.stands_still

    def at(self, time_ns: npt.ArrayLike) -> RigidTransform:
        """`world_from_object` at times (...,) int64 ns, a batch of the same shape."""
        times = np.asarray(time_ns, dtype=np.int64)
        world_from_object = self.world_from_scene * self.scene_motion.at(times - self.later_ns)
        return world_from_object * self.ground_from_object.inverse() * self._lean(times) * self.ground_from_object

    def _lean(self, times_ns: Int64Array) -> RigidTransform:
        since = (times_ns - self.roll_times_ns[0]).astype(np.float64)
        half = 0.5 * np.interp(since, (self.roll_times_ns - self.roll_times_ns[0]).astype(np.float64), self.rolls_rad)
        zero = np.zeros_like(half)
        return RigidTransform(np.stack([np.cos(half), np.sin(half), zero, zero], axis=-1), np.zeros((*half.shape, 3)))


def staged_actors(
    recording: Recording, spec: InjectionSpec, seed: int, measured: MeasuredGround | None
) -> tuple[Actor, ...]:
    """All actors at their places in the recording's world and time, on the measured ground if they follow it.

    Raises InputError, naming the actor, for what cannot be built, or a path along which no LiDAR measured the ground.
    """
    if recording.reference not in recording.streams or not len(recording.frames):
        raise InputError("a recording without frames has no place for anybody", where=recording.path)
    world_from_scene = scene_place(recording, spec)
    ground = measured if spec.follow_ground else None
    if spec.follow_ground and ground is None:
        raise InputError("no LiDAR measured any ground", do="set follow_ground: false", where=recording.path)
    duration_s = float(recording.frames.times_ns[-1] - recording.frames.times_ns[0]) * 1e-9 + _MARGIN_S
    specs = [each for index, group in enumerate(spec.actors) for each in each_actor(group, _rng(seed, index))]
    grounded = tuple(
        each if ground is None else _on_ground(each, ground, world_from_scene, duration_s) for each in specs
    )
    actors = build_world(_stage(grounded), duration_s, seed).actors
    later_ns = int(recording.frames.times_ns[0]) - START_NS
    return tuple(rebased(actor, world_from_scene, later_ns, ground, duration_s) for actor in actors)


def scene_place(recording: Recording, spec: InjectionSpec) -> RigidTransform:
    """`world_from_scene`: the levelled ego frame that paths are in. Raises InputError for a frame beyond the end."""
    if spec.relative_to_frame is None:
        return RigidTransform.identity()
    if spec.relative_to_frame >= len(recording.frames):
        last = len(recording.frames) - 1
        raise InputError(f"there is no frame {spec.relative_to_frame}", do=f"the last is {last}", where=recording.path)
    ego = recording.ego_motion.at(recording.frames.times_ns[spec.relative_to_frame])
    return RigidTransform.from_yaw(ego.yaw_rad, ego.translation)


def rebased(
    actor: Actor, world_from_scene: RigidTransform, later_ns: int, ground: MeasuredGround | None, duration_s: float
) -> Actor:
    """The actor elsewhere and later; with a ground it leans as that is inclined across its way."""
    motion = actor.trajectory
    pivot = motion.ground_from_object if isinstance(motion, PathMotion) else RigidTransform.identity()
    upright = RebasedMotion(motion, world_from_scene, later_ns, pivot, np.zeros(1, np.int64), np.zeros(1))
    trajectory = upright
    if ground is not None and actor.size_m[0] > _ROLLING_LENGTH_M and isinstance(motion, PathMotion):
        times_ns, rolls_rad = _rolls(upright, ground, START_NS + later_ns, duration_s)
        trajectory = replace(upright, roll_times_ns=times_ns, rolls_rad=rolls_rad)
    states = tuple(
        replace(state, start_ns=state.start_ns + later_ns, end_ns=state.end_ns + later_ns) for state in actor.states
    )
    parts = tuple(Part(part.mesh, _later(part.object_from_part, later_ns)) for part in actor.parts)
    return replace(actor, parts=parts, trajectory=trajectory, states=states)


def _later(object_from_part: PoseAt | None, later_ns: int) -> PoseAt | None:
    if object_from_part is None:
        return None

    def delayed(times_ns: Int64Array) -> RigidTransform:
        return object_from_part(times_ns - later_ns)

    return delayed


def _rolls(
    motion: RebasedMotion, ground: MeasuredGround, start_ns: int, duration_s: float
) -> tuple[Int64Array, FloatArray]:
    """How the ground is inclined across the way, every few hundredths of a second, smoothed over about a second."""
    count = 2 if motion.stands_still else max(2, round((duration_s + _MARGIN_S) / _ROLL_STEP_S))
    seconds = np.linspace(-_MARGIN_S, duration_s, count)
    times_ns = start_ns + np.rint(seconds * 1e9).astype(np.int64)
    poses = motion.at(times_ns) * motion.ground_from_object.inverse()
    aside = poses.rotate(np.array([0.0, _TRACK_M, 0.0]))
    left, right = (ground.heights_at((poses.translation + side * aside)[:, :2]) for side in (1.0, -1.0))
    slopes = np.clip(np.arctan2(left - right, 2.0 * _TRACK_M), -_STEEPEST_RAD, _STEEPEST_RAD)
    known = np.isfinite(slopes)
    if not known.any():
        return times_ns, np.zeros(count)
    filled = np.interp(np.arange(count), np.flatnonzero(known), slopes[known])
    width = min(len(filled), max(1, round(1.0 / _ROLL_STEP_S)))
    padded = np.pad(filled, (width // 2, width - 1 - width // 2), mode="edge")
    # A positive turn about x, which points forward, lifts the left side.
    return times_ns, np.convolve(padded, np.full(width, 1.0 / width), mode="valid")


def _on_ground(
    spec: ActorSpec, ground: MeasuredGround, world_from_scene: RigidTransform, duration_s: float
) -> ActorSpec:
    """The actor on a path that has the measured heights, as far as it goes in the recording."""
    speed = profile_from(spec.speed_mps, spec.name)
    times_s = np.linspace(-_MARGIN_S, duration_s + _MARGIN_S, 200)
    along = spec.along_m + speed.integral(times_s)
    beyond = _BEYOND_M if spec.tows is None else _BEYOND_TOWED_M
    first, last = float(along.min()) - beyond, float(along.max()) + beyond
    stops = np.linspace(first, last, 1 + round((last - first) / _SPACING_M))
    places, _, _ = path_from(spec.path, spec.name).at(stops)
    in_world = world_from_scene.apply(places)
    heights = ground.profile(in_world[:, :2], _SPACING_M)
    if np.isnan(heights).any():
        raise InputError(
            f"no LiDAR of the recording measured the ground where {spec.name} goes",
            do="move its path, or set follow_ground: false",
            where=_place_text(in_world),
        )
    placed = np.column_stack([places[:, :2], heights - world_from_scene.translation[2]])
    waypoints = tuple((x, y, z) for x, y, z in placed.tolist())
    return replace(spec, path=PathSpec(waypoints_m=waypoints), along_m=spec.along_m - first)


def _place_text(points_in_world: FloatArray) -> str:
    ends = [f"({x:.1f}, {y:.1f})" for x, y, _ in points_in_world[[0, -1]].tolist()]
    return f"from {ends[0]} to {ends[1]} m in the world"


def _stage(actors: Sequence[ActorSpec]) -> Scene:
    """A scene of these actors and nothing else."""
    ego = EgoSpec(PathSpec(from_m=(0.0, 0.0)))
    return Scene("injection", "", "", 1, "stand", ego, (), tuple(actors))


def _rng(seed: int, index: int) -> np.random.Generator:
    return np.random.default_rng([seed, 2, index])
