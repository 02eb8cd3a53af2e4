"""Bundle adjustment of one camera and the poses of a board, from several starts: the likeliest, with its covariance.

From boards that are seen nearly frontally the focal length and the distances are hard to tell apart, and a start too
far off ends in a valley of its own: so several focal lengths are tried, and the best end is taken. The normal equations
of the poses are small blocks, which are eliminated (Schur's complement; B. Triggs et al., "Bundle adjustment - a modern
synthesis", 2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray

NAMES = ("fx_px", "fy_px", "cx_px", "cy_px", "k1", "k2", "p1", "p2", "k3")
_STARTS = (0.35, 0.5, 0.7, 1.0, 1.5, 2.5)
"""Focal lengths, in widths of the image: 110 to 23 degrees."""
_ITERATIONS = 60
_HUBER_PX = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Corners:
    """Of one view. points_m: (N, 3) on the board; pixels: (N, 2)."""

    points_m: FloatArray
    pixels: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """parameters: (9,) as `NAMES`; covariance: (9, 9), 0 where they are held; poses: (V, 6) rotation vector and
    translation, camera from board; residuals_px: of each view (N, 2), seen less predicted."""

    parameters: FloatArray
    covariance: FloatArray
    poses: FloatArray
    residuals_px: tuple[FloatArray, ...]

    @property
    def rms_px(self) -> float:
        """Root of the mean squared distance of corners, as OpenCV counts it."""
        return float(np.sqrt(np.mean(np.concatenate([(each**2).sum(axis=1) for each in self.residuals_px]))))


def adjust(
    views: Sequence[Corners],
    width_px: int,
    height_px: int,
    free: npt.NDArray[np.bool_],
    *,
    focal_px: float | None = None,
) -> Adjusted:
    """The best of all starts, or of one focal length. free: (9,) which parameters are estimated; the others are 0."""
    ends = []
    for start in [focal_px] if focal_px is not None else [each * width_px for each in _STARTS]:
        found = _from(views, width_px, height_px, free, start)
        if found is not None:
            ends.append(found)
    if not ends:
        raise CalibrationError("no camera explains these corners", do="check the board's size and the photos")
    return min(ends, key=lambda each: each[0])[1]


def _from(
    views: Sequence[Corners], width_px: int, height_px: int, free: npt.NDArray[np.bool_], focal_px: float
) -> tuple[float, Adjusted] | None:
    parameters = np.zeros(9)
    parameters[:4] = focal_px, focal_px, 0.5 * (width_px - 1), 0.5 * (height_px - 1)
    poses = np.array([pose_of(view, parameters) for view in views])
    cost, damping = _cost(views, parameters, poses), 1e-3
    for _ in range(_ITERATIONS):
        step_camera, steps = _step(views, parameters, poses, free, damping)
        moved, turned = parameters + step_camera, poses + steps
        after = _cost(views, moved, turned)
        if after < cost and moved[0] > 0.0 and moved[1] > 0.0:
            small = cost - after < 1e-10 * cost
            parameters, poses, cost, damping = moved, turned, after, max(damping / 5.0, 1e-9)
            if small:
                break
        else:
            damping *= 5.0
            if damping > 1e8:
                break
    if not np.isfinite(cost):
        return None
    residuals = tuple(_project(view, parameters, pose)[0] for view, pose in zip(views, poses, strict=True))
    return cost, Adjusted(parameters, _covariance(views, parameters, poses, free), poses, residuals)


def pose_of(view: Corners, parameters: FloatArray) -> FloatArray:
    """(6,) camera from board, for a known camera."""
    matrix, distortion = _camera(parameters)
    _, turn, place = cv2.solvePnP(view.points_m, view.pixels, matrix, distortion, flags=cv2.SOLVEPNP_IPPE)
    return np.concatenate([np.ravel(turn), np.ravel(place)])


def refine_pose(view: Corners, parameters: FloatArray) -> FloatArray:
    """(N, 2) residuals of a view under the best pose for a camera that is held."""
    matrix, distortion = _camera(parameters)
    start = pose_of(view, parameters)
    turn, place = cv2.solvePnPRefineLM(
        view.points_m, view.pixels, matrix, distortion, start[:3].copy(), start[3:].copy()
    )
    return _project(view, parameters, np.concatenate([np.ravel(turn), np.ravel(place)]))[0]


def _camera(parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
    fx, fy, cx, cy = parameters[:4]
    return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]]), parameters[4:9]


def _project(view: Corners, parameters: FloatArray, pose: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Residuals (N, 2) and the Jacobian of the pixels (2N, 15): pose, focal lengths, centre, distortion."""
    matrix, distortion = _camera(parameters)
    pixels, jacobian = cv2.projectPoints(view.points_m, pose[:3], pose[3:], matrix, distortion)
    return view.pixels - pixels.reshape(-1, 2), np.asarray(jacobian[:, :15], dtype=np.float64)


def _weights(residuals: FloatArray) -> FloatArray:
    """Huber's: a corner that is far off pulls no more than one at the threshold."""
    away = np.linalg.norm(residuals, axis=1)
    return np.asarray(np.minimum(1.0, _HUBER_PX / np.maximum(away, 1e-12)))


def _cost(views: Sequence[Corners], parameters: FloatArray, poses: FloatArray) -> float:
    total = 0.0
    for view, pose in zip(views, poses, strict=True):
        away = np.linalg.norm(_project(view, parameters, pose)[0], axis=1)
        total += float(np.where(away <= _HUBER_PX, 0.5 * away**2, _HUBER_PX * (away - 0.5 * _HUBER_PX)).sum())
    return total


def _blocks(
    views: Sequence[Corners], parameters: FloatArray, poses: FloatArray, free: npt.NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray, list[tuple[FloatArray, FloatArray, FloatArray]]]:
    """Normal equations: of the camera (P, P), (P,), and of each view pose-pose, pose-camera and the right side."""
    count = int(free.sum())
    camera, right = np.zeros((count, count)), np.zeros(count)
    parts = []
    for view, pose in zip(views, poses, strict=True):
        residuals, jacobian = _project(view, parameters, pose)
        weights = np.repeat(_weights(residuals), 2)[:, None]
        of_pose, of_camera, off = jacobian[:, :6], jacobian[:, 6:][:, free], residuals.ravel()
        weighted = of_camera * weights
        camera += weighted.T @ of_camera
        right += weighted.T @ off
        of_pose_weighted = of_pose * weights
        parts.append((of_pose_weighted.T @ of_pose, of_pose_weighted.T @ of_camera, of_pose_weighted.T @ off))
    return camera, right, parts


def _step(
    views: Sequence[Corners], parameters: FloatArray, poses: FloatArray, free: npt.NDArray[np.bool_], damping: float
) -> tuple[FloatArray, FloatArray]:
    camera, right, parts = _blocks(views, parameters, poses, free)
    reduced, rest = camera + damping * np.diag(np.diag(camera)), right.copy()
    inverses = []
    for own, mixed, off in parts:
        inverse = np.linalg.inv(own + damping * np.diag(np.diag(own)))
        inverses.append(inverse)
        reduced -= mixed.T @ inverse @ mixed
        rest -= mixed.T @ inverse @ off
    solved = np.linalg.solve(reduced, rest)
    step = np.zeros(9)
    step[free] = solved
    steps = [inverse @ (off - mixed @ solved) for inverse, (_, mixed, off) in zip(inverses, parts, strict=True)]
    return step, np.array(steps)


def information_of(view: Corners, parameters: FloatArray, pose: FloatArray, free: npt.NDArray[np.bool_]) -> FloatArray:
    """(P, P) what a view says of the free parameters of the camera, its pose being unknown."""
    camera, _, ((own, mixed, _),) = _blocks([view], parameters, pose[None], free)
    return camera - mixed.T @ np.linalg.solve(own, mixed)


def _covariance(
    views: Sequence[Corners], parameters: FloatArray, poses: FloatArray, free: npt.NDArray[np.bool_]
) -> FloatArray:
    information = np.zeros((int(free.sum()),) * 2)
    squared, corners = 0.0, 0
    for view, pose in zip(views, poses, strict=True):
        information += information_of(view, parameters, pose, free)
        residuals, _ = _project(view, parameters, pose)
        weights = _weights(residuals)
        squared += float((weights * (residuals**2).sum(axis=1)).sum())
        corners += len(residuals)
    freedom = max(2 * corners - 6 * len(views) - int(free.sum()), 1)
    covariance = np.zeros((9, 9))
    covariance[np.ix_(free, free)] = squared / freedom * np.linalg.pinv(information)
    return covariance
