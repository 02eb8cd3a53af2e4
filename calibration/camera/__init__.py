"""How cameras see: models from pinhole to fisheye, all with `project`, `unproject`, Jacobians and their own domain."""

from calibration.camera.kinds import (
    CAMERA_MODELS,
    EUCM,
    MEI,
    UCM,
    BrownConrady,
    DoubleSphere,
    FieldOfView,
    KannalaBrandt,
    OCam,
    Pinhole,
    Rational,
    camera_from_record,
)
from calibration.camera.model import CameraModel
from calibration.camera.plain import BoolArray, distort, max_valid_radius

__all__ = [
    "CAMERA_MODELS",
    "EUCM",
    "MEI",
    "UCM",
    "BoolArray",
    "BrownConrady",
    "CameraModel",
    "DoubleSphere",
    "FieldOfView",
    "KannalaBrandt",
    "OCam",
    "Pinhole",
    "Rational",
    "camera_from_record",
    "distort",
    "max_valid_radius",
]
