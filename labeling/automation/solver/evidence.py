"""What the LiDARs saw of things and of the ground, frame by frame, laid out so that a place is found at once.

Worked out once for a recording: every solve of every track, and every solve after an edit, reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np

from calibration.quaternion import FloatArray
from fusion.ground import Ground
from fusion.progress import Progress, silent
from fusion.recording import Recording
from fusion.samples import Float32Array
from fusion.timeline import Int64Array
from labeling.automation.one_click.sight import FrameSight, frame_sight

CELL_M: Final = 2.0
CELLS: Final = 110
"""Of a frame's grid on each side: 110 m to each side of the LiDAR, farther than there are points to fit."""
_VOXEL_M, _GROUND_VOXEL_M = 0.1, 0.3
_ON_GROUND_M, _HIGHEST_M = 0.15, 6.0


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All frames of a recording. Places are metres in the world less `origin`, seconds are since `start_ns`.

    rows: (N, 4) float32 x, y, height above the ground, seconds after the frame's middle; ground points have height 0.
    starts: (F, CELLS * CELLS + 1) where the rows of each cell of each frame's grid start. corners: (F, 2) of the grids.
    eyes: (F, 2) where the LiDAR was. seconds: (F,) middle of each frame. grounds: for heights, None without a sweep.
    """

    rows: Float32Array
    starts: Int64Array
    corners: FloatArray
    eyes: FloatArray
    seconds: FloatArray
    start_ns: int
    origin: FloatArray
    grounds: tuple[Ground | None, ...]

    def __len__(self) -> int:
        return len(self.seconds)

    def ground_at(self, frame: int, place: FloatArray) -> float:
        """World z of the ground at (x, y), less the origin's; not a number where none was found."""
        ground = self.grounds[frame]
        if ground is None:
            return float("nan")
        return float(ground.height_at(place[None] + self.origin[:2])[0] - self.origin[2])


def gather_evidence(recording: Recording, progress: Progress = silent) -> Evidence:
    """Read every frame once: 20 to 100 ms each."""
    count = len(recording.frames)
    middles = [recording.frame_middle_ns(frame) for frame in range(count)]
    origin = recording.ego_motion.at(middles[0]).translation.copy()
    parts, starts = [np.empty((0, 4), np.float32)], np.zeros((count, CELLS * CELLS + 1), np.int64)
    corners, eyes = np.zeros((count, 2)), np.zeros((count, 2))
    grounds: list[Ground | None] = []
    total = 0
    for frame, middle in enumerate(middles):
        sight = frame_sight(recording, frame)
        here = recording.ego_motion.at(middle).translation[:2] - origin[:2]
        eyes[frame] = sight.eyes[:2].mean(axis=1) - origin[:2] if len(sight) else here
        corners[frame] = here - 0.5 * CELL_M * CELLS
        rows, starts[frame] = _in_cells(_rows(sight, origin, middle), corners[frame])
        starts[frame] += total
        total += len(rows)
        parts.append(rows)
        grounds.append(sight.ground)
        progress(frame + 1, count)
    seconds = (np.array(middles, dtype=np.int64) - middles[0]) * 1e-9
    return Evidence(np.concatenate(parts), starts, corners, eyes, seconds, middles[0], origin, tuple(grounds))


def _rows(sight: FrameSight, origin: FloatArray, middle_ns: int) -> Float32Array:
    if not len(sight):
        return np.empty((0, 4), np.float32)
    z = sight.points[2] if sight.ground is None else sight.points[2] - sight.ground.height_at(sight.points.T)
    x, y = sight.points[0] - origin[0], sight.points[1] - origin[1]
    rows = np.column_stack([x, y, z, (sight.times_ns - middle_ns) * 1e-9]).astype(np.float32)
    low = np.abs(rows[:, 2]) <= _ON_GROUND_M
    high = (rows[:, 2] > _ON_GROUND_M) & (rows[:, 2] < _HIGHEST_M)
    ground = _thinned(rows[low], _GROUND_VOXEL_M)
    ground[:, 2] = 0.0
    return np.concatenate([_thinned(rows[high], _VOXEL_M), ground])


def _thinned(rows: Float32Array, edge_m: float) -> Float32Array:
    """One point of each voxel: a wall near by shall not outvote a car far off."""
    cells = np.floor(rows[:, :3] / edge_m).astype(np.int64)
    keys = (cells[:, 0] << 42) ^ ((cells[:, 1] & 0x1FFFFF) << 21) ^ (cells[:, 2] & 0x1FFFFF)
    return rows[np.sort(np.unique(keys, return_index=True)[1])]


def _in_cells(rows: Float32Array, corner: FloatArray) -> tuple[Float32Array, Int64Array]:
    """The rows in order of their cells, and where each cell starts; those outside of the grid are left out."""
    cells = np.floor((rows[:, :2] - corner) / CELL_M).astype(np.int64)
    inside = np.all((cells >= 0) & (cells < CELLS), axis=1)
    keys = cells[inside, 0] * CELLS + cells[inside, 1]
    order = np.argsort(keys, kind="stable")
    return rows[inside][order], np.searchsorted(keys[order], np.arange(CELLS * CELLS + 1)).astype(np.int64)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def collect(
    rows: Float32Array,
    starts: Int64Array,
    corner: FloatArray,
    place: FloatArray,
    reach: float,
    lowest: float,
    highest: float,
    found: FloatArray,
) -> int:
    """Write x, y, seconds of the points within reach of a place (a square) and between two heights to `found` (M, 3);
    how many. Every so manieth of them where there are more than M."""
    first_x, last_x = _cell(place[0] - reach - corner[0]), _cell(place[0] + reach - corner[0])
    first_y, last_y = _cell(place[1] - reach - corner[1]), _cell(place[1] + reach - corner[1])
    total = 0
    for i in range(first_x, last_x + 1):
        total += starts[i * CELLS + last_y + 1] - starts[i * CELLS + first_y]
    kept, step, seen = 0, 1 + total // len(found), 0
    for i in range(first_x, last_x + 1):
        for n in range(starts[i * CELLS + first_y], starts[i * CELLS + last_y + 1]):
            if not lowest <= rows[n, 2] <= highest:
                continue
            if abs(rows[n, 0] - place[0]) > reach or abs(rows[n, 1] - place[1]) > reach:
                continue
            seen += 1
            if seen % step == 0 and kept < len(found):
                found[kept, 0], found[kept, 1], found[kept, 2] = rows[n, 0], rows[n, 1], rows[n, 3]
                kept += 1
    return kept


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _cell(offset: float) -> int:
    return min(max(int(np.floor(offset / CELL_M)), 0), CELLS - 1)
