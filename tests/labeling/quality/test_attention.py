"""The queue: what is likeliest, worst and quickest first; and it learns from what people decide."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from labeling.project import Project
from labeling.quality.attention import Decisions, attention_queue
from labeling.quality.finding import Finding, FindingKind, Severity
from labeling.quality.verdicts import Verdict


def finding(kind: FindingKind, confidence: float, track: str = "a") -> Finding:
    return Finding(kind, (track,), (0, 1), (0, 1), (0.0, 0.0, 0.0), confidence, Severity.ERROR, "it is so")


def test_the_worthiest_come_first() -> None:
    sure, doubtful = finding(FindingKind.DRIFT, 0.9), finding(FindingKind.DRIFT, 0.4, "b")
    mild = replace(finding(FindingKind.DRIFT, 0.9, "c"), severity=Severity.NOTE)
    queue = attention_queue({"one": [doubtful, mild], "two": [sure]})
    assert [each.finding for each in queue] == [sure, doubtful, mild]
    assert queue[0].recording == "two"
    assert "90% likely (nobody has judged one like it yet), about 8 s" in queue[0].why


def test_a_second_finding_of_a_track_waits() -> None:
    first, second, other = (
        finding(FindingKind.PHANTOM, 0.9),
        finding(FindingKind.PHANTOM, 0.8),
        finding(FindingKind.DRIFT, 0.6, "b"),
    )
    assert [each.finding for each in attention_queue({"one": [second, first, other]})] == [first, other, second]


def test_decisions_are_learnt() -> None:
    drift, flip = finding(FindingKind.DRIFT, 0.7), finding(FindingKind.TIME_SLIP, 0.6, "b")
    decisions = Decisions()
    for _ in range(10):
        decisions = decisions.with_one(FindingKind.DRIFT, accepted=False).with_one(FindingKind.TIME_SLIP, accepted=True)
    assert decisions.chance(drift) == pytest.approx(6 * 0.7 / 16)
    queue = attention_queue({"one": [drift, flip]}, decisions)
    assert [each.finding for each in queue] == [flip, drift]
    assert "people accepted 0 of 10 like it" in queue[1].why


def test_verdicts_are_kept_in_the_journal_and_counted(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project")
    log = project.verdicts()
    wrong = Verdict(FindingKind.DRIFT, ("a",), (3, 9), accepted=False)
    log.add("one", wrong, "ana", "key-1")
    log.add("one", wrong, "ana", "key-1")
    log.add("two", Verdict(FindingKind.PHANTOM, ("b",), (0, 1), accepted=True), "ben", "key-2")
    assert log.of("one") == (wrong,)
    assert log.decisions() == Decisions({FindingKind.PHANTOM: 1}, {FindingKind.DRIFT: 1})
    drift = replace(finding(FindingKind.DRIFT, 0.7), frames=(8, 12))
    assert wrong.is_about(drift)
    assert not wrong.is_about(replace(drift, frames=(10, 12)))
    assert not wrong.is_about(replace(drift, track_ids=("b",)))
    log.close()
