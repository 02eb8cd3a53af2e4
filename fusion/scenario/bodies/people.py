"""Pedestrians: they walk, stand and sit."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from fusion.scenario.bodies import figures
from fusion.scenario.bodies.body import BodyKind, BodyRequest
from fusion.scenario.bodies.figures import Clothes
from fusion.scenario.bodies.gait import Gait, Proportions
from fusion.scenario.bodies.joints import pose_of_link
from fusion.scenario.world import Part

_CHILD_LEGS = 0.93
_JOINTS = {"sit": "0 standing to 1 sitting on a seat behind"}


def make_pedestrian(request: BodyRequest) -> tuple[Part, ...]:
    """Somebody on foot: trunk, head, and four limbs of two pieces, with feet.

    Height and width are as asked for; the length follows from them, and from what is worn (a backpack).
    """
    child = request.style == "child"
    clothes = Clothes.chosen(request, worker=request.style == "worker", child=child)
    gait = _gait(request, legs=_CHILD_LEGS if child else 1.0)
    crown_m = request.size_m[2] - (gait.lengths.ankle + 0.995 * gait.lengths.leg + gait.lengths.neck)
    if clothes.helmet is not None:
        crown_m /= 1.02
    return (
        Part(figures.trunk(gait.lengths, clothes), gait.trunk_pose),
        Part(figures.head(crown_m, clothes), gait.head_pose),
        *(part for side in (1.0, -1.0) for part in _limbs(side, gait, clothes)),
    )


def make_child(request: BodyRequest) -> tuple[Part, ...]:
    """A pedestrian with a child's proportions."""
    return make_pedestrian(replace(request, style="child"))


def _gait(request: BodyRequest, *, legs: float) -> Gait:
    """Somebody's own proportions, and own place in the stride."""
    _, width, height = request.size_m
    own = legs * float(request.rng.uniform(0.97, 1.03))
    return Gait(Proportions.of(height, width, legs=own), request.signals, float(request.rng.random()))


def _limbs(side: float, gait: Gait, clothes: Clothes) -> list[Part]:
    """Arm and leg of one side."""
    lengths = gait.lengths
    leg, arm = partial(gait.leg, side), partial(gait.arm, side)
    return [
        Part(figures.thigh(lengths, clothes), pose_of_link(leg, 0)),
        Part(figures.shank(lengths, clothes), pose_of_link(leg, 1)),
        Part(figures.foot(lengths), partial(gait.foot_pose, side)),
        Part(figures.upper_arm(lengths, clothes), pose_of_link(arm, 0)),
        Part(figures.forearm(lengths, clothes), pose_of_link(arm, 1)),
    ]


PEOPLE: dict[str, BodyKind] = {
    "pedestrian": BodyKind(
        "pedestrian", (0.36, 0.50, 1.75), make_pedestrian, styles=("adult", "child", "worker"), joints=_JOINTS
    ),
    "child": BodyKind("pedestrian", (0.28, 0.36, 1.16), make_child, joints=_JOINTS),
}
