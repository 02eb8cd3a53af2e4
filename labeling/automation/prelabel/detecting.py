"""Find what stands, once for the whole recording, and what moves, in every frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from calibration.errors import InputError
from fusion.progress import Progress, silent
from labeling.automation.class_priors import ClassPrior
from labeling.automation.one_click import CuboidFit, PointClick, Sights, fit_cuboid
from labeling.automation.prelabel.claims import Claims
from labeling.automation.prelabel.clusters import Cluster, clusters

_CLAIMED = 0.5
"""A cluster of which more than this stands where something was explained already is that thing."""
_HOPELESS = 0.03
"""Not worth a second look with all frames."""
_STRIDE = 6
"""Frames between two in which everything is looked at first: from there the standing things are known."""


@dataclass(frozen=True, slots=True)
class Findings:
    """standing: one fit a thing. moving: all fits of things that move, in any order."""

    standing: list[CuboidFit] = field(default_factory=list)
    moving: list[CuboidFit] = field(default_factory=list)


def detect(
    sights: Sights, priors: Sequence[ClassPrior], *, least_confidence: float, progress: Progress = silent
) -> Findings:
    """Look at a few frames all through the recording first, then at all others for what is new and what moves."""
    found, claims = Findings(), Claims()
    for done, frame in enumerate(_order(sights), start=1):
        _look(sights, frame, priors, least_confidence, claims, found)
        progress(done, len(sights.delivered))
    return found


def _order(sights: Sights) -> list[int]:
    frames: list[int] = sights.delivered.tolist()
    first = frames[len(frames[:_STRIDE]) // 2 :: _STRIDE]
    return first + [frame for frame in frames if frame not in set(first)]


def _look(
    sights: Sights,
    frame: int,
    priors: Sequence[ClassPrior],
    least_confidence: float,
    claims: Claims,
    found: Findings,
) -> None:
    here = Claims()
    for cluster in clusters(sights[frame]):
        if max(claims.share(cluster.points), here.share(cluster.points)) > _CLAIMED:
            continue
        fit = _fitted(sights, frame, cluster, priors)
        if fit is not None and fit.motion.moves:
            here.claim_cuboid(fit.cuboid)
            if fit.confidence >= least_confidence:
                found.moving.append(fit)
        elif fit is not None and fit.confidence >= least_confidence and fit.motion.known:
            claims.claim_cuboid(fit.cuboid)
            found.standing.append(fit)
        else:
            claims.claim_points(cluster.points)


def _fitted(sights: Sights, frame: int, cluster: Cluster, priors: Sequence[ClassPrior]) -> CuboidFit | None:
    """None for what is no road user at first sight already."""
    click = PointClick(cluster.seed)
    try:
        alone = fit_cuboid(sights, frame, click, priors=priors, neighbours=False)
        return None if alone.confidence < _HOPELESS else fit_cuboid(sights, frame, click, priors=priors)
    except InputError:
        return None
