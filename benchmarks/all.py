"""Run every benchmark, each in a process of its own, and keep the table: `make bench`."""

from __future__ import annotations

import argparse
import datetime
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.report import figure_text, machine
from benchmarks.results import RESULTS, replace_section, section_of

BENCHMARKS = (
    "projection",
    "frame_access",
    "edit_latency",
    "simulator",
    "deskew",
    "odometry",
    "camera_models",
    "intrinsics",
    "alignment",
    "drift",
    "rig_bundle",
    "levels",
    "iou",
    "metrics",
    "oneclick",
    "tracking",
    "prelabel",
    "solver",
    "annotator",
    "seeded_errors",
    "blind_repairs",
    "identity",
    "attention",
)

Result = dict[str, Any]


def measure(benchmark: str) -> Result | str:
    """Its report, or the one line that says why there is none."""
    command = [sys.executable, "-m", f"benchmarks.{benchmark}", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    report: Result = json.loads(done.stdout)
    return report


def results_page(results: dict[str, Result | str], day: datetime.date) -> str:
    """The page: a summary, then the figures of each."""
    where = machine()
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench` (`python -m benchmarks.all`); each line can be measured alone with its command.",
        "Ours and the peer take turns in one run and medians are compared: ratios travel, milliseconds do not.",
        "",
        f"{day.isoformat()}, {where['cpu_count']} CPUs, {where['system']} {where['architecture']}, "
        f"Python {where['python']}.",
        "",
        "| benchmark | beside | times as fast | target | |",
        "|---|---|---:|---|---|",
        *(_summary(name, result) for name, result in results.items()),
    ]
    for result in results.values():
        if not isinstance(result, str):
            lines += _details(result)
    return "\n".join(lines) + "\n"


def merged(old: str, new: str) -> str:
    """The new page, and what the old one says of benchmarks that the new one does not have."""
    (_, old_rows, old_details), (head, rows, details) = _parts(old), _parts(new)
    rows, details = old_rows | rows, old_details | details
    order = [name for name in BENCHMARKS if name in rows]
    lines = [head.rstrip("\n"), *(rows[name] for name in order), ""]
    return "\n".join([*lines, *(details[name] for name in order if name in details)]).rstrip("\n") + "\n"


def _parts(page: str) -> tuple[str, dict[str, str], dict[str, str]]:
    """What stands before the first row; rows and details by the names of their benchmarks."""
    blocks = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    lines = blocks[0].splitlines()
    rows = {match[1]: line for line in lines if (match := re.match(r"\| (\w+) \| (?!beside)", line))}
    head = [line for line in lines if line not in rows.values()]
    named = ((re.search(r"python -m benchmarks\.(\w+)", block), block) for block in blocks[1:])
    return "\n".join(head).rstrip(), rows, {match[1]: block.strip("\n") + "\n" for match, block in named if match}


def _summary(name: str, result: Result | str) -> str:
    if isinstance(result, str):
        return f"| {name} | | | | not measured: {result} |"
    peer = _peer(result)
    return f"| {name} | {peer} | {result['ratio']:.1f} | {result['target']} | {'met' if result['met'] else 'missed'} |"


def _peer(result: Result) -> str:
    name, version = result["peer"]["name"], result["peer"]["version"]
    return name if version == "-" else f"{name} ({version})"


def _details(result: Result) -> list[str]:
    return [
        "",
        f"## {result['title']}",
        "",
        f"`{result['command']}`, beside {_peer(result)}.",
        "",
        "| figure | value |",
        "|---|---:|",
        *(f"| {name} | {figure_text(value)} |" for name, value in result["figures"].items()),
        "",
        *(f"- {note[0].upper()}{note[1:]}." for note in result["notes"]),
    ]


def main(arguments: list[str] | None = None) -> int:
    """0 when everything was measured, 1 when something was not, and said what. A missed target is a result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.all")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE", help="where to keep the table")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, metavar="NAME", help="keep the table's other lines")
    options = parser.parse_args(arguments)
    results = {benchmark: measure(benchmark) for benchmark in options.only or BENCHMARKS}
    page = results_page(results, datetime.datetime.now(datetime.UTC).date())
    if options.only and options.results.is_file():
        page = merged(section_of(options.results, "benchmarks"), page)
    replace_section(options.results, "benchmarks", page)
    print(page)
    missing = [result for result in results.values() if isinstance(result, str)]
    for line in missing:
        print(line, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
