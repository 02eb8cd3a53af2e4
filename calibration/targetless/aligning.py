"""Turn and shift a camera until the steps of its photos say most of the LiDAR's: coarse to fine.

The cost is rough, so the simplex method is used, which needs no slopes (J. Nelder and R. Mead, Computer Journal 1965),
on photos that are blurred less and less. From far off all turns on a grid are tried first, on strongly blurred photos
and a part of the pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray, to_matrix
from calibration.targetless.information import Photos, edges_of, information, logarithmic, steps_at
from calibration.targetless.pairs import Pairs
from calibration.transform import RigidTransform

_FINE = ((0.5, 0.8, 0.10), (0.25, 0.4, 0.06), (0.12, 0.2, 0.03), (0.12, 0.1, 0.02))
"""Blur (degrees), and size of the first simplex (degrees, metres)."""
_COARSE_BLUR_DEG, _COARSE_STEP_DEG, _COARSE_PAIRS, _COARSE_ENDS = 0.9, 1.5, 30_000, 6
_MOST_PAIRS = 250_000
_SCALE = np.array([np.deg2rad(1.0)] * 3 + [0.1] * 3)
_FEWEST_PAIRS = 2_000
_PULL_BITS, _PULL_M = 0.02, 0.2
"""In one scene a shift and a turn look much alike: a shift so far from the start must be worth so many bits, divided by
the number of scenes."""


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """camera_from_lidar, and how many bits pairs and steps share there, where it began, and a degree beside it."""

    camera_from_lidar: RigidTransform
    bits: float
    bits_before: float
    bits_beside: float


class _Cost:
    """Bits at a pose, for photos of one blur."""

    def __init__(
        self, pairs: Pairs, photos: Photos, matrix: FloatArray, start: RigidTransform, expected: RigidTransform
    ) -> None:
        self._pairs, self._photos, self._matrix = pairs, photos, matrix
        self._start, self._expected = start, expected
        self._pull = _PULL_BITS / len(photos) / _PULL_M**2
        self._steps = np.empty(len(pairs))
        known = self._steps_at(start)
        known = known[np.isfinite(known)]
        self._edges = edges_of(known) if len(known) else np.linspace(-1.0, 1.0, 8)

    def _steps_at(self, pose: RigidTransform) -> FloatArray:
        rotation, translation = to_matrix(pose.rotation), np.ascontiguousarray(pose.translation)
        steps_at(
            self._pairs.points_m, self._pairs.photos, rotation, translation, self._matrix, self._photos, self._steps
        )
        return self._steps

    def bits(self, pose: RigidTransform) -> float:
        return float(information(self._steps_at(pose), self._pairs.classes, self._edges))

    def __call__(self, moved: FloatArray) -> float:
        pose = moved_by(self._start, moved * _SCALE)
        shift = pose.inverse().translation - self._expected.inverse().translation
        return float(self._pull * (shift @ shift)) - self.bits(pose)


def moved_by(pose: RigidTransform, change: FloatArray) -> RigidTransform:
    """A pose (camera from something) turned by a rotation vector and shifted, both in the camera's frame: (6,)."""
    turn = RigidTransform.exp(np.concatenate([np.zeros(3), change[:3]]))
    return RigidTransform((turn * pose).rotation, pose.translation + change[3:])


def align(
    pairs: Pairs,
    photos: Sequence[npt.ArrayLike] | npt.ArrayLike,
    matrix: npt.ArrayLike,
    start: RigidTransform,
    *,
    reach_deg: float = 2.0,
) -> Aligned:
    """The pose of the LiDAR in the camera (camera_from_lidar) that photos and pairs agree on.

    photos: (P, H, W) grey, without distortion; matrix: (4,) fx, fy, cx, cy, pixels. reach_deg: how far off the start
    may be; beyond 2 degrees all turns within it are tried first. Raises CalibrationError where too little is in view.
    """
    grey = np.asarray(photos)
    camera = np.asarray(matrix, dtype=np.float64)
    seen = _in_view(pairs, camera, grey.shape[1:], start, np.deg2rad(reach_deg + 2.0))
    if len(seen) < _FEWEST_PAIRS:
        raise CalibrationError(
            f"only {len(seen)} pairs of LiDAR returns lie in view of the camera",
            do="give more photos, or a start that looks the right way",
        )
    rng = np.random.default_rng(0)
    some = seen.taking(np.sort(rng.permutation(len(seen))[:_MOST_PAIRS]))
    starts = [start] if reach_deg <= 2.0 else _coarse(some, grey, camera, start, reach_deg)
    ends = [_fine(some, grey, camera, each, start, levels=_FINE[:2] if len(starts) > 1 else _FINE) for each in starts]
    best = max(ends, key=lambda each: each[1])[0]
    if len(starts) > 1:
        best = _fine(some, grey, camera, best, start, levels=_FINE[1:])[0]
    cost = _Cost(some, logarithmic(grey, _px(_FINE[-1][0], camera)), camera, best, start)
    beside = [moved_by(best, np.deg2rad(sign) * np.eye(6)[axis]) for axis in range(3) for sign in (-1.0, 1.0)]
    return Aligned(best, cost.bits(best), cost.bits(start), max(map(cost.bits, beside)))


def _px(blur_deg: float, camera: FloatArray) -> float:
    return float(np.deg2rad(blur_deg) * camera[0])


def _in_view(
    pairs: Pairs, camera: FloatArray, shape: tuple[int, ...], pose: RigidTransform, margin_rad: float
) -> Pairs:
    """Those that the camera may see when it is turned by the margin."""
    places = pose.apply(pairs.points_m[:, 0])
    ahead = places[:, 2] > 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        column = camera[0] * places[:, 0] / places[:, 2] + camera[2]
        row = camera[1] * places[:, 1] / places[:, 2] + camera[3]
    wide = margin_rad * camera[0]
    inside = (column > -wide) & (column < shape[1] + wide) & (row > -wide) & (row < shape[0] + wide)
    return pairs.taking(ahead & inside)


def _coarse(
    pairs: Pairs, grey: npt.NDArray[np.generic], camera: FloatArray, start: RigidTransform, reach_deg: float
) -> list[RigidTransform]:
    """The best few of all turns on a grid."""
    rows = np.linspace(0, len(pairs) - 1, min(len(pairs), _COARSE_PAIRS)).astype(np.int64)
    cost = _Cost(pairs.taking(rows), logarithmic(grey, _px(_COARSE_BLUR_DEG, camera)), camera, start, start)
    steps = np.arange(-reach_deg, reach_deg + 1e-9, _COARSE_STEP_DEG)
    turns = np.deg2rad(np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3))
    turns = turns[np.linalg.norm(turns, axis=1) <= np.deg2rad(reach_deg + _COARSE_STEP_DEG)]
    poses = [moved_by(start, np.concatenate([turn, np.zeros(3)])) for turn in turns]
    bits = np.array([cost.bits(pose) for pose in poses])
    chosen: list[int] = []
    for row in np.argsort(-bits).tolist():
        apart = [np.linalg.norm(turns[row] - turns[other]) for other in chosen]
        if not apart or min(apart) > np.deg2rad(1.3 * _COARSE_STEP_DEG):
            chosen.append(row)
        if len(chosen) == _COARSE_ENDS:
            break
    return [poses[row] for row in chosen]


def _fine(
    pairs: Pairs,
    grey: npt.NDArray[np.generic],
    camera: FloatArray,
    start: RigidTransform,
    expected: RigidTransform,
    levels: Sequence[tuple[float, float, float]],
) -> tuple[RigidTransform, float]:
    """Simplices on photos that are blurred less and less; the pose and its bits at the last blur."""
    pose, bits = start, 0.0
    for blur_deg, turn_deg, shift_m in levels:
        cost = _Cost(pairs, logarithmic(grey, _px(blur_deg, camera)), camera, pose, expected)
        first = np.diag(np.array([np.deg2rad(turn_deg)] * 3 + [shift_m] * 3) / _SCALE)
        simplex = np.vstack([np.zeros(6), first]) - first.sum(axis=0) / 7.0
        options: Any = {"initial_simplex": simplex, "xatol": 2e-3, "fatol": 1e-7, "maxfev": 400}
        found = minimize(cost, np.zeros(6), method="Nelder-Mead", options=options)
        pose, bits = moved_by(pose, found.x * _SCALE), -float(found.fun)
    return pose, bits
