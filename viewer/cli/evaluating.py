"""`boxwright evaluate`."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from labeling.evaluation import evaluate_files
from viewer.cli.console import print_json, results

_SHOWN = (
    "HOTA",
    "DetA",
    "AssA",
    "LocA",
    "MOTA",
    "IDF1",
    "switches",
    "sAMOTA",
    "AMOTA_2m",
    "AMOTP_2m",
    "AP",
    "ATE",
    "AOE",
    "CDS",
)


def evaluate(truth: Path, prediction: Path, threshold: float, classes: list[str], *, as_json: bool) -> None:
    """Print every metric of each class."""
    found = evaluate_files(truth, prediction, threshold=threshold, classes=classes)
    if as_json:
        print_json({"threshold": threshold, "classes": {each.class_name: each.to_record() for each in found}})
        return
    table = Table("", *(each.class_name for each in found))
    table.add_row("truths", *(str(each.truths) for each in found))
    for name in _SHOWN:
        table.add_row(name, *(f"{each.metrics[name]:.3f}" for each in found))
    results.print(table)
    for each in found:
        for sort, bins in each.bins.items():
            results.print(f"{each.class_name} found by {sort}: {_bins(bins)}")


def _bins(bins: dict[str, tuple[float, float, float]]) -> str:
    return ", ".join(f"{name} {r:.2f} ({low:.2f}-{high:.2f})" for name, (r, low, high) in bins.items())
