"""One click, one cuboid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration import RigidTransform
from calibration.errors import InputError
from fusion.recording.source import PoseSource
from labeling.automation.class_priors import ClassPrior
from labeling.automation.one_click.certainty import confidence, spreads
from labeling.automation.one_click.clicks import Click, RoughBox, seed_of
from labeling.automation.one_click.explaining import Candidate, Explanation, explain
from labeling.automation.one_click.hypotheses import ROAD_USERS
from labeling.automation.one_click.motion import UNKNOWN_MOTION, Motion, find_motion
from labeling.automation.one_click.sight import FrameSight, Sights
from labeling.cuboid import Cuboid

_NEIGHBOURS = (-3, -1, 1, 3)
_LONGEST_S = 0.6
_SAME_MOTION = 1
"""So many frames to each side a thing keeps its velocity well enough to lay its points over each other."""
_STILL_FRAMES, _STILL_SPREAD = 5, 12
"""What stands is looked at from as many places as 25 frames offer."""
_HIDDEN_M, _HIDDEN_PER_M = 0.05, 0.003
"""The top may lie above the highest point by half the distance of two beams, 0.35 degrees."""
_HIGHER_THAN_SEEN_M = 0.03
_GROUND_SIGMA_M = 0.05


@dataclass(frozen=True, slots=True)
class Sigmas:
    """One standard deviation each: the centre along, across and up (metres), the yaw (radians), and the size."""

    along_m: float
    across_m: float
    up_m: float
    yaw_rad: float
    length_m: float
    width_m: float
    height_m: float


@dataclass(frozen=True, slots=True, eq=False)
class CuboidFit:
    """What was fitted, and how sure it is.

    cuboid: at `time_ns`, when the LiDAR saw the clicked point. classes: kinds of `class_priors` with probabilities, the
    likeliest first. confidence: probability, 0 to 1, that the cuboid overlaps the thing by half. heading_known: whether
    its front was told from its rear, by its motion; else the yaw is right modulo 180 degrees and points along the road.
    motion: from the frames around. frames: those that were used. points: how many there are in the cuboid in the
    clicked frame (in voxels of 7 cm).
    """

    frame: int
    time_ns: int
    cuboid: Cuboid
    classes: tuple[tuple[str, float], ...]
    sigmas: Sigmas
    confidence: float
    heading_known: bool
    motion: Motion
    frames: tuple[int, ...]
    points: int

    @property
    def kind(self) -> str:
        """The likeliest class."""
        return self.classes[0][0]


def fit_cuboid(
    sights: Sights, frame: int, click: Click, *, priors: Sequence[ClassPrior] = ROAD_USERS, neighbours: bool = True
) -> CuboidFit:
    """Fit what a click in a frame points at.

    priors: the classes that it may be. neighbours: use the frames around too, which show its motion or more of its
    sides; not where the recording has no ego poses. Raises InputError if there is nothing.
    """
    sight = sights[frame]
    seed = seed_of(click, sight)
    place, time_ns = sight.points[:, seed].astype(np.float64), int(sight.times_ns[seed])
    yaws = [float(click.cuboid.world_from_object.yaw_rad)] if isinstance(click, RoughBox) else []
    alone = explain([sight], place, priors, time_ns=time_ns, yaws=yaws)
    if not alone.candidates:
        raise InputError("nothing stands on the ground there", do="click on a thing that has points", where=frame)
    # Without ego poses nothing says how the frames lie to each other.
    posed = sights.recording.pose_source is not PoseSource.NONE
    motion = _motion(sights, sight, alone, time_ns) if neighbours and posed else UNKNOWN_MOTION
    if not motion.known:
        return _fit(alone, sight, [sight], motion, time_ns)
    seen = [sight, *_others(sights, frame, motion)]
    together = explain(
        seen, place, priors, motion=motion, time_ns=time_ns, before=alone.candidates[:2], yaws=yaws, span_m=alone.span_m
    )
    return _fit(together if together.candidates else alone, sight, seen, motion, time_ns)


def _motion(sights: Sights, sight: FrameSight, alone: Explanation, time_ns: int) -> Motion:
    best, evidence = alone.candidates[0], alone.evidence
    around = sights.around(sight.frame, _NEIGHBOURS)
    others = [sights[each] for each in around if abs(sights.seconds_from(sight.frame, each)) <= _LONGEST_S]
    floor = np.array([*evidence.centre, *evidence.ground])
    own = evidence.points[:, best.group.member]
    return find_motion(own, time_ns, others, floor, float(best.box[2]), best.group.ceiling_m)


def _others(sights: Sights, frame: int, motion: Motion) -> list[FrameSight]:
    """The frames whose points can be laid over those of the clicked one."""
    if motion.moves:
        around = sights.around(frame, range(-_SAME_MOTION, _SAME_MOTION + 1))
        return [sights[each] for each in around if abs(sights.seconds_from(frame, each)) <= _LONGEST_S]
    spread = np.round(np.linspace(-_STILL_SPREAD, _STILL_SPREAD, _STILL_FRAMES)).astype(int).tolist()
    here = int(np.searchsorted(sights.delivered, frame))
    inside = [int(np.clip(here + step, 0, len(sights.delivered) - 1)) - here for step in spread]
    return [sights[each] for each in sights.around(frame, inside)]


def _fit(
    explanation: Explanation, sight: FrameSight, seen: Sequence[FrameSight], motion: Motion, time_ns: int
) -> CuboidFit:
    best, evidence = explanation.candidates[0], explanation.evidence
    height_m, height_sigma = _height(best, float(np.hypot(*evidence.eyes[0])))
    yaw, heading_known = _heading(best, motion, evidence.road_yaw)
    x, y = best.box[:2] + evidence.centre
    middle = [x, y, evidence.ground_at(x, y) + 0.5 * height_m]
    size = np.array([best.box[3], best.box[4], height_m])
    along, across, turn, length, width = spreads(best, evidence.eyes).tolist()
    up = float(np.hypot(_GROUND_SIGMA_M, 0.5 * height_sigma))
    cuboid = Cuboid(RigidTransform.from_yaw(yaw, middle), size)
    return CuboidFit(
        frame=sight.frame,
        time_ns=time_ns,
        cuboid=cuboid,
        classes=_classes(explanation),
        sigmas=Sigmas(along, across, up, turn, length, width, height_sigma),
        confidence=confidence(explanation, np.array([along, across, turn, length, width])),
        heading_known=heading_known,
        motion=motion,
        frames=tuple(sorted(each.frame for each in seen)),
        points=_count(explanation, cuboid),
    )


def _count(explanation: Explanation, cuboid: Cuboid) -> int:
    return int(cuboid.contains(explanation.evidence.points.T).sum())


def _height(best: Candidate, range_m: float) -> tuple[float, float]:
    """Height and its standard deviation, from the highest point and the class: above it beams may be missing."""
    mean, spread = best.prior.size_m[2], best.prior.spread_m[2]
    top = best.top_m + _HIGHER_THAN_SEEN_M
    hidden = _HIDDEN_M + _HIDDEN_PER_M * range_m
    if top > mean + 3.0 * spread:
        return mean + spread, spread  # something hangs down to it
    if top >= mean:
        return top, hidden
    weights = np.array([hidden, spread]) ** -2.0
    return float(weights @ [top, mean] / weights.sum()), float(weights.sum() ** -0.5)


def _heading(best: Candidate, motion: Motion, road_yaw: float | None) -> tuple[float, bool]:
    """The yaw with its front where it moves to, else along the road; whether that is known."""
    yaw = float(best.box[2])
    ahead = motion.heading_rad
    known = ahead is not None
    target = ahead if ahead is not None else road_yaw
    if target is not None and np.cos(yaw - target) < 0.0:
        yaw += np.pi
    return float((yaw + np.pi) % (2.0 * np.pi) - np.pi), known


def _classes(explanation: Explanation) -> tuple[tuple[str, float], ...]:
    """Kinds by the best candidate of each."""
    values: dict[str, float] = {}
    for each in explanation.candidates:
        values[each.prior.kind] = max(values.get(each.prior.kind, -np.inf), each.value)
    best = max(values.values())
    shares = {kind: float(np.exp(0.5 * (value - best))) for kind, value in values.items()}
    total = sum(shares.values())
    return tuple(sorted(((kind, share / total) for kind, share in shares.items()), key=lambda each: -each[1]))
