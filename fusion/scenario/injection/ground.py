"""The ground as the LiDARs of a recording measured it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d, map_coordinates
from scipy.spatial import cKDTree

from calibration.quaternion import FloatArray
from fusion.cloud import fused_cloud
from fusion.recording import Recording
from fusion.timeline import Int64Array

_FRAMES = 10
_CELL_M = 0.25
_RADII_M = (0.6, 1.2, 2.5)
_FEWEST_POINTS = 6
_BAND_M, _NOISE_M = 0.25, 0.1
_STEP_M = 0.25
_SURFACE_CELL_M = 1.0
_SURFACE_WIDTHS_M = (10.0, 10.0, 8.0, 8.0, 6.0, 6.0, 4.0, 4.0, 3.0, 3.0)
_ABOVE_M, _ABOVE_WEIGHT = 0.08, 0.01
_LARGEST_SURFACE_M = 600.0


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredGround:
    """The low points of each cell of several frames: tree over x, y; heights_m (K,) of them, in the world.

    surface: about where the ground is, also where things stand on it.
    """

    tree: cKDTree
    heights_m: FloatArray
    surface: GroundSurface

    @staticmethod
    def of(recording: Recording) -> MeasuredGround | None:
        """From frames spread over the recording; None where no LiDAR measured anything."""
        count = len(recording.frames)
        frames = np.unique(np.linspace(0, count - 1, min(count, _FRAMES)).round().astype(int))
        lowest = [_lowest(fused_cloud(recording, int(frame)).points_in_world.astype(np.float64)) for frame in frames]
        points = np.concatenate(lowest) if lowest else np.empty((0, 3))
        if not len(points):
            return None
        start = recording.ego_motion.at(recording.frames.times_ns[:1]).translation[0, :2]
        return MeasuredGround(cKDTree(points[:, :2]), points[:, 2], GroundSurface.under(points, start))

    def heights_at(self, places_m: FloatArray) -> FloatArray:
        """(N,) heights at x, y (N, 2), NaN where nothing was measured near enough."""
        heights = np.full(len(places_m), np.nan)
        for radius_m in _RADII_M:
            unknown = np.flatnonzero(np.isnan(heights))
            for at in unknown:
                near = np.asarray(self.tree.query_ball_point(places_m[at], radius_m), dtype=np.int64)
                if len(near) >= _FEWEST_POINTS:
                    heights[at] = _low(self.heights_m[near])
        about = self.surface.at(places_m)
        return np.where(np.abs(heights - about) > _STEP_M, np.where(np.isnan(heights), np.nan, about), heights)

    def profile(self, places_m: FloatArray, spacing_m: float) -> FloatArray:
        """(N,) smooth heights along a line of places (N, 2) that lie `spacing_m` apart; gaps are bridged.

        NaN everywhere where less than a third of the line was measured.
        """
        heights = self.heights_at(places_m)
        known = np.flatnonzero(np.isfinite(heights))
        if 3 * len(known) < len(heights) or not len(known):
            return np.full(len(heights), np.nan)
        filled = np.interp(np.arange(len(heights)), known, heights[known])
        return np.asarray(gaussian_filter1d(filled, 1.5 / spacing_m, mode="nearest"))


def _lowest(points: FloatArray) -> FloatArray:
    """(K, 3) for each cell that was met the mean of its low points: from a tenth of the way up, for stray echoes lie

    below the ground, and a little above that, for noise.
    """
    if not len(points):
        return np.empty((0, 3))
    cells = np.floor(points[:, :2] / _CELL_M).astype(np.int64)
    order = np.lexsort((points[:, 2], cells[:, 1], cells[:, 0]))
    cells, points = cells[order], points[order]
    new = np.concatenate([[True], np.any(np.diff(cells, axis=0) != 0, axis=1)])
    first, cell_of_point = np.flatnonzero(new), np.cumsum(new) - 1
    floors = points[first + np.diff(np.append(first, len(points))) // 10, 2]
    low = points[:, 2] <= floors[cell_of_point] + _NOISE_M
    counts = np.bincount(cell_of_point[low], minlength=len(first))
    sums = [np.bincount(cell_of_point[low], points[low, axis], minlength=len(first)) for axis in range(3)]
    return np.stack(sums, axis=1) / counts[:, None]


def _low(heights_m: FloatArray) -> float:
    floor = np.percentile(heights_m, 10)
    return float(np.median(heights_m[heights_m <= floor + _BAND_M]))


@dataclass(frozen=True, slots=True, eq=False)
class GroundSurface:
    """A smooth surface below nearly everything that was measured. corner: (2,) of the grid; heights_m: (X, Y)."""

    corner: FloatArray
    heights_m: FloatArray

    @staticmethod
    def under(points: FloatArray, middle_m: FloatArray) -> GroundSurface:
        """Means of low points (K, 3) that grow narrower, with what lies above the last one hardly counting.

        So a car below which the ground was never seen is not taken for ground, as long as that is seen about it.
        """
        near = np.all(np.abs(points[:, :2] - middle_m) < 0.5 * _LARGEST_SURFACE_M, axis=1)
        near = near if near.any() else np.ones(len(points), dtype=np.bool_)
        places, heights = points[near, :2], points[near, 2]
        corner = places.min(axis=0) - _SURFACE_CELL_M
        cells = np.floor((places - corner) / _SURFACE_CELL_M).astype(np.int64)
        shape = tuple((cells.max(axis=0) + 2).tolist())
        surface = np.full(shape, float(np.median(heights)))
        for round_, width_m in enumerate(_SURFACE_WIDTHS_M):
            above = heights - surface[cells[:, 0], cells[:, 1]] > _ABOVE_M
            weights = np.where(above & (round_ > 0), _ABOVE_WEIGHT, 1.0)
            surface = _spread(cells, heights, weights, width_m / _SURFACE_CELL_M, shape)
        return GroundSurface(corner, surface)

    def at(self, places_m: FloatArray) -> FloatArray:
        """(N,) heights at x, y (N, 2); outside of the grid those of its border."""
        cells = (places_m - self.corner) / _SURFACE_CELL_M - 0.5
        return np.asarray(map_coordinates(self.heights_m, cells.T, order=1, mode="nearest"))


def _spread(
    cells: Int64Array, heights: FloatArray, weights: FloatArray, width: float, shape: tuple[int, ...]
) -> FloatArray:
    sums, totals = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (cells[:, 0], cells[:, 1]), weights * heights)
    np.add.at(totals, (cells[:, 0], cells[:, 1]), weights)
    sums, totals = (gaussian_filter(each, width, mode="constant", truncate=6.0) for each in (sums, totals))
    known = totals > 1e-9
    return np.asarray(np.where(known, sums / np.where(known, totals, 1.0), np.median(heights)))
