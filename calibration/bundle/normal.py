"""Normal equations of a rig and its boards: a board's six numbers meet only its own observations.

So they are small blocks, which are eliminated (Schur's complement; B. Triggs et al., "Bundle adjustment - a modern
synthesis", 2000), and the sensors' numbers are solved alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray

_Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Normal:
    """of_sensors: (S, S), right (S,); of_boards: (K, 6, 6), right (K, 6); mixed: (K, 6, S)."""

    of_sensors: FloatArray
    right_sensors: FloatArray
    of_boards: FloatArray
    right_boards: FloatArray
    mixed: FloatArray

    @staticmethod
    def empty(sensors: int, boards: int) -> Normal:
        """All zero."""
        return Normal(
            np.zeros((sensors, sensors)),
            np.zeros(sensors),
            np.zeros((boards, 6, 6)),
            np.zeros((boards, 6)),
            np.zeros((boards, 6, sensors)),
        )

    def add(
        self,
        residuals: FloatArray,
        weights: FloatArray,
        columns: _Indices,
        by_sensors: FloatArray,
        boards: _Indices | None = None,
        by_boards: FloatArray | None = None,
    ) -> None:
        """Residuals (N, R), each with a weight (N,), and how they grow: (N, R, C) with the sensors' numbers in
        `columns` (C,), and (N, R, 6) with those of their boards (N,)."""
        kept = columns >= 0
        own, slopes = columns[kept], np.ascontiguousarray(by_sensors[:, :, kept])
        _add_sensors(residuals, weights, own, slopes, self.of_sensors, self.right_sensors)
        if boards is not None and by_boards is not None:
            _add_boards(
                residuals, weights, own, slopes, boards, by_boards, self.of_boards, self.right_boards, self.mixed
            )

    def step(self, damping: float) -> tuple[FloatArray, FloatArray]:
        """Of the sensors (S,) and of the boards (K, 6)."""
        inverse = np.linalg.inv(_damped(self.of_boards, damping))
        back = inverse @ self.mixed
        reduced = _damped(self.of_sensors, damping) - _folded(self.mixed, back)
        right = self.right_sensors - np.einsum("kis,ki->s", back, self.right_boards)
        sensors = np.linalg.solve(reduced, right)
        boards = np.einsum("kij,kj->ki", inverse, self.right_boards) - back @ sensors
        return sensors, boards

    def information(self) -> FloatArray:
        """(S, S) of the sensors, the boards being unknown."""
        back = np.linalg.inv(_damped(self.of_boards, 1e-12)) @ self.mixed
        return np.asarray(self.of_sensors - _folded(self.mixed, back))


def _folded(mixed: FloatArray, back: FloatArray) -> FloatArray:
    sensors = mixed.shape[2]
    return np.asarray(mixed.reshape(-1, sensors).T @ back.reshape(-1, sensors))


def _damped(blocks: FloatArray, damping: float) -> FloatArray:
    """Marquardt's: each number by its own measure."""
    diagonal = np.einsum("...ii->...i", blocks)
    return np.asarray(blocks + (damping * diagonal + 1e-12)[..., None] * np.eye(blocks.shape[-1]))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _add_sensors(
    residuals: FloatArray,
    weights: FloatArray,
    columns: _Indices,
    by_sensors: FloatArray,
    of_sensors: FloatArray,
    right_sensors: FloatArray,
) -> None:
    """A loop of our own: for so narrow matrices the threads of BLAS cost more than the sums."""
    count = len(columns)
    own, right = np.zeros((count, count)), np.zeros(count)
    for n in range(residuals.shape[0]):
        for r in range(residuals.shape[1]):
            for i in range(count):
                slope = weights[n] * by_sensors[n, r, i]
                right[i] += slope * residuals[n, r]
                for j in range(i + 1):
                    own[i, j] += slope * by_sensors[n, r, j]
    for i in range(count):
        right_sensors[columns[i]] -= right[i]
        for j in range(count):
            of_sensors[columns[i], columns[j]] += own[max(i, j), min(i, j)]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _add_boards(
    residuals: FloatArray,
    weights: FloatArray,
    columns: _Indices,
    by_sensors: FloatArray,
    boards: _Indices,
    by_boards: FloatArray,
    of_boards: FloatArray,
    right_boards: FloatArray,
    mixed: FloatArray,
) -> None:
    for n in range(residuals.shape[0]):
        k, weight = boards[n], weights[n]
        for r in range(residuals.shape[1]):
            for i in range(6):
                slope = weight * by_boards[n, r, i]
                right_boards[k, i] -= slope * residuals[n, r]
                for j in range(6):
                    of_boards[k, i, j] += slope * by_boards[n, r, j]
                for c in range(len(columns)):
                    mixed[k, i, columns[c]] += slope * by_sensors[n, r, c]
