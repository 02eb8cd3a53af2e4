"""A street whose truth is exact, read once for all tests of checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from benchmarks.seeded_errors import SCENE
from fusion.scenario.language.loading import scene_of
from labeling.project import Project
from labeling.quality.case import Observed
from labeling.synthetic import simulate_into
from labeling.track import Track


@dataclass(frozen=True, slots=True)
class Street:
    """The project, its recording as checks read it, and its true tracks."""

    project: Project
    observed: Observed
    tracks: tuple[Track, ...]


@pytest.fixture(scope="session")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    project = Project.create(tmp_path_factory.mktemp("street"))
    simulate_into(project, replace(scene_of(str(SCENE)), frames=24), 0, "street")
    labels = project.labels()
    tracks = tuple(labels.tracks("street").values())
    labels.close()
    with project.recording("street") as recording:
        yield Street(project, Observed.of(recording), tracks)
