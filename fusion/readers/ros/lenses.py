"""From a calibration message to a camera model that we have.

`plumb_bob` is ours exactly. `rational_polynomial` and the fisheye models are not: their radial part is fitted by ours
over the image, and the note says how many pixels are between them at worst.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from calibration import BrownConrady, CalibrationError, CameraModel, Pinhole
from calibration.quaternion import FloatArray
from fusion.readers.ros.values import Lens

_PLAIN = ("plumb_bob", "")
_RATIONAL = ("rational_polynomial",)
_FISHEYE = ("equidistant", "fisheye", "kannala_brandt", "kannala_brandt4")
_WIDEST_RAD = 1.2  # beyond 69 degrees off the axis no polynomial of three terms follows a fisheye
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
    d = (*lens.d, *([0.0] * (8 - len(lens.d)))) if len(lens.d) < 8 else lens.d
    if undistorted or not any(d):
        return Pinhole(*size, *k), ""
    if lens.model in _PLAIN or (lens.model in _RATIONAL and not any(d[5:])):
        return BrownConrady(*size, *k, *map(float, d[:5])), ""
    if lens.model in _RATIONAL:
        return _fit(lens.model, k, size, (d[2], d[3]), np.array(d))
    if lens.model in _FISHEYE:
        return _fit(lens.model, k, size, (0.0, 0.0), np.array(d))
    return Pinhole(*size, *k), f"distortion model {lens.model!r} is unknown: taken without distortion"


def _distorted_radius(model: str, r: FloatArray, d: FloatArray) -> FloatArray:
    """Radius in the image of points at undistorted radius r, both for focal length 1."""
    if model in _RATIONAL:
        r2 = r * r
        above = 1 + r2 * (d[0] + r2 * (d[1] + r2 * d[4]))
        return np.asarray(r * above / (1 + r2 * (d[5] + r2 * (d[6] + r2 * d[7]))))
    angle = np.arctan(r)
    a2 = angle * angle
    return np.asarray(angle * (1 + a2 * (d[0] + a2 * (d[1] + a2 * (d[2] + a2 * d[3])))))


def _fit(
    name: str, k: tuple[float, float, float, float], size: tuple[int, int], tangential: tuple[float, float], d: Any
) -> tuple[CameraModel, str]:
    """k1, k2, k3 that follow the lens out to the image's corner, in the sense of least squares of pixels."""
    fx, fy, cx, cy = k
    corner = max(np.hypot((u - cx) / fx, (v - cy) / fy) for u in (0, size[0] - 1) for v in (0, size[1] - 1))
    r = np.tan(np.linspace(0.0, _WIDEST_RAD, 400)[1:])
    true = _distorted_radius(name, r, d)
    inside = (true <= corner) & (np.maximum.accumulate(true) == true)
    r, true = r[inside], true[inside]
    if len(r) < 3:
        return Pinhole(*size, *k), f"distortion model {name!r} cannot be followed: taken without distortion"
    powers = np.stack([r**3, r**5, r**7], axis=1)
    k1, k2, k3 = (float(each) for each in np.linalg.lstsq(powers, true - r, rcond=None)[0])
    worst = float(np.abs(powers @ np.array([k1, k2, k3]) + r - true).max() * max(fx, fy))
    p1, p2 = map(float, tangential)
    note = f"distortion model {name!r} is fitted by ours, {worst:.2f} px off at worst"
    return BrownConrady(*size, *k, k1, k2, p1, p2, k3), note
