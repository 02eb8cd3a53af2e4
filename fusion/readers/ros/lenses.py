"""From a calibration message to a camera model: every distortion that ROS has a name for is ours exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration import CalibrationError, CameraModel, Pinhole
from calibration.camera.named import FISHEYES, KNOWN, camera_of
from fusion.readers.ros.values import Lens

_GUESSED_ANGLE = 1.0  # focal length over image width of a lens that nobody knows: 53 degrees


@dataclass(frozen=True, slots=True)
class FittedLens:
    """A model, and what a user should know about it (empty if nothing)."""

    model: CameraModel
    note: str = ""


def guessed_lens(width: int, height: int) -> FittedLens:
    """For a camera without calibration."""
    focal = width * _GUESSED_ANGLE
    model = Pinhole(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)
    return FittedLens(model, "no calibration: a pinhole of 53 degrees is assumed, calibrate it before use")


def fitted_lens(lens: Lens, size: tuple[int, int] | None, *, rectified: bool) -> FittedLens | None:
    """The camera model for images of `size` (width, height), None where the message holds no calibration.

    rectified: the images are undistorted already, so the projection matrix holds, and no distortion.
    """
    width, height = size or (lens.width, lens.height)
    k = (lens.p[0], lens.p[5], lens.p[2], lens.p[6]) if rectified and len(lens.p) == 12 and lens.p[0] > 0 else None
    undistorted = k is not None
    if k is None and len(lens.k) == 9:
        k = (lens.k[0], lens.k[4], lens.k[2], lens.k[5])
    if k is None or not all(np.isfinite(k)) or k[0] <= 0 or k[1] <= 0 or width <= 0 or height <= 0:
        return None
    k, scaled = _scaled(k, lens, (width, height))
    notes = ["images are rectified: the projection matrix is taken"] if undistorted and any(lens.d) else []
    notes += [scaled] if scaled else []
    try:
        model, fitted = _model(lens, k, (width, height), undistorted)
    except CalibrationError as error:
        return FittedLens(guessed_lens(width, height).model, f"the calibration is unusable ({error})")
    return FittedLens(model, "; ".join([*notes, fitted] if fitted else notes))


def _scaled(k: tuple[float, ...], lens: Lens, size: tuple[int, int]) -> tuple[tuple[float, float, float, float], str]:
    """Intrinsics for images that are not as large as the calibration says; pixel centres keep their places."""
    fx, fy, cx, cy = k
    if size == (lens.width, lens.height) or lens.width <= 0 or lens.height <= 0:
        return (fx, fy, cx, cy), ""
    sx, sy = size[0] / lens.width, size[1] / lens.height
    note = f"calibrated at {lens.width}x{lens.height}, scaled to {size[0]}x{size[1]}"
    return (fx * sx, fy * sy, (cx + 0.5) * sx - 0.5, (cy + 0.5) * sy - 0.5), note


def _model(
    lens: Lens, k: tuple[float, float, float, float], size: tuple[int, int], undistorted: bool
) -> tuple[CameraModel, str]:
    if undistorted or (not any(lens.d) and lens.model not in FISHEYES):
        return Pinhole(*size, *k), ""
    try:
        return camera_of(lens.model, size, k, lens.d), ""
    except CalibrationError as error:
        if lens.model in KNOWN:
            raise
        return Pinhole(*size, *k), f"{error}: taken without distortion"
