"""What no thing can do: jump, exchange places with another, turn round in no time, drive sideways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from calibration.camera import BoolArray
from calibration.quaternion import FloatArray
from labeling.automation.class_priors import class_prior
from labeling.quality.case import Case, logistic
from labeling.quality.finding import Finding, FindingKind
from labeling.quality.repairs import straightened, swapped, turned_back
from labeling.quality.rows import TrackRows

_AROUND = 3
"""Steps before and after one that say where it should have led."""
_SLACK_M = 0.25
_SWAPS_WITHIN_M = 15.0
_COMPANY = 5
_FLIP_RAD = 2.6
_HEADS_M = 1.0
_WINDOWS = (6, 12, 24, 48)
_SLIDES_M = 0.05
_STEADIER, _HEADING = 3.0, 0.008


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Of a track of K rows. misses_m: (K - 1,) how far each step leads past where the steps before and after it say,
    from the nearer of the two. allowed_m: (K - 1,) how far it may."""

    misses_m: FloatArray
    allowed_m: FloatArray

    @property
    def jumps(self) -> BoolArray:
        """(K - 1,) bool."""
        return np.asarray(self.misses_m > self.allowed_m)


def steps_of(case: Case) -> list[Steps]:
    """Of every track; what is allowed grows with how restless the labels of this recording are."""
    misses = [_misses(track) for track in case.tracks]
    shaken = _shaken_m(case, misses)
    long = [np.percentile(each, 90) for each in misses if len(each) >= _AROUND]
    restless = 3.0 * float(np.median(long)) if long else 0.0
    return [
        Steps(each, _allowed(track, restless) + 3.0 * shaken[track.frames[1:]])
        for each, track in zip(misses, case.tracks, strict=True)
    ]


def _shaken_m(case: Case, misses: list[FloatArray]) -> FloatArray:
    """(F,) median miss over the tracks in the step that leads to each frame: where all jump, the ego pose did."""
    frames = np.concatenate([np.empty(0, np.int64), *(track.frames[1:] for track in case.tracks)])
    values = np.concatenate([np.empty(0), *misses])
    found = np.zeros(int(frames.max(initial=0)) + 1)
    for frame in np.unique(frames).tolist():
        here = values[frames == frame]
        found[frame] = float(np.median(here)) if len(here) >= _COMPANY else 0.0
    return found


def _allowed(track: TrackRows, restless_m: float) -> FloatArray:
    seconds = np.diff(track.seconds)
    limit = max(class_prior(track.class_name).motion.acceleration_mps2, 2.0)
    return np.asarray(_SLACK_M + restless_m + 1.5 * limit * seconds**2)


def _misses(track: TrackRows) -> FloatArray:
    if len(track) < 3:
        return np.zeros(max(len(track) - 1, 0))
    ways, seconds = np.diff(track.positions_m[:, :2], axis=0), np.diff(track.seconds)[:, None]
    speeds = ways / np.maximum(seconds, 1e-3)
    found = np.empty(len(ways))
    for k in range(len(ways)):
        before, after = speeds[max(k - _AROUND, 0) : k], speeds[k + 1 : k + 1 + _AROUND]
        expected = [*(np.median(each, axis=0) for each in (before, after) if len(each)), *before[-1:], *after[:1]]
        found[k] = min(float(np.linalg.norm(ways[k] - each * seconds[k])) for each in expected)
    return found


def jumps(case: Case) -> list[Finding]:
    """Exchanges of identity first; jumps that those do not explain."""
    steps = steps_of(case)
    found, explained = _swaps(case, steps)
    for index, (track, each) in enumerate(zip(case.tracks, steps, strict=True)):
        for k in np.flatnonzero(each.jumps).tolist():
            if (index, k) not in explained and not (k > 0 and each.jumps[k - 1]):
                found.append(_jump(case, track, each, k))
    return found


def _jump(case: Case, track: TrackRows, steps: Steps, k: int) -> Finding:
    missed = float(steps.misses_m[k])
    sure = logistic(2.0 * (missed / float(steps.allowed_m[k]) - 1.5))
    return case.finding(
        FindingKind.JUMP, [track], (k, k + 1), sure, f"it jumps {missed:.1f} m aside between two frames"
    )


def _swaps(case: Case, steps: list[Steps]) -> tuple[list[Finding], set[tuple[int, int]]]:
    """Pairs whose ways go on smoothly only if they exchange what they are; and the steps that this explains."""
    found: list[Finding] = []
    explained: set[tuple[int, int]] = set()
    at: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for index, (track, each) in enumerate(zip(case.tracks, steps, strict=True)):
        for k in np.flatnonzero(each.misses_m > 0.5 * each.allowed_m).tolist():
            at.setdefault((int(track.frames[k]), int(track.frames[k + 1])), []).append((index, k))
    for pairs in at.values():
        for i, (one, a) in enumerate(pairs):
            for other, b in pairs[i + 1 :]:
                sure = _swap_sure(case, steps, (one, a), (other, b))
                if sure > 0.0:
                    explained |= {(one, a), (other, b)}
                    found.append(_swap(case, case.tracks[one], case.tracks[other], a, b, sure))
    return found, explained


def _swap(case: Case, one: TrackRows, other: TrackRows, a: int, b: int, sure: float) -> Finding:
    apart = float(np.linalg.norm(one.positions_m[a, :2] - other.positions_m[b, :2]))
    why = f"two {one.class_name} {apart:.1f} m apart exchange places from one frame to the next"
    time_ns = min(int(one.times_ns[a + 1]), int(other.times_ns[b + 1]))
    repair = swapped(case.originals, one.id, other.id, time_ns)
    return case.finding(FindingKind.IDENTITY_SWAP, [one, other], (a + 1, len(one) - 1), sure, why, repair=repair)


def _swap_sure(case: Case, steps: list[Steps], first: tuple[int, int], second: tuple[int, int]) -> float:
    """0 if it is none."""
    (one, a), (other, b) = first, second
    left, right = case.tracks[one], case.tracks[other]
    if np.linalg.norm(left.positions_m[a, :2] - right.positions_m[b, :2]) > _SWAPS_WITHIN_M:
        return 0.0
    kept = steps[one].misses_m[a] + steps[other].misses_m[b]
    changed = _miss_across(left, a, right, b) + _miss_across(right, b, left, a)
    allowed = steps[one].allowed_m[a] + steps[other].allowed_m[b]
    if kept < 0.6 * allowed or changed > 0.5 * kept or changed > 1.5 * allowed:
        return 0.0
    return logistic(1.0 + 2.0 * float((kept - changed) / allowed))


def _miss_across(before: TrackRows, a: int, after: TrackRows, b: int) -> float:
    """How far the step from row a of one track to row b + 1 of another leads past what both ways say."""
    seconds = (int(after.times_ns[b + 1]) - int(before.times_ns[a])) * 1e-9
    way = after.positions_m[b + 1, :2] - before.positions_m[a, :2]
    expected = [
        np.median(np.diff(track.positions_m[part, :2], axis=0) / np.diff(track.seconds[part])[:, None], axis=0)
        for track, part in ((before, slice(max(a - _AROUND, 0), a + 1)), (after, slice(b + 1, b + 2 + _AROUND)))
        if len(track.seconds[part]) > 1
    ]
    return min((float(np.linalg.norm(way - each * seconds)) for each in expected), default=float(np.linalg.norm(way)))


def headings(case: Case) -> list[Finding]:
    """Runs of frames with the front where the rear was, and vehicles that drive backwards all the time."""
    found: list[Finding] = []
    for track in case.tracks:
        long = track.size_m[0] >= 1.1 * track.size_m[1]
        flips = np.flatnonzero(np.abs(np.diff(track.yaws_rad)) > _FLIP_RAD)
        if len(flips) and long:
            found += _flips(case, track, flips.tolist())
        elif long and len(track) >= 3 and not class_prior(track.class_name).motion.holonomic:
            found += _backwards(case, track)
    return found


def _flips(case: Case, track: TrackRows, flips: list[int]) -> Iterator[Finding]:
    edges = [0, *(each + 1 for each in flips), len(track)]
    runs = list(pairwise(edges))
    ahead = _ahead_m(track)
    signs = [1.0 if turn % 2 == 0 else -1.0 for turn in range(len(runs))]
    ways = sum(sign * float(ahead[a:b].sum()) for sign, (a, b) in zip(signs, runs, strict=True))
    counts = sum(sign * (b - a) for sign, (a, b) in zip(signs, runs, strict=True))
    moves = abs(ways) > _HEADS_M
    right = np.sign(ways if moves else counts) or 1.0
    for sign, (a, b) in zip(signs, runs, strict=True):
        if sign == right:
            continue
        why = f"its heading is turned by half a turn in {b - a} frames"
        why += ", against its motion" if moves else ""
        repair = turned_back(case.originals, track.id, track.times_ns[a:b])
        yield case.finding(FindingKind.HEADING_FLIP, [track], (a, b - 1), 0.98 if moves else 0.95, why, repair=repair)


def _ahead_m(track: TrackRows) -> FloatArray:
    """(K,) how far it gets along its own heading around each row, from step to step."""
    if len(track) < 2:
        return np.zeros(len(track))
    ways = np.diff(track.positions_m[:, :2], axis=0)
    around = 0.5 * (np.vstack([ways[:1], ways]) + np.vstack([ways, ways[-1:]]))
    return np.asarray(np.cos(track.yaws_rad) * around[:, 0] + np.sin(track.yaws_rad) * around[:, 1])


def _backwards(case: Case, track: TrackRows) -> Iterator[Finding]:
    ahead, way = float(_ahead_m(track).sum()), track.way_m
    if way < 4.0 or ahead > -0.8 * way:
        return
    speed = way / max(float(track.seconds[-1]), 1e-3)
    repair = turned_back(case.originals, track.id, track.times_ns)
    why = f"it drives backwards for {way:.0f} m at {speed:.1f} m/s"
    yield case.finding(FindingKind.HEADING, [track], (0, len(track) - 1), logistic(speed - 2.5), why, repair=repair)


def limits(case: Case) -> list[Finding]:
    """Faster than its class can be, or stronger in acceleration, over half a second and not in one jump."""
    found: list[Finding] = []
    for track, steps in zip(case.tracks, steps_of(case), strict=True):
        rules = case.profile.of_class(track.class_name)
        if rules is None or len(track) < 2 * _AROUND + 2 or steps.jumps.any():
            continue
        speeds = _speeds(track)
        fastest = int(np.argmax(np.linalg.norm(speeds, axis=1)))
        speed = float(np.linalg.norm(speeds[fastest]))
        rates = np.linalg.norm(speeds[_AROUND:] - speeds[:-_AROUND], axis=1)
        rates /= np.maximum(track.seconds[_AROUND : len(speeds)] - track.seconds[: len(speeds) - _AROUND], 1e-3)
        strongest = int(np.argmax(rates))
        if speed > rules.fastest_mps:
            why = f"it moves at {speed:.0f} m/s, a {track.class_name} at {rules.fastest_mps:.0f} m/s at most"
            span = (fastest, min(fastest + _AROUND, len(track) - 1))
            found.append(case.finding(FindingKind.ACCELERATION, [track], span, 0.9, why))
        elif rates[strongest] > rules.acceleration_mps2:
            why = f"it accelerates by {rates[strongest]:.0f} m/s2, {rules.acceleration_mps2:.0f} are possible"
            span = (strongest, min(strongest + 2 * _AROUND, len(track) - 1))
            sure = logistic(3.0 * (float(rates[strongest]) / rules.acceleration_mps2 - 1.5))
            found.append(case.finding(FindingKind.ACCELERATION, [track], span, sure, why))
    return found


def _speeds(track: TrackRows) -> FloatArray:
    """(K - 3, 2) m/s over three steps each."""
    ways = track.positions_m[_AROUND:, :2] - track.positions_m[:-_AROUND, :2]
    return np.asarray(ways / np.maximum(track.seconds[_AROUND:] - track.seconds[:-_AROUND], 1e-3)[:, None])


def sideways(case: Case) -> list[Finding]:
    """Vehicles that slide across their heading, farther than the labels of this recording wander."""
    slides = {index: _slide(track) for index, track in enumerate(case.tracks) if _is_steered(case, track)}
    found: list[Finding] = []
    for crawls in (True, False):
        group = {index: each for index, each in slides.items() if each.crawls is crawls}
        usual = _usual(list(group.values()))
        for index, each in group.items():
            found += _sliding(case, index, each, usual)
    return found


def _is_steered(case: Case, track: TrackRows) -> bool:
    rules = case.profile.of_class(track.class_name)
    steered = not class_prior(track.class_name).motion.holonomic and (rules is None or not rules.sideways)
    flipped = bool(np.any(np.abs(np.diff(track.yaws_rad)) > _FLIP_RAD))
    return steered and len(track) > _WINDOWS[0] and not flipped


@dataclass(frozen=True, slots=True, eq=False)
class _Slide:
    """across_m, along_m: (K - 1,) how far each step leads to the left, and ahead or back. allowed_m: (K - 1,) how far
    aside it may, for its time and its turn. crawls: whether it hardly moves along its heading."""

    across_m: FloatArray
    along_m: FloatArray
    allowed_m: FloatArray
    crawls: bool

    def sums(self, width: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Over windows of so many steps: how far it slid, moved along, and may have slid."""
        ones = np.ones(width)
        slid, along, allowed = (
            np.convolve(each, ones, "valid") for each in (self.across_m, self.along_m, self.allowed_m)
        )
        return np.abs(slid), along, allowed


def _slide(track: TrackRows) -> _Slide:
    ways, seconds = np.diff(track.positions_m[:, :2], axis=0), np.maximum(np.diff(track.seconds), 1e-3)
    yaws = 0.5 * (track.yaws_rad[1:] + track.yaws_rad[:-1])
    along = np.abs(np.cos(yaws) * ways[:, 0] + np.sin(yaws) * ways[:, 1])
    across = np.cos(yaws) * ways[:, 1] - np.sin(yaws) * ways[:, 0]
    # A middle that turns about the rear axle moves sideways.
    allowed = 0.04 * seconds + 0.4 * track.size_m[0] * np.abs(np.diff(track.yaws_rad))
    return _Slide(across, np.asarray(along), np.asarray(allowed), float(np.median(along / seconds)) < 0.5)


def _usual(slides: list[_Slide]) -> dict[int, float]:
    """For each window how much the median track slides where it is worst, beyond what it may: in metres of what
    crawls, as a share of the way of what drives, which is how well headings are known."""
    found = {}
    for width in _WINDOWS:
        sums = [each.sums(width) for each in slides if len(each.across_m) >= width]
        beyond = [
            float(np.max((slid - allowed) / (1.0 if each.crawls else np.maximum(along, 0.3))))
            for each, (slid, along, allowed) in zip(
                [each for each in slides if len(each.across_m) >= width], sums, strict=True
            )
        ]
        found[width] = max(float(np.median(beyond)), 0.0) if beyond else 0.0
    return found


def _sliding(case: Case, index: int, slide: _Slide, usual: dict[int, float]) -> Iterator[Finding]:
    track, best, span, slid_m = case.tracks[index], 0.0, (0, 0), 0.0
    for width in _WINDOWS:
        if len(slide.across_m) < width:
            break
        slid, along, allowed = slide.sums(width)
        wanders = 4.0 * usual[width] if slide.crawls else np.maximum(_STEADIER * usual[width], _HEADING) * along
        ratios = slid / (allowed + wanders + _SLIDES_M)
        worst = int(np.argmax(ratios))
        if ratios[worst] > best:
            wrong = np.flatnonzero(ratios > 0.7 * ratios[worst])
            best, span = float(ratios[worst]), (int(wrong[0]), int(wrong[-1]) + width)
            slid_m = float(slid[worst])
    if best < 0.8:
        return
    kind = FindingKind.DRIFT if slide.crawls else FindingKind.SIDEWAYS
    why = f"it slides {slid_m:.2f} m sideways, which nothing on wheels can do"
    sure = logistic(5.0 * (best - 1.1)) if slide.crawls else logistic(3.0 * (best - 1.8))
    repair = straightened(case.originals, track, max(span[0], 1)) if slide.crawls and case.is_told(index) else ()
    yield case.finding(kind, [track], span, sure, why, repair=repair)
