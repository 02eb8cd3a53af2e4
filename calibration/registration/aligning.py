"""Clouds of two sensors laid on each other in many frames at once: one mounting, not one a frame.

In every round small_gicp finds the nearest surfaces of each frame and says how they pull (generalised ICP: A. Segal, D.
Haehnel, S. Thrun, 2009); the pulls of all frames together make one Gauss-Newton step. A frame that shows only a road
says nothing of how far along it, by its own information. The uncertainty comes from how differently parts of the view
pull at the end (the sandwich of P. Huber, 1967), not from the noise of single returns: a surface, and a sensor's error
in one direction, are the same in all frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray
from calibration.transform import RigidTransform

FEWEST_FRAMES = 3
_LEAST_OVERLAP = 0.05
_VOXELS_TO_FAR = 250.0
_SMALLEST_M, _LARGEST_M = 0.02, 0.25
_NARROWEST = 2.0
"""Edges of a voxel: correspondences further apart have no say in the end."""
_ROUNDS, _LAST_ROUNDS = 8, 25
_SETTLED = 0.02
_WEAK = 4e-3
"""Of the information along a direction, of that of surfaces all square to it: a flat world has 1e-3 by construction."""
_PLANE_WEIGHT = 500.0
"""Information of one pair of surfaces along its normal, as generalised ICP counts it."""
_DIRECTIONS = 10
_FEWEST_POINTS = 100
_ROTATION_FIRST = np.array([3, 4, 5, 0, 1, 2])

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class CloudPair:
    """What both sensors saw at one moment, each in its own frame: (N, 3) and (M, 3) metres."""

    target: npt.NDArray[np.floating]
    source: npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Registered:
    """target_from_source; covariance (6, 6), translation then rotation, along and about the source's axes: the truth is
    `target_from_source * exp(error)`. overlap: share of the source's points that lie on the target's surfaces. rms_m:
    their distance from them. slides_along: (3,) in the source, where the surfaces hold it in all directions but one.
    """

    target_from_source: RigidTransform
    covariance: FloatArray
    overlap: float
    rms_m: float
    frames: int
    slides_along: FloatArray | None

    @property
    def sigma_m(self) -> FloatArray:
        """(3,) standard deviations of the place, along the source's axes."""
        return np.asarray(np.sqrt(np.diag(self.covariance)[:3]))

    @property
    def sigma_rad(self) -> FloatArray:
        """(3,) standard deviations of the rotation, about the source's axes."""
        return np.asarray(np.sqrt(np.diag(self.covariance)[3:]))


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    target: Any
    tree: Any
    source: Any
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class _Pull:
    """Over all frames: information (6, 6), gradient (6,), in the order translation, rotation."""

    information: FloatArray
    gradient: FloatArray
    error: float
    inliers: int


def register(
    pairs: Sequence[CloudPair],
    start: RigidTransform,
    *,
    reach_deg: float = 3.0,
    reach_m: float = 0.3,
    tell: Tell | None = None,
) -> Registered:
    """The mounting near `start` (target_from_source), which may be wrong by about `reach_deg` and `reach_m`.

    Raises CalibrationError for fewer than three frames, for clouds that hardly overlap, and without small_gicp.
    """
    if len(pairs) < FEWEST_FRAMES:
        raise CalibrationError(
            f"{len(pairs)} frames with points of both are too few", do=f"give {FEWEST_FRAMES} or more"
        )
    engine = _engine()
    far = float(np.median([_far(pair.source) for pair in pairs]))
    voxel_m = float(np.clip(far / _VOXELS_TO_FAR, _SMALLEST_M, _LARGEST_M))
    prepared = [_prepared(engine, pair, voxel_m) for pair in pairs]
    pose = start
    reaches = _reaches(reach_m + np.deg2rad(reach_deg) * far, _NARROWEST * voxel_m)
    for number, reach in enumerate(reaches):
        last = reach == reaches[-1]
        pose = _settled(engine, prepared, pose, reach, _LAST_ROUNDS if last else _ROUNDS, voxel_m)
        if tell is not None:
            tell(number + 1, len(reaches))
    parts = [
        [_Prepared(frame.target, frame.tree, part, 0) for frame, part in zip(prepared, sector, strict=True)]
        for sector in zip(*(_sectors(engine, pair.source, voxel_m) for pair in pairs), strict=True)
    ]
    whole = _pull(engine, prepared, pose, reaches[-1])
    pulls = [_pull(engine, part, pose, reaches[-1]).gradient for part in parts]
    return _told(prepared, pose, whole, np.array(pulls))


def _engine() -> Any:
    try:
        import small_gicp
    except ImportError as error:
        raise CalibrationError(
            "laying clouds on each other needs small_gicp", do="pip install 'boxwright[calibration]'"
        ) from error
    return small_gicp


def _far(points: npt.NDArray[np.floating]) -> float:
    return float(np.percentile(np.linalg.norm(points, axis=1), 80)) if len(points) else 0.0


def _prepared(engine: Any, pair: CloudPair, voxel_m: float) -> _Prepared:
    target, tree = engine.preprocess_points(_finite(pair.target), voxel_m)
    source, _ = engine.preprocess_points(_finite(pair.source), voxel_m)
    return _Prepared(target, tree, source, int(source.size()))


def _sectors(engine: Any, points: npt.NDArray[np.floating], voxel_m: float) -> list[Any]:
    """Clouds of parts of the view: directions about, each near and far, alike in points."""
    kept = _finite(points)
    bearing = np.argsort(np.argsort(np.arctan2(kept[:, 1], kept[:, 0]) if _is_round(kept) else kept[:, 0] / kept[:, 2]))
    direction = bearing * _DIRECTIONS // len(kept)
    reach = np.linalg.norm(kept, axis=1)
    parts = []
    for number in range(_DIRECTIONS):
        inside = direction == number
        far = reach > np.median(reach[inside])
        parts += [engine.preprocess_points(kept[inside & half], voxel_m)[0] for half in (far, ~far)]
    return parts


def _is_round(points: FloatArray) -> bool:
    """Whether it looks around about its z axis, or along it as cameras do."""
    return bool(np.mean(points[:, 2] > 0.5 * np.linalg.norm(points[:, :2], axis=1)) < 0.5)


def _finite(points: npt.NDArray[np.floating]) -> FloatArray:
    kept = np.asarray(points[np.isfinite(points).all(axis=1)], dtype=np.float64)
    if len(kept) < _FEWEST_POINTS:
        raise CalibrationError(f"a cloud of {len(kept)} points is too thin", do="leave this frame out")
    return kept


def _reaches(widest: float, narrowest: float) -> list[float]:
    """Ever narrower, by halves."""
    steps = max(1, int(np.ceil(np.log2(max(widest / narrowest, 1.0)))))
    return [narrowest * 2.0**step for step in range(steps, -1, -1)]


def _settled(
    engine: Any, frames: Sequence[_Prepared], pose: RigidTransform, reach: float, rounds: int, voxel_m: float
) -> RigidTransform:
    """Steps until one is much shorter than a voxel."""
    for _ in range(rounds):
        pull = _pull(engine, frames, pose, reach)
        if pull.inliers < _LEAST_OVERLAP * sum(frame.count for frame in frames):
            raise CalibrationError(
                "the two sensors hardly see the same surfaces",
                do="start nearer, widen --reach-deg, or start from motion",
            )
        scale = 1.0 / np.sqrt(np.maximum(np.diag(pull.information), 1e-12))
        scaled = pull.information * np.outer(scale, scale) + 1e-9 * np.eye(6)
        step = -scale * np.linalg.solve(scaled, scale * pull.gradient)
        pose = pose * RigidTransform.exp(step)
        if np.linalg.norm(step[:3]) < _SETTLED * voxel_m and np.linalg.norm(step[3:]) < 1e-5:
            break
    return pose


def _pull(engine: Any, frames: Sequence[_Prepared], pose: RigidTransform, reach: float) -> _Pull:
    information, gradient, error, inliers = np.zeros((6, 6)), np.zeros(6), 0.0, 0
    for frame in frames:
        found = engine.align(
            frame.target,
            frame.source,
            frame.tree,
            pose.matrix,
            registration_type="GICP",
            max_correspondence_distance=reach,
            max_iterations=1,
        )
        information += np.asarray(found.H)[np.ix_(_ROTATION_FIRST, _ROTATION_FIRST)]
        gradient += np.asarray(found.b)[_ROTATION_FIRST]
        error, inliers = error + float(found.error), inliers + int(found.num_inliers)
    return _Pull(information, gradient, error, inliers)


def _told(frames: Sequence[_Prepared], pose: RigidTransform, pull: _Pull, parts: FloatArray) -> Registered:
    """parts: (S, 6) how each part of the view pulls."""
    inverse = np.linalg.pinv(pull.information, hermitian=True)
    spread = parts - parts.mean(axis=0)
    covariance = inverse @ (spread.T @ spread * len(parts) / (len(parts) - 1.0)) @ inverse
    variance = 2.0 * pull.error / max(pull.inliers, 1)
    values, vectors = np.linalg.eigh(pull.information[:3, :3])
    return Registered(
        pose,
        covariance + variance * inverse,
        pull.inliers / sum(frame.count for frame in frames),
        float(np.sqrt(variance / _PLANE_WEIGHT)),
        len(frames),
        np.array(vectors[:, 0]) if values[0] < _WEAK * _PLANE_WEIGHT * pull.inliers else None,
    )
