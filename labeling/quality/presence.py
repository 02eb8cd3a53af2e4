"""Cuboids with nothing in them, cuboids that cut or miss their points, that float or sink, and two for one thing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fusion.timeline import Int64Array
from labeling.automation.class_priors import class_prior
from labeling.overlap import Overlap, overlap_rows
from labeling.quality.case import Case, logistic
from labeling.quality.finding import Finding, FindingKind
from labeling.quality.looking import BESIDE, GROUND, HITS, THROUGH
from labeling.quality.repairs import deleted, lifted
from labeling.quality.rows import TrackRows

_SOLID = 0.12
"""Of the beams that could, so many at least end in a thing; a car with open windows stops half of them."""
_ENOUGH_BEAMS = 8.0
_FEWEST_LOOKS = 4
"""Nothing is deleted for what fewer frames say."""
_CUT, _ENOUGH_BESIDE = 0.55, 40.0
_OFF_M, _NEAR_M = 0.45, 30.0
_FEW_MET = 5
_SAME, _OVERLAPS = 0.45, 0.12


def phantoms(case: Case) -> list[Finding]:
    """Tracks through which the beams go."""
    found: list[Finding] = []
    for index, track in enumerate(case.tracks):
        rows = case.rows_of(index)
        rows = rows[case.looks.seen[rows]]
        if not len(rows):
            continue
        hits, through, ground = (float(case.looks.counts[rows, each].sum()) for each in (HITS, THROUGH, GROUND))
        empty = through + 0.5 * ground
        solid = hits / max(hits + empty, 1.0)
        if solid > _SOLID or empty < _ENOUGH_BEAMS:
            continue
        often = min(float(np.log(len(rows) / 4.0)), 1.0)
        sure = logistic(1.0 + np.log(empty / _ENOUGH_BEAMS) - 25.0 * solid + 1.5 * often)
        why = f"{through:.0f} beams went through it and {ground:.0f} met the ground under it, {hits:.0f} ended in it"
        repair = deleted(case.originals, track.id) if len(rows) >= _FEWEST_LOOKS else ()
        found.append(case.finding(FindingKind.PHANTOM, [track], (0, len(track) - 1), sure, why, repair=repair))
    return found


def cuts(case: Case) -> list[Finding]:
    """Cuboids beside which lie more points, close by and nobody else's, than in them."""
    found: list[Finding] = []
    for index, track in enumerate(case.tracks):
        rows = case.rows_of(index)
        beside, hits = case.looks.counts[rows, BESIDE], case.looks.counts[rows, HITS]
        if not len(rows) or np.median(beside) < _ENOUGH_BESIDE or class_prior(track.class_name).kind == "cone":
            continue
        share = float(np.median(beside / np.maximum(beside + hits, 1)))
        if share > _CUT:
            why = f"{np.median(beside):.0f} points lie within half a metre beside it and {np.median(hits):.0f} in it"
            sure = logistic(12.0 * (share - 0.9))
            found.append(case.finding(FindingKind.CUT_POINTS, [track], (0, len(track) - 1), sure, why))
    return found


def off_ground(case: Case) -> list[Finding]:
    """Things that stand on the ground and are labelled above or under it."""
    found: list[Finding] = []
    motion = case.observed.recording.ego_motion
    for index, track in enumerate(case.tracks):
        rules = case.profile.of_class(track.class_name)
        if rules is None or not rules.on_ground:
            continue
        rows = case.rows_of(index)
        eyes = motion.at(track.times_ns).translation[:, :2]
        near = np.linalg.norm(track.positions_m[:, :2] - eyes, axis=1) < _NEAR_M
        met = case.looks.counts[rows][:, [HITS, GROUND]].sum(axis=1) > _FEW_MET
        heights = case.looks.ground_m[rows][near & met]
        heights = heights[np.isfinite(heights)]
        if len(heights) < 3 or np.ptp(np.percentile(heights, [10, 90])) > 0.3:
            continue
        lift = float(np.median(heights))
        if abs(lift) > _OFF_M:
            why = f"it stands {abs(lift):.2f} m {'above' if lift > 0.0 else 'under'} the ground"
            sure = logistic(8.0 * (abs(lift) - 0.6))
            repair = lifted(case.originals, track.id, -lift)
            found.append(case.finding(FindingKind.OFF_GROUND, [track], (0, len(track) - 1), sure, why, repair=repair))
    return found


def overlaps(case: Case) -> list[Finding]:
    """Two cuboids in one place: of one thing labelled twice, or one of them wrong."""
    common: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for frame in np.unique(case.places.frames):
        rows = np.flatnonzero(case.places.frames == frame)
        for a, b in _near_pairs(case, rows):
            pair = int(case.places.owners[a]), int(case.places.owners[b])
            common.setdefault(pair, []).append((a, b))
    found: list[Finding] = []
    for (one, other), pairs in common.items():
        if one != other:
            found += _overlap(case, case.tracks[one], case.tracks[other], np.array(pairs))
    return found


def _near_pairs(case: Case, rows: Int64Array) -> Iterator[tuple[int, int]]:
    places, sizes = case.places.poses[rows], case.places.sizes_m[rows]
    radii = 0.5 * np.hypot(sizes[:, 0], sizes[:, 1])
    apart = np.hypot(places[:, None, 0] - places[None, :, 0], places[:, None, 1] - places[None, :, 1])
    for a, b in zip(*np.nonzero(np.triu(apart < 0.8 * (radii[:, None] + radii), k=1)), strict=True):
        yield int(rows[a]), int(rows[b])


def _overlap(case: Case, one: TrackRows, other: TrackRows, pairs: Int64Array) -> Iterator[Finding]:
    boxes = np.column_stack([case.places.poses[:, :3], case.places.sizes_m, case.places.poses[:, 3]])
    shares = overlap_rows(boxes[pairs[:, 0]], boxes[pairs[:, 1]], Overlap.IOU_3D)
    wrong = np.flatnonzero(shares > _OVERLAPS)
    if len(wrong) < max(2, 0.2 * len(shares)):
        return
    share = float(np.median(shares[wrong]))
    start = int(case.starts[int(case.places.owners[pairs[0, 0]])])
    span = int(pairs[wrong[0], 0]) - start, int(pairs[wrong[-1], 0]) - start
    if share > _SAME:
        why = f"two cuboids share {share:.0%} of their space over {len(wrong)} frames: one thing labelled twice"
        lesser = one if len(one) < len(other) else other
        repair = deleted(case.originals, lesser.id)
        sure = logistic(10.0 * (share - 0.4))
        yield case.finding(FindingKind.DUPLICATE, [one, other], span, sure, why, repair=repair)
    else:
        why = f"two cuboids share {share:.0%} of their space over {len(wrong)} frames"
        yield case.finding(FindingKind.OVERLAP, [one, other], span, logistic(12.0 * (share - 0.25)), why)
