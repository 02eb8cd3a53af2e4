"""Actors: a body on a trajectory, with the cuboid that it fills over the whole scenario."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np

from calibration import RigidTransform, quaternion
from calibration.errors import InputError
from calibration.quaternion import FloatArray
from fusion.scenario.bodies import BODIES
from fusion.scenario.bodies.body import BodyKind, BodyRequest, Signals
from fusion.scenario.building.repeats import varied_size
from fusion.scenario.language.actors import ActorSpec, Carry, PathSpec
from fusion.scenario.motion import CarriedMotion, Path, PathMotion, Profile, path_of, towed_path
from fusion.scenario.solids.colours import linear_from_srgb
from fusion.scenario.world import START_NS, Actor, Motion, Part, PoseAt, TimedState, seconds_since_start
from fusion.timeline import Int64Array

_ENVELOPE_TIMES = 400
_REACH_M = 5.0
# Common colours of cars; who has no colour in the scenario draws one of them.
_PALETTE = ("#c3c4c6", "#38393b", "#a52a24", "#284a8c", "#e3e3e1", "#4a7d63", "#707274", "#b5933f")


@dataclass(frozen=True, slots=True, eq=False)
class _JointSignals:
    """What drives the joints of one actor."""

    motion: PathMotion
    joints: dict[str, Profile]

    def distance_m(self, time_ns: Int64Array) -> FloatArray:
        """(S,) along its path."""
        return self.motion.distance_m(time_ns)

    def speed_mps(self, time_ns: Int64Array) -> FloatArray:
        """(S,) along its path."""
        return self.motion.speed_mps.at(seconds_since_start(time_ns))

    def joint(self, name: str, time_ns: Int64Array, default: float = 0.0) -> FloatArray:
        """(S,) value, or the default where the scenario does not move it."""
        if name not in self.joints:
            return np.full(len(time_ns), default)
        return self.joints[name].at(seconds_since_start(time_ns))


def path_from(spec: PathSpec, where: str) -> Path:
    """The path. Raises InputError, naming its owner, for one that is none."""
    try:
        return path_of(spec)
    except ValueError as error:
        raise InputError(str(error), where=where) from error


def profile_from(value: float | tuple[tuple[float, float], ...], where: str) -> Profile:
    """The profile. Raises InputError, naming its owner, for times that do not increase."""
    try:
        return Profile.of(value)
    except ValueError as error:
        raise InputError(str(error), where=where) from error


def build_actors(spec: ActorSpec, duration_s: float, seed: int) -> tuple[Actor, ...]:
    """The actor and what it tows. Loads are not attached yet. Raises InputError for a kind that nobody makes."""
    motion = _motion(spec)
    actor = _actor(spec, motion, duration_s, seed)
    if spec.tows is None:
        return (actor,)
    return actor, _towed(spec, motion, duration_s, seed)


def attach_load(load: Actor, carry: Carry, carrier: Actor, carrier_spec: ActorSpec, duration_s: float) -> Actor:
    """The load, moving as its carrier does while it is carried."""
    lift = Profile.of(0.0)
    if carry.joint is not None:
        if carry.joint not in carrier_spec.joints:
            raise InputError(f"{carry.by} moves no joint {carry.joint!r}", do="give it under `joints`", where=load.name)
        lift = profile_from(carrier_spec.joints[carry.joint], carry.by)
    start_ns, end_ns = _interval(carry.from_s, carry.to_s, duration_s)
    return replace(load, trajectory=CarriedMotion(load.trajectory, carrier.trajectory, lift, start_ns, end_ns))


def _motion(spec: ActorSpec) -> PathMotion:
    turn = profile_from(spec.turn_deg, spec.name)
    radians = Profile(turn.times_s, np.deg2rad(turn.values))
    raised = RigidTransform(quaternion.IDENTITY, np.array([0.0, 0.0, spec.height_m]))
    speed = profile_from(spec.speed_mps, spec.name)
    return PathMotion(path_from(spec.path, spec.name), speed, spec.along_m, radians, raised)


def _towed(spec: ActorSpec, motion: PathMotion, duration_s: float, seed: int) -> Actor:
    tow = spec.tows
    assert tow is not None
    if np.any(motion.speed_mps.values < 0):
        raise InputError("nothing that tows can reverse", do="give it speeds from 0 up", where=spec.name)
    reach = motion.distance_m(np.array([START_NS, START_NS + _nanoseconds(duration_s)]))
    path = towed_path(motion.path, tow, float(reach[0]) - _REACH_M, float(reach[1]) + _REACH_M)
    trailer = ActorSpec(
        name=f"{spec.name}_{tow.kind}",
        kind=tow.kind,
        path=spec.path,
        size_m=tow.size_m,
        color=tow.color or spec.color,
        class_name=tow.class_name,
        states=spec.states,
        attributes={"towed_by": spec.name},
    )
    return _actor(trailer, replace(motion, path=path), duration_s, seed)


def _actor(spec: ActorSpec, motion: PathMotion, duration_s: float, seed: int) -> Actor:
    kind = _kind_of(spec)
    signals = _JointSignals(motion, {name: profile_from(pairs, spec.name) for name, pairs in spec.joints.items()})
    parts = kind.make(_request(spec, kind, signals, seed))
    times_ns = START_NS + np.linspace(0, _nanoseconds(duration_s), _ENVELOPE_TIMES).astype(np.int64)
    low, high = _envelope(parts, times_ns)
    middle = 0.5 * (low + high)
    length, width, height = (high - low).tolist()
    ground_from_object = motion.ground_from_object * RigidTransform(quaternion.IDENTITY, middle)
    return Actor(
        name=spec.name,
        class_name=spec.class_name or kind.class_name,
        size_m=(length, width, height),
        parts=tuple(_centred(part, middle) for part in parts),
        trajectory=replace(motion, ground_from_object=ground_from_object),
        states=tuple(
            TimedState(state.name, state.value, *_interval(state.from_s, state.to_s, duration_s))
            for state in spec.states
        ),
        attributes=dict(spec.attributes),
    )


def _kind_of(spec: ActorSpec) -> BodyKind:
    if spec.kind not in BODIES:
        raise InputError(f"no body {spec.kind!r}", do=f"one of {', '.join(sorted(BODIES))}", where=spec.name)
    kind = BODIES[spec.kind]
    if spec.style is not None and spec.style not in kind.styles:
        choices = ", ".join(kind.styles) or "none"
        raise InputError(f"a {spec.kind} has no style {spec.style!r}", do=f"it has {choices}", where=spec.name)
    unknown = sorted(set(spec.joints) - set(kind.joints or {}))
    if unknown:
        choices = ", ".join(kind.joints or {}) or "none"
        raise InputError(f"a {spec.kind} has no joint {unknown[0]!r}", do=f"it has {choices}", where=spec.name)
    return kind


def _request(spec: ActorSpec, kind: BodyKind, signals: Signals, seed: int) -> BodyRequest:
    rng = np.random.default_rng([seed, zlib.crc32(spec.name.encode())])
    drawn = _PALETTE[rng.integers(len(_PALETTE))]
    size = spec.size_m or (varied_size(kind.size_m, rng) if spec.style is None else kind.size_m)
    return BodyRequest(size, linear_from_srgb(spec.color or drawn), spec.style or "", signals, rng)


def _envelope(parts: tuple[Part, ...], times_ns: Int64Array) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest corner (3,) that any part ever reaches, in the ground frame."""
    lows, highs = [], []
    for part in parts:
        vertices = part.mesh.vertices_m
        if part.object_from_part is not None:
            vertices = part.object_from_part(times_ns).apply(vertices).reshape(-1, 3)
        lows.append(vertices.min(axis=0))
        highs.append(vertices.max(axis=0))
    return np.min(lows, axis=0), np.max(highs, axis=0)


def _centred(part: Part, middle_m: FloatArray) -> Part:
    """The part in a frame whose origin is the middle of the cuboid."""
    object_from_ground = RigidTransform(quaternion.IDENTITY, -middle_m)
    ground_from_part = part.object_from_part
    if ground_from_part is None:
        return Part(part.mesh.placed(object_from_ground))
    return Part(part.mesh, _shifted(ground_from_part, object_from_ground))


def _shifted(ground_from_part: PoseAt, object_from_ground: RigidTransform) -> PoseAt:
    def object_from_part(time_ns: Int64Array) -> RigidTransform:
        return object_from_ground * ground_from_part(time_ns)

    return object_from_part


def _interval(from_s: float, to_s: float | None, duration_s: float) -> tuple[int, int]:
    end_s = duration_s if to_s is None else to_s
    return START_NS + _nanoseconds(from_s), START_NS + _nanoseconds(max(end_s, from_s))


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)


def carrier_of(load: ActorSpec, actors: dict[str, tuple[ActorSpec, Actor]]) -> tuple[ActorSpec, Actor]:
    """Who carries it. Raises InputError if there is nobody of that name."""
    assert load.carried is not None
    found = actors.get(load.carried.by)
    if found is None or load.carried.by == load.name:
        raise InputError(f"nobody is named {load.carried.by!r} to carry it", where=load.name)
    return found


__all__ = ["Motion", "attach_load", "build_actors", "carrier_of", "path_from", "profile_from"]
