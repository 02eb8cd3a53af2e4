"""Numbers out of nowhere that are the same in every run: integer hashes of cells and counters."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

_X, _Y, _Z = np.uint64(73856093), np.uint64(19349663), np.uint64(83492791)
_FIRST, _SECOND = np.uint64(2246822519), np.uint64(3266489917)
_LOW = np.uint64(0xFFFFFFFF)
_S13, _S15, _S16, _S8 = np.uint64(13), np.uint64(15), np.uint64(16), np.uint64(8)


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _share(mixed: Any) -> Any:
    mixed = ((mixed ^ (mixed >> _S15)) * _FIRST) & _LOW
    mixed = ((mixed ^ (mixed >> _S13)) * _SECOND) & _LOW
    return ((mixed ^ (mixed >> _S16)) >> _S8) / 16777216.0


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def cell_noise(x: float, y: float, z: float, cell_m: float) -> Any:
    """One number in 0..1 for the cubic cell that a point lies in."""
    # The small shift keeps faces that lie exactly on a cell's border inside one cell.
    i = np.uint64(np.int64(np.floor(x / cell_m + 0.013))) & _LOW
    j = np.uint64(np.int64(np.floor(y / cell_m + 0.013))) & _LOW
    k = np.uint64(np.int64(np.floor(z / cell_m + 0.013))) & _LOW
    return _share(((i * _X) & _LOW) ^ ((j * _Y) & _LOW) ^ ((k * _Z) & _LOW))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def grain(x: float, y: float, z: float, cell_m: float, strength: float, distance_m: float) -> Any:
    """A brightness factor around 1 that differs from cell to cell, and fades with the distance to the viewer."""
    if distance_m > 60.0:
        return 1.0
    return 1.0 + strength * np.exp(-distance_m / 6.0) * (2.0 * cell_noise(x, y, z, cell_m) - 1.0)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def smooth_noise(x: float, y: float, layer: float, cell_m: float) -> Any:
    """A number in 0..1 that changes smoothly over the plane, from cell to cell."""
    u, v = x / cell_m, y / cell_m
    i, j = np.floor(u), np.floor(v)
    s, t = u - i, v - j
    s, t = s * s * (3.0 - 2.0 * s), t * t * (3.0 - 2.0 * t)
    low = (1.0 - s) * cell_noise(i, j, layer, 1.0) + s * cell_noise(i + 1.0, j, layer, 1.0)
    high = (1.0 - s) * cell_noise(i, j + 1.0, layer, 1.0) + s * cell_noise(i + 1.0, j + 1.0, layer, 1.0)
    return (1.0 - t) * low + t * high
