"""What two or more people made of the same segment, each in a layer of their own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from labeling.accuracy.alpha import agreement_alpha
from labeling.accuracy.gold import common_classes, submissions
from labeling.accuracy.pairwise import Agreement, agreement
from labeling.accuracy.segment import frames_within, sightings_in
from labeling.editing.layers import GOLD, layer_of, recording_of
from labeling.project import Project
from labeling.review import Task
from labeling.versions import VersionService


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two people's last submissions of tasks that share frames."""

    recording: str
    people: tuple[str, str]
    frames: int
    alpha: float
    agreement: Agreement

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values."""
        alpha = self.alpha if self.alpha == self.alpha else None
        return {
            "recording": self.recording,
            "people": self.people,
            "frames": self.frames,
            "alpha": alpha,
            **self.agreement.to_record(),
        }


@dataclass(frozen=True, slots=True)
class _Work:
    key: str
    person: str
    sequence: int
    task: Task


def pair_agreements(project: Project) -> list[PairAgreement]:
    """Of all pairs of people who submitted work on the same frames of a recording in different layers."""
    with closing(project.review()) as review, closing(project.versions()) as versions:
        works = [
            _Work(key, last.who, last.sequence, task)
            for key, board in review.boards().items()
            if layer_of(key) != GOLD
            for task in board.tasks.values()
            for last in submissions(task)[-1:]
        ]
        pairs = [
            (first, second)
            for first, second in combinations(works, 2)
            if recording_of(first.key) == recording_of(second.key)
            and first.key != second.key
            and first.person != second.person
        ]
        found = [_agreement(project, versions, pair) for pair in pairs]
    return [each for each in found if each is not None]


def _agreement(project: Project, versions: VersionService, pair: Sequence[_Work]) -> PairAgreement | None:
    first, second = pair
    classes = common_classes(first.task.classes, second.task.classes)
    with project.recording_as_it_came(recording_of(first.key)) as opened:
        start, end = max(each.task.start_ns for each in pair), min(each.task.end_ns for each in pair)
        frames = frames_within(opened, start, end)
        if classes is None or not frames:
            return None
        tracks = (versions.tracks_at(each.key, each.sequence) for each in pair)
        a, b = (sightings_in(opened, each, frames, classes) for each in tracks)
    people = first.person, second.person
    return PairAgreement(recording_of(first.key), people, len(frames), agreement_alpha([a, b]), agreement(a, b))
