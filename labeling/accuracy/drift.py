"""Whether a person, or the labels of a class, get better or worse with time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import kendalltau, theilslopes

_FEWEST = 4
_SURE = 0.05
_DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Trend:
    """slope_per_day: median slope of the scores (Theil-Sen), and within which it lies 95 times in 100. p: how often
    scores without a trend would look so ordered (Mann-Kendall). drifts: p is below 0.05. None: fewer than 4 scores."""

    count: int
    mean: float
    latest: float
    slope_per_day: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    drifts: bool = False

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def trend(at_ns: Sequence[int], scores: Sequence[float]) -> Trend:
    """Of scores, at least one, each at a time in int64 ns. Raises ValueError without any."""
    if not scores:
        raise ValueError("there are no scores")
    order = np.argsort(np.asarray(at_ns, np.int64), kind="stable")
    times, values = np.asarray(at_ns, np.int64)[order], np.asarray(scores, float)[order]
    few = Trend(len(values), float(values.mean()), float(values[-1]))
    days = (times - times[0]) / _DAY_NS
    if len(values) < _FEWEST or days[-1] == 0.0 or np.ptp(values) == 0.0:
        return few
    slope = theilslopes(values, days)
    p = float(kendalltau(days, values).pvalue)
    return Trend(few.count, few.mean, few.latest, float(slope[0]), float(slope[2]), float(slope[3]), p, p < _SURE)
