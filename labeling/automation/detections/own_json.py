"""Our own detections: one JSON object, made with five lines of any language.

{"detections": [{"frame": 3, "class": "car", "position_m": [x, y, z], "size_m": [length, width, height], "yaw_rad": 0.1,
"score": 0.9, "in": "ego"}, ...]}. `time_ns` may stand for `frame`, `rotation_wxyz` for `yaw_rad`; `in` is world, ego or
a sensor's name. `score` is anything that grows with certainty.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from calibration import RigidTransform, quaternion
from calibration.errors import FormatError
from fusion.recording import Recording
from labeling.automation.detections.detected import Detected, frames_of, middles_ns, nothing

_Number = Annotated[float, Field(allow_inf_nan=False)]
_Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
_EGO, _WORLD = "ego", "world"


class OwnDetection(BaseModel):
    """One cuboid."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    frame: Annotated[int, Field(ge=0)] | None = None
    time_ns: int | None = None
    class_name: Annotated[str, Field(alias="class", min_length=1, max_length=100)]
    position_m: tuple[_Number, _Number, _Number]
    size_m: tuple[_Positive, _Positive, _Positive]
    yaw_rad: _Number | None = None
    rotation_wxyz: tuple[_Number, _Number, _Number, _Number] | None = None
    score: _Number = 1.0
    frame_of_reference: Annotated[str, Field(alias="in")] = _WORLD

    @model_validator(mode="after")
    def _one_of_each(self) -> OwnDetection:
        if (self.frame is None) == (self.time_ns is None):
            raise ValueError("give either frame or time_ns")
        if (self.yaw_rad is None) == (self.rotation_wxyz is None):
            raise ValueError("give either yaw_rad or rotation_wxyz")
        return self

    @property
    def pose(self) -> RigidTransform:
        """In its own frame of reference."""
        if self.rotation_wxyz is None:
            return RigidTransform.from_yaw(self.yaw_rad or 0.0, list(self.position_m))
        return RigidTransform(quaternion.normalize(np.array(self.rotation_wxyz)), np.array(self.position_m))


class OwnDetections(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid")
    detections: list[OwnDetection]


def read(recording: Recording, path: Path) -> Detected:
    """Raises FormatError for what does not follow the schema, and for a frame that the recording has not."""
    try:
        rows = OwnDetections.model_validate_json(path.read_bytes()).detections
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise FormatError(f"{place}: {first['msg']}", do="see docs/detections.md", where=path) from error
    if not rows:
        return nothing()
    middles = middles_ns(recording)
    late = next((row.frame for row in rows if row.frame is not None and row.frame >= len(middles)), None)
    if late is not None:
        raise FormatError(f"the recording has no frame {late}", do=f"it has {len(middles)}", where=path)
    times = np.array([row.time_ns if row.frame is None else middles[row.frame] for row in rows], dtype=np.int64)
    poses = [
        _world_from(recording, row.frame_of_reference, int(time_ns), path) * row.pose
        for row, time_ns in zip(rows, times, strict=True)
    ]
    return Detected(
        frames_of(recording, times),
        times,
        tuple(row.class_name for row in rows),
        RigidTransform.stack(poses),
        np.array([row.size_m for row in rows]),
        np.array([row.score for row in rows]),
    )


def _world_from(recording: Recording, reference: str, time_ns: int, path: Path) -> RigidTransform:
    if reference == _WORLD:
        return RigidTransform.identity()
    world_from_ego = recording.ego_motion.at(time_ns)
    if reference == _EGO:
        return world_from_ego
    sensors = {sensor.name: sensor for sensor in recording.rig}
    if reference not in sensors:
        known = ", ".join([_WORLD, _EGO, *sensors])
        raise FormatError(f"there is no frame of reference {reference!r}", do=f"one of {known}", where=path)
    return world_from_ego * sensors[reference].ego_from_sensor
