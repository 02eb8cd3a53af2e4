"""How many points lie in each cuboid."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray


def count_interior_points(
    points: npt.NDArray[np.floating], frame_from_object: RigidTransform, sizes_m: npt.ArrayLike
) -> npt.NDArray[np.int64]:
    """(B,) counts of points (N, 3) inside or on cuboids: poses a batch (B,), sizes (B, 3); all in one frame, metres."""
    sizes = np.ascontiguousarray(sizes_m, dtype=np.float64)
    counts = np.zeros(len(sizes), dtype=np.int64)
    if len(points) and len(sizes):
        columns = np.ascontiguousarray(np.asarray(points, dtype=np.float64).T)
        order = np.argsort(columns[0], kind="stable")
        _count(columns[:, order], frame_from_object.matrix, sizes, counts)
    return counts


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _count(columns: FloatArray, poses: FloatArray, sizes: FloatArray, counts: npt.NDArray[np.int64]) -> None:
    """Points are sorted by x, so that a cuboid looks only at those within its reach."""
    for b in range(sizes.shape[0]):
        m, hx, hy, hz = poses[b], 0.5 * sizes[b, 0], 0.5 * sizes[b, 1], 0.5 * sizes[b, 2]
        reach = abs(m[0, 0]) * hx + abs(m[0, 1]) * hy + abs(m[0, 2]) * hz
        first = np.searchsorted(columns[0], m[0, 3] - reach)
        last = np.searchsorted(columns[0], m[0, 3] + reach, side="right")
        for i in range(first, last):
            x, y, z = columns[0, i] - m[0, 3], columns[1, i] - m[1, 3], columns[2, i] - m[2, 3]
            if (
                abs(m[0, 0] * x + m[1, 0] * y + m[2, 0] * z) <= hx
                and abs(m[0, 1] * x + m[1, 1] * y + m[2, 1] * z) <= hy
                and abs(m[0, 2] * x + m[1, 2] * y + m[2, 2] * z) <= hz
            ):
                counts[b] += 1
