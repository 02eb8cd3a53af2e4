"""What somebody made of a scenario, beside its truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from calibration.errors import UsageError
from fusion.cloud import fused_cloud
from fusion.recording import Recording
from labeling.accuracy.gold import by_class
from labeling.accuracy.pairwise import Agreement, agreement, similarities
from labeling.accuracy.segment import Sightings, sightings_in
from labeling.editing.layers import GOLD
from labeling.project import Project
from labeling.qualification.optional import seen_well, without_optional
from labeling.qualification.work import Work, work_of
from labeling.track import Track

MISSED, PHANTOM = "missed", "phantom"
_SAME = 0.5


@dataclass(frozen=True, slots=True)
class Standard:
    """What it takes to pass."""

    hota: float = 0.6
    f1: float = 0.7
    iou: float = 0.6


@dataclass(frozen=True, slots=True)
class Finding:
    """An object that was missed, or one that is not there, in so many of the frames in which it could be judged."""

    kind: str
    track_id: str
    class_name: str
    frames: int
    of: int


@dataclass(frozen=True, slots=True)
class Score:
    """overall, classes: of cuboids that LiDAR points show; what can hardly be seen may be labelled or not. work: time
    and actions. findings: the worst first."""

    who: str
    overall: Agreement
    classes: Mapping[str, Agreement]
    work: Work
    findings: tuple[Finding, ...]
    standard: Standard

    @property
    def passed(self) -> bool:
        """Whether it is good enough."""
        found, asked = self.overall, self.standard
        return found.hota >= asked.hota and found.f1 >= asked.f1 and found.iou >= asked.iou

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "who": self.who,
            "passed": self.passed,
            "standard": asdict(self.standard),
            **self.overall.to_record(),
            "classes": {name: each.to_record() for name, each in self.classes.items()},
            **asdict(self.work),
            "findings": [asdict(each) for each in self.findings],
        }


def score(project: Project, who: str, name: str, standard: Standard, work: Work | None = None) -> Score:
    """Of the labels of a recording as they are now. work: None: as the journal tells it.

    Raises UsageError if the recording has no truth or nothing was labelled.
    """
    with closing(project.versions()) as versions:
        truth, labels = versions.tracks(name, f"@{GOLD}"), versions.tracks(name)
    if not truth:
        raise UsageError(
            f"{name} is no qualification", do="begin one with `boxwright qualify begin`", where=project.root
        )
    if not labels:
        raise UsageError("nothing is labelled yet", do="open the page and label it", where=name)
    with project.recording_as_it_came(name) as recording:
        true, said = judged(recording, truth, labels)
    return Score(
        who,
        agreement(true, said),
        by_class(true, said),
        work if work is not None else work_of(project, name, who),
        _findings(true, said),
        standard,
    )


def judged(
    recording: Recording, truth: Mapping[str, Track], labels: Mapping[str, Track]
) -> tuple[Sightings, Sightings]:
    """What truth and labels say in all frames, without what can hardly be seen."""
    frames = range(len(recording.frames))
    true, said = (sightings_in(recording, each, frames) for each in (truth, labels))
    clouds = (fused_cloud(recording, frame).points_in_world for frame in frames)
    return without_optional(true, said, [seen_well(*each) for each in zip(clouds, true.cuboids, strict=True)])


def _findings(true: Sightings, said: Sightings) -> tuple[Finding, ...]:
    found: list[Finding] = []
    matrices = similarities(true, said)
    for kind, sightings, axis in ((MISSED, true, 1), (PHANTOM, said, 0)):
        total, wrong = Counter[str](), Counter[str]()
        classes: dict[str, str] = {}
        for ids, names, matrix in zip(sightings.ids, sightings.classes, matrices, strict=True):
            best = matrix.max(axis=axis, initial=0.0)
            total.update(ids)
            wrong.update(each for each, overlap in zip(ids, best.tolist(), strict=True) if overlap < _SAME)
            classes.update(zip(ids, names, strict=True))
        found += [Finding(kind, each, classes[each], count, total[each]) for each, count in wrong.items()]
    return tuple(sorted(found, key=lambda each: (-each.frames, each.kind, each.track_id)))


def worst_frame(true: Sightings, said: Sightings) -> int:
    """The frame with most missed and phantoms."""
    matrices = similarities(true, said)
    wrong = [
        int((matrix.max(axis=1, initial=0.0) < _SAME).sum() + (matrix.max(axis=0, initial=0.0) < _SAME).sum())
        for matrix in matrices
    ]
    return int(np.argmax(wrong))
