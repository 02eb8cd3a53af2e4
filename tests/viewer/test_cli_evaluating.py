"""`boxwright evaluate` on real labels."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from viewer.cli import entry


def test_evaluate(real_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(real_data / "kitti_tracking" / "label_02" / "0010.txt")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["boxwright", "evaluate", *words])
        with pytest.raises(SystemExit) as left:
            entry.main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    code, out, _ = run(path, path, "--class", "Car", "--json")
    assert code == 0
    assert json.loads(out)["classes"]["Car"]["metrics"]["HOTA"] == pytest.approx(1.0)
    code, out, _ = run(path, path, "--class", "Car")
    assert (code, "HOTA" in out, "found by range: 0-20 m 1.00 (1.00-1.00)" in out) == (0, True, True)
    code, out, err = run(path, "nowhere.txt")
    assert (code, out) == (1, "")
    assert err == "boxwright: there is no such label file; check the path: nowhere.txt\n"
