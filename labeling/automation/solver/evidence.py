"""What the LiDARs saw of things and of the ground, frame by frame, laid out so that a place is found at once.

Worked out once for a recording: every solve of every track, and every solve after an edit, reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
from scipy.ndimage import rank_filter, uniform_filter

from calibration.quaternion import FloatArray
from fusion.progress import Progress, silent
from fusion.recording import Recording
from fusion.samples import Float32Array
from fusion.timeline import Int64Array
from labeling.automation.one_click.sight import FrameSight, frame_sight
from labeling.automation.solver.lasting import is_background, lasting

HEIGHT, Z, LASTS = 2, 4, 5
"""Columns of the rows."""
CELL_M: Final = 2.0
CELLS: Final = 110
"""Of a frame's grid on each side: 110 m to each side of the LiDAR, farther than there are points to fit."""
_VOXEL_M, _GROUND_VOXEL_M = 0.1, 0.3
_ON_GROUND_M, _HIGHEST_M = 0.15, 6.0
_SEEN_WINDOW, _SEEN_SHARE, _LOW_WINDOW = 5, 0.4, 6
_SEEN_SIGMA_M, _GUESSED_SIGMA_M = 0.06, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All frames of a recording. Places are metres in the world less `origin`, seconds are since `start_ns`.

    rows: (N, 6) float32 x, y, height above the ground (0 for its points), seconds after the frame's middle, z, and
    whether the place lasts (see `lasting`).
    starts: (F, CELLS * CELLS + 1) where the rows of each cell of each frame's grid start. corners: (F, 2) of the grids.
    eyes: (F, 2) where the LiDAR was. seconds: (F,) middle of each frame. ground_m, ground_sigma_m: (F, CELLS, CELLS)
    float32 z of the ground at the middles of the cells and how sure that is.
    """

    rows: Float32Array
    starts: Int64Array
    corners: FloatArray
    eyes: FloatArray
    seconds: FloatArray
    start_ns: int
    origin: FloatArray
    ground_m: Float32Array
    ground_sigma_m: Float32Array

    def __len__(self) -> int:
        return len(self.seconds)

    def ground_at(self, frames: Int64Array, places: FloatArray) -> tuple[FloatArray, FloatArray]:
        """z of the ground in frames (M,) at places (M, 2), and its standard deviation; a mean of four cells."""
        cells = np.clip((places - self.corners[frames]) / CELL_M - 0.5, 0.0, CELLS - 1.001)
        low = cells.astype(np.int64)
        (i, j), (u, v) = low.T, (cells - low).T
        heights = sum(
            weight * self.ground_m[frames, i + a, j + b].astype(np.float64)
            for a, b, weight in ((0, 0, (1 - u) * (1 - v)), (1, 0, u * (1 - v)), (0, 1, (1 - u) * v), (1, 1, u * v))
        )
        corners = [self.ground_sigma_m[frames, i + a, j + b] for a in (0, 1) for b in (0, 1)]
        return np.asarray(heights), np.max(corners, axis=0).astype(np.float64)


def gather_evidence(recording: Recording, progress: Progress = silent) -> Evidence:
    """Read every frame once: 20 to 100 ms each."""
    count = len(recording.frames)
    middles = [recording.frame_middle_ns(frame) for frame in range(count)]
    origin = recording.ego_motion.at(middles[0]).translation.copy()
    parts, starts = [np.empty((0, 6), np.float32)], np.zeros((count, CELLS * CELLS + 1), np.int64)
    corners, eyes = np.zeros((count, 2)), np.zeros((count, 2))
    ground, sigma = np.zeros((count, CELLS, CELLS), np.float32), np.full((count, CELLS, CELLS), 9.0, np.float32)
    total = 0
    for frame, middle in enumerate(middles):
        sight = frame_sight(recording, frame)
        here = recording.ego_motion.at(middle).translation[:2] - origin[:2]
        eyes[frame] = sight.eyes[:2].mean(axis=1) - origin[:2] if len(sight) else here
        corners[frame] = here - 0.5 * CELL_M * CELLS
        if len(sight):
            ground[frame], sigma[frame] = _ground(sight, origin, corners[frame])
        rows, starts[frame] = in_cells(_rows(sight, origin, middle, ground[frame], corners[frame]), corners[frame])
        starts[frame] += total
        total += len(rows)
        parts.append(rows)
        progress(frame + 1, count)
    seconds = np.asarray((np.array(middles, dtype=np.int64) - middles[0]) * 1e-9, dtype=np.float64)
    rows = np.concatenate(parts)
    rows[:, LASTS] = lasting(rows, np.repeat(np.arange(count), starts[:, -1] - starts[:, 0]), seconds)
    return Evidence(rows, starts, corners, eyes, seconds, middles[0], origin, ground, sigma)


def _ground(sight: FrameSight, origin: FloatArray, corner: FloatArray) -> tuple[Float32Array, Float32Array]:
    """z of the ground in the cells of a frame's grid, and how sure it is.

    Far off few beams meet the ground, and what lies between them is a guess: there nothing is lower than nearly the
    lowest thing within 6 m (the very lowest may be a reflection).
    """
    lowest = np.full((CELLS, CELLS), np.inf, np.float32)
    points = sight.points - origin[:, None].astype(np.float32)
    cells = np.floor((points[:2].T - corner) / CELL_M).astype(np.int64)
    inside = np.all((cells >= 0) & (cells < CELLS), axis=1)
    np.minimum.at(lowest, tuple(cells[inside].T), points[2, inside])
    around = rank_filter(lowest, rank=1, size=_LOW_WINDOW, mode="nearest")
    fallback = float(np.median(lowest[np.isfinite(lowest)])) if np.isfinite(lowest).any() else 0.0
    low = np.where(np.isfinite(around), around, fallback).astype(np.float32)
    if sight.ground is None:
        return low, np.full(low.shape, _GUESSED_SIGMA_M, np.float32)
    x, y = np.meshgrid(
        *(corner[axis] + CELL_M * (np.arange(CELLS) + 0.5) + origin[axis] for axis in (0, 1)), indexing="ij"
    )
    places = np.column_stack([x.ravel(), y.ravel()])
    heights = (sight.ground.height_at(places) - origin[2]).reshape(low.shape).astype(np.float32)
    share = uniform_filter(sight.ground.seen.astype(np.float32), _SEEN_WINDOW)
    row_column = np.floor((places - sight.ground.corner_m) / sight.ground.cell_m).astype(np.int64)
    column, row = np.clip(row_column, 0, np.array(share.shape[::-1]) - 1).T
    seen = share[row, column].reshape(low.shape) >= _SEEN_SHARE
    sigma = np.where(seen, _SEEN_SIGMA_M, _GUESSED_SIGMA_M).astype(np.float32)
    return np.where(seen, heights, np.minimum(heights, low)), sigma


def _rows(
    sight: FrameSight, origin: FloatArray, middle_ns: int, ground: Float32Array, corner: FloatArray
) -> Float32Array:
    if not len(sight):
        return np.empty((0, 6), np.float32)
    x, y, z = (sight.points[axis] - origin[axis] for axis in range(3))
    cells = np.clip(np.floor((np.column_stack([x, y]) - corner) / CELL_M).astype(np.int64), 0, CELLS - 1)
    height = z - ground[cells[:, 0], cells[:, 1]]
    if sight.ground is not None:
        height = np.maximum(height, sight.points[2] - sight.ground.height_at(sight.points.T))
    rows = np.column_stack([x, y, height, (sight.times_ns - middle_ns) * 1e-9, z, 0.0 * z])
    rows = rows.astype(np.float32)
    low = np.abs(rows[:, 2]) <= _ON_GROUND_M
    high = (rows[:, 2] > _ON_GROUND_M) & (rows[:, 2] < _HIGHEST_M)
    lying = _thinned(rows[low], _GROUND_VOXEL_M)
    lying[:, 2] = 0.0
    return np.concatenate([_thinned(rows[high], _VOXEL_M), lying])


def _thinned(rows: Float32Array, edge_m: float) -> Float32Array:
    """One point of each voxel: a wall near by shall not outvote a car far off."""
    cells = np.floor(rows[:, :3] / edge_m).astype(np.int64)
    keys = (cells[:, 0] << 42) ^ ((cells[:, 1] & 0x1FFFFF) << 21) ^ (cells[:, 2] & 0x1FFFFF)
    return rows[np.sort(np.unique(keys, return_index=True)[1])]


def in_cells(rows: Float32Array, corner: FloatArray) -> tuple[Float32Array, Int64Array]:
    """The rows in order of their cells, and where each cell starts; those outside of the grid are left out."""
    cells = np.floor((rows[:, :2] - corner) / CELL_M).astype(np.int64)
    inside = np.all((cells >= 0) & (cells < CELLS), axis=1)
    keys = cells[inside, 0] * CELLS + cells[inside, 1]
    order = np.argsort(keys, kind="stable")
    return rows[inside][order], np.searchsorted(keys[order], np.arange(CELLS * CELLS + 1)).astype(np.int64)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def cell_of(place: FloatArray, corner: FloatArray) -> tuple[int, int]:
    """The cell that a place (x, y) lies in, or the nearest."""
    i, j = int(np.floor((place[0] - corner[0]) / CELL_M)), int(np.floor((place[1] - corner[1]) / CELL_M))
    return min(max(i, 0), CELLS - 1), min(max(j, 0), CELLS - 1)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def collect(
    rows: Float32Array,
    starts: Int64Array,
    corner: FloatArray,
    place: FloatArray,
    reach: float,
    band: FloatArray,
    asked: int,
    found: FloatArray,
) -> int:
    """Write x, y, seconds and height (0 to 1 of the band) of the points within reach of a place (a square) to `found`
    (M, 4); how many.

    band: (3,) the column that must lie between two values, and those. asked: which points are left out because they
    last, see `is_background`; 0 for none. Every so manieth of them where there are more than M.
    """
    column = int(band[0])
    (first_x, first_y), (last_x, last_y) = cell_of(place - reach, corner), cell_of(place + reach, corner)
    total = 0
    for i in range(first_x, last_x + 1):
        total += starts[i * CELLS + last_y + 1] - starts[i * CELLS + first_y]
    kept, step, seen = 0, 1 + total // len(found), 0
    for i in range(first_x, last_x + 1):
        for n in range(starts[i * CELLS + first_y], starts[i * CELLS + last_y + 1]):
            if not band[1] <= rows[n, column] <= band[2] or is_background(rows[n, LASTS], asked):
                continue
            if abs(rows[n, 0] - place[0]) > reach or abs(rows[n, 1] - place[1]) > reach:
                continue
            seen += 1
            if seen % step == 0 and kept < len(found):
                found[kept, 0], found[kept, 1], found[kept, 2] = rows[n, 0], rows[n, 1], rows[n, 3]
                found[kept, 3] = (rows[n, column] - band[1]) / (band[2] - band[1])
                kept += 1
    return kept
