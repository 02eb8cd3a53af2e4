"""Where all actors are at the moments of a sweep or a photo; each pose is asked for at most once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.scenario.sensing.meeting import product
from fusion.scenario.sensing.pieces import CastActor, Piece
from fusion.scenario.sensing.ray_caster import Int32Array
from fusion.timeline import Int64Array

_GUIDE_STEP_NS = 10_000_000
_SLACK_M = 0.02


class Moments:
    """S moments of a scene: times_ns (S,) int64, in any order."""

    def __init__(self, actors: Sequence[CastActor], times_ns: Int64Array) -> None:
        self._actors = actors
        self.times_ns = times_ns
        self._placed: dict[int, _PlacedActor] = {}

    @cached_property
    def guides(self) -> tuple[FloatArray, FloatArray]:
        """About where the actors are: centres (S, A, 3), and radii (A,) of spheres that hold them all the same."""
        radii = np.array([actor.radius_m for actor in self._actors])
        start, end = int(self.times_ns.min()), int(self.times_ns.max())
        knots = start + np.linspace(0, end - start, 1 + -(-(end - start) // _GUIDE_STEP_NS)).astype(np.int64)
        paths = np.stack([_path(actor, knots) for actor in self._actors], axis=1)
        if len(knots) == 1:
            return np.repeat(paths, len(self.times_ns), axis=0), radii + _SLACK_M
        place = (self.times_ns - start) / (knots[1] - knots[0])
        before = np.minimum(place.astype(np.int64), len(knots) - 2)
        share = (place - before)[:, None, None]
        bend = np.abs(np.diff(paths, 2, axis=0)).sum(axis=2).max(axis=0, initial=0.0)
        return paths[before] * (1.0 - share) + paths[before + 1] * share, radii + bend + _SLACK_M

    def pieces(self, index: int, shots: Int32Array) -> Iterator[tuple[Piece, FloatArray, Int64Array]]:
        """Pieces of an actor with poses in the world (P, 4, 4), and which of those holds at each of the shots (N,).

        shots: ascending indices of moments.
        """
        if index not in self._placed:
            self._placed[index] = _PlacedActor(self._actors[index], self.times_ns)
        placed = self._placed[index]
        placed.know(shots)
        rows = placed.rows[shots]
        for piece, poses in zip(placed.actor.pieces, placed.poses, strict=True):
            yield piece, poses, rows


class _PlacedActor:
    """rows: (S,) which pose holds at each moment, -1 as long as nobody asked. poses: (P, 4, 4) for each piece."""

    def __init__(self, actor: CastActor, times_ns: Int64Array) -> None:
        self.actor, self._times_ns = actor, times_ns
        self.rows = np.full(len(times_ns), -1, dtype=np.int64)
        self.poses = [np.empty((0, 4, 4)) for _ in actor.pieces]
        if actor.actor.is_rigid_and_still:
            self._evaluate(np.zeros(1, dtype=np.int64))
            self.rows[:] = 0

    def know(self, shots: Int32Array) -> None:
        """Have the poses at these shots (N,)."""
        new = shots[self.rows[shots] < 0]
        if len(new):
            first = np.concatenate([[True], new[1:] != new[:-1]])
            self._evaluate(new[first].astype(np.int64))

    def _evaluate(self, shots: Int64Array) -> None:
        self.rows[shots] = (len(self.poses[0]) if self.poses else 0) + np.arange(len(shots))
        times_ns = self._times_ns[shots]
        world_from_object = self.actor.actor.trajectory.at(times_ns).matrix
        for at, piece in enumerate(self.actor.pieces):
            matrices: npt.NDArray[np.float64] = world_from_object
            if piece.object_from_part is not None:
                matrices = product(world_from_object, piece.object_from_part(times_ns).matrix)
            self.poses[at] = np.concatenate([self.poses[at], matrices])


def _path(actor: CastActor, times_ns: Int64Array) -> FloatArray:
    """Origins (K, 3) of an actor."""
    motion = actor.actor.trajectory
    if motion.stands_still:
        return np.repeat(motion.at(times_ns[:1]).translation, len(times_ns), axis=0)
    return motion.at(times_ns).translation
