"""From a scene, as it is written, to a world that can be asked at any nanosecond."""

from fusion.scenario.building.clocks import Firings, firings
from fusion.scenario.building.rigs import MountedSensor, duration_of, mounted_sensors, reference_of
from fusion.scenario.building.worlds import build_world

__all__ = ["Firings", "MountedSensor", "build_world", "duration_of", "firings", "mounted_sensors", "reference_of"]
