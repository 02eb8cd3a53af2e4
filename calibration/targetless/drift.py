"""How far a camera that is nearly right has turned, and how late its clock is, with how sure each is.

The same cost as `aligning`: the bits that LiDAR steps say of photo steps. The place is held: in few scenes a shift and
a turn look alike, and mounts turn more than they shift. A clock that is wrong moves near things against far ones, and
those ahead outwards, which no turn does; it can only be told where the LiDAR moves. How sure all this is comes from
groups of scenes, each asked alone (the jackknife of J. Tukey, 1958).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray, to_matrix
from calibration.targetless.aligning import moved_by
from calibration.targetless.information import Photos, edges_of, information, logarithmic, steps_at
from calibration.targetless.pairs import Pairs
from calibration.transform import RigidTransform

GROUPS: Final = 4
PROFILE_DEG: Final = (-2.0, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.0)
PROFILE_MS: Final = (-200.0, -100.0, -50.0, -25.0, 0.0, 25.0, 50.0, 100.0, 200.0)
_LEVELS = ((0.4, 0.6, 1.5), (0.25, 0.3, 0.8), (0.1, 0.15, 0.4))
"""Blur (degrees), first simplex (degrees; in units of `_LATE_S`)."""
_LATE_S = 0.02
_MOST_PAIRS = 100_000
_FEWEST_PAIRS = 2_000
_REACH_RAD = np.deg2rad(4.0)
_LEAST_SPEED_MPS, _LEAST_RATE_RADPS = 1.0, np.deg2rad(4.0)
_LEAST_SIGMA = np.array([*[np.deg2rad(0.02)] * 3, 2e-3])
"""Groups of scenes share what is wrong with all of them."""
_CLEAR = 1.15


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """What would make photos and LiDAR agree best.

    turn_rad: (3,) rotation vector about the camera's axes: camera_from_lidar is to be turned by it, or the camera by
    its opposite. late_s: by how much later than they say the photos were taken; NaN where the LiDAR does not move.
    covariance: (4, 4) of both. view: (3, 3), see `apparent_rad`. bits_before, bits, bits_beside: shared as recorded,
    there, and at best two degrees beside. profiles: (4, 9) bits along `PROFILE_DEG` about x, y and z and along
    `PROFILE_MS`, around what is recorded.
    """

    turn_rad: FloatArray
    late_s: float
    covariance: FloatArray
    view: FloatArray
    bits_before: float
    bits: float
    bits_beside: float
    profiles: FloatArray

    @property
    def sigma_rad(self) -> FloatArray:
        """(3,) standard deviations of the turn."""
        return np.asarray(np.sqrt(np.diag(self.covariance)[:3]))

    @property
    def sigma_s(self) -> float:
        """Of `late_s`."""
        return float(np.sqrt(self.covariance[3, 3]))

    @property
    def is_clear(self) -> bool:
        """Whether the peak stands out of what lies beside it."""
        return self.bits > _CLEAR * self.bits_beside

    def apparent_rad(self, turn_rad: FloatArray) -> float:
        """How far a turn (3,) moves what is in view, seen from the camera: root mean square of angles, radians."""
        return float(np.sqrt(max(float(turn_rad @ self.view @ turn_rad), 0.0)))


def moves_enough(motions: FloatArray) -> bool:
    """Whether a wrong clock would show: motions (P, 6) metres and radians a second."""
    speed, rate = np.linalg.norm(motions[:, :3], axis=1), np.linalg.norm(motions[:, 3:], axis=1)
    return bool(np.median(speed) > _LEAST_SPEED_MPS or np.median(rate) > _LEAST_RATE_RADPS)


def estimate_drift(
    pairs: Pairs,
    photos: npt.ArrayLike,
    matrix: npt.ArrayLike,
    camera_from_lidar: RigidTransform,
    motions: npt.ArrayLike,
) -> Drift:
    """Around a pose that is right to two or three degrees.

    photos: (P, H, W) grey, without distortion; matrix: (4,) fx, fy, cx, cy, pixels; motions: (P, 6) of the LiDAR while
    each was taken, along and about its own axes, metres and radians a second. Raises CalibrationError where too little
    is in view.
    """
    grey, camera = np.asarray(photos), np.asarray(matrix, dtype=np.float64)
    moving = np.ascontiguousarray(motions, dtype=np.float64)
    seen = _in_view(pairs, camera, grey.shape[1:], camera_from_lidar)
    if len(seen) < _FEWEST_PAIRS:
        raise CalibrationError(
            f"only {len(seen)} pairs of LiDAR returns lie in view of the camera", do="give more photos"
        )
    rows = np.sort(np.random.default_rng(0).permutation(len(seen))[:_MOST_PAIRS])
    some, timed = seen.taking(rows), moves_enough(moving)
    blurred = [logarithmic(grey, float(np.deg2rad(blur) * camera[0])) for blur, _, _ in _LEVELS]
    costs = [_Cost(some, each, camera, camera_from_lidar, moving) for each in blurred]
    best = np.zeros(4)
    for cost, (_, turn_deg, late) in zip(costs, _LEVELS, strict=True):
        best = _simplex(cost, best, turn_deg, late if timed else 0.0)
    alone = _alone(seen, blurred[-1], camera, camera_from_lidar, moving, best, timed=timed)
    spread = alone - alone.mean(axis=0)
    covariance = spread.T @ spread / (len(alone) * max(len(alone) - 1, 1)) + np.diag(_LEAST_SIGMA**2)
    late_s = float(best[3]) if timed else float("nan")
    return Drift(
        best[:3],
        late_s,
        covariance,
        _view(some, camera, grey.shape[1:], camera_from_lidar),
        -costs[-1](np.zeros(4)),
        -costs[-1](best),
        _beside(costs[-1], best),
        _profiles(costs[1]),
    )


class _Cost:
    """Minus the bits at a turn (three, radians) and a delay (seconds)."""

    def __init__(
        self, pairs: Pairs, photos: Photos, matrix: FloatArray, pose: RigidTransform, motions: FloatArray
    ) -> None:
        self._pairs, self._photos, self._matrix, self._pose, self._motions = pairs, photos, matrix, pose, motions
        self._steps, self._points = np.empty(len(pairs)), np.empty_like(pairs.points_m)
        known = self._steps_at(np.zeros(4))
        known = known[np.isfinite(known)]
        self._edges = edges_of(known) if len(known) else np.linspace(-1.0, 1.0, 8)

    def _steps_at(self, change: FloatArray) -> FloatArray:
        pose = moved_by(self._pose, np.concatenate([change[:3], np.zeros(3)]))
        points = self._pairs.points_m
        if change[3]:
            _later(points, self._pairs.photos, self._motions, float(change[3]), self._points)
            points = self._points
        rotation, translation = to_matrix(pose.rotation), np.ascontiguousarray(pose.translation)
        steps_at(points, self._pairs.photos, rotation, translation, self._matrix, self._photos, self._steps)
        return self._steps

    def __call__(self, change: FloatArray) -> float:
        return -float(information(self._steps_at(change), self._pairs.classes, self._edges))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _later(
    points: FloatArray, photos_of: npt.NDArray[np.int64], motions: FloatArray, late_s: float, later: FloatArray
) -> None:
    """Where the LiDAR has things that stand still, so much later: to the first order of how far it has turned."""
    for n in range(len(points)):
        motion = motions[photos_of[n]]
        for side in range(2):
            x, y, z = points[n, side]
            later[n, side, 0] = x - late_s * (motion[0] + motion[4] * z - motion[5] * y)
            later[n, side, 1] = y - late_s * (motion[1] + motion[5] * x - motion[3] * z)
            later[n, side, 2] = z - late_s * (motion[2] + motion[3] * y - motion[4] * x)


def _simplex(cost: _Cost, start: FloatArray, turn_deg: float, late: float) -> FloatArray:
    """Downhill from a start (4,); late 0 holds the clock."""
    scale = np.array([*[np.deg2rad(turn_deg)] * 3, late * _LATE_S])
    free = np.flatnonzero(scale)
    first = np.vstack([np.zeros(len(free)), np.eye(len(free))]) - 1.0 / (len(free) + 1)
    options: Any = {"initial_simplex": first, "xatol": 0.02, "fatol": 1e-7, "maxfev": 150}

    def moved(x: FloatArray) -> FloatArray:
        change = start.copy()
        change[free] += x * scale[free]
        return change

    def value(x: FloatArray) -> float:
        return cost(moved(x))

    return moved(minimize(value, np.zeros(len(free)), method="Nelder-Mead", options=options).x)


def _alone(
    seen: Pairs,
    photos: Photos,
    camera: FloatArray,
    pose: RigidTransform,
    motions: FloatArray,
    best: FloatArray,
    *,
    timed: bool,
) -> FloatArray:
    """(G, 4) what groups of scenes that follow each other would say."""
    found = []
    for group in np.array_split(np.arange(len(photos)), min(GROUPS, len(photos))):
        own = seen.taking(np.isin(seen.photos, group))
        if len(own) >= _FEWEST_PAIRS // 2:
            rows = np.sort(np.random.default_rng(0).permutation(len(own))[: _MOST_PAIRS // 2])
            cost = _Cost(own.taking(rows), photos, camera, pose, motions)
            found.append(_simplex(cost, best, _LEVELS[-1][1], _LEVELS[-1][2] if timed else 0.0))
    return np.array(found)


def _in_view(pairs: Pairs, camera: FloatArray, shape: tuple[int, ...], pose: RigidTransform) -> Pairs:
    return pairs.taking(_inside(pose.apply(pairs.points_m[:, 0]), camera, shape, _REACH_RAD * camera[0]))


def _inside(places: FloatArray, camera: FloatArray, shape: tuple[int, ...], margin_px: float) -> npt.NDArray[np.bool_]:
    with np.errstate(divide="ignore", invalid="ignore"):
        u = camera[0] * places[:, 0] / places[:, 2] + camera[2]
        v = camera[1] * places[:, 1] / places[:, 2] + camera[3]
    across = (u > -margin_px) & (u < shape[1] + margin_px)
    return np.asarray((places[:, 2] > 0.5) & across & (v > -margin_px) & (v < shape[0] + margin_px))


def _view(pairs: Pairs, camera: FloatArray, shape: tuple[int, ...], pose: RigidTransform) -> FloatArray:
    """(3, 3) so that a turn t moves what is in view by the root of t V t: |t x r|^2 = t (1 - r r') t."""
    places = pose.apply(pairs.points_m[:, 0])
    rays = places[_inside(places, camera, shape, 0.0)]
    rays = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    return np.asarray(np.eye(3) - rays.T @ rays / max(len(rays), 1))


def _beside(cost: _Cost, best: FloatArray) -> float:
    aside = np.deg2rad(2.0)
    return max(-cost(best + sign * aside * np.eye(4)[axis]) for axis in (0, 1) for sign in (-1.0, 1.0))


def _profiles(cost: _Cost) -> FloatArray:
    """(4, 9), somewhat blurred, so that the way to the top is seen."""
    changes = [*([np.deg2rad(value) for value in PROFILE_DEG],) * 3, [1e-3 * value for value in PROFILE_MS]]
    return np.array([[-cost(value * np.eye(4)[axis]) for value in values] for axis, values in enumerate(changes)])
