"""Numbers that change smoothly over time, with their integral in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.quaternion import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Values at seconds of the scenario. Between two of them a cubic smoothstep, outside the first and last value.

    times_s: (K,) increasing; values: (K,). Raises ValueError if the times do not increase.
    """

    times_s: FloatArray
    values: FloatArray

    def __post_init__(self) -> None:
        if len(self.times_s) == 0 or np.any(np.diff(self.times_s) <= 0):
            raise ValueError("the times of a profile must increase")

    @staticmethod
    def of(value: float | Sequence[tuple[float, float]]) -> Profile:
        """From a constant, or from (second, value) pairs; no pairs at all are the constant 0."""
        pairs = [(0.0, float(value))] if isinstance(value, int | float) else list(value) or [(0.0, 0.0)]
        times, values = zip(*pairs, strict=True)
        return Profile(np.array(times, dtype=np.float64), np.array(values, dtype=np.float64))

    @property
    def is_constant(self) -> bool:
        """Whether it never changes."""
        return bool(np.all(self.values == self.values[0]))

    @property
    def is_zero(self) -> bool:
        """Whether it is 0 at all times."""
        return bool(np.all(self.values == 0.0))

    def at(self, time_s: FloatArray) -> FloatArray:
        """Values (...,) at seconds (...,)."""
        if len(self.times_s) == 1:
            return np.full(np.shape(time_s), self.values[0])
        piece, u = self._pieces(time_s)
        before, after = self.values[piece], self.values[piece + 1]
        return np.asarray(before + (after - before) * u * u * (3.0 - 2.0 * u))

    def integral(self, time_s: FloatArray) -> FloatArray:
        """Integral (...,) from second 0 to seconds (...,)."""
        return np.asarray(self._since_first(np.asarray(time_s)) - self._since_first(np.zeros(())))

    def _since_first(self, time_s: FloatArray) -> FloatArray:
        """Integral from the first time on; before it, negative."""
        outside = np.minimum(time_s - self.times_s[0], 0.0) * self.values[0]
        outside = outside + np.maximum(time_s - self.times_s[-1], 0.0) * self.values[-1]
        if len(self.times_s) == 1:
            return np.asarray(outside)
        durations = np.diff(self.times_s)
        whole = np.concatenate([[0.0], np.cumsum(durations * 0.5 * (self.values[:-1] + self.values[1:]))])
        piece, u = self._pieces(time_s)
        before, after = self.values[piece], self.values[piece + 1]
        part = durations[piece] * (before * u + (after - before) * (u**3 - 0.5 * u**4))
        return np.asarray(outside + whole[piece] + part)

    def _pieces(self, time_s: FloatArray) -> tuple[np.ndarray, FloatArray]:
        """Index of the piece (...,) and how far it has gone, 0 to 1."""
        piece = np.clip(np.searchsorted(self.times_s, time_s, side="right") - 1, 0, len(self.times_s) - 2)
        duration = self.times_s[piece + 1] - self.times_s[piece]
        return piece, np.clip((time_s - self.times_s[piece]) / duration, 0.0, 1.0)
