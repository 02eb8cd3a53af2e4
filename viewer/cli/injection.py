"""inject."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from fusion.scenario.injection.spec import read_injection
from labeling.injecting import InjectedRecording, inject_into
from labeling.project import Project
from viewer.cli.console import print_json, progress_bar, results


def inject(folder: Path, name: str, spec: Path, new_name: str, seed: int, as_json: bool) -> None:
    """Copy a recording with the actors of a spec in it."""
    wanted = read_injection(spec)
    project = Project.open(folder)
    with progress_bar("injecting") as progress:
        injected = inject_into(project, name, wanted, new_name, seed, progress=progress)
    if as_json:
        print_json(asdict(injected))
    else:
        _print(injected)


def _print(injected: InjectedRecording) -> None:
    changed = ", ".join(f"{count} {sensor}" for sensor, count in injected.changed.items() if count)
    results.print(f"recording {injected.name}: {injected.frames} frames, {injected.tracks} tracks")
    results.print(f"samples that changed: {changed or 'none'}")
    for actor in injected.actors:
        seen = f"{actor.points} rays and {actor.pixels} pixels on it, a track of {actor.frames} frames"
        results.print(f"  {actor.name} ({actor.class_name}): {seen}")
    for note in injected.notes:
        results.print(f"  {note}")
