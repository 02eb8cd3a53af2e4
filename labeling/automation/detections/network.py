"""A team's own network, run by onnxruntime (`pip install 'boxwright[onnx]'`).

The contract. Input `points`: float32 (N, 4) x, y, z, intensity (0 to 1) of a frame's LiDAR points in the ego frame at
its middle, metres; N varies. Output `cuboids`: float32 (M, 7) x, y, z of the centre, length, width, height, yaw, in the
same frame; output `scores`: float32 (M, C), 0 to 1, one column a class. The model's metadata has `class_names`: the C
names, separated by commas. Nothing else is asked of it, and only onnxruntime's own operators run: no Python, no pickle.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from calibration import RigidTransform
from calibration.errors import InputError, UsageError
from calibration.quaternion import FloatArray
from fusion.cloud import fused_cloud
from fusion.progress import Progress, silent
from fusion.recording import Recording
from labeling.automation.detections.detected import Detected, middles_ns, nothing

_INPUT, _CUBOIDS, _SCORES, _CLASSES = "points", "cuboids", "scores", "class_names"
_CONTRACT = "see docs/detections.md for what a network takes and gives"


class NetworkDetector:
    """An ONNX model that follows the contract. Raises UsageError without onnxruntime, InputError for another model."""

    def __init__(self, path: Path, *, least_score: float = 0.1) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise UsageError("running a network needs onnxruntime", do="pip install 'boxwright[onnx]'") from error
        if not path.is_file():
            raise InputError("there is no such model", do="check the path", where=path)
        try:
            self._session: Any = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        except Exception as error:
            line = str(error).splitlines()[0]
            raise InputError(f"onnxruntime cannot load this model: {line}", where=path) from error
        self._path, self._least_score = path, least_score
        self.class_names = self._checked()

    def _checked(self) -> tuple[str, ...]:
        inputs = {each.name for each in self._session.get_inputs()}
        outputs = {each.name for each in self._session.get_outputs()}
        names = self._session.get_modelmeta().custom_metadata_map.get(_CLASSES, "")
        if inputs != {_INPUT} or not {_CUBOIDS, _SCORES} <= outputs:
            raise InputError(
                f"the model has inputs {sorted(inputs)} and outputs {sorted(outputs)}", do=_CONTRACT, where=self._path
            )
        if not names:
            raise InputError(f"the model's metadata has no {_CLASSES}", do=_CONTRACT, where=self._path)
        return tuple(name.strip() for name in names.split(","))

    def detect(self, recording: Recording, progress: Progress = silent) -> Detected:
        """What the network says of every frame with points."""
        parts: list[Detected] = []
        for frame, time_ns in enumerate(middles_ns(recording).tolist()):
            cloud = fused_cloud(recording, frame)
            if len(cloud):
                world_from_ego = recording.ego_motion.at(time_ns)
                points = world_from_ego.inverse().apply(cloud.points_in_world).astype(np.float32)
                intensity = np.asarray(cloud.intensity, dtype=np.float32)[:, None] / 255.0
                parts.append(self._frame(np.hstack([points, intensity]), frame, time_ns, world_from_ego))
            progress(frame + 1, len(recording.frames))
        return _joined([each for each in parts if len(each)])

    def _frame(self, points: FloatArray, frame: int, time_ns: int, world_from_ego: RigidTransform) -> Detected:
        try:
            cuboids, scores = self._session.run([_CUBOIDS, _SCORES], {_INPUT: points.astype(np.float32)})
        except Exception as error:
            line = str(error).splitlines()[0]
            raise InputError(f"the network failed in frame {frame}: {line}", do=_CONTRACT, where=self._path) from error
        count = len(self.class_names)
        if cuboids.ndim != 2 or cuboids.shape[1] != 7 or scores.shape != (len(cuboids), count):
            shapes = f"cuboids {cuboids.shape} and scores {scores.shape}"
            raise InputError(f"the network gave {shapes} for {count} classes", do=_CONTRACT, where=self._path)
        best = scores.argmax(axis=1) if len(scores) else np.empty(0, np.int64)
        sure = scores.max(axis=1, initial=0.0) >= self._least_score
        rows = cuboids[sure].astype(np.float64)
        return Detected(
            np.full(len(rows), frame, np.int64),
            np.full(len(rows), time_ns, np.int64),
            tuple(self.class_names[each] for each in best[sure]),
            world_from_ego * RigidTransform.from_yaw(rows[:, 6], rows[:, :3]),
            rows[:, 3:6],
            scores.max(axis=1, initial=0.0)[sure].astype(np.float64),
        )


def _joined(parts: list[Detected]) -> Detected:
    if not parts:
        return nothing()
    return Detected(
        np.concatenate([each.frames for each in parts]),
        np.concatenate([each.times_ns for each in parts]),
        tuple(name for each in parts for name in each.classes),
        RigidTransform(
            np.concatenate([each.world_from_object.rotation for each in parts]),
            np.concatenate([each.world_from_object.translation for each in parts]),
        ),
        np.concatenate([each.sizes_m for each in parts]),
        np.concatenate([each.scores for each in parts]),
    )
