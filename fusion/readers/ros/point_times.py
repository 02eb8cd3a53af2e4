"""What a cloud's time field means. Drivers agree on neither name, unit nor origin, so the values have to tell.

Velodyne sends float32 seconds since the stamp, Ouster uint32 nanoseconds, Livox both, Hesai and RoboSense float64
seconds of the day's clock. A sweep lasts about as long as the next one takes to come: that gives the unit. Values that
advance from sweep to sweep as the stamps do are a clock, values that begin anew are offsets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from fusion.timeline import seconds_to_ns

_UNITS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_SUFFIXES = {"_sec": "s", "_s": "s", "_ms": "ms", "_us": "us", "_ns": "ns", "_nsec": "ns"}
_PLAIN = ("t", "time", "timestamp", "time_offset", "offset_time", "time_stamp", "stamp", "point_time", "timeoffset")
TIME_NAMES = (*(plain + suffix for plain in _PLAIN for suffix in _SUFFIXES), *_PLAIN)
_USUAL_PERIOD_NS = 100_000_000
_LONGEST_PERIODS = 1.6
_SAME_CLOCK_NS = 2_000_000_000
_LIMITS = np.iinfo(np.int32)


class Origin(StrEnum):
    """What a time of zero is."""

    STAMP = "the sweep's stamp"
    CLOCK = "the clock of the stamps"
    OTHER_CLOCK = "another clock"  # only differences are of use: the first point is taken to be the stamp


@dataclass(frozen=True, slots=True)
class PointClock:
    """How to read a time field. unit: s, ms, us or ns."""

    field: str
    unit: str
    origin: Origin

    def offsets_ns(self, values: npt.NDArray[Any], stamp_ns: int) -> npt.NDArray[np.int32]:
        """(N,) int32: each point's time minus the sweep's; what is no number, or further than 2 s, is cut to that."""
        times = self._nanoseconds(values)
        if self.origin is Origin.CLOCK:
            times = times - stamp_ns
        elif self.origin is Origin.OTHER_CLOCK and len(times):
            times = times - times.min()
        return np.clip(times, _LIMITS.min, _LIMITS.max).astype(np.int32)

    def _nanoseconds(self, values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        scale = _UNITS[self.unit]
        if values.dtype.kind in "iu":
            return values.astype(np.int64) * scale
        finite = np.where(np.isfinite(values), values, 0).astype(np.float64)
        if self.unit == "s":
            return seconds_to_ns(np.clip(finite, -9e9, 9e9))
        return np.rint(np.clip(finite * scale, -9e18, 9e18)).astype(np.int64)


def understand(field: str, sweeps: list[npt.NDArray[Any]], stamps_ns: list[int], period_ns: int) -> PointClock | None:
    """What a field means, from a few sweeps' values and stamps; None if all points of a sweep have one time."""
    pairs = [(_finite(each), stamp) for each, stamp in zip(sweeps, stamps_ns, strict=True)]
    pairs = [(values, stamp) for values, stamp in pairs if len(values)]
    spans = [float(values.max() - values.min()) for values, _ in pairs]
    if not pairs or max(spans) <= 0.0:
        return None
    unit = _said_unit(field) or _fitting_unit(float(np.median(spans)), period_ns or _USUAL_PERIOD_NS)
    middles = np.array([(values.min() + values.max()) / 2 for values, _ in pairs]) * _UNITS[unit]
    stamps = np.array([stamp for _, stamp in pairs], dtype=np.float64)
    return PointClock(field, unit, _origin(middles, stamps))


def _finite(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    array = values.astype(np.float64)
    return np.asarray(array[np.isfinite(array)])


def _said_unit(field: str) -> str | None:
    return next((unit for suffix, unit in _SUFFIXES.items() if field.endswith(suffix)), None)


def _fitting_unit(span: float, period_ns: int) -> str:
    """The unit in which a sweep lasts most nearly a period, but not much longer."""
    lasts = {unit: span * scale / period_ns for unit, scale in _UNITS.items()}
    possible = {unit: ratio for unit, ratio in lasts.items() if ratio <= _LONGEST_PERIODS} or lasts
    return min(possible, key=lambda unit: abs(np.log(possible[unit])))


def _origin(middles_ns: npt.NDArray[np.float64], stamps_ns: npt.NDArray[np.float64]) -> Origin:
    against_stamp = middles_ns - stamps_ns
    if len(stamps_ns) > 1 and np.ptp(stamps_ns) > 0:
        is_clock = np.ptp(against_stamp) < np.ptp(middles_ns)
    else:
        is_clock = abs(middles_ns[0]) > _SAME_CLOCK_NS
    if not is_clock:
        return Origin.STAMP
    return Origin.CLOCK if np.abs(against_stamp).max() < _SAME_CLOCK_NS else Origin.OTHER_CLOCK
