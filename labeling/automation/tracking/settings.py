"""What a tracker must know of a class and of its detector."""

from __future__ import annotations

from dataclasses import dataclass

from labeling.automation.class_priors import ClassPrior


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """What follows from a class.

    position_m: error of a detection's centre along an axis, one standard deviation. acceleration_mps2, speed_mps: how
    things of the class move. size_log, yaw_rad: how far the size (in log) and the heading of a detection err. gate:
    the largest cost at which two belong together: the sum of four squares of standard normal errors passes 16 once in
    300 times. longest_gap_s: how long a thing is followed unseen; longest_bridge_s: over how long a gap pieces may be
    joined afterwards. weak: a detection with a smaller score goes on with a track, but starts none.
    """

    position_m: float = 0.15
    acceleration_mps2: float = 4.0
    speed_mps: float = 15.0
    size_log: float = 0.15
    yaw_rad: float = 0.5
    gate: float = 16.0
    longest_gap_s: float = 1.2
    longest_bridge_s: float = 3.0
    weak: float = float("-inf")

    @staticmethod
    def of_class(prior: ClassPrior) -> TrackerSettings:
        """Half of full braking is an ordinary change of speed; the likely speed is a quarter of the fastest. What may
        turn on the spot may be detected with any heading."""
        limits = prior.motion
        return TrackerSettings(
            acceleration_mps2=max(0.5 * limits.acceleration_mps2, 0.5),
            speed_mps=max(0.25 * limits.speed_mps, 1.0),
            yaw_rad=1.0 if limits.holonomic else 0.5,
        )
