"""What a detector said, frame by frame, in the world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """N detections in F frames, sorted by frame.

    frame_times_ns: (F,) int64, increasing. frames: (N,) index of each detection's frame. centres_m: (N, 3) in the
    world, z up; sizes_m: (N, 3) length, width, height; yaws_rad: (N,); scores: (N,) log-odds, or anything that grows
    with certainty. Raises ValueError where they are not sorted or shapes contradict.
    """

    frame_times_ns: Int64Array
    frames: Int64Array
    centres_m: FloatArray
    sizes_m: FloatArray
    yaws_rad: FloatArray
    scores: FloatArray

    def __post_init__(self) -> None:
        count = len(self.frames)
        shapes = (self.centres_m.shape, self.sizes_m.shape, self.yaws_rad.shape, self.scores.shape)
        if shapes != ((count, 3), (count, 3), (count,), (count,)):
            raise ValueError(f"{count} detections do not fit {shapes}")
        if np.any(np.diff(self.frames) < 0) or np.any(np.diff(self.frame_times_ns) <= 0):
            raise ValueError("detections are sorted by frame, frames by time")

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def starts(self) -> Int64Array:
        """(F + 1,) where each frame's detections start."""
        return np.searchsorted(self.frames, np.arange(len(self.frame_times_ns) + 1)).astype(np.int64)

    @property
    def seconds(self) -> FloatArray:
        """(F,) since the first frame."""
        return np.asarray((self.frame_times_ns - self.frame_times_ns[0]) * 1e-9)

    def taking(self, kept: npt.NDArray[np.bool_]) -> Detections:
        """Those of a mask (N,)."""
        return Detections(
            self.frame_times_ns,
            self.frames[kept],
            self.centres_m[kept],
            self.sizes_m[kept],
            self.yaws_rad[kept],
            self.scores[kept],
        )
