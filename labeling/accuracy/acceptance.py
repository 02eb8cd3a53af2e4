"""What a sample says about all: error rates with intervals, and the sample that it takes to accept or refuse a lot."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from scipy.stats import beta, binom

_LARGEST_SAMPLE = 20_000


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """defects of inspected; the rate, and between which values it lies with the confidence (Clopper and Pearson,
    "The use of confidence or fiducial limits", Biometrika 1934: never too narrow)."""

    inspected: int
    defects: int
    rate: float
    low: float
    high: float
    confidence: float

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def error_rate(defects: int, inspected: int, confidence: float = 0.95) -> ErrorRate:
    """Of a random sample. Nothing inspected: anything is possible. Raises ValueError for more defects than items."""
    if not 0 <= defects <= inspected:
        raise ValueError(f"{defects} defects in {inspected} items")
    tail = 0.5 * (1.0 - confidence)
    low = float(beta.ppf(tail, defects, inspected - defects + 1)) if defects else 0.0
    high = float(beta.ppf(1.0 - tail, defects + 1, inspected - defects)) if defects < inspected else 1.0
    return ErrorRate(inspected, defects, defects / inspected if inspected else 0.0, low, high, confidence)


@dataclass(frozen=True, slots=True)
class AcceptancePlan:
    """Inspect so many at random; accept the lot with up to so many defects."""

    inspect: int
    accept_up_to: int

    def accepts(self, defects: int) -> bool:
        """The verdict."""
        return defects <= self.accept_up_to


def acceptance_plan(
    good: float, bad: float, *, producer_risk: float = 0.05, consumer_risk: float = 0.1
) -> AcceptancePlan:
    """The smallest single sampling plan (ISO 2859 calls it that; binomial, so for lots much larger than the sample).

    good: an error rate that is refused at most `producer_risk` of the time; bad: one that is accepted at most
    `consumer_risk` of the time. Raises ValueError if no sample of up to 20,000 does it.
    """
    if not 0.0 <= good < bad <= 1.0:
        raise ValueError(f"an error rate of {good:g} is not better than one of {bad:g}")
    limit, inspect = 0, 1
    while inspect <= _LARGEST_SAMPLE:
        if binom.cdf(limit, inspect, bad) > consumer_risk:
            inspect += 1
        elif binom.cdf(limit, inspect, good) < 1.0 - producer_risk:
            limit += 1
        else:
            return AcceptancePlan(inspect, limit)
    raise ValueError(f"no sample of up to {_LARGEST_SAMPLE} tells {good:g} from {bad:g}")
