"""How a project stands: its tasks, its people, and how accurate its labels are known to be."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

from labeling.accuracy.acceptance import ErrorRate
from labeling.accuracy.drift import Trend, trend
from labeling.accuracy.gold import GoldScore, gold_scores
from labeling.accuracy.inspection import changed_since_accepted, inspections, rates
from labeling.accuracy.people import PairAgreement, pair_agreements
from labeling.editing.layers import GOLD, layer_of
from labeling.project import Project
from labeling.review import Statistics, statistics


@dataclass(frozen=True, slots=True)
class Report:
    """gold: every submission measured against gold; people, classes: the trend of their gold F1. errors: the share of
    tracks at fault that reviewers found, of all work and of each person's. changed: tasks of which tracks changed after
    they were accepted, and how often."""

    project: str
    statistics: Statistics
    gold: tuple[GoldScore, ...]
    people: dict[str, Trend]
    classes: dict[str, Trend]
    pairs: tuple[PairAgreement, ...]
    errors: ErrorRate
    errors_by_person: dict[str, ErrorRate]
    changed: dict[str, int]

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "project": self.project,
            **self.statistics.to_record(),
            "gold": {
                "scores": [each.to_record() for each in self.gold],
                "people": {name: each.to_record() for name, each in self.people.items()},
                "classes": {name: each.to_record() for name, each in self.classes.items()},
            },
            "agreement": [each.to_record() for each in self.pairs],
            "errors": self.errors.to_record()
            | {"people": {name: each.to_record() for name, each in self.errors_by_person.items()}},
            "changed_since_accepted": self.changed,
        }


def project_report(project: Project) -> Report:
    """Everything that the journal and the gold layers say about a project."""
    with closing(project.review()) as review, closing(project.labels()) as labels:
        boards = {key: board for key, board in review.boards().items() if layer_of(key) != GOLD}
        counted = statistics(boards, {key: labels.tracks(key) for key in boards})
    gold = gold_scores(project)
    errors, by_person = rates(inspections(project))
    return Report(
        project.name,
        counted,
        tuple(gold),
        _trends([(each.person, each.at_ns, each.overall.f1) for each in gold]),
        _trends([(name, each.at_ns, score.f1) for each in gold for name, score in each.by_class.items()]),
        tuple(pair_agreements(project)),
        errors,
        by_person,
        changed_since_accepted(project),
    )


def _trends(scores: list[tuple[str, int, float]]) -> dict[str, Trend]:
    names = sorted({name for name, _, _ in scores})
    series = {name: [(at_ns, score) for each, at_ns, score in scores if each == name] for name in names}
    return {name: trend(*zip(*points, strict=True)) for name, points in series.items()}
