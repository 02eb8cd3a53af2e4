"""Rays of a scan that came back with nothing: towards the sky, off dark or mirroring things, or just lost.

A recording lists echoes, not shots. But a LiDAR looks into (almost) the same directions in every sweep, and a spinning
one into the same elevations all round. So directions in which another sweep, or the same sweep turned about the axis,
has a ray and this one has none nearby, were asked and not answered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from calibration.quaternion import FloatArray
from fusion.scenario.injection.sensor_motion import MeasuredSweep
from fusion.scenario.injection.spin import SpinAxis
from fusion.timeline import Int64Array

_OTHER_SWEEPS = 6
_KEPT_SWEEPS = 10
_TURNS = 24
_NEIGHBOURS = 9
_GAPS = 0.5, 0.8
_REPEATING = 0.35
_FEWEST_POINTS = 1000
_NEAR_M = 4.0, 35.0
"""Where hardly any echo is lost for its weakness."""
_SPUN_SECTORS = 72
_FAR_M = 20.0
"""Nearer points do not tell the direction of their ray well enough: the place of a LiDAR is known to centimetres."""
_WIDEST_SPACING_RAD = 0.03


@dataclass(frozen=True, eq=False)
class ScanPattern:
    """The directions of one sweep, in the sensor frame. directions: (N, 3) unit; ranges_m: (N,); times_ns: (N,)."""

    directions: FloatArray
    ranges_m: FloatArray
    times_ns: Int64Array

    @staticmethod
    def of(measured: MeasuredSweep) -> ScanPattern:
        """Of a sweep."""
        return ScanPattern(measured.directions, measured.ranges_m, measured.times_ns)

    @cached_property
    def tree(self) -> cKDTree:
        """Over the directions."""
        return cKDTree(self.directions)

    @cached_property
    def spins(self) -> bool:
        """Whether it looks all round."""
        sectors = np.floor((np.arctan2(self.directions[:, 1], self.directions[:, 0]) / np.pi + 1.0) * _SPUN_SECTORS / 2)
        return len(np.unique(sectors)) > 0.9 * _SPUN_SECTORS

    def within(self, axis: FloatArray, angle_rad: float) -> Int64Array:
        """Indices of directions within a cone, ascending."""
        return np.flatnonzero(self.directions @ axis > np.cos(angle_rad))

    def spacings_rad(self, chosen: Int64Array) -> FloatArray:
        """(K,) distance to the nearest other direction, as is usual about each of the chosen ones."""
        if len(self.directions) < 2 or not len(chosen):
            return np.full(len(chosen), _WIDEST_SPACING_RAD)
        count = min(_NEIGHBOURS, len(self.directions))
        _, around = self.tree.query(self.directions[chosen], k=np.arange(1, count + 1))
        distinct, where = np.unique(around, return_inverse=True)
        nearest = np.asarray(self.tree.query(self.directions[distinct], k=[2])[0])[:, 0]
        usual = np.percentile(nearest[where].reshape(around.shape), 40, axis=1)
        # Where a scan overlaps itself it is denser in places that change: no hole is smaller than its usual spacing.
        return np.asarray(np.clip(usual, self.usual_spacing_rad, _WIDEST_SPACING_RAD))

    @cached_property
    def usual_spacing_rad(self) -> float:
        """Median distance from a direction to the nearest other one."""
        chosen = self.directions[:: max(1, len(self.directions) // 5000)]
        return min(float(np.median(self.tree.query(chosen, k=[2])[0])), _WIDEST_SPACING_RAD)

    def times_towards(self, directions: FloatArray) -> Int64Array:
        """(M,) int64 when the scan looked into directions (M, 3): the median of what was measured there."""
        count = min(5, len(self.directions))
        _, near = self.tree.query(directions, k=np.arange(1, count + 1))
        return np.asarray(np.sort(self.times_ns[near], axis=1)[:, count // 2])


class MissingRays:
    """Finds them for the sweeps of one LiDAR. load: sweep index -> its pattern, or None; count: how many there are."""

    def __init__(self, load: Callable[[int], ScanPattern | None], count: int) -> None:
        self._load, self._count = load, count
        self._kept: OrderedDict[int, ScanPattern | None] = OrderedDict()

    def towards(self, index: int, axis: FloatArray, angle_rad: float) -> FloatArray:
        """Unit directions (M, 3) in the sensor frame, within a cone, that sweep `index` asked without an answer."""
        own = self.pattern(index)
        if own is None or not len(own.directions):
            return np.empty((0, 3))
        margin = angle_rad + 2.0 * _WIDEST_SPACING_RAD
        present = own.directions[own.within(axis, margin)]
        found: list[FloatArray] = []
        for directions, spacings, gap in self._offers(index, own, axis, angle_rad):
            new = _uncovered(directions, gap * spacings, present)
            if len(new):
                found.append(new)
                present = np.concatenate([present, new])
        return np.concatenate(found) if found else np.empty((0, 3))

    def pattern(self, index: int) -> ScanPattern | None:
        """Of a sweep; the last few are kept."""
        if index not in self._kept:
            self._kept[index] = self._load(index)
            while len(self._kept) > _KEPT_SWEEPS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(index)
        return self._kept[index]

    @cached_property
    def repetition(self) -> Repetition:
        """From two sweeps in the middle of the recording."""
        middle = max(0, min(self._count // 2, self._count - 2))
        return Repetition.of(self.pattern(middle), self.pattern(middle + 1))

    @cached_property
    def spin(self) -> SpinAxis:
        """Of a spinning LiDAR, from a sweep in the middle of the recording."""
        pattern = self.pattern(self._count // 2)
        assert pattern is not None
        return SpinAxis.of(pattern.directions[pattern.ranges_m > _FAR_M])

    def _offers(
        self, index: int, own: ScanPattern, axis: FloatArray, angle_rad: float
    ) -> Iterator[tuple[FloatArray, FloatArray, float]]:
        """Directions (K, 3) in the cone that others measured, their spacings (K,), and which gap they may fill."""
        gap, later = self.repetition.gaps
        for other in _nearest_sweeps(index, self._count):
            pattern = self.pattern(other)
            if pattern is not None:
                chosen = pattern.within(axis, angle_rad)
                if len(chosen):
                    yield pattern.directions[chosen], pattern.spacings_rad(chosen), gap
                    gap = later
        if own.spins:
            for turn_rad in _turns(own, self.spin, axis):
                chosen = own.within(self.spin.turned(axis, -turn_rad), angle_rad)
                chosen = chosen[own.ranges_m[chosen] > _FAR_M]
                if len(chosen):
                    yield self.spin.turned(own.directions[chosen], turn_rad), own.spacings_rad(chosen), gap
                    gap = later


def _nearest_sweeps(index: int, count: int) -> list[int]:
    others = sorted((other for other in range(count) if other != index), key=lambda other: (abs(other - index), other))
    return others[:_OTHER_SWEEPS]


def _turns(own: ScanPattern, spin: SpinAxis, towards: FloatArray) -> list[float]:
    """Angles that bring shots of a spinning scan onto others: between rays of one beam, far apart."""
    _, anchor = own.tree.query(towards)
    angles = []
    for turn in 2.0 * np.pi * np.arange(1, _TURNS) / _TURNS:
        _, source = own.tree.query(spin.turned(own.directions[anchor], -turn))
        azimuths = spin.azimuths(own.directions[[anchor, source]])
        angles.append(float(azimuths[0] - azimuths[1]))
    return angles


def _uncovered(directions: FloatArray, gaps_rad: FloatArray, present: FloatArray) -> FloatArray:
    """Those (M, 3) of the directions that have nothing present within their gap."""
    if not len(present):
        return directions
    distances, _ = cKDTree(present).query(directions)
    return np.asarray(directions[distances > gaps_rad])


@dataclass(frozen=True, slots=True)
class Repetition:
    """How alike two sweeps' directions are. gaps: how far, in spacings, a direction must be from all present to count

    as unanswered: for the first sweep asked, and for those after it. dropout: share of pulses that came back with
    nothing off near unbroken surfaces; 0 where a scan never repeats, for then a single lost one cannot be told.
    """

    gaps: tuple[float, float]
    dropout: float

    @staticmethod
    def of(own: ScanPattern | None, other: ScanPattern | None) -> Repetition:
        """From two sweeps, one after the other."""
        if own is None or other is None or min(len(own.directions), len(other.directions)) < _FEWEST_POINTS:
            return Repetition(_GAPS, 0.0)
        apart = _apart_on_unbroken_surfaces(own, other)
        if len(apart) < _FEWEST_POINTS // 4:
            return Repetition(_GAPS, 0.0)
        if np.median(apart) > _REPEATING:
            widest = max(1.1 * float(np.percentile(apart, 95)), _GAPS[1])
            return Repetition((widest, widest), 0.0)
        return Repetition(_GAPS, float(np.mean(apart > 0.75)))


def _apart_on_unbroken_surfaces(own: ScanPattern, other: ScanPattern) -> FloatArray:
    """How far, in spacings, directions of another sweep lie from the nearest of ours, off surfaces that both saw."""
    chosen = np.flatnonzero((other.ranges_m > _NEAR_M[0]) & (other.ranges_m < _NEAR_M[1]))
    chosen = chosen[:: max(1, len(chosen) // 20_000)]
    if not len(chosen):
        return np.empty(0)
    found, near = own.tree.query(other.directions[chosen], k=[1, 2, 3, 4])
    distances = np.asarray(found)
    ranges, spacings = own.ranges_m[near], other.spacings_rad(chosen)
    unbroken = np.ptp(ranges, axis=1) < 0.02 * ranges[:, 0]
    unbroken &= np.abs(ranges[:, 0] - other.ranges_m[chosen]) < 0.03 * ranges[:, 0]
    unbroken &= distances[:, 3] < 4.0 * spacings
    return np.asarray(distances[unbroken, 0] / spacings[unbroken])
