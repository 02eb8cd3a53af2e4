"""Pre-labelling against the labels of a recording: what is found, what is not there, and how well identities are kept.

A proposed vehicle is right where its outline seen from above overlaps that of a labelled vehicle by half (BEV IoU 0.5),
each label and each proposal once a frame. Recall counts labels with so many LiDAR points in their cuboid; precision
counts all proposals in the frames in which they claim to be observed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from scipy.optimize import linear_sum_assignment

from benchmarks.labelled import Labelled, labelled, shared_sources
from benchmarks.report import Peer, Report, run
from calibration.camera import BoolArray
from calibration.quaternion import FloatArray
from labeling.automation.class_priors import class_prior
from labeling.automation.one_click import Sights
from labeling.automation.prelabel import Prelabelled, prelabel
from labeling.frame_times import FrameTimes
from labeling.track import PresenceKind, Track

TARGET_RECALL, TARGET_PRECISION, TARGET_S = 0.8, 0.6, 60.0
_IOU, _MANY = 0.5, 100
_MOVES_MPS = 1.0
_ALPHAS = np.arange(0.05, 0.96, 0.05)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Labels and proposals of a frame by row. points: (T,) in each label. ious: (T, P) seen from above."""

    truths: list[int]
    proposals: list[int]
    points: FloatArray
    ious: FloatArray


def compare(data: Labelled, proposals: Sequence[Track]) -> tuple[list[Frame], list[Track]]:
    """Every frame with a sweep: the labelled vehicles beside the proposed ones, at each label's moment."""
    sights, times = Sights(data.recording, most=2), FrameTimes(data.recording)
    truths = [track for track in data.tracks if class_prior(track.class_name).is_vehicle]
    return [_frame(sights, times, frame, truths, proposals) for frame in sights.delivered.tolist()], truths


def _frame(sights: Sights, times: FrameTimes, frame: int, truths: list[Track], proposals: Sequence[Track]) -> Frame:
    points = sights[frame].points.T
    shown = [(row, *times.shown(track, frame)) for row, track in enumerate(truths)]
    there = [(row, moment) for row, moment, presence in shown if presence is not PresenceKind.ABSENT]
    offered = [(row, *times.shown(track, frame)) for row, track in enumerate(proposals)]
    seen = [(row, moment) for row, moment, presence in offered if presence is PresenceKind.OBSERVED]
    counts = [int(truths[row].cuboid_at(moment).contains(points).sum()) for row, moment in there]
    outlines = [_outline(truths[row], moment) for row, moment in there]
    ious = np.zeros((len(there), len(seen)))
    for column, (row, own_moment) in enumerate(seen):
        for line, (_, moment) in enumerate(there):
            # The two LiDARs of a rig may pass at different moments: within a frame the label's counts.
            near = moment if abs(moment - own_moment) < 100_000_000 else own_moment
            ious[line, column] = _bev_iou(outlines[line], _outline(proposals[row], near))
    return Frame([row for row, _ in there], [row for row, _ in seen], np.array(counts), ious)


def _outline(track: Track, time_ns: int) -> shapely.Polygon:
    return shapely.Polygon(track.cuboid_at(time_ns).corners_in_world[:4, :2])


def _bev_iou(one: shapely.Polygon, two: shapely.Polygon) -> float:
    if one.distance(two) > 0.0:
        return 0.0
    shared = one.intersection(two).area
    return float(shared / (one.area + two.area - shared))


def _matched(frame: Frame, least: float) -> list[tuple[int, int]]:
    """(line, column) of pairs that overlap enough."""
    if not frame.ious.size:
        return []
    pairs = zip(*linear_sum_assignment(np.where(frame.ious >= least, -1.0 - frame.ious, 0.0)), strict=True)
    return [(int(line), int(column)) for line, column in pairs if frame.ious[line, column] >= least]


def figures_of(frames: Sequence[Frame], moving: BoolArray) -> dict[str, float]:
    """Recall by what moves and how many points, precision, HOTA. moving: (tracks,)."""
    found: dict[str, list[bool]] = {"moving_100": [], "parked_100": [], "vehicles_100": [], "vehicles_20": []}
    right = offered = 0
    for frame in frames:
        matches = _matched(frame, _IOU)
        lines = {line for line, _ in matches}
        right, offered = right + len(matches), offered + len(frame.proposals)
        for line, (row, points) in enumerate(zip(frame.truths, frame.points, strict=True)):
            if points >= 20:
                found["vehicles_20"].append(line in lines)
            if points >= _MANY:
                found["vehicles_100"].append(line in lines)
                found["moving_100" if moving[row] else "parked_100"].append(line in lines)
    figures = {f"recall_{name}": float(np.mean(hits)) for name, hits in found.items() if hits}
    figures |= {f"count_{name}": float(len(hits)) for name, hits in found.items()}
    figures["precision"] = right / max(offered, 1)
    return figures | {"hota": hota(frames), "hota_moving": hota([_moving_only(each, moving) for each in frames])}


def _moving_only(frame: Frame, moving: BoolArray) -> Frame:
    """Labels that move, and the proposals that lie on no other."""
    lines = [line for line, row in enumerate(frame.truths) if moving[row]]
    others = [line for line, row in enumerate(frame.truths) if not moving[row]]
    parked = {column for line, column in _matched(frame, _IOU) if line in set(others)}
    columns = [column for column in range(len(frame.proposals)) if column not in parked]
    return Frame(
        [frame.truths[line] for line in lines],
        [frame.proposals[column] for column in columns],
        frame.points[lines],
        frame.ious[np.ix_(lines, columns)] if frame.ious.size else np.zeros((len(lines), len(columns))),
    )


def hota(frames: Sequence[Frame]) -> float:
    """Luiten et al., "HOTA: a higher order metric for evaluating multi-object tracking", IJCV 2020, with matches by the
    overlap of each frame alone."""
    return float(np.mean([_hota_at(frames, float(alpha)) for alpha in _ALPHAS]))


def _hota_at(frames: Sequence[Frame], alpha: float) -> float:
    pairs: dict[tuple[int, int], int] = {}
    truths: dict[int, int] = {}
    offered: dict[int, int] = {}
    for frame in frames:
        for row in frame.truths:
            truths[row] = truths.get(row, 0) + 1
        for row in frame.proposals:
            offered[row] = offered.get(row, 0) + 1
        for line, column in _matched(frame, alpha):
            key = frame.truths[line], frame.proposals[column]
            pairs[key] = pairs.get(key, 0) + 1
    total = sum(truths.values()) + sum(offered.values()) - sum(pairs.values())
    association = sum(n * n / (truths[a] + offered[b] - n) for (a, b), n in pairs.items())
    return float(np.sqrt(association / total)) if total else 0.0


def measure(options: argparse.Namespace, command: str) -> Report:
    """One recording."""
    path = options.recording or shared_sources()[0]
    with labelled(path) as data:
        start = time.perf_counter()
        found = prelabel(data.recording, data.ontology)
        seconds = time.perf_counter() - start
        vehicles = [each for each in found if class_prior(each.track.class_name).is_vehicle]
        frames, truths = compare(data, [each.track for each in vehicles])
        moving = np.array([track.speed_mps() > _MOVES_MPS for track in truths])
        figures = figures_of(frames, moving)
        figures |= {"seconds": seconds, "frames": float(len(frames)), "tracks": float(len(found))}
        return _report(figures | _counts(vehicles), path, command)


def _counts(vehicles: Sequence[Prelabelled]) -> dict[str, float]:
    moving = sum(each.moves for each in vehicles)
    return {"proposed_moving_vehicles": float(moving), "proposed_parked_vehicles": float(len(vehicles) - moving)}


def _report(figures: dict[str, float], path: Path, command: str) -> Report:
    recall = figures.get("recall_vehicles_100", 0.0)
    enough = recall >= TARGET_RECALL and figures["precision"] >= TARGET_PRECISION
    return Report(
        name="prelabel",
        title=f"Pre-labelling {path.name} from geometry alone",
        figures=figures,
        ratio=figures["frames"] * TARGET_S / 24.0 / figures["seconds"],
        target=f"{TARGET_RECALL:.0%} of the vehicles with {_MANY} points at {TARGET_PRECISION:.0%} precision, "
        f"24 frames in {TARGET_S:.0f} s",
        met=bool(enough and figures["seconds"] <= TARGET_S * figures["frames"] / 24.0),
        peer=Peer("the time it may take", "-"),
        command=command,
        notes=(
            "right is an overlap of 0.5 seen from above; every frame in which a proposal says it is observed counts",
        ),
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recording", type=Path, metavar="PATH", help="a labelled folder instead of PandaSet")


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("prelabel", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
