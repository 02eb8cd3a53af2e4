"""Pre-label a whole recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import NAMESPACE_OID, uuid5

import numpy as np

from calibration.errors import InputError
from fusion.progress import Progress, silent
from fusion.recording import Recording
from fusion.samples import Float32Array
from labeling.automation.class_priors import class_prior
from labeling.automation.one_click import Sights, priors_of
from labeling.automation.prelabel.detecting import detect
from labeling.automation.prelabel.following import followed, without_twins
from labeling.automation.prelabel.joining import Chain, chain_of, distinct, joined
from labeling.automation.solver import gather_evidence
from labeling.frame_times import FrameTimes
from labeling.ontology import Ontology
from labeling.track import Knot, Maker, Presence, PresenceKind, Track

LEAST_CONFIDENCE, LEAST_CONFIDENCE_STANDING = 0.3, 0.6
"""Motion is evidence of a road user of its own; what stands may be a shed."""
_FEWEST_POINTS = 5
CONFIDENCE = "prelabel_confidence"
"""The attribute in which a pre-labelled track says how sure it is, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Prelabelled:
    """A proposed track. confidence: probability, 0 to 1, that there is a thing of its class and about its size."""

    track: Track
    confidence: float
    moves: bool


def prelabel(
    recording: Recording,
    ontology: Ontology,
    *,
    least_confidence: float | None = None,
    progress: Progress = silent,
) -> list[Prelabelled]:
    """Tracks of what moves and of what stands, from the LiDAR alone, the surest first.

    Classes are named as the ontology names them. least_confidence: leave out what is less sure; by default 0.3 for what
    moves and 0.6 for what stands. Raises InputError if the recording has no LiDAR sweep.
    """
    sights = Sights(recording, most=40)
    if not len(sights.delivered):
        raise InputError("there is no LiDAR sweep to label from", do="import one", where=recording.path)
    moving, standing = (
        (LEAST_CONFIDENCE, LEAST_CONFIDENCE_STANDING) if least_confidence is None else (least_confidence,) * 2
    )
    found = detect(sights, priors_of(ontology), least_confidence=min(moving, standing), progress=progress)
    eyes = {frame: sights[frame].middles[0] for frame in sights.delivered.tolist()}
    chains = [each for each in joined(found.moving, eyes) if each.confidence >= moving]
    still = [each for each in distinct(found.standing) if each.confidence >= standing]
    times = FrameTimes(recording)
    proposals = _moving_tracks(chains, ontology, recording)
    proposals += _standing_tracks([chain_of([fit], eyes) for fit in still], ontology, sights, times)
    return sorted(proposals, key=lambda each: -each.confidence)


def _moving_tracks(chains: Sequence[Chain], ontology: Ontology, recording: Recording) -> list[Prelabelled]:
    """Solved through all frames where the solver agrees with what was found, else as it was found."""
    if not chains:
        return []
    evidence = gather_evidence(recording)
    solved = [(chain, followed(chain, _name(chain, ontology), evidence)) for chain in chains]
    found = [_moving_track(chain, ontology) for chain, each in solved if each is None]
    for each in without_twins([each for _, each in solved if each is not None]):
        found.append(_proposal(each.chain, ontology, list(each.track.knots), each.track.presence, True))
    return found


def _moving_track(chain: Chain, ontology: Ontology) -> Prelabelled:
    knots = [Knot.of(time_ns, chain.world_from_object[row], Maker.MODEL) for row, time_ns in enumerate(chain.times_ns)]
    frames = [fit.frame for fit in chain.fits]
    return _proposal(chain, ontology, knots, _runs(frames, chain.times_ns), True)


def _standing_tracks(
    chains: Sequence[Chain], ontology: Ontology, sights: Sights, times: FrameTimes
) -> list[Prelabelled]:
    """One pose each, and present from the first to the last frame that has points of it."""
    seen: list[list[int]] = [[] for _ in chains]
    for frame in sights.delivered.tolist():
        points = sights[frame].points
        for row, chain in enumerate(chains):
            if _count(points, chain) >= _FEWEST_POINTS:
                seen[row].append(frame)
    found = []
    for chain, frames in zip(chains, seen, strict=True):
        place, own = chain.world_from_object[0].translation, chain.fits[0].frame
        frames = sorted({*frames, own})
        moments = [times.time_at(place, frame) for frame in frames]
        knot = Knot.of(moments[frames.index(own)], chain.world_from_object[0], Maker.MODEL)
        found.append(_proposal(chain, ontology, [knot], _runs(frames, moments), False))
    return found


def _count(points: Float32Array, chain: Chain) -> int:
    """Points in the box, its lowest quarter of a metre left out."""
    pose, half = chain.world_from_object[0], 0.5 * chain.size_m
    offsets = points - pose.translation.astype(np.float32)[:, None]
    near = np.flatnonzero((np.abs(offsets[0]) < np.hypot(*half[:2])) & (np.abs(offsets[1]) < np.hypot(*half[:2])))
    local = np.abs(pose.inverse().rotate(offsets[:, near].T.astype(np.float64)))
    return int(np.all(local <= half - np.array([0.0, 0.0, 0.25]), axis=1).sum())


def _runs(frames: Sequence[int], times_ns: Sequence[int]) -> tuple[Presence, ...]:
    """Observed while frames follow each other, occluded between two that do not."""
    runs = [Presence(times_ns[0], times_ns[0])]
    for before, frame, time_ns in zip(frames, frames[1:], times_ns[1:], strict=False):
        last = runs[-1]
        if frame == before + 1:
            runs[-1] = Presence(last.start_ns, time_ns)
        else:
            runs += [Presence(last.end_ns + 1, time_ns - 1, PresenceKind.OCCLUDED), Presence(time_ns, time_ns)]
    return tuple(runs)


def _name(chain: Chain, ontology: Ontology) -> str:
    """Its class as the ontology names it."""
    return next((name for name in ontology.names if class_prior(name).kind == chain.kind), chain.kind)


def _proposal(
    chain: Chain, ontology: Ontology, knots: list[Knot], presence: tuple[Presence, ...], moves: bool
) -> Prelabelled:
    name = _name(chain, ontology)
    first = knots[0]
    identity = uuid5(NAMESPACE_OID, f"{first.time_ns} {first.position_m}").hex
    bare = Track.from_knots(identity, name, chain.size_m.tolist(), knots, presence)
    sure = (CONFIDENCE, f"{chain.confidence:.2f}")
    return Prelabelled(replace(bare, attributes=(sure,)), chain.confidence, moves)
