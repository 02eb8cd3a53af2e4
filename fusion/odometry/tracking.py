"""One sweep after the other onto the map of those before: where the ego was at the middle of each.

As in KISS-ICP (Vizzo et al., RA-L 2023) the last motion is the guess of the next and takes the distortion out of the
sweep; unlike there, the distortion is taken out again with what was found, and surfaces, not points, are what a sweep
is laid on (`local_map`): less drift, and in half the time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.deskew import to_world
from fusion.ego_motion import EgoMotion
from fusion.odometry.local_map import LocalMap, thinned
from fusion.samples import Float32Array
from fusion.timeline import Int64Array, Timeline

_COARSE = 3.0
"""Edge of a coarse cube in fine ones: how far off the guess of the next pose may be."""
_KEPT_SHARE, _KEY_SHARE = 0.2, 0.75
"""Of a cube's edge: one point is kept for the map, and one is laid on it, in every cube so large."""
_KERNEL_SHARE = 0.5
_REACH_EDGES = 100.0
_COARSE_ROUNDS, _ROUNDS, _DESKEWS = 4, 6, 3
_SETTLED = 1e-3
_SMALLEST_EDGE_M, _LARGEST_EDGE_M = 0.1, 1.0
_EDGES_TO_FAR = 35.0


@dataclass(frozen=True, slots=True, eq=False)
class TimedPoints:
    """A sweep as measured: points (N, 3) float32 in the sensor frame at times (N,) int64 ns; middle_ns: the time of the
    pose to be found."""

    points_m: Float32Array
    times_ns: Int64Array
    middle_ns: int

    def reversed(self) -> TimedPoints:
        """The same, were time to run backwards."""
        return TimedPoints(self.points_m, -self.times_ns, -self.middle_ns)

    def chosen(self, index: np.ndarray) -> TimedPoints:
        """Some of the points."""
        return TimedPoints(self.points_m[index], self.times_ns[index], self.middle_ns)


@dataclass(frozen=True, slots=True, eq=False)
class TrackedPoses:
    """times_ns: (N,) int64; world_from_ego: batch (N,), the first is where the world begins. overlaps: (N,) share of
    each sweep that lay on the map."""

    times_ns: Int64Array
    world_from_ego: RigidTransform
    overlaps: FloatArray


def edge_for(sweep: TimedPoints) -> float:
    """Metres: cubes in which the scene of a sweep has surfaces enough. Streets want a metre, rooms a decimetre or two."""
    ranges = np.linalg.norm(sweep.points_m, axis=1)
    far = float(np.percentile(ranges, 90)) if len(ranges) else 0.0
    return float(np.clip(far / _EDGES_TO_FAR, _SMALLEST_EDGE_M, _LARGEST_EDGE_M))


class SweepTracker:
    """Takes sweeps in order; `world_from_ego` is the pose at the middle of the last one."""

    def __init__(self, edge_m: float, ego_from_sensor: RigidTransform, step: RigidTransform | None = None) -> None:
        """step: motion from one sweep to the next, where something is known of it."""
        self._edge_m, self._ego_from_sensor = edge_m, ego_from_sensor
        self._fine = LocalMap(edge_m, _REACH_EDGES * edge_m)
        self._coarse = LocalMap(_COARSE * edge_m, _REACH_EDGES * edge_m)
        self._last_ns: int | None = None
        self._period_ns = 100_000_000
        self.step = step or RigidTransform.identity()
        self.world_from_ego = RigidTransform.identity()
        self.overlap = 1.0

    def take(self, sweep: TimedPoints) -> None:
        """Find the pose of the next sweep, and add it to the map."""
        kept = _thinned(_beyond(sweep, self._edge_m), _KEPT_SHARE * self._edge_m)
        if self._last_ns is not None:
            self._follow(kept, sweep.middle_ns - self._last_ns)
        self._last_ns = sweep.middle_ns
        straight = self.world_from_ego.apply(self._straight(kept))
        here = self.world_from_ego.translation
        self._fine.insert(straight, here)
        self._coarse.insert(straight[thinned(straight, _COARSE * _KEPT_SHARE * self._edge_m)], here)

    def _follow(self, kept: TimedPoints, elapsed_ns: int) -> None:
        if elapsed_ns != self._period_ns:  # sweeps were lost between
            self.step = RigidTransform.exp(self.step.log() * (elapsed_ns / self._period_ns))
            self._period_ns = elapsed_ns
        before = self.world_from_ego
        keys = _thinned(kept, _KEY_SHARE * self._edge_m)
        rough = _thinned(keys, _COARSE * _KEY_SHARE * self._edge_m)
        self._laid(self._coarse, rough, before, before * self.step, _COARSE * self._edge_m, _COARSE_ROUNDS)
        for _ in range(_DESKEWS):
            last = self.step
            self._laid(self._fine, keys, before, before * last, self._edge_m, _ROUNDS)
            if self.step.almost_equal(last, atol_m=_SETTLED, atol_rad=0.1 * _SETTLED):
                break

    def _laid(
        self, on: LocalMap, sweep: TimedPoints, before: RigidTransform, guess: RigidTransform, edge_m: float, rounds: int
    ) -> None:
        points = np.ascontiguousarray(self._straight(sweep), dtype=np.float64)
        rotation, translation, self.overlap = on.align(points, guess, _KERNEL_SHARE * edge_m, rounds)
        self.world_from_ego = RigidTransform.from_matrix(np.column_stack([rotation, translation]))
        self.step = before.inverse() * self.world_from_ego

    def _straight(self, sweep: TimedPoints) -> Float32Array:
        """In the ego frame at the middle of the sweep, if the ego goes on as it does."""
        around = sweep.middle_ns + self._period_ns * np.array([-1, 0, 1], dtype=np.int64)
        poses = RigidTransform.stack([self.step.inverse(), RigidTransform.identity(), self.step])
        motion = EgoMotion(Timeline(around), poses)
        return to_world(sweep.points_m, sweep.times_ns, motion, self._ego_from_sensor)


def track(
    sweeps: Iterable[TimedPoints], edge_m: float, ego_from_sensor: RigidTransform, step: RigidTransform | None = None
) -> TrackedPoses:
    """Poses of all sweeps. step: the motion from one to the next at the beginning, where known."""
    tracker = SweepTracker(edge_m, ego_from_sensor, step)
    times, poses, overlaps = [], [], []
    for sweep in sweeps:
        tracker.take(sweep)
        times.append(sweep.middle_ns)
        poses.append(tracker.world_from_ego)
        overlaps.append(tracker.overlap)
    return TrackedPoses(np.array(times, dtype=np.int64), RigidTransform.stack(poses), np.array(overlaps))


def first_step(sweeps: list[TimedPoints], edge_m: float, ego_from_sensor: RigidTransform) -> RigidTransform:
    """Motion between the first two sweeps: a rolling start bends the very sweep that begins the map, so it is looked
    at twice."""
    step = RigidTransform.identity()
    for _ in range(2):
        found = track(sweeps, edge_m, ego_from_sensor, step).world_from_ego
        if len(found) > 1:
            step = found[0].inverse() * found[1]
    return step


def _beyond(sweep: TimedPoints, nearest_m: float) -> TimedPoints:
    """Without what is nearer than a cube: the vehicle itself."""
    squares = np.einsum("ij,ij->i", sweep.points_m, sweep.points_m)
    return sweep.chosen(np.flatnonzero(np.isfinite(squares) & (squares > nearest_m * nearest_m)))


def _thinned(sweep: TimedPoints, edge_m: float) -> TimedPoints:
    return sweep.chosen(thinned(sweep.points_m, edge_m))
