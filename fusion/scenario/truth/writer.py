"""Write the truth of a simulation, sample by sample, while its recording is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import h5py
import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.errors import RecordingError
from fusion.recording.layout import COMPRESSION, sample_key
from fusion.recording.writer import pose_rows
from fusion.scenario.building.clocks import Firings
from fusion.scenario.sensing.visibility import Visibility
from fusion.scenario.truth import layout
from fusion.scenario.world import Actor, Motion
from fusion.timeline import Int64Array


class TruthWriter:
    """A truth file in the making; a context manager: leaving it without an error puts the file in its place.

    Instances of points go to the disk at once; who was seen is kept, (firings, actors) small numbers a sensor.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._partial = path.with_name(path.name + ".partial")
        self._boxes: dict[str, npt.NDArray[np.float32]] = {}
        self._whole: dict[str, npt.NDArray[np.int32]] = {}
        self.seen: dict[str, npt.NDArray[np.int32]] = {}

    def __enter__(self) -> TruthWriter:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = h5py.File(self._partial, "w", libver="v110")
        except OSError as error:
            raise RecordingError("cannot write the truth", do="choose a writable folder", where=self.path) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._write_visibility()
            self._file.close()
            if kind is None:
                self._partial.replace(self.path)
        finally:
            self._partial.unlink(missing_ok=True)

    def begin(self, scene: str, seed: int, ego: Motion, times_ns: Int64Array, actors: Sequence[Actor]) -> None:
        """The scene in words, and where the ego and the actors are at times (T,) int64 ns."""
        file = self._file
        for group in ("ego", layout.SENSORS, layout.INSTANCES, layout.ACTORS):
            file.create_group(group)
        file.attrs.update({"format": layout.FORMAT, "version": layout.VERSION, "seed": seed})
        file[layout.SCENE] = scene
        file[layout.EGO_TIMES] = times_ns
        file[layout.EGO_POSES] = pose_rows(ego.at(times_ns))
        self._actors = len(actors)
        for index, actor in enumerate(actors):
            self._write_actor(index, actor, times_ns)

    def add_sensor(
        self, name: str, fired: Firings, world_from_sensor: RigidTransform, ego_from_sensor: RigidTransform
    ) -> None:
        """All N firings of a sensor with its true poses at them, batches (N,)."""
        group = self._file.create_group(f"{layout.SENSORS}/{name}")
        group["true_ns"], group["recorded_ns"] = fired.true_ns, fired.recorded_ns
        group["delivered"] = fired.delivered
        group["world_from_sensor"] = pose_rows(world_from_sensor)
        group["ego_from_sensor"] = pose_rows(ego_from_sensor)
        shape = (len(fired.true_ns), self._actors)
        self.seen[name], self._whole[name] = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.int32)
        self._boxes[name] = np.full((*shape, 8), np.nan, dtype=np.float32)

    def add_instances(self, lidar: str, index: int, actors: npt.NDArray[np.int16]) -> None:
        """On which actor each point (N,) of a sweep lies, -1 for the surroundings."""
        group = self._file.require_group(f"{layout.INSTANCES}/{lidar}")
        options = {"chunks": actors.shape, **COMPRESSION} if actors.size else {}
        group.create_dataset(sample_key(index), data=actors, **options)

    def add_visibility(self, sensor: str, index: int, visibility: Visibility) -> None:
        """How much of every actor a sample shows, and how much it would without the others."""
        self.seen[sensor][index] = visibility.visible
        self._whole[sensor][index] = visibility.whole
        if visibility.boxes_px is not None and visibility.whole_boxes_px is not None:
            self._boxes[sensor][index] = np.concatenate([visibility.boxes_px, visibility.whole_boxes_px], axis=1)

    def _write_actor(self, index: int, actor: Actor, times_ns: Int64Array) -> None:
        times_ns = times_ns[:1] if actor.trajectory.stands_still else times_ns
        group = self._file.create_group(f"{layout.ACTORS}/{index:05d}")
        group.attrs.update(
            {
                "name": actor.name,
                "track_id": actor.track_id,
                "class_name": actor.class_name,
                "size_m": np.array(actor.size_m),
                "attributes": json.dumps(actor.attributes, sort_keys=True),
                "states": json.dumps([[s.name, s.value, str(s.start_ns), str(s.end_ns)] for s in actor.states]),
            }
        )
        group["times_ns"] = times_ns
        rows = pose_rows(actor.trajectory.at(times_ns))
        group.create_dataset("world_from_object", data=rows, chunks=rows.shape, **COMPRESSION)

    def _write_visibility(self) -> None:
        for name, visible in self.seen.items():
            group = self._file[f"{layout.SENSORS}/{name}"]
            columns = {"visible": visible, "whole": self._whole[name], "boxes_px": self._boxes[name]}
            for column, data in columns.items():
                options = {"chunks": data.shape, **COMPRESSION} if data.size else {}
                group.create_dataset(column, data=data, **options)


def pose_times_ns(start_ns: int, duration_s: float) -> Int64Array:
    """(T,) int64: every hundredth of a second, from one before the start to one after the end."""
    step_ns = 1_000_000_000 // layout.POSE_RATE_HZ
    count = int(np.ceil(duration_s * layout.POSE_RATE_HZ)) + 3
    return np.asarray(start_ns + step_ns * (np.arange(count, dtype=np.int64) - 1))
