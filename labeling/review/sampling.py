"""Which tracks of a task a reviewer looks at: all, the riskiest, or some at random."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

import numpy as np
from pydantic import ConfigDict, Field

from labeling.track import Maker, PresenceKind, Track


class SamplingKind(StrEnum):
    """How tracks are chosen."""

    ALL = "all"
    RISK = "risk"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """percent: how many of the tracks, at least one; of `all` it is not asked."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    kind: SamplingKind = SamplingKind.ALL
    percent: Annotated[float, Field(gt=0, le=100)] = 100.0


ALL_TRACKS = SamplingPlan()


def sampled_tracks(
    plan: SamplingPlan, tracks: Mapping[str, Track], seed: str, risks: Mapping[str, float] | None = None
) -> tuple[str, ...]:
    """Ids of the tracks to look at, riskiest first where risk decides. seed: the same text chooses the same.

    risks: of tracks, such as of what checks have found in them; where these are alike or missing, `track_risk` decides.
    """
    if plan.kind is SamplingKind.ALL:
        return tuple(sorted(tracks))
    count = min(len(tracks), max(1, round(len(tracks) * plan.percent / 100.0)))
    if plan.kind is SamplingKind.RISK:
        known = risks or {}
        riskiest = sorted(tracks, key=lambda each: (-known.get(each, 0.0), -track_risk(tracks[each]), each))
        return tuple(riskiest[:count])
    return tuple(sorted(tracks, key=lambda each: hashlib.sha256(f"{seed}/{each}".encode()).digest())[:count])


def track_risk(track: Track) -> float:
    """0 to 1, from what a track says of itself: how much of it no person has set, how much is hidden, how short it
    is."""
    machine = 1.0 - sum(maker is Maker.HUMAN for maker in track.makers) / len(track)
    seconds = np.array([(each.end_ns - each.start_ns) * 1e-9 for each in track.presence])
    hidden = np.array([each.kind is PresenceKind.OCCLUDED for each in track.presence], bool)
    total = float(seconds.sum())
    occluded = float(seconds[hidden].sum()) / total if total > 0.0 else 0.0
    return (machine + occluded + 1.0 / (1.0 + total)) / 3.0
