"""A camera's mounting from picks: points that a LiDAR saw, and the pixels at which a person sees them.

The correction is estimated where it acts, in the camera: `corrected_from_camera` takes points from the camera as it is
believed to sit into the camera as it sits. So it does not matter from where the camera's pose comes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from calibration.camera import BoolArray, CameraModel
from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray
from calibration.transform import RigidTransform

FEWEST_PICKS = 4
# What is known without any pick: brackets give way by centimetres, and turn by degrees.
_PRIOR_M, _PRIOR_RAD = 0.05, np.deg2rad(10.0)
_PIXEL_NOISE = 2.0  # of a person's click, and of a point that lies beside the corner it stands for
_SUSPICIOUS = 5.0  # robust standard deviations
_REACHES = (50.0, 10.0, 3.0)  # standard deviations of the noise beyond which a pick loses its say
_OUTSIDE_PX = 1e4  # residual of a point that the camera cannot see


@dataclass(frozen=True, slots=True, eq=False)
class PickSolution:
    """corrected_from_camera: the correction. before_px, after_px: (N,) distance of each point from its pixel.

    sigma_rad, sigma_m: (3,) standard deviations of the correction, about and along the camera's axes.
    suspicious: (N,) picks that do not agree with the others.
    """

    corrected_from_camera: RigidTransform
    before_px: FloatArray
    after_px: FloatArray
    sigma_rad: FloatArray
    sigma_m: FloatArray
    suspicious: BoolArray

    @property
    def rotation_rad(self) -> float:
        """How far the camera is turned."""
        return float(np.linalg.norm(self.corrected_from_camera.log()[3:]))

    @property
    def translation_m(self) -> float:
        """How far the camera is moved."""
        return float(np.linalg.norm(self.corrected_from_camera.inverse().translation))


def solve_picks(points_in_camera: npt.ArrayLike, pixels: npt.ArrayLike, camera: CameraModel) -> PickSolution:
    """Robust resection about the present mounting: Cauchy's loss for each pick, ever narrower, and a prior.

    points_in_camera: (N, 3) metres, by the present mounting; pixels: (N, 2), (0, 0) the centre of the first pixel.
    Raises CalibrationError for fewer than four picks, and for picks that all lie in one place of the image.
    """
    points, pixels = np.asarray(points_in_camera, dtype=np.float64), np.asarray(pixels, dtype=np.float64)
    _check(points, pixels)

    def residuals(step: FloatArray, reach: float) -> FloatArray:
        picked = _errors(points, pixels, camera, RigidTransform.exp(step)) / _PIXEL_NOISE
        return np.concatenate([_softened(picked, reach).ravel(), step[:3] / _PRIOR_M, step[3:] / _PRIOR_RAD])

    step = np.zeros(6)
    for reach in _REACHES:  # of ever fewer picks, as it becomes clear which agree
        found = least_squares(residuals, step, x_scale=np.array([0.1] * 3 + [0.01] * 3), args=(reach,))
        step = found.x
    correction = RigidTransform.exp(step)
    after = np.linalg.norm(_errors(points, pixels, camera, correction), axis=1)
    scale = max(_PIXEL_NOISE, 1.4826 * float(np.median(after)))
    jacobian: FloatArray = np.asarray(found.jac, dtype=np.float64)
    sigmas = np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian))) * scale / _PIXEL_NOISE
    before = np.linalg.norm(_errors(points, pixels, camera, RigidTransform.identity()), axis=1)
    return PickSolution(correction, before, after, sigmas[3:], sigmas[:3], after > _SUSPICIOUS * scale)


def _check(points: FloatArray, pixels: FloatArray) -> None:
    if len(points) < FEWEST_PICKS:
        raise CalibrationError(
            f"{len(points)} picks are too few", do=f"pick {FEWEST_PICKS} or more, all over the photo"
        )
    spread = np.linalg.svd(pixels - pixels.mean(axis=0), compute_uv=False)
    if spread[0] < 20.0:
        raise CalibrationError("all picks lie in one place of the photo", do="pick all over the photo")


def _softened(errors: FloatArray, reach: float) -> FloatArray:
    """Errors (N, 2) shortened so that their squares are Cauchy's loss."""
    length = np.maximum(np.linalg.norm(errors, axis=1, keepdims=True), 1e-9)
    softened: FloatArray = errors * (reach * np.sqrt(np.log1p((length / reach) ** 2)) / length)
    return softened


def _errors(points: FloatArray, pixels: FloatArray, camera: CameraModel, correction: RigidTransform) -> FloatArray:
    """(N, 2) pixels; a point that the camera cannot see is far away."""
    seen, valid = camera.project(correction.apply(points))
    errors: FloatArray = np.where(valid[:, None], seen - pixels, _OUTSIDE_PX)
    return errors
