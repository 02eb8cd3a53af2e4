"""Argoverse 2 detections: a feather file as the benchmark takes it, in the ego frame at the sweep's timestamp."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from calibration import RigidTransform
from fusion.readers.files import as_int64, read_feather
from fusion.recording import Recording
from labeling.automation.detections.detected import Detected, frames_of

_SIZE = ("length_m", "width_m", "height_m")
_POSE = ("qw", "qx", "qy", "qz", "tx_m", "ty_m", "tz_m")


def read(recording: Recording, path: Path) -> Detected:
    """Raises FormatError where a column is missing or a time is none of the recording's."""
    table = read_feather(path, ("timestamp_ns", "category", "score", *_SIZE, *_POSE))
    times = as_int64(table["timestamp_ns"])
    numbers = np.stack([np.asarray(table[name], dtype=np.float64) for name in _POSE], axis=1)
    return Detected(
        frames_of(recording, times),
        times,
        tuple(map(str, table["category"])),
        recording.ego_motion.at(times) * RigidTransform(numbers[:, :4], numbers[:, 4:]),
        np.stack([np.asarray(table[name], dtype=np.float64) for name in _SIZE], axis=1),
        np.asarray(table["score"], dtype=np.float64),
    )
