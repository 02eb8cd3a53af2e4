"""What moves, followed through all frames by the track solver from the frame that shows it best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labeling.automation.prelabel.joining import Chain, nearness
from labeling.automation.solver import Evidence, solve
from labeling.cuboid import Cuboid
from labeling.track import Knot, Maker, Presence, PresenceKind, Track

_STARTS = 3
"""So many of a chain's fits are tried as the solver's start."""
_AGREES = 0.5
_FEWEST = 0.5
"""A solution that passes by more than half of the chain's own fits is none."""
_SAME_PLACE = 0.4
_ASKED = 8


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """A chain and its solved trajectory: knots of the model, and presence."""

    chain: Chain
    track: Track


def followed(chain: Chain, class_name: str, evidence: Evidence) -> Followed | None:
    """The solution that most of the chain's fits agree with; None if there is none."""
    worth = [
        fit.confidence * np.sqrt(fit.points) / (0.1 + fit.sigmas.along_m + fit.sigmas.across_m) for fit in chain.fits
    ]
    best: tuple[float, Track] | None = None
    for row in np.argsort(worth)[::-1][:_STARTS].tolist():
        knot = Knot.of(chain.times_ns[row], chain.world_from_object[row], Maker.MODEL)
        start = Track.from_knots(
            "start", class_name, chain.size_m.tolist(), [knot], [Presence(knot.time_ns, knot.time_ns)]
        )
        solution = solve(evidence, start)
        agreed = _agreed(chain, solution.track)
        if not solution.stands and agreed >= _FEWEST and (best is None or agreed > best[0] + 0.05):
            best = agreed, solution.track
    if best is None:
        return None
    return Followed(chain, best[1].with_knots([replace(knot, maker=Maker.MODEL) for knot in best[1].knots]))


def _agreed(chain: Chain, track: Track) -> float:
    """The share of the chain's fits that the track goes through."""
    apart = [
        nearness(track.cuboid_at(time_ns), Cuboid(chain.world_from_object[row], chain.size_m))
        for row, time_ns in enumerate(chain.times_ns)
    ]
    return float(np.mean(np.array(apart) < _AGREES))


def without_twins(found: Sequence[Followed]) -> list[Followed]:
    """Of those that go the same way the one that most fits agree on."""
    kept: list[Followed] = []
    for each in sorted(found, key=lambda one: -sum(fit.confidence for fit in one.chain.fits)):
        if not any(_together(each.track, other.track) for other in kept):
            kept.append(each)
    return kept


def _together(one: Track, two: Track) -> bool:
    """Whether they are in one place most of the time that both are seen."""
    moments = one.times_ns[:: max(len(one) // _ASKED, 1)].tolist()
    both = [each for each in moments if _seen(one, each) and _seen(two, each)]
    near = [each for each in both if nearness(one.cuboid_at(each), two.cuboid_at(each)) < _SAME_PLACE]
    return bool(both) and 2 * len(near) > len(both)


def _seen(track: Track, time_ns: int) -> bool:
    return track.presence_at(time_ns) is PresenceKind.OBSERVED
