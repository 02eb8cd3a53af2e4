"""mcap."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from calibration import RigidTransform
from calibration.errors import UsageError
from fusion import CuboidTable
from fusion.recording import Recording
from labeling.frame_labels import FrameLabels, frame_labels
from labeling.frame_times import FrameTimes
from labeling.project import Project
from labeling.track import Track
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
    """What the frames show of the tracks, with their attributes and states at that moment; None without tracks."""
    shown = frame_labels(recording, FrameTimes(recording), tracks, range(len(recording.frames)), with_outlines=False)
    shown = [labels for labels in shown if labels.track_ids]
    if not shown:
        return None
    ids = [track_id for labels in shown for track_id in labels.track_ids]
    return CuboidTable(
        track_ids=tuple(ids),
        classes=tuple(tracks[track_id].class_name for track_id in ids),
        times_ns=np.concatenate([labels.times_ns for labels in shown]),
        frames=np.concatenate([np.full(len(labels.track_ids), labels.frame, dtype=np.int64) for labels in shown]),
        world_from_object=RigidTransform(
            np.concatenate([labels.world_from_object.rotation for labels in shown]),
            np.concatenate([labels.world_from_object.translation for labels in shown]),
        ),
        sizes_m=np.concatenate([labels.sizes_m for labels in shown]),
        attributes=tuple(each for labels in shown for each in _attributes(labels, tracks)),
    )


def _attributes(labels: FrameLabels, tracks: Mapping[str, Track]) -> list[dict[str, str]]:
    rows = []
    for track_id, kind, time_ns in zip(labels.track_ids, labels.presence, labels.times_ns.tolist(), strict=True):
        track = tracks[track_id]
        states = {each.name: each.value for each in track.states if each.start_ns <= time_ns <= each.end_ns}
        rows.append(dict(track.attributes) | states | {"visibility": str(kind)})
    return rows
