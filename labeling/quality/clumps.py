"""What stands on the ground in a few frames of a recording, in numbers: size, height, shape, whether it stays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.camera import BoolArray
from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.timeline import Int64Array
from labeling.automation.one_click.sight import FrameSight, Sights
from labeling.automation.prelabel.clusters import Cluster, clusters

SEEN, HEIGHT, STAYS = 0, 4, -1
"""Columns of the features: cells of seen ground around, the top above the ground (metres, at most 6), the share that
stays in the other frames."""
_FEATURES, _FEWEST_VOXELS = 13, 8
_LEAST_FRAMES, _MOST_FRAMES, _EVERY = 4, 10, 4
_NOT_EGO_M, _FARTHEST_M = 2.5, 130.0
_AROUND_CELLS = 2
_TURNS = np.deg2rad(np.arange(0.0, 90.0, 7.5))
_TALL_M, _HIGHEST_M = 2.3, 8.0
_CELL_M = 0.3
_MOST_POINTS = 300
_ROW = 1 << 31
_AROUND = tuple(i * _ROW + j for i in (-1, 0, 1) for j in (-1, 0, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Clumps:
    """N clumps of the frames that were looked at.

    frames: (N,) int64. places: (N, 3) a point in the middle of each, world. points: their voxels, (3, n) each. spans_m:
    (N, 2) length and width of the rectangle around each. features: (N, D), none of them an absolute place or time;
    SEEN, HEIGHT and STAYS are three of them. floors_m: (N,) world z of the ground under each. ranges_m: (N,) how far
    they are from the LiDAR. looked_at: the frames.
    """

    frames: Int64Array
    places: FloatArray
    points: tuple[FloatArray, ...]
    spans_m: FloatArray
    features: FloatArray
    floors_m: FloatArray
    ranges_m: FloatArray
    looked_at: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.frames)


def looked_at(sights: Sights) -> list[int]:
    """Frames with a sweep, evenly spread."""
    count = len(sights.delivered)
    wanted = int(np.clip(count // _EVERY, _LEAST_FRAMES, _MOST_FRAMES))
    chosen = np.unique(((np.arange(wanted) + 0.5) / wanted * count).astype(np.int64))
    return [int(sights.delivered[each]) for each in chosen.tolist()] if count else []


def clumps_of(sights: Sights) -> Clumps:
    """Of a whole recording."""
    chosen = looked_at(sights)
    frames: list[int] = []
    found: list[Cluster] = []
    shapes: list[tuple[list[float], float, float]] = []
    floors: list[float] = []
    ranges: list[float] = []
    for frame in chosen:
        sight = sights[frame]
        for cluster in clusters(sight, fewest=_FEWEST_VOXELS, farthest_m=_FARTHEST_M):
            if np.hypot(*(cluster.seed[:2] - sight.middles[0])) < _NOT_EGO_M:
                continue
            frames.append(frame)
            found.append(cluster)
            ranges.append(float(np.hypot(*(cluster.seed[:2] - sight.middles[0]))))
            floors.append(sight.ground_at(float(cluster.seed[0]), float(cluster.seed[1])))
            shapes.append(_shape(sight, cluster))
    stays = _stays(np.array(frames, dtype=np.int64), found)
    features = [[*shape, stay] for (shape, _, _), stay in zip(shapes, stays, strict=True)]
    return Clumps(
        np.array(frames, dtype=np.int64),
        np.array([each.seed for each in found]).reshape(-1, 3),
        tuple(each.points.astype(np.float64) for each in found),
        np.array([(length, width) for _, length, width in shapes]).reshape(-1, 2),
        np.array(features).reshape(len(found), _FEATURES),
        np.array(floors),
        np.array(ranges),
        tuple(chosen),
    )


def _seen_cells(sight: FrameSight, cluster: Cluster) -> float:
    """Cells around a clump in which ground was seen: what is seen through a window stands on a guess."""
    ground = sight.ground
    assert ground is not None
    corners = np.array([cluster.points[:2].min(axis=1), cluster.points[:2].max(axis=1)])
    first, last = np.floor((corners - ground.corner_m) / ground.cell_m).astype(np.int64)
    first, last = np.maximum(first - _AROUND_CELLS, 0), last + _AROUND_CELLS + 1
    return float(ground.seen[first[1] : last[1], first[0] : last[0]].sum())


def _shape(sight: FrameSight, cluster: Cluster) -> tuple[list[float], float, float]:
    """Features of one clump, and its length and width."""
    assert sight.ground is not None
    points = cluster.points.astype(np.float64)
    turn, (x0, x1, y0, y1), edge = _rectangle(points)
    length, width = max(x1 - x0, y1 - y0, 0.1), max(min(x1 - x0, y1 - y0), 0.1)
    middle = points[:2].mean(axis=1)
    reach = 0.5 * np.hypot(length, width) + 1.5
    around = _points_around(sight, middle, reach)
    heights = around[2] - sight.ground.height_at(around.T)
    x, y = _turned(around.astype(np.float64), turn)
    outside = np.maximum(np.maximum(x0 - x, x - x1), np.maximum(y0 - y, y - y1))
    inside, beside = outside < 0.1, (outside > 0.3) & (outside < 1.0)
    above = float(np.sum(inside & (heights > _TALL_M)))
    body = float(np.sum(inside & (heights > 0.3) & (heights <= _TALL_M)))
    ring = float(np.sum(beside & (heights > 0.4) & (heights < 2.5)))
    floor = float(np.sum(beside & (np.abs(heights) < 0.15)))
    own = points[2] - sight.ground.height_at(points.T)
    tops = heights[inside & (heights < _HIGHEST_M)]
    distance = float(np.hypot(*(middle - sight.middles[0])))
    shape = [
        _seen_cells(sight, cluster),
        distance / 30.0,
        float(np.log(length)),
        float(np.log(width)),
        min(float(np.percentile(tops, 98)) if len(tops) else 0.0, 6.0),
        float(np.percentile(own, 5)),
        float(np.std(own)),
        above / max(above + body, 1.0),
        ring / max(ring + body, 1.0),
        float(np.log1p(floor)),
        edge,
        float(np.log(len(cluster) * max(distance, 3.0) ** 1.5)),
    ]
    return shape, length, width


def _points_around(sight: FrameSight, middle: FloatArray, reach_m: float) -> Float32Array:
    """(3, n) points of the frame in a square around a place."""
    spans = sight.spans(middle, reach_m)
    rows = np.concatenate([np.empty(0, np.int64), *(np.arange(first, last) for first, last in spans)])
    points = sight.points[:, rows]
    near = np.all(np.abs(points[:2] - middle[:, None].astype(np.float32)) < reach_m, axis=0)
    return np.asarray(points[:, near])


def _turned(points: FloatArray, turn: float) -> tuple[FloatArray, FloatArray]:
    c, s = np.cos(turn), np.sin(turn)
    return np.asarray(c * points[0] + s * points[1]), np.asarray(c * points[1] - s * points[0])


def _rectangle(points: FloatArray) -> tuple[float, tuple[float, float, float, float], float]:
    """The turn of the rectangle to whose sides the points lie closest (Zhang et al., "Efficient L-shape fitting for
    vehicle detection using laser scanners", IV 2017), its sides in the turned frame, and the share of points there."""
    points = points[:2, :: 1 + points.shape[1] // _MOST_POINTS]
    x = np.cos(_TURNS)[:, None] * points[0] + np.sin(_TURNS)[:, None] * points[1]
    y = np.cos(_TURNS)[:, None] * points[1] - np.sin(_TURNS)[:, None] * points[0]
    sides = np.stack([x.min(axis=1), x.max(axis=1), y.min(axis=1), y.max(axis=1)])
    apart = np.minimum(
        np.minimum(x - sides[0][:, None], sides[1][:, None] - x),
        np.minimum(y - sides[2][:, None], sides[3][:, None] - y),
    )
    best = int(np.argmax(np.mean(1.0 / np.maximum(apart, 0.1), axis=1)))
    x0, x1, y0, y1 = sides[:, best].tolist()
    return float(_TURNS[best]), (x0, x1, y0, y1), float(np.mean(apart[best] < 0.25))


def _stays(frames: Int64Array, found: list[Cluster]) -> list[float]:
    """Of each clump the share of its cells that are taken, or beside one that is, in the other frames too: 1 for what
    stands."""
    cells = [_cells(each.points) for each in found]
    taken = {}
    for frame in np.unique(frames).tolist():
        here = np.concatenate([cells[row] for row in np.flatnonzero(frames == frame)])
        taken[frame] = np.unique(np.concatenate([here + step for step in _AROUND]))
    result = []
    for frame, own in zip(frames.tolist(), cells, strict=True):
        others = [_share_in(own, each) for other, each in taken.items() if other != frame]
        result.append(float(np.mean(others)) if others else 1.0)
    return result


def _share_in(own: Int64Array, taken: Int64Array) -> float:
    """How much of some cells is among others, which are sorted."""
    rows = np.minimum(np.searchsorted(taken, own), len(taken) - 1)
    return float(np.mean(taken[rows] == own))


def _cells(points: Float32Array) -> Int64Array:
    """Keys of the cells of the ground that points (3, n) lie over."""
    places = np.floor(points[:2] / _CELL_M).astype(np.int64)
    return np.unique(places[0] * _ROW + places[1])


def in_boxes(points: FloatArray, poses: FloatArray, halves: FloatArray) -> BoolArray:
    """(n,) which points (3, n) lie above or in any of the footprints: poses (B, 4), half sizes (B, 2)."""
    found = np.zeros(points.shape[1], dtype=np.bool_)
    for (x, y, _, yaw), half in zip(poses, halves, strict=True):
        dx, dy = points[0] - x, points[1] - y
        c, s = np.cos(yaw), np.sin(yaw)
        found |= (np.abs(c * dx + s * dy) < half[0]) & (np.abs(c * dy - s * dx) < half[1])
    return found
