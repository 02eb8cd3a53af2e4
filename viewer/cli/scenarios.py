"""scenario: list the shipped synthetic worlds, or make one into a recording."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from calibration.errors import UsageError
from fusion.scenario import scene_of, shipped_scenes
from fusion.scenario.language.loading import scene_schema
from labeling.project import Project
from labeling.synthetic import simulate_into
from viewer.cli.console import print_json, progress_bar, results
from viewer.cli.importing import print_imported


def list_scenarios(as_json: bool) -> None:
    """Name and purpose of every shipped scenario."""
    scenes = [scene_of(name) for name in shipped_scenes()]
    if as_json:
        print_json([{"name": s.name, "about": s.about, "exercises": s.exercises, "frames": s.frames} for s in scenes])
        return
    widest = max(len(scene.name) for scene in scenes)
    for scene in scenes:
        results.print(f"{scene.name:<{widest}}  {scene.about} ({scene.frames} frames)")


def print_schema() -> None:
    """The JSON schema of a scenario file."""
    print_json(scene_schema())


def make_scenario(
    name_or_path: str,
    folder: Path | None,
    seed: int,
    name: str | None,
    frames: int | None,
    *,
    labelled: bool,
    as_json: bool,
) -> None:
    """Simulate a scenario into a project: its recording, its exact tracks, and its truth beside them."""
    if folder is None:
        raise UsageError("a recording belongs into a project", do="say which folder with --out")
    scene = scene_of(name_or_path)
    if frames is not None:
        scene = replace(scene, frames=frames)
    with progress_bar("simulating") as progress:
        imported = simulate_into(Project.create(folder), scene, seed, name, labelled=labelled, progress=progress)
    if as_json:
        print_json(asdict(imported))
        return
    print_imported(imported)
