"""Pairs of neighbouring LiDAR returns, by what changes from one to the other.

Where the range jumps, one thing hides another, and a photo most likely changes there too; where the intensity jumps,
so does often the brightness. Which way, and whether at all, the alignment learns from the data: a pair only says of
which kind it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from scipy.stats import rankdata

from calibration.quaternion import FloatArray

CLASSES: Final = 7
"""The second one is farther; nearer; else five steps of intensity, from much darker to much brighter."""
_NEIGHBOURS = 12
_WIDEST_RAD = np.deg2rad(1.2)
_JUMP_SHARE, _JUMP_M = 0.05, 0.3
_STEPS = (-0.25, -0.08, 0.08, 0.25)
"""Of the rank of the intensity, 0 to 1."""
_NEAREST_M = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """points_m: (N, 2, 3) float64 in the LiDAR's frame, the second beside or above the first, both at the nearer one's
    range where the range jumps. classes: (N,) int64. photos: (N,) int64, in which photo to look."""

    points_m: FloatArray
    classes: npt.NDArray[np.int64]
    photos: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.classes)

    def taking(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Pairs:
        """Those of a mask or of indices."""
        return Pairs(self.points_m[rows], self.classes[rows], self.photos[rows])


def pairs_of(points_m: npt.ArrayLike, intensities: npt.ArrayLike, photo: int = 0) -> Pairs:
    """Each return (N, 3) with its nearest to the left and its nearest above, as the LiDAR sees them."""
    points = np.asarray(points_m, dtype=np.float64)
    ranges = np.linalg.norm(points, axis=1)
    kept = np.isfinite(ranges) & (ranges > _NEAREST_M)
    points, ranges = points[kept], ranges[kept]
    if len(points) < _NEIGHBOURS:
        return Pairs(np.empty((0, 2, 3)), np.empty(0, np.int64), np.empty(0, np.int64))
    ranks = rankdata(np.asarray(intensities, dtype=np.float64)[kept]) / len(points)
    azimuth = np.arctan2(points[:, 1], points[:, 0])
    elevation = np.arcsin(points[:, 2] / ranges)
    angles = np.column_stack([azimuth * np.cos(elevation), elevation])
    asked = cKDTree(angles).query(angles, k=_NEIGHBOURS, distance_upper_bound=_WIDEST_RAD)
    near, others = np.asarray(asked[0]), np.asarray(asked[1], dtype=np.int64)
    found = []
    for axis in (0, 1):
        first, second = _nearest_along(angles, near, others, axis)
        found.append(_made(points, ranges, ranks, first, second, photo))
    return joined(found)


def _nearest_along(
    angles: FloatArray, near: FloatArray, others: npt.NDArray[np.int64], axis: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The nearest neighbour that lies in the quarter around the axis."""
    padded = np.vstack([angles, np.full(2, np.nan)])
    offsets = padded[np.minimum(others, len(angles))] - angles[:, None]
    along, across = offsets[..., axis], np.abs(offsets[..., 1 - axis])
    with np.errstate(invalid="ignore"):
        fits = (along > 1e-5) & (across < along) & np.isfinite(near)
    column = np.argmax(fits, axis=1)  # neighbours come in order of distance
    first = np.flatnonzero(fits.any(axis=1))
    return first, others[first, column[first]]


def _made(
    points: FloatArray,
    ranges: FloatArray,
    ranks: FloatArray,
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
    photo: int,
) -> Pairs:
    one, two = ranges[first], ranges[second]
    nearer = np.minimum(one, two)
    gap = np.abs(two - one)
    jumps = gap > _JUMP_M + _JUMP_SHARE * nearer
    classes = 2 + np.searchsorted(_STEPS, ranks[second] - ranks[first])
    classes[jumps] = np.where(two[jumps] > one[jumps], 0, 1)
    pairs = np.stack([points[first], points[second]], axis=1)
    scale = np.where(jumps[:, None], nearer[:, None] / np.column_stack([one, two]), 1.0)
    return Pairs(pairs * scale[..., None], classes.astype(np.int64), np.full(len(first), photo, np.int64))


def joined(parts: list[Pairs]) -> Pairs:
    """All together."""
    return Pairs(
        np.concatenate([each.points_m for each in parts]),
        np.concatenate([each.classes for each in parts]),
        np.concatenate([each.photos for each in parts]),
    )
