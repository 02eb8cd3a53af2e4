"""How a camera sees: from points in the camera frame (z forward, x right, y down) to pixels and back.

Pixel (0, 0) is the centre of the top-left pixel. A model knows where it is valid: the distortion polynomial folds
points far off the axis back into the image, so `project` returns a mask beside the pixels.
Model and symbols: D. C. Brown, "Close-range camera calibration", 1971, in OpenCV's order k1 k2 p1 p2 k3.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numba
import numpy as np
import numpy.typing as npt

from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray

BoolArray = npt.NDArray[np.bool_]

# Beyond the radius where the radial polynomial climbs slower than this, no lens is described any more.
_MIN_RADIAL_SLOPE = 0.05
_MIN_DEPTH_M = 1e-9


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def distort(x: float, y: float, p: FloatArray) -> tuple[float, float]:
    """Distort one normalised image point by p = fx fy cx cy k1 k2 p1 p2 k3 max_radius."""
    r2 = x * x + y * y
    radial = 1.0 + r2 * (p[4] + r2 * (p[5] + r2 * p[8]))
    return (
        x * radial + 2.0 * p[6] * x * y + p[7] * (r2 + 2.0 * x * x),
        y * radial + p[6] * (r2 + 2.0 * y * y) + 2.0 * p[7] * x * y,
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _project(points: FloatArray, p: FloatArray, pixels: FloatArray, valid: BoolArray) -> None:
    for i in range(points.shape[0]):
        z = points[i, 2]
        if not z > _MIN_DEPTH_M:
            pixels[i] = np.nan
            continue
        x, y = points[i, 0] / z, points[i, 1] / z
        if not x * x + y * y <= p[9] * p[9]:
            pixels[i] = np.nan
            continue
        xd, yd = distort(x, y, p)
        pixels[i, 0] = p[0] * xd + p[2]
        pixels[i, 1] = p[1] * yd + p[3]
        valid[i] = True


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _invert_radial(distorted: float, p: FloatArray) -> Any:
    """Undistorted radius by Newton's method, kept inside a shrinking bracket."""
    low, high = 0.0, min(1.0, p[9])
    while high < p[9] and high * (1.0 + high**2 * (p[4] + high**2 * (p[5] + high**2 * p[8]))) < distorted:
        low, high = high, min(2.0 * high, p[9])
    r = high
    for _ in range(60):
        r2 = r * r
        value = r * (1.0 + r2 * (p[4] + r2 * (p[5] + r2 * p[8]))) - distorted
        if value > 0.0:
            high = r
        else:
            low = r
        slope = 1.0 + r2 * (3.0 * p[4] + r2 * (5.0 * p[5] + r2 * 7.0 * p[8]))
        step = r - value / slope if slope != 0.0 else 0.5 * (low + high)
        following = step if low < step < high else 0.5 * (low + high)
        if abs(following - r) < 1e-15 * (1.0 + r):
            return following
        r = following
    return r


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _unproject(pixels: FloatArray, p: FloatArray, rays: FloatArray, valid: BoolArray) -> None:
    """Newton's method with the analytic Jacobian, from the radially undistorted point."""
    for i in range(pixels.shape[0]):
        xd, yd = (pixels[i, 0] - p[2]) / p[0], (pixels[i, 1] - p[3]) / p[1]
        radius = np.sqrt(xd * xd + yd * yd)
        if not np.isfinite(radius):
            rays[i] = np.nan
            continue
        scale = _invert_radial(radius, p) / radius if radius > 1e-12 else 1.0
        x, y = xd * scale, yd * scale
        for _ in range(20):
            fx, fy = distort(x, y, p)
            r2 = x * x + y * y
            radial = 1.0 + r2 * (p[4] + r2 * (p[5] + r2 * p[8]))
            slope = 2.0 * (p[4] + r2 * (2.0 * p[5] + r2 * 3.0 * p[8]))
            a = radial + x * x * slope + 2.0 * p[6] * y + 6.0 * p[7] * x
            b = x * y * slope + 2.0 * p[6] * x + 2.0 * p[7] * y
            d = radial + y * y * slope + 6.0 * p[6] * y + 2.0 * p[7] * x
            determinant = a * d - b * b
            ex, ey = xd - fx, yd - fy
            if determinant == 0.0 or abs(ex) + abs(ey) < 1e-16:
                break
            x += (d * ex - b * ey) / determinant
            y += (a * ey - b * ex) / determinant
        fx, fy = distort(x, y, p)
        rays[i, 0], rays[i, 1], rays[i, 2] = x, y, 1.0
        within = x * x + y * y <= p[9] * p[9]
        valid[i] = within and abs(fx - xd) + abs(fy - yd) < 1e-12 * (1.0 + radius)


@dataclass(frozen=True, slots=True)
class CameraModel(ABC):
    """A central camera: image size and focal lengths and principal point in pixels."""

    kind: ClassVar[str]

    width_px: int
    height_px: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float

    def __post_init__(self) -> None:
        numbers = (self.fx_px, self.fy_px, self.cx_px, self.cy_px, *self.distortion)
        if self.width_px <= 0 or self.height_px <= 0 or not self.fx_px > 0 or not self.fy_px > 0:
            raise CalibrationError(
                "a camera needs a positive image size and focal length",
                where=f"{self.width_px}x{self.height_px}, fx {self.fx_px}, fy {self.fy_px}",
            )
        if not np.all(np.isfinite(numbers)):
            raise CalibrationError("a camera's numbers must be finite", where=numbers)

    @property
    @abstractmethod
    def distortion(self) -> tuple[float, float, float, float, float]:
        """k1, k2, p1, p2, k3 (all zero for a pinhole)."""

    @property
    def max_radius(self) -> float:
        """Largest undistorted radius (tangent of the angle off the axis) at which the model is valid."""
        return max_valid_radius(self.distortion)

    @property
    def parameters(self) -> FloatArray:
        """(10,) fx fy cx cy k1 k2 p1 p2 k3 max_radius, as the compiled kernels take them."""
        return np.array([self.fx_px, self.fy_px, self.cx_px, self.cy_px, *self.distortion, self.max_radius])

    def project(self, points_in_camera: npt.ArrayLike) -> tuple[FloatArray, BoolArray]:
        """Pixels (..., 2) of points (..., 3) in metres, and where the model is valid (...,).

        A pixel may lie outside the image; invalid ones (behind the camera, beyond the lens) are NaN.
        """
        points = np.ascontiguousarray(points_in_camera, dtype=np.float64)
        flat = points.reshape(-1, 3)
        pixels, valid = np.empty((len(flat), 2)), np.zeros(len(flat), dtype=np.bool_)
        _project(flat, self.parameters, pixels, valid)
        return pixels.reshape(*points.shape[:-1], 2), valid.reshape(points.shape[:-1])

    def unproject(self, pixels: npt.ArrayLike) -> tuple[FloatArray, BoolArray]:
        """Rays (..., 3) through pixels (..., 2), scaled to z = 1, and where the model is valid (...,)."""
        array = np.ascontiguousarray(pixels, dtype=np.float64)
        flat = array.reshape(-1, 2)
        rays, valid = np.empty((len(flat), 3)), np.zeros(len(flat), dtype=np.bool_)
        _unproject(flat, self.parameters, rays, valid)
        return rays.reshape(*array.shape[:-1], 3), valid.reshape(array.shape[:-1])

    def contains(self, pixels: npt.ArrayLike) -> BoolArray:
        """Whether pixels (..., 2) lie on the sensor: from -0.5 to size - 0.5."""
        array = np.asarray(pixels, dtype=np.float64)
        u, v = array[..., 0], array[..., 1]
        inside = (u >= -0.5) & (u <= self.width_px - 0.5) & (v >= -0.5) & (v <= self.height_px - 0.5)
        return np.asarray(inside)

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values."""
        names = ("width_px", "height_px", "fx_px", "fy_px", "cx_px", "cy_px")
        return {"kind": self.kind} | {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Pinhole(CameraModel):
    """Straight lines stay straight."""

    kind: ClassVar[str] = "pinhole"

    @property
    def distortion(self) -> tuple[float, float, float, float, float]:
        """All zero."""
        return (0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class BrownConrady(CameraModel):
    """Radial (k1, k2, k3) and tangential (p1, p2) distortion."""

    kind: ClassVar[str] = "brown_conrady"

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0

    @property
    def distortion(self) -> tuple[float, float, float, float, float]:
        """In OpenCV's order."""
        return (self.k1, self.k2, self.p1, self.p2, self.k3)

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values."""
        return CameraModel.to_record(self) | {name: getattr(self, name) for name in ("k1", "k2", "p1", "p2", "k3")}


CAMERA_MODELS: dict[str, type[CameraModel]] = {model.kind: model for model in (Pinhole, BrownConrady)}


def camera_from_record(record: dict[str, Any]) -> CameraModel:
    """Inverse of `to_record`. Raises CalibrationError for an unknown kind or wrong fields."""
    fields = dict(record)
    kind = fields.pop("kind", None)
    if kind not in CAMERA_MODELS:
        raise CalibrationError(f"unknown camera model {kind!r}", do=f"one of {', '.join(sorted(CAMERA_MODELS))}")
    try:
        return CAMERA_MODELS[kind](**fields)
    except TypeError as error:
        raise CalibrationError(f"a {kind} camera has other fields: {error}") from error


def max_valid_radius(distortion: tuple[float, float, float, float, float]) -> float:
    """First radius at which the radial polynomial stops climbing, or infinity."""
    k1, k2, _, _, k3 = distortion
    slope = np.array([7.0 * k3, 5.0 * k2, 3.0 * k1, 1.0 - _MIN_RADIAL_SLOPE])
    roots = np.roots(np.trim_zeros(slope, "f"))
    real = roots[np.abs(roots.imag) < 1e-12].real
    positive = real[real > 0]
    return float(np.sqrt(positive.min())) if len(positive) else float("inf")
