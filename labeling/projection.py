"""Cuboids in a photo: outlines that bend with the lens, clipped to what the camera can see, and 2D boxes.

Every edge is clipped against the near plane and the cone in which the camera model is valid, subdivided in even steps
of the image until its chords are within a fifth of a pixel of the lens's curve, and clipped against the image (Liang
and Barsky, 1984).
Nothing is hidden by other objects: an outline says where the object is, not what is seen of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from calibration import CameraModel, RigidTransform
from calibration.camera import distort
from calibration.quaternion import FloatArray
from labeling.camera_border import CameraBorder
from labeling.cuboid import CORNER_SIGNS, EDGES

NEAR_M = 0.1
_TOLERANCE_PX = 0.2
_LONGEST, _SHORTEST = 1 / 4, 1 / 64  # of an edge, a chord
_MAX_CHORDS = 64
_COARSE = 8  # steps along what lies outside of the image, for the amodal box only
_BUFFER = 1 << 15


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """N cuboids in one photo.

    segments_px: (M, 2, 2) float32, chords inside the image. owners: (M,) int64, the cuboid of each chord.
    visible: (N,) whether anything of the cuboid lies in the image. boxes_px: (N, 4) float64 u, v minimum and maximum of
    what lies in the image; amodal_px: the same as if the image had no border. NaN where there is none.
    """

    segments_px: npt.NDArray[np.float32]
    owners: npt.NDArray[np.int64]
    visible: npt.NDArray[np.bool_]
    boxes_px: FloatArray
    amodal_px: FloatArray


def project_cuboids(camera: CameraModel, camera_from_object: RigidTransform, sizes_m: npt.ArrayLike) -> Outlines:
    """Outlines of cuboids: camera_from_object is a batch (N,), sizes_m (N, 3) length, width, height."""
    poses = np.ascontiguousarray(camera_from_object.matrix[:, :3, :])
    sizes = np.ascontiguousarray(sizes_m, dtype=np.float64)
    view = CameraBorder(camera)
    count = len(sizes)
    boxes, amodal = np.full((count, 4), np.nan), np.full((count, 4), np.nan)
    buffer, owners = np.empty((_BUFFER, 4), np.float32), np.empty(_BUFFER, np.int64)
    parts, owned, start = [np.empty((0, 4), np.float32)], [np.empty(0, np.int64)], 0
    while start < count:
        start, used = _project(
            start,
            poses,
            sizes,
            view.parameters,
            view.limits,
            view.border_rays,
            view.border_px,
            buffer,
            owners,
            boxes,
            amodal,
        )
        parts.append(buffer[:used].copy())
        owned.append(owners[:used].copy())
    segments = np.concatenate(parts).reshape(-1, 2, 2)
    return Outlines(segments, np.concatenate(owned), np.isfinite(boxes[:, 0]), boxes, amodal)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _project(
    start: int,
    poses: FloatArray,
    sizes: FloatArray,
    p: FloatArray,
    limits: FloatArray,
    border_rays: FloatArray,
    border_px: FloatArray,
    buffer: npt.NDArray[np.float32],
    owners: npt.NDArray[np.int64],
    boxes: FloatArray,
    amodal: FloatArray,
) -> tuple[int, int]:
    """Cuboids from `start` on until the buffer may not hold another one; the next cuboid and the chords written."""
    corners = np.empty((8, 3))
    widest = np.arctan(limits[4])
    used = 0
    for i in range(start, poses.shape[0]):
        if used + 12 * _MAX_CHORDS > buffer.shape[0]:
            return i, used
        if _out_of_sight(poses[i], sizes[i], widest):
            continue
        _corners(poses[i], sizes[i], corners)
        before = used
        whole = np.array([np.inf, np.inf, -np.inf, -np.inf])
        for e in range(12):
            used = _edge(corners[EDGES[e, 0]], corners[EDGES[e, 1]], p, limits, buffer, used, whole)
        owners[before:used] = i
        _box_in_image(buffer[before:used], poses[i], sizes[i], limits, border_rays, border_px, boxes[i])
        if not np.isnan(boxes[i, 0]):
            _grow(whole, boxes[i, 0], boxes[i, 1])
            _grow(whole, boxes[i, 2], boxes[i, 3])
        if whole[0] <= whole[2]:
            amodal[i] = whole
    return poses.shape[0], used


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _out_of_sight(pose: FloatArray, size: FloatArray, widest: float) -> bool:
    """Whether the sphere around the cuboid misses the cone around the image."""
    x, y, z = pose[0, 3], pose[1, 3], pose[2, 3]
    radius = 0.5 * np.sqrt(size[0] ** 2 + size[1] ** 2 + size[2] ** 2)
    if z + radius < NEAR_M:
        return True
    distance = np.sqrt(x * x + y * y + z * z)
    if distance <= radius:
        return False
    return bool(np.arctan2(np.sqrt(x * x + y * y), z) > widest + np.arcsin(radius / distance))


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _corners(pose: FloatArray, size: FloatArray, corners: FloatArray) -> None:
    for c in range(8):
        sx, sy, sz = (
            0.5 * CORNER_SIGNS[c, 0] * size[0],
            0.5 * CORNER_SIGNS[c, 1] * size[1],
            0.5 * CORNER_SIGNS[c, 2] * size[2],
        )
        for axis in range(3):
            corners[c, axis] = pose[axis, 0] * sx + pose[axis, 1] * sy + pose[axis, 2] * sz + pose[axis, 3]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _edge(
    a: FloatArray,
    b: FloatArray,
    p: FloatArray,
    limits: FloatArray,
    buffer: npt.NDArray[np.float32],
    used: int,
    whole: FloatArray,
) -> int:
    """Append the chords of one edge that lie in the image; `whole` grows by all of them."""
    low, high = _near_interval(a, b)
    low, high = _cone_interval(a, b, p[9], low, high)
    if not low < high:
        return used
    if limits[5] == 0.0:
        used = _chord(_pixel(a, b, low, p), _pixel(a, b, high, p), limits, buffer, used, whole)
    else:
        first, last = _cone_interval(a, b, limits[4], low, high)
        if first > low or last < high:
            for k in range(_COARSE + 1):
                u, v = _pixel(a, b, _evenly_seen(a, b, low, high, k / _COARSE), p)
                _grow(whole, u, v)
        if first < last:
            used = _bent(a, b, first, last, p, limits, buffer, used, whole)
    return used


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _bent(
    a: FloatArray,
    b: FloatArray,
    low: float,
    high: float,
    p: FloatArray,
    limits: FloatArray,
    buffer: npt.NDArray[np.float32],
    used: int,
    whole: FloatArray,
) -> int:
    """The part of an edge around the image, in chords as short as the lens asks for: strongest bends lie at its rim."""
    start, done, step = _pixel(a, b, low, p), 0.0, 1.0
    while done < 1.0:
        end = _pixel(a, b, _evenly_seen(a, b, low, high, done + step), p)
        # Most edges are far away or short, and one chord does; but three points see little of a long one.
        allowed = _TOLERANCE_PX if step <= _LONGEST else 0.5 * _TOLERANCE_PX
        if step > _SHORTEST and _gap(a, b, low, high, done, step, start, end, p) > allowed:
            step = min(0.5 * step, _LONGEST)
            continue
        used = _chord(start, end, limits, buffer, used, whole)
        start, done = end, done + step
        step = min(2.0 * step, _LONGEST, 1.0 - done)
    return used


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _gap(
    a: FloatArray,
    b: FloatArray,
    low: float,
    high: float,
    done: float,
    step: float,
    start: tuple[float, float],
    end: tuple[float, float],
    p: FloatArray,
) -> float:
    """Pixels between a chord and the lens's curve, the largest of its three quarter points."""
    gap = 0.0
    for k in range(1, 4):
        between = _pixel(a, b, _evenly_seen(a, b, low, high, done + 0.25 * k * step), p)
        gap = max(gap, _distance_to_line(between, start, end))
    return gap


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _evenly_seen(a: FloatArray, b: FloatArray, low: float, high: float, share: float) -> float:
    """The parameter at a share of the way from low to high as a pinhole sees it: near parts are seen longer."""
    z_low, z_high = a[2] + low * (b[2] - a[2]), a[2] + high * (b[2] - a[2])
    fraction: float = share * z_low / (share * z_low + (1.0 - share) * z_high)
    return low + (high - low) * fraction


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _chord(
    start: tuple[float, float],
    end: tuple[float, float],
    limits: FloatArray,
    buffer: npt.NDArray[np.float32],
    used: int,
    whole: FloatArray,
) -> int:
    _grow(whole, start[0], start[1])
    _grow(whole, end[0], end[1])
    written: int = _clip_to_image(start[0], start[1], end[0], end[1], limits, buffer, used)
    return written


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _near_interval(a: FloatArray, b: FloatArray) -> tuple[float, float]:
    low, high = 0.0, 1.0
    da, db = a[2] - NEAR_M, b[2] - NEAR_M
    if da < 0.0 and db < 0.0:
        return 1.0, 0.0
    if da < 0.0:
        low = da / (da - db)
    elif db < 0.0:
        high = da / (da - db)
    return low, high


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _cone_interval(a: FloatArray, b: FloatArray, radius: float, low: float, high: float) -> tuple[float, float]:
    """The part of the edge inside the cone x^2 + y^2 <= (radius z)^2 in front of the camera (convex: one interval)."""
    if not low < high or radius > 1e5:
        return low, high
    dx, dy, dz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    r2 = radius * radius * (1.0 - 1e-9)
    qa = dx * dx + dy * dy - r2 * dz * dz
    qb = a[0] * dx + a[1] * dy - r2 * a[2] * dz
    qc = a[0] * a[0] + a[1] * a[1] - r2 * a[2] * a[2]
    middle = 0.5 * (low + high)
    if abs(qa) < 1e-15:
        if abs(qb) < 1e-15:
            return (low, high) if qc <= 0.0 else (1.0, 0.0)
        root = -0.5 * qc / qb
        return (low, min(high, root)) if qb > 0.0 else (max(low, root), high)
    discriminant = qb * qb - qa * qc
    if discriminant <= 0.0:
        return (low, high) if qa * middle * middle + 2.0 * qb * middle + qc <= 0.0 else (1.0, 0.0)
    s = np.sqrt(discriminant)
    first, second = (-qb - s) / qa, (-qb + s) / qa
    if qa > 0.0:
        return max(low, first), min(high, second)
    # Opens along the axis: inside is before the smaller or after the larger root; the near plane leaves one of them.
    if qa * low * low + 2.0 * qb * low + qc <= 0.0:
        return low, min(high, second if second > low else high)
    return max(low, first if first > low else second), high


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _pixel(a: FloatArray, b: FloatArray, t: float, p: FloatArray) -> tuple[float, float]:
    z = a[2] + t * (b[2] - a[2])
    x, y = distort((a[0] + t * (b[0] - a[0])) / z, (a[1] + t * (b[1] - a[1])) / z, p)
    return p[0] * x + p[2], p[1] * y + p[3]


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _distance_to_line(point: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    du, dv = end[0] - start[0], end[1] - start[1]
    length = np.sqrt(du * du + dv * dv)
    if length < 1e-9:
        return 0.0
    distance: float = abs(du * (point[1] - start[1]) - dv * (point[0] - start[0])) / length
    return distance


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _grow(box: FloatArray, u: float, v: float) -> None:
    box[0], box[1] = min(box[0], u), min(box[1], v)
    box[2], box[3] = max(box[2], u), max(box[3], v)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _clip_to_image(
    u0: float, v0: float, u1: float, v1: float, limits: FloatArray, buffer: npt.NDArray[np.float32], used: int
) -> int:
    low, high = 0.0, 1.0
    du, dv = u1 - u0, v1 - v0
    for side in range(4):
        if side == 0:
            slope, room = -du, u0 - limits[0]
        elif side == 1:
            slope, room = du, limits[2] - u0
        elif side == 2:
            slope, room = -dv, v0 - limits[1]
        else:
            slope, room = dv, limits[3] - v0
        if slope == 0.0:
            if room < 0.0:
                return used
        elif slope < 0.0:
            low = max(low, room / slope)
        else:
            high = min(high, room / slope)
        if low > high:
            return used
    buffer[used, 0], buffer[used, 1] = u0 + low * du, v0 + low * dv
    buffer[used, 2], buffer[used, 3] = u0 + high * du, v0 + high * dv
    return used + 1


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _box_in_image(
    segments: npt.NDArray[np.float32],
    pose: FloatArray,
    size: FloatArray,
    limits: FloatArray,
    border_rays: FloatArray,
    border_px: FloatArray,
    box: FloatArray,
) -> None:
    """Bounds of the visible chords and of the image's corners, or of the rim of the lens, that look at the cuboid."""
    found = np.array([np.inf, np.inf, -np.inf, -np.inf])
    for k in range(segments.shape[0]):
        _grow(found, segments[k, 0], segments[k, 1])
        _grow(found, segments[k, 2], segments[k, 3])
    touches_border = (
        limits[6] != 0.0
        or segments.shape[0] == 0
        or found[0] <= limits[0] + 1e-3
        or found[1] <= limits[1] + 1e-3
        or found[2] >= limits[2] - 1e-3
        or found[3] >= limits[3] - 1e-3
    )
    if touches_border:
        for c in range(border_rays.shape[0]):
            if _ray_hits(border_rays[c], pose, size):
                _grow(found, border_px[c, 0], border_px[c, 1])
    if found[0] <= found[2]:
        box[:] = found


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _ray_hits(ray: FloatArray, pose: FloatArray, size: FloatArray) -> bool:
    """Whether the ray from the camera's centre meets the cuboid beyond the near plane (slab method)."""
    low, high = NEAR_M, np.inf
    for axis in range(3):
        direction = pose[0, axis] * ray[0] + pose[1, axis] * ray[1] + pose[2, axis] * ray[2]
        origin = -(pose[0, axis] * pose[0, 3] + pose[1, axis] * pose[1, 3] + pose[2, axis] * pose[2, 3])
        half = 0.5 * size[axis]
        if abs(direction) < 1e-15:
            if abs(origin) > half:
                return False
            continue
        one, two = (-half - origin) / direction, (half - origin) / direction
        low, high = max(low, min(one, two)), min(high, max(one, two))
    return bool(low <= high)
