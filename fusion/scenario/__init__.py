"""Synthetic recordings with exact labels, ray cast on demand. Needs `pip install 'boxwright[simulation]'` to run."""

from collections.abc import Callable

from fusion.recording.source import RecordingSource
from fusion.scenario.street import street_source, street_truth
from fusion.scenario.world import Actor, World

SCENARIOS: dict[str, Callable[[int], RecordingSource]] = {"street": street_source}
"""Name -> factory that takes a seed."""

__all__ = ["SCENARIOS", "Actor", "World", "street_truth"]
