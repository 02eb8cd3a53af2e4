"""Put synthetic actors into a recording of a project: a copy of it with them in, its labels and theirs, their truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from calibration.errors import UsageError
from fusion.progress import Progress, silent
from fusion.recording import Recording, RecordingSource, write_recording
from fusion.scenario.injection.real_objects import RealObject
from fusion.scenario.injection.spec import InjectionSpec
from fusion.scenario.world import Actor
from labeling.editing.service import LabelService
from labeling.from_table import extended_ontology, tracks_from_table
from labeling.importing import add_tracks
from labeling.project import Project
from labeling.track import Track

_MOVING_MPS = 0.3


@dataclass(frozen=True, slots=True)
class InjectedActor:
    """frames: in how many its track is; points, pixels: on it over all sweeps and over all photos."""

    name: str
    track_id: str
    class_name: str
    frames: int
    points: int
    pixels: int


@dataclass(frozen=True, slots=True)
class InjectedRecording:
    """What was made. changed: by sensor, how many samples show an actor. tracks: all of them, with the actors'."""

    name: str
    frames: int
    changed: dict[str, int]
    tracks: int
    actors: tuple[InjectedActor, ...]
    notes: tuple[str, ...]


def inject_into(
    project: Project,
    name: str,
    spec: InjectionSpec,
    new_name: str,
    seed: int = 0,
    *,
    progress: Progress = silent,
) -> InjectedRecording:
    """Copy a recording with its labels to `new_name`, with the actors in it. All of it or nothing.

    Raises RecordingError if there is no recording of that name, UsageError if the new one is taken or an actor has the
    identity of a track, InputError for actors that cannot be built or go where no LiDAR measured the ground.
    """
    # Not above: they ask for open3d and OpenCV, which labelling does without.
    from fusion.scenario.injection.injector import Injector
    from fusion.scenario.truth.writer import TruthWriter

    labels = project.labels()
    try:
        if project.recording_path(new_name).exists() or labels.count(new_name):
            raise UsageError(
                f"there is a recording, or labels, {new_name!r} already", do="choose another name", where=project.root
            )
        with project.recording(name) as recording:
            tracks = list(labels.tracks(name).values())
            injector = Injector(recording, spec, seed, real_objects(tracks))
            _check_identities(injector.actors, tracks)
            with _undone_on_failure(project, new_name):
                with TruthWriter(project.truth_path(new_name)) as truth:
                    source = injector.source(truth)
                    write_recording(source, project.recording_path(new_name), progress=progress)
                    new = _new_tracks(source)
                    made = _made(recording, injector.actors, new, truth.seen)
                _store(project, labels, new_name, [*tracks, *new])
    finally:
        labels.close()
    changed = {sensor: injector.changed[sensor] for sensor in recording.streams}
    notes = _notes(made)
    return InjectedRecording(new_name, len(recording.frames), changed, len(tracks) + len(new), made, notes)


def real_objects(tracks: Iterable[Track]) -> list[RealObject]:
    """The labelled things of a recording."""
    return [
        RealObject(
            track.size_m,
            track.at,
            track.presence[0].start_ns,
            track.presence[-1].end_ns,
            moves=track.speed_mps() > _MOVING_MPS,
        )
        for track in tracks
        if track.presence
    ]


def _check_identities(actors: Iterable[Actor], tracks: Iterable[Track]) -> None:
    taken = {track.id for track in tracks}
    for actor in actors:
        if actor.track_id in taken:
            raise UsageError(
                "there is a track of that injected actor already", do="name it otherwise", where=actor.name
            )


@contextmanager
def _undone_on_failure(project: Project, name: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        project.recording_path(name).unlink(missing_ok=True)
        project.truth_path(name).unlink(missing_ok=True)
        raise


def _new_tracks(source: RecordingSource) -> list[Track]:
    table = source.cuboids()
    return [] if table is None else tracks_from_table(table)


def _store(project: Project, labels: LabelService, name: str, tracks: list[Track]) -> None:
    in_use = any(labels.count(each) for each in project.recording_names())
    project.save_ontology(extended_ontology(project.ontology(), tracks, in_use=in_use))
    # Last, for only this cannot be taken away again: before it there is nothing, after it everything.
    add_tracks(labels, name, tracks)


def _made(
    recording: Recording,
    actors: tuple[Actor, ...],
    tracks: list[Track],
    seen: dict[str, np.ndarray],
) -> tuple[InjectedActor, ...]:
    knots = {track.id: len(track) for track in tracks}
    points, pixels = np.zeros(len(actors), dtype=np.int64), np.zeros(len(actors), dtype=np.int64)
    for sensor, counts in seen.items():
        total = points if sensor in recording.lidars() else pixels
        total += counts.sum(axis=0)
    return tuple(
        InjectedActor(
            actor.name, actor.track_id, actor.class_name, knots.get(actor.track_id, 0), int(points[at]), int(pixels[at])
        )
        for at, actor in enumerate(actors)
    )


def _notes(made: tuple[InjectedActor, ...]) -> tuple[str, ...]:
    return tuple(f"no sensor ever sees {each.name}: it has no track" for each in made if each.frames == 0)
