"""plant."""

from __future__ import annotations

import math
from pathlib import Path

from calibration.errors import UsageError
from fusion.faults import Ledger, Planted, SensorFault
from labeling.faults import TRACK_FAULTS, ledger_path, plant_in_project
from labeling.project import Project
from viewer.cli.console import print_json, progress_bar, remark, results

_ALL = "all"


def plant(
    folder: Path,
    name: str,
    new_name: str,
    labels: list[str],
    sensors: list[str],
    share: float | None,
    seed: int,
    as_json: bool,
) -> int:
    """Copy a recording with faults in it; exit code 3 if not all that was asked for could be planted."""
    wanted = label_faults(labels, share)
    faults = tuple(sensor_fault(word) for text in sensors for word in text.split(","))
    if not wanted and not faults:
        raise UsageError("there is nothing to plant", do="name faults with --labels or --sensors, or a --share")
    project = Project.open(folder)
    with progress_bar("planting") as progress:
        ledger = plant_in_project(project, name, new_name, wanted, faults, share=share, seed=seed, progress=progress)
    path = ledger_path(project, new_name)
    if as_json:
        print_json(ledger.to_record() | {"name": new_name, "ledger": str(path)})
    else:
        _print(ledger, new_name, path)
    for each in ledger.skipped:
        remark(f"boxwright: {each.kind}: {each.planted} of {each.wanted} planted, for {each.reason}")
    return 3 if ledger.skipped else 0


def label_faults(words: list[str], share: float | None) -> dict[str, int | None]:
    """From KIND, KIND=N or `all`, several in one word with commas; with a share and no words all kinds."""
    wanted: dict[str, int | None] = {}
    for word in (each for text in words for each in text.split(",")):
        kind, equals, number = word.partition("=")
        if kind == _ALL and not equals:
            wanted = dict.fromkeys(TRACK_FAULTS) | wanted
            continue
        if equals and not number.isdecimal():
            raise UsageError(f"{number!r} is no number of faults", do=f"write {kind}=2", where=word)
        wanted[kind] = int(number) if equals else None
    return wanted if words or share is None else dict.fromkeys(TRACK_FAULTS)


def sensor_fault(word: str) -> SensorFault:
    """From KIND, KIND:SENSOR, KIND=AMOUNT or KIND:SENSOR=AMOUNT."""
    place, equals, number = word.partition("=")
    kind, _, sensor = place.partition(":")
    try:
        amount = float(number) if equals else None
    except ValueError:
        amount = math.nan
    if amount is not None and math.isnan(amount):
        raise UsageError(f"{number!r} is no amount", do=f"write {place}=0.5", where=word)
    return SensorFault(kind, sensor or None, amount)


def _print(ledger: Ledger, name: str, path: Path) -> None:
    results.print(f"recording {name}: {len(ledger.entries)} faults planted, written down in {path}")
    for entry in ledger.entries:
        results.print(f"  {_line(entry)}")


def _line(entry: Planted) -> str:
    first, last = entry.frames
    amounts = ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in entry.amount.items()
    )
    note = f" ({entry.note})" if entry.note else ""
    return f"{entry.kind} in {', '.join(entry.what)}, frames {first} to {last}: {amounts or 'all of it'}{note}"
