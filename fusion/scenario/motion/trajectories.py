"""Poses in the world at any nanosecond."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform, quaternion
from calibration.quaternion import FloatArray
from fusion.scenario.motion.paths import Path
from fusion.scenario.motion.profiles import Profile
from fusion.scenario.world import Motion, seconds_since_start

_STILL = Profile.of(0.0)


@dataclass(frozen=True, slots=True, eq=False)
class PathMotion:
    """Something that goes along a path; its x axis points where the path goes, turned to the left by `turn_rad`.

    along_m: distance at second 0. ground_from_object: from its origin on the path to that of its cuboid.
    """

    path: Path
    speed_mps: Profile = _STILL
    along_m: float = 0.0
    turn_rad: Profile = _STILL
    ground_from_object: RigidTransform = field(default_factory=RigidTransform.identity)

    @property
    def stands_still(self) -> bool:
        """Whether the pose is the same at all times."""
        return self.speed_mps.is_zero and self.turn_rad.is_constant

    def distance_m(self, time_ns: npt.ArrayLike) -> FloatArray:
        """Distances (...,) along the path at times (...,) int64 ns."""
        return np.asarray(self.along_m + self.speed_mps.integral(seconds_since_start(time_ns)))

    def at(self, time_ns: npt.ArrayLike) -> RigidTransform:
        """`world_from_object` at times (...,) int64 ns, a batch of the same shape."""
        position, heading, slope = self.path.at(self.distance_m(time_ns))
        yaw = heading + self.turn_rad.at(seconds_since_start(time_ns))
        return RigidTransform(_upright(yaw, slope), position) * self.ground_from_object


@dataclass(frozen=True, slots=True, eq=False)
class CarriedMotion:
    """A load: on its own until start_ns, then with its carrier (raised by `lift_m`) until end_ns, then left there."""

    own: Motion
    carrier: Motion
    lift_m: Profile
    start_ns: int
    end_ns: int

    @property
    def stands_still(self) -> bool:
        """Whether the pose is the same at all times."""
        return self.own.stands_still and self.carrier.stands_still and self.lift_m.is_constant

    def at(self, time_ns: npt.ArrayLike) -> RigidTransform:
        """`world_from_object` at times (...,) int64 ns, a batch of the same shape."""
        times = np.asarray(time_ns, dtype=np.int64)
        own, carried = self.own.at(times), self._carried(np.clip(times, self.start_ns, self.end_ns))
        before = (times < self.start_ns)[..., None]
        return RigidTransform(
            np.where(before, own.rotation, carried.rotation), np.where(before, own.translation, carried.translation)
        )

    def _carried(self, times_ns: npt.NDArray[np.int64]) -> RigidTransform:
        start = np.asarray(self.start_ns, dtype=np.int64)
        lifted = self.lift_m.at(seconds_since_start(times_ns)) - self.lift_m.at(seconds_since_start(start))
        upwards = np.concatenate([np.zeros((*times_ns.shape, 2)), lifted[..., None]], axis=-1)
        raised = RigidTransform(quaternion.IDENTITY, upwards)
        carrier_from_load = self.carrier.at(start).inverse() * self.own.at(start)
        return self.carrier.at(times_ns) * raised * carrier_from_load


def _upright(yaw_rad: FloatArray, slope_rad: FloatArray) -> FloatArray:
    """Quaternions (..., 4) that head to the left by yaw and climb by slope, without roll."""
    climb = np.stack(
        [np.cos(0.5 * slope_rad), np.zeros_like(slope_rad), -np.sin(0.5 * slope_rad), np.zeros_like(slope_rad)], axis=-1
    )
    return quaternion.multiply(quaternion.from_yaw(yaw_rad), climb)
