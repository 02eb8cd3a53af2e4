"""calibrate time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from calibration.timing import TimeOffset, time_offset
from fusion.motion_streams import MotionStream
from viewer.cli.calibrating.pages import paragraph, plot, write_page
from viewer.cli.calibrating.streams import TwoStreams, speeds
from viewer.cli.console import print_json, results


def time(source: TwoStreams, most_s: float, report: Path | None, *, as_json: bool) -> None:
    """Read, correlate, tell."""
    a, b = source.read()
    found = time_offset(a.turning, b.turning, most_ns=most_s * 1e9)
    if report is not None:
        _report(report, a, b, found)
    if as_json:
        print_json(_record(a, b, found))
        return
    results.print(_said(a, b, found))
    results.print(f"  correlation {found.correlation:.4f} over {found.intervals} intervals")
    if found.runner_up_ns is not None:
        results.print(f"  the next best offset, clearly worse, is {found.runner_up_ns * 1e-6:.0f} ms")


def _said(a: MotionStream, b: MotionStream, found: TimeOffset) -> str:
    late = f"{found.offset_ns * 1e-6:+.3f} +- {found.sigma_ns * 1e-6:.3f} ms"
    return f"add {late} to the times of {b.name} to have those of {a.name}"


def _record(a: MotionStream, b: MotionStream, found: TimeOffset) -> dict[str, Any]:
    return {
        "a": a.name,
        "b": b.name,
        "offset_ms": found.offset_ns * 1e-6,
        "sigma_ms": found.sigma_ns * 1e-6,
        "correlation": found.correlation,
        "runner_up_ms": None if found.runner_up_ns is None else found.runner_up_ns * 1e-6,
        "intervals": found.intervals,
        "a_from_b_rotation_wxyz": found.a_from_b.tolist(),
    }


def _report(path: Path, a: MotionStream, b: MotionStream, found: TimeOffset) -> None:
    tried = found.tried_ns * 1e-9
    write_page(
        path,
        f"Time offset of {b.name} against {a.name}",
        [
            paragraph(_said(a, b, found)),
            plot(
                speeds(a, b, found.offset_ns), "Degrees a second over seconds, with the offset: they should coincide."
            ),
            plot(
                [("correlation", tried, found.correlations)], "Correlation over the offset in seconds: one clear peak."
            ),
        ],
    )
