"""Ego motion from a LiDAR, for recordings that have none: no loop closure, drift is reported."""

from fusion.odometry.estimate import Drift, Odometry, estimate_odometry
from fusion.odometry.raw_sweeps import RawSweeps, raw_sweeps
from fusion.odometry.sources import estimate_ego_motion, with_odometry, with_odometry_if_needed

__all__ = [
    "Drift",
    "Odometry",
    "RawSweeps",
    "estimate_ego_motion",
    "estimate_odometry",
    "raw_sweeps",
    "with_odometry",
    "with_odometry_if_needed",
]
