"""Fits of single frames become tracks: one size, one class, a knot for each frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from labeling.automation.class_priors import CLASS_PRIORS
from labeling.automation.one_click import CuboidFit
from labeling.cuboid import Cuboid

_GAP_S = 0.6
_NEAR_M, _UNSURE_MPS = 1.0, 4.0
"""A thing is found within so many metres of where its velocity leads, and more for each second: 4 m/s change in one."""
_FEWEST_FITS = 3
_LEAST_TRAVEL_M = 1.0
_SAME_PLACE = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """Fits of one thing in time order. kind, confidence: its class among `class_priors`, and how sure that it is one at
    all. size_m: (3,). world_from_object: a batch, one pose a fit, for that size."""

    fits: tuple[CuboidFit, ...]
    kind: str
    confidence: float
    size_m: FloatArray
    world_from_object: RigidTransform

    @property
    def times_ns(self) -> list[int]:
        """One a fit, increasing."""
        return [fit.time_ns for fit in self.fits]


def distinct(fits: Sequence[CuboidFit]) -> list[CuboidFit]:
    """Without those that stand where a surer one stands."""
    kept: list[CuboidFit] = []
    for fit in sorted(fits, key=lambda each: -each.confidence):
        if all(nearness(fit.cuboid, other.cuboid) > _SAME_PLACE for other in kept):
            kept.append(fit)
    return kept


def nearness(one: Cuboid, two: Cuboid) -> float:
    """0 at one place; 1 where they lie as far apart as both are long, along, or wide, across."""
    offset = two.world_from_object.translation - one.world_from_object.translation
    local = one.world_from_object.inverse().rotate(offset)[:2]
    reach = 0.5 * (np.asarray(one.size_m)[:2] + _extent(one, two))
    return float(np.max(np.abs(local) / reach))


def _extent(one: Cuboid, two: Cuboid) -> FloatArray:
    """(2,) how far the second reaches along the axes of the first."""
    turn = float(two.world_from_object.yaw_rad - one.world_from_object.yaw_rad)
    c, s = abs(np.cos(turn)), abs(np.sin(turn))
    length, width = float(two.size_m[0]), float(two.size_m[1])
    return np.array([c * length + s * width, s * length + c * width])


def joined(fits: Sequence[CuboidFit], eyes: dict[int, FloatArray]) -> list[Chain]:
    """Chains of fits of moving things, each where the one before it leads; short ones are chance and left out.

    eyes: (2,) x, y of the LiDAR in each frame.
    """
    frames: dict[int, list[CuboidFit]] = defaultdict(list)
    for fit in fits:
        frames[fit.frame].append(fit)
    open_chains: list[list[CuboidFit]] = []
    for frame in sorted(frames):
        _extend(open_chains, distinct(frames[frame]))
    chains = [each for each in open_chains if len(each) >= _FEWEST_FITS and _travel_m(each) >= _LEAST_TRAVEL_M]
    return [chain_of(each, eyes) for each in chains]


def _travel_m(chain: Sequence[CuboidFit]) -> float:
    first, last = chain[0].cuboid.world_from_object, chain[-1].cuboid.world_from_object
    return float(np.hypot(*(last.translation - first.translation)[:2]))


def _extend(chains: list[list[CuboidFit]], fits: list[CuboidFit]) -> None:
    """Give the fits of one frame to the chains they continue, at the least cost in all; start chains with others."""
    costs = np.array([[_cost(chain[-1], fit) for fit in fits] for chain in chains]).reshape(len(chains), len(fits))
    rows, columns = linear_sum_assignment(np.minimum(costs, 1e3))
    taken = set()
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if costs[row, column] < 1.0:
            chains[row].append(fits[column])
            taken.add(column)
    chains.extend([fit] for column, fit in enumerate(fits) if column not in taken)


def _cost(before: CuboidFit, after: CuboidFit) -> float:
    """Distance from where the one leads to the other, 1 at the limit."""
    seconds = (after.time_ns - before.time_ns) * 1e-9
    if not 0.0 < seconds <= _GAP_S:
        return np.inf
    places = [each.cuboid.world_from_object.translation[:2] for each in (before, after)]
    velocity = 0.5 * (before.motion.velocity_mps + after.motion.velocity_mps)
    off = np.hypot(*(places[1] - places[0] - velocity * seconds))
    size = 0.25 * float(before.cuboid.size_m[0])
    return float(off / (_NEAR_M + size + _UNSURE_MPS * seconds))


def chain_of(fits: Sequence[CuboidFit], eyes: dict[int, FloatArray]) -> Chain:
    """One size and class for fits in time order; each pose keeps the sides that its frame saw."""
    ordered = tuple(sorted(fits, key=lambda each: each.time_ns))
    size = _size(ordered)
    poses = [_resized(fit, size, eyes[fit.frame]) for fit in ordered]
    batch = RigidTransform(np.stack([each.rotation for each in poses]), np.stack([each.translation for each in poses]))
    kind, share = _kind(ordered)
    return Chain(ordered, kind, share * float(np.mean([each.confidence for each in ordered])), size, batch)


def _size(fits: Sequence[CuboidFit]) -> FloatArray:
    """Weighed by how sure each is; what is not seen in one frame is seen in another."""
    sizes = np.array([fit.cuboid.size_m for fit in fits])
    sigmas = np.array([[fit.sigmas.length_m, fit.sigmas.width_m, fit.sigmas.height_m] for fit in fits])
    weights = np.array([fit.confidence for fit in fits])[:, None] / (0.05 + sigmas) ** 2
    return np.asarray((weights * sizes).sum(axis=0) / weights.sum(axis=0))


def _resized(fit: CuboidFit, size: FloatArray, eye: FloatArray) -> RigidTransform:
    """The pose for another size: the sides that look at the LiDAR and the ground stay where they are."""
    pose = fit.cuboid.world_from_object
    place = np.array([eye[0], eye[1], pose.translation[2]])
    towards = np.sign(pose.inverse().apply(place))
    change = 0.5 * (np.asarray(fit.cuboid.size_m) - size)
    offset = np.array([towards[0] * change[0], towards[1] * change[1], -change[2]])
    return RigidTransform(pose.rotation, pose.translation + pose.rotate(offset))


def _kind(fits: Sequence[CuboidFit]) -> tuple[str, float]:
    """The class that the fits together make likeliest, among those that can be as fast; and its share."""
    speed = float(np.median([np.hypot(*fit.motion.velocity_mps) for fit in fits]))
    votes: dict[str, float] = defaultdict(float)
    for fit in fits:
        for kind, probability in fit.classes:
            if speed <= CLASS_PRIORS[kind].motion.speed_mps:
                votes[kind] += probability * fit.confidence
    if not votes:
        return fits[0].kind, 0.0
    best = max(votes, key=lambda kind: votes[kind])
    return best, votes[best] / sum(votes.values())
