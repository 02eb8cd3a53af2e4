"""Where sensors are and how they see: rigid transforms, camera models and the rig."""

from calibration.camera import BrownConrady, CameraModel, Pinhole, camera_from_record
from calibration.errors import BoxwrightError, CalibrationError, InputError, UsageError
from calibration.rig import Rig, Sensor, SensorKind
from calibration.transform import RigidTransform

__all__ = [
    "BoxwrightError",
    "BrownConrady",
    "CalibrationError",
    "CameraModel",
    "InputError",
    "Pinhole",
    "Rig",
    "RigidTransform",
    "Sensor",
    "SensorKind",
    "UsageError",
    "camera_from_record",
]
