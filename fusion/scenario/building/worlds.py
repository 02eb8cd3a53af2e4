"""A scene becomes a world."""

from __future__ import annotations

import numpy as np

from calibration.errors import InputError
from calibration.quaternion import FloatArray
from fusion.scenario.building.actors import attach_load, build_actors, carrier_of, path_from, profile_from
from fusion.scenario.building.repeats import each_actor, each_prop
from fusion.scenario.language.actors import ActorSpec, PathSpec
from fusion.scenario.language.scene import Scene
from fusion.scenario.motion import PathMotion
from fusion.scenario.motion.paths import sampled
from fusion.scenario.places import PROPS
from fusion.scenario.world import Actor, Prop, World


def build_world(scene: Scene, duration_s: float, seed: int) -> World:
    """Everything that the scene describes over its duration; the same seed gives the same world.

    Raises InputError, naming the part of the scene, for what cannot be built.
    """
    ego = PathMotion(path_from(scene.ego.path, "ego"), profile_from(scene.ego.speed_mps, "ego"), scene.ego.along_m)
    return World(_props(scene, seed), _actors(scene, duration_s, seed), ego, scene.weather)


def _props(scene: Scene, seed: int) -> tuple[Prop, ...]:
    props: list[Prop] = []
    for index, spec in enumerate(scene.place):
        if spec.kind not in PROPS:
            choices = ", ".join(sorted(PROPS))
            raise InputError(f"no prop {spec.kind!r}", do=f"one of {choices}", where=f"place.{index}")
        rng = np.random.default_rng([seed, 1, index])
        for each in each_prop(spec, rng):
            props += PROPS[spec.kind].make(each, rng, _centre_line)
    return tuple(props)


def _centre_line(spec: PathSpec) -> tuple[FloatArray, FloatArray]:
    return sampled(path_from(spec, "place"))


def _actors(scene: Scene, duration_s: float, seed: int) -> tuple[Actor, ...]:
    made: dict[str, tuple[ActorSpec, Actor]] = {}
    for index, group in enumerate(scene.actors):
        for spec in each_actor(group, np.random.default_rng([seed, 2, index])):
            for actor in build_actors(spec, duration_s, seed):
                if actor.name in made:
                    raise InputError("two actors have one name", where=actor.name)
                made[actor.name] = (spec, actor)
    return tuple(_loaded(spec, actor, made, duration_s) for spec, actor in made.values())


def _loaded(spec: ActorSpec, actor: Actor, made: dict[str, tuple[ActorSpec, Actor]], duration_s: float) -> Actor:
    if spec.carried is None or spec.name != actor.name:
        return actor
    carrier_spec, carrier = carrier_of(spec, made)
    return attach_load(actor, spec.carried, carrier, carrier_spec, duration_s)
