"""Read a truth file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import hdf5plugin  # noqa: F401  (registers the Blosc2 filter)
import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.errors import RecordingError
from calibration.quaternion import FloatArray
from fusion.ego_motion import EgoMotion
from fusion.recording.layout import sample_key
from fusion.scenario.language.loading import parse_scene
from fusion.scenario.language.scene import Scene
from fusion.scenario.truth import layout
from fusion.timeline import Int64Array, Timeline


@dataclass(frozen=True, slots=True, eq=False)
class TrueActor:
    """One actor. motion: its pose at any time within the scenario, to a tenth of a millimetre."""

    name: str
    track_id: str
    class_name: str
    size_m: tuple[float, float, float]
    attributes: dict[str, str]
    states: tuple[tuple[str, str, int, int], ...]
    motion: EgoMotion


@dataclass(frozen=True, slots=True, eq=False)
class TrueSensor:
    """All N firings of one sensor. visible, whole: (N, A) points or pixels on each actor, and if it were alone.

    boxes_px, whole_boxes_px: (N, A, 4) u, v minimum and maximum of those pixels, NaN where there are none.
    """

    true_ns: Int64Array
    recorded_ns: Int64Array
    delivered: npt.NDArray[np.bool_]
    world_from_sensor: RigidTransform
    ego_from_sensor: RigidTransform
    visible: npt.NDArray[np.int32]
    whole: npt.NDArray[np.int32]
    boxes_px: npt.NDArray[np.float32]
    whole_boxes_px: npt.NDArray[np.float32]


class Truth:
    """An open truth file; a context manager."""

    def __init__(self, path: Path, file: h5py.File) -> None:
        self.path, self._file = path, file
        self.seed = int(file.attrs["seed"])
        self.scene_text = file[layout.SCENE].asstr()[()]
        self.ego_motion = EgoMotion(Timeline(file[layout.EGO_TIMES][()]), _poses(file[layout.EGO_POSES][()]))
        self.actors = tuple(_actor(group) for _, group in sorted(file[layout.ACTORS].items()))
        self.sensors = {name: _sensor(group) for name, group in file[layout.SENSORS].items()}

    @staticmethod
    def open(path: Path) -> Truth:
        """Open read-only. Raises RecordingError if it is missing, foreign or damaged."""
        if not path.is_file():
            raise RecordingError("there is no truth of that recording", do="see `boxwright scenario`", where=path)
        try:
            file = h5py.File(path, "r", locking=False)
        except OSError as error:
            raise RecordingError("not a readable truth file", do="make it again", where=path) from error
        try:
            if file.attrs.get("format") != layout.FORMAT:
                raise RecordingError("an HDF5 file, but not the truth of a scenario", where=path)
            return Truth(path, file)
        except (KeyError, ValueError) as error:
            file.close()
            raise RecordingError("the truth file is damaged", do="make it again", where=path) from error

    def __enter__(self) -> Truth:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def scene(self) -> Scene:
        """The scene that was simulated. Raises FormatError where something else is written down."""
        return parse_scene(json.loads(self.scene_text), self.path)

    def instances(self, lidar: str, firing: int) -> npt.NDArray[np.int16]:
        """(N,) index into `actors` of each point of a sweep, -1 for the surroundings; firings count lost ones too."""
        return np.asarray(self._file[f"{layout.INSTANCES}/{lidar}/{sample_key(firing)}"][()])

    def firing_of(self, sensor: str, sample: int) -> int:
        """Which firing a sample of the recording is: those that were lost have no sample."""
        return int(np.flatnonzero(self.sensors[sensor].delivered)[sample])


def _actor(group: h5py.Group) -> TrueActor:
    attributes: dict[str, Any] = dict(group.attrs)
    length, width, height = (float(value) for value in attributes["size_m"])
    return TrueActor(
        name=str(attributes["name"]),
        track_id=str(attributes["track_id"]),
        class_name=str(attributes["class_name"]),
        size_m=(length, width, height),
        attributes=json.loads(attributes["attributes"]),
        states=tuple((name, value, int(a), int(b)) for name, value, a, b in json.loads(attributes["states"])),
        motion=EgoMotion(Timeline(group["times_ns"][()]), _poses(group["world_from_object"][()])),
    )


def _sensor(group: h5py.Group) -> TrueSensor:
    boxes = group["boxes_px"][()]
    return TrueSensor(
        true_ns=group["true_ns"][()],
        recorded_ns=group["recorded_ns"][()],
        delivered=group["delivered"][()],
        world_from_sensor=_poses(group["world_from_sensor"][()]),
        ego_from_sensor=_poses(group["ego_from_sensor"][()]),
        visible=group["visible"][()],
        whole=group["whole"][()],
        boxes_px=boxes[..., :4],
        whole_boxes_px=boxes[..., 4:],
    )


def _poses(rows: FloatArray) -> RigidTransform:
    return RigidTransform(rows[:, 3:], rows[:, :3])
