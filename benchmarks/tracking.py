"""Tracking of KITTI detections, beside AB3DMOT's published pipeline on the same detections.

    python -m benchmarks.tracking --kitti DIR --sequences 0001,0006 --detections pointrcnn --out DIR --json

Writes KITTI tracking files with one score for each track: `OUT/SEQUENCE.txt` with all classes, identities apart, and
`OUT/CLASS/SEQUENCE.txt` for evaluators that take one class. The score from which on a track
counts for HOTA is chosen for each sequence on the others. The evaluation is ours, after the published rules.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.kitti_tracks import (
    CLASSES,
    Rows,
    Sequence,
    averaging,
    evaluate,
    in_world,
    lines,
    places_of,
    read_detections,
    read_rows,
    read_sequence,
    seen_2d,
)
from benchmarks.report import Peer, Report, run
from labeling.automation.class_priors import class_prior
from labeling.automation.tracking import Detections, TrackedObject, TrackerSettings, track_offline, track_online
from labeling.metrics import hota, joined

FIVE = ("0001", "0006", "0010", "0013", "0016")
# On those five, with the same detections; its published code, run by us (../shared/figures.md).
AB3DMOT = {"Car": (89.73, 89.35), "Pedestrian": (72.55, 66.44), "Cyclist": (75.62, 74.96)}
AB3DMOT_FRAMES_PER_S = 150.0
TARGET_MARGIN, TARGET_HOTA, TARGET_FRAMES_PER_S = 2.0, 79.0, 1000.0
_LEVELS = (0.25, 0.5)
_IDS_A_CLASS = 100_000
_THRESHOLDS = np.linspace(0.0, 8.0, 17)


def rows_of(objects: list[TrackedObject], sequence: Sequence, kind: str) -> Rows:
    """Shown frames of all tracks, one score each."""
    shown = [each.shown() for each in objects]
    lengths = [int(each.sum()) for each in shown]
    if not objects:
        return _empty(kind)
    frames = np.concatenate([each.frames[part] for each, part in zip(objects, shown, strict=True)])
    cuboids = np.concatenate(
        [
            np.column_stack([each.centres_m[part], np.tile(each.size_m, (n, 1)), each.yaws_rad[part]])
            for each, part, n in zip(objects, shown, lengths, strict=True)
        ]
    )
    places, boxes = places_of(frames, cuboids, sequence)
    none = np.zeros(len(frames))
    scores = averaging(np.repeat([each.score for each in objects], lengths))
    ids = np.repeat(np.arange(len(objects)), lengths)
    rows = Rows(frames, ids, np.full(len(frames), kind), none, none, boxes, places, scores)
    return rows.taking(places[:, 5] > 0.5)


def _empty(kind: str) -> Rows:
    none, whole = np.empty(0), np.empty(0, np.int64)
    return Rows(whole, whole, np.full(0, kind), none, none, np.empty((0, 4)), np.empty((0, 7)), none)


def as_it_came(detections: Detections, rows: Rows, settings: TrackerSettings) -> Rows:
    """Online: every detection as it was, with its track's mean score so far."""
    owners, _ = track_online(detections, settings)
    kept = owners >= 0
    parts = rows.taking(kept)
    return Rows(parts.frames, owners[kept], *(getattr(parts, name) for name in Rows.__slots__[2:]))


def measure(options: argparse.Namespace) -> dict[str, float]:
    figures: dict[str, float] = {}
    names = options.sequences.split(",")
    sequences = {name: read_sequence(options.kitti, name) for name in names}
    truths = [read_rows(options.kitti / "label_02" / f"{name}.txt") for name in names]
    seconds, frames = 0.0, 0
    together: dict[str, list[str]] = {name: [] for name in names}
    for number, kind in enumerate(CLASSES):
        settings = TrackerSettings.of_class(class_prior(kind))
        offline, online = [], []
        for name in names:
            rows = read_detections(options.kitti, options.detections, kind, name)
            detections = in_world(rows, sequences[name])
            track_offline(detections, settings)  # compiles
            start = time.perf_counter()
            objects = track_offline(detections, settings)
            seconds, frames = seconds + time.perf_counter() - start, frames + sequences[name].frames
            offline.append(rows_of(objects, sequences[name], kind))
            online.append(as_it_came(detections, rows, settings))
            if options.out is not None:
                _write(options.out / kind / f"{name}.txt", lines(offline[-1]))
                apart = replace(offline[-1], ids=offline[-1].ids + number * _IDS_A_CLASS)
                together[name] += lines(apart).splitlines(keepends=True)
        for way, tracks in (("", offline), ("_online", online)):
            for level in _LEVELS:
                found = evaluate(truths, tracks, kind, level)
                figures[f"sAMOTA_{kind.lower()}_{level}{way}"] = found["sAMOTA"]
                figures[f"MOTA_{kind.lower()}_{level}{way}"] = found["MOTA"]
        if kind == "Car":
            figures["HOTA_2D_car"] = _hota_2d(truths, offline, kind)
    if options.out is not None:
        for name, rows in together.items():
            _write(options.out / f"{name}.txt", "".join(sorted(rows, key=lambda row: int(row.split()[0]))))
    figures["frames_per_s"] = frames / seconds
    return figures


def _hota_2d(truths: list[Rows], tracks: list[Rows], kind: str) -> float:
    """Of all sequences, each with the threshold that is best on the others."""

    def total(chosen: list[int], thresholds: Callable[[int], float]) -> float:
        parts = [seen_2d(truths[k], tracks[k].taking(tracks[k].scores >= thresholds(k)), kind) for k in chosen]
        return 100.0 * hota(joined(parts)).means()["HOTA"]

    everyone = list(range(len(truths)))
    best = []
    for left_out in everyone:
        others = [k for k in everyone if k != left_out] or everyone
        values = [total(others, lambda _, t=threshold: float(t)) for threshold in _THRESHOLDS]
        best.append(float(_THRESHOLDS[int(np.argmax(values))]))
    return total(everyone, lambda k: best[k])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def report(options: argparse.Namespace, command: str) -> Report:
    """Beside AB3DMOT where its figures are known: on the five sequences."""
    figures = measure(options)
    known = tuple(options.sequences.split(",")) == FIVE and options.detections == "pointrcnn"
    margins = []
    for kind, peers in AB3DMOT.items() if known else ():
        for level, peer in zip(_LEVELS, peers, strict=True):
            margins.append(figures[f"sAMOTA_{kind.lower()}_{level}"] - peer)
            figures[f"above_AB3DMOT_{kind.lower()}_{level}"] = margins[-1]
    met = figures["HOTA_2D_car"] >= TARGET_HOTA and figures["frames_per_s"] >= TARGET_FRAMES_PER_S
    return Report(
        name="tracking",
        title=f"Tracking of {options.detections}'s detections on KITTI",
        figures=figures,
        ratio=figures["frames_per_s"] / AB3DMOT_FRAMES_PER_S,
        target=f"{TARGET_MARGIN} points of sAMOTA above it in each class, HOTA of cars {TARGET_HOTA}",
        met=bool(met and min(margins, default=0.0) >= (TARGET_MARGIN if known else 0.0)),
        peer=Peer("AB3DMOT, its published code on the same detections", "-"),
        command=command,
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    default = Path(os.environ.get("BOXWRIGHT_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
    parser.add_argument("--kitti", type=Path, default=default / "kitti_tracking", metavar="DIR")
    parser.add_argument("--sequences", default=",".join(FIVE))
    parser.add_argument("--detections", default="pointrcnn")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write tracks here")


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("tracking", _arguments, report, arguments)


if __name__ == "__main__":
    sys.exit(main())
