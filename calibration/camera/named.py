"""Distortion by the names that ROS and OpenCV give it: `plumb_bob` and numbers, into a camera model and back.

Sources: sensor_msgs/CameraInfo and sensor_msgs/distortion_models.hpp; OpenCV's calib3d for the order of the numbers
(k1 k2 p1 p2 [k3 [k4 k5 k6 [s1 s2 s3 s4 [tx ty]]]]). Models that ROS has no name for have ours, with their coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence

from calibration.camera.kinds import CAMERA_MODELS, BrownConrady, KannalaBrandt, Pinhole, Rational
from calibration.camera.model import CameraModel
from calibration.errors import CalibrationError

PLUMB_BOB, RATIONAL, EQUIDISTANT = "plumb_bob", "rational_polynomial", "equidistant"
_BROWN = (PLUMB_BOB, RATIONAL, "radtan", "brown_conrady", "thin_prism", "")
FISHEYES = (EQUIDISTANT, "fisheye", "kannala_brandt", "kannala_brandt4", "equi")
KNOWN = (*_BROWN, *FISHEYES)
_TILT = 12


def camera_of(
    name: str, size_px: tuple[int, int], k: tuple[float, float, float, float], d: Sequence[float]
) -> CameraModel:
    """A camera of width and height, k = fx fy cx cy, and named distortion; the simplest model that says the same.

    Raises CalibrationError for a name or a count of numbers that is not known, and for a tilted sensor.
    """
    numbers = [float(each) for each in d]
    if name in FISHEYES:
        if len(numbers) > 4:
            raise CalibrationError(f"{name} distortion has 4 numbers, not {len(numbers)}")
        return KannalaBrandt(*size_px, *k, *numbers)
    if name in _BROWN or (name == Pinhole.kind and not numbers):
        return _polynomial(name, size_px, k, numbers)
    model = CAMERA_MODELS.get(name)
    if model is None or len(model.coefficient_names) != len(numbers):
        raise CalibrationError(f"distortion model {name!r} with {len(numbers)} numbers is unknown")
    return model(*size_px, *k, *numbers)


def _polynomial(
    name: str, size_px: tuple[int, int], k: tuple[float, float, float, float], d: list[float]
) -> CameraModel:
    if len(d) not in (0, 1, 2, 4, 5, 8, 12, 14):
        raise CalibrationError(f"{name or 'a lens'} with {len(d)} numbers of distortion is unknown")
    if any(d[_TILT:]):
        raise CalibrationError("a tilted sensor (the last two of 14 numbers of distortion) is not modelled")
    if any(d[5:_TILT]):
        return Rational(*size_px, *k, *d[:_TILT])
    return BrownConrady(*size_px, *k, *d[:5]) if any(d) else Pinhole(*size_px, *k)


def distortion_of(camera: CameraModel) -> tuple[str, tuple[float, ...]]:
    """Inverse of `camera_of`: the name and the numbers."""
    if isinstance(camera, Rational):
        return RATIONAL, camera.coefficients if any(camera.coefficients[8:]) else camera.coefficients[:8]
    if isinstance(camera, KannalaBrandt):
        return EQUIDISTANT, camera.coefficients
    if isinstance(camera, (Pinhole, BrownConrady)):
        return PLUMB_BOB, camera.distortion
    return camera.kind, camera.coefficients
