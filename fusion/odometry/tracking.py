"""One sweep after the other onto the map of those before: where the ego was at the middle of each.

As in KISS-ICP (Vizzo et al., RA-L 2023) the last motion is the guess of the next and takes the distortion out of the
sweep; unlike there, the distortion is taken out again with what was found, and surfaces, not points, are what a sweep
is laid on (`local_map`): less drift, and in half the time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.deskew import to_world
from fusion.ego_motion import EgoMotion
from fusion.odometry.local_map import LocalMap, thinned, well_filled
from fusion.samples import Float32Array
from fusion.timeline import Int64Array, Timeline

_COARSE = 3.0
"""Edge of a coarse cube in fine ones: how far off the guess of the next pose may be."""
_KEPT_SHARE, _KEY_SHARE = 0.2, 1.0
"""Of a cube's edge: one point is kept for the map, and one is laid on it, in every cube so large."""
_KERNEL_SHARE = 0.5
_REACH_EDGES = 100.0
_COARSE_ROUNDS, _ROUNDS, _DESKEWS = 4, 5, 2
_SETTLED = 2e-3
_SMALLEST_EDGE_M, _LARGEST_EDGE_M = 0.1, 1.0
_EDGES_TO_FAR = 35.0
_FILLED_SHARE, _WIDENED, _WIDENINGS = 0.5, 1.25, 5


@dataclass(frozen=True, slots=True, eq=False)
class TimedPoints:
    """A sweep as measured: points (N, 3) float32 in the sensor frame at times (N,) int64 ns; middle_ns: the time of the
    pose to be found; index: of the sample."""

    points_m: Float32Array
    times_ns: Int64Array
    middle_ns: int
    index: int = 0

    def reversed(self) -> TimedPoints:
        """The same, were time to run backwards."""
        return TimedPoints(self.points_m, -self.times_ns, -self.middle_ns, self.index)

    def chosen(self, index: npt.NDArray[np.intp]) -> TimedPoints:
        """Some of the points."""
        return TimedPoints(self.points_m[index], self.times_ns[index], self.middle_ns, self.index)


@dataclass(frozen=True, slots=True, eq=False)
class TrackedPoses:
    """times_ns: (N,) int64; world_from_ego: batch (N,), the first is where the world begins. overlaps: (N,) share of
    each sweep that lay on the map. indices: (N,) int64 of the samples."""

    times_ns: Int64Array
    world_from_ego: RigidTransform
    overlaps: FloatArray
    indices: Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """How the ego moves in a time: before_from_after, int64 ns."""

    motion: RigidTransform
    period_ns: int

    def over(self, period_ns: int) -> Step:
        """At the same speed, in another time."""
        if period_ns == self.period_ns:
            return self
        return Step(RigidTransform.exp(self.motion.log() * (period_ns / self.period_ns)), period_ns)

    def straight(self, sweep: TimedPoints, ego_from_sensor: RigidTransform) -> Float32Array:
        """(N, 3) float32: the sweep in the ego frame at its middle, if the ego moves like this."""
        around = sweep.middle_ns + self.period_ns * np.array([-1, 0, 1], dtype=np.int64)
        poses = RigidTransform.stack([self.motion.inverse(), RigidTransform.identity(), self.motion])
        return to_world(sweep.points_m, sweep.times_ns, EgoMotion(Timeline(around), poses), ego_from_sensor)


STANDING = Step(RigidTransform.identity(), 100_000_000)


def edge_for(sweep: TimedPoints) -> float:
    """Metres: cubes in which the scene of a sweep has surfaces, and enough points on them.

    Streets want a metre, rooms a decimetre or two, and a LiDAR of few beams more than one of many.
    """
    finite = sweep.points_m[np.isfinite(sweep.points_m).all(axis=1)]
    far = float(np.percentile(np.linalg.norm(finite, axis=1), 90)) if len(finite) else 0.0
    edge_m = float(np.clip(far / _EDGES_TO_FAR, _SMALLEST_EDGE_M, _LARGEST_EDGE_M))
    for _ in range(_WIDENINGS):
        if well_filled(finite[thinned(finite, _KEPT_SHARE * edge_m)], edge_m) >= _FILLED_SHARE:
            break
        edge_m *= _WIDENED
    return edge_m


class SweepTracker:
    """Takes sweeps in order; `world_from_ego` is the pose at the middle of the last one."""

    def __init__(self, edge_m: float, ego_from_sensor: RigidTransform, step: Step = STANDING) -> None:
        """step: motion at the beginning, where something is known of it."""
        self._edge_m, self._ego_from_sensor = edge_m, ego_from_sensor
        self._fine = LocalMap(edge_m, _REACH_EDGES * edge_m)
        self._coarse = LocalMap(_COARSE * edge_m, _REACH_EDGES * edge_m)
        self._last_ns: int | None = None
        self.step = step
        self.world_from_ego = RigidTransform.identity()
        self.overlap = 1.0

    def take(self, sweep: TimedPoints) -> None:
        """Find the pose of the next sweep, and add it to the map."""
        kept = _thinned(_beyond(sweep, self._edge_m), _KEPT_SHARE * self._edge_m)
        if self._last_ns is not None:
            self._follow(kept, sweep.middle_ns - self._last_ns)
        self._last_ns = sweep.middle_ns
        straight = self.world_from_ego.apply(self.step.straight(kept, self._ego_from_sensor))
        here = self.world_from_ego.translation
        self._fine.insert(straight, here)
        self._coarse.insert(straight[thinned(straight, _COARSE * _KEPT_SHARE * self._edge_m)], here)

    def _follow(self, kept: TimedPoints, elapsed_ns: int) -> None:
        self.step = self.step.over(elapsed_ns)
        before = self.world_from_ego
        keys = _thinned(kept, _KEY_SHARE * self._edge_m)
        rough = _thinned(keys, _COARSE * _KEY_SHARE * self._edge_m)
        self._laid(self._coarse, rough, before, before * self.step.motion, _COARSE * self._edge_m, _COARSE_ROUNDS)
        for _ in range(_DESKEWS):
            last = self.step.motion
            self._laid(self._fine, keys, before, before * last, self._edge_m, _ROUNDS)
            if self.step.motion.almost_equal(last, atol_m=_SETTLED, atol_rad=0.1 * _SETTLED):
                break

    def _laid(
        self,
        on: LocalMap,
        sweep: TimedPoints,
        before: RigidTransform,
        guess: RigidTransform,
        edge_m: float,
        rounds: int,
    ) -> None:
        points = np.ascontiguousarray(self.step.straight(sweep, self._ego_from_sensor), dtype=np.float64)
        rotation, translation, self.overlap = on.align(points, guess, _KERNEL_SHARE * edge_m, rounds)
        self.world_from_ego = RigidTransform.from_matrix(np.column_stack([rotation, translation]))
        self.step = Step(before.inverse() * self.world_from_ego, self.step.period_ns)


def track(
    sweeps: Iterable[TimedPoints], edge_m: float, ego_from_sensor: RigidTransform, step: Step = STANDING
) -> TrackedPoses:
    """Poses of all sweeps. step: the motion at the beginning, where known."""
    tracker = SweepTracker(edge_m, ego_from_sensor, step)
    times, poses, overlaps, indices = [], [], [], []
    for sweep in sweeps:
        tracker.take(sweep)
        times.append(sweep.middle_ns)
        poses.append(tracker.world_from_ego)
        overlaps.append(tracker.overlap)
        indices.append(sweep.index)
    columns = np.array(times, dtype=np.int64), RigidTransform.stack(poses), np.array(overlaps)
    return TrackedPoses(*columns, np.array(indices, dtype=np.int64))


def first_step(sweeps: list[TimedPoints], edge_m: float, ego_from_sensor: RigidTransform) -> Step:
    """Motion between the first two of two or more sweeps: a rolling start bends the very sweep that begins the map, so
    it is looked at twice."""
    step = STANDING.over(sweeps[1].middle_ns - sweeps[0].middle_ns)
    for _ in range(2):
        found = track(sweeps, edge_m, ego_from_sensor, step).world_from_ego
        step = Step(found[0].inverse() * found[1], step.period_ns)
    return step


def _beyond(sweep: TimedPoints, nearest_m: float) -> TimedPoints:
    """Without what is nearer than a cube: the vehicle itself."""
    squares = np.einsum("ij,ij->i", sweep.points_m, sweep.points_m)
    return sweep.chosen(np.flatnonzero(np.isfinite(squares) & (squares > nearest_m * nearest_m)))


def _thinned(sweep: TimedPoints, edge_m: float) -> TimedPoints:
    return sweep.chosen(thinned(sweep.points_m, edge_m))
