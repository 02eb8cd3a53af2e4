"""Synthetic recordings with exact labels, ray cast on demand. Needs `pip install 'boxwright[simulation]'` to run.

A scenario is a YAML file in the scene language (`language`); `library` holds those that are shipped.
"""

from fusion.scenario.language.loading import read_scene, scene_of, shipped_scenes
from fusion.scenario.language.scene import Scene

__all__ = ["Scene", "read_scene", "scene_of", "shipped_scenes"]
