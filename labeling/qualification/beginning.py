"""Put a scenario before somebody: an unlabelled recording, its truth as hidden gold, and a task for all of it."""

from __future__ import annotations

from contextlib import closing

from fusion.progress import Progress, silent
from fusion.scenario import Scene
from labeling.editing.layers import GOLD, layer_key
from labeling.frame_times import frame_span
from labeling.project import Project
from labeling.review import LOCAL, acts
from labeling.synthetic import simulate_into


def recording_name(who: str) -> str:
    """The recording that somebody is measured on."""
    return f"qualify-{who}"


def begin(project: Project, who: str, scene: Scene, seed: int, progress: Progress = silent) -> str:
    """The recording's name; the task is called as it is. Raises UsageError if they have begun already."""
    name = recording_name(who)
    simulate_into(project, scene, seed, name, layer=GOLD, progress=progress)
    with project.recording_as_it_came(name) as recording:
        span = frame_span(recording, 0, len(recording.frames) - 1)
    with closing(project.review()) as review:
        review.act(layer_key(name, GOLD), acts.OpenTask(name, name, *span), LOCAL)
        review.act(name, acts.OpenTask(name, f"Qualification of {who}: label what you see", *span), LOCAL)
    return name
