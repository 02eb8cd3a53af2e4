"""What a benchmark found: one JSON object, or a short table."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from calibration.errors import BoxwrightError


class MissingPeerError(BoxwrightError):
    """The peer to be measured beside us is not installed, or what it reads is not there."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom we are measured against. version: `-` for a baseline that we wrote ourselves."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Report:
    """figures: named numbers, the unit in the name. ratio: how many times as fast as the peer. target: in words."""

    name: str
    title: str
    figures: dict[str, float]
    ratio: float
    target: str
    met: bool
    peer: Peer
    command: str
    notes: tuple[str, ...] = ()
    machine: dict[str, Any] = field(default_factory=lambda: machine())

    def to_json(self) -> str:
        """One object on one line; every figure is a key of it too, for whoever looks for one by name."""
        return json.dumps(self.figures | asdict(self))


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cpu_count": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def figure_text(value: float) -> str:
    """Three significant digits; counts as they are."""
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.3g}"


def table(report: Report) -> str:
    """For people."""
    width = max(map(len, report.figures))
    lines = [report.title]
    lines += [f"  {name:<{width}}  {figure_text(value):>12}" for name, value in report.figures.items()]
    verdict = "met" if report.met else "MISSED"
    lines.append(f"  {report.ratio:.1f} times as fast as {report.peer.name} ({report.peer.version})")
    lines.append(f"  target: {report.target}: {verdict}")
    lines += [f"  {note}" for note in report.notes]
    return "\n".join(lines)


def peer_version(package: str) -> str:
    """Version of an installed peer. Raises MissingPeerError."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingPeerError(f"{package} is not installed", do="run `make bench`, which installs it") from error


def run(
    module: str,
    add_arguments: Callable[[argparse.ArgumentParser], None],
    measure: Callable[[argparse.Namespace, str], Report],
    arguments: Sequence[str] | None = None,
) -> int:
    """The command line of one benchmark: 0 measured, 1 with one line on stderr where it could not be."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{module}")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_arguments(parser)
    options = parser.parse_args(given)
    shown = [each for each in given if each != "--json"]
    try:
        report = measure(options, " ".join(["python -m", f"benchmarks.{module}", *shown]))
    except BoxwrightError as error:
        print(f"benchmarks.{module}: {error}", file=sys.stderr)
        return 1
    print(report.to_json() if options.json else table(report))
    return 0
