"""How long it takes to compare and merge 1,000 tracks of 100 knots: `python -m benchmarks.versions [--json]`."""

from __future__ import annotations

import argparse
import json
from time import perf_counter

import numpy as np

from labeling.track import Knot, Maker, Presence, Track
from labeling.versions import differences, merge

TRACKS, KNOTS, STEP_NS = 1000, 100, 100_000_000


def street(rng: np.random.Generator) -> dict[str, Track]:
    tracks = {}
    for number in range(TRACKS):
        start, velocity = rng.uniform(-200, 200, 3), rng.uniform(-15, 15, 3) * 0.1
        knots = [
            Knot(k * STEP_NS, tuple((start + k * velocity).tolist()), (1.0, 0.0, 0.0, 0.0), Maker.SOLVER)
            for k in range(KNOTS)
        ]
        presence = [Presence(0, (KNOTS - 1) * STEP_NS)]
        tracks[str(number)] = Track.from_knots(str(number), "car", (4.0, 2.0, 1.5), knots, presence)
    return tracks


def shaken(tracks: dict[str, Track], rng: np.random.Generator, share: float) -> dict[str, Track]:
    """That share of the tracks with every knot moved."""
    result = dict(tracks)
    for each in rng.choice(sorted(tracks), round(share * len(tracks)), replace=False).tolist():
        track = tracks[each]
        knots = [
            Knot(k.time_ns, tuple((np.array(k.position_m) + rng.normal(0, 0.1, 3)).tolist()), k.rotation_wxyz, k.maker)
            for k in track.knots
        ]
        result[each] = track.with_knots(knots)
    return result


def measure() -> dict[str, float]:
    rng = np.random.default_rng(0)
    base = street(rng)
    ours, theirs = shaken(base, rng, 1.0), shaken(base, rng, 0.5)
    differences(ours, theirs)  # compiles
    start = perf_counter()
    found = differences(base, ours)
    diffed = perf_counter()
    merged = merge(base, ours, theirs)
    done = perf_counter()
    return {
        "tracks": TRACKS,
        "knots": KNOTS,
        "differences": len(found),
        "diff_s": round(diffed - start, 3),
        "conflicts": len(merged.conflicts),
        "merge_s": round(done - diffed, 3),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    figures = measure()
    if parser.parse_args().json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name}: {value}" for name, value in figures.items()))
