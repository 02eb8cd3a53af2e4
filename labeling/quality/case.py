"""All that checks look at: what the recording saw, what the labels say, and how the two agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from calibration.quaternion import FloatArray
from fusion import CuboidTable
from fusion.recording import Recording
from fusion.timeline import Int64Array
from labeling.automation.class_priors import class_prior
from labeling.automation.one_click.fit import CuboidFit
from labeling.automation.one_click.sight import Sights
from labeling.quality.agreement import Maps, maps_of
from labeling.quality.clumps import Clumps
from labeling.quality.finding import Finding, FindingKind
from labeling.quality.looking import Looks, Places, look_at
from labeling.quality.profile import RuleProfile
from labeling.quality.rows import TrackRows, rows_of_table
from labeling.track import Track

_WALKING_BELOW_M = 2.4
_KEPT_FRAMES = 64
_FEWEST_TOLD = 4


@dataclass(slots=True)
class Observed:
    """A recording as checks read it, whatever its labels say: its frames, what stands in some of them (`clumps`),
    and cuboids fitted to that. Kept, so
    that labels which have changed are checked again in a moment."""

    recording: Recording
    sights: Sights
    clumps: Clumps | None = None
    fits: dict[int, CuboidFit | None] = field(default_factory=dict)

    @staticmethod
    def of(recording: Recording) -> Observed:
        """An open recording; frames are read when first asked for, and the last 64 kept."""
        return Observed(recording, Sights(recording, most=_KEPT_FRAMES))


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Labels to be judged. starts: (T + 1,) where the rows of each track start in places, looks and maps. originals:
    the tracks by identity where the labels are tracks; only those can be repaired."""

    observed: Observed
    profile: RuleProfile
    tracks: tuple[TrackRows, ...]
    originals: Mapping[str, Track]
    places: Places
    starts: Int64Array
    looks: Looks
    maps: Maps

    def rows_of(self, track: int) -> Int64Array:
        """Rows of a track in places, looks and maps."""
        return np.arange(self.starts[track], self.starts[track + 1])

    def told_rows(self, track: int) -> Int64Array:
        """Those of a track that points have something to say about."""
        rows = self.rows_of(track)
        return np.asarray(rows[self.maps.counts[rows] > 0])

    def is_told(self, track: int) -> bool:
        """Whether points say enough of a track to change it for what they say."""
        return len(self.told_rows(track)) >= _FEWEST_TOLD

    def finding(
        self,
        kind: FindingKind,
        tracks: Sequence[TrackRows],
        span: tuple[int, int],
        confidence: float,
        why: str,
        **more: object,
    ) -> Finding:
        """About tracks; span: first and last row of the first of them that are wrong. more: as in `Finding`."""
        first, last = span
        lead = tracks[0]
        x, y, z = lead.positions_m[first].tolist()
        return Finding(
            kind,
            tuple(track.id for track in tracks),
            (int(lead.frames[first]), int(lead.frames[last])),
            (int(lead.times_ns[first]), int(lead.times_ns[last])),
            (x, y, z),
            float(min(max(confidence, 0.0), 1.0)),
            self.profile.severity_of(kind),
            why,
            **more,  # type: ignore[arg-type]
        )


def case_of(
    observed: Observed, table: CuboidTable, profile: RuleProfile, originals: Mapping[str, Track] | None = None
) -> Case:
    """Look at every row of a table with times."""
    tracks = tuple(rows_of_table(table))
    starts = np.cumsum([0, *(len(track) for track in tracks)]).astype(np.int64)
    places = places_of(tracks)
    looks = look_at(observed.sights, places)
    walking = np.array([walks(track) for track in tracks], dtype=np.int64)
    maps = maps_of(places, looks, walking[places.owners] if len(tracks) else np.zeros(0, np.int64))
    return Case(observed, profile, tracks, originals or {}, places, starts, looks, maps)


def places_of(tracks: Sequence[TrackRows]) -> Places:
    """Every row of every track."""

    def joined(parts: list[FloatArray] | list[Int64Array], width: int) -> FloatArray:
        return np.concatenate([np.empty((0, width)), *parts])

    return Places(
        np.concatenate([np.empty(0, np.int64), *(track.frames for track in tracks)]),
        np.concatenate([np.empty(0, np.int64), *(track.times_ns for track in tracks)]),
        joined([np.column_stack([track.positions_m, track.yaws_rad]) for track in tracks], 4),
        joined([track.sizes_m for track in tracks], 3),
        joined([track.velocities_mps() for track in tracks], 2),
        np.repeat(np.arange(len(tracks)), [len(track) for track in tracks]).astype(np.int64),
    )


def walks(track: TrackRows) -> bool:
    """Whether it may move sideways and has no flat sides: people, not walls."""
    return class_prior(track.class_name).motion.holonomic and float(track.size_m[:2].max()) < _WALKING_BELOW_M


def logistic(value: float) -> float:
    """A probability from a log odds."""
    return float(1.0 / (1.0 + np.exp(-np.clip(value, -30.0, 30.0))))
