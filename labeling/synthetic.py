"""Simulate a scenario into a project: its recording, its exact tracks, and its truth beside them."""

from __future__ import annotations

from dataclasses import replace

from calibration.errors import UsageError
from fusion.progress import Progress, silent
from fusion.recording.source import no_cuboids
from fusion.scenario import Scene
from labeling.importing import Imported, import_source
from labeling.project import Project


def simulate_into(
    project: Project,
    scene: Scene,
    seed: int,
    name: str | None = None,
    *,
    labelled: bool = True,
    layer: str = "",
    progress: Progress = silent,
) -> Imported:
    """All of it or nothing. labelled: with its exact tracks, or without any, for somebody to label. layer: where
    the tracks go; into the recording's own labels if it is empty.

    Raises UsageError if there is a recording of that name, InputError for a scene that cannot be built.
    """
    from fusion.scenario.simulation import Simulation
    from fusion.scenario.truth.writer import TruthWriter

    name = name or scene.name
    if project.recording_path(name).exists():
        raise UsageError(f"there is a recording {name!r} already", do="choose another with --name", where=project.root)
    with TruthWriter(project.truth_path(name)) as truth:
        source = Simulation(scene, seed).source(truth)
        labels = source if labelled else replace(source, cuboids=no_cuboids)
        return import_source(project, labels, name, progress, layer=layer)
