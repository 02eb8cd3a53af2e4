"""The clocks of a recording: rates, jitter, gaps, jumps, drift, offsets, by statistics that odd samples do not move.

A stream that works follows a grid: sample k at start + k period, with noise. The period is the median interval, so that
gaps and jumps do not bend it; the noise is a median absolute deviation, so that they do not swell it. An interval that
is a multiple of the period is a gap, samples are missing there; one that is not, and after which all samples stay
beside the old grid, is a jump of the clock. A jump by whole periods looks like a gap to the stream alone: but no
sample is
missing, so the stream ends later than the others by as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from calibration.quaternion import FloatArray
from fusion.recording import Recording
from fusion.timeline import Int64Array

_ROBUST_SIGMA = 1.4826
_LEAST_SAMPLES = 4  # fewer have no rhythm
_LEAST_FOR_LEVELS, _LEVEL_SAMPLES = 3, 12  # before and after a jump: at least, and at most looked at
_DUPLICATE_SHARE = 0.1  # of the period: two samples nearer than this are one that was delivered twice
_GAP_SHARE = 1.5  # of the period
_WHOLE_SHARE = 0.2  # of the period, by which a gap may miss a multiple
_LATE_SHARE = 0.65  # of the period, by which a clock may jump ahead before it is called a lost sample
_JUMP_SHARE = 0.1  # of the period: smaller steps are jitter
_JITTER_SHARE = 0.03  # of the period: more is worth a line
_SURE_SIGMAS = 6.0
_DRIFT_PPM = 300.0
_LEAST_DRIFT_S = 0.002  # over the recording
_FEWEST_FRAMES = 0.02  # a stream with samples for fewer frames than this is not one that should have them


class TimeProblem(StrEnum):
    """What may be wrong with the times of a stream."""

    GAP = "gap"
    MISSING = "missing"  # listed, and without data
    DUPLICATE = "duplicate"
    CLOCK_JUMP = "clock_jump"
    JITTER = "jitter"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class TimeFinding:
    """One thing that is wrong. at_ns: when, None if all the time; first, last: the samples between or during which;
    amount: how much, in the unit that `text` names; text: one line for people."""

    stream: str
    problem: TimeProblem
    at_ns: int | None
    first: int
    last: int
    amount: float
    text: str


@dataclass(frozen=True, slots=True)
class StreamTiming:
    """One stream. period_ms and rate_hz: median, None with fewer than two samples. jitter_ms: robust standard deviation
    about its own grid. longest_ms: the longest interval. lost: samples missing in gaps, by count. missing: those listed
    without data. offset_ms: median of the sample of each frame minus the frame's time, None where no frame has one.
    drift_ppm:
    how much faster than the reference's its clock goes, None where there is too little. frames_without: frames for
    which it has no sample."""

    stream: str
    samples: int
    period_ms: float | None
    rate_hz: float | None
    jitter_ms: float | None
    longest_ms: float | None
    lost: int
    missing: int
    offset_ms: float | None
    drift_ppm: float | None
    frames_without: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RecordingTiming:
    """All streams of a recording, in its order, and what is wrong with any."""

    reference: str
    streams: tuple[StreamTiming, ...]
    findings: tuple[TimeFinding, ...]

    def of(self, stream: str, problem: TimeProblem) -> tuple[TimeFinding, ...]:
        """The findings of one kind in one stream."""
        return tuple(each for each in self.findings if (each.stream, each.problem) == (stream, problem))


def analyse_times(recording: Recording) -> RecordingTiming:
    """Of every stream. Reads times only, no samples."""
    grids = {name: Grid.of(recording.times_ns(name)) for name in recording.streams}
    streams, findings = [], []
    for name, grid in grids.items():
        missing = _missing_samples(recording, name)
        drift = _drift_ppm(grid, grids[recording.reference]) if recording.reference in grids else None
        streams.append(_stream(recording, name, grid, len(missing), drift))
        gaps = _told_from_jumps(_gaps(name, grid), grid, [grids[each] for each in grids if each != name])
        found = [*gaps, *_missing(name, grid, missing), *_duplicates(name, grid), *_jumps(name, grid)]
        findings += [*found, *_noisy(name, grid), *_drifting(name, grid, drift)]
    start_ns = min((grid.times_ns[0] for grid in grids.values() if len(grid.times_ns)), default=0)
    return RecordingTiming(recording.reference, tuple(streams), tuple(_dated(each, int(start_ns)) for each in findings))


def intervals_ms(times_ns: Int64Array) -> FloatArray:
    """(N - 1,) milliseconds between neighbours of (N,) times."""
    return np.asarray(np.diff(times_ns) * 1e-6)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A stream against its own rhythm. times_ns: (N,). period_ns: 0 if it has none. counts: (N - 1,) periods in each
    interval, at least 1, but 0 for a duplicate. residuals_ns: (N,) by which each sample misses the grid. levels: (N,)
    number of clock jumps before each sample. sigma_ns: robust standard deviation of the residuals between jumps."""

    times_ns: Int64Array
    period_ns: float
    counts: Int64Array
    residuals_ns: FloatArray
    levels: Int64Array
    sigma_ns: float

    @staticmethod
    def of(times_ns: Int64Array) -> Grid:
        """Of times (N,) int64, increasing."""
        if len(times_ns) < _LEAST_SAMPLES:
            period = float(np.median(np.diff(times_ns))) if len(times_ns) > 1 else 0.0
            none = np.zeros(len(times_ns))
            ones = np.ones(max(len(times_ns) - 1, 0), np.int64)
            return Grid(times_ns, period, ones, none, none.astype(np.int64), 0.0)
        gaps = np.diff(times_ns).astype(np.float64)
        period = _period(gaps)
        # Where it could be both, a late clock is taken to be more likely than a lost sample and an early clock.
        whole = np.maximum(np.ceil(gaps / period - _LATE_SHARE), 1)
        counts = np.where(gaps < _DUPLICATE_SHARE * period, 0, whole).astype(np.int64)
        residuals, levels, period = _against_grid(times_ns, counts, period)
        return Grid(times_ns, period, counts, residuals, levels, _sigma(residuals, levels))

    @property
    def rhythmic(self) -> bool:
        """Whether there is a grid at all: triggered by hand, or once, a stream has none."""
        return len(self.times_ns) >= _LEAST_SAMPLES and self.sigma_ns < 0.25 * self.period_ns


def _period(gaps: FloatArray) -> float:
    """The median of the intervals that are no duplicates: half of twins must not halve it."""
    middle = float(np.median(gaps))
    long = gaps[gaps > _DUPLICATE_SHARE * max(middle, float(np.percentile(gaps, 75)))]
    return float(np.median(long))


def _against_grid(times_ns: Int64Array, counts: Int64Array, period: float) -> tuple[FloatArray, Int64Array, float]:
    """Residuals, levels, and the period to the last digit: drift of the estimate over the recording taken out."""
    steps = np.concatenate([[0], np.cumsum(counts)])
    own = (times_ns - times_ns[0]).astype(np.float64)
    for _ in range(2):
        residuals = own - steps * period
        levels = _levels(residuals, period)
        period += _common_slope(steps, residuals, levels)
    return own - steps * period, levels, period


def _common_slope(steps: Int64Array, residuals: FloatArray, levels: Int64Array) -> float:
    """Median slope within levels (Theil-Sen over pairs half a level apart), so that a jump is not taken for a slope."""
    slopes = []
    for level in np.unique(levels):
        part = np.flatnonzero(levels == level)
        half = len(part) // 2
        if half:
            rise = residuals[part[half:]] - residuals[part[: len(part) - half]]
            run = steps[part[half:]] - steps[part[: len(part) - half]]
            slopes.append((rise / np.maximum(run, 1))[run > 0])
    joined = np.concatenate(slopes) if slopes else np.zeros(0)
    return float(np.median(joined)) if len(joined) else 0.0


def _levels(residuals: FloatArray, period: float) -> Int64Array:
    """(N,) how many jumps lie before each sample: steps after which the residual stays where it is."""
    steps = np.diff(residuals)
    centre = float(np.median(steps))
    sigma = _ROBUST_SIGMA * float(np.median(np.abs(steps - centre)))
    threshold = max(_JUMP_SHARE * period, _SURE_SIGMAS * sigma)
    straight = residuals - centre * np.arange(len(residuals))
    marks = np.zeros(len(residuals), np.int64)
    last = 0
    for place in np.flatnonzero(np.abs(steps - centre) > threshold) + 1:
        before, after = straight[max(last, place - _LEVEL_SAMPLES) : place], straight[place : place + _LEVEL_SAMPLES]
        if min(len(before), len(after)) < _LEAST_FOR_LEVELS:
            continue
        if abs(np.median(after) - np.median(before)) > threshold:
            marks[place] = 1
            last = int(place)
    return np.cumsum(marks)


def _sigma(residuals: FloatArray, levels: Int64Array) -> float:
    centred = np.concatenate([residuals[levels == k] - np.median(residuals[levels == k]) for k in np.unique(levels)])
    return _ROBUST_SIGMA * float(np.median(np.abs(centred)))


def _drift_ppm(grid: Grid, reference: Grid) -> float | None:
    """Against the reference stream. Rates set differently are no drift: the nearest simple ratio is taken off."""
    if not (grid.rhythmic and reference.rhythmic) or len(grid.times_ns) < 8:
        return None
    ratio = grid.period_ns / reference.period_ns
    simple = max(round(ratio), 1) if ratio >= 1.0 else 1.0 / round(1.0 / ratio)
    drift = (ratio / simple - 1.0) * 1e6
    return drift if abs(drift) < 20_000.0 else None


def _stream(recording: Recording, name: str, grid: Grid, missing: int, drift: float | None) -> StreamTiming:
    frames = [recording.sample_of(name, frame) for frame in range(len(recording.frames))]
    without = tuple(frame for frame, sample in enumerate(frames) if sample is None)
    offsets = [grid.times_ns[s] - recording.frames.times_ns[f] for f, s in enumerate(frames) if s is not None]
    gaps = intervals_ms(grid.times_ns)
    return StreamTiming(
        stream=name,
        samples=len(grid.times_ns) - missing,
        period_ms=grid.period_ns * 1e-6 if len(gaps) else None,
        rate_hz=1e9 / grid.period_ns if len(gaps) else None,
        jitter_ms=grid.sigma_ns * 1e-6 if grid.rhythmic else None,
        longest_ms=float(gaps.max()) if len(gaps) else None,
        lost=int(np.maximum(grid.counts - 1, 0).sum()) if grid.rhythmic else 0,
        missing=missing,
        offset_ms=float(np.median(offsets)) * 1e-6 if offsets else None,
        drift_ppm=drift,
        frames_without=without if len(without) < (1.0 - _FEWEST_FRAMES) * len(frames) else (),
    )


def _missing_samples(recording: Recording, name: str) -> Int64Array:
    return np.array([i for i in range(len(recording.times_ns(name))) if not recording.has(name, i)], dtype=np.int64)


def _gaps(name: str, grid: Grid) -> list[TimeFinding]:
    """Intervals of two periods or more that are a multiple of it."""
    if not grid.rhythmic:
        return []
    gaps = np.diff(grid.times_ns)
    found = []
    for place in np.flatnonzero((gaps > _GAP_SHARE * grid.period_ns) & (grid.counts > 1)):
        lost, length_ms = int(grid.counts[place]) - 1, gaps[place] * 1e-6
        text = f"nothing for {length_ms:.0f} ms, {_plural(lost, 'sample')} lost"
        found.append(_finding(name, TimeProblem.GAP, grid, int(place), int(place) + 1, lost, text))
    return found


def _told_from_jumps(gaps: list[TimeFinding], grid: Grid, others: list[Grid]) -> list[TimeFinding]:
    """With the gap by which the stream outlasts all others as the jump of its clock that it is."""
    late_ns = _outlasts_ns(grid, [other for other in others if other.rhythmic])
    told = []
    for gap in gaps:
        if late_ns > 0.0 and abs(late_ns - gap.amount * grid.period_ns) < _WHOLE_SHARE * grid.period_ns:
            ms = gap.amount * grid.period_ns * 1e-6
            text = f"its clock jumps by {ms:+.1f} ms and stays there"
            gap, late_ns = _finding(gap.stream, TimeProblem.CLOCK_JUMP, grid, gap.first, gap.last, ms, text), 0.0
        told.append(gap)
    return told


def _outlasts_ns(grid: Grid, others: list[Grid]) -> float:
    """How much longer it lasts than most others: 0 if there are none."""
    if not others:
        return 0.0
    lasting = [float(each.times_ns[-1] - each.times_ns[0]) for each in others]
    return float(grid.times_ns[-1] - grid.times_ns[0]) - float(np.median(lasting))


def _missing(name: str, grid: Grid, missing: Int64Array) -> list[TimeFinding]:
    """Runs of samples that are listed and have no data."""
    if not len(missing):
        return []
    found = []
    for run in np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1):
        text = f"{_plural(len(run), 'sample')} listed without data"
        found.append(_finding(name, TimeProblem.MISSING, grid, int(run[0]), int(run[-1]), len(run), text))
    return found


def _duplicates(name: str, grid: Grid) -> list[TimeFinding]:
    if len(grid.times_ns) < _LEAST_SAMPLES:
        return []
    found = []
    for place in np.flatnonzero(grid.counts == 0):
        apart_ms = (grid.times_ns[place + 1] - grid.times_ns[place]) * 1e-6
        text = f"two samples {apart_ms:.3f} ms apart"
        found.append(_finding(name, TimeProblem.DUPLICATE, grid, int(place), int(place) + 1, apart_ms, text))
    return found


def _jumps(name: str, grid: Grid) -> list[TimeFinding]:
    if not grid.rhythmic:
        return []
    found = []
    for place in np.flatnonzero(np.diff(grid.levels)) + 1:
        before = grid.residuals_ns[:place][grid.levels[:place] == grid.levels[place - 1]]
        after = grid.residuals_ns[place:][grid.levels[place:] == grid.levels[place]]
        ms = float(np.median(after) - np.median(before)) * 1e-6
        # Whole periods look like a gap and cannot be told from one; back by some is told by the order of frames.
        text = f"its clock jumps by {ms:+.1f} ms and stays there"
        found.append(_finding(name, TimeProblem.CLOCK_JUMP, grid, int(place) - 1, int(place), ms, text))
    return found


def _noisy(name: str, grid: Grid) -> list[TimeFinding]:
    if not grid.rhythmic or grid.sigma_ns < _JITTER_SHARE * grid.period_ns:
        return []
    ms = grid.sigma_ns * 1e-6
    text = f"its times jitter by {ms:.1f} ms about their grid of {grid.period_ns * 1e-6:.1f} ms"
    return [TimeFinding(name, TimeProblem.JITTER, None, 0, len(grid.times_ns) - 1, ms, text)]


def _drifting(name: str, grid: Grid, drift_ppm: float | None) -> list[TimeFinding]:
    """Only what adds up to more than its noise over the recording."""
    if drift_ppm is None or abs(drift_ppm) < _DRIFT_PPM:
        return []
    seconds = (grid.times_ns[-1] - grid.times_ns[0]) * 1e-9
    grown_s = abs(drift_ppm) * 1e-6 * seconds
    if grown_s < max(_LEAST_DRIFT_S, 3.0 * grid.sigma_ns * 1e-9):
        return []
    text = f"its clock drifts by {drift_ppm:+.0f} ppm against the reference, {grown_s * 1e3:.1f} ms over the recording"
    return [TimeFinding(name, TimeProblem.DRIFT, None, 0, len(grid.times_ns) - 1, drift_ppm, text)]


def _finding(
    name: str, problem: TimeProblem, grid: Grid, first: int, last: int, amount: float, text: str
) -> TimeFinding:
    return TimeFinding(name, problem, int(grid.times_ns[first]), first, last, float(amount), text)


def _dated(finding: TimeFinding, start_ns: int) -> TimeFinding:
    """With the moment in its text, in seconds since the recording's first sample."""
    when = "" if finding.at_ns is None else f" at {(finding.at_ns - start_ns) * 1e-9:.2f} s"
    text = f"{finding.stream}: {finding.text}{when}"
    return TimeFinding(
        finding.stream, finding.problem, finding.at_ns, finding.first, finding.last, finding.amount, text
    )


def _plural(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
