"""What one sensor delivered at one moment: an encoded photo, a LiDAR sweep, a depth image."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray

Float32Array = npt.NDArray[np.float32]


def _freeze(array: npt.NDArray[Any]) -> None:
    array.flags.writeable = False


class PointFrame(StrEnum):
    """In which frame the points of a sweep stream are stored."""

    SENSOR = "sensor"  # as measured, each at its own time: motion distortion is still in
    EGO = "ego"  # ego-motion compensated, in the ego frame at the sweep's timestamp
    WORLD = "world"  # ego-motion compensated, in the world


@dataclass(frozen=True, slots=True, eq=False)
class EncodedImage:
    """A photo as it came. data: the file's bytes; media_type: `image/jpeg` or `image/png`."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """One LiDAR sweep.

    points_m: (N, 3) float32, metres, in the stream's `PointFrame`. intensity: (N,) uint8 or float32, as it came.
    time_offset_ns: (N,) int32, each point's time minus the sweep's timestamp.
    """

    points_m: Float32Array
    intensity: npt.NDArray[np.uint8] | Float32Array
    time_offset_ns: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        count = len(self.points_m)
        if self.points_m.shape != (count, 3) or len(self.intensity) != count or len(self.time_offset_ns) != count:
            raise ValueError("a sweep needs points (N, 3) with an intensity and a time each")
        for array in (self.points_m, self.intensity, self.time_offset_ns):
            _freeze(array)

    def __len__(self) -> int:
        return len(self.points_m)


@dataclass(frozen=True, slots=True, eq=False)
class DepthImage:
    """Distances along the optical axis. values: (H, W) uint16, 0 where nothing was measured; metres_per_unit: scale."""

    values: npt.NDArray[np.uint16]
    metres_per_unit: float

    def __post_init__(self) -> None:
        _freeze(self.values)

    @property
    def depth_m(self) -> FloatArray:
        """(H, W) float64 metres, 0 where nothing was measured."""
        return self.values.astype(np.float64) * self.metres_per_unit


Sample = EncodedImage | Sweep | DepthImage
