"""Where the ego was at any nanosecond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform, quaternion
from fusion.timeline import Timeline


@dataclass(frozen=True, slots=True, eq=False)
class EgoMotion:
    """Timed poses: `world_from_ego` is a batch of shape (N,), one for each time; N is at least 1."""

    timeline: Timeline
    world_from_ego: RigidTransform

    def __post_init__(self) -> None:
        if len(self.timeline) == 0 or self.world_from_ego.batch_shape != (len(self.timeline),):
            raise ValueError("ego motion needs one pose for each time, and at least one")

    @staticmethod
    def standing_still() -> EgoMotion:
        """An ego that is the world, for recordings from a fixed stand."""
        return EgoMotion(
            Timeline(np.zeros(1, dtype=np.int64)), RigidTransform(quaternion.IDENTITY[None], np.zeros((1, 3)))
        )

    def at(self, time_ns: npt.ArrayLike) -> RigidTransform:
        """`world_from_ego` at times (...,) int64 ns: straight line and constant turn between poses.

        Beyond the ends the motion of the last interval goes on (a camera may fire just before the first pose), for at
        most one interval; then the pose is held.
        """
        query = np.asarray(time_ns, dtype=np.int64)
        times = self.timeline.times_ns
        if len(times) == 1:
            return RigidTransform(
                np.broadcast_to(self.world_from_ego.rotation[0], (*query.shape, 4)),
                np.broadcast_to(self.world_from_ego.translation[0], (*query.shape, 3)),
            )
        left = np.clip(np.searchsorted(times, query, side="right") - 1, 0, len(times) - 2)
        fraction = (query - times[left]) / (times[left + 1] - times[left])
        before, after = self.world_from_ego[left], self.world_from_ego[left + 1]
        return before.interpolate(after, np.clip(fraction, -1.0, 2.0))
