"""Times of a stream out of stamps and log times, so that they increase strictly; what was mended is said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fusion.timeline import Int64Array

_JITTER_NS = 1_000_000_000  # messages may overtake one another by this; a longer step back is a clock set back
_OTHER_CLOCK_NS = 60_000_000_000
_SAME_CLOCK_NS = 10_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class CleanTimes:
    """times_ns: (N,) strictly increasing. chosen: (N,) which of the messages they belong to. notes: what was mended."""

    times_ns: Int64Array
    chosen: Int64Array
    notes: tuple[str, ...]


def clean_times(stamps_ns: Int64Array, log_ns: Int64Array) -> CleanTimes:
    """Stamps where there are any, else log times; sorted where they only overtook one another, dropped where not."""
    notes = []
    unset = stamps_ns == 0
    times = np.where(unset, log_ns, stamps_ns)
    if unset.any():
        notes.append(f"{int(unset.sum())} of {len(times)} stamps are zero: the log's times are taken")
    order = np.arange(len(times))
    backward = np.diff(times) < 0
    if backward.any() and np.diff(times).min() > -_JITTER_NS:
        order = np.argsort(times, kind="stable")
        notes.append(f"{int(backward.sum())} messages overtook another: sorted by stamp")
    ahead = np.maximum.accumulate(times[order])
    increasing = np.concatenate([[True], times[order][1:] > ahead[:-1]])
    dropped = int((~increasing).sum())
    if dropped:
        equal = int((times[order][1:] == ahead[:-1]).sum())
        notes.append(f"{dropped} messages left out: {equal} with a stamp twice, {dropped - equal} with one set back")
    chosen = order[increasing].astype(np.int64)
    return CleanTimes(times[chosen].astype(np.int64), chosen, tuple(notes))


def foreign_clocks(offsets_ns: dict[str, int]) -> dict[str, int]:
    """Streams whose stamps are of another clock than the others', and what brings them to the log's.

    offsets_ns: for each stream the median of log time minus stamp. Where all are far from the log (a log that was
    written anew years later) the stamps stay as they are.
    """
    if not any(abs(offset) < _SAME_CLOCK_NS for offset in offsets_ns.values()):
        return {}
    return {name: offset for name, offset in offsets_ns.items() if abs(offset) > _OTHER_CLOCK_NS}
