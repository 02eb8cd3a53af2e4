"""Places that are explained already: by a thing that stands there, or because nothing there is a road user."""

from __future__ import annotations

import numpy as np

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from labeling.cuboid import Cuboid

_CELL_M = 0.25
_SPREAD = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))


class Claims:
    """Cells of 25 cm of the world, seen from above."""

    def __init__(self) -> None:
        self._cells: set[int] = set()

    def share(self, points: Float32Array) -> float:
        """How much, 0 to 1, of the cells of points (3, N) is claimed."""
        keys = _keys(points[:2].T)
        return sum(key in self._cells for key in keys) / max(len(keys), 1)

    def claim_points(self, points: Float32Array) -> None:
        """The cells of points (3, N) and those beside them."""
        for x, y in _SPREAD:
            self._cells.update(_keys(points[:2].T + _CELL_M * np.array([x, y])))

    def claim_cuboid(self, cuboid: Cuboid, *, margin_m: float = 0.2) -> None:
        """The footprint of a cuboid."""
        half = 0.5 * np.asarray(cuboid.size_m[:2]) + margin_m
        steps = [np.arange(-each, each + 0.5 * _CELL_M, 0.5 * _CELL_M) for each in half]
        grid = np.stack(np.meshgrid(*steps), axis=-1).reshape(-1, 2)
        local = np.column_stack([grid, np.zeros(len(grid))])
        self._cells.update(_keys(cuboid.world_from_object.apply(local)[:, :2]))


def _keys(places: FloatArray | Float32Array) -> list[int]:
    cells = np.unique(np.floor(np.asarray(places, dtype=np.float64) / _CELL_M).astype(np.int64), axis=0)
    keys: list[int] = (cells[:, 0] * (1 << 31) + cells[:, 1]).tolist()
    return keys
