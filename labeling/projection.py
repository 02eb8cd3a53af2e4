"""Cuboids in a photo: outlines that bend with the lens and the shutter, clipped to what the camera can see, and 2D
boxes.

Nothing is hidden by other objects: an outline says where the object is, not what is seen of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from calibration import CameraModel, RigidTransform
from calibration.quaternion import FloatArray
from labeling.camera_border import CameraBorder
from labeling.chords import MAX_CHORDS, NEAR_M, edge_chords, grow
from labeling.cuboid import CORNER_SIGNS, EDGES
from labeling.shutter import MAX_PIECES, motion_of, pose_at, reach_of, rolled_chords, row_moment
from labeling.wide_chords import MAX_WIDE_CHORDS, wide_chords
from labeling.wide_shutter import out_of_cone

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
    """Outlines of cuboids: camera_from_object is a batch (N,), sizes_m (N, 3) length, width, height.

    For a rolling shutter camera_from_object is a batch (3, N): where the cuboids are when the image's upper border, its
    middle and its lower border are exposed (`photo_view` knows the moments). Each point is drawn where its row sees it.
    """
    motions = _motions(camera_from_object)
    sizes = np.ascontiguousarray(sizes_m, dtype=np.float64)
    view = CameraBorder(camera)
    count = len(sizes)
    boxes, amodal = np.full((count, 4), np.nan), np.full((count, 4), np.nan)
    room = max(_BUFFER, 2 * _most_chords(motions.shape[1], view.lens is not None))
    buffer, owners = np.empty((room, 4), np.float32), np.empty(room, np.int64)
    parts, owned, start = [np.empty((0, 4), np.float32)], [np.empty(0, np.int64)], 0
    while start < count:
        start, used = _project(
            start,
            motions,
            sizes,
            view.parameters,
            view.limits,
            view.lens,
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


def _motions(camera_from_object: RigidTransform) -> FloatArray:
    """(N, K, 3, 4) coefficients in time of each pose's matrix: K is 1 for a global shutter, 3 for a rolling one."""
    matrices = camera_from_object.matrix[..., :3, :]
    if matrices.ndim == 3:
        return np.ascontiguousarray(matrices[:, None])
    if matrices.ndim != 4 or len(matrices) != 3:
        raise ValueError(
            f"poses are a batch (N,), or (3, N) for a rolling shutter, not {camera_from_object.batch_shape}"
        )
    return np.ascontiguousarray(np.moveaxis(motion_of(*matrices), 0, 1))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _project(
    start: int,
    motions: FloatArray,
    sizes: FloatArray,
    p: FloatArray,
    limits: FloatArray,
    lens: FloatArray | None,
    border_rays: FloatArray,
    border_px: FloatArray,
    buffer: npt.NDArray[np.float32],
    owners: npt.NDArray[np.int64],
    boxes: FloatArray,
    amodal: FloatArray,
) -> tuple[int, int]:
    """Cuboids from `start` on until the buffer may not hold another one; the next cuboid and the chords written."""
    orders = motions.shape[1]
    corners = np.empty((orders, 8, 3))
    widest = np.arctan(limits[4]) if lens is None else limits[4]
    most = _most_chords(orders, lens is not None)
    used = 0
    for i in range(start, motions.shape[0]):
        if used + most > buffer.shape[0]:
            return i, used
        if _out_of_sight(motions[i], sizes[i], widest, lens):
            continue
        for order in range(orders):
            _corners(motions[i, order], sizes[i], corners[order])
        before = used
        whole = np.array([np.inf, np.inf, -np.inf, -np.inf])
        for e in range(12):
            a, b = EDGES[e, 0], EDGES[e, 1]
            if orders > 1:
                used = rolled_chords(corners[:, a], corners[:, b], p, limits, buffer, used, whole, lens)
            elif lens is None:
                used = edge_chords(corners[0, a], corners[0, b], p, limits, buffer, used, whole)
            else:
                used = wide_chords(corners[0, a], corners[0, b], p, lens, limits, buffer, used, whole)
        owners[before:used] = i
        _box_in_image(buffer[before:used], motions[i], sizes[i], limits, border_rays, border_px, boxes[i])
        if not np.isnan(boxes[i, 0]):
            grow(whole, boxes[i, 0], boxes[i, 1])
            grow(whole, boxes[i, 2], boxes[i, 3])
        if whole[0] <= whole[2]:
            amodal[i] = whole
    return motions.shape[0], used


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _most_chords(orders: int, wide: bool) -> int:
    """That one cuboid may need."""
    chords = MAX_WIDE_CHORDS if wide else MAX_CHORDS
    return 12 * (chords if orders == 1 else chords * MAX_PIECES)


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _out_of_sight(motion: FloatArray, size: FloatArray, widest: float, lens: FloatArray | None) -> bool:
    """Whether the sphere around the cuboid, with all of its way, misses the cone around the image."""
    x, y, z = motion[0, 0, 3], motion[0, 1, 3], motion[0, 2, 3]
    radius = 0.5 * np.sqrt(size[0] ** 2 + size[1] ** 2 + size[2] ** 2)
    if motion.shape[0] > 1:
        radius += reach_of(motion, radius)
    if lens is not None:
        return bool(out_of_cone(x, y, z, radius, widest))
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
def _box_in_image(
    segments: npt.NDArray[np.float32],
    motion: FloatArray,
    size: FloatArray,
    limits: FloatArray,
    border_rays: FloatArray,
    border_px: FloatArray,
    box: FloatArray,
) -> None:
    """Bounds of the visible chords and of the image's corners, or of the rim of the lens, that look at the cuboid."""
    found = np.array([np.inf, np.inf, -np.inf, -np.inf])
    for k in range(segments.shape[0]):
        grow(found, segments[k, 0], segments[k, 1])
        grow(found, segments[k, 2], segments[k, 3])
    touches_border = (
        limits[6] != 0.0
        or segments.shape[0] == 0
        or found[0] <= limits[0] + 1e-3
        or found[1] <= limits[1] + 1e-3
        or found[2] >= limits[2] - 1e-3
        or found[3] >= limits[3] - 1e-3
    )
    if touches_border:
        pose = np.empty((3, 4)) if motion.shape[0] > 1 else motion[0]
        for c in range(border_rays.shape[0]):
            if motion.shape[0] > 1:
                pose_at(motion, row_moment(border_px[c, 1], limits), pose)
            if _ray_hits(border_rays[c], pose, size):
                grow(found, border_px[c, 0], border_px[c, 1])
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
