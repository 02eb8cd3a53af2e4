"""Every benchmark runs and says what it measured; how fast anything is stays `make bench`'s business."""

from __future__ import annotations

import datetime
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import all as all_benchmarks
from benchmarks import edit_latency, frame_access, iou, metrics, projection
from benchmarks.drive import NAME, make_project
from benchmarks.report import peer_version, run
from benchmarks.timing import Timing, interleaved

# nuscenes-devkit and its drawing library come with `make bench` only.
NEEDS_DEVKIT = pytest.mark.skipif(
    any(importlib.util.find_spec(each) is None for each in ("nuscenes", "matplotlib", "pyquaternion", "cv2")),
    reason="nuscenes-devkit is an extra of the benchmarks: `make bench` installs it",
)


def measured(text: str) -> dict[str, Any]:
    report = json.loads(text)
    assert {"name", "figures", "ratio", "target", "met", "peer", "command", "machine"} <= report.keys()
    assert all(isinstance(value, float) for value in report["figures"].values())
    assert report["ratio"] > 0
    assert report["peer"].keys() == {"name", "version"}
    assert report["machine"]["cpu_count"] >= 1
    assert report["command"].startswith(f"python -m benchmarks.{report['name']}")
    return dict(report)


@NEEDS_DEVKIT
@pytest.mark.filterwarnings("ignore")  # the peer's warnings are the peer's
def test_projection_agrees_with_its_peer(capsys: pytest.CaptureFixture[str]) -> None:
    assert projection.main(["--json", "--boxes", "60", "--repetitions", "1"]) == 0
    figures = measured(capsys.readouterr().out)["figures"]
    assert figures["disagreement_px"] < 1e-3
    assert figures["visible_ours"] >= figures["visible_peer"] > 0


@NEEDS_DEVKIT
@pytest.mark.filterwarnings("ignore")
def test_projection_takes_boxes_from_a_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(tmp_path / "project", frames=4, track_count=12)
    arguments = ["--recording", str(tmp_path / "project"), "--name", NAME, "--boxes", "30", "--repetitions", "1"]
    assert projection.main([*arguments, "--json"]) == 0
    assert measured(capsys.readouterr().out)["figures"]["boxes"] == 30


def test_frame_access_reads_the_same_points(pandaset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert frame_access.main(["--json", "--source", str(pandaset), "--frames", "2", "--rounds", "1"]) == 0
    figures = measured(capsys.readouterr().out)["figures"]
    assert figures["points_per_frame"] > 100_000


def test_edit_latency_edits_a_synthetic_drive(capsys: pytest.CaptureFixture[str]) -> None:
    assert edit_latency.main(["--json", "--tracks", "5", "--frames", "6", "--repetitions", "2"]) == 0
    figures = measured(capsys.readouterr().out)["figures"]
    assert figures["tracks_in_frame"] == 5
    assert figures["redraw_bytes"] > 0


def test_edit_latency_leaves_the_labels_of_a_recording_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(tmp_path / "project", frames=6, track_count=3)
    labels = project.labels()
    before = labels.versions(NAME)[0]
    arguments = ["--recording", str(project.root), "--name", NAME, "--repetitions", "1", "--json"]
    assert edit_latency.main(arguments) == 0
    measured(capsys.readouterr().out)
    assert labels.versions(NAME)[0] == before
    labels.close()


def test_a_peer_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert frame_access.main(["--source", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "benchmarks.frame_access: there is no PandaSet sequence; name one with --source or set BOXWRIGHT_REAL_DATA: "
        f"{tmp_path}\n"
    )
    with pytest.raises(Exception, match="no-such-peer is not installed; run `make bench`"):
        peer_version("no-such-peer")


def test_mutated_sources_are_read_or_refused_in_one_line(real_data: Path) -> None:
    """A few of each corpus; `python -m benchmarks.fuzz_readers` tries thousands."""
    from benchmarks.fuzz_readers import judge, run_cases

    outcomes = run_cases(48, seed=7)
    assert len({outcome.corpus for outcome in outcomes}) == 12
    assert [(judge(outcome), outcome) for outcome in outcomes if judge(outcome) not in (None, "slow", "large")] == []
    assert any(outcome.verdict == "refused" for outcome in outcomes)


def test_contestants_take_turns() -> None:
    seen: list[tuple[str, int]] = []
    actions = {"a": lambda turn: seen.append(("a", turn)), "b": lambda turn: seen.append(("b", turn))}
    timings = interleaved(actions, 2)
    assert seen == [("a", 0), ("b", 0), ("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert [len(each.seconds) for each in timings.values()] == [2, 2]
    assert (Timing((1.0, 2.0, 4.0)) + Timing((1.0, 1.0, 1.0))).median_ms == 3000.0


def test_the_page_says_what_could_not_be_measured() -> None:
    result = {
        "title": "Title",
        "command": "python -m benchmarks.x",
        "peer": {"name": "peer", "version": "1.0"},
        "figures": {"ours_ms": 1.25},
        "ratio": 12.0,
        "target": "10 times",
        "met": True,
        "notes": ["why"],
    }
    page = all_benchmarks.results_page({"x": result, "y": "no peer"}, datetime.date(2026, 1, 2))
    assert "| x | peer (1.0) | 12.0 | 10 times | met |" in page
    assert "| y | | | | not measured: no peer |" in page
    assert "`python -m benchmarks.x`, beside peer (1.0)." in page
    assert "| ours_ms | 1.25 |" in page


def test_a_part_of_the_table_can_be_measured_anew() -> None:
    def result(name: str, ratio: float) -> dict[str, object]:
        peer, command = {"name": "peer", "version": "-"}, f"python -m benchmarks.{name}"
        told = {"title": f"About {name}", "command": command, "peer": peer, "figures": {"ms": ratio}, "ratio": ratio}
        return told | {"target": "fast", "met": True, "notes": []}

    day = datetime.date(2026, 1, 2)
    old = all_benchmarks.results_page({"iou": result("iou", 1.0), "deskew": result("deskew", 2.0)}, day)
    new = all_benchmarks.results_page({"iou": result("iou", 3.0), "metrics": "no peer"}, day)
    page = all_benchmarks.merged(old, new)
    assert "| iou | peer | 3.0 | fast | met |" in page
    assert "| deskew | peer | 2.0 | fast | met |" in page
    assert "| metrics | | | | not measured: no peer |" in page
    assert page.count("| iou |") == page.count("## About iou") == page.count("## About deskew") == 1
    assert page.index("| deskew |") < page.index("| iou |")  # in the order of the whole
    assert all_benchmarks.merged(page, new) == page


def test_overlaps_and_metrics_equal_their_peers(capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--json", "--cuboids", "40", "--repetitions", "1"]
    assert run("iou", iou.add_arguments, iou.measure, few) == 0
    assert measured(capsys.readouterr().out)["figures"]["error"] < 1e-9
    short = ["--json", "--frames", "60", "--repetitions", "1"]
    assert run("metrics", metrics.add_arguments, metrics.measure, short) == 0
    assert measured(capsys.readouterr().out)["figures"]["difference"] < 1e-9
