"""The camera models that there are, and their registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from calibration.camera import lens as lenses
from calibration.camera.domain import lens_vector
from calibration.camera.model import CameraModel
from calibration.camera.plain import max_valid_radius
from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray

_LENS, _BEND, _SKEW = 4, 10, 22
"""First columns of a full Jacobian."""


@dataclass(frozen=True, slots=True)
class _Plain(CameraModel):
    """Kernels of their own."""

    @property
    def distortion(self) -> tuple[float, float, float, float, float]:
        """k1, k2, p1, p2, k3 (all zero for a pinhole)."""
        return (0.0, 0.0, 0.0, 0.0, 0.0)

    @property
    def lens(self) -> None:
        """None: the kernels of plain cameras take `parameters` alone."""
        return

    @property
    def full_lens(self) -> FloatArray:
        """For the Jacobians."""
        bend = (*self.distortion, *(0.0,) * 7)
        return lens_vector(lenses.PERSPECTIVE, (), bend, max_radius=self.max_radius)

    @property
    def max_radius(self) -> float:
        """Largest undistorted radius (tangent of the angle off the axis) at which the model is valid."""
        return max_valid_radius(self.distortion)

    @property
    def parameters(self) -> FloatArray:
        """(10,) fx fy cx cy k1 k2 p1 p2 k3 max_radius, as the compiled kernels take them."""
        return np.array([self.fx_px, self.fy_px, self.cx_px, self.cy_px, *self.distortion, self.max_radius])


@dataclass(frozen=True, slots=True)
class Pinhole(_Plain):
    """Straight lines stay straight."""

    kind: ClassVar[str] = "pinhole"


@dataclass(frozen=True, slots=True)
class BrownConrady(_Plain):
    """Radial (k1, k2, k3) and tangential (p1, p2) distortion."""

    kind: ClassVar[str] = "brown_conrady"
    coefficient_names: ClassVar[tuple[str, ...]] = ("k1", "k2", "p1", "p2", "k3")
    columns: ClassVar[tuple[int, ...]] = tuple(range(_BEND, _BEND + 5))

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0

    @property
    def distortion(self) -> tuple[float, float, float, float, float]:
        """In OpenCV's order."""
        return (self.k1, self.k2, self.p1, self.p2, self.k3)


@dataclass(frozen=True, slots=True)
class _Lens(CameraModel):
    """Cameras whose lens is a vector (see `calibration.camera.lens`)."""

    def __post_init__(self) -> None:
        CameraModel.__post_init__(self)
        self._check()
        _ = self.lens  # a lens that folds at its axis is no lens

    def _check(self) -> None:
        """Raise CalibrationError for coefficients that are no lens of this kind."""

    @property
    def full_lens(self) -> FloatArray:
        """The same as `lens`."""
        return self.lens

    @property
    def lens(self) -> FloatArray:
        """(27,) what the kernels of `calibration.camera.lens` take."""
        raise NotImplementedError

    @property
    def max_angle_rad(self) -> float:
        """The largest angle off the axis at which the model is valid."""
        return float(self.lens[lenses.ANGLE])

    @property
    def max_radius(self) -> float:
        """Tangent of `max_angle_rad`, infinity from 90 degrees on."""
        if self.is_perspective:
            return float(self.lens[lenses.RADIUS])
        return float(np.tan(self.max_angle_rad)) if self.max_angle_rad < 0.5 * np.pi else float("inf")


def _between(camera: CameraModel, name: str, low: float, high: float) -> None:
    value = getattr(camera, name)
    if not low <= value <= high:
        raise CalibrationError(f"{name} of a {camera.kind} camera lies between {low:g} and {high:g}, not at {value:g}")


@dataclass(frozen=True, slots=True)
class Rational(_Lens):
    """OpenCV's rational polynomial (k1 k2 k3 over k4 k5 k6), tangential (p1, p2), and thin prism (s1 to s4)."""

    kind: ClassVar[str] = "rational"
    coefficient_names: ClassVar[tuple[str, ...]] = (
        *("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6", "s1", "s2", "s3", "s4"),
    )
    columns: ClassVar[tuple[int, ...]] = tuple(range(_BEND, _BEND + 12))

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0
    k4: float = 0.0
    k5: float = 0.0
    k6: float = 0.0
    s1: float = 0.0
    s2: float = 0.0
    s3: float = 0.0
    s4: float = 0.0

    @property
    def lens(self) -> FloatArray:
        """For the kernels."""
        return lens_vector(lenses.PERSPECTIVE, (), self.coefficients)


@dataclass(frozen=True, slots=True)
class KannalaBrandt(_Lens):
    """The fisheye of OpenCV, and Kalibr's equidistant: angle (1 + k1 angle^2 + k2 angle^4 + k3 ... + k4 ...)."""

    kind: ClassVar[str] = "kannala_brandt"
    coefficient_names: ClassVar[tuple[str, ...]] = ("k1", "k2", "k3", "k4")
    columns: ClassVar[tuple[int, ...]] = tuple(range(_LENS, _LENS + 4))
    is_perspective: ClassVar[bool] = False

    k1: float = 0.0
    k2: float = 0.0
    k3: float = 0.0
    k4: float = 0.0

    @property
    def lens(self) -> FloatArray:
        """For the kernels."""
        return lens_vector(lenses.KANNALA_BRANDT, self.coefficients)


@dataclass(frozen=True, slots=True)
class UCM(_Lens):
    """The unified model with alpha, from 0 (a pinhole) to 1; xi of other authors is alpha / (1 - alpha)."""

    kind: ClassVar[str] = "ucm"
    coefficient_names: ClassVar[tuple[str, ...]] = ("alpha",)
    columns: ClassVar[tuple[int, ...]] = (_LENS,)
    is_perspective: ClassVar[bool] = False

    alpha: float = 0.5

    def _check(self) -> None:
        _between(self, "alpha", 0.0, 1.0)

    @property
    def lens(self) -> FloatArray:
        """For the kernels."""
        return lens_vector(lenses.UNIFIED, (self.alpha, 1.0))


@dataclass(frozen=True, slots=True)
class EUCM(_Lens):
    """The enhanced unified model: alpha from 0 to 1, beta above 0."""

    kind: ClassVar[str] = "eucm"
    coefficient_names: ClassVar[tuple[str, ...]] = ("alpha", "beta")
    columns: ClassVar[tuple[int, ...]] = (_LENS, _LENS + 1)
    is_perspective: ClassVar[bool] = False

    alpha: float = 0.5
    beta: float = 1.0

    def _check(self) -> None:
        _between(self, "alpha", 0.0, 1.0)
        _between(self, "beta", 1e-6, 1e6)

    @property
    def lens(self) -> FloatArray:
        """For the kernels."""
        return lens_vector(lenses.UNIFIED, self.coefficients)


@dataclass(frozen=True, slots=True)
class MEI(_Lens):
    """Mei and Rives: the unified model with xi, and Brown's distortion in its plane (Kalibr's omni with radtan)."""

    kind: ClassVar[str] = "mei"
    coefficient_names: ClassVar[tuple[str, ...]] = ("xi", "k1", "k2", "p1", "p2", "k3")
    columns: ClassVar[tuple[int, ...]] = (_LENS, *range(_BEND, _BEND + 5))
    is_perspective: ClassVar[bool] = False

    xi: float = 1.0
    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0

    def _check(self) -> None:
        _between(self, "xi", 0.0, 1e3)

    @property
    def lens(self) -> FloatArray:
        """For the kernels."""
        return lens_vector(lenses.MEI, (self.xi,), (*self.coefficients[1:], *(0.0,) * 7))


@dataclass(frozen=True, slots=True)
class DoubleSphere(_Lens):
    """xi above -1, alpha from 0 to 1."""

    kind: ClassVar[str] = "double_sphere"
    coefficient_names: ClassVar[tuple[str, ...]] = ("xi", "alpha")
    columns: ClassVar[tuple[int, ...]] = (_LENS, _LENS + 1)
    is_perspective: ClassVar[bool] = False

    xi: float = 0.0
    alpha: float = 0.5

    def _check(self) -> None:
        _between(self, "alpha", 0.0, 1.0)
        _between(self, "xi", -0.999, 1e3)

    @property
    def lens(self) -> FloatArray:
        """For the kernels."""
        return lens_vector(lenses.DOUBLE_SPHERE, self.coefficients)


@dataclass(frozen=True, slots=True)
class FieldOfView(_Lens):
    """One number, omega, in radians (Devernay and Faugeras; Kalibr's fov)."""

    kind: ClassVar[str] = "fov"
    coefficient_names: ClassVar[tuple[str, ...]] = ("omega_rad",)
    columns: ClassVar[tuple[int, ...]] = (_LENS,)
    is_perspective: ClassVar[bool] = False

    omega_rad: float = 1.0

    def _check(self) -> None:
        _between(self, "omega_rad", 1e-3, 3.14)

    @property
    def lens(self) -> FloatArray:
        """For the kernels."""
        return lens_vector(lenses.FOV, self.coefficients)


@dataclass(frozen=True, slots=True)
class OCam(_Lens):
    """Scaramuzza's polynomial with its affine c, d, e, in units of the focal length: see `from_scaramuzza`.

    The ray of a place (a, b) in the plane, rho from the centre, is (a, b, 1 + b2 rho^2 + b3 rho^3 + ... + b6 rho^6);
    u = fx (a + e b) + cx, v = fy b + d fx a + cy.
    """

    kind: ClassVar[str] = "ocam"
    coefficient_names: ClassVar[tuple[str, ...]] = ("b2", "b3", "b4", "b5", "b6", "e", "d")
    columns: ClassVar[tuple[int, ...]] = (*range(_LENS, _LENS + 5), _SKEW, _SKEW + 1)
    is_perspective: ClassVar[bool] = False

    b2: float = 0.0
    b3: float = 0.0
    b4: float = 0.0
    b5: float = 0.0
    b6: float = 0.0
    e: float = 0.0
    d: float = 0.0

    def _check(self) -> None:
        if not self.fy_px - self.e * self.d * self.fx_px > 0.0:
            raise CalibrationError(
                "the affine part of an ocam camera turns its image over", where=f"{self.e}, {self.d}"
            )

    @property
    def lens(self) -> FloatArray:
        """For the kernels."""
        return lens_vector(lenses.OCAM, self.coefficients[:5], skew=(self.e, self.d))

    @staticmethod
    def from_scaramuzza(
        width_px: int,
        height_px: int,
        polynomial: tuple[float, ...],
        centre_row_column: tuple[float, float],
        affine: tuple[float, float, float] = (1.0, 0.0, 0.0),
    ) -> OCam:
        """From the numbers of OCamCalib: `ss` (a0 below 0, a1 = 0, a2, ...), `xc`, `yc`, and `c`, `d`, `e`.

        Its x goes down the rows, its y along the columns and its z away from what is seen; its first pixel is (0, 0) in
        files of `calib_results.txt`. Raises CalibrationError for a polynomial that is none of its.
        """
        a = (*polynomial, *(0.0,) * (7 - len(polynomial)))
        if len(a) > 7 or not a[0] < 0.0 or a[1] != 0.0:
            raise CalibrationError(
                "an OCam polynomial has a0 below 0, a1 = 0, and at most a6", where=", ".join(map(str, polynomial))
            )
        focal = -a[0]
        c, d, e = affine
        b2, b3, b4, b5, b6 = (-a[k] * focal ** (k - 1) for k in range(2, 7))
        row, column = centre_row_column
        return OCam(width_px, height_px, focal, c * focal, column, row, b2, b3, b4, b5, b6, e, d)


CAMERA_MODELS: dict[str, type[CameraModel]] = {
    model.kind: model
    for model in (*(Pinhole, BrownConrady, Rational, KannalaBrandt, UCM, EUCM, MEI, DoubleSphere, FieldOfView, OCam),)
}


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
