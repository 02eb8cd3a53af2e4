"""Things without a label: what stands or moves there and looks like what is labelled in this recording.

The labels teach: clumps of points in cuboids are what people here label, all others what they do not. A logistic
regression on shape, height and staying, fitted with each place left out when it is judged, says of a clump without a
cuboid how likely it belongs to the first. So a city's kiosks are learnt as quickly as its cars.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import NAMESPACE_OID, uuid5

import numpy as np

from calibration.camera import BoolArray
from calibration.errors import InputError
from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.automation.class_priors import class_prior
from labeling.automation.one_click import CuboidFit, PointClick, fit_cuboid
from labeling.editing.edits import CreateTrack
from labeling.quality.case import Case
from labeling.quality.clumps import HEIGHT, SEEN, STAYS, Clumps, clumps_of, in_boxes
from labeling.quality.finding import Finding, FindingKind
from labeling.quality.repairs import Repair
from labeling.track import Knot, Maker, Presence, Track
from labeling.track_record import TrackRecord

_GROWN_M = 0.3
_OWN, _NOBODYS = 0.6, 0.03
_FEWEST_EXAMPLES = 10
_RIDGE = 4.0
_FOLDS = 8
_FEW_ARE_MISSED = 0.75
"""Log odds less: most of what looks like a label but has none was left out on purpose."""
_HEIGHT_M, _SPECK_M = 0.5, 0.3
_STEP_M, _SLOPE = 1.2, 0.06
_GROUND_WITHIN_M = 45.0
_ROUNDS, _FOLD_ROUNDS = 10, 4
_SAME_PLACE_M = 2.5
_STANDS = 0.6
_FASTEST_MPS = 35.0
_OFTEN = 2
_CREATE_FROM = 0.5


def missing_objects(case: Case) -> list[Finding]:
    """One finding a thing, where it was seen first."""
    if case.observed.clumps is None:
        case.observed.clumps = clumps_of(case.observed.sights)
    clumps = case.observed.clumps
    shares = _shares(case, clumps)
    labelled, free = shares > _OWN, shares < _NOBODYS
    if min(int(labelled.sum()), int(free.sum())) < _FEWEST_EXAMPLES:
        return []
    places = _groups(case, clumps, labelled, _owners(case, clumps))
    sure = _likeness(clumps.features, labelled, free, places)
    sure[~(free & _could_be(case, clumps))] = 0.0
    return [_finding(case, clumps, rows, sure) for rows in _things(case, clumps, places, free, sure)]


def _could_be(case: Case, clumps: Clumps) -> BoolArray:
    """(N,) whether any labelled thing about as high is as long, and the clump is no speck."""
    sizes = np.array([track.size_m for track in case.tracks])
    tops, lengths = clumps.features[:, HEIGHT], clumps.spans_m[:, 0]
    alike = np.abs(sizes[None, :, 2] - tops[:, None]) < _HEIGHT_M + 0.2 * tops[:, None]
    longest = np.max(np.where(alike, sizes[None, :, 0], 0.0), axis=1, initial=0.0)
    return np.asarray((lengths < 1.15 * longest + 0.2) & (lengths > _SPECK_M) & _on_ground(case, clumps))


def _on_ground(case: Case, clumps: Clumps) -> BoolArray:
    """(N,) whether ground was seen there (far off it never is), about as high as the nearest labelled thing stands: no
    roof, no floor behind a window."""
    found = (clumps.features[:, SEEN] > 0) | (clumps.ranges_m > _GROUND_WITHIN_M)
    for clump, frame in enumerate(clumps.frames.tolist()):
        rows = np.flatnonzero(case.places.frames == frame)
        if len(rows):
            apart = np.hypot(*(case.places.poses[rows, :2] - clumps.places[clump, :2]).T)
            nearest = int(np.argmin(apart))
            bottom = case.places.poses[rows[nearest], 2] - 0.5 * case.places.sizes_m[rows[nearest], 2]
            found[clump] &= abs(clumps.floors_m[clump] - bottom) < _STEP_M + _SLOPE * apart[nearest]
    return found


def _shares(case: Case, clumps: Clumps) -> FloatArray:
    """(N,) of each clump the share of its points in cuboids of its frame."""
    found = np.zeros(len(clumps))
    for frame in np.unique(clumps.frames).tolist():
        rows = np.flatnonzero(case.places.frames == frame)
        halves = 0.5 * case.places.sizes_m[rows, :2] + _GROWN_M
        for clump in np.flatnonzero(clumps.frames == frame).tolist():
            reach = np.hypot(*clumps.spans_m[clump]) + np.hypot(*halves.T)
            near = np.hypot(*(case.places.poses[rows, :2] - clumps.places[clump, :2]).T) < reach
            inside = in_boxes(clumps.points[clump], case.places.poses[rows[near]], halves[near])
            found[clump] = float(inside.mean())
    return found


def _owners(case: Case, clumps: Clumps) -> Int64Array:
    """(N,) the track that is nearest to each clump in its frame."""
    found = np.full(len(clumps), -1, np.int64)
    for clump, frame in enumerate(clumps.frames.tolist()):
        rows = np.flatnonzero(case.places.frames == frame)
        if len(rows):
            apart = np.hypot(*(case.places.poses[rows, :2] - clumps.places[clump, :2]).T)
            found[clump] = case.places.owners[rows[int(np.argmin(apart))]]
    return found


def _groups(case: Case, clumps: Clumps, labelled: BoolArray, owners: Int64Array) -> Int64Array:
    """(N,) number of the thing, or of the place, that each clump belongs to; what moves is followed from frame to
    frame, as far as one thing can have been there."""
    found = np.full(len(clumps), -1, np.int64)
    moves = ~labelled & (clumps.features[:, STAYS] < _STANDS)
    for clump in range(len(clumps)):
        if found[clump] >= 0:
            continue
        near = np.hypot(*(clumps.places[:, :2] - clumps.places[clump, :2]).T) < _SAME_PLACE_M
        same = labelled & (owners == owners[clump]) if labelled[clump] else near & ~labelled & ~moves
        found[same & (found < 0)] = clump
        found[clump] = clump
        if moves[clump]:
            for other in _followers(case, clumps, clump, np.flatnonzero(moves & (found < 0))):
                found[other] = clump
    return found


def _followers(case: Case, clumps: Clumps, clump: int, others: Int64Array) -> list[int]:
    """A chain of clumps that can be one moving thing, from the earliest on."""
    chain = [clump]
    for frame in np.unique(clumps.frames[others]).tolist():
        rows = others[clumps.frames[others] == frame].tolist()
        here = [each for each in rows if _can_follow(case, clumps, chain, each)]
        if here:
            chain.append(min(here, key=lambda each: _unlike(case, clumps, chain, each)))
    return chain[1:]


def _unlike(case: Case, clumps: Clumps, chain: list[int], other: int) -> float:
    """How badly a clump goes on with a chain: by its features, and by its way."""
    one = chain[-1]
    unlike = float(np.abs(np.log(clumps.spans_m[one] / clumps.spans_m[other])).sum())
    unlike += abs(float(clumps.features[one, HEIGHT] - clumps.features[other, HEIGHT]))
    return unlike + 0.5 * _off_way_m(case, clumps, chain, other)


def _likeness(features: FloatArray, labelled: BoolArray, free: BoolArray, places: Int64Array) -> FloatArray:
    """(N,) probability that a clump is one of those that are labelled here, its own place not asked."""
    features = np.column_stack([np.log1p(features[:, SEEN]), np.delete(features, SEEN, axis=1)])
    scaled = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6)
    first, second = np.triu_indices(scaled.shape[1])
    terms = np.column_stack([np.ones(len(scaled)), scaled, scaled[:, first] * scaled[:, second]])
    names = np.unique(places)
    folds = np.random.default_rng(0).permutation(len(names))[np.searchsorted(names, places)] % _FOLDS
    taught = labelled | free
    start = _regression(terms[taught], labelled[taught].astype(np.float64), np.zeros(terms.shape[1]), _ROUNDS)
    sure = np.zeros(len(features))
    for fold in range(_FOLDS):
        others = taught & (folds != fold)
        weights = _regression(terms[others], labelled[others].astype(np.float64), start, _FOLD_ROUNDS)
        sure[folds == fold] = _probability(terms[folds == fold] @ weights - _FEW_ARE_MISSED)
    return sure


def _regression(terms: FloatArray, right: FloatArray, start: FloatArray, rounds: int) -> FloatArray:
    """Weights of a logistic regression with a ridge, by Newton's method."""
    weights = start
    ridge = _RIDGE * np.eye(terms.shape[1])
    ridge[0, 0] = 1e-3
    for _ in range(rounds):
        said = _probability(terms @ weights)
        slope = terms.T @ (said - right) + ridge @ weights
        curve = (terms * (said * (1.0 - said))[:, None]).T @ terms + ridge
        weights = weights - np.linalg.solve(curve, slope)
    return weights


def _probability(odds: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0))))


def _things(case: Case, clumps: Clumps, places: Int64Array, free: BoolArray, sure: FloatArray) -> Iterator[list[int]]:
    """Clumps of one thing each: those of one place, and those that one thing moving can have been."""
    rules = case.profile.rules
    least = case.profile.least_of(FindingKind.MISSING_OBJECT) if FindingKind.MISSING_OBJECT in rules else 1.0
    for place in np.unique(places[free]).tolist():
        rows = _largest(clumps, np.flatnonzero((places == place) & free))
        if len(rows) >= min(_OFTEN, len(clumps.looked_at)) and float(sure[rows].mean()) >= least:
            yield rows


def _largest(clumps: Clumps, rows: Int64Array) -> list[int]:
    """Of each frame the clump with most points."""
    best: dict[int, int] = {}
    for row in rows.tolist():
        frame = int(clumps.frames[row])
        if frame not in best or clumps.points[row].shape[1] > clumps.points[best[frame]].shape[1]:
            best[frame] = row
    return [best[frame] for frame in sorted(best)]


def _can_follow(case: Case, clumps: Clumps, chain: list[int], other: int) -> bool:
    """Whether a clump can be the thing of a chain later: near enough, of its size, and on its way."""
    one = chain[-1]
    seconds = _seconds(case, clumps, one, other)
    way = float(np.linalg.norm(clumps.places[other, :2] - clumps.places[one, :2]))
    sizes = np.abs(np.log(clumps.spans_m[one] / clumps.spans_m[other]))
    if seconds <= 0.0 or way > _FASTEST_MPS * seconds or sizes[0] > 0.7:
        return False
    return _off_way_m(case, clumps, chain, other) < 1.5 + 3.0 * seconds


def _off_way_m(case: Case, clumps: Clumps, chain: list[int], other: int) -> float:
    """How far a clump lies from where the last two of a chain lead; 0 for a chain of one."""
    if len(chain) < 2:
        return 0.0
    before, one = chain[-2:]
    velocity = (clumps.places[one, :2] - clumps.places[before, :2]) / _seconds(case, clumps, before, one)
    ahead = clumps.places[one, :2] + velocity * _seconds(case, clumps, one, other)
    return float(np.linalg.norm(clumps.places[other, :2] - ahead))


def _seconds(case: Case, clumps: Clumps, one: int, other: int) -> float:
    times_ns = case.observed.recording.frames.times_ns
    return float(times_ns[clumps.frames[other]] - times_ns[clumps.frames[one]]) * 1e-9


def _finding(case: Case, clumps: Clumps, rows: list[int], sure: FloatArray) -> Finding:
    best = rows[int(np.argmax(sure[rows]))]
    frames = int(clumps.frames[rows].min()), int(clumps.frames[rows].max())
    times = case.observed.recording.frames.times_ns
    x, y, z = clumps.places[rows[0]].tolist()
    length, width = clumps.spans_m[best]
    stands = float(clumps.features[best, STAYS]) >= _STANDS
    why = (
        f"a thing of {length:.1f} x {width:.1f} m {'stands' if stands else 'moves'} here without a label, and looks "
        f"like those that have one"
    )
    confidence = float(sure[rows].mean())
    return Finding(
        FindingKind.MISSING_OBJECT,
        (),
        frames,
        (int(times[frames[0]]), int(times[frames[1]])),
        (x, y, z),
        confidence,
        case.profile.severity_of(FindingKind.MISSING_OBJECT),
        why,
        _created(case, clumps, rows, best, stands, confidence) if case.originals else (),
    )


def _created(case: Case, clumps: Clumps, rows: list[int], row: int, stands: bool, confidence: float) -> Repair:
    """A track of what stands, from a click on it; what moves needs the solver, and a person."""
    if not stands or confidence < _CREATE_FROM:
        return ()
    fit = _fit(case, clumps, row)
    if fit is None or fit.confidence < _CREATE_FROM:
        return ()
    names = [track.class_name for track in case.tracks]
    known = [
        name for name in sorted(set(names), key=lambda each: -names.count(each)) if class_prior(name).kind == fit.kind
    ]
    if not known:
        return ()
    knot = Knot.of(fit.time_ns, fit.cuboid.world_from_object, Maker.MODEL)
    presence = _presence(case, clumps, rows, fit.time_ns)
    identity = uuid5(NAMESPACE_OID, f"{fit.time_ns} {knot.position_m}").hex
    track = Track.from_knots(identity, known[0], fit.cuboid.size_m.tolist(), [knot], [presence])
    return (CreateTrack(TrackRecord.of(track)),)


def _presence(case: Case, clumps: Clumps, rows: list[int], time_ns: int) -> Presence:
    """From where it was seen first to where it was seen last; to the ends of the labels, where those lie no farther
    beyond than it is from one frame that was looked at to the next."""
    times_ns, looked = case.observed.recording.frames.times_ns, np.array(clumps.looked_at)
    step = int(np.diff(looked).max(initial=1))
    first, last = int(clumps.frames[rows].min()), int(clumps.frames[rows].max())
    begin, end = int(case.places.frames.min()), int(case.places.frames.max())
    first, last = begin if first - begin <= step else first, end if end - last <= step else last
    half = int(case.observed.recording.frames.period_ns) // 2
    return Presence(min(int(times_ns[first]) - half, time_ns), max(int(times_ns[last]) + half, time_ns))


def _fit(case: Case, clumps: Clumps, row: int) -> CuboidFit | None:
    if row not in case.observed.fits:
        try:
            fit = fit_cuboid(case.observed.sights, int(clumps.frames[row]), PointClick(clumps.places[row]))
        except InputError:
            fit = None
        case.observed.fits[row] = fit
    return case.observed.fits[row]
