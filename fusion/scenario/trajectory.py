"""Where things are at any nanosecond: a smooth path travelled with a smooth speed profile, both in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray

START_NS = 1_700_000_000_000_000_000
"""Second 0 of every scenario, as an epoch time."""


@dataclass(frozen=True, slots=True)
class Path:
    """A straight line that sways from side to side.

    start_m: x, y at arc 0 in the world; heading_rad: direction of the line; sway_m: amplitude to the left of the line;
    wavelength_m: length of one sway; phase_rad: of the sway at arc 0.
    """

    start_m: tuple[float, float]
    heading_rad: float = 0.0
    sway_m: float = 0.0
    wavelength_m: float = 40.0
    phase_rad: float = 0.0

    def at(self, along_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Positions (..., 2) in the world, metres, and headings (...,), radians, at distances along the line."""
        rate = 2.0 * np.pi / self.wavelength_m
        angle = rate * along_m + self.phase_rad
        lateral_m, slope = self.sway_m * np.sin(angle), self.sway_m * rate * np.cos(angle)
        cosine, sine = np.cos(self.heading_rad), np.sin(self.heading_rad)
        x = self.start_m[0] + cosine * along_m - sine * lateral_m
        y = self.start_m[1] + sine * along_m + cosine * lateral_m
        return np.stack([x, y], axis=-1), self.heading_rad + np.arctan(slope)


@dataclass(frozen=True, slots=True)
class SpeedProfile:
    """A constant speed that changes once into another; the acceleration has no jumps."""

    initial_mps: float = 0.0
    final_mps: float | None = None
    change_start_s: float = 0.0
    change_end_s: float = 1.0

    def distance_m(self, time_s: FloatArray) -> FloatArray:
        """Distance travelled since second 0: the integral of a cubic smoothstep between the speeds."""
        final_mps = self.initial_mps if self.final_mps is None else self.final_mps
        duration_s = self.change_end_s - self.change_start_s
        u = np.clip((time_s - self.change_start_s) / duration_s, 0.0, 1.0)
        after_s = np.maximum(time_s - self.change_end_s, 0.0)
        gained_s = duration_s * (u**3 - 0.5 * u**4) + after_s
        return np.asarray(self.initial_mps * time_s + (final_mps - self.initial_mps) * gained_s)


@dataclass(frozen=True, slots=True)
class Trajectory:
    """World pose of one thing as a function of time; height_m is that of its origin above the ground."""

    path: Path
    speed: SpeedProfile = SpeedProfile()
    height_m: float = 0.0

    @property
    def stands_still(self) -> bool:
        """Whether the pose is the same at all times."""
        return self.speed.initial_mps == 0.0 and self.speed.final_mps in (None, 0.0)

    def at(self, time_ns: npt.ArrayLike) -> RigidTransform:
        """`world_from_object` at times (...,) int64 ns, a batch of the same shape."""
        time_s = np.asarray((np.asarray(time_ns, dtype=np.int64) - START_NS) * 1e-9, dtype=np.float64)
        position_m, heading_rad = self.path.at(self.speed.distance_m(time_s))
        height_m = np.full((*time_s.shape, 1), self.height_m)
        return RigidTransform.from_yaw(heading_rad, np.concatenate([position_m, height_m], axis=-1))
