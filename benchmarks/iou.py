"""Overlaps of cuboids beside shapely, vectorised: exactness and pace, every pair truly overlapping."""

from __future__ import annotations

import argparse
import sys

import numpy as np
import shapely

from benchmarks.report import Peer, Report, peer_version, run
from benchmarks.timing import interleaved
from calibration.quaternion import FloatArray
from labeling.overlap import Overlap, overlap_matrix, overlap_rows

TARGET_PAIRS_PER_S, TARGET_RATIO, TARGET_ERROR = 3e6, 50.0, 1e-9
_UTM = np.array([500_000.0, 5_400_000.0, 100.0, 0.0, 0.0, 0.0, 0.0])


def crowd(rng: np.random.Generator, count: int, spread_m: float) -> FloatArray:
    """(N, 7) cars; the smaller the spread, the more of them overlap."""
    centres = rng.uniform(-spread_m, spread_m, (count, 3)) * [1.0, 1.0, 0.05]
    sizes = rng.normal([4.5, 1.9, 1.6], [0.4, 0.1, 0.1], (count, 3))
    return np.column_stack([centres, sizes, rng.uniform(-np.pi, np.pi, count)])


def polygons(cuboids: FloatArray) -> shapely.geometry.base.BaseGeometry:
    """Their rectangles from above."""
    local = 0.5 * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * cuboids[:, None, 3:5]
    c, s = np.cos(cuboids[:, 6])[:, None], np.sin(cuboids[:, 6])[:, None]
    x = cuboids[:, None, 0] + c * local[..., 0] - s * local[..., 1]
    y = cuboids[:, None, 1] + s * local[..., 0] + c * local[..., 1]
    return shapely.polygons(np.stack([x, y], axis=-1))


def peer_bev_iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """(N,) by shapely, all at once."""
    common = shapely.area(shapely.intersection(polygons(a), polygons(b)))
    return np.asarray(common / (a[:, 3] * a[:, 4] + b[:, 3] * b[:, 4] - common))


def measure(options: argparse.Namespace, command: str) -> Report:
    version = peer_version("shapely")
    rng = np.random.default_rng(options.seed)
    a, b = crowd(rng, options.cuboids, 1.0), crowd(rng, options.cuboids, 1.0)
    sparse = crowd(rng, options.cuboids, 150.0)
    rows_a, rows_b = np.repeat(a, 10, axis=0), np.tile(b[:10], (len(a), 1))
    pairs, dense = len(rows_a), len(a) * len(b)
    timings = interleaved(
        {
            "dense": lambda _: overlap_matrix(a, b, Overlap.BEV_IOU),
            "space": lambda _: overlap_matrix(a, b, Overlap.IOU_3D),
            "sparse": lambda _: overlap_matrix(sparse, sparse, Overlap.IOU_3D),
            "peer": lambda _: peer_bev_iou(rows_a, rows_b),
        },
        options.repetitions,
    )
    expected = peer_bev_iou(rows_a, rows_b)
    here = overlap_rows(rows_a, rows_b, Overlap.BEV_IOU)
    grid = np.array([1024.0] * 3 + [0.0] * 4)
    near_a, near_b = (np.where(grid > 0, np.round(each * 1024) / 1024, each) for each in (rows_a, rows_b))
    moved = overlap_rows(near_a + _UTM, near_b + _UTM, Overlap.BEV_IOU) - overlap_rows(near_a, near_b, Overlap.BEV_IOU)
    rates = {name: dense / (1e-3 * timings[name].median_ms) for name in ("dense", "space", "sparse")}
    peer_rate = pairs / (1e-3 * timings["peer"].median_ms)
    error = float(np.abs(here - expected).max())
    ratio = rates["dense"] / peer_rate
    return Report(
        name="iou",
        title="Intersection over union of turned cuboids",
        figures={
            "pairs_per_s_dense": rates["dense"],
            "pairs_per_s_dense_3d": rates["space"],
            "pairs_per_s_scattered": rates["sparse"],
            "peer_pairs_per_s": peer_rate,
            "overlapping_share": float(np.mean(expected > 0.0)),
            "error": error,
            "error_at_utm": float(np.abs(moved).max()),
        },
        ratio=ratio,
        target="3 M pairs/s where all overlap, 50 times shapely, equal to 1e-9",
        met=rates["dense"] >= TARGET_PAIRS_PER_S and ratio >= TARGET_RATIO and error <= TARGET_ERROR,
        peer=Peer("shapely, vectorised", version),
        command=command,
        notes=("scattered: over 300 x 300 m, where most pairs end at a circle test", "one thread each"),
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cuboids", type=int, default=1000)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--seed", type=int, default=0)


if __name__ == "__main__":
    sys.exit(run("iou", add_arguments, measure))
