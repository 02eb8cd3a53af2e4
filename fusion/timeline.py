"""Sorted int64 nanosecond timelines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Int64Array = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Strictly increasing times. times_ns: (N,) int64 nanoseconds, read-only. Raises ValueError if not increasing."""

    times_ns: Int64Array

    def __post_init__(self) -> None:
        times = np.array(self.times_ns, dtype=np.int64).reshape(-1)
        if np.any(np.diff(times) <= 0):
            raise ValueError("times must increase strictly")
        times.flags.writeable = False
        object.__setattr__(self, "times_ns", times)

    def __len__(self) -> int:
        return len(self.times_ns)

    def nearest(self, time_ns: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """Index of the nearest time, the earlier one of a tie; the timeline must not be empty."""
        query = np.asarray(time_ns, dtype=np.int64)
        right = np.clip(np.searchsorted(self.times_ns, query), 1, max(len(self) - 1, 1))
        left = right - 1
        right = np.minimum(right, len(self) - 1)
        closer_right = self.times_ns[right] - query < query - self.times_ns[left]
        return np.where(closer_right, right, left)

    @property
    def period_ns(self) -> int:
        """Median interval; 0 with fewer than two times."""
        return int(np.median(np.diff(self.times_ns))) if len(self) > 1 else 0


def seconds_to_ns(seconds: npt.ArrayLike) -> Int64Array:
    """Float seconds to the nearest nanosecond without losing the digits that a float64 epoch time still has."""
    array = np.asarray(seconds, dtype=np.float64)
    whole = np.floor(array)
    return np.asarray(whole.astype(np.int64) * 1_000_000_000 + np.rint((array - whole) * 1e9).astype(np.int64))
