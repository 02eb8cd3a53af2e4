"""Cuboids in a photo: outlines that bend with the lens, clipped to what the camera can see, and 2D boxes.

Every edge is clipped against the near plane, against the cone in which the camera model is valid, subdivided until its
chords are within a fifth of a pixel of the lens's curve, and clipped against the image (Liang and Barsky, 1984).
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
from labeling.cuboid import CORNER_SIGNS, EDGES

NEAR_M = 0.1
_TOLERANCE_PX = 0.2
_MAX_CHORDS = 32
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
    view = _View(camera)
    count = len(sizes)
    boxes, amodal = np.full((count, 4), np.nan), np.full((count, 4), np.nan)
    buffer, owners = np.empty((_BUFFER, 4), np.float32), np.empty(_BUFFER, np.int64)
    parts, owned, start = [np.empty((0, 4), np.float32)], [np.empty(0, np.int64)], 0
    while start < count:
        start, used = _project(
            start, poses, sizes, view.parameters, view.limits, view.corner_rays, buffer, owners, boxes, amodal
        )
        parts.append(buffer[:used].copy())
        owned.append(owners[:used].copy())
    segments = np.concatenate(parts).reshape(-1, 2, 2)
    return Outlines(segments, np.concatenate(owned), np.isfinite(boxes[:, 0]), boxes, amodal)


class _View:
    """What the kernel needs to know about a camera: parameters, image limits and widest angle, rays of the corners."""

    def __init__(self, camera: CameraModel) -> None:
        width, height = camera.width_px - 0.5, camera.height_px - 0.5
        corners, valid = camera.unproject(np.array([[-0.5, -0.5], [width, -0.5], [-0.5, height], [width, height]]))
        radius = np.linalg.norm(corners[:, :2], axis=1)
        widest = radius.max() if valid.all() else min(camera.max_radius, 1e6)
        self.parameters = camera.parameters
        bends = float(any(camera.distortion))
        self.limits = np.array([-0.5, -0.5, width, height, np.arctan(widest), bends])
        self.corner_rays = np.where(valid[:, None], corners, np.nan)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _project(
    start: int,
    poses: FloatArray,
    sizes: FloatArray,
    p: FloatArray,
    limits: FloatArray,
    corner_rays: FloatArray,
    buffer: npt.NDArray[np.float32],
    owners: npt.NDArray[np.int64],
    boxes: FloatArray,
    amodal: FloatArray,
) -> tuple[int, int]:
    """Cuboids from `start` on until the buffer may not hold another one; the next cuboid and the chords written."""
    corners = np.empty((8, 3))
    used = 0
    for i in range(start, poses.shape[0]):
        if used + 12 * _MAX_CHORDS > buffer.shape[0]:
            return i, used
        if _out_of_sight(poses[i], sizes[i], limits[4]):
            continue
        _corners(poses[i], sizes[i], corners)
        before = used
        whole = np.array([np.inf, np.inf, -np.inf, -np.inf])
        for e in range(12):
            used = _edge(corners[EDGES[e, 0]], corners[EDGES[e, 1]], p, limits, buffer, used, whole)
        owners[before:used] = i
        if whole[0] <= whole[2]:
            amodal[i] = whole
        _box_in_image(buffer[before:used], poses[i], sizes[i], limits, corner_rays, boxes[i])
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
    u0, v0 = _pixel(a, b, low, p)
    u1, v1 = _pixel(a, b, high, p)
    _grow(whole, u0, v0)
    _grow(whole, u1, v1)
    chords = 1
    if limits[5] != 0.0:
        um, vm = _pixel(a, b, 0.5 * (low + high), p)
        chords = _chord_count(u0, v0, u1, v1, um, vm)
    for k in range(chords):
        if k + 1 < chords:
            ue, ve = _pixel(a, b, low + (high - low) * (k + 1) / chords, p)
            _grow(whole, ue, ve)
        else:
            ue, ve = u1, v1
        used = _clip_to_image(u0, v0, ue, ve, limits, buffer, used)
        u0, v0 = ue, ve
    return used


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
def _chord_count(u0: float, v0: float, u1: float, v1: float, um: float, vm: float) -> int:
    """How many chords keep within the tolerance; the gap falls with the square of their number."""
    du, dv = u1 - u0, v1 - v0
    length = np.sqrt(du * du + dv * dv)
    if length < 1e-9:
        return 1
    gap = abs(du * (vm - v0) - dv * (um - u0)) / length
    return min(_MAX_CHORDS, max(1, int(np.ceil(np.sqrt(gap / _TOLERANCE_PX)))))


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
    corner_rays: FloatArray,
    box: FloatArray,
) -> None:
    """Bounds of the visible chords and of the image corners that look at the cuboid."""
    found = np.array([np.inf, np.inf, -np.inf, -np.inf])
    for k in range(segments.shape[0]):
        _grow(found, segments[k, 0], segments[k, 1])
        _grow(found, segments[k, 2], segments[k, 3])
    touches_border = (
        segments.shape[0] == 0
        or found[0] <= limits[0] + 1e-3
        or found[1] <= limits[1] + 1e-3
        or found[2] >= limits[2] - 1e-3
        or found[3] >= limits[3] - 1e-3
    )
    if touches_border:
        for c in range(4):
            if _ray_hits(corner_rays[c], pose, size):
                _grow(found, limits[0] if c % 2 == 0 else limits[2], limits[1] if c < 2 else limits[3])
    if found[0] <= found[2]:
        box[:] = found


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _ray_hits(ray: FloatArray, pose: FloatArray, size: FloatArray) -> bool:
    """Whether the ray from the camera's centre meets the cuboid beyond the near plane (slab method)."""
    if not np.isfinite(ray[0]):
        return False
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
