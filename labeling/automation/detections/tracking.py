"""Detections become proposed tracks, each with the costs of what holds it together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import NAMESPACE_OID, uuid5

import numpy as np

from calibration import RigidTransform
from calibration.camera import BoolArray
from fusion.progress import Progress, silent
from fusion.recording import Recording
from labeling.automation.class_priors import class_prior
from labeling.automation.detections.detected import Detected
from labeling.automation.prelabel import Prelabelled
from labeling.automation.tracking import (
    Detections,
    Joint,
    TrackedObject,
    TrackerSettings,
    track_offline,
    track_online,
)
from labeling.frame_times import FrameTimes
from labeling.ontology import Ontology
from labeling.track import Knot, Maker, Presence, PresenceKind, Track

CONFIDENCE, JOINED = "track_score", "least_sure_join"
"""Attributes of a proposed track: the tracker's score, and the costs of the join that is least sure."""
_MOVES_M = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class TrackProposal:
    """A track, its score in the detector's unit, and what held it together, in time order."""

    track: Track
    score: float
    joints: tuple[Joint, ...]

    @property
    def proposal(self) -> Prelabelled:
        """As what is added to labels."""
        offsets = self.track.positions_m - self.track.positions_m[0]
        moves = bool(np.linalg.norm(offsets, axis=1).max() > _MOVES_M)
        return Prelabelled(self.track, self.score, moves)


def track_detections(
    recording: Recording,
    detected: Detected,
    ontology: Ontology,
    *,
    online: bool = False,
    progress: Progress = silent,
) -> list[TrackProposal]:
    """Tracks of all classes, the surest first. online: use nothing of what comes later (no smoothing, no bridges)."""
    classes, times = sorted(set(detected.classes)), FrameTimes(recording)
    found: list[TrackProposal] = []
    for done, name in enumerate(classes, start=1):
        detections = detected.of_class(name, recording)
        settings = TrackerSettings.of_class(class_prior(name))
        objects = _online(detections, settings) if online else track_offline(detections, settings)
        found += [_proposal(each, _named(name, ontology), times) for each in objects]
        progress(done, len(classes))
    return sorted(found, key=lambda each: -each.score)


def _named(name: str, ontology: Ontology) -> str:
    """The ontology's name for a detector's class: the same, or the same kind of thing; else as the detector says."""
    if name in ontology.names:
        return name
    kind = class_prior(name).kind
    return next((each for each in ontology.names if class_prior(each).kind == kind), name)


def _online(detections: Detections, settings: TrackerSettings) -> list[TrackedObject]:
    owners, costs = track_online(detections, settings)
    objects = []
    for owner in range(int(owners.max(initial=-1)) + 1):
        chain = np.flatnonzero(owners == owner)
        joints = [Joint(int(detections.frames[d]), float(costs[d, 3]), *map(float, costs[d, :3])) for d in chain[1:]]
        objects.append(
            TrackedObject(
                detections.frames[chain],
                detections.centres_m[chain],
                detections.yaws_rad[chain],
                np.median(detections.sizes_m[chain], axis=0),
                chain,
                np.full(len(chain), settings.position_m),
                float(detections.scores[chain].mean()),
                tuple(joints),
            )
        )
    return objects


def _proposal(found: TrackedObject, class_name: str, times: FrameTimes) -> TrackProposal:
    shown = found.shown()
    frames, seen = found.frames[shown], found.detected[shown] >= 0
    centres, yaws = found.centres_m[shown], found.yaws_rad[shown]
    knots = [
        Knot.of(times.time_at(centre, frame), RigidTransform.from_yaw(float(yaw), centre), Maker.MODEL)
        for frame, centre, yaw in zip(frames.tolist(), centres, yaws, strict=True)
    ]
    identity = uuid5(NAMESPACE_OID, f"{class_name} {knots[0].time_ns} {knots[0].position_m}").hex
    attributes = [(CONFIDENCE, f"{found.score:.3f}")]
    if found.joints:
        attributes.append((JOINED, _told(max(found.joints, key=lambda joint: joint.cost))))
    bare = Track.from_knots(identity, class_name, found.size_m.tolist(), knots, _presence(knots, seen))
    return TrackProposal(replace(bare, attributes=tuple(sorted(attributes))), found.score, found.joints)


def _told(joint: Joint) -> str:
    parts = f"position {joint.position:.1f} + size {joint.size:.1f} + heading {joint.heading:.1f}"
    return f"frame {joint.frame}, after {joint.gap_s:.1f} s: {joint.cost:.1f} = {parts}"


def _presence(knots: list[Knot], seen: BoolArray) -> tuple[Presence, ...]:
    """Observed where detected, occluded where bridged."""
    runs: list[Presence] = []
    for knot, was_seen in zip(knots, seen.tolist(), strict=True):
        kind = PresenceKind.OBSERVED if was_seen else PresenceKind.OCCLUDED
        if runs and runs[-1].kind is kind:
            runs[-1] = replace(runs[-1], end_ns=knot.time_ns)
        else:
            start = runs[-1].end_ns + 1 if runs else knot.time_ns
            runs.append(Presence(min(start, knot.time_ns), knot.time_ns, kind))
    return tuple(runs)
