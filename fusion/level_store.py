"""Thinned clouds kept beside the recordings, in the project's `cache` folder, which may be deleted at any time."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from fusion.cloud import Cloud
from fusion.recording import Recording

_RECORDINGS, _CACHE = "recordings", "cache"


def read_level(recording: Recording, frame: int, budget: int) -> Cloud | None:
    """The frame thinned to the budget, if it was kept and the recording has not changed since."""
    path = _path(recording, frame, budget)
    if path is None or not path.is_file():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            counts = tuple(kept["counts"].tolist())
            return Cloud(kept["planes"].T, kept["intensity"], kept["times_ns"], tuple(kept["sources"].tolist()), counts)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None  # cut short by a crash, or foreign: it is made again


def keep_level(recording: Recording, frame: int, budget: int, cloud: Cloud) -> None:
    """Keep a thinned frame; a disk that is full or read-only costs time later, and nothing else."""
    path = _path(recording, frame, budget)
    if path is None:
        return
    partial = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    columns = {"planes": np.ascontiguousarray(cloud.points_in_world.T), "intensity": cloud.intensity}
    labels = {"times_ns": cloud.times_ns, "sources": np.array(cloud.sources, dtype=np.str_), "counts": cloud.counts}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            np.savez(file, **columns, **labels)  # type: ignore[arg-type]
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)


def _path(recording: Recording, frame: int, budget: int) -> Path | None:
    """None for a recording outside of a project. A recording that is written anew has another time or size;
    another rig moves points."""
    folder = recording.path.parent
    if folder.name != _RECORDINGS or not recording.path.is_file():
        return None
    state = recording.path.stat()
    name = (
        f"{recording.name}-{state.st_size:x}-{state.st_mtime_ns:x}{recording.rig_digest and '-'}{recording.rig_digest}"
    )
    return folder.parent / _CACHE / name / f"{frame:06d}-{budget}.npz"
