"""Rerun's own loader takes what we write."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fusion.recording import Recording, write_recording
from fusion.writers.mcap import write_mcap
from tests.conftest import tiny_source

RERUN = shutil.which("rerun", path=str(Path(sys.executable).parent))


@pytest.mark.skipif(RERUN is None, reason="the rerun command is not installed beside this Python")
def test_rerun_finds_clouds_and_photos(tmp_path: Path) -> None:
    assert RERUN is not None
    source = tiny_source()
    write_recording(source, tmp_path / "tiny.h5")
    with Recording.open(tmp_path / "tiny.h5") as recording:
        write_mcap(recording, tmp_path / "tiny.mcap", cuboids=source.cuboids())
    checked = subprocess.run(
        [RERUN, "mcap", "check", "--full", str(tmp_path / "tiny.mcap")], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    lines = [line.split() for line in checked.stdout.splitlines() if "/" in line and line.startswith(("ok", "warn"))]
    assert {line[0] for line in lines} == {"ok"}
    subprocess.run(
        [RERUN, "mcap", "convert", str(tmp_path / "tiny.mcap"), "-o", str(tmp_path / "tiny.rrd")],
        check=True,
        capture_output=True,
    )
    printed = subprocess.run(
        [RERUN, "rrd", "print", "-vv", str(tmp_path / "tiny.rrd")], check=True, capture_output=True, text=True
    ).stdout
    for entity, component in {
        "/lidar/points": "Points3D:positions",
        "/front/image/compressed": "EncodedImage:blob",
        "/front/camera_info": "Pinhole:image_from_camera",
        "/tf": "Transform3D:translation",
    }.items():
        assert any(component in part for part in printed.split("Chunk(") if entity in part), (entity, component)
