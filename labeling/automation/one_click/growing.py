"""Region growing: which points hang together with the one that was clicked."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from calibration.camera import BoolArray
from fusion.samples import Float32Array

_UPWARDS = 2.5
"""Beams lie farther apart than the points along one: gaps upwards may be this much larger."""


def grow(points: Float32Array, seeds: npt.NDArray[np.intp], gap_m: float) -> BoolArray:
    """(N,) the points (3, N) that can be reached from seeds (K,) by steps of at most the gap, 2.5 gaps upwards."""
    cells = np.floor((points - points.min(axis=1, keepdims=True)) / _edges(gap_m)).astype(np.int64)
    shape = cells.max(axis=1) + 1
    keys = (cells[0] * shape[1] + cells[1]) * shape[2] + cells[2]
    order = np.argsort(keys, kind="stable")
    reached = np.zeros(points.shape[1], dtype=np.bool_)
    _grow(points, cells, shape, keys[order], order, seeds.astype(np.int64), gap_m, reached)
    return reached


def _edges(gap_m: float) -> Float32Array:
    return np.array([[gap_m], [gap_m], [_UPWARDS * gap_m]], np.float32)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _grow(
    points: Float32Array, cells: Any, shape: Any, keys: Any, order: Any, seeds: Any, gap_m: float, reached: BoolArray
) -> None:
    queue = np.empty(points.shape[1], np.int64)
    last = 0
    for seed in seeds:
        if not reached[seed]:
            reached[seed] = True
            queue[last] = seed
            last += 1
    first = 0
    while first < last:
        here = queue[first]
        first += 1
        for i in range(max(cells[0, here] - 1, 0), min(cells[0, here] + 2, shape[0])):
            for j in range(max(cells[1, here] - 1, 0), min(cells[1, here] + 2, shape[1])):
                row = (i * shape[1] + j) * shape[2]
                low = np.searchsorted(keys, row + max(cells[2, here] - 1, 0))
                high = np.searchsorted(keys, row + min(cells[2, here] + 1, shape[2] - 1), side="right")
                for k in range(low, high):
                    other = order[k]
                    if not reached[other] and _near(points, here, other, gap_m):
                        reached[other] = True
                        queue[last] = other
                        last += 1


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _near(points: Float32Array, a: int, b: int, gap_m: float) -> Any:
    x, y = points[0, a] - points[0, b], points[1, a] - points[1, b]
    z = (points[2, a] - points[2, b]) / _UPWARDS
    return x * x + y * y + z * z <= gap_m * gap_m
