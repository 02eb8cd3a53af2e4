"""What speaks for and against a cuboid, seen from above: cells that were hit, and cells that beams went through.

A beam proves that everything between the LiDAR and what it hit is empty. Beams are followed through two bands of
height: that of bodies (bumpers and doors, below the windows and above the clearance), and that of tall ones (a trailer
stands on wheels, with air below).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from labeling.automation.one_click.sight import FrameSight

CELL_M = 0.1
LOW_BAND_M, HIGH_BAND_M = (0.35, 0.85), (1.3, 2.3)
"""Heights above the ground: doors and bumpers; the bodies of trucks and buses."""
_THIN_M, _HIGHEST_M = 0.07, 5.0
"""One point for each small voxel is enough; what is higher belongs to no road user."""
_MOST_BEAMS = 4000
"""Of one frame: near things are crossed by many more than are needed."""
_STOP_SHORT_M = 0.3
"""A beam says nothing about the last bit before what it hit: points are noisy, and edges are hit by half a beam."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Around `centre` (x, y in the world), out to `reach_m`.

    points: (3, N) float32 in the world, of what stands on the ground, moved to the moment of the fit. heights: (N,)
    above the ground. eyes: (E, 2) from where it was seen, as x, y relative to the centre. passed_low, passed_high:
    (C, C) float32, how many beams went through each cell in the two bands, row for y, column for x. ground: (3,) its z
    at the centre and its slopes along x and y.
    """

    centre: FloatArray
    reach_m: float
    points: Float32Array
    heights: Float32Array
    eyes: FloatArray
    passed_low: Float32Array
    passed_high: Float32Array
    ground: FloatArray
    road_yaw: float | None

    def ground_at(self, x_m: float, y_m: float) -> float:
        """World z of the ground at a place in the world."""
        return float(self.ground[0] + self.ground[1] * (x_m - self.centre[0]) + self.ground[2] * (y_m - self.centre[1]))


def gather(
    sights: Sequence[FrameSight],
    centre: npt.ArrayLike,
    reach_m: float,
    *,
    velocity_mps: npt.ArrayLike = (0.0, 0.0),
    time_ns: int = 0,
    lowest_m: float = 0.2,
) -> Evidence:
    """Points higher than `lowest_m` above the ground and beams of frames around a place (x, y).

    With a velocity (x, y) each point and its beam are moved to where the object would have been at `time_ns`.
    """
    place, velocity = np.asarray(centre, dtype=np.float64)[:2], np.asarray(velocity_mps, dtype=np.float64)
    count = int(np.ceil(2.0 * reach_m / CELL_M))
    passed = np.zeros((2, count, count), np.float32)
    across = int(np.ceil(2.0 * reach_m / _THIN_M))
    taken = np.zeros((across, across, int(_HIGHEST_M / _THIN_M) + 1), np.bool_)
    points, heights, eyes = [], [], []
    ground = local_ground(sights, place, reach_m)
    for sight in sights:
        if not len(sight):
            continue
        near = np.empty(len(sight), np.int32)
        shift = _shift(sight, velocity, time_ns)
        extra = float(np.abs(shift).max()) * 1.5
        spans = sight.spans(place, reach_m + extra)
        found = _collect(sight.points, sight.eyes, spans, ground, shift, place, reach_m, lowest_m, near, taken, passed)
        mine = near[:found]
        moved = sight.points[:, mine].copy()
        if shift.shape[1] > 1:
            moved[:2] += shift[:, mine]
        points.append(moved)
        heights.append(moved[2] - _plane(ground, moved[:2] - place[:, None]))
        if found:
            eyes.append(
                sight.eyes[:2, mine].mean(axis=1) + (shift[:, mine].mean(axis=1) if shift.shape[1] > 1 else 0.0) - place
            )
    return Evidence(
        place,
        reach_m,
        np.concatenate([np.empty((3, 0), np.float32), *points], axis=1),
        np.concatenate([np.empty(0, np.float32), *heights]).astype(np.float32),
        np.array(eyes).reshape(-1, 2),
        passed[0],
        passed[1],
        ground,
        next(float(each.world_from_ego.yaw_rad) for each in sights if len(each)),
    )


_GROUND_CELL_M, _GROUND_SPREAD_M = 0.8, 0.06
_SLOPE_SPREAD = 0.05
"""Streets rarely rise by more than 8 %, and the frame's ground already knows how much."""


def local_ground(sights: Sequence[FrameSight], place: FloatArray, reach_m: float) -> FloatArray:
    """(3,) z at the place and slopes of the plane under a thing: through the lowest points around it, where those that
    lie above the plane are things and hardly count, and those below it cannot be."""
    sight = next(each for each in sights if len(each))
    start = np.array([sight.ground_at(*place), 0.0, 0.0])
    cells = [_lowest_cells(each, place, reach_m) for each in sights[:1] if len(each)]
    lowest = np.concatenate(cells)
    if len(lowest) < 4:
        return start
    plane = np.array([np.quantile(lowest[:, 2], 0.2), 0.0, 0.0])
    design = np.stack([np.ones(len(lowest)), lowest[:, 0], lowest[:, 1]], axis=1)
    prior = np.diag([0.0, _SLOPE_SPREAD**-2, _SLOPE_SPREAD**-2]) * _GROUND_SPREAD_M**2
    for spread in (0.3, 0.2, 0.12, 0.08, _GROUND_SPREAD_M, _GROUND_SPREAD_M):
        above = lowest[:, 2] - design @ plane
        weights = np.where(
            above > 0.0, 1.0 / (1.0 + (above / spread) ** 4), 1.0 / (1.0 + (above / (4.0 * spread)) ** 4)
        )
        weighted = design * weights[:, None]
        plane = np.linalg.solve(design.T @ weighted + prior + 1e-9 * np.eye(3), weighted.T @ lowest[:, 2])
    return plane


def _plane(ground: FloatArray, places: FloatArray) -> FloatArray:
    return np.asarray(ground[0] + ground[1] * places[0] + ground[2] * places[1])


def _lowest_cells(sight: FrameSight, place: FloatArray, reach_m: float) -> FloatArray:
    """(K, 3) x, y relative to the place and z of the lowest points of cells."""
    count = int(np.ceil(2.0 * reach_m / _GROUND_CELL_M))
    lowest = np.full((count, count, 3), np.inf)
    _find_lowest(sight.points, sight.spans(place, 1.5 * reach_m), place, reach_m, lowest)
    return np.asarray(lowest[np.isfinite(lowest[..., 2])])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _find_lowest(
    points: Float32Array, spans: npt.NDArray[np.int64], place: FloatArray, reach_m: float, lowest: FloatArray
) -> None:
    count = lowest.shape[0]
    for span in range(len(spans)):
        for i in range(spans[span, 0], spans[span, 1]):
            x, y = points[0, i] - place[0], points[1, i] - place[1]
            if -reach_m < x < reach_m and -reach_m < y < reach_m:
                row, column = int((y + reach_m) / _GROUND_CELL_M), int((x + reach_m) / _GROUND_CELL_M)
                if row < count and column < count and points[2, i] < lowest[row, column, 2]:
                    lowest[row, column, 0], lowest[row, column, 1], lowest[row, column, 2] = x, y, points[2, i]


def _shift(sight: FrameSight, velocity: FloatArray, time_ns: int) -> Float32Array:
    """(2, N) float32 by which points move to the moment; (2, 1) of zeros for what stands."""
    if not velocity.any():
        return np.zeros((2, 1), np.float32)
    seconds = (time_ns - sight.times_ns) * 1e-9
    return (velocity[:, None] * seconds).astype(np.float32)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _collect(
    points: Float32Array,
    eyes: Float32Array,
    spans: npt.NDArray[np.int64],
    ground: FloatArray,
    shift: Float32Array,
    centre: FloatArray,
    reach_m: float,
    lowest_m: float,
    near: Any,
    taken: npt.NDArray[np.bool_],
    passed: Float32Array,
) -> int:
    """Indices of the points within reach and above the ground; beams are drawn into `passed` (2, C, C)."""
    found, beams = 0, 0
    moves = shift.shape[1] > 1
    x_m, y_m = np.float32(centre[0]), np.float32(centre[1])
    reach2 = np.float32(reach_m * reach_m)
    through = np.empty(points.shape[1], np.int32)
    for span in range(len(spans)):
        for i in range(spans[span, 0], spans[span, 1]):
            s = i if moves else 0
            x, y = points[0, i] + shift[0, s] - x_m, points[1, i] + shift[1, s] - y_m
            a, b = eyes[0, i] + shift[0, s] - x_m, eyes[1, i] + shift[1, s] - y_m
            dx, dy = x - a, y - b
            inside = x * x + y * y <= reach2
            if inside:
                height = points[2, i] - (ground[0] + ground[1] * x + ground[2] * y)
                if lowest_m < height < _HIGHEST_M:
                    row, column = int((y + reach_m) / _THIN_M), int((x + reach_m) / _THIN_M)
                    layer = int(height / _THIN_M)
                    if not taken[row, column, layer]:
                        taken[row, column, layer] = True
                        near[found] = i
                        found += 1
            # Whether the beam comes near at all: the point of its line that is nearest to the centre.
            length2 = dx * dx + dy * dy
            along = -(a * dx + b * dy)
            if not inside and (along <= 0.0 or along >= length2):
                continue
            across = a * dy - b * dx
            if across * across > reach2 * length2:
                continue
            through[beams] = i
            beams += 1
    stride = 1 + beams // _MOST_BEAMS
    for k in range(0, beams, stride):
        i = through[k]
        s = i if moves else 0
        a, b = eyes[0, i] + shift[0, s] - x_m, eyes[1, i] + shift[1, s] - y_m
        dx, dy = points[0, i] - eyes[0, i], points[1, i] - eyes[1, i]
        height = eyes[2, i] - (ground[0] + ground[1] * a + ground[2] * b)
        rise = points[2, i] - eyes[2, i] - (ground[1] * dx + ground[2] * dy)
        _draw(a, b, height, dx, dy, rise, reach_m, passed)
    return found


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _draw(
    a: float, b: float, eye_height: float, dx: float, dy: float, rise: float, reach_m: float, passed: Float32Array
) -> None:
    """One beam from (a, b) relative to the centre by (dx, dy), rising by `rise`, through both bands."""
    length = np.sqrt(dx * dx + dy * dy)
    if length < 1.0:
        return
    # The part of the beam within the circle.
    middle = -(a * dx + b * dy) / (length * length)
    across = (a * dy - b * dx) / length
    half = np.sqrt(max(reach_m * reach_m - across * across, 0.0)) / length
    enter, leave = max(middle - half, 0.0), min(middle + half, 1.0 - _STOP_SHORT_M / length)
    for band in range(2):
        low, high = (LOW_BAND_M[0], LOW_BAND_M[1]) if band == 0 else (HIGH_BAND_M[0], HIGH_BAND_M[1])
        first, last = enter, leave
        if abs(rise) < 1e-6:
            if not low <= eye_height <= high:
                continue
        else:
            one, two = (low - eye_height) / rise, (high - eye_height) / rise
            first, last = max(first, min(one, two)), min(last, max(one, two))
        count = passed.shape[1]
        steps = int((last - first) * length / CELL_M)
        for k in range(steps + 1 if last > first else 0):
            t = first + (k + 0.5) * CELL_M / length
            if t >= last:
                break
            column, row = int((a + t * dx + reach_m) / CELL_M), int((b + t * dy + reach_m) / CELL_M)
            if 0 <= column < count and 0 <= row < count:
                passed[band, row, column] += np.float32(1.0)
