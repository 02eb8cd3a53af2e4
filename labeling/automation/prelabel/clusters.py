"""What stands on the ground of a frame, group by group."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from labeling.automation.one_click.sight import FrameSight

_VOXEL_M = 0.1
_LOWEST_M, _HIGHEST_M = 0.3, 2.2
_FARTHEST_M = 90.0
_NEAR_GAP_M, _GAP_PER_M, _UPWARDS = 0.2, 0.008, 2.5
"""As in the growth of a click: 0.45 degrees, more upwards."""


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """points: (3, N) float32 in the world, one a voxel of 10 cm, 0.3 to 2.2 m above the ground. seed: (3,) the one in
    its middle."""

    points: Float32Array
    seed: FloatArray

    def __len__(self) -> int:
        return int(self.points.shape[1])

    @property
    def span_m(self) -> float:
        """How far it reaches, seen from above."""
        return float(np.hypot(*np.ptp(self.points[:2], axis=1)))


def clusters(
    sight: FrameSight, *, fewest: int = 12, longest_m: float = 25.0, farthest_m: float = _FARTHEST_M
) -> list[Cluster]:
    """Groups of a frame with enough voxels, that are not longer than any vehicle; the largest first."""
    if not len(sight) or sight.ground is None:
        return []
    points, ranges = _standing(sight, farthest_m)
    labels = _components(points, (_NEAR_GAP_M + _GAP_PER_M * ranges).astype(np.float32))
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(labels.max(initial=-1) + 2))
    groups = [points[:, order[a:b]] for a, b in pairwise(starts) if b - a >= fewest]
    found = [Cluster(each, _middle(each)) for each in groups]
    return sorted((each for each in found if each.span_m <= longest_m), key=len, reverse=True)


def _middle(points: Float32Array) -> FloatArray:
    median = np.median(points, axis=1, keepdims=True)
    return points[:, int(np.argmin(np.sum((points - median) ** 2, axis=0)))].astype(np.float64)


def _standing(sight: FrameSight, farthest_m: float) -> tuple[Float32Array, FloatArray]:
    """(3, N) points of things, thinned, and how far they are from the LiDAR."""
    assert sight.ground is not None
    heights = sight.points[2] - sight.ground.height_at(sight.points.T)
    ranges = np.hypot(*(sight.points[:2] - sight.eyes[:2]))
    kept = np.flatnonzero((heights > _LOWEST_M) & (heights < _HIGHEST_M) & (ranges < farthest_m))
    voxels = np.floor(sight.points[:, kept] / _VOXEL_M).astype(np.int64)
    keys = (voxels[0] << 42) ^ ((voxels[1] & 0x1FFFFF) << 21) ^ (voxels[2] & 0x1FFFFF)
    kept = kept[np.unique(keys, return_index=True)[1]]
    return sight.points[:, kept], ranges[kept]


def _components(points: Float32Array, gaps: Float32Array) -> npt.NDArray[np.int64]:
    """(N,) number of the group of each point."""
    labels = np.full(points.shape[1], -1, np.int64)
    if len(labels):
        edge = np.array([[gaps.max()], [gaps.max()], [_UPWARDS * gaps.max()]], np.float32)
        cells = np.floor((points - points.min(axis=1, keepdims=True)) / edge).astype(np.int64)
        shape = cells.max(axis=1) + 1
        keys = (cells[0] * shape[1] + cells[1]) * shape[2] + cells[2]
        order = np.argsort(keys, kind="stable")
        _label(points, gaps, cells, shape, keys[order], order, labels)
    return labels


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _label(points: Float32Array, gaps: Any, cells: Any, shape: Any, keys: Any, order: Any, labels: Any) -> None:
    queue = np.empty(len(labels), np.int64)
    group = 0
    for start in range(len(labels)):
        if labels[start] >= 0:
            continue
        labels[start] = group
        queue[0], first, last = start, 0, 1
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
                        if labels[other] < 0 and _near(points, here, other, gaps[here]):
                            labels[other] = group
                            queue[last] = other
                            last += 1
        group += 1


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _near(points: Float32Array, a: int, b: int, gap_m: float) -> Any:
    x, y = points[0, a] - points[0, b], points[1, a] - points[1, b]
    z = (points[2, a] - points[2, b]) / _UPWARDS
    return x * x + y * y + z * z <= gap_m * gap_m
