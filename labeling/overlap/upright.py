"""Intersection over union of upright cuboids, from above (BEV) and in space, plain and generalised.

A cuboid is a row x, y, z, length, width, height, yaw: centre in metres, yaw in radians about z. Two of them are laid
into the frame of the first, so that nothing is lost far from the origin; there the second's rectangle is clipped
against the first's four sides (I. Sutherland and G. Hodgman, "Reentrant polygon clipping", 1974). Generalised: H.
Rezatofighi et al., "Generalized intersection over union", CVPR 2019, with the convex hull from above times the common
height as what encloses both.
"""

from __future__ import annotations

from enum import IntEnum

import numba
import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray

_MOST_CORNERS = 8  # of the intersection of two rectangles


class Overlap(IntEnum):
    """What is asked of two cuboids. Plain measures are 0 to 1; generalised ones -1 to 1."""

    BEV_IOU = 0
    IOU_3D = 1
    BEV_GIOU = 2
    GIOU_3D = 3


def overlap_matrix(first: npt.ArrayLike, second: npt.ArrayLike, kind: Overlap = Overlap.IOU_3D) -> FloatArray:
    """(N, M) overlaps of cuboids (N, 7) with cuboids (M, 7)."""
    a, b = _rows(first), _rows(second)
    result = np.zeros((len(a), len(b)))
    _matrix(a, b, int(kind), result)
    return result


def overlap_rows(first: npt.ArrayLike, second: npt.ArrayLike, kind: Overlap = Overlap.IOU_3D) -> FloatArray:
    """(N,) overlaps of cuboids (N, 7) with their partners (N, 7)."""
    a, b = _rows(first), _rows(second)
    if len(a) != len(b):
        raise ValueError(f"{len(a)} cuboids cannot be paired with {len(b)}")
    result = np.zeros(len(a))
    _pairs(a, b, int(kind), result)
    return result


def upright_rows(world_from_object: RigidTransform, sizes_m: npt.ArrayLike) -> FloatArray:
    """(N, 7) rows of cuboids from poses (N,) and sizes (3,) or (N, 3); roll and pitch are left out."""
    places = world_from_object.translation
    sizes = np.broadcast_to(np.asarray(sizes_m, dtype=np.float64), places.shape)
    return np.column_stack([places, sizes, world_from_object.yaw_rad])


def _rows(cuboids: npt.ArrayLike) -> FloatArray:
    rows = np.ascontiguousarray(cuboids, dtype=np.float64).reshape(-1, 7)
    if np.any(rows[:, 3:6] < 0.0):
        raise ValueError("a cuboid's size cannot be negative")
    return rows


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _matrix(a: FloatArray, b: FloatArray, kind: int, result: FloatArray) -> None:
    radii = np.empty(len(b))
    for j in range(len(b)):
        radii[j] = 0.5 * np.sqrt(b[j, 3] * b[j, 3] + b[j, 4] * b[j, 4])
    turns = np.empty((len(b), 2))
    for j in range(len(b)):
        turns[j, 0], turns[j, 1] = np.cos(b[j, 6]), np.sin(b[j, 6])
    polygon, spare = np.empty((_MOST_CORNERS, 2)), np.empty((_MOST_CORNERS, 2))
    for i in range(len(a)):
        radius = 0.5 * np.sqrt(a[i, 3] * a[i, 3] + a[i, 4] * a[i, 4])
        cosine, sine = np.cos(a[i, 6]), np.sin(a[i, 6])
        for j in range(len(b)):
            dx, dy, reach = b[j, 0] - a[i, 0], b[j, 1] - a[i, 1], radius + radii[j]
            if kind < 2 and dx * dx + dy * dy >= reach * reach:
                continue
            result[i, j] = _overlap(a[i], b[j], cosine, sine, turns[j, 0], turns[j, 1], kind, polygon, spare)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _pairs(a: FloatArray, b: FloatArray, kind: int, result: FloatArray) -> None:
    polygon, spare = np.empty((_MOST_CORNERS, 2)), np.empty((_MOST_CORNERS, 2))
    for i in range(len(a)):
        ca, sa, cb, sb = np.cos(a[i, 6]), np.sin(a[i, 6]), np.cos(b[i, 6]), np.sin(b[i, 6])
        result[i] = _overlap(a[i], b[i], ca, sa, cb, sb, kind, polygon, spare)


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _overlap(
    a: FloatArray,
    b: FloatArray,
    cos_a: float,
    sin_a: float,
    cos_b: float,
    sin_b: float,
    kind: int,
    polygon: FloatArray,
    spare: FloatArray,
) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    x, y = cos_a * dx + sin_a * dy, cos_a * dy - sin_a * dx
    c, s = cos_a * cos_b + sin_a * sin_b, cos_a * sin_b - sin_a * cos_b
    _corners(x, y, c, s, b[3], b[4], polygon)
    enclosing = _hull_area(polygon, a[3], a[4]) if kind >= 2 else 0.0
    common = _clipped_area(polygon, spare, 0.5 * a[3], 0.5 * a[4])
    first, second = a[3] * a[4], b[3] * b[4]
    if kind == 1 or kind == 3:
        dz = b[2] - a[2]
        top, bottom = min(0.5 * a[5], dz + 0.5 * b[5]), max(-0.5 * a[5], dz - 0.5 * b[5])
        common *= max(top - bottom, 0.0)
        first, second = first * a[5], second * b[5]
        enclosing *= max(0.5 * a[5], dz + 0.5 * b[5]) - min(-0.5 * a[5], dz - 0.5 * b[5])
    union = first + second - common
    iou = common / union if union > 0.0 else 0.0
    if kind >= 2 and enclosing > 0.0:
        iou -= (enclosing - union) / enclosing
    return iou


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _corners(x: float, y: float, c: float, s: float, length: float, width: float, corners: FloatArray) -> None:
    """Counter-clockwise."""
    lx, ly, wx, wy = 0.5 * length * c, 0.5 * length * s, -0.5 * width * s, 0.5 * width * c
    corners[0, 0], corners[0, 1] = x + lx + wx, y + ly + wy
    corners[1, 0], corners[1, 1] = x - lx + wx, y - ly + wy
    corners[2, 0], corners[2, 1] = x - lx - wx, y - ly - wy
    corners[3, 0], corners[3, 1] = x + lx - wx, y + ly - wy


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _clipped_area(polygon: FloatArray, spare: FloatArray, half_x: float, half_y: float) -> float:
    """Area of the convex polygon of four corners inside the rectangle around the origin."""
    count, source, target = 4, polygon, spare
    for side in range(4):
        axis, sign = side // 2, 1.0 - 2.0 * (side % 2)
        limit = half_x if axis == 0 else half_y
        kept = 0
        before = count - 1
        room_before = limit - sign * source[before, axis] if count else 0.0
        for k in range(count):
            room = limit - sign * source[k, axis]
            if (room >= 0.0) != (room_before >= 0.0):
                share = room_before / (room_before - room)
                target[kept, 0] = source[before, 0] + share * (source[k, 0] - source[before, 0])
                target[kept, 1] = source[before, 1] + share * (source[k, 1] - source[before, 1])
                kept += 1
            if room >= 0.0:
                target[kept, 0], target[kept, 1] = source[k, 0], source[k, 1]
                kept += 1
            before, room_before = k, room
        count = kept
        source, target = target, source
        if count < 3:
            return 0.0
    doubled = 0.0
    for k in range(count):
        following = k + 1 if k + 1 < count else 0
        doubled += source[k, 0] * source[following, 1] - source[following, 0] * source[k, 1]
    return max(0.5 * doubled, 0.0)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _hull_area(corners: FloatArray, length: float, width: float) -> float:
    """Area of the convex hull of four corners and of the rectangle around the origin (A. Andrew's chains, 1979)."""
    points = np.empty((8, 2))
    points[:4] = corners[:4]
    _corners(0.0, 0.0, 1.0, 0.0, length, width, points[4:])
    for i in range(1, 8):  # by x, then y
        for j in range(i, 0, -1):
            if points[j, 0] > points[j - 1, 0] or (
                points[j, 0] == points[j - 1, 0] and points[j, 1] >= points[j - 1, 1]
            ):
                break
            for axis in range(2):
                points[j, axis], points[j - 1, axis] = points[j - 1, axis], points[j, axis]
    doubled = 0.0
    for sign in (1.0, -1.0):
        chain, count = np.empty((8, 2)), 0
        for k in range(8):
            while count >= 2 and sign * _turn(chain[count - 2], chain[count - 1], points[k]) <= 0.0:
                count -= 1
            chain[count] = points[k]
            count += 1
        for k in range(count - 1):
            doubled += sign * (chain[k, 0] * chain[k + 1, 1] - chain[k + 1, 0] * chain[k, 1])
    return 0.5 * doubled


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _turn(a: FloatArray, b: FloatArray, c: FloatArray) -> float:
    turn: float = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return turn
