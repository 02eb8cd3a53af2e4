"""How late one clock is against another, from two sensors that sit on one body: they turn alike at the same moment.

For every offset the turns of both are compared as vectors, whatever the rotation between the sensors: the largest
correlation over all rotations is the sum of the singular values of their 3x3 covariance (W. Kabsch, 1976). The offset
is then refined below a sample, together with that rotation and a gyroscope's bias. Its uncertainty does not take for
granted that the noise is white (W. Newey, K. West, 1987): the noise of poses, once differentiated, is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import minimize_scalar

from calibration import quaternion
from calibration.errors import CalibrationError
from calibration.motion import Turning
from calibration.quaternion import FloatArray

_FEWEST = 20  # intervals in which both are known
_LEAST_STEP_S = 0.02
_MOST_INTERVALS = 3000
_GAP = 3.0  # periods, beyond which an interval says nothing
_HUBER = 2.5
_SURE_NATS = 8.0  # log likelihood by which the second best must be worse: 4 sigma
_LEAST_CORRELATION = 0.3
_LAGS = 8
_GOLDEN = 0.618034


@dataclass(frozen=True, slots=True, eq=False)
class TimeOffset:
    """offset_ns: what a time of b must be given to be one of a: t_a = t_b + offset. sigma_ns: standard deviation.

    a_from_b: (4,) w x y z, how b is turned on the body; where all turns are about one axis, it is one of many.
    correlation: 1 for two that turn exactly alike. tried_ns, correlations: (K,) the search. runner_up_ns: the next best
    offset beside the peak, None where there is none; intervals: how many were compared.
    """

    offset_ns: float
    sigma_ns: float
    a_from_b: FloatArray
    correlation: float
    tried_ns: FloatArray
    correlations: FloatArray
    runner_up_ns: float | None
    intervals: int


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """The slower one, cut into intervals, and a curve through the faster: its seconds count from start_ns."""

    edges_s: FloatArray
    rates: FloatArray
    curve: CubicSpline
    end_s: float

    def rates_at(self, offset_s: float) -> tuple[FloatArray, FloatArray]:
        """(N, 3) mean rates of the faster one over the same intervals, its clock put right; (N,) 1 where known."""
        edges = self.edges_s - offset_s
        known = (edges[:, 0] >= 0.0) & (edges[:, 1] <= self.end_s)
        span = np.clip(edges, 0.0, self.end_s)
        rates = (self.curve(span[:, 1]) - self.curve(span[:, 0])) / (self.edges_s[:, 1] - self.edges_s[:, 0])[:, None]
        return rates, known.astype(np.float64)


def time_offset(a: Turning, b: Turning, *, most_ns: float = 2e9) -> TimeOffset:
    """The offset between two clocks, searched up to `most_ns` to both sides.

    Raises CalibrationError where the two hardly overlap, hardly turn, do not turn alike, repeat themselves so that two
    offsets fit, or where the best offset lies at the end of the search.
    """
    slow, fast, sign = (a, b, 1.0) if a.period_ns >= b.period_ns else (b, a, -1.0)
    pair = _pair(slow, fast)
    step_s = 1e-9 * min(max(0.5 * fast.period_ns, 1e6), 20e6)
    most_s = most_ns * 1e-9
    tried = np.arange(-most_s, most_s + 0.5 * step_s, step_s)
    thin = _thinned(pair)
    scores = np.array([_correlation(thin, each)[0] for each in tried])
    best = int(np.nanargmax(np.where(np.isfinite(scores), scores, -1.0)))
    _check_peak(scores, best, most_s)
    weights = np.ones(len(pair.rates))
    offset = float(tried[best])
    for _ in range(4):
        offset = _refined(pair, offset, step_s, weights)
        weights = _weights(pair, offset)
    correlation, rotation, count = _correlation(pair, offset, weights)
    runner_up = _runner_up(sign * tried, scores, best, _independent(thin, count * len(thin.rates) / len(pair.rates)))
    found = quaternion.from_matrix(rotation if sign > 0 else rotation.T)
    return TimeOffset(
        offset_ns=sign * offset * 1e9,
        sigma_ns=_sigma_s(pair, offset, rotation, weights) * 1e9,
        a_from_b=found,
        correlation=correlation,
        tried_ns=sign * tried * 1e9,
        correlations=scores,
        runner_up_ns=None if runner_up is None else runner_up * 1e9,
        intervals=int(count),
    )


def _pair(slow: Turning, fast: Turning) -> _Pair:
    """Intervals as long as the slower stream's, long enough to tell a turn from noise, none across a gap.

    They do not begin at its samples, but all through its periods and the other's: what is read between samples is
    smoother than at them, and would draw the offset to where all is read between.
    """
    start_ns = int(fast.times_ns[0])
    own, other = (fast.times_ns - start_ns) * 1e-9, (slow.times_ns - start_ns) * 1e-9
    period = np.median(np.diff(other))
    length = period * max(1, round(_LEAST_STEP_S / period))
    starts = np.arange(other[0], other[-1] - length, _GOLDEN * length)
    edges = np.stack([starts, starts + length], axis=1)
    ends = np.searchsorted(other, edges)  # no sample may lack from before the interval to after it
    holes = np.concatenate([[0], np.cumsum(np.diff(other) > _GAP * period)])
    first, last = np.clip(ends[:, 0] - 1, 0, len(other) - 1), np.clip(ends[:, 1], 0, len(other) - 1)
    edges = edges[holes[first] == holes[last]]
    if len(edges) < _FEWEST:
        raise CalibrationError(f"a stream of turns of {len(other)} samples is too short", do="record half a minute")
    curve = CubicSpline(other, slow.angles_rad, axis=0)
    rates = (curve(edges[:, 1]) - curve(edges[:, 0])) / length
    return _Pair(edges, rates, CubicSpline(own, fast.angles_rad, axis=0), float(own[-1]))


def _thinned(pair: _Pair) -> _Pair:
    """For the search: a stretch of so many intervals from the middle says enough, and soon."""
    more = len(pair.rates) - _MOST_INTERVALS
    if more <= 0:
        return pair
    keep = slice(more // 2, more // 2 + _MOST_INTERVALS)
    return _Pair(pair.edges_s[keep], pair.rates[keep], pair.curve, pair.end_s)


def _centred(pair: _Pair, offset_s: float, weights: FloatArray | None) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rates of both without their means, which hold a gyroscope's bias, and the weights of the intervals."""
    rates, known = pair.rates_at(offset_s)
    weight = known if weights is None else known * weights
    total = max(float(weight.sum()), 1e-12)
    slow = pair.rates - weight @ pair.rates / total
    fast = rates - weight @ rates / total
    return slow, fast, weight


def _correlation(pair: _Pair, offset_s: float, weights: FloatArray | None = None) -> tuple[float, FloatArray, float]:
    """-1 to 1 at an offset, over all rotations, nan where the two hardly overlap; the rotation slow_from_fast (3, 3);
    how many intervals there were."""
    slow, fast, weight = _centred(pair, offset_s, weights)
    count = float(weight.sum())
    if count < max(_FEWEST, 0.2 * len(weight)):
        return float("nan"), np.eye(3), count
    u, s, vt = np.linalg.svd((slow * weight[:, None]).T @ fast)
    sign = np.sign(np.linalg.det(u @ vt))
    rotation = u @ np.diag([1.0, 1.0, sign]) @ vt
    size = np.sqrt(np.sum(weight[:, None] * slow**2) * np.sum(weight[:, None] * fast**2))
    return float((s[0] + s[1] + sign * s[2]) / size) if size > 0.0 else float("nan"), rotation, count


def _check_peak(scores: FloatArray, best: int, most_s: float) -> None:
    if not np.isfinite(scores).any():
        raise CalibrationError(
            "the two streams are hardly ever there at the same time", do="give the same stretch of both, by like clocks"
        )
    if scores[best] < _LEAST_CORRELATION:
        raise CalibrationError(
            f"the two do not turn alike at any offset (correlation {scores[best]:.2f} at best)",
            do="record a stretch with brisk turns, and both on one body",
        )
    finite = np.flatnonzero(np.isfinite(scores))
    if best in (finite[0], finite[-1]):
        raise CalibrationError(
            f"the best offset lies at the end of the search, {most_s:g} s", do="search further (--most-s)"
        )


def _squares(pair: _Pair, offset_s: float, weights: FloatArray) -> float:
    """Mean squared difference at the best rotation, rad^2/s^2."""
    slow, fast, weight = _centred(pair, offset_s, weights)
    u, s, vt = np.linalg.svd((slow * weight[:, None]).T @ fast)
    together = s[0] + s[1] + np.sign(np.linalg.det(u @ vt)) * s[2]
    return float((np.sum(weight[:, None] * (slow**2 + fast**2)) - 2.0 * together) / max(weight.sum(), 1.0))


def _refined(pair: _Pair, offset_s: float, step_s: float, weights: FloatArray) -> float:
    reach = 2.0 * step_s
    found = minimize_scalar(
        lambda each: _squares(pair, each, weights),
        bounds=(offset_s - reach, offset_s + reach),
        method="bounded",
        options={"xatol": 1e-7},
    )
    return float(found.x)


def _residuals(pair: _Pair, offset_s: float, rotation: FloatArray, weights: FloatArray) -> FloatArray:
    slow, fast, _ = _centred(pair, offset_s, weights)
    return np.asarray(slow - fast @ rotation.T)


def _weights(pair: _Pair, offset_s: float) -> FloatArray:
    """Huber's, for the next round."""
    weights = np.ones(len(pair.rates))
    _, rotation, _ = _correlation(pair, offset_s)
    lengths = np.linalg.norm(_residuals(pair, offset_s, rotation, weights), axis=1)
    scale = max(float(np.median(lengths)) / 1.54, 1e-12)  # of a normal vector of three
    return np.asarray(np.minimum(1.0, _HUBER * scale / np.maximum(lengths, 1e-15)))


def _sigma_s(pair: _Pair, offset_s: float, rotation: FloatArray, weights: FloatArray) -> float:
    """Seconds: the standard deviation of the offset, beside a rotation and a bias that are as unknown."""
    small = 1e-4
    later, _ = pair.rates_at(offset_s + small)
    sooner, _ = pair.rates_at(offset_s - small)
    fast, known = pair.rates_at(offset_s)
    by_offset = ((later - sooner) / (2.0 * small)) @ rotation.T
    turned = fast @ rotation.T
    count = len(turned)
    jacobian = np.zeros((count, 3, 7))
    jacobian[:, :, 0] = by_offset
    for axis in range(3):
        jacobian[:, :, 1 + axis] = np.cross(np.eye(3)[axis], turned)
    jacobian[:, :, 4:] = np.eye(3)
    weight = known * weights
    scores = np.einsum("nij,ni->nj", jacobian, _residuals(pair, offset_s, rotation, weights) * weight[:, None])
    normal = np.einsum("nij,nik,n->jk", jacobian, jacobian, weight)
    meat = scores.T @ scores
    for lag in range(1, _LAGS + 1):
        apart = scores[lag:].T @ scores[:-lag]
        meat += (1.0 - lag / (_LAGS + 1.0)) * (apart + apart.T)
    inverse = np.linalg.pinv(normal, rcond=1e-9, hermitian=True)
    return float(np.sqrt(max((inverse @ meat @ inverse)[0, 0], 0.0)))


def _independent(pair: _Pair, count: float) -> float:
    """How many of the intervals say something new: rates change slowly."""
    rates = pair.rates - pair.rates.mean(axis=0)
    power = float(np.sum(rates**2))
    memory = 1.0
    for lag in range(1, min(200, len(rates) // 4)):
        like = float(np.sum(rates[lag:] * rates[:-lag])) / max(power, 1e-300)
        if like < 0.2:
            break
        memory += 2.0 * like**2
    return count / memory


def _runner_up(tried: FloatArray, scores: FloatArray, best: int, independent: float) -> float | None:
    """The highest peak beside the main one. Raises CalibrationError where it is not clearly lower."""
    filled = np.where(np.isfinite(scores), scores, -1.0)
    peaks = np.flatnonzero((filled[1:-1] > filled[:-2]) & (filled[1:-1] >= filled[2:])) + 1
    others = peaks[peaks != best]
    if not len(others):
        return None
    second = int(others[np.argmax(filled[others])])
    first, other = min(filled[best], 1.0 - 1e-9), max(filled[second], 0.0)
    apart = 0.5 * independent * np.log((1.0 - other**2) / (1.0 - first**2))
    if apart < _SURE_NATS:
        raise CalibrationError(
            f"the motion repeats itself: {tried[best]:.3f} s and {tried[second]:.3f} s fit alike",
            do="record turns that do not repeat, or search less far (--most-s)",
        )
    return float(tried[second])
