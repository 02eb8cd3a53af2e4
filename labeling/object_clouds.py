"""Points on moving objects, brought to one moment with the object's own motion.

Ego motion makes standing things sharp. A car at 15 m/s that two LiDARs saw 50 ms apart still stands there twice: a
point on it belongs to where the car was *then*. Whether a point is on an object is asked at the point's own time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.cloud import Cloud, fused_cloud
from fusion.recording import Recording
from fusion.samples import Float32Array
from fusion.timeline import Int64Array
from labeling.frame_times import FrameTimes
from labeling.track import PresenceKind, Track, poses_of

NOBODY = -1
MARGIN_M = 0.1
"""How far outside of the cuboid, but not below it, a point is still the object's: labels are tight, beams are wide."""
_STEP_NS = 5_000_000
_MOST_STEPS = 200
_CELL_M = 2.0
_MOST_CELLS = 512

Int32Array = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class ObjectPoints:
    """A frame's cloud with every object at the one moment at which the frame shows it.

    cloud: points on objects moved, all others as they were; times_ns stay those of the measurement. track_ids: the B
    tracks that the frame shows. owners: (N,) int32 row of the track on which each point lies, -1 for none.
    """

    cloud: Cloud
    track_ids: tuple[str, ...]
    owners: Int32Array

    @property
    def counts(self) -> Int64Array:
        """(B,) points of each object."""
        return np.bincount(self.owners[self.owners >= 0], minlength=len(self.track_ids)).astype(np.int64)


def object_points(
    cloud: Cloud, tracks: Sequence[Track], times: FrameTimes, frame: int, *, margin_m: float = MARGIN_M
) -> ObjectPoints:
    """Find the points of the tracks that the frame shows, and bring each to its track's moment in the frame.

    A point that is in several cuboids is that one's in which it lies deepest, measured in half sizes.
    """
    moments = times.times_of(tracks, frame)
    shown = [
        (track, moment)
        for track, moment in zip(tracks, moments, strict=True)
        if track.presence_at(moment) is not PresenceKind.ABSENT
    ]
    there = [track for track, _ in shown]
    ids = tuple(track.id for track in there)
    if not shown or not len(cloud):
        return ObjectPoints(cloud, ids, np.full(len(cloud), NOBODY, np.int32))
    targets = poses_of(there, np.array([[moment] for _, moment in shown], dtype=np.int64))
    planes, owners = _moved(cloud, there, targets.matrix[:, 0, :3], margin_m)
    return ObjectPoints(replace(cloud, points_in_world=planes.T), ids, owners)


def object_deskewed(cloud: Cloud, tracks: Sequence[Track], times: FrameTimes, frame: int) -> Cloud:
    """The cloud with the points on every track at the moment at which the frame shows it."""
    return object_points(cloud, tracks, times, frame).cloud


def interior_counts(cloud: Cloud, tracks: Mapping[str, Track], times: FrameTimes, frame: int) -> dict[str, int]:
    """How many points are in the cuboid of each track that the frame shows, each asked at its own time."""
    found = object_points(cloud, list(tracks.values()), times, frame, margin_m=0.0)
    return dict(zip(found.track_ids, found.counts.tolist(), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class ObjectCloud:
    """All points of one object. Smear shows that its motion, its poses or the ego's are wrong.

    points_in_object: (N, 3) float32, metres, in the object frame. frames: (N,) int32, where each was seen.
    times_ns: (N,) int64. intensity: (N,) as it came. sources: (N,) int32, which LiDAR of `lidars`.
    """

    points_in_object: Float32Array
    frames: Int32Array
    times_ns: Int64Array
    intensity: npt.NDArray[Any]
    sources: Int32Array
    lidars: tuple[str, ...]


def object_cloud(
    recording: Recording, track: Track, frames: Sequence[int], *, margin_m: float = MARGIN_M
) -> ObjectCloud:
    """The points of one track over frames, merged in its own frame; those at times when it is absent are left out."""
    lidars = recording.lidars()
    parts = [_own_points(fused_cloud(recording, frame), track, frame, lidars, margin_m) for frame in frames]
    parts = parts or [_own_points(_EMPTY, track, 0, lidars, margin_m)]
    points, numbers, times_ns, intensity, sources = (np.concatenate(column) for column in zip(*parts, strict=True))
    return ObjectCloud(points, numbers, times_ns, intensity, sources, lidars)


_EMPTY = Cloud(np.empty((0, 3), np.float32), np.empty(0, np.uint8), np.empty(0, np.int64))


def _own_points(
    cloud: Cloud, track: Track, frame: int, lidars: tuple[str, ...], margin_m: float
) -> tuple[npt.NDArray[Any], ...]:
    """Columns of `ObjectCloud` from one frame."""
    present = _present(track, cloud.times_ns)
    planes, owners = cloud.points_in_world[:0].T, np.full(len(cloud), NOBODY, np.int32)
    if np.any(present):
        # Moved to where the object is the world itself: so they come out in the object frame.
        planes, owners = _moved(cloud, [track], np.eye(3, 4)[None], margin_m)
    mine = np.flatnonzero((owners == 0) & present)
    device = np.repeat([lidars.index(name) for name in cloud.sources], cloud.counts).astype(np.int32)
    return (
        np.ascontiguousarray(planes[:, mine].T) if len(mine) else np.empty((0, 3), np.float32),
        np.full(len(mine), frame, np.int32),
        cloud.times_ns[mine],
        cloud.intensity[mine],
        device[mine],
    )


def _present(track: Track, times_ns: Int64Array) -> npt.NDArray[np.bool_]:
    inside = np.zeros(len(times_ns), dtype=bool)
    for interval in track.presence:
        inside |= (times_ns >= interval.start_ns) & (times_ns <= interval.end_ns)
    return inside


def _moved(
    cloud: Cloud, tracks: Sequence[Track], targets: FloatArray, margin_m: float
) -> tuple[Float32Array, Int32Array]:
    """Planes (3, N) float32 with the points on tracks moved to targets (B, 3, 4), and their owners (N,)."""
    start_ns, end_ns = int(cloud.times_ns.min()), int(cloud.times_ns.max())
    steps = min(max(-(-(end_ns - start_ns) // _STEP_NS), 1), _MOST_STEPS)
    step_ns = max(-(-(end_ns - start_ns) // steps), 1)
    grid = start_ns + step_ns * np.arange(steps + 1, dtype=np.int64)
    motion = poses_of(tracks, np.broadcast_to(grid, (len(tracks), len(grid))))
    halves = 0.5 * np.array([track.size_m for track in tracks])
    planes = np.array(cloud.points_in_world.T, dtype=np.float32, order="C")
    owners = np.full(len(cloud), NOBODY, np.int32)
    raster = _raster(motion, halves, margin_m, planes)
    _bring(
        planes, cloud.times_ns, start_ns, step_ns, motion.translation, _one_sided(motion.rotation), halves, margin_m,
        targets, *raster, owners,
    )  # fmt: skip
    return planes, owners


def _one_sided(rotations: FloatArray) -> FloatArray:
    """(B, Q, 4) with neighbours in time on the same side, so that a mean of two of them is between them."""
    flips = np.where(np.sum(rotations[:, 1:] * rotations[:, :-1], axis=-1) < 0.0, -1.0, 1.0)
    signs = np.concatenate([np.ones((len(rotations), 1)), np.cumprod(flips, axis=1)], axis=1)
    return np.asarray(rotations * signs[..., None])


def _raster(motion: RigidTransform, halves: FloatArray, margin_m: float, planes: Float32Array) -> tuple[Any, ...]:
    """Which objects come near the cells of a grid seen from above: origin (2,), cell edge, shape (2,), and for each
    cell where its rows start in the list of objects. The grid reaches as far as both, points and objects, do."""
    reach = np.linalg.norm(halves, axis=1)[:, None] + 2.0 * margin_m
    low = motion.translation[..., :2].min(axis=1) - reach
    high = motion.translation[..., :2].max(axis=1) + reach
    # fmin and fmax pass over points that are not a number.
    origin = np.maximum(low.min(axis=0), np.fmin.reduce(planes[:2], axis=1))
    extent = np.maximum(np.minimum(high.max(axis=0), np.fmax.reduce(planes[:2], axis=1)) - origin, 0.0)
    cell = max(_CELL_M, float(extent.max()) / _MOST_CELLS)
    shape = np.floor(extent / cell).astype(np.int64) + 1
    first = np.floor(np.clip((low - origin) / cell, 0, shape)).astype(np.int64)
    last = np.floor(np.clip((high - origin) / cell, -1, shape - 1)).astype(np.int64)
    starts, members = _listed(first, last, shape)
    return origin, cell, shape, starts, members


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _listed(first: Int64Array, last: Int64Array, shape: Int64Array) -> Any:
    starts = np.zeros(shape[0] * shape[1] + 1, dtype=np.int64)
    for b in range(len(first)):
        for i in range(first[b, 0], last[b, 0] + 1):
            for j in range(first[b, 1], last[b, 1] + 1):
                starts[i * shape[1] + j + 1] += 1
    starts = np.cumsum(starts)
    filled, members = starts.copy(), np.empty(starts[-1], dtype=np.int32)
    for b in range(len(first)):
        for i in range(first[b, 0], last[b, 0] + 1):
            for j in range(first[b, 1], last[b, 1] + 1):
                members[filled[i * shape[1] + j]] = b
                filled[i * shape[1] + j] += 1
    return starts, members


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _bring(
    planes: Float32Array,
    times: Int64Array,
    start_ns: int,
    step_ns: int,
    positions: FloatArray,
    rotations: FloatArray,
    halves: FloatArray,
    margin: float,
    targets: FloatArray,
    origin: FloatArray,
    cell: float,
    shape: Int64Array,
    starts: Int64Array,
    members: Int32Array,
    owners: Int32Array,
) -> None:
    local, best = np.empty(3), np.empty(3)
    for n in range(len(times)):
        i, j = (planes[0, n] - origin[0]) / cell, (planes[1, n] - origin[1]) / cell
        if not (0.0 <= i < shape[0] and 0.0 <= j < shape[1]):
            continue
        place = int(i) * shape[1] + int(j)
        deepest = np.inf
        for index in range(starts[place], starts[place + 1]):
            b = members[index]
            elapsed = times[n] - start_ns
            left = min(elapsed // step_ns, positions.shape[1] - 2)
            fraction = elapsed / step_ns - left
            x = planes[0, n] - _mixed(positions, b, left, fraction, 0)
            y = planes[1, n] - _mixed(positions, b, left, fraction, 1)
            z = planes[2, n] - _mixed(positions, b, left, fraction, 2)
            reach = halves[b, 0] + halves[b, 1] + halves[b, 2] + margin
            if x * x + y * y + z * z > reach * reach:
                continue
            _into_object(x, y, z, rotations[b], left, fraction, local)
            depth = _depth(local, halves[b], margin)
            if depth < deepest:
                deepest, owners[n] = depth, b
                best[:] = local
        if owners[n] >= 0:
            for row in range(3):
                t = targets[owners[n], row]
                planes[row, n] = t[0] * best[0] + t[1] * best[1] + t[2] * best[2] + t[3]


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _mixed(values: FloatArray, b: int, left: int, fraction: float, axis: int) -> Any:
    return values[b, left, axis] + fraction * (values[b, left + 1, axis] - values[b, left, axis])


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _depth(local: FloatArray, half: FloatArray, margin: float) -> Any:
    """Largest coordinate in half sizes, infinite outside. Not enlarged downwards: there is the ground."""
    if abs(local[0]) > half[0] + margin or abs(local[1]) > half[1] + margin:
        return np.inf
    if local[2] > half[2] + margin or local[2] < -half[2]:
        return np.inf
    return max(abs(local[0]) / half[0], abs(local[1]) / half[1], abs(local[2]) / half[2])


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _into_object(
    x: float, y: float, z: float, rotations: FloatArray, left: int, fraction: float, local: FloatArray
) -> None:
    """By the inverse of a mean of two neighbouring rotations: within 5 ms it is the slerp to 1e-8."""
    q = rotations[left] + fraction * (rotations[left + 1] - rotations[left])
    norm = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]
    w, a, b, c = q[0], -q[1], -q[2], -q[3]
    u, v, t = 2.0 * (b * z - c * y), 2.0 * (c * x - a * z), 2.0 * (a * y - b * x)
    local[0] = x + (w * u + b * t - c * v) / norm
    local[1] = y + (w * v + c * u - a * t) / norm
    local[2] = z + (w * t + a * v - b * u) / norm
