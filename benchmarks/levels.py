"""A frame of ten million points beside one of 200,000: the page's first full paint, paints in orbit, server memory."""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.dense_drive import write_dense
from benchmarks.paint import Paints, browser, paints_of
from benchmarks.report import Peer, Report, run
from benchmarks.served import ServedProject
from labeling.project import Project

MOST_RATIO, MOST_MB = 1.5, 1500.0
_SMALL, _DENSE, _LONG = "small", "dense", "long"


@dataclass(frozen=True, slots=True)
class Readings:
    """Of each recording, every round's paints; and the server's largest memory, after each step."""

    small: list[Paints]
    dense: list[Paints]
    dense_peak_mb: float
    long_peak_mb: float


def measure(options: argparse.Namespace, command: str) -> Report:
    """Write the recordings, serve them, look at them in turns, then ask for every frame of the long one."""
    from tests.browser import FLAGS, find_browser

    with tempfile.TemporaryDirectory(prefix="boxwright-levels-") as folder:
        project = Project.create(Path(folder))
        for name, frames, points in _recordings(options):
            write_dense(project.recording_path(name), frames, points)
        with browser(find_browser(), FLAGS) as chromium:
            return _report(_readings(project, chromium, options), options, command)


def _recordings(options: argparse.Namespace) -> list[tuple[str, int, int]]:
    return [
        (_SMALL, options.frames, options.small),
        (_DENSE, options.frames, options.points),
        (_LONG, options.long_frames, options.long_points),
    ]


def _readings(project: Project, chromium: object, options: argparse.Namespace) -> Readings:
    """The first round warms the browser's compiled code and the page cache, and leaves the thinned frames on disk; what
    it measures is reported apart."""
    found: dict[str, list[Paints]] = {_SMALL: [], _DENSE: []}
    with ServedProject(project) as served:
        for _ in range(1 + options.rounds):
            for name, paints in found.items():
                picture = options.screenshots / f"levels-{name}.png" if options.screenshots else None
                seen = paints_of(chromium, served.page(name), orbit_s=options.orbit_seconds, screenshot=picture)
                paints.append(seen)
        dense_peak_mb = served.peak_mb()
    with ServedProject(project) as served:
        _walk(served, options.long_frames)
        return Readings(found[_SMALL], found[_DENSE], dense_peak_mb, served.peak_mb())


def _walk(served: ServedProject, frames: int) -> None:
    """All that the page asks for to show each frame, and to edit an object in it."""
    for frame in range(frames):
        base = f"/api/recordings/{_LONG}/frames/{frame}"
        served.get(f"{base}/sensors.rrd")
        served.get(f"{base}/points")
        served.get(f"{base}/crop?x=5&y=4&z=1&radius_m=10")
        served.get(f"/api/recordings/{_LONG}/labels?first={frame}&last={frame}")


def _report(readings: Readings, options: argparse.Namespace, command: str) -> Report:
    groups = readings.small[1:], readings.dense[1:]
    first = [float(np.median([each.first_paint_s for each in group])) for group in groups]
    orbit = [float(np.median([each.orbit_paint_ms for each in group])) for group in groups]
    peak_mb = readings.long_peak_mb
    ratios = first[1] / first[0], orbit[1] / orbit[0]
    return Report(
        name="levels",
        title=f"A frame of {options.points:,} points beside one of {options.small:,}, in one browser",
        figures={
            "first_paint_ratio": ratios[0],
            "orbit_paint_ratio": ratios[1],
            "server_peak_mb": peak_mb,
            "dense_server_peak_mb": readings.dense_peak_mb,
            "never_seen_first_paint_ratio": readings.dense[0].first_paint_s / readings.small[0].first_paint_s,
            "small_first_paint_ms": 1e3 * first[0],
            "dense_first_paint_ms": 1e3 * first[1],
            "small_orbit_paint_ms": orbit[0],
            "dense_orbit_paint_ms": orbit[1],
            "long_frames": float(options.long_frames),
        },
        ratio=1.0 / max(ratios),
        target=f"at most {MOST_RATIO} times as long, and the server below {MOST_MB:,.0f} MB over the long recording",
        met=max(ratios) <= MOST_RATIO and peak_mb <= MOST_MB,
        peer=Peer(f"a frame of {options.small:,} points", "-"),
        command=command,
        notes=(
            "never_seen_first_paint_ratio: in the first round, where the frame is still to be thinned",
            "first paint: from opening the page to nine tenths of the lit pixels of the picture at rest",
            "server_peak_mb: largest resident memory of a server asked for every frame of the long recording;",
            "dense_server_peak_mb: of the server that served the dense one, whose page looks ahead",
        ),
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--small", type=int, default=200_000)
    parser.add_argument("--frames", type=int, default=2, help="of the two recordings that are looked at")
    parser.add_argument("--long-frames", type=int, default=2000)
    parser.add_argument("--long-points", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--orbit-seconds", type=float, default=6.0)
    parser.add_argument("--screenshots", type=Path, metavar="DIR", help="keep a picture of each")


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("levels", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
