"""The rig: which sensors there are, of what kind, and where they sit on the ego."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from calibration.camera import CameraModel, camera_from_record
from calibration.errors import CalibrationError
from calibration.transform import RigidTransform

_LONGEST_READOUT_NS = 1_000_000_000


class SensorKind(StrEnum):
    """What a sensor delivers."""

    CAMERA = "camera"
    LIDAR = "lidar"
    DEPTH = "depth"


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor: its name, kind, place on the ego, and for cameras and depth cameras how it sees.

    readout_ns: of a camera, the time from the first row to past the last one; negative if the bottom row comes first, 0
    for a global shutter. A photo's timestamp t is the exposure of the image's middle: row v is exposed at
    t + readout_ns ((v + 0.5) / height_px - 0.5). Raises CalibrationError for a readout of anything but a camera, or of
    more than a second.
    """

    name: str
    kind: SensorKind
    ego_from_sensor: RigidTransform
    camera: CameraModel | None = None
    readout_ns: int = 0

    def __post_init__(self) -> None:
        needs_camera = self.kind is not SensorKind.LIDAR
        if needs_camera != (self.camera is not None):
            wanted = "needs a" if needs_camera else "has no"
            raise CalibrationError(f"a {self.kind} {wanted} camera model", where=self.name)
        if self.readout_ns != 0 and self.kind is not SensorKind.CAMERA:
            raise CalibrationError(f"only a camera has a readout, not a {self.kind} sensor", where=self.name)
        if abs(self.readout_ns) > _LONGEST_READOUT_NS:
            raise CalibrationError(
                f"a readout of {self.readout_ns} ns is longer than a second", do="give nanoseconds", where=self.name
            )

    @property
    def model(self) -> CameraModel:
        """The camera model of a camera or depth camera. Raises CalibrationError for a LiDAR."""
        if self.camera is None:
            raise CalibrationError("a LiDAR has no camera model", where=self.name)
        return self.camera

    def to_record(self) -> dict[str, Any]:
        """As plain JSON values; the rotation is w, x, y, z. `readout_ns` is there for rolling shutters only."""
        record: dict[str, Any] = {
            "name": self.name,
            "kind": str(self.kind),
            "ego_from_sensor": {
                "rotation_wxyz": self.ego_from_sensor.rotation.tolist(),
                "translation_m": self.ego_from_sensor.translation.tolist(),
            },
            "camera": None if self.camera is None else self.camera.to_record(),
        }
        return record | {"readout_ns": self.readout_ns} if self.readout_ns else record

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
                readout_ns=int(record.get("readout_ns", 0)),
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
        """Inverse of `to_record`. Raises CalibrationError on a malformed record."""
        sensors = record.get("sensors")
        if not isinstance(sensors, list):
            raise CalibrationError("the rig is malformed: it has no list of `sensors`")
        return Rig(tuple(Sensor.from_record(sensor) for sensor in sensors))
