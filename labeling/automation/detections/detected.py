"""Detections of a recording, in its world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.errors import FormatError
from calibration.quaternion import FloatArray
from fusion.recording import Recording
from fusion.timeline import Int64Array
from labeling.automation.tracking import Detections


@dataclass(frozen=True, slots=True, eq=False)
class Detected:
    """N detections. frames: (N,) of the recording; times_ns: (N,) when each was seen; classes: N names;
    world_from_object: (N,) poses of the centres; sizes_m: (N, 3) length, width, height; scores: (N,), more is surer.

    Raises FormatError where a number is not finite or a size not positive.
    """

    frames: Int64Array
    times_ns: Int64Array
    classes: tuple[str, ...]
    world_from_object: RigidTransform
    sizes_m: FloatArray
    scores: FloatArray

    def __post_init__(self) -> None:
        numbers = np.column_stack([self.sizes_m, self.scores[:, None], self.world_from_object.translation])
        wrong = ~np.all(np.isfinite(numbers), axis=1) | np.any(self.sizes_m <= 0.0, axis=1)
        if wrong.any():
            number = int(np.flatnonzero(wrong)[0]) + 1
            raise FormatError(f"detection {number} has a number that is not finite or a size that is not positive")

    def __len__(self) -> int:
        return len(self.frames)

    def of_class(self, name: str, recording: Recording) -> Detections:
        """Those of one class, as a tracker takes them; each frame's moment is the middle of its sweep."""
        chosen = np.flatnonzero(np.array(self.classes) == name)
        order = chosen[np.argsort(self.frames[chosen], kind="stable")]
        poses = self.world_from_object
        return Detections(
            frame_times_ns=middles_ns(recording),
            frames=self.frames[order],
            centres_m=poses.translation[order],
            sizes_m=self.sizes_m[order],
            yaws_rad=np.atleast_1d(poses.yaw_rad)[order],
            scores=self.scores[order],
        )


def middles_ns(recording: Recording) -> Int64Array:
    """(F,) int64 the middle of every frame."""
    return np.array([recording.frame_middle_ns(frame) for frame in range(len(recording.frames))], dtype=np.int64)


def nothing() -> Detected:
    """No detections."""
    none = np.empty(0, np.int64)
    return Detected(none, none, (), RigidTransform(np.empty((0, 4)), np.empty((0, 3))), np.empty((0, 3)), np.empty(0))


def frames_of(recording: Recording, times_ns: npt.NDArray[np.int64]) -> Int64Array:
    """(N,) the frame of each moment (N,). Raises FormatError for one that is no frame's."""
    middles = middles_ns(recording)
    frames = np.clip(np.searchsorted(middles, times_ns), 1, max(len(middles) - 1, 1))
    if len(middles) > 1:
        earlier = np.abs(middles[frames - 1] - times_ns) <= np.abs(middles[frames] - times_ns)
        frames = frames - earlier
    else:
        frames = np.zeros(len(times_ns), np.int64)
    off = np.abs(middles[frames] - times_ns)
    if np.any(off > max(recording.frames.period_ns, 1)):
        number = int(np.argmax(off))
        raise FormatError(
            f"the time {int(times_ns[number])} of detection {number + 1} is in no frame of the recording",
            do="give int64 nanoseconds of the recording's clock",
        )
    return frames.astype(np.int64)
