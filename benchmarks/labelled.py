"""Labelled recordings to measure on: any folder that Boxwright can import, or a recording file of a project."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.report import MissingPeerError
from calibration import SensorKind
from calibration.errors import InputError
from fusion.readers import read_source
from fusion.recording import Recording, RecordingSource, layout
from labeling.importing import import_source
from labeling.ontology import Ontology
from labeling.project import Project
from labeling.track import Track

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A recording and what people say is in it."""

    name: str
    recording: Recording
    tracks: tuple[Track, ...]
    ontology: Ontology


def shared_sources() -> list[Path]:
    """PandaSet, Argoverse 2 and SUSTechPOINTS, where they lie. Raises MissingPeerError if none does."""
    logs = [
        SHARED / "pandaset" / "002",
        *sorted((SHARED / "argoverse2").glob("*-*")),
        SHARED / "sustechpoints" / "example",
    ]
    found = [each for each in logs if each.is_dir()]
    if not found:
        raise MissingPeerError("the shared recordings are not there", do="name one with --source", where=SHARED)
    return found


@contextmanager
def labelled(path: Path) -> Iterator[Labelled]:
    """Open it; a folder is imported without its photos. Raises FormatError for what nobody reads, InputError where
    there are no labels or no LiDAR."""
    with tempfile.TemporaryDirectory() as folder:
        project, name = _project(path, Path(folder))
        labels = project.labels()
        try:
            tracks = tuple(labels.tracks(name).values())
        finally:
            labels.close()
        with project.recording(name) as recording:
            if not tracks or not recording.lidars():
                raise InputError("no labels, or no LiDAR", do="name a labelled recording", where=path)
            yield Labelled(path.name, recording, tracks, project.ontology())


def _project(path: Path, folder: Path) -> tuple[Project, str]:
    if path.suffix == layout.SUFFIX and path.is_file() and path.parent.name == "recordings":
        return Project.open(path.parent.parent), path.name.removesuffix(layout.SUFFIX)
    source = read_source(path)
    streams = tuple(each for each in source.streams if _kept(source, each.sensor))
    project = Project.create(folder / "project")
    return project, import_source(project, replace(source, streams=streams), "measured").name


def _kept(source: RecordingSource, sensor: str) -> bool:
    return source.rig[sensor].kind is SensorKind.LIDAR or sensor == source.reference
