"""Errors that are planted are found, what is right is left alone, and repairs do good."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import attention, blind_repairs, seeded_errors
from benchmarks.seeded_errors import KINDS, Round, judge, plant_round
from labeling.faults import plant_in_tracks
from labeling.project import Project
from labeling.quality.checking import check_table, check_tracks
from labeling.quality.finding import Finding, FindingKind
from labeling.quality.profile import rule_profile
from labeling.track import Maker
from tests.labeling.quality.conftest import Street


@pytest.fixture(scope="module")
def planted(street: Street) -> Round:
    return plant_round(street.observed, street.tracks, set(), 0.02, 3)


@pytest.fixture(scope="module")
def findings(street: Street, planted: Round) -> list[Finding]:
    return check_table(street.observed, planted.table, originals={each.id: each for each in planted.tracks})


def test_true_labels_are_left_alone(street: Street) -> None:
    assert check_tracks(street.observed.recording, street.tracks, observed=street.observed) == []


def test_planted_errors_are_found(planted: Round, findings: list[Finding]) -> None:
    judged = judge(planted, findings, set())
    seen = [
        (entry.kind, found)
        for entry, shown, found in zip(planted.planted, planted.shown, judged.found, strict=True)
        if shown
    ]
    assert {entry.kind for entry in planted.planted} == set(KINDS)
    assert [kind for kind, found in seen if not found] == []
    assert [finding for finding, right in judged.findings if not right] == []


def test_findings_say_where_when_why_and_how_sure(findings: list[Finding]) -> None:
    for finding in findings:
        assert finding.frames[0] <= finding.frames[1]
        assert finding.times_ns[0] <= finding.times_ns[1]
        assert 0.5 <= finding.confidence <= 1.0
        assert "\n" not in finding.why
        assert finding.to_record()["times_ns"][0] == str(finding.times_ns[0])
    assert [each.confidence for each in findings] == sorted((each.confidence for each in findings), reverse=True)


def test_no_repair_touches_a_human_knot(street: Street) -> None:
    """All knots are a person's: whatever would move one has no repair, and the others leave them where they are."""
    faulty, _ = plant_in_tracks(
        list(street.tracks),
        street.observed.recording,
        dict.fromkeys(("yaw_flip", "drift", "frame_offset", "early_end"), 2),
        seed=5,
    )
    human = [replace(track, makers=(Maker.HUMAN,) * len(track)) for track in faulty]
    found = check_tracks(street.observed.recording, human, observed=street.observed)
    assert len(found) >= 4
    moving = {FindingKind.HEADING_FLIP, FindingKind.DRIFT, FindingKind.TIME_SLIP}
    assert all(not finding.repair for finding in found if finding.kind in moving)


def test_a_profile_decides_what_is_reported(street: Street, planted: Round, findings: list[Finding]) -> None:
    rules = rule_profile("driving")
    strict = replace(rules, rules={FindingKind.SIZE_CREEP: rules.rules[FindingKind.SIZE_CREEP]})
    found = check_table(street.observed, planted.table, strict)
    assert {each.kind for each in found} == {FindingKind.SIZE_CREEP}
    assert len(found) < len(findings)


def test_labels_without_tracks_or_sweeps_are_no_error(tiny_project: Project) -> None:
    with tiny_project.recording("tiny") as recording:
        assert check_tracks(recording, []) == []
        labels = tiny_project.labels()
        found = check_tracks(recording, list(labels.tracks("tiny").values()))
        labels.close()
    assert all(np.isfinite(each.place_m).all() for each in found)


def test_the_own_labels_of_pandaset_raise_few_alarms(pandaset_project: Project) -> None:
    labels = pandaset_project.labels()
    tracks = list(labels.tracks("drive").values())
    labels.close()
    with pandaset_project.recording("drive") as recording:
        found = check_tracks(recording, tracks)
    assert len(found) <= len(tracks) / 20, [(each.kind, each.why) for each in found]


def test_the_benchmarks_take_any_recording(street: Street, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(street.project.recording_path("street"))
    few = ["--json", "--source", source, "--seed", "1", "--rounds", "1"]
    assert seeded_errors.main(few) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"recall", "precision_at_50", "recall_yaw_flip"} <= told.keys()
    assert told["recall"] > 0.7
    assert blind_repairs.main(few) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["iou_after"] > told["iou_before"]
    assert told["human_knots_lost"] == 0
    assert attention.main(few) == 0
    assert json.loads(capsys.readouterr().out)["found_in_tenth"] > 0.5
