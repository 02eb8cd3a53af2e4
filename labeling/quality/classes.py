"""Sizes that creep or cannot be, and classes that another one fits better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.quaternion import FloatArray
from labeling.automation.class_priors import UNKNOWN, class_prior
from labeling.quality.case import Case, logistic
from labeling.quality.finding import Finding, FindingKind
from labeling.quality.repairs import renamed, resized
from labeling.quality.rows import TrackRows

_CREEP = 0.025
_LEAST_SPREAD = 0.07
"""Of the logarithm of a side, within a class."""
_PRIOR_WEIGHT = 2.0
_NAMES_TELL = 3.0
_MISFIT = 2.0
_COMPANY = 2
_ALONE = 0.45
"""A class of one track has nothing to be compared with."""
_MOST_SQUARES = 40.0


def creeps(case: Case) -> list[Finding]:
    """Cuboids that grow or shrink from frame to frame: things do not."""
    found: list[Finding] = []
    for track in case.tracks:
        if len(track) < 5:
            continue
        sides = np.log(track.sizes_m).mean(axis=1)
        steps = np.diff(sides)
        total = float(sides[-1] - sides[0])
        steady = float(np.mean(steps * np.sign(total) >= -1e-6))
        changed = np.flatnonzero(np.abs(sides - sides[0]) > 0.004)
        if abs(total) < _CREEP or steady < 0.85 or len(changed) < 3:
            continue
        first = int(changed[0])
        moving = np.sign(total) * steps[max(first - 1, 0) :]
        even = float(np.mean(moving > 1e-4))
        word = "grows" if total > 0.0 else "shrinks"
        why = f"it {word} by {abs(np.expm1(total)):.0%} in {len(track) - first} frames"
        sure = logistic(60.0 * (abs(total) - _CREEP) + 3.0 * (even - 0.5))
        repair = resized(case.originals, track.id, np.median(track.sizes_m[: max(first, 1)], axis=0))
        found.append(case.finding(FindingKind.SIZE_CREEP, [track], (first, len(track) - 1), sure, why, repair=repair))
    return found


def size_limits(case: Case) -> list[Finding]:
    """Cuboids larger or smaller than the profile believes."""
    found: list[Finding] = []
    for track in case.tracks:
        rules = case.profile.of_class(track.class_name)
        if rules is None:
            continue
        spans = zip(
            ("length", "width", "height"), track.size_m, (rules.length_m, rules.width_m, rules.height_m), strict=True
        )
        for name, side, (least, most) in spans:
            if not least <= side <= most:
                beyond = max(least / side, side / most) - 1.0
                why = f"its {name} is {side:.2f} m, a {track.class_name} has {least:g} to {most:g} m"
                sure = logistic(12.0 * (beyond - 0.1))
                found.append(case.finding(FindingKind.SIZE_LIMITS, [track], (0, len(track) - 1), sure, why))
                break
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """A class as this recording labels it. members: its tracks. sides: (N, 3) logarithms of their sizes. names: what
    attributes and states each of them has."""

    name: str
    members: tuple[int, ...]
    sides: FloatArray
    names: tuple[frozenset[str], ...]

    def fit(self, track: TrackRows, index: int) -> tuple[float, float]:
        """Log likelihood of the track's size, and how far it is off in standard deviations; itself not asked."""
        prior = class_prior(self.name)
        own = self.sides[np.array([row != index for row in self.members], dtype=np.bool_)]
        believed, spread = np.log(np.array(prior.size_m)), np.array(prior.spread_m) / np.array(prior.size_m)
        spread = spread if len(own) else 1.5 * spread  # nobody here says how this dataset uses the name
        weight = (0.25 if prior is UNKNOWN else 1.0) * _PRIOR_WEIGHT
        mean = (own.sum(axis=0) + weight * believed) / (len(own) + weight)
        square = ((own - mean) ** 2).sum(axis=0) + weight * (spread**2 + (believed - mean) ** 2)
        sigma = np.sqrt(square / (len(own) + weight) + _LEAST_SPREAD**2)
        off = (np.log(track.size_m) - mean) / sigma
        squares = np.minimum(off**2, _MOST_SQUARES)
        return float(-0.5 * squares.sum() - np.log(sigma).sum()), float(np.sqrt(squares.sum()))

    def names_fit(self, track: TrackRows, index: int) -> float:
        """Share of its other tracks that have just these attributes and states; 0.5 if there is none."""
        others = [each == track.names for row, each in zip(self.members, self.names, strict=True) if row != index]
        return float(np.mean(others)) if others else 0.5


def _kinds(case: Case) -> dict[str, _Kind]:
    members: dict[str, list[int]] = {}
    for index, track in enumerate(case.tracks):
        members.setdefault(track.class_name, []).append(index)
    return {
        name: _Kind(
            name,
            tuple(rows),
            np.log(np.array([case.tracks[row].size_m for row in rows])),
            tuple(case.tracks[row].names for row in rows),
        )
        for name, rows in members.items()
    }


def wrong_classes(case: Case) -> list[Finding]:
    """Tracks whose size, attributes and motion are another class's."""
    kinds = _kinds(case)
    found: list[Finding] = []
    for index, track in enumerate(case.tracks):
        scores = {name: _score(kind, track, index) for name, kind in kinds.items()}
        own = scores.pop(track.class_name)
        if not scores:
            continue
        best = max(scores, key=lambda name: scores[name])
        gain = scores[best] - own
        misfit = kinds[track.class_name].fit(track, index)[1]
        foreign = kinds[track.class_name].names_fit(track, index) < 0.05 < kinds[best].names_fit(track, index)
        moved = not class_prior(track.class_name).movable and track.way_m > 2.0
        if gain <= 0.0 or not (misfit > _MISFIT or foreign or moved):
            continue
        length, width, height = track.size_m
        why = f"{length:.1f} x {width:.1f} x {height:.1f} m is no {track.class_name} here, but would be a {best}"
        why = f"it has the attributes of a {best}, and its size" if foreign else why
        repair = renamed(case.originals, track.id, best)
        sure = logistic(0.8 * (gain - 4.0)) * (1.0 if len(kinds[track.class_name].members) > 1 else _ALONE)
        found.append(case.finding(FindingKind.WRONG_CLASS, [track], (0, len(track) - 1), sure, why, repair=repair))
    return found


def _score(kind: _Kind, track: TrackRows, index: int) -> float:
    """Log odds, but for a constant, that the track is of a class."""
    others = sum(row != index for row in kind.members)
    score = kind.fit(track, index)[0] + 0.5 * float(np.log(others + 0.5)) - 3.0 * (others < _COMPANY)
    score += _NAMES_TELL * (kind.names_fit(track, index) - 0.5)
    prior = class_prior(kind.name)
    if not prior.movable and track.way_m > 2.0:
        score -= 8.0
    speed = track.way_m / max(float(track.seconds[-1]), 0.1)
    if len(track) > 3 and speed > prior.motion.speed_mps > 0.0:
        score -= 8.0
    return score
