"""The rig of a scene: where each sensor is recorded to sit, and where it truly does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from calibration import RigidTransform, Sensor, SensorKind
from calibration.camera import CameraModel, camera_from_record
from calibration.errors import CalibrationError, InputError
from fusion.scenario.language.loading import shipped_rig
from fusion.scenario.language.scene import Scene
from fusion.scenario.language.sensors import MountingError, SensorSpec
from fusion.scenario.motion import Profile
from fusion.scenario.world import Motion, seconds_since_start
from fusion.timeline import Int64Array

_CAMERA_AXES = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
_TO_RADIANS = np.pi / 180.0


@dataclass(frozen=True, slots=True, eq=False)
class MountedSensor:
    """A sensor as it is recorded, the spec it came from, and its true place."""

    sensor: Sensor
    spec: SensorSpec

    @property
    def name(self) -> str:
        """Of the sensor."""
        return self.sensor.name

    def ego_from_sensor(self, time_ns: Int64Array) -> RigidTransform:
        """True mounting, a batch (S,), at times (S,) int64 ns."""
        nominal = self.sensor.ego_from_sensor
        error = self.spec.mounting_error
        if error is None:
            return RigidTransform(
                np.broadcast_to(nominal.rotation, (*time_ns.shape, 4)),
                np.broadcast_to(nominal.translation, (*time_ns.shape, 3)),
            )
        return nominal * _error_at(error, time_ns)

    def world_from_sensor(self, ego: Motion, time_ns: Int64Array) -> RigidTransform:
        """True pose, a batch (S,), at times (S,) int64 ns."""
        return ego.at(time_ns) * self.ego_from_sensor(time_ns)


def mounted_sensors(scene: Scene) -> tuple[MountedSensor, ...]:
    """All sensors, in order. Raises InputError for a rig that cannot be built, saying why."""
    specs = shipped_rig(scene.rig) if isinstance(scene.rig, str) else scene.rig
    unknown = sorted(set(scene.sensors) - {spec.name for spec in specs})
    if unknown or not specs:
        names = ", ".join(spec.name for spec in specs)
        what = f"the rig has no sensor {unknown[0]!r}" if unknown else "a rig without sensors"
        raise InputError(what, do=f"it has {names}" if names else "add a LiDAR or a camera", where=scene.name)
    return tuple(_mounted(_changed(spec, scene)) for spec in specs)


def reference_of(sensors: tuple[MountedSensor, ...]) -> MountedSensor:
    """The sensor that defines the frames: the first LiDAR, or without one the first sensor."""
    return next((each for each in sensors if each.sensor.kind is SensorKind.LIDAR), sensors[0])


def duration_of(scene: Scene, sensors: tuple[MountedSensor, ...]) -> float:
    """Seconds from the scenario's start to the end of its last frame."""
    return scene.frames / reference_of(sensors).spec.clock.rate_hz


def _changed(spec: SensorSpec, scene: Scene) -> SensorSpec:
    change = scene.sensors.get(spec.name)
    if change is None:
        return spec
    return replace(spec, clock=change.clock or spec.clock, mounting_error=change.mounting_error or spec.mounting_error)


def _mounted(spec: SensorSpec) -> MountedSensor:
    given = [kind for kind in (spec.lidar, spec.camera, spec.depth) if kind is not None]
    if len(given) != 1:
        raise InputError("a sensor is one of lidar, camera and depth", where=spec.name)
    ego_from_level = RigidTransform.from_yaw(spec.yaw_deg * _TO_RADIANS, spec.at_m)
    tilt = _about_y(spec.pitch_deg) * _about_x(spec.roll_deg)
    if spec.lidar is not None:
        return MountedSensor(Sensor(spec.name, SensorKind.LIDAR, ego_from_level * tilt), spec)
    axes = RigidTransform.from_matrix(np.column_stack([_CAMERA_AXES, np.zeros(3)]))
    mounting = ego_from_level * tilt * axes
    if spec.depth is not None:
        return MountedSensor(Sensor(spec.name, SensorKind.DEPTH, mounting, _model(spec.depth.model, spec.name)), spec)
    assert spec.camera is not None
    model = _model(spec.camera.model, spec.name)
    readout_ns = round(spec.camera.readout_ms * 1e6)
    return MountedSensor(Sensor(spec.name, SensorKind.CAMERA, mounting, model, readout_ns), spec)


def _model(record: dict[str, Any], name: str) -> CameraModel:
    """A camera model; from a field of view, if that is all that is said, with the optical axis in the middle."""
    fields: dict[str, Any] = {"kind": "pinhole", **record}
    try:
        if "fov_deg" in fields:
            fields = _with_focal_length(fields, 0.5 * float(fields.pop("fov_deg")) * _TO_RADIANS)
        return camera_from_record(fields)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"a camera model that cannot be ({error})", where=name) from error
    except CalibrationError as error:
        raise InputError(str(error), where=name) from error


def _with_focal_length(fields: dict[str, Any], half_rad: float) -> dict[str, Any]:
    """Such that the image's width shows twice this angle; polynomials of perspective lenses are not looked at."""
    width, height = int(fields["width_px"]), int(fields["height_px"])
    centre = {"cx_px": 0.5 * (width - 1), "cy_px": 0.5 * (height - 1)}
    unit = camera_from_record({"fx_px": 1.0, "fy_px": 1.0} | centre | fields | {"fx_px": 1.0, "fy_px": 1.0})
    radius = np.tan(half_rad)
    if not unit.is_perspective:
        (u, _), seen = unit.project([np.sin(half_rad), 0.0, np.cos(half_rad)])
        if not seen:
            raise ValueError(f"its lens sees {np.rad2deg(2.0 * unit.max_angle_rad):.0f} degrees at most")
        radius = u - unit.cx_px
    focal = 0.5 * width / radius
    return {"fx_px": focal, "fy_px": focal} | centre | fields


def _error_at(error: MountingError, time_ns: Int64Array) -> RigidTransform:
    share = np.full(time_ns.shape, 1.0)
    if error.to_s > error.from_s:
        share = Profile.of([(error.from_s, 0.0), (error.to_s, 1.0)]).at(seconds_since_start(time_ns))
    elif error.from_s > 0.0:
        share = (seconds_since_start(time_ns) >= error.from_s).astype(np.float64)
    twist = np.array([*error.translation_m, *(np.array(error.rotation_deg) * _TO_RADIANS)])
    return RigidTransform.exp(share[:, None] * twist)


def _about_x(degrees: float) -> RigidTransform:
    half = 0.5 * degrees * _TO_RADIANS
    return RigidTransform(np.array([np.cos(half), np.sin(half), 0.0, 0.0]), np.zeros(3))


def _about_y(degrees: float) -> RigidTransform:
    half = 0.5 * degrees * _TO_RADIANS
    return RigidTransform(np.array([np.cos(half), 0.0, np.sin(half), 0.0]), np.zeros(3))
