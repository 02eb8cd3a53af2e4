"""Where things are at any nanosecond of a scenario: paths, speed profiles, and trajectories made of both."""

from fusion.scenario.motion.paths import Path, path_of
from fusion.scenario.motion.profiles import Profile
from fusion.scenario.motion.towing import towed_path
from fusion.scenario.motion.trajectories import CarriedMotion, PathMotion

__all__ = ["CarriedMotion", "Path", "PathMotion", "Profile", "path_of", "towed_path"]
