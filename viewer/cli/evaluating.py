"""`boxwright evaluate`."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from labeling.evaluation import Evaluation, evaluate_files
from viewer.cli.console import print_json, results

_SHOWN = ("HOTA", "DetA", "AssA", "LocA", "MOTA", "IDF1", "switches", "sAMOTA", "AP", "ATE", "AOE", "CDS")


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
        results.print(f"{each.class_name}: {_ranges(each)}")


def _ranges(evaluation: Evaluation) -> str:
    parts = (f"{name} {r:.2f} ({low:.2f}-{high:.2f})" for name, (r, low, high) in evaluation.ranges.items())
    return "found at " + ", ".join(parts)
