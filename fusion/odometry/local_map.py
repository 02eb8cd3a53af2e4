"""The surroundings of the last sweeps as Gaussians in cubes, and how well a cloud lies on them.

A cube keeps the mean and the covariance of the points that fell into it. A point is drawn to the mean of its own cube
and of those beside it, but hardly along the surface: by the inverse of the covariance, so that a wall pulls across,
and a pole in two directions. Source: Magnusson, "The three-dimensional normal-distributions transform", 2009, and
Koide et al., "Voxelized GICP", ICRA 2021; the robust weight is that of Vizzo et al., "KISS-ICP", RA-L 2023.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array

_CAPACITY = 1 << 17
_FULL_SHARE = 0.6
_MOST_POINTS = 400
_FEWEST_POINTS = 6
_NOISE_SHARE = 0.04
"""Standard deviation of a surface's points across it, of the edge of a cube."""
_OFFSET = 1 << 20
_EMPTY = -1
_COLUMNS = 10
"""Count, sums of x, y, z, and of xx, xy, xz, yy, yz, zz, relative to the middle of the cube."""


class LocalMap:
    """Gaussians within reach_m of the last place; edge_m: of a cube."""

    def __init__(self, edge_m: float, reach_m: float) -> None:
        self._edge_m, self._reach_m = edge_m, reach_m
        self._keys = np.full(_CAPACITY, _EMPTY, dtype=np.int64)
        self._sums = np.zeros((_CAPACITY, _COLUMNS))
        self._gaussians = np.zeros((_CAPACITY, 9))  # mean, and the inverse covariance's upper triangle
        self._count = 0

    def insert(self, points_in_world: FloatArray, here: FloatArray) -> None:
        """Add points (N, 3), metres; what lies out of reach of `here` (3,) goes when the table is full."""
        if self._count + len(points_in_world) > _FULL_SHARE * _CAPACITY:
            self._forget_far(here)
        self._count += int(
            _insert(points_in_world, self._edge_m, self._keys, self._sums, self._gaussians, _noise_m2(self._edge_m))
        )

    def align(
        self, points: FloatArray, guess: RigidTransform, kernel_m: float, rounds: int
    ) -> tuple[FloatArray, FloatArray, float]:
        """Rotation (3, 3) and translation (3,) that bring points (N, 3) onto the map, from a first guess, and the share
        of the points that lie on it. kernel_m: a point that far off a surface counts a quarter."""
        rotation, translation = guess.matrix[:3, :3].copy(), guess.translation.copy()
        share = _align(points, rotation, translation, kernel_m, rounds, self._edge_m, self._keys, self._gaussians)
        return rotation, translation, float(share)

    def _forget_far(self, here: FloatArray) -> None:
        used = np.flatnonzero(self._keys != _EMPTY)
        centres = _centres(self._keys[used], self._edge_m)
        kept = used[np.linalg.norm(centres - here, axis=1) <= self._reach_m]
        keys, sums, gaussians = self._keys[kept], self._sums[kept], self._gaussians[kept]
        self._keys[:] = _EMPTY
        self._count = len(kept)
        _rehash(keys, sums, gaussians, self._keys, self._sums, self._gaussians)


def _noise_m2(edge_m: float) -> float:
    return (_NOISE_SHARE * edge_m) ** 2


def well_filled(points: npt.NDArray[np.floating], edge_m: float) -> float:
    """Share of points (N, 3) in cubes with enough of them for a Gaussian; 1 of none."""
    cells = np.floor(points / edge_m).astype(np.int64) + _OFFSET
    _, which, counts = np.unique((cells << [42, 21, 0]).sum(axis=1), return_inverse=True, return_counts=True)
    return float(np.mean(counts[which] >= _FEWEST_POINTS)) if len(points) else 1.0


def thinned(points: npt.NDArray[np.floating], edge_m: float) -> npt.NDArray[np.intp]:
    """Indices of points (N, 3): the first one in every cube of the given edge."""
    capacity = 1 << int(np.ceil(np.log2(2 * max(len(points), 8))))
    table = np.full(capacity, _EMPTY, dtype=np.int64)
    # One memory layout and one type: numba compiles for each.
    return np.asarray(_first_of_each(np.ascontiguousarray(points, dtype=np.float64), edge_m, table))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _key(i: int, j: int, k: int) -> int:
    return ((i + _OFFSET) << 42) | ((j + _OFFSET) << 21) | (k + _OFFSET)


def _centres(keys: Int64Array, edge_m: float) -> FloatArray:
    mask = (1 << 21) - 1
    cells = np.stack([keys >> 42, (keys >> 21) & mask, keys & mask], axis=1) - _OFFSET
    return np.asarray((cells + 0.5) * edge_m)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _slot(key: int, keys: Int64Array) -> int:
    """Of the key, or the empty one where it would stand."""
    mask = len(keys) - 1
    h = key ^ (key >> 21) * 73856093 ^ (key >> 42) * 19349663
    slot = (h ^ (h >> 15)) * 2654435761 & mask
    while keys[slot] != key and keys[slot] != _EMPTY:
        slot = (slot + 1) & mask
    return slot


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _first_of_each(points: FloatArray, edge: float, table: Int64Array) -> Any:
    kept, count = np.empty(len(points), dtype=np.int64), 0
    for n in range(len(points)):
        i, j, k = np.floor(points[n, 0] / edge), np.floor(points[n, 1] / edge), np.floor(points[n, 2] / edge)
        key = _key(int(i), int(j), int(k))
        slot = _slot(key, table)
        if table[slot] == _EMPTY:
            table[slot] = key
            kept[count] = n
            count += 1
    return kept[:count]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _rehash(
    old_keys: Int64Array, old_sums: FloatArray, old: FloatArray, keys: Int64Array, sums: FloatArray, new: FloatArray
) -> None:
    for n in range(len(old_keys)):
        slot = _slot(old_keys[n], keys)
        keys[slot], sums[slot], new[slot] = old_keys[n], old_sums[n], old[n]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _insert(
    points: FloatArray, edge: float, keys: Int64Array, sums: FloatArray, gaussians: FloatArray, noise_m2: float
) -> int:
    """How many cubes are new."""
    touched, fresh = np.empty(len(points), dtype=np.int64), 0
    for n in range(len(points)):
        i, j, k = np.floor(points[n, 0] / edge), np.floor(points[n, 1] / edge), np.floor(points[n, 2] / edge)
        key = _key(int(i), int(j), int(k))
        slot = _slot(key, keys)
        if keys[slot] == _EMPTY:
            keys[slot], fresh = key, fresh + 1
            sums[slot], gaussians[slot] = 0.0, 0.0
        touched[n] = slot
        s = sums[slot]
        if s[0] < _MOST_POINTS:
            x, y, z = points[n, 0] - (i + 0.5) * edge, points[n, 1] - (j + 0.5) * edge, points[n, 2] - (k + 0.5) * edge
            s[0] += 1.0
            s[1], s[2], s[3] = s[1] + x, s[2] + y, s[3] + z
            s[4], s[5], s[6] = s[4] + x * x, s[5] + x * y, s[6] + x * z
            s[7], s[8], s[9] = s[7] + y * y, s[8] + y * z, s[9] + z * z
    for n in range(len(points)):
        s = sums[touched[n]]
        if s[0] >= _FEWEST_POINTS:
            i, j, k = np.floor(points[n, 0] / edge), np.floor(points[n, 1] / edge), np.floor(points[n, 2] / edge)
            g = gaussians[touched[n]]
            x, y, z = s[1] / s[0], s[2] / s[0], s[3] / s[0]
            g[0], g[1], g[2] = (i + 0.5) * edge + x, (j + 0.5) * edge + y, (k + 0.5) * edge + z
            _inverse_covariance(s, x, y, z, noise_m2, g)
    return fresh


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _inverse_covariance(s: FloatArray, x: float, y: float, z: float, noise_m2: float, g: FloatArray) -> None:
    """noise_m2 (C + noise_m2 I)^-1 to g[3:]: 1 across a thin surface, about 0 along it."""
    n = s[0]
    a, b, c = s[4] / n - x * x + noise_m2, s[5] / n - x * y, s[6] / n - x * z
    d, e, f = s[7] / n - y * y + noise_m2, s[8] / n - y * z, s[9] / n - z * z + noise_m2
    u, v, w = d * f - e * e, c * e - b * f, b * e - c * d
    scale = noise_m2 / (a * u + b * v + c * w)
    g[3], g[4], g[5] = scale * u, scale * v, scale * w
    g[6], g[7], g[8] = scale * (a * f - c * c), scale * (b * c - a * e), scale * (a * d - b * b)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _align(
    points: FloatArray,
    rotation: FloatArray,
    translation: FloatArray,
    kernel_m: float,
    rounds: int,
    edge: float,
    keys: Int64Array,
    gaussians: FloatArray,
) -> float:
    """Gauss-Newton on all six; rotation and translation are changed in place."""
    share = 0.0
    h, g = np.empty((6, 6)), np.empty(6)
    for _ in range(rounds):
        h[:], g[:] = 0.0, 0.0
        found = 0
        for n in range(len(points)):
            p = points[n]
            ax = rotation[0, 0] * p[0] + rotation[0, 1] * p[1] + rotation[0, 2] * p[2]
            ay = rotation[1, 0] * p[0] + rotation[1, 1] * p[1] + rotation[1, 2] * p[2]
            az = rotation[2, 0] * p[0] + rotation[2, 1] * p[1] + rotation[2, 2] * p[2]
            found += _pull(ax, ay, az, translation, kernel_m, edge, keys, gaussians, h, g)
        share = found / max(len(points), 1)
        for i in range(6):
            h[i, i] += 1e-6 * len(points)
            for j in range(i):
                h[i, j] = h[j, i]
        step = np.linalg.solve(h, -g)
        translation += step[:3]
        rotation[:] = _exp(step[3:]) @ rotation
        if np.abs(step[:3]).max() < 1e-4 and np.abs(step[3:]).max() < 1e-5:
            break
    return share


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _pull(
    ax: float,
    ay: float,
    az: float,
    translation: FloatArray,
    kernel_m: float,
    edge: float,
    keys: Int64Array,
    gaussians: FloatArray,
    h: FloatArray,
    g: FloatArray,
) -> int:
    """Add one point to the normal equations; 1 if its surroundings are in the map. (ax, ay, az): from the sensor."""
    x, y, z = ax + translation[0], ay + translation[1], az + translation[2]
    i, j, k = int(np.floor(x / edge)), int(np.floor(y / edge)), int(np.floor(z / edge))
    found = 0
    for side in range(7):
        di = (side == 1) - (side == 2)
        dj = (side == 3) - (side == 4)
        dk = (side == 5) - (side == 6)
        slot = _slot(_key(i + di, j + dj, k + dk), keys)
        q = gaussians[slot]
        if keys[slot] == _EMPTY or q[3] == 0.0:
            continue
        rx, ry, rz = x - q[0], y - q[1], z - q[2]
        wx, wy, wz = (
            q[3] * rx + q[4] * ry + q[5] * rz,
            q[4] * rx + q[6] * ry + q[7] * rz,
            q[5] * rx + q[7] * ry + q[8] * rz,
        )
        # Geman and McClure's weight, and less for a cube beside the point's own.
        away = rx * rx + ry * ry + rz * rz
        weight = kernel_m * kernel_m / (kernel_m * kernel_m + rx * wx + ry * wy + rz * wz)
        weight *= weight / (1.0 + (2.0 * away / (edge * edge)) ** 2)
        found = 1
        _accumulate(ax, ay, az, wx, wy, wz, q, weight, h, g)
    return found


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _accumulate(
    ax: float,
    ay: float,
    az: float,
    wx: float,
    wy: float,
    wz: float,
    q: FloatArray,
    t: float,
    h: FloatArray,
    g: FloatArray,
) -> None:
    """J = [I, -[a]x]; h += t J' W J (upper triangle), g += t J' W r."""
    a, b, c, d, e, f = t * q[3], t * q[4], t * q[5], t * q[6], t * q[7], t * q[8]
    h[0, 0] += a
    h[0, 1] += b
    h[0, 2] += c
    h[1, 1] += d
    h[1, 2] += e
    h[2, 2] += f
    # W (-[a]x), row by row: row . (0, az, -ay), (-az, 0, ax), (ay, -ax, 0) in columns
    m00, m01, m02 = c * ay - b * az, a * az - c * ax, b * ax - a * ay
    m10, m11, m12 = e * ay - d * az, b * az - e * ax, d * ax - b * ay
    m20, m21, m22 = f * ay - e * az, c * az - f * ax, e * ax - c * ay
    h[0, 3] += m00
    h[0, 4] += m01
    h[0, 5] += m02
    h[1, 3] += m10
    h[1, 4] += m11
    h[1, 5] += m12
    h[2, 3] += m20
    h[2, 4] += m21
    h[2, 5] += m22
    # (-[a]x)' = [a]x
    h[3, 3] += ay * m20 - az * m10
    h[3, 4] += ay * m21 - az * m11
    h[3, 5] += ay * m22 - az * m12
    h[4, 4] += az * m01 - ax * m21
    h[4, 5] += az * m02 - ax * m22
    h[5, 5] += ax * m12 - ay * m02
    g[0] += t * wx
    g[1] += t * wy
    g[2] += t * wz
    g[3] += t * (ay * wz - az * wy)
    g[4] += t * (az * wx - ax * wz)
    g[5] += t * (ax * wy - ay * wx)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _exp(v: FloatArray) -> Any:
    """Rotation (3, 3) of a rotation vector (3,)."""
    angle = np.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])
    k = np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])
    if angle < 1e-9:
        return np.eye(3) + k
    return np.eye(3) + np.sin(angle) / angle * k + (1.0 - np.cos(angle)) / (angle * angle) * (k @ k)
