"""Where the ego was at any nanosecond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform, quaternion
from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array, Timeline


@dataclass(frozen=True, slots=True, eq=False)
class EgoMotion:
    """Timed poses: `world_from_ego` is a batch of shape (N,), one for each time; N is at least 1.

    Between poses: a straight line and a constant turn. Beyond the ends the motion of the last interval goes on (a
    camera may fire just before the first pose), for at most one interval; then the pose is held.
    """

    timeline: Timeline
    world_from_ego: RigidTransform

    def __post_init__(self) -> None:
        if len(self.timeline) == 0 or self.world_from_ego.batch_shape != (len(self.timeline),):
            raise ValueError("ego motion needs one pose for each time, and at least one")

    @staticmethod
    def standing_still() -> EgoMotion:
        """An ego that is the world: where nothing is known of its poses, and for recordings from a fixed stand."""
        return EgoMotion(
            Timeline(np.zeros(1, dtype=np.int64)), RigidTransform(quaternion.IDENTITY[None], np.zeros((1, 3)))
        )

    def held_at(self, time_ns: int) -> EgoMotion:
        """An ego that stands, at all times, where this one is at one moment."""
        pose = self.at(time_ns)
        return EgoMotion(Timeline(np.array([time_ns])), RigidTransform(pose.rotation[None], pose.translation[None]))

    def at(self, time_ns: npt.ArrayLike) -> RigidTransform:
        """`world_from_ego` at times (...,) int64 ns."""
        query = np.asarray(time_ns, dtype=np.int64)
        if len(self.timeline) == 1:
            return RigidTransform(
                np.broadcast_to(self.world_from_ego.rotation[0], (*query.shape, 4)),
                np.broadcast_to(self.world_from_ego.translation[0], (*query.shape, 3)),
            )
        left, fraction = self._place(query)
        return self.world_from_ego[left].interpolate(self.world_from_ego[left + 1], fraction)

    def velocity_at(self, time_ns: npt.ArrayLike) -> FloatArray:
        """(..., 3) m/s in the world at times (...,) int64 ns: constant between poses, 0 where the pose is held."""
        return self._rate(np.asarray(time_ns, dtype=np.int64), self._moves())

    def angular_rate_at(self, time_ns: npt.ArrayLike) -> FloatArray:
        """(..., 3) rad/s in the ego frame at times (...,) int64 ns, as a gyroscope on the ego would measure it."""
        return self._rate(np.asarray(time_ns, dtype=np.int64), self._turns())

    def _place(self, query: Int64Array) -> tuple[npt.NDArray[np.intp], FloatArray]:
        """The interval of each time, and how far through it; from one interval before to one after the ends."""
        times = self.timeline.times_ns
        left = np.clip(np.searchsorted(times, query, side="right") - 1, 0, len(times) - 2)
        length = times[left + 1] - times[left]
        # Limited before it is subtracted: any int64 may be asked.
        near = np.clip(query, times[left] - length, times[left + 1] + length)
        return left, np.asarray((near - times[left]) / length)

    def _moves(self) -> FloatArray:
        return np.diff(self.world_from_ego.translation, axis=0)

    def _turns(self) -> FloatArray:
        rotation = self.world_from_ego.rotation
        return quaternion.to_rotation_vector(quaternion.multiply(quaternion.conjugate(rotation[:-1]), rotation[1:]))

    def _rate(self, query: Int64Array, steps: FloatArray) -> FloatArray:
        """Steps (N - 1, 3) over the intervals, per second."""
        if len(self.timeline) == 1:
            return np.zeros((*query.shape, 3))
        left, fraction = self._place(query)
        seconds = np.diff(self.timeline.times_ns)[left] * 1e-9
        moving = np.abs(fraction - 0.5) < 1.5
        return np.asarray(steps[left] * (moving / seconds)[..., None])
