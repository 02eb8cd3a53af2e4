"""What the beams of a frame say about a cuboid: how many it stopped, how many went through, what lies around it."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from calibration.camera import BoolArray
from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.timeline import Int64Array
from labeling.automation.one_click.sight import FrameSight, Sights

NEAR_M = 1.2
"""Points so far beside a cuboid are kept, for whoever asks where it should be."""
MOST_NEAR = 240
HITS, THROUGH, BLOCKED, GROUND, BESIDE = range(5)
_BELIEVED_M = 0.9
_MARGIN_M, _CORE, _FOOT_M, _ON_GROUND_M, _RING_M = 0.1, 0.7, 0.2, 0.12, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """R cuboids that a frame is asked about.

    frames, times_ns: (R,) int64. poses: (R, 4) centre and yaw in the world. sizes_m: (R, 3). velocities_mps: (R, 2).
    owners: (R,) int64, which of them are one thing; points in the cuboids of others are nobody else's.
    """

    frames: Int64Array
    times_ns: Int64Array
    poses: FloatArray
    sizes_m: FloatArray
    velocities_mps: FloatArray
    owners: Int64Array

    def __len__(self) -> int:
        return len(self.frames)

    def rows(self, chosen: Int64Array | BoolArray) -> Places:
        """Some of them."""
        return Places(
            self.frames[chosen],
            self.times_ns[chosen],
            self.poses[chosen],
            self.sizes_m[chosen],
            self.velocities_mps[chosen],
            self.owners[chosen],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """The answers, a row a place.

    counts: (R, 5) beams that end in the cuboid (not on the ground), that go through its middle, that end before
    it, that end on the ground under it, and that end just beside it (and in no other cuboid). near: (R, MOST_NEAR, 3)
    float32 x, y and height above the bottom in the object frame at the row's time, of points in it and around;
    near_counts: (R,) how many. eyes: (R, 2) the LiDAR in the object frame. ground_m: (R,) height of the bottom above
    the ground, NaN where no ground was seen. seen: (R,) whether the frame has a sweep.
    """

    counts: Int64Array
    near: Float32Array
    near_counts: Int64Array
    eyes: FloatArray
    ground_m: FloatArray
    seen: BoolArray


def look_at(sights: Sights, places: Places, others: Places | None = None) -> Looks:
    """Ask every place's frame. others: the cuboids whose points are not to be counted as near; by default `places`."""
    others = places if others is None else others
    count = len(places)
    counts = np.zeros((count, 5), np.int64)
    near, near_counts = np.zeros((count, MOST_NEAR, 3), np.float32), np.zeros(count, np.int64)
    eyes, ground, seen = np.zeros((count, 2)), np.full(count, np.nan), np.zeros(count, np.bool_)
    delivered = set(sights.delivered.tolist())
    for frame in np.unique(places.frames).tolist():
        if frame not in delivered:
            continue
        sight = sights[frame]
        rows = np.flatnonzero(places.frames == frame)
        here = others.rows(others.frames == frame)
        seen[rows] = len(sight) > 0
        if not len(sight):
            continue
        ground[rows] = _above_ground(sight, places.poses[rows], places.sizes_m[rows])
        boxes = np.column_stack([here.poses, 0.5 * here.sizes_m])
        for row in rows.tolist():
            reach = 0.5 * float(np.hypot(*places.sizes_m[row, :2])) + NEAR_M
            pose = places.poses[row]
            apart = np.hypot(*(here.poses[:, :2] - pose[:2]).T)
            radii = 0.5 * np.hypot(*here.sizes_m[:, :2].T)
            neighbours = boxes[(apart < radii + reach) & (here.owners != places.owners[row])]
            near_counts[row] = _look(
                sight, pose, 0.5 * places.sizes_m[row], places.velocities_mps[row], int(places.times_ns[row]),
                _believed(float(ground[row])), neighbours, counts[row], near[row], eyes[row],
            )  # fmt: skip
    return Looks(counts, near, near_counts, eyes, ground, seen)


def _look(
    sight: FrameSight,
    pose: FloatArray,
    half: FloatArray,
    velocity: FloatArray,
    time_ns: int,
    above_m: float,
    neighbours: FloatArray,
    counts: Int64Array,
    near: Float32Array,
    eye: FloatArray,
) -> int:
    """Fill a place's rows of the answers; returns how many points are near."""
    spans = sight.spans(pose, float(np.hypot(*half[:2])) + NEAR_M)
    rows = np.concatenate([np.empty(0, np.int64), *(np.arange(first, last) for first, last in spans)])
    seconds = (sight.times_ns[rows] - time_ns) * 1e-9
    local = np.empty((len(rows), 3), np.float32)
    count = _beams(
        sight.points, sight.eyes, seconds, rows, pose, half, velocity, above_m, neighbours, counts, local, eye
    )
    chosen = local[: count : 1 + count // (MOST_NEAR + 1)][:MOST_NEAR]
    near[: len(chosen)] = chosen
    return len(chosen)


def _believed(above_m: float) -> float:
    """How high above the ground a cuboid stands, as far as that can be: what hides the ground is taken for it at times,
    and things stand on theirs."""
    return above_m if np.isfinite(above_m) and abs(above_m) <= _BELIEVED_M else 0.0


def _above_ground(sight: FrameSight, poses: FloatArray, sizes: FloatArray) -> FloatArray:
    if sight.ground is None:
        return np.full(len(poses), np.nan)
    bottoms = poses[:, 2] - 0.5 * sizes[:, 2]
    cells = np.floor((poses[:, :2] - sight.ground.corner_m) / sight.ground.cell_m).astype(np.int64)
    rows, columns = sight.ground.seen.shape
    reach = np.maximum(np.ceil(0.5 * sizes[:, :2].max(axis=1) / sight.ground.cell_m).astype(np.int64), 1)
    found = bottoms - sight.ground.height_at(poses)
    for row, ((x, y), r) in enumerate(zip(cells, reach, strict=True)):
        around = sight.ground.seen[max(y - r, 0) : min(y + r + 1, rows), max(x - r, 0) : min(x + r + 1, columns)]
        if not around.any():
            found[row] = np.nan
    return np.asarray(found)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _beams(
    points: Float32Array,
    eyes: Float32Array,
    seconds: FloatArray,
    rows: Int64Array,
    pose: FloatArray,
    half: FloatArray,
    velocity: FloatArray,
    above_m: float,
    neighbours: FloatArray,
    counts: Int64Array,
    local: Float32Array,
    eye: FloatArray,
) -> int:
    """Count what the beams of some points do with a cuboid; those of its own points near to it go to `local` (n, 3)."""
    kept, low = 0, max(0.2, 0.2 - above_m)
    for k in range(len(rows)):
        n = rows[k]
        x, y = _place(points[0, n], points[1, n], seconds[k], pose, velocity)
        z = points[2, n] - pose[2]
        high = z + half[2]
        if not low < high < 2.0 * half[2] + 0.4:
            counts[GROUND] += _is_under(x, y, high + above_m, half)
        elif abs(x) < half[0] + 1.2 and abs(y) < half[1] + 1.2 and not _taken(points[:, n], neighbours):
            local[kept, 0], local[kept, 1], local[kept, 2] = x, y, high
            kept += 1
            _count_near(x, y, high, half, counts)
        eye[0], eye[1] = _place(eyes[0, n], eyes[1, n], seconds[k], pose, velocity)
        entry, leaving = _crossing(eye[0], eye[1], eyes[2, n] - pose[2], x, y, z, half)
        counts[THROUGH] += entry < leaving < 0.98
        counts[BLOCKED] += leaving > entry > 1.02
    return kept


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _place(x: float, y: float, late: float, pose: FloatArray, velocity: FloatArray) -> tuple[float, float]:
    """Where a place is in the object's frame, when that has moved on for so many seconds."""
    dx, dy = x - pose[0] - velocity[0] * late, y - pose[1] - velocity[1] * late
    c, s = np.cos(pose[3]), np.sin(pose[3])
    return c * dx + s * dy, c * dy - s * dx


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _is_under(x: float, y: float, above_m: float, half: FloatArray) -> bool:
    """Whether a point lies on the ground well within the footprint."""
    if abs(x) >= max(half[0] - _FOOT_M, 0.5 * half[0]) or abs(y) >= max(half[1] - _FOOT_M, 0.5 * half[1]):
        return False
    return abs(above_m) < _ON_GROUND_M


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _count_near(x: float, y: float, high: float, half: FloatArray, counts: Int64Array) -> None:
    outside = max(abs(x) - half[0], abs(y) - half[1])
    if outside <= _MARGIN_M:
        counts[HITS] += high <= 2.0 * half[2] + _MARGIN_M
    elif outside <= _RING_M and high > 0.3:
        counts[BESIDE] += 1


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _taken(point: Float32Array, boxes: FloatArray) -> bool:
    """Whether a point lies in any other cuboid."""
    for b in range(len(boxes)):
        dx, dy, dz = point[0] - boxes[b, 0], point[1] - boxes[b, 1], point[2] - boxes[b, 2]
        c, s = np.cos(boxes[b, 3]), np.sin(boxes[b, 3])
        beside = max(
            abs(c * dx + s * dy) - boxes[b, 4], abs(c * dy - s * dx) - boxes[b, 5], abs(dz) - 0.05 - boxes[b, 6]
        )
        if beside < 0.05:
            return True
    return False


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _crossing(ex: float, ey: float, ez: float, x: float, y: float, z: float, half: FloatArray) -> tuple[float, float]:
    """Where on its way (0 at the eye, 1 at the point) a beam enters and leaves the middle of the cuboid."""
    entry, leaving = 0.0, 1e9
    for axis in range(3):
        start = ex if axis == 0 else (ey if axis == 1 else ez)
        way = (x if axis == 0 else (y if axis == 1 else z)) - start
        reach = _CORE * half[axis]
        if abs(way) < 1e-9:
            if abs(start) > reach:
                return 1.0, 0.0
            continue
        a, b = (-reach - start) / way, (reach - start) / way
        entry, leaving = max(entry, min(a, b)), min(leaving, max(a, b))
    return entry, leaving
