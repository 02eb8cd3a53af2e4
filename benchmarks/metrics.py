"""HOTA, CLEAR and identity of a long recording beside motrics and trackeval: the same numbers, and the pace."""

from __future__ import annotations

import argparse
import contextlib
import sys

import numpy as np

from benchmarks.report import Peer, Report, peer_version, run
from benchmarks.timing import interleaved
from labeling.metrics import Comparison, clear, hota, identity

Frames = tuple[list[list[int]], list[list[int]], list[list[list[float]]]]


def traffic(rng: np.random.Generator, frames: int, objects: int) -> Frames:
    """Objects that come and go, found nine times in ten; a false alarm here and there."""
    start = rng.integers(-100, frames, objects)
    end = start + rng.integers(20, 300, objects)
    truth_ids, prediction_ids, similarities = [], [], []
    for t in range(frames):
        a = np.flatnonzero((start <= t) & (t < end))
        b = np.concatenate([a[rng.random(len(a)) < 0.9], objects + rng.permutation(50)[: rng.integers(0, 3)]])
        matrix = rng.uniform(0.0, 0.2, (len(a), len(b)))
        same = a[:, None] == b
        matrix[same] = rng.uniform(0.3, 1.0, int(same.sum()))
        truth_ids.append(a.tolist())
        prediction_ids.append(b.tolist())
        similarities.append(matrix.tolist())
    return truth_ids, prediction_ids, similarities


def ours(frames: Frames) -> tuple[float, float, float]:
    """HOTA, MOTA, IDF1, from plain lists as the peer takes them."""
    comparison = Comparison.of(*frames)
    return hota(comparison).means()["HOTA"], clear(comparison).mota, identity(comparison).idf1


def peer(frames: Frames) -> tuple[float, float, float]:
    import motrics

    return (
        motrics.compute_hota_from_similarity(*frames).hota,
        motrics.compute_clear_from_similarity(*frames).mota,
        motrics.compute_identity_from_similarity(*frames).idf1,
    )


def trackeval(frames: Frames) -> tuple[float, float, float]:
    with contextlib.redirect_stdout(sys.stderr):  # it prints which of its optional parts are missing
        from trackeval.metrics import CLEAR, HOTA, Identity

    names = [np.unique(np.concatenate([np.asarray(each, int) for each in ids])) for ids in frames[:2]]
    truths, predictions = (
        [np.searchsorted(known, each) for each in ids] for known, ids in zip(names, frames[:2], strict=True)
    )
    data = {
        "gt_ids": truths,
        "tracker_ids": predictions,
        "similarity_scores": [
            np.asarray(each).reshape(len(a), len(b)) for each, a, b in zip(frames[2], truths, predictions, strict=True)
        ],
        "num_gt_ids": len(names[0]),
        "num_tracker_ids": len(names[1]),
        "num_gt_dets": sum(map(len, truths)),
        "num_tracker_dets": sum(map(len, predictions)),
        "num_timesteps": len(truths),
    }
    quiet = {"PRINT_CONFIG": False}
    return (
        float(np.mean(HOTA().eval_sequence(data)["HOTA"])),
        float(CLEAR(quiet).eval_sequence(data)["MOTA"]),
        float(Identity(quiet).eval_sequence(data)["IDF1"]),
    )


def measure(options: argparse.Namespace, command: str) -> Report:
    version = peer_version("motrics")
    peer_version("trackeval")
    frames = traffic(np.random.default_rng(options.seed), options.frames, options.objects)
    timings = interleaved({"ours": lambda _: ours(frames), "peer": lambda _: peer(frames)}, options.repetitions)
    slow = interleaved({"trackeval": lambda _: trackeval(frames)}, 1, warm_up=0)
    mine = np.array(ours(frames))
    apart = max(float(np.abs(mine - other).max()) for other in (peer(frames), trackeval(frames)))
    ratio = timings["peer"].median_ms / timings["ours"].median_ms
    return Report(
        name="metrics",
        title="HOTA, MOTA and IDF1 of one recording",
        figures={
            "frames": float(options.frames),
            "truths": float(sum(map(len, frames[0]))),
            "ours_ms": timings["ours"].median_ms,
            "peer_ms": timings["peer"].median_ms,
            "trackeval_ms": slow["trackeval"].median_ms,
            "difference": apart,
            "hota": float(mine[0]),
        },
        ratio=ratio,
        target="as fast as motrics, equal to it and to trackeval to 1e-9",
        met=ratio >= 1.0 and apart <= 1e-9,
        peer=Peer("motrics", version),
        command=command,
        notes=("both from the same Python lists: sorting them into arrays is counted",),
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--frames", type=int, default=3000)
    parser.add_argument("--objects", type=int, default=300)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)


if __name__ == "__main__":
    sys.exit(run("metrics", add_arguments, measure))
