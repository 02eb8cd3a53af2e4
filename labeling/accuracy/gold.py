"""Hidden gold: true labels of a segment in a layer that annotators cannot see; its tasks look like any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from labeling.accuracy.pairwise import Agreement, agreement
from labeling.accuracy.segment import Sightings, frames_within, sightings_in
from labeling.editing.layers import GOLD, layer_key, layer_of, recording_of
from labeling.project import Project
from labeling.review import LOCAL, Board, Task, acts
from labeling.review.board import Event
from labeling.track import Track
from labeling.versions import VersionService
from labeling.versions.storing import store_tracks


@dataclass(frozen=True, slots=True)
class GoldScore:
    """A submission measured against gold: whose, of which task, when; over all classes and for each."""

    person: str
    recording: str
    task: str
    at_ns: int
    overall: Agreement
    by_class: Mapping[str, Agreement]

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "person": self.person,
            "recording": self.recording,
            "task": self.task,
            "at_ns": str(self.at_ns),
            **self.overall.to_record(),
            "classes": {name: each.to_record() for name, each in self.by_class.items()},
        }


def set_gold(
    project: Project, recording: str, tracks: Mapping[str, Track], span_ns: tuple[int, int], classes: Sequence[str] = ()
) -> str:
    """Take these tracks as the truth of a stretch of a recording, in addition to what is gold already; the segment's
    name."""
    key = layer_key(recording, GOLD)
    with closing(project.labels()) as labels, closing(project.review()) as review:
        store_tracks(labels, key, {**labels.tracks(key), **tracks})
        name = f"gold-{len(review.board(key).tasks) + 1}"
        review.act(key, acts.OpenTask(name, name, *span_ns, tuple(classes)), LOCAL)
    return name


def gold_scores(project: Project) -> list[GoldScore]:
    """Every submission of a task that meets a gold segment, oldest first."""
    with closing(project.review()) as review, closing(project.versions()) as versions:
        boards = review.boards()
        found = [
            score
            for key, board in boards.items()
            if layer_of(key) != GOLD and layer_key(recording_of(key), GOLD) in boards
            for task in board.tasks.values()
            for score in _scores(project, versions, boards[layer_key(recording_of(key), GOLD)], key, task)
        ]
    return sorted(found, key=lambda each: each.at_ns)


def _scores(project: Project, versions: VersionService, gold: Board, key: str, task: Task) -> Iterator[GoldScore]:
    recording = recording_of(key)
    truth = versions.tracks(recording, f"@{GOLD}")
    with project.recording_as_it_came(recording) as opened:
        for segment in gold.tasks.values():
            classes = common_classes(segment.classes, task.classes)
            frames = frames_within(opened, max(segment.start_ns, task.start_ns), min(segment.end_ns, task.end_ns))
            if classes is None or not frames:
                continue
            true = sightings_in(opened, truth, frames, classes)
            for event in submissions(task):
                said = sightings_in(opened, versions.tracks_at(key, event.sequence), frames, classes)
                yield GoldScore(event.who, recording, task.id, event.at_ns, agreement(true, said), by_class(true, said))


def submissions(task: Task) -> list[Event]:
    """Each time that it was submitted."""
    return [event for event in task.story if isinstance(event.act, acts.Submit)]


def common_classes(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...] | None:
    """Classes that two have in common, where none is all; None if there is none."""
    if not first or not second:
        return tuple(first) or tuple(second)
    return tuple(sorted({*first} & {*second})) or None


def by_class(first: Sightings, second: Sightings) -> dict[str, Agreement]:
    """The agreement of each class that either names."""
    names = sorted({name for each in (first, second) for frame in each.classes for name in frame})
    return {name: agreement(first.of_class(name), second.of_class(name)) for name in names}
