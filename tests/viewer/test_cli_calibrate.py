"""`boxwright calibrate` as a user meets it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from viewer.cli import entry


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["boxwright", "calibrate", *map(str, words)])
    with pytest.raises(SystemExit) as left:
        entry.main()
    said = capsys.readouterr()
    return int(left.value.code or 0), said.out, said.err


def test_intrinsics_of_a_folder(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for file in sorted((real_data / "camera_calibration").glob("left-*.png"))[:8]:
        (photos / file.name).write_bytes(file.read_bytes())
    page = tmp_path / "report.html"
    words = ("intrinsics", "--images", photos, "--board", "7x5", "--report", page, "--json")
    code, out, _ = run(monkeypatch, capsys, *words)
    assert code == 0
    found = json.loads(out)
    assert found["rms_px"] < 0.2
    assert len(found["views"]) == 8
    assert page.read_text().startswith("<!doctype html>")
    code, out, err = run(monkeypatch, capsys, "intrinsics", "--images", photos, "--board", "8x5")
    assert (code, out) == (1, "")
    assert "7x5" in err
    assert len(err.strip().splitlines()) == 1


def test_what_is_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, code, said in (
        (("intrinsics",), 2, "say which photos"),
        (("intrinsics", "--images", tmp_path / "none"), 1, "no such folder"),
        (("intrinsics", "--images", tmp_path), 1, "no photos here"),
        (("intrinsics", "--images", tmp_path, "--adopt"), 2, "only a recording"),
    ):
        left, _, err = run(monkeypatch, capsys, *words)
        assert left == code
        assert said in err
