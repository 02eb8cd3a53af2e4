"""`boxwright mcap`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from fusion.readers import read_source
from labeling.from_table import tracks_from_table
from labeling.importing import import_source
from labeling.project import Project
from viewer.cli.entry import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["boxwright", *arguments])
        with pytest.raises(SystemExit) as done:
            main()
    captured = capsys.readouterr()
    return int(done.value.code or 0), captured.out, captured.err


def test_out_and_in_again(tiny_project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "tiny.mcap"
    code, text, _ = run(capsys, "mcap", str(tiny_project.root), "tiny", "--out", str(out), "--json")
    assert code == 0
    report = json.loads(text)
    assert report["cuboids"] == 12
    assert report["bytes"] == out.stat().st_size
    other = Project.create(tmp_path / "other")
    imported = import_source(other, read_source(out), "back")
    assert (imported.frames, imported.tracks, imported.rows) == (6, 2, 12)
    labels, again = tiny_project.labels(), other.labels()
    try:
        for one, its in zip(labels.tracks("tiny").values(), again.tracks("back").values(), strict=True):
            assert (one.id, one.class_name, one.size_m) == (its.id, its.class_name, its.size_m)
            assert np.array_equal(one.times_ns, its.times_ns)
            assert np.allclose(one.positions_m, its.positions_m, atol=1e-12)
            assert one.presence == its.presence
    finally:
        labels.close()
        again.close()


def test_pandaset_tracks_come_back(
    pandaset_project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "drive.mcap"
    code, _, _ = run(capsys, "mcap", str(pandaset_project.root), "drive", "--out", str(out))
    assert code == 0
    table = read_source(out).cuboids()
    assert table is not None
    back = {track.id: track for track in tracks_from_table(table)}
    labels = pandaset_project.labels()
    try:
        tracks = labels.tracks("drive")
    finally:
        labels.close()
    assert back.keys() == tracks.keys()
    for track_id, track in tracks.items():
        # Frames that lie between two knots show the cuboid too: their rows are more knots on the same way.
        kept = np.searchsorted(back[track_id].times_ns, track.times_ns)
        assert np.array_equal(back[track_id].times_ns[kept], track.times_ns)
        assert np.abs(back[track_id].positions_m[kept] - track.positions_m).max() < 1e-9
        assert back[track_id].size_m == track.size_m
        assert back[track_id].attributes == track.attributes


def test_refusals(tiny_project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tiny_project.root)
    code, _, error = run(capsys, "mcap", folder, "tiny", "--out", str(tmp_path / "tiny.bag"))
    assert (code, error.count("\n")) == (2, 1)
    code, _, error = run(capsys, "mcap", folder, "tiny", "--out", str(tmp_path / "a.mcap"), "--compression", "zip")
    assert (code, error.count("\n")) == (2, 1)
    code, _, error = run(capsys, "mcap", folder, "tiny", "--out", str(tmp_path / "gone" / "a.mcap"))
    assert (code, error.count("\n")) == (1, 1)
