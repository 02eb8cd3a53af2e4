"""Logs that are broken, foreign or hostile: one line and soon, or what is whole of them."""

from __future__ import annotations

import resource
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zstandard

from calibration.errors import BoxwrightError, FormatError
from fusion.readers import read_source
from fusion.recording import write_recording
from tests.fusion.ros.logs import ROS1, drive, write_bag1, write_bag2, write_mcap_log

MAKERS: dict[str, Callable[[Path], Path]] = {
    ".mcap": lambda path: write_mcap_log(path, drive(frames=8)),
    ".bag": lambda path: write_bag1(path, drive(ROS1, frames=8)),
    ".db3": lambda path: write_bag2(path.with_suffix(""), drive(frames=8)) / f"{path.stem}.db3",
}
MUTANTS = 60


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("logs")
    return {suffix: make(folder / f"log{suffix}").read_bytes() for suffix, make in MAKERS.items()}


def outcome(path: Path, target: Path) -> str:
    """Import a log: what came of it in words. Anything but a BoxwrightError goes through."""
    try:
        write_recording(read_source(path), target)
    except BoxwrightError as error:
        said = str(error)
    else:
        said = "read"
    assert "\n" not in said
    return said


@pytest.mark.parametrize("suffix", MAKERS)
def test_files_that_are_something_else(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"log{suffix}"
    for content in (b"", b"\x00", b"not a log at all\n" * 50, bytes(range(256)) * 64):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=str(path)):
            read_source(path)


@pytest.mark.parametrize("suffix", MAKERS)
def test_cut_off_anywhere(suffix: str, logs: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / f"log{suffix}"
    results = set()
    for length in np.linspace(1, len(logs[suffix]) - 1, 25).astype(int):
        path.write_bytes(logs[suffix][:length])
        results.add(outcome(path, tmp_path / "out.h5"))
    assert "read" in results or suffix == ".db3"


@pytest.mark.parametrize("suffix", MAKERS)
@pytest.mark.parametrize("seed", range(3))
def test_flipped_bits(suffix: str, seed: int, logs: dict[str, bytes], tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    path = tmp_path / f"log{suffix}"
    for _ in range(MUTANTS // 3):
        data = bytearray(logs[suffix])
        for place in rng.integers(0, len(data), rng.integers(1, 20)):
            data[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        started = time.monotonic()
        outcome(path, tmp_path / "out.h5")
        assert time.monotonic() - started < 2.0


@pytest.mark.parametrize("suffix", MAKERS)
def test_huge_numbers_anywhere(suffix: str, logs: dict[str, bytes], tmp_path: Path) -> None:
    """Lengths and counts that are beyond everything must not be believed."""
    rng = np.random.default_rng(7)
    path = tmp_path / f"log{suffix}"
    for place in rng.integers(0, len(logs[suffix]) - 8, MUTANTS):
        data = bytearray(logs[suffix])
        data[place : place + 8] = b"\xff" * int(rng.choice([4, 8]))
        path.write_bytes(data)
        outcome(path, tmp_path / "out.h5")
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 10 if sys.platform != "darwin" else 1 << 20)
    assert megabytes < 2000  # of the whole test run; a file that was believed takes 4 GB


def uncompressed(suffix: str, tmp_path: Path) -> bytes:
    from mcap.writer import CompressionType

    path = tmp_path / f"plain{suffix}"
    if suffix == ".bag":
        return write_bag1(path, drive(ROS1, frames=4)).read_bytes()
    return write_mcap_log(path, drive(frames=4), chunked=False, compression=CompressionType.NONE).read_bytes()


@pytest.mark.parametrize("suffix", [".mcap", ".bag"])
def test_flipped_bits_that_no_checksum_sees(suffix: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    whole = uncompressed(suffix, tmp_path)
    path = tmp_path / f"log{suffix}"
    for _ in range(MUTANTS):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 30):
            data[place] = int(rng.integers(256))
        path.write_bytes(data)
        outcome(path, tmp_path / "out.h5")


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    size = 1 << 30
    bomb = zstandard.ZstdCompressor(level=1).compress(bytes(size))
    chunk = struct.pack("<QQQI", 0, 0, size, 0) + struct.pack("<I", 4) + b"zstd" + struct.pack("<Q", len(bomb)) + bomb
    path = tmp_path / "bomb.mcap"
    path.write_bytes(b"\x89MCAP0\r\n" + struct.pack("<BQ", 6, len(chunk)) + chunk)
    started = time.monotonic()
    with pytest.raises(FormatError, match="no clouds and no images"):
        read_source(path)
    assert time.monotonic() - started < 1.0


def test_a_damaged_block_costs_only_itself(logs: dict[str, bytes], tmp_path: Path) -> None:
    data = bytearray(logs[".mcap"])
    data[len(data) // 2] ^= 0xFF
    path = tmp_path / "log.mcap"
    path.write_bytes(data)
    source = read_source(path)
    assert any("1 damaged blocks of log.mcap are left out" in note for note in source.notes)
    assert 4 <= len(source.streams[0].timeline) < 8


def test_a_file_that_changes_after_it_was_opened(logs: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "log.mcap"
    path.write_bytes(logs[".mcap"])
    source = read_source(path)
    path.write_bytes(logs[".mcap"][:200])
    with pytest.raises(FormatError, match="cannot be read any more"):
        write_recording(source, tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()
