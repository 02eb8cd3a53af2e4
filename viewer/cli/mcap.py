"""mcap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration import RigidTransform
from calibration.errors import UsageError
from fusion import CuboidTable
from fusion.recording import Recording
from fusion.timeline import Int64Array, Timeline
from labeling.frame_labels import FrameLabels, frame_labels
from labeling.frame_times import FrameTimes
from labeling.project import Project
from labeling.track import PresenceKind, Track
from viewer.cli.console import print_json, progress_bar, results

_SUFFIX = ".mcap"


def mcap(folder: Path, name: str, out: Path, compression: str, labelled: bool, as_json: bool) -> None:
    """Write a recording, and its cuboids frame by frame, as one MCAP file."""
    from fusion.writers.mcap import write_mcap  # ROS's message types take a moment to load

    if out.suffix != _SUFFIX:
        raise UsageError("an MCAP file is called *.mcap", do=f"choose another --out than {out.name}", where=out)
    project = Project.open(folder)
    labels = project.labels()
    try:
        with project.recording(name) as recording, progress_bar("writing") as progress:
            table = frame_cuboids(recording, labels.tracks(name)) if labelled else None
            count = write_mcap(recording, out, cuboids=table, compression=compression, progress=progress)
    finally:
        labels.close()
    cuboids = 0 if table is None else len(table)
    if as_json:
        print_json({"out": str(out), "messages": count, "cuboids": cuboids, "bytes": out.stat().st_size})
        return
    results.print(f"{out}: {count} messages, {cuboids} cuboids, {out.stat().st_size / 1e6:.1f} MB")


def frame_cuboids(recording: Recording, tracks: Mapping[str, Track]) -> CuboidTable | None:
    """Every knot, and what frames without a knot show of the tracks, with attributes and states at that moment.

    None where there is nothing to show.
    """
    every = range(len(recording.frames))
    shown = frame_labels(recording, FrameTimes(recording), tracks, every, with_outlines=False)
    middles = np.array([recording.frame_middle_ns(frame) for frame in every], dtype=np.int64)
    rows = [row for track in tracks.values() for row in _knot_rows(track, middles)]
    taken = {(row.track.id, row.frame) for row in rows}
    rows += [row for labels in shown for row in _shown_rows(labels, tracks) if (row.track.id, row.frame) not in taken]
    if not rows:
        return None
    return CuboidTable(
        track_ids=tuple(row.track.id for row in rows),
        classes=tuple(row.track.class_name for row in rows),
        times_ns=np.array([row.time_ns for row in rows], dtype=np.int64),
        frames=np.array([row.frame for row in rows], dtype=np.int64),
        world_from_object=RigidTransform.stack([row.world_from_object for row in rows]),
        sizes_m=np.array([row.track.size_m for row in rows]),
        attributes=tuple(_attributes(row) for row in rows),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    track: Track
    frame: int
    time_ns: int
    world_from_object: RigidTransform


def _knot_rows(track: Track, middles_ns: Int64Array) -> list[_Row]:
    return [
        _Row(track, frame, knot.time_ns, knot.world_from_object)
        for knot, frame in zip(track.knots, knot_frames(track.times_ns, middles_ns), strict=True)
        if track.presence_at(knot.time_ns) is not PresenceKind.ABSENT
    ]


def knot_frames(times_ns: Int64Array, middles_ns: Int64Array) -> list[int]:
    """The frame of each knot: the nearest, but where that is two knots' the earlier one goes back if it can.

    A thing that the beam passes where a sweep ends and the next begins has its knots now on one side, now on the other.
    """
    frames = Timeline(middles_ns).nearest(times_ns).tolist()
    for index in range(len(frames) - 1):
        before = frames[index - 1] if index else -1
        if frames[index] == frames[index + 1] and before < frames[index] - 1:
            frames[index] -= 1
    return [int(frame) for frame in frames]


def _shown_rows(labels: FrameLabels, tracks: Mapping[str, Track]) -> list[_Row]:
    times = labels.times_ns.tolist()
    return [
        _Row(tracks[track_id], labels.frame, time_ns, labels.world_from_object[row])
        for row, (track_id, time_ns) in enumerate(zip(labels.track_ids, times, strict=True))
    ]


def _attributes(row: _Row) -> dict[str, str]:
    """`visibility` comes back as presence."""
    states = {each.name: each.value for each in row.track.states if each.start_ns <= row.time_ns <= each.end_ns}
    visibility = {"visibility": str(row.track.presence_at(row.time_ns))}
    return dict(row.track.attributes) | states | visibility
