"""The moments that are worth a person's time, across recordings: ranked by errors to be expected a second.

What a signal is worth is learnt from what people do with it: each kind of finding has a count of those accepted and of
those rejected. The chance that a finding is an error is the mean of a Beta distribution: its own confidence counts as
much as `WEIGHT` decisions, then come those that people made about its kind (`verdicts`). Nothing else is learnt, and
the counts can be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from labeling.quality.finding import Finding, FindingKind, Severity

WEIGHT: Final = 6.0
"""So many decisions the confidence of a check is worth."""
_HARM: Final = {Severity.ERROR: 1.0, Severity.WARNING: 0.4, Severity.NOTE: 0.1}
_SECONDS: Final = {
    FindingKind.HEADING_FLIP: 4.0,
    FindingKind.PHANTOM: 4.0,
    FindingKind.DUPLICATE: 4.0,
    FindingKind.WRONG_CLASS: 5.0,
    FindingKind.FRAGMENT: 6.0,
    FindingKind.IDENTITY_SWAP: 6.0,
}
_USUAL_SECONDS: Final = 8.0


@dataclass(frozen=True, slots=True)
class Decisions:
    """How often findings of each kind were accepted, and rejected, by people."""

    accepted: dict[FindingKind, int] = field(default_factory=dict)
    rejected: dict[FindingKind, int] = field(default_factory=dict)

    def with_one(self, kind: FindingKind, *, accepted: bool) -> Decisions:
        """These and one more."""
        counts = dict(self.accepted if accepted else self.rejected)
        counts[kind] = counts.get(kind, 0) + 1
        return Decisions(counts, self.rejected) if accepted else Decisions(self.accepted, counts)

    def chance(self, finding: Finding) -> float:
        """Probability, 0 to 1, that a person would accept a finding."""
        yes, no = self.accepted.get(finding.kind, 0), self.rejected.get(finding.kind, 0)
        return (WEIGHT * finding.confidence + yes) / (WEIGHT + yes + no)


@dataclass(frozen=True, slots=True)
class Moment:
    """One look worth taking. chance: that it is an error; seconds: that looking takes; worth: harm expected to be found
    a second; why: in one sentence, with the numbers."""

    recording: str
    finding: Finding
    chance: float
    seconds: float
    worth: float
    why: str


def attention_queue(findings: Mapping[str, Sequence[Finding]], decisions: Decisions | None = None) -> list[Moment]:
    """All findings of recordings, by name, as moments: the worthiest first, each track's best one before its others."""
    decisions = decisions or Decisions()
    moments = [_moment(name, each, decisions) for name, found in findings.items() for each in found]
    moments.sort(key=lambda each: -each.worth)
    seen: set[tuple[str, tuple[str, ...]]] = set()
    first: list[Moment] = []
    later: list[Moment] = []
    for moment in moments:
        place = moment.recording, moment.finding.track_ids
        (later if moment.finding.track_ids and place in seen else first).append(moment)
        seen.add(place)
    return [*first, *later]


def track_risks(findings: Sequence[Finding], decisions: Decisions | None = None) -> dict[str, float]:
    """Probability, 0 to 1, that at least one of the findings about a track is an error, by track."""
    decisions = decisions or Decisions()
    sound: dict[str, float] = {}
    for finding in findings:
        for track_id in finding.track_ids:
            sound[track_id] = sound.get(track_id, 1.0) * (1.0 - decisions.chance(finding))
    return {track_id: 1.0 - chance for track_id, chance in sound.items()}


def _moment(recording: str, finding: Finding, decisions: Decisions) -> Moment:
    chance, seconds = decisions.chance(finding), _SECONDS.get(finding.kind, _USUAL_SECONDS)
    worth = chance * _HARM[finding.severity] / seconds
    yes, no = decisions.accepted.get(finding.kind, 0), decisions.rejected.get(finding.kind, 0)
    known = f"people accepted {yes} of {yes + no} like it" if yes + no else "nobody has judged one like it yet"
    why = f"{finding.why}: {chance:.0%} likely ({known}), about {seconds:.0f} s to look at"
    return Moment(recording, finding, chance, seconds, worth, why)
