"""The track solver on a street whose truth is exact: how long a re-solve takes, and how much worse data it bears.

Twenty seconds, forty things. Of each that the LiDAR sees well enough (5 frames, 20 points in one) a person sets one
true pose, in the frame that shows it best; a second pose, as an edit, is what is timed. The sweeps ask the same of
points with noise, of a share of the points, and of objects that nobody sees for a while, from a third of their way on.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.annotator import Subject, subjects_of
from benchmarks.labelled import Labelled
from benchmarks.report import MissingPeerError, Peer, Report, run
from calibration.quaternion import FloatArray
from fusion.recording import Recording
from fusion.scenario.language.loading import scene_of
from labeling.automation.solver import Evidence, gather_evidence, solve
from labeling.automation.solver.evidence import in_cells
from labeling.automation.solving import TrackSolver, resolve
from labeling.editing.edits import CreateTrack, SetKnot
from labeling.editing.service import LabelService
from labeling.editing.store import Store
from labeling.project import Project
from labeling.synthetic import simulate_into
from labeling.track import Knot, Maker, Presence, Track
from labeling.track_record import TrackRecord

TARGET_MS = 150.0
SCENE = Path(__file__).with_name("solver_street.yaml")
NOISES_M = (0.0, 0.02, 0.05, 0.1, 0.2)
DROPOUTS = (0.0, 0.5, 0.75, 0.9, 0.95)
GAPS_S = (0.0, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Quality:
    """right: share of the tracks that one pose makes right in all frames. iou: mean over all frames of all tracks."""

    right: float
    iou: float


def one_pose(subject: Subject) -> Track:
    """What a person has set: the true pose in the best frame."""
    return subject.truth.with_knots([_human(subject, int(np.argmax(subject.points)))])


def _human(subject: Subject, row: int) -> Knot:
    return replace(subject.pose(row), maker=Maker.HUMAN)


def quality(evidence: Callable[[Subject], Evidence], subjects: Sequence[Subject]) -> Quality:
    """With the evidence that each subject leaves."""
    right, overlaps = 0, []
    for subject in subjects:
        track = solve(evidence(subject), one_pose(subject)).track
        ious = subject.ious(track.at(subject.times_ns), track.size_m)
        right += bool(ious.min() >= subject.least_iou)
        overlaps.append(ious)
    return Quality(right / len(subjects), float(np.concatenate(overlaps).mean()))


def degraded(evidence: Evidence, *, noise_m: float = 0.0, dropout: float = 0.0, seed: int = 0) -> Evidence:
    """Points moved at random, and a share of them left out."""
    rng = np.random.default_rng(seed)
    kept = rng.random(len(evidence.rows)) >= dropout
    rows = evidence.rows.copy()
    rows[:, [0, 1, 4]] += rng.normal(0.0, noise_m, (len(rows), 3)).astype(np.float32)
    return _rebuilt(evidence, rows, kept)


def hidden(evidence: Evidence, subject: Subject, gap_s: float) -> Evidence:
    """Without the subject's points for so long, from a third of the time that it is seen."""
    seen = np.flatnonzero(subject.points > 0)
    start = subject.times_ns[seen[len(seen) // 3]]
    kept = np.ones(len(evidence.rows), np.bool_)
    for frame in range(len(evidence)):
        time_ns = evidence.start_ns + int(evidence.seconds[frame] * 1e9)
        if start <= time_ns < start + int(gap_s * 1e9):
            first, last = int(evidence.starts[frame, 0]), int(evidence.starts[frame, -1])
            places = evidence.rows[first:last, [0, 1, 4]].astype(np.float64) + evidence.origin
            local = np.abs(subject.truth.at(time_ns).inverse().apply(places))
            kept[first:last] = ~np.all(local[:, :2] < 0.5 * np.array(subject.truth.size_m[:2]) + 0.3, axis=1)
    return _rebuilt(evidence, evidence.rows, kept)


def _rebuilt(evidence: Evidence, rows: FloatArray, kept: FloatArray) -> Evidence:
    parts, starts, total = [], np.empty_like(evidence.starts), 0
    for frame in range(len(evidence)):
        mine = slice(int(evidence.starts[frame, 0]), int(evidence.starts[frame, -1]))
        part, starts[frame] = in_cells(rows[mine][kept[mine]], evidence.corners[frame])
        starts[frame] += total
        total += len(part)
        parts.append(part)
    return replace(evidence, rows=np.concatenate(parts), starts=starts)


def resolve_seconds(recording: Recording, evidence: Evidence, subjects: Sequence[Subject], folder: Path) -> FloatArray:
    """(S,) through the edit door: after the second pose of each track."""
    labels = LabelService(Store.open(folder / "labels.db"))
    solver = TrackSolver(recording, evidence=evidence)
    spent = []
    for subject in subjects:
        knot = _human(subject, int(np.argmax(subject.points)))
        record = TrackRecord(
            subject.truth.id, subject.truth.class_name, subject.truth.size_m, (knot,), (Presence(*[knot.time_ns] * 2),)
        )
        labels.apply_edit("street", CreateTrack(record))
        suggested = resolve(labels, "street", solver, subject.truth.id).solution.suggested_frame
        moment = evidence.start_ns + int(evidence.seconds[suggested] * 1e9)
        row = int(np.argmin(np.abs(subject.times_ns - moment)))
        labels.apply_edit("street", SetKnot(subject.truth.id, subject.pose(row)))
        start = time.perf_counter()
        resolve(labels, "street", solver, subject.truth.id)
        spent.append(time.perf_counter() - start)
    labels.close()
    return np.array(spent)


def sweeps(evidence: Evidence, subjects: Sequence[Subject]) -> dict[str, list[tuple[float, Quality]]]:
    """Quality by noise, by dropout and by the length of an occlusion."""
    seen_longest = [each for each in subjects if each.moves and (each.points > 0).sum() >= 60]
    noisy = [(each, degraded(evidence, noise_m=each)) for each in NOISES_M]
    thinned = [(each, degraded(evidence, dropout=each)) for each in DROPOUTS]
    return {
        "noise_m": [(value, quality(lambda _, one=one: one, subjects)) for value, one in noisy],
        "dropout": [(value, quality(lambda _, one=one: one, subjects)) for value, one in thinned],
        "gap_s": [
            (gap, quality(lambda subject, gap=gap: hidden(evidence, subject, gap), seen_longest)) for gap in GAPS_S
        ],
    }


def plot(found: dict[str, list[tuple[float, Quality]]], path: Path) -> None:
    """Three small plots beside each other. Raises MissingPeerError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingPeerError("plots need matplotlib", do="pip install 'boxwright[bench]'") from error
    figure = Figure(figsize=(10.0, 3.2), layout="constrained")
    titles = {"noise_m": "noise of points, m", "dropout": "share of points left out", "gap_s": "unseen for, s"}
    for axes, (name, rows) in zip(figure.subplots(1, 3, sharey=True), found.items(), strict=True):
        values = [value for value, _ in rows]
        axes.plot(values, [each.right for _, each in rows], "o-", label="tracks right with one pose")
        axes.plot(values, [each.iou for _, each in rows], "s--", label="mean 3D IoU")
        axes.set(xlabel=titles[name], ylim=(0.0, 1.02))
        axes.grid(alpha=0.3)
    figure.axes[0].legend(loc="lower left")
    figure.savefig(path, dpi=110)


def measure(options: argparse.Namespace, command: str) -> Report:
    """The street, made anew."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder) / "project")
        simulate_into(project, replace(scene_of(str(SCENE)), frames=options.frames), options.seed, "street")
        labels = project.labels()
        tracks = tuple(labels.tracks("street").values())
        labels.close()
        with project.recording("street") as recording:
            subjects = subjects_of(Labelled("street", recording, tracks, project.ontology()))
            evidence = gather_evidence(recording)
            plain = quality(lambda _: evidence, subjects)
            spent = resolve_seconds(recording, evidence, subjects, Path(folder)) * 1e3
    found = {} if options.quick else sweeps(evidence, subjects)
    if options.plot is not None and found:
        plot(found, options.plot)
    moving = [each for each in subjects if each.moves]
    figures = {
        "frames": float(options.frames),
        "tracks": float(len(tracks)),
        "solved": float(len(subjects)),
        "resolve_median_ms": float(np.median(spent)),
        "resolve_95_percent_ms": float(np.percentile(spent, 95)),
        "right_with_one_pose": plain.right,
        "right_with_one_pose_moving": quality(lambda _: evidence, moving).right,
        "mean_iou": plain.iou,
    }
    for name, rows in found.items():
        for value, each in rows[1:]:
            figures[f"right_{name}_{value:g}"], figures[f"iou_{name}_{value:g}"] = each.right, each.iou
    return Report(
        name="solver",
        title=f"Solving {len(subjects)} tracks over {options.frames} frames",
        figures=figures,
        ratio=TARGET_MS / figures["resolve_median_ms"],
        target=f"a re-solve after an edit in {TARGET_MS:.0f} ms",
        met=figures["resolve_median_ms"] <= TARGET_MS,
        peer=Peer("the time it may take", "-"),
        command=command,
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="without the sweeps")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="plot the sweeps")


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("solver", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
