"""From a point table to a sweep: intensities as they came, times against the sweep's timestamp."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fusion.readers.clouds.table import Column, PointTable
from fusion.samples import Float32Array, Sweep

# A sweep lasts between 5 ms and 2 s: of seconds, milli-, micro- and nanoseconds only one can be meant.
_SHORTEST_NS, _LONGEST_NS = 5e6, 2e9
_UNITS_NS = (1e9, 1e6, 1e3, 1.0)
_SAME_CLOCK_NS = 10e9


def as_sweep(table: PointTable, time_ns: int = 0) -> Sweep:
    """time_ns: the sweep's timestamp. The unit of the points' times is guessed from how long they last.

    Times that start near zero count from the timestamp, times within 10 s of it are absolute, any others count from
    the first point. Where no unit makes them a sweep every point gets the timestamp.
    """
    return Sweep(table.points_m.astype(np.float32), _intensity(table), time_offsets(table.time, len(table), time_ns))


def _intensity(table: PointTable) -> npt.NDArray[np.uint8] | Float32Array:
    """8-bit as it came, anything else as float32; zero where there is none, and where it is not finite."""
    values = table.intensity
    if values is None or values.ndim != 1:
        return np.zeros(len(table), np.uint8)
    if values.dtype == np.uint8:
        return values.copy()
    with np.errstate(over="ignore"):
        floats = values.astype(np.float32)
    return np.where(np.isfinite(floats), floats, np.float32(0))


def time_offsets(times: Column | None, count: int, time_ns: int) -> npt.NDArray[np.int32]:
    """(count,) int32 nanoseconds against time_ns; see `as_sweep`."""
    nothing = np.zeros(count, np.int32)
    if times is None or count == 0 or times.ndim != 1 or not np.all(np.isfinite(times)):
        return nothing
    first = times.min()
    with np.errstate(over="ignore", invalid="ignore"):
        since_first = (times - first).astype(np.float64)
        lasting = float(since_first.max())
        unit = next((each for each in _UNITS_NS if _SHORTEST_NS <= lasting * each <= _LONGEST_NS), None)
        if unit is None:
            return nothing
        start_ns = float(first) * unit
    if abs(start_ns) > _LONGEST_NS:
        absolute = int(first) * int(unit) + round((float(first) - int(first)) * unit) - time_ns
        start_ns = absolute if abs(absolute) <= _SAME_CLOCK_NS else 0
    limit = np.iinfo(np.int32)
    return np.asarray(np.clip(np.rint(start_ns + since_first * unit), limit.min, limit.max), dtype=np.int32)
