"""From one click to a whole track: a cuboid fitted where somebody points, and found in all other frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.errors import InputError
from labeling.automation.class_priors import class_prior
from labeling.automation.one_click import Click, CuboidFit, PointClick, Sights, fit_cuboid
from labeling.automation.solving import TrackSolver
from labeling.track import Knot, Maker, Presence, Track

_BESIDE_M = 0.4
"""A click farther beside what was fitted than this meant the ground."""


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """track: with the solver's knots. fit: of the clicked frame. confidence: 0 to 1, of the least sure frame that saw
    it. suggested_frame: the one worth a look next. stands: whether one pose is the whole track."""

    track: Track
    fit: CuboidFit
    confidence: float
    suggested_frame: int
    stands: bool


def grow(sights: Sights, solver: TrackSolver, frame: int, click: Click, class_name: str, track_id: str) -> Grown:
    """Fit what a click in a frame points at, as a class, and follow it both ways as far as it is seen.

    A person pointed, and no more: every pose is the machine's. Raises InputError where nothing stands.
    """
    fit = fit_cuboid(sights, frame, click, priors=(class_prior(class_name),))
    if isinstance(click, PointClick):
        place = np.asarray(click.point_in_world, dtype=np.float64)[None]
        if not fit.cuboid.contains(place, margin_m=_BESIDE_M)[0]:
            raise InputError("nothing stands right there", do="click on the thing itself", where=frame)
    length, width, height = (float(each) for each in fit.cuboid.size_m)
    knot = Knot.of(fit.time_ns, fit.cuboid.world_from_object, Maker.SOLVER)
    seed = Track.from_knots(track_id, class_name, (length, width, height), [knot], [Presence(fit.time_ns, fit.time_ns)])
    solution = solver.solve(seed)
    seen = solution.confidence[solution.points > 0]
    least = float(np.min(seen)) if len(seen) else 0.0
    return Grown(solution.track, fit, least, solution.suggested_frame, solution.stands)
