"""The ground under a cloud: its height on a grid, and which points lie on it.

The lowest points of the grid's cells are opened with growing windows: what stands out of the opened surface by more
than a slope can explain is a thing, not ground (Zhang, Chen, Whitman, Shyu, Yan, Zhang, "A progressive morphological
filter for removing nonground measurements from airborne LIDAR data", IEEE TGRS 2003). Where no ground was seen, the
height is spread from the cells around.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from calibration.camera import BoolArray
from calibration.quaternion import FloatArray
from fusion.samples import Float32Array

_STEEPEST = 0.04
_STEP_M, _HIGHEST_STEP_M = 0.12, 1.0
_LAYER_M = 0.2
"""Points within this above a ground cell's lowest make its height."""
_BELOW_M = 0.4
"""Deeper than this under all cells around, a point is a reflection."""
_WINDOWS_M = (2.0, 4.0, 8.0, 16.0, 32.0)


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """heights_m: (H, W) float32, world z at the cells' centres; row 0, column 0 has its corner at `corner_m` (x, y).

    seen: (H, W) whether ground was measured there, or only around.
    """

    heights_m: Float32Array
    seen: BoolArray
    corner_m: FloatArray
    cell_m: float

    def height_at(self, places_in_world: npt.ArrayLike) -> FloatArray:
        """(N,) world z of the ground at places (N, 2 or more) x, y in metres; outside of the grid its border's."""
        places = np.asarray(places_in_world, dtype=np.float64)
        found = np.empty(len(places))
        _interpolate(np.ascontiguousarray(places[:, :2].T), self.heights_m, self.corner_m, self.cell_m, found)
        return found

    def is_ground(self, points_in_world: Float32Array, *, tolerance_m: float = 0.1) -> BoolArray:
        """(N,) which points (N, 3), metres, lie within the tolerance of the ground."""
        return np.asarray(np.abs(points_in_world[:, 2] - self.height_at(points_in_world)) <= tolerance_m)


def find_ground(
    points_in_world: Float32Array, eye_in_world: npt.ArrayLike, *, reach_m: float = 100.0, cell_m: float = 1.0
) -> Ground | None:
    """The ground within reach of the eye (3,), from points (N, 3) in a world with z up, metres; None if there are none.

    cell_m: finer indoors (0.25 with a reach of 15) and for dense clouds.
    """
    eye = np.asarray(eye_in_world, dtype=np.float64)
    count = int(np.ceil(2.0 * reach_m / cell_m))
    corner = eye[:2] - 0.5 * count * cell_m
    planes = np.ascontiguousarray(points_in_world.T, dtype=np.float32)
    lowest = np.full((count, count), np.inf, np.float32)
    _lowest(planes, corner, cell_m, lowest)
    if not np.isfinite(lowest).any():
        return None
    _drop_reflections(lowest)
    ground = _opened(lowest, cell_m)
    heights = np.full(lowest.shape, np.nan, np.float32)
    _average_layer(planes, corner, cell_m, np.where(ground, lowest, np.float32(np.inf)), heights)
    return Ground(_spread(heights), ground, corner, cell_m)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _lowest(planes: Float32Array, corner: FloatArray, cell_m: float, lowest: Float32Array) -> None:
    rows, columns = lowest.shape
    for i in range(planes.shape[1]):
        row, column = (
            int(np.floor((planes[1, i] - corner[1]) / cell_m)),
            int(np.floor((planes[0, i] - corner[0]) / cell_m)),
        )
        if 0 <= row < rows and 0 <= column < columns:
            lowest[row, column] = min(lowest[row, column], planes[2, i])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _average_layer(
    planes: Float32Array, corner: FloatArray, cell_m: float, lowest: Float32Array, heights: Float32Array
) -> None:
    """Mean height of the points just above the lowest one: a minimum alone is as low as the noise is strong."""
    rows, columns = lowest.shape
    sums, counts = np.zeros((rows, columns)), np.zeros((rows, columns))
    for i in range(planes.shape[1]):
        row, column = (
            int(np.floor((planes[1, i] - corner[1]) / cell_m)),
            int(np.floor((planes[0, i] - corner[0]) / cell_m)),
        )
        if 0 <= row < rows and 0 <= column < columns and 0.0 <= planes[2, i] - lowest[row, column] <= _LAYER_M:
            sums[row, column] += planes[2, i]
            counts[row, column] += 1.0
    for row in range(rows):
        for column in range(columns):
            if counts[row, column] > 0.0:
                heights[row, column] = sums[row, column] / counts[row, column]


def _drop_reflections(lowest: Float32Array) -> None:
    """Forget cells that lie under everything around them."""
    around = np.where(np.isfinite(lowest), lowest, np.nan)
    padded = np.pad(around, 2, constant_values=np.nan)
    rows, columns = lowest.shape
    windows = [padded[r : r + rows, c : c + columns] for r in range(5) for c in range(5) if (r, c) != (2, 2)]
    filled = np.where(np.isnan(windows), np.inf, windows)
    # The fourth lowest of 24: a ditch or a slope has company.
    fourth = np.partition(filled, 3, axis=0)[3]
    lowest[np.isfinite(fourth) & (lowest < fourth - _BELOW_M)] = np.inf


def _opened(lowest: Float32Array, cell_m: float) -> BoolArray:
    """(H, W) cells whose lowest point is ground."""
    ground = np.isfinite(lowest)
    before = 0.0
    for window_m in _WINDOWS_M:
        half = max(1, round(0.5 * window_m / cell_m))
        surface = np.where(ground, lowest, np.float32(np.inf))
        eroded = _extreme(surface, half)
        opened = -_extreme(np.where(np.isfinite(eroded), -eroded, np.float32(np.inf)), half)
        allowed = min(_STEP_M + _STEEPEST * (window_m - before), _HIGHEST_STEP_M)
        ground &= surface - opened <= allowed
        before = window_m
    return np.asarray(ground)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _extreme(surface: Float32Array, half: int) -> Float32Array:
    """Minimum over a square window, along rows and then along columns; infinity where there is nothing."""
    rows, columns = surface.shape
    along, both = np.empty_like(surface), np.empty_like(surface)
    for row in range(rows):
        for column in range(columns):
            along[row, column] = surface[row, max(column - half, 0) : column + half + 1].min()
    for row in range(rows):
        for column in range(columns):
            both[row, column] = along[max(row - half, 0) : row + half + 1, column].min()
    return both


def _spread(heights: Float32Array) -> Float32Array:
    """Cells without ground get a height from those around, coarse to fine: each level fills in for the finer."""
    if min(heights.shape) < 2:
        return np.asarray(np.nan_to_num(heights, nan=float(np.nanmean(heights))))
    known = np.isfinite(heights)
    if known.all():
        return heights
    coarse = _spread(_halved(heights, known))
    rows, columns = heights.shape
    places = np.stack([each.ravel() for each in np.mgrid[0:rows, 0:columns][::-1]]) + 0.5
    smooth = np.empty(heights.size)
    _interpolate(places, coarse, np.zeros(2), 2.0, smooth)
    return np.where(known, heights, smooth.reshape(heights.shape).astype(np.float32))


def _halved(heights: Float32Array, known: BoolArray) -> Float32Array:
    """Mean of the known cells of each 2 x 2, NaN for none."""
    padding = [(0, size % 2) for size in heights.shape]
    sums = np.pad(np.where(known, heights, np.float32(0.0)), padding)
    counts = np.pad(known.astype(np.float32), padding)
    shape = (sums.shape[0] // 2, 2, sums.shape[1] // 2, 2)
    total, count = sums.reshape(shape).sum(axis=(1, 3)), counts.reshape(shape).sum(axis=(1, 3))
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1.0), np.nan), dtype=np.float32)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _interpolate(
    places: FloatArray, heights: Float32Array, corner: FloatArray, cell_m: float, found: FloatArray
) -> None:
    """Bilinear between the cells' centres."""
    rows, columns = heights.shape
    for i in range(places.shape[1]):
        x = min(max((places[0, i] - corner[0]) / cell_m - 0.5, 0.0), columns - 1.0)
        y = min(max((places[1, i] - corner[1]) / cell_m - 0.5, 0.0), rows - 1.0)
        column, row = min(int(x), columns - 2), min(int(y), rows - 2)
        right, down = x - column, y - row
        top = (1.0 - right) * heights[row, column] + right * heights[row, column + 1]
        bottom = (1.0 - right) * heights[row + 1, column] + right * heights[row + 1, column + 1]
        found[i] = (1.0 - down) * top + down * bottom
