"""Every repair that a check proposes, applied without looking: what does it do to labels with planted errors?

As `seeded_errors`, in rounds. Sizes that creep are what an import makes of them, their median. Before and after, the
tracks are compared with the true ones: the mean IoU of the planted tracks, frame by frame and under their own identity
(a new track may stand for one without any; a phantom counts 0 while it is there), and HOTA over all tracks. In a
second run every third knot is said to be a person's: `human_knots_lost` counts those that are not there afterwards.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.labelled import Labelled, labelled
from benchmarks.report import MissingPeerError, Peer, Report, run
from benchmarks.seeded_errors import SHARE, Round, plant_round, shared, synthetic
from calibration.quaternion import FloatArray
from labeling.faults import rows_of_tracks
from labeling.metrics import Comparison, hota
from labeling.overlap import overlap_matrix, overlap_rows
from labeling.quality.case import Observed
from labeling.quality.checking import check_table
from labeling.quality.repairing import repaired
from labeling.quality.rows import TrackRows, rows_of_table
from labeling.track import Knot, Maker, Track

ROUNDS = 4
_HUMAN_EVERY = 3

Rows = dict[str, TrackRows]


def as_imported(round_: Round) -> list[Track]:
    """The round's tracks, each of the median size of its rows."""
    sizes = {rows.id: tuple(rows.size_m.tolist()) for rows in rows_of_table(round_.table)}
    creeping = {entry.what[0] for entry in round_.planted if entry.kind == "size_creep"}
    return [replace(track, size_m=sizes[track.id]) if track.id in creeping else track for track in round_.tracks]


def after_repairs(observed: Observed, round_: Round, tracks: Sequence[Track]) -> tuple[list[Track], int]:
    """The tracks after all repairs, the surest first, and how many there were."""
    before = {track.id: track for track in tracks}
    after, done = repaired(before, check_table(observed, round_.table, originals=before))
    return list(after.values()), len(done)


def mean_iou(round_: Round, rows: Rows) -> float:
    """Of the planted tracks, as the head of this file says."""
    new = [each for track_id, each in rows.items() if track_id not in round_.truth]
    values: list[float] = []
    for entry in round_.planted:
        if entry.kind == "phantom":
            values.append(0.0 if entry.what[0] in rows else 1.0)
            continue
        for track_id in (each for each in entry.what if each in round_.truth):
            truth = round_.truth[track_id]
            mine = [rows[track_id]] if track_id in rows else new
            values.append(max((_iou(truth, each) for each in mine), default=0.0))
    return float(np.mean(values))


def _iou(truth: TrackRows, other: TrackRows) -> float:
    """Mean over the frames of either."""
    frames, mine, theirs = np.intersect1d(truth.frames, other.frames, return_indices=True)
    total = len(truth) + len(other) - len(frames)
    return float(overlap_rows(_boxes(truth)[mine], _boxes(other)[theirs]).sum()) / max(total, 1)


def _boxes(rows: TrackRows) -> FloatArray:
    return np.column_stack([rows.positions_m, rows.sizes_m, rows.yaws_rad])


def hota_of(truth: Rows, rows: Rows) -> float:
    """Over all frames and tracks, whatever their class."""
    numbers = {track_id: number for number, track_id in enumerate([*truth, *(set(rows) - set(truth))])}
    frames = np.unique(np.concatenate([each.frames for each in (*truth.values(), *rows.values())]))
    one, other = _by_frame(truth, numbers), _by_frame(rows, numbers)
    nothing = (np.empty(0, np.int64), np.empty((0, 7)))
    pairs = [(one.get(frame, nothing), other.get(frame, nothing)) for frame in frames.tolist()]
    return float(
        hota(
            Comparison.of(
                [true[0] for true, _ in pairs],
                [said[0] for _, said in pairs],
                [overlap_matrix(true[1], said[1]) for true, said in pairs],
            )
        ).hota.mean()
    )


def _by_frame(rows: Rows, numbers: dict[str, int]) -> dict[int, tuple[FloatArray, FloatArray]]:
    frames = np.concatenate([each.frames for each in rows.values()])
    ids = np.concatenate([np.full(len(each), numbers[track_id]) for track_id, each in rows.items()])
    boxes = np.concatenate([_boxes(each) for each in rows.values()])
    return {frame: (ids[frames == frame], boxes[frames == frame]) for frame in np.unique(frames).tolist()}


def with_human_knots(tracks: Sequence[Track]) -> list[Track]:
    """Every third knot made by a person."""
    return [
        replace(
            track,
            makers=tuple(Maker.HUMAN if row % _HUMAN_EVERY == 0 else each for row, each in enumerate(track.makers)),
        )
        for track in tracks
    ]


def human_knots(tracks: Sequence[Track]) -> Counter[Knot]:
    """All poses that a person set, whatever their track is called."""
    return Counter(knot for track in tracks for knot in track.knots if knot.maker is Maker.HUMAN)


def round_figures(source: Labelled, observed: Observed, seed: int) -> dict[str, float]:
    """Named numbers of one round."""
    round_ = plant_round(observed, source.tracks, set(), SHARE, seed)
    tracks = as_imported(round_)
    after, applied = after_repairs(observed, round_, tracks)
    people = with_human_knots(tracks)
    kept = human_knots(after_repairs(observed, round_, people)[0])
    rows = [
        {each.id: each for each in rows_of_table(rows_of_tracks(labels, source.recording))}
        for labels in (tracks, after)
    ]
    return {
        "iou_before": mean_iou(round_, rows[0]),
        "iou_after": mean_iou(round_, rows[1]),
        "hota_before": hota_of(round_.truth, rows[0]),
        "hota_after": hota_of(round_.truth, rows[1]),
        "repairs": float(applied),
        "human_knots_lost": float(sum((human_knots(people) - kept).values())),
    }


def measure(options: argparse.Namespace, command: str) -> Report:
    """All rounds of all sources."""
    found: list[dict[str, float]] = []
    for each in [labelled(path) for path in options.source] or [
        synthetic(options.seed),
        *(labelled(path) for path in shared()),
    ]:
        with each as source:
            observed = Observed.of(source.recording)
            for number in range(options.rounds):
                found.append(round_figures(source, observed, 1000 * options.seed + number))
    if not found:
        raise MissingPeerError("there is nothing to plant in", do="name a labelled recording with --source")
    figures = {name: float(np.mean([each[name] for each in found])) for name in found[0]}
    figures["rounds"] = float(len(found))
    figures["rounds_better"] = float(sum(each["iou_after"] > each["iou_before"] for each in found))
    better = figures["iou_after"] > figures["iou_before"] and figures["hota_after"] > figures["hota_before"]
    return Report(
        name="blind_repairs",
        title="Repairs applied without looking",
        figures=figures,
        ratio=(1.0 - figures["iou_before"]) / max(1.0 - figures["iou_after"], 1e-9),
        target="mean IoU and HOTA rise, no human knot is lost",
        met=better and figures["human_knots_lost"] == 0.0,
        peer=Peer("the error before", "-"),
        command=command,
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", type=Path, action="append", default=[], metavar="PATH", help="a labelled recording")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=ROUNDS)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("blind_repairs", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
