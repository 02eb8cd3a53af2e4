"""KITTI tracking files for a benchmark: detections into the world, tracks out again, and who is right.

The evaluation follows the KITTI tracking benchmark's rules for 3D as AB3DMOT applies them (X. Weng et al., "3D
multi-object tracking: a baseline and new evaluation metrics", IROS 2020): vans beside cars and people who sit beside
pedestrians are not asked for, nor are truncated or largely occluded ones; a false alarm in a DontCare region, or less
than 25 pixels high, is none; sAMOTA is the mean of a scaled accuracy over 40 levels of recall, where whole tracks are
left out by their mean score.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.errors import FormatError
from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.automation.tracking import Detections
from labeling.metrics import Comparison
from labeling.metrics.assignment import best_assignment
from labeling.overlap import Overlap, overlap_matrix

PERIOD_NS = 100_000_000
CLASSES = {"Car": ("Car", "Van"), "Pedestrian": ("Pedestrian", "Person_sitting"), "Cyclist": ("Cyclist",)}
_LEVELS = 40
_LEAST_HEIGHT_PX = 25.0
_SCORE_STEPS = 1024.0  # a power of two: see `averaging`
# World axes (x forward, y left, z up) of the camera's (x right, y down, z forward).
_WORLD_FROM_CAMERA = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """poses: (F, 3, 4) first camera from camera. projection: (3, 4), P2."""

    name: str
    poses: FloatArray
    projection: FloatArray

    @property
    def frames(self) -> int:
        return len(self.poses)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Columns of a KITTI file: boxes_px (N, 4), places (N, 7) in the camera frame as h w l x y z rotation_y."""

    frames: Int64Array
    ids: Int64Array
    kinds: np.ndarray
    truncated: FloatArray
    occluded: FloatArray
    boxes_px: FloatArray
    places: FloatArray
    scores: FloatArray

    def taking(self, kept: np.ndarray) -> Rows:
        return Rows(*(getattr(self, name)[kept] for name in self.__slots__))

    @property
    def cuboids(self) -> FloatArray:
        """(N, 7) upright cuboids in axes x forward, y left, z up of the camera."""
        height, width, length, x, y, z, rotation = self.places.T
        return np.stack([z, -x, -y + 0.5 * height, length, width, height, -rotation - 0.5 * np.pi], axis=1)


def read_sequence(folder: Path, name: str) -> Sequence:
    """Raises FormatError where a file is missing or broken."""
    try:
        poses = np.loadtxt(folder / "camera_poses" / f"{name}.txt").reshape(-1, 3, 4)
        lines = (folder / "calib" / f"{name}.txt").read_text().splitlines()
        p2 = next(line for line in lines if line.startswith("P2"))
        return Sequence(name, poses, np.array(p2.split()[1:13], dtype=float).reshape(3, 4))
    except (OSError, ValueError, StopIteration) as error:
        raise FormatError(
            f"sequence {name} has no readable camera poses and calibration ({error})", where=folder
        ) from error


def read_detections(folder: Path, detector: str, kind: str, name: str) -> Rows:
    path = folder / "detections" / f"{detector}_{kind}" / f"{name}.txt"
    try:
        table = np.loadtxt(path, delimiter=",", ndmin=2)
    except (OSError, ValueError) as error:
        raise FormatError(f"no readable detections ({error})", where=path) from error
    table = table.reshape(-1, 15)[np.argsort(table[:, 0], kind="stable")] if len(table) else np.empty((0, 15))
    count = len(table)
    none = np.zeros(count)
    return Rows(
        table[:, 0].astype(np.int64),
        np.full(count, -1, np.int64),
        np.full(count, kind),
        none,
        none,
        table[:, 2:6],
        table[:, 7:14],
        table[:, 6],
    )


def read_rows(path: Path) -> Rows:
    """Labels, or tracks with a score in the 18th column."""
    try:
        words = [line.split() for line in path.read_text().splitlines() if line.strip()]
        numbers = np.array([each[:2] + each[3:17] for each in words], dtype=float).reshape(-1, 16)
        scores = np.array([float(each[17]) if len(each) > 17 else 1.0 for each in words])
    except (OSError, ValueError) as error:
        raise FormatError(f"not a KITTI tracking file ({error})", where=path) from error
    kinds = np.array([each[2] for each in words])
    return Rows(
        numbers[:, 0].astype(np.int64),
        numbers[:, 1].astype(np.int64),
        kinds,
        numbers[:, 2],
        numbers[:, 3],
        numbers[:, 5:9],
        numbers[:, 9:16],
        scores,
    )


def in_world(rows: Rows, sequence: Sequence) -> Detections:
    """Rows as detections in the world: the first camera's axes, x forward, z up."""
    cuboids = rows.cuboids
    poses = sequence.poses[np.minimum(rows.frames, sequence.frames - 1)]
    turn = _WORLD_FROM_CAMERA @ poses[:, :, :3] @ _WORLD_FROM_CAMERA.T
    shift = poses[:, :, 3] @ _WORLD_FROM_CAMERA.T
    heading = np.stack([np.cos(cuboids[:, 6]), np.sin(cuboids[:, 6]), np.zeros(len(cuboids))], axis=1)
    turned = np.einsum("nij,nj->ni", turn, heading)
    return Detections(
        np.arange(max(sequence.frames, int(rows.frames.max(initial=0)) + 1)) * PERIOD_NS,
        rows.frames,
        np.einsum("nij,nj->ni", turn, cuboids[:, :3]) + shift,
        cuboids[:, 3:6],
        np.arctan2(turned[:, 1], turned[:, 0]),
        rows.scores,
    )


def places_of(frames: Int64Array, cuboids: FloatArray, sequence: Sequence) -> tuple[FloatArray, FloatArray]:
    """Back into the camera's frame: places (N, 7) as KITTI has them, and the boxes (N, 4) around the projection."""
    poses = sequence.poses[np.minimum(frames, sequence.frames - 1)]
    turn = _WORLD_FROM_CAMERA @ poses[:, :, :3] @ _WORLD_FROM_CAMERA.T
    shift = poses[:, :, 3] @ _WORLD_FROM_CAMERA.T
    local = np.einsum("nji,nj->ni", turn, cuboids[:, :3] - shift)
    heading = np.stack([np.cos(cuboids[:, 6]), np.sin(cuboids[:, 6]), np.zeros(len(cuboids))], axis=1)
    turned = np.einsum("nji,nj->ni", turn, heading)
    rotation = -np.arctan2(turned[:, 1], turned[:, 0]) - 0.5 * np.pi
    rotation = (rotation + np.pi) % (2.0 * np.pi) - np.pi
    length, width, height = cuboids[:, 3:6].T
    x, y, z = -local[:, 1], -local[:, 2] + 0.5 * height, local[:, 0]
    places = np.stack([height, width, length, x, y, z, rotation], axis=1)
    return places, _boxes(places, sequence.projection)


def _boxes(places: FloatArray, projection: FloatArray) -> FloatArray:
    height, width, length, x, y, z, rotation = places.T
    signs = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) * 0.5
    along, across = signs[:, 0] * length[:, None], signs[:, 1] * width[:, None]
    c, s = np.cos(rotation)[:, None], np.sin(rotation)[:, None]
    px, pz = x[:, None] + c * along + s * across, np.maximum(z[:, None] - s * along + c * across, 0.1)
    corners = np.concatenate(
        [np.stack([px, np.broadcast_to(level[:, None], px.shape), pz], axis=2) for level in (y, y - height)], axis=1
    )
    image = corners @ projection[:, :3].T + projection[:, 3]
    u, v = image[..., 0] / image[..., 2], image[..., 1] / image[..., 2]
    return np.stack(
        [
            np.clip(u.min(axis=1), 0, 1241),
            np.clip(v.min(axis=1), 0, 374),
            np.clip(u.max(axis=1), 0, 1241),
            np.clip(v.max(axis=1), 0, 374),
        ],
        axis=1,
    )


def averaging(scores: FloatArray) -> FloatArray:
    """Scores (N,) rounded to multiples of 2^-10, whose sums are exact: the mean of equal ones is that very one.

    AB3DMOT's evaluator takes each track's mean score anew at every threshold, and drops the track where it is below.
    The mean of equal decimals may be a last bit lower than they are; then a track is dropped at its own threshold.
    """
    return np.asarray(np.round(scores * _SCORE_STEPS) / _SCORE_STEPS)


def lines(rows: Rows) -> str:
    """As text, with a score in the 18th column, exact if it comes from `averaging`."""
    parts = []
    for k in range(len(rows.frames)):
        numbers = " ".join(f"{value:.4f}" for value in (*rows.boxes_px[k], *rows.places[k]))
        x, z, rotation = rows.places[k, [3, 5, 6]]
        alpha = (rotation - np.arctan2(x, z) + np.pi) % (2 * np.pi) - np.pi
        parts.append(f"{rows.frames[k]} {rows.ids[k]} {rows.kinds[k]} 0 0 {alpha:.4f} {numbers} {rows.scores[k]:.10f}")
    return "\n".join(parts) + ("\n" if parts else "")


@dataclass(slots=True)
class Counts:
    """Of one threshold: true positives, false positives, misses, switches; truths that were asked for; scores of all
    that matched a truth, also one that was not asked for."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    switches: int = 0
    truths: int = 0
    scores: list[float] | None = None


def evaluate(truths: list[Rows], tracks: list[Rows], kind: str, least_iou: float) -> dict[str, float]:
    """sAMOTA, AMOTA and the best MOTA over recall, of sequences side by side."""
    scored = [_mean_scores(each) for each in tracks]
    matrices = [_similarities(truth, track, kind) for truth, track in zip(truths, scored, strict=True)]
    everything = Counts(scores=[])
    for matrix, track in zip(matrices, scored, strict=True):
        _count(matrix, track, np.ones(len(track.frames), bool), least_iou, everything)
    scores = np.array(everything.scores)
    levels = _thresholds(scores, len(scores) + everything.fn)
    scaled, plain = [], []
    for level, threshold in enumerate(levels[1:], start=1):
        counts = Counts()
        for matrix, track in zip(matrices, scored, strict=True):
            _count(matrix, track, track.scores >= threshold - 1e-12, least_iou, counts)
        recall = level / _LEVELS
        errors = counts.fp + counts.fn + counts.switches
        plain.append(1.0 - errors / counts.truths)
        scaled.append(np.clip(1.0 - (errors - (1.0 - recall) * counts.truths) / (recall * counts.truths), 0.0, 1.0))
    return {
        "sAMOTA": 100.0 * float(np.sum(scaled)) / _LEVELS,
        "AMOTA": 100.0 * float(np.sum(plain)) / _LEVELS,
        "MOTA": 100.0 * float(np.max(plain, initial=0.0)),
        "recall": 100.0 * everything.tp / max(1, everything.truths),
    }


def _mean_scores(rows: Rows) -> Rows:
    _, owner = np.unique(rows.ids, return_inverse=True)
    means = np.bincount(owner, rows.scores) / np.maximum(np.bincount(owner), 1) if len(owner) else np.empty(0)
    return Rows(*(getattr(rows, name) for name in rows.__slots__[:-1]), means[owner])


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    truths: Int64Array
    ignored: np.ndarray
    tracks: Int64Array
    iou: FloatArray
    excused: np.ndarray


def _similarities(truth: Rows, track: Rows, kind: str) -> list[_Frame]:
    frames = []
    for frame in range(int(max(truth.frames.max(initial=0), track.frames.max(initial=0))) + 1):
        here = truth.taking(truth.frames == frame)
        asked, care = here.taking(np.isin(here.kinds, CLASSES[kind])), here.taking(here.kinds == "DontCare")
        there = np.flatnonzero(track.frames == frame)
        said = track.taking(there)
        ignored = (asked.kinds != kind) | (asked.truncated > 0) | (asked.occluded > 2)
        height = np.abs(said.boxes_px[:, 3] - said.boxes_px[:, 1])
        excused = (height <= _LEAST_HEIGHT_PX) | (_inside(said.boxes_px, care.boxes_px) > 0.5).any(axis=1)
        iou = overlap_matrix(asked.cuboids, said.cuboids, Overlap.IOU_3D)
        frames.append(_Frame(asked.ids, ignored, there, iou, excused))
    return frames


def _inside(boxes: FloatArray, regions: FloatArray) -> FloatArray:
    """(N, M) share of each box in each region."""
    low, high = (
        np.maximum(boxes[:, None, :2], regions[None, :, :2]),
        np.minimum(boxes[:, None, 2:], regions[None, :, 2:]),
    )
    common = np.prod(np.maximum(high - low, 0.0), axis=2)
    area = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1)
    return np.asarray(common / np.maximum(area, 1e-9)[:, None])


def _count(frames: list[_Frame], track: Rows, kept: np.ndarray, least_iou: float, counts: Counts) -> None:
    last: dict[int, int] = {}
    before: dict[int, int] = {}
    for frame in frames:
        chosen = np.flatnonzero(kept[frame.tracks])
        iou = frame.iou[:, chosen]
        scores = np.where(iou >= least_iou, iou, -1e6)
        rows, columns = best_assignment(np.ascontiguousarray(scores)) if scores.size else (np.empty(0, int),) * 2
        hit = scores[rows, columns] > 0
        rows, columns = rows[hit], columns[hit]
        partner = dict(zip(rows.tolist(), columns.tolist(), strict=True))
        wanted = ~frame.ignored
        counts.truths += int(wanted.sum())
        right = sum(1 for row in partner if wanted[row])
        if counts.scores is not None:
            counts.scores.extend(track.scores[frame.tracks[chosen[columns]]].tolist())
        counts.tp += right
        counts.fn += int(wanted.sum()) - right
        loose = np.setdiff1d(np.arange(len(chosen)), columns)
        counts.fp += int((~frame.excused[chosen[loose]]).sum())
        now: dict[int, int] = {}
        for row, identity in enumerate(frame.truths.tolist()):
            if not wanted[row]:
                last.pop(identity, None)
                continue
            if row not in partner:
                continue
            index = frame.tracks[chosen[partner[row]]]
            mine = int(track.ids[index])
            if identity in last and last[identity] != mine and identity in before:
                counts.switches += 1
            last[identity] = now[identity] = mine
        before = now


def _thresholds(scores: FloatArray, truths: int) -> list[float]:
    """Scores at which recall passes k / 40. truths: matched or missed; as in AB3DMOT's evaluator, what need not be
    found counts here where it was found."""
    ordered, current, levels = np.sort(scores)[::-1], 0.0, []
    for i, score in enumerate(ordered):
        left = (i + 1) / truths
        right = (i + 2) / truths if i < len(ordered) - 1 else left
        if right - current < current - left and i < len(ordered) - 1:
            continue
        levels.append(float(score))
        current += 1.0 / _LEVELS
    return levels[: _LEVELS + 1]


def seen_2d(truth: Rows, track: Rows, kind: str) -> Comparison:
    """For HOTA of boxes in the image, by KITTI's rules: whoever matches what is not asked for is left out, as are
    tracks in a DontCare region or too low."""
    truth_ids, track_ids, similarities = [], [], []
    for frame in range(int(max(truth.frames.max(initial=0), track.frames.max(initial=0))) + 1):
        here, said = truth.taking(truth.frames == frame), track.taking(track.frames == frame)
        asked, care = here.taking(np.isin(here.kinds, CLASSES[kind])), here.taking(here.kinds == "DontCare")
        wanted = (asked.kinds == kind) & (asked.truncated <= 0) & (asked.occluded <= 2)
        iou = _iou_2d(asked.boxes_px, said.boxes_px)
        scores = np.where(iou >= 0.5, iou, 0.0)
        rows, columns = best_assignment(scores) if scores.size else (np.empty(0, int),) * 2
        hit = scores[rows, columns] > 0
        matched = np.zeros(len(said.frames), bool)
        matched[columns[hit]] = True
        distracted = np.zeros(len(said.frames), bool)
        distracted[columns[hit]] = ~wanted[rows[hit]]
        low = said.boxes_px[:, 3] - said.boxes_px[:, 1] <= _LEAST_HEIGHT_PX
        excused = ~matched & (low | (_inside(said.boxes_px, care.boxes_px) > 0.5).any(axis=1))
        kept = ~(distracted | excused)
        truth_ids.append(asked.ids[wanted])
        track_ids.append(said.ids[kept])
        similarities.append(iou[wanted][:, kept])
    return Comparison.of(truth_ids, track_ids, similarities)


def _iou_2d(a: FloatArray, b: FloatArray) -> FloatArray:
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.prod(np.maximum(high - low, 0.0), axis=2)
    areas = [np.prod(each[:, 2:] - each[:, :2], axis=1) for each in (a, b)]
    return np.asarray(common / np.maximum(areas[0][:, None] + areas[1] - common, 1e-9))
