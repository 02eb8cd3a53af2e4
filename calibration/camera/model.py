"""What every camera is: an image size, focal lengths, a principal point, and how its lens sees.

From points in the camera frame (z forward, x right, y down) to pixels and back. Pixel (0, 0) is the centre of the
top-left pixel. A model knows where it is valid: far off the axis most of them fold points back into the image, so
`project` returns a mask beside the pixels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from calibration.camera.jacobians import jacobians
from calibration.camera.lens import project_lens
from calibration.camera.plain import BoolArray, project_plain
from calibration.camera.rays import unproject_lens
from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray

_PLACE = ("fx_px", "fy_px", "cx_px", "cy_px")


@dataclass(frozen=True, slots=True)
class CameraModel(ABC):
    """A central camera: image size and focal lengths and principal point in pixels.

    kind: its name in records. coefficient_names: its other numbers, in the order of its fields. columns: where each of
    them stands in a full Jacobian (see `jacobians.py`). is_perspective: rays of its pixels have z = 1; those of the
    others, which may look beyond 90 degrees off the axis, have unit length.
    """

    kind: ClassVar[str]
    coefficient_names: ClassVar[tuple[str, ...]] = ()
    columns: ClassVar[tuple[int, ...]] = ()
    is_perspective: ClassVar[bool] = True

    width_px: int
    height_px: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float

    def __post_init__(self) -> None:
        if self.width_px <= 0 or self.height_px <= 0 or not self.fx_px > 0 or not self.fy_px > 0:
            raise CalibrationError(
                "a camera needs a positive image size and focal length",
                where=f"{self.width_px}x{self.height_px}, fx {self.fx_px}, fy {self.fy_px}",
            )
        numbers = (self.fx_px, self.fy_px, self.cx_px, self.cy_px, *self.coefficients)
        if not np.all(np.isfinite(numbers)):
            raise CalibrationError("a camera's numbers must be finite", where=numbers)

    @property
    def coefficients(self) -> tuple[float, ...]:
        """The values of `coefficient_names`."""
        return tuple(getattr(self, name) for name in self.coefficient_names)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Of the P columns of the Jacobian by parameters: fx_px, fy_px, cx_px, cy_px and `coefficient_names`."""
        return (*_PLACE, *self.coefficient_names)

    @property
    def distortion(self) -> tuple[float, ...]:
        """All numbers but focal lengths and principal point."""
        return self.coefficients

    @property
    @abstractmethod
    def lens(self) -> FloatArray | None:
        """What the kernels of `calibration.camera.lens` take; None for the plain models, which have faster ones."""

    @property
    @abstractmethod
    def full_lens(self) -> FloatArray:
        """`lens`, for the plain models too."""

    @property
    @abstractmethod
    def max_radius(self) -> float:
        """Tangent of the largest angle off the axis at which the model is valid; infinity from 90 degrees on."""

    @property
    def max_angle_rad(self) -> float:
        """The largest angle off the axis at which the model is valid."""
        return float(np.arctan(self.max_radius))

    @property
    def parameters(self) -> FloatArray:
        """(10,) fx fy cx cy k1 k2 p1 p2 k3 max_radius, as the kernels take them; all 0 where there is a `lens`."""
        return np.array([self.fx_px, self.fy_px, self.cx_px, self.cy_px, 0.0, 0.0, 0.0, 0.0, 0.0, self.max_radius])

    def project(self, points_in_camera: npt.ArrayLike) -> tuple[FloatArray, BoolArray]:
        """Pixels (..., 2) of points (..., 3) in metres, and where the model is valid (...,).

        A pixel may lie outside the image; invalid ones (behind the camera, beyond the lens) are NaN.
        """
        points = np.ascontiguousarray(points_in_camera, dtype=np.float64)
        flat = points.reshape(-1, 3)
        pixels, valid = np.empty((len(flat), 2)), np.zeros(len(flat), dtype=np.bool_)
        lens = self.lens
        if lens is None:
            project_plain(flat, self.parameters, pixels, valid)
        else:
            project_lens(flat, self.parameters, lens, pixels, valid)
        return pixels.reshape(*points.shape[:-1], 2), valid.reshape(points.shape[:-1])

    def unproject(self, pixels: npt.ArrayLike) -> tuple[FloatArray, BoolArray]:
        """Rays (..., 3) through pixels (..., 2), and where the model is valid (...,).

        Perspective models scale them to z = 1, the others to unit length; z is negative beyond 90 degrees.
        """
        array = np.ascontiguousarray(pixels, dtype=np.float64)
        flat = array.reshape(-1, 2)
        rays, valid = np.empty((len(flat), 3)), np.zeros(len(flat), dtype=np.bool_)
        unproject_lens(flat, self.parameters, self.full_lens, rays, valid)
        return rays.reshape(*array.shape[:-1], 3), valid.reshape(array.shape[:-1])

    def project_with_jacobians(
        self, points_in_camera: npt.ArrayLike
    ) -> tuple[FloatArray, BoolArray, FloatArray, FloatArray]:
        """Pixels (..., 2), where the model is valid (...,), and the slopes of the pixels.

        By the point (..., 2, 3), pixels a metre, and by the P parameters of `parameter_names` (..., 2, P). All are NaN
        where the model is not valid.
        """
        points = np.ascontiguousarray(points_in_camera, dtype=np.float64)
        flat = points.reshape(-1, 3)
        columns = np.array([0, 1, 2, 3, *self.columns], dtype=np.int64)
        pixels, valid = np.empty((len(flat), 2)), np.zeros(len(flat), dtype=np.bool_)
        by_point, by_parameters = np.empty((len(flat), 2, 3)), np.empty((len(flat), 2, len(columns)))
        jacobians(flat, self.parameters, self.full_lens, columns, pixels, valid, by_point, by_parameters)
        shape = points.shape[:-1]
        return (
            pixels.reshape(*shape, 2),
            valid.reshape(shape),
            by_point.reshape(*shape, 2, 3),
            by_parameters.reshape(*shape, 2, len(columns)),
        )

    def contains(self, pixels: npt.ArrayLike) -> BoolArray:
        """Whether pixels (..., 2) lie on the sensor: from -0.5 to size - 0.5."""
        array = np.asarray(pixels, dtype=np.float64)
        u, v = array[..., 0], array[..., 1]
        inside = (u >= -0.5) & (u <= self.width_px - 0.5) & (v >= -0.5) & (v <= self.height_px - 0.5)
        return np.asarray(inside)

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values."""
        names = ("width_px", "height_px", *self.parameter_names)
        return {"kind": self.kind} | {name: getattr(self, name) for name in names}
