"""What is being estimated: mountings, numbers of cameras, poses of boards; and where each stands in one vector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from calibration.bundle.observations import Knowledge
from calibration.camera import CameraModel
from calibration.quaternion import FloatArray
from calibration.rig import Rig, Sensor
from calibration.transform import RigidTransform


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Columns of each sensor: six of the mounting (translation, rotation), then those of its camera; -1: held."""

    columns: Mapping[str, npt.NDArray[np.int64]]
    size: int

    @staticmethod
    def of(rig: Rig, known: Mapping[str, Knowledge]) -> Layout:
        """Sensors that nothing is said of, and those with sigma 0, are held."""
        columns, size = {}, 0
        for sensor in rig:
            told = known.get(sensor.name)
            moves = told is not None and told.moves
            names = () if sensor.camera is None else sensor.camera.parameter_names
            free = np.array([moves] * 6 + [told is not None and name in told.free for name in names])
            own = np.full(len(free), -1, dtype=np.int64)
            own[free] = size + np.arange(int(free.sum()))
            columns[sensor.name], size = own, size + int(free.sum())
        return Layout(columns, size)


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """rig: as it is believed; boards: (K,) ego_from_board."""

    rig: Rig
    boards: RigidTransform

    def moved(self, layout: Layout, sensors: FloatArray, boards: FloatArray) -> State:
        """By steps (S,) and (K, 6). Raises CalibrationError for a camera that cannot be."""
        padded = np.append(sensors, 0.0)  # held columns are -1
        rig = Rig(tuple(_moved(each, padded[layout.columns[each.name]]) for each in self.rig))
        return State(rig, self.boards * RigidTransform.exp(boards))


def _moved(sensor: Sensor, step: FloatArray) -> Sensor:
    if not np.any(step):
        return sensor
    camera = sensor.camera if sensor.camera is None else _with(sensor.camera, step[6:])
    return replace(sensor, ego_from_sensor=sensor.ego_from_sensor * RigidTransform.exp(step[:6]), camera=camera)


def _with(camera: CameraModel, step: FloatArray) -> CameraModel:
    changed = {
        name: getattr(camera, name) + float(value)
        for name, value in zip(camera.parameter_names, step, strict=True)
        if value
    }
    return replace(camera, **changed) if changed else camera
