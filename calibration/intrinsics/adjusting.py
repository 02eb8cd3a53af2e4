"""One camera and the poses of a board, from several starts: the likeliest, with its covariance.

From boards that are seen nearly frontally the focal length and the distances are hard to tell apart, and a start too
far off ends in a valley of its own: so several focal lengths are tried, and the best end is taken. Each is a bundle
adjustment (`calibration.bundle`) of a rig of one camera that stays where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.bundle import BoardSight, Knowledge, Observations, RigAdjusted, adjust_rig, pose_of_board
from calibration.camera import CameraModel
from calibration.errors import CalibrationError
from calibration.intrinsics.models import Model
from calibration.quaternion import FloatArray, to_matrix
from calibration.rig import Rig, Sensor, SensorKind
from calibration.transform import RigidTransform

_SIGMA_PX = 0.4
"""Of a corner; with the bundle's loss, one that is a pixel off pulls as much as it ever will."""
_NAME = "camera"
_OUTSIDE_PX = 1e3
_POSE_STEPS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Corners:
    """Of one view. points_m: (N, 3) on the board; pixels: (N, 2)."""

    points_m: FloatArray
    pixels: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """camera; covariance: (P, P) of what was free, in the order of `Model.names`; poses: (V,) camera from board;
    residuals_px: of each view (N, 2), seen less predicted."""

    camera: CameraModel
    covariance: FloatArray
    poses: RigidTransform
    residuals_px: tuple[FloatArray, ...]
    cost: float

    @property
    def rms_px(self) -> float:
        """Root of the mean squared distance of corners, as OpenCV counts it."""
        return float(np.sqrt(np.mean(np.concatenate([(each**2).sum(axis=1) for each in self.residuals_px]))))


def adjust(
    views: Sequence[Corners], width_px: int, height_px: int, model: Model, *, start: CameraModel | None = None
) -> Adjusted:
    """The best of all starts, or of one. Raises CalibrationError where no start leads anywhere."""
    starts = [model.begin(width_px, height_px, each * width_px) for each in model.focal] if start is None else [start]
    ends = [end for end in (_from(views, model, each) for each in starts) if end is not None]
    if not ends:
        raise CalibrationError("no camera explains these corners", do="check the board's size and the photos")
    return min(ends, key=lambda each: each.cost)


def _from(views: Sequence[Corners], model: Model, start: CameraModel) -> Adjusted | None:
    rig = Rig((Sensor(_NAME, SensorKind.CAMERA, RigidTransform.identity(), start),))
    sights = tuple(BoardSight(_NAME, row, view.points_m, view.pixels, _SIGMA_PX) for row, view in enumerate(views))
    try:
        found = adjust_rig(rig, Observations(sights=sights, known={_NAME: Knowledge(0.0, 0.0, model.names)}))
    except CalibrationError:
        return None
    camera = found.rig[_NAME].model
    residuals = tuple(residuals_px(view, camera, found.boards[row]) for row, view in enumerate(views))
    if not np.isfinite(found.cost) or np.any([np.abs(each).max() >= _OUTSIDE_PX for each in residuals]):
        return None
    return Adjusted(camera, _in_order(found, model), found.boards, residuals, found.cost)


def _in_order(found: RigAdjusted, model: Model) -> FloatArray:
    """The bundle has the numbers in the camera's own order."""
    rows = [found.numbers[_NAME].index(name) for name in model.names]
    return found.covariance[np.ix_(rows, rows)]


def residuals_px(view: Corners, camera: CameraModel, camera_from_board: RigidTransform) -> FloatArray:
    """(N, 2) seen less predicted; far off where the camera sees nothing there."""
    pixels, valid = camera.project(camera_from_board.apply(view.points_m))
    return np.where(valid[:, None], view.pixels - pixels, _OUTSIDE_PX)


def refine_pose(view: Corners, camera: CameraModel) -> FloatArray:
    """(N, 2) residuals of a view under the best pose for a camera that is held."""
    pose = pose_of_board(camera, view.points_m, view.pixels)
    for _ in range(_POSE_STEPS):
        residuals, by_pose, _ = _slopes(view, camera, pose)
        step = np.linalg.lstsq(by_pose.reshape(-1, 6), residuals.ravel(), rcond=None)[0]
        pose = pose * RigidTransform.exp(step)
        if np.linalg.norm(step) < 1e-9:
            break
    return residuals_px(view, camera, pose)


def information_of(view: Corners, camera: CameraModel, model: Model) -> FloatArray:
    """(P, P) what a view says of the free numbers of the camera, its pose being unknown."""
    pose = pose_of_board(camera, view.points_m, view.pixels)
    _, by_pose, by_numbers = _slopes(view, camera, pose)
    rows = [camera.parameter_names.index(name) for name in model.names]
    of_pose, of_camera = by_pose.reshape(-1, 6), by_numbers[:, :, rows].reshape(-1, len(rows))
    mixed = of_pose.T @ of_camera
    return np.asarray(of_camera.T @ of_camera - mixed.T @ np.linalg.solve(of_pose.T @ of_pose, mixed))


def _slopes(view: Corners, camera: CameraModel, pose: RigidTransform) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Residuals (N, 2), and how the pixels move with the pose (N, 2, 6) and with the camera's numbers (N, 2, P)."""
    pixels, valid, by_point, by_numbers = camera.project_with_jacobians(pose.apply(view.points_m))
    residuals = np.where(valid[:, None], view.pixels - pixels, 0.0)
    on_board = np.where(valid[:, None, None], by_point, 0.0) @ to_matrix(pose.rotation)
    by_pose = np.concatenate([on_board, np.cross(view.points_m[:, None], on_board)], axis=2)
    return residuals, by_pose, np.where(valid[:, None, None], by_numbers, 0.0)
