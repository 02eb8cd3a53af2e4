"""A fused frame out of our recording file beside PandaSet's own gzipped pickle: same frames, same run."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from benchmarks.report import MissingPeerError, Peer, Report, peer_version, run
from benchmarks.timing import Action, Timing, interleaved
from fusion.cloud import fused_cloud
from fusion.readers import read_source
from fusion.recording import Recording, layout, write_recording

TARGET_RATIO = 10.0
TARGET_SHARE = 0.30
_ROOT = Path(__file__).parent.parent


def default_source() -> Path:
    """Sequence 002 of PandaSet among the real recordings."""
    data = os.environ.get("BOXWRIGHT_REAL_DATA", _ROOT.parent / "shared" / "data")
    return Path(data) / "pandaset" / "002"


@dataclass(frozen=True, slots=True)
class Readings:
    """in_turns: end to end, one contestant after the other. alternating: a frame of ours, a frame of the peer's."""

    frames: int
    points_per_frame: float
    in_turns: dict[str, Timing]
    alternating: dict[str, Timing]


def measure(options: argparse.Namespace, command: str) -> Report:
    """Import the sequence (not timed), then read it."""
    source = options.source or default_source()
    tables = _tables(source, options.frames)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sequence.h5"
        size = _size_and_pace(source, path)
        with Recording.open(path) as recording:
            return _report(_readings(recording, tables, options.rounds), size, command)


def _size_and_pace(source: Path, path: Path) -> dict[str, float]:
    """Import it, lossless and compact, beside a plain copy of its files to the same disk; MB are of those files."""
    files = [file for file in source.rglob("*") if file.is_file()]
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    compact, copied = path.with_name("compact.h5"), path.with_name("copy")
    actions: dict[str, Action] = {
        "import": lambda _: write_recording(read_source(source), path),
        "copy": lambda _: shutil.copytree(source, copied, dirs_exist_ok=True),
    }
    timings = interleaved(actions, 1, warm_up=0)
    write_recording(read_source(source), compact, compact=True)
    return {
        "import_mb_per_s": 1e3 * megabytes / timings["import"].median_ms,
        "copy_mb_per_s": 1e3 * megabytes / timings["copy"].median_ms,
        "compact_share_of_float32": _clouds_share(compact),
    }


def _clouds_share(path: Path) -> float:
    """What all clouds take in the file, with the times of their points, of x, y, z and intensity as float32."""
    stored, points = 0, 0
    with h5py.File(path, "r", locking=False) as file, Recording.open(path) as recording:
        for lidar in recording.lidars():
            for index in range(recording.count(lidar)):
                group = file[f"{layout.STREAMS}/{lidar}/{layout.sample_key(index)}"]
                stored += sum(dataset.id.get_storage_size() for dataset in group.values())
                points += len(recording.sweep(lidar, index))
    return stored / (16.0 * points)


def _readings(recording: Recording, tables: list[Path], rounds: int) -> Readings:
    """The first round warms the page cache for both."""
    pandas, count = _pandas(), len(tables)
    _check_same(recording, pandas.read_pickle(tables[0]))
    actions = {
        "ours": lambda turn: fused_cloud(recording, turn % count),
        "peer": lambda turn: pandas.read_pickle(tables[turn % count]),
    }
    return Readings(
        frames=count,
        points_per_frame=float(np.mean([len(fused_cloud(recording, frame)) for frame in range(count)])),
        in_turns=interleaved(actions, rounds * count, warm_up=count, block=count),
        alternating=interleaved(actions, rounds * count),
    )


def _report(readings: Readings, size: dict[str, float], command: str) -> Report:
    ours, peer = readings.in_turns["ours"], readings.in_turns["peer"]
    ratio = peer.median_ms / ours.median_ms
    return Report(
        name="frame_access",
        title="Reading a fused frame: every LiDAR, in the world, with intensity and a time for each point",
        figures={
            "frames": float(readings.frames),
            "points_per_frame": readings.points_per_frame,
            "ours_ms": ours.median_ms,
            "ours_p95_ms": ours.p95_ms,
            "peer_ms": peer.median_ms,
            "peer_p95_ms": peer.p95_ms,
            "ratio_frame_by_frame": readings.alternating["peer"].median_ms / readings.alternating["ours"].median_ms,
            **size,
        },
        ratio=ratio,
        target=f"{TARGET_RATIO:.0f} times PandaSet's pickle; compact at most 30 % of float32",
        met=ratio >= TARGET_RATIO and size["compact_share_of_float32"] <= TARGET_SHARE,
        peer=Peer("pandas.read_pickle of PandaSet's .pkl.gz", peer_version("pandas")),
        command=command,
        notes=(
            "both read the sequence from end to end, in turns; page cache warm; the import into our file is not timed",
            "import_mb_per_s: megabytes of the dataset's own files; copy_mb_per_s: a plain copy of them",
            "compact_share_of_float32: all of each point against x, y, z and intensity as float32",
            "ratio_frame_by_frame: a frame of ours, a frame of the peer's: each finds the memory as the other left it",
        ),
    )


def _tables(source: Path, frames: int) -> list[Path]:
    tables = sorted((source / "lidar").glob("*.pkl.gz"))[:frames]
    if not tables:
        raise MissingPeerError(
            "there is no PandaSet sequence", do="name one with --source or set BOXWRIGHT_REAL_DATA", where=source
        )
    return tables


def _pandas() -> Any:
    peer_version("pandas")
    import pandas

    return pandas


def _check_same(recording: Recording, table: Any) -> None:
    """Both must have read the same points before their times may be compared."""
    ours = np.sort(fused_cloud(recording, 0).points_in_world[:, 0].astype(np.float64))
    theirs = np.sort(table["x"].to_numpy() - recording.origin_m[0])
    if ours.shape != theirs.shape or np.abs(ours - theirs).max() > 1e-3:
        raise MissingPeerError("our recording and the pickle do not hold the same points", where=recording.path)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", type=Path, metavar="PANDASET_SEQUENCE", help="a sequence that you trust: a pickle")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=4, help="how often each frame is read")


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("frame_access", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
