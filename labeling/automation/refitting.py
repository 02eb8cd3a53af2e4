"""A cuboid set by eye, fitted to the points of its frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration import RigidTransform
from labeling.automation.class_priors import class_prior
from labeling.automation.one_click import CuboidFit, RoughBox, Sights, fit_cuboid
from labeling.editing.apply import apply
from labeling.editing.edits import RemoveKnot, Resize, SetKnot, TrackEdit
from labeling.frame_times import FrameTimes
from labeling.track import Knot, Maker, Track


@dataclass(frozen=True, slots=True, eq=False)
class Refitted:
    """The track with the fitted pose in the frame, and the fitted size; fit: how sure that is."""

    track: Track
    fit: CuboidFit


def refit(sights: Sights, times: FrameTimes, track: Track, frame: int) -> Refitted:
    """Fit the cuboid that the track has in a frame to what is seen there, as its class.

    What a person set in the frame stays a person's: they asked for it. The front stays in front, unless the fit saw
    the thing move. Raises InputError where there are no points.
    """
    shown_ns = times.time_of(track, frame)
    before = track.cuboid_at(shown_ns)
    fit = fit_cuboid(sights, frame, RoughBox(before), priors=(class_prior(track.class_name),))
    pose = fit.cuboid.world_from_object
    turned = float(pose.yaw_rad - before.world_from_object.yaw_rad)
    if not fit.heading_known and np.cos(turned) < 0.0:
        pose = pose * RigidTransform.from_yaw(np.pi, [0.0, 0.0, 0.0])
    own = track.knot_index(shown_ns)
    human = own is None or track.makers[own] is Maker.HUMAN
    knot = Knot.of(fit.time_ns, pose, Maker.HUMAN if human else Maker.SOLVER)
    x, y, z = (float(each) for each in fit.cuboid.size_m)
    steps: list[TrackEdit] = [Resize(track.id, (x, y, z)), SetKnot(track.id, knot)]
    if own is not None and shown_ns != fit.time_ns:
        steps.append(RemoveKnot(track.id, shown_ns))
    after = track
    for step in steps:
        after = apply(step, {track.id: after}).tracks[track.id] or after
    return Refitted(after, fit)
