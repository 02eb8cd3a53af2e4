"""The rig: which sensors there are, of what kind, and where they sit on the ego."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from calibration.camera import CameraModel, camera_from_record
from calibration.errors import CalibrationError
from calibration.transform import RigidTransform


class SensorKind(StrEnum):
    """What a sensor delivers."""

    CAMERA = "camera"
    LIDAR = "lidar"
    DEPTH = "depth"


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor: its name, kind, place on the ego, and for cameras and depth cameras how it sees."""

    name: str
    kind: SensorKind
    ego_from_sensor: RigidTransform
    camera: CameraModel | None = None

    def __post_init__(self) -> None:
        needs_camera = self.kind is not SensorKind.LIDAR
        if needs_camera != (self.camera is not None):
            wanted = "needs a" if needs_camera else "has no"
            raise CalibrationError(f"a {self.kind} {wanted} camera model", where=self.name)

    @property
    def model(self) -> CameraModel:
        """The camera model of a camera or depth camera. Raises CalibrationError for a LiDAR."""
        if self.camera is None:
            raise CalibrationError("a LiDAR has no camera model", where=self.name)
        return self.camera

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values; the rotation is w, x, y, z."""
        return {
            "name": self.name,
            "kind": str(self.kind),
            "ego_from_sensor": {
                "rotation_wxyz": self.ego_from_sensor.rotation.tolist(),
                "translation_m": self.ego_from_sensor.translation.tolist(),
            },
            "camera": None if self.camera is None else self.camera.to_record(),
        }

    @staticmethod
    def from_record(record: dict[str, Any]) -> Sensor:
        """Inverse of `to_record`. Raises CalibrationError on a malformed record."""
        try:
            pose = record["ego_from_sensor"]
            camera = record["camera"]
            return Sensor(
                name=record["name"],
                kind=SensorKind(record["kind"]),
                ego_from_sensor=RigidTransform(pose["rotation_wxyz"], pose["translation_m"]),
                camera=None if camera is None else camera_from_record(camera),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CalibrationError(f"a sensor of the rig is malformed: {error}") from error


@dataclass(frozen=True, slots=True)
class Rig:
    """All sensors, in the order they are shown."""

    sensors: tuple[Sensor, ...]

    def __post_init__(self) -> None:
        names = [sensor.name for sensor in self.sensors]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise CalibrationError("two sensors have one name", where=", ".join(twice))

    def __iter__(self) -> Iterator[Sensor]:
        return iter(self.sensors)

    def __getitem__(self, name: str) -> Sensor:
        for sensor in self.sensors:
            if sensor.name == name:
                return sensor
        raise CalibrationError(
            f"the rig has no sensor {name!r}", do=f"it has {', '.join(s.name for s in self.sensors)}"
        )

    def of_kind(self, kind: SensorKind) -> tuple[Sensor, ...]:
        """The sensors of one kind, in order."""
        return tuple(sensor for sensor in self.sensors if sensor.kind is kind)

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"sensors": [sensor.to_record() for sensor in self.sensors]}

    @staticmethod
    def from_record(record: dict[str, Any]) -> Rig:
        """Inverse of `to_record`."""
        return Rig(tuple(Sensor.from_record(sensor) for sensor in record["sensors"]))
