"""When a sensor fires, and what time it claims."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fusion.scenario.language.sensors import Clock
from fusion.scenario.world import START_NS, seconds_since_start
from fusion.timeline import Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class Firings:
    """N samples of a sensor. true_ns, recorded_ns: (N,) int64; delivered: (N,) whether it arrived."""

    true_ns: Int64Array
    recorded_ns: Int64Array
    delivered: npt.NDArray[np.bool_]


def firings(clock: Clock, duration_s: float, rng: np.random.Generator) -> Firings:
    """All firings within the scenario; the first is one period (and the phase) after its second 0."""
    period_ns = 1e9 / clock.rate_hz
    count = max(1, round(duration_s * clock.rate_hz))
    nominal_ns = period_ns * np.arange(1, count + 1) + clock.phase_ms * 1e6
    # A jitter beyond a third of the period would let samples overtake each other.
    fired_ns = nominal_ns + np.clip(clock.jitter_ms * 1e6 * rng.standard_normal(count), -period_ns / 3, period_ns / 3)
    true_ns = START_NS + np.rint(fired_ns).astype(np.int64)
    recorded_ns = _increasing(true_ns + _error_ns(clock, true_ns, rng))
    delivered = rng.random(count) >= clock.drop
    seconds = seconds_since_start(true_ns)
    for from_s, to_s in clock.outages_s:
        delivered &= (seconds < from_s) | (seconds > to_s)
    return Firings(true_ns, recorded_ns, delivered)


def _error_ns(clock: Clock, true_ns: Int64Array, rng: np.random.Generator) -> Int64Array:
    """(N,) claimed minus true time."""
    seconds = seconds_since_start(true_ns)
    error_ms = clock.offset_ms + clock.drift_ppm * 1e-3 * seconds
    error_ms = error_ms + clock.stamp_jitter_ms * rng.standard_normal(len(true_ns))
    for from_s, by_ms in clock.jumps_ms:
        error_ms = error_ms + np.where(seconds >= from_s, by_ms, 0.0)
    return np.rint(error_ms * 1e6).astype(np.int64)


def _increasing(times_ns: Int64Array) -> Int64Array:
    """The times, each at least a microsecond after the one before: a recording's streams increase."""
    order = np.arange(len(times_ns), dtype=np.int64) * 1_000
    return np.asarray(np.maximum.accumulate(times_ns - order) + order)
