"""fit, prelabel."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from calibration.errors import UsageError
from fusion.recording import Recording
from labeling.automation.class_priors import class_prior
from labeling.automation.one_click import Click, CuboidFit, PointClick, Sights, fit_cuboid, pixel_click, priors_of
from labeling.automation.prelabel import Added, Prelabelled, add_prelabels
from labeling.automation.prelabel import prelabel as find_tracks
from labeling.editing.edits import CreateTrack
from labeling.ontology import Ontology
from labeling.project import Project
from labeling.track import Knot, Maker, Presence
from labeling.track_record import TrackRecord
from viewer.cli.console import print_json, progress_bar, results

_ACTOR = "fit"


def fit(
    folder: Path,
    name: str,
    frame: int,
    point: tuple[float, float, float] | None,
    pixel: tuple[str, float, float] | None,
    class_name: str | None,
    *,
    add: bool,
    alone: bool,
    as_json: bool,
) -> None:
    """One click from the command line."""
    project = Project.open(folder)
    ontology = project.ontology()
    with project.recording(name) as recording, progress_bar("reading") as progress:
        click = _click(recording, frame, point, pixel)
        priors = priors_of(ontology) if class_name is None else (class_prior(class_name),)
        found = fit_cuboid(Sights(recording), frame, click, priors=priors, neighbours=not alone)
        progress(1, 1)
    named = class_name or _name_of(found.kind, ontology)
    track_id = _added(project, name, found, named) if add else None
    if as_json:
        print_json(_record(found, named) | ({"track_id": track_id} if track_id else {}))
    else:
        _print(found, named, track_id)


def prelabel(folder: Path, name: str, least_confidence: float | None, *, dry_run: bool, as_json: bool) -> None:
    """Tracks of everything that is found; those that stand where a track is already are left out."""
    project = Project.open(folder)
    with project.recording(name) as recording, progress_bar("looking") as progress:
        proposals = find_tracks(recording, project.ontology(), least_confidence=least_confidence, progress=progress)
    if not dry_run:
        labels = project.labels()
        try:
            done = add_prelabels(labels, name, proposals)
        finally:
            labels.close()
    else:
        done = Added(tuple(proposals), 0)
    if as_json:
        tracks = [_row(each) for each in done.added]
        print_json({"recording": name, "added": not dry_run, "tracks": tracks, "known": done.known})
        return
    moving = sum(each.moves for each in done.added)
    verb = "would be added" if dry_run else "added"
    results.print(f"{name}: {len(done.added)} tracks {verb}, {moving} move; {done.known} were there already")
    for kind, count in Counter(each.track.class_name for each in done.added).most_common():
        results.print(f"  {count} {kind}")


def _row(each: Prelabelled) -> dict[str, Any]:
    track = each.track
    return {
        "id": track.id,
        "class": track.class_name,
        "confidence": each.confidence,
        "moves": each.moves,
        "knots": len(track),
        "size_m": list(track.size_m),
    }


def _click(
    recording: Recording,
    frame: int,
    point: tuple[float, float, float] | None,
    pixel: tuple[str, float, float] | None,
) -> Click:
    if (point is None) == (pixel is None):
        raise UsageError("say where: with --point or with --pixel", do="for example --point 12.0 -3.5 1.0")
    if not 0 <= frame < len(recording.frames):
        raise UsageError(f"there is no frame {frame}", do=f"0 to {len(recording.frames) - 1}", where=recording.path)
    if point is not None:
        return PointClick(np.array(point))
    assert pixel is not None
    camera, u, v = pixel
    index = recording.sample_of(camera, frame) if camera in recording.cameras() else None
    if index is None:
        known = ", ".join(recording.cameras()) or "none"
        raise UsageError(f"no photo of {camera!r} in frame {frame}", do=f"cameras: {known}", where=recording.path)
    return pixel_click(recording, camera, index, (u, v))


def _name_of(kind: str, ontology: Ontology) -> str:
    """The ontology's own name for a kind of thing."""
    return next((name for name in ontology.names if class_prior(name).kind == kind), kind)


def _added(project: Project, name: str, found: CuboidFit, class_name: str) -> str:
    """A track with one knot, made by the solver: no person has looked at it."""
    length, width, height = found.cuboid.size_m.tolist()
    knot = Knot.of(found.time_ns, found.cuboid.world_from_object, Maker.SOLVER)
    track_id = uuid4().hex
    record = TrackRecord(
        track_id, class_name, (length, width, height), (knot,), (Presence(found.time_ns, found.time_ns),)
    )
    labels = project.labels()
    try:
        labels.apply_edit(name, CreateTrack(record), actor=_ACTOR)
    finally:
        labels.close()
    return track_id


def _record(found: CuboidFit, class_name: str) -> dict[str, Any]:
    pose, sigmas = found.cuboid.world_from_object, found.sigmas
    return {
        "frame": found.frame,
        "time_ns": str(found.time_ns),
        "class": class_name,
        "classes": dict(found.classes),
        "position_m": pose.translation.tolist(),
        "yaw_rad": float(pose.yaw_rad),
        "size_m": found.cuboid.size_m.tolist(),
        "confidence": found.confidence,
        "heading_known": found.heading_known,
        "velocity_mps": found.motion.velocity_mps.tolist() if found.motion.known else None,
        "sigma_m": {"along": sigmas.along_m, "across": sigmas.across_m, "up": sigmas.up_m},
        "sigma_size_m": [sigmas.length_m, sigmas.width_m, sigmas.height_m],
        "sigma_yaw_rad": sigmas.yaw_rad,
        "frames": list(found.frames),
        "points": found.points,
    }


def _print(found: CuboidFit, class_name: str, track_id: str | None) -> None:
    x, y, z = found.cuboid.world_from_object.translation
    length, width, height = found.cuboid.size_m
    sigmas = found.sigmas
    facing = "" if found.heading_known else " (or the opposite)"
    results.print(f"{class_name}, sure to {found.confidence:.0%}, from {found.points} points")
    results.print(f"  at {x:.2f} {y:.2f} {z:.2f} m, +- {sigmas.along_m:.2f} along, {sigmas.across_m:.2f} across")
    results.print(f"  heading {np.rad2deg(found.cuboid.world_from_object.yaw_rad):.1f} degrees{facing}")
    results.print(f"  {length:.2f} x {width:.2f} x {height:.2f} m, +- {sigmas.length_m:.2f} {sigmas.width_m:.2f}")
    if found.motion.known:
        results.print(
            f"  {'moves at' if found.motion.moves else 'stands,'} {np.hypot(*found.motion.velocity_mps):.1f} m/s"
        )
    if track_id is not None:
        results.print(f"  added as track {track_id}")
