"""All checks over all labels of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from fusion import CuboidTable
from fusion.progress import Progress, silent
from fusion.recording import Recording
from labeling.faults import rows_of_tracks
from labeling.quality import agreeing, classes, ends, missing, motion, presence
from labeling.quality.case import Case, Observed, case_of
from labeling.quality.finding import Finding
from labeling.quality.profile import RuleProfile, rule_profile
from labeling.track import Track

Check = Callable[[Case], Iterable[Finding]]

CHECKS: Final[tuple[Check, ...]] = (
    motion.jumps,
    motion.headings,
    motion.limits,
    motion.sideways,
    agreeing.slips,
    agreeing.drifts,
    presence.phantoms,
    presence.cuts,
    presence.off_ground,
    presence.overlaps,
    classes.creeps,
    classes.size_limits,
    classes.wrong_classes,
    ends.fragments,
    ends.ends,
    missing.missing_objects,
)


def check_tracks(
    recording: Recording,
    tracks: Sequence[Track],
    profile: RuleProfile | None = None,
    *,
    observed: Observed | None = None,
    progress: Progress = silent,
) -> list[Finding]:
    """What is probably wrong with tracks, the surest first, with repairs. observed: of this recording, from before."""
    table = rows_of_tracks(tracks, recording)
    originals = {track.id: track for track in tracks}
    observed = observed or Observed.of(recording)
    return check_table(observed, table, profile, originals=originals, progress=progress)


def check_table(
    observed: Observed,
    table: CuboidTable,
    profile: RuleProfile | None = None,
    *,
    originals: Mapping[str, Track] | None = None,
    progress: Progress = silent,
) -> list[Finding]:
    """The same of rows with times, each with a size of its own, as a dataset lists them; repairs for `originals` only.

    Findings that are less sure than the profile's rules ask for are left out.
    """
    if not len(table):
        return []  # labels teach what should be labelled: without any, nothing is missing
    profile = profile or rule_profile()
    case = case_of(observed, table, profile, originals)
    found: list[Finding] = []
    for done, check in enumerate(CHECKS, start=1):
        found += check(case)
        progress(done, len(CHECKS))
    reported = [each for each in found if each.kind in profile.rules and each.confidence >= profile.least_of(each.kind)]
    return sorted(reported, key=lambda each: -each.confidence)
