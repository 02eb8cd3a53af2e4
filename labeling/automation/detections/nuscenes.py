"""nuScenes results: a JSON of `results` by sample token, in the global frame; size is width, length, height.

Tokens say nothing of time: `sample.json` of the tables must lie beside the results (nuScenes detection and tracking
tasks, format of submissions).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from calibration import RigidTransform
from calibration.errors import FormatError
from fusion.recording import Recording
from labeling.automation.detections.detected import Detected, frames_of, middles_ns, nothing

_SCORES, _NAMES = ("detection_score", "tracking_score"), ("detection_name", "tracking_name")


def read(recording: Recording, path: Path) -> Detected:
    """Those of the recording's samples. Raises FormatError for what is no results file."""
    results = _json(path)
    if not isinstance(results, dict) or not isinstance(results.get("results"), dict):
        raise FormatError("not nuScenes results: there is no `results`", where=path)
    tables = path.with_name("sample.json")
    if not tables.is_file():
        raise FormatError("nuScenes results need the table `sample.json` beside them", do="copy it there", where=path)
    stamps = {str(row["token"]): int(row["timestamp"]) * 1000 for row in _json(tables)}
    middles, period = middles_ns(recording), max(recording.frames.period_ns, 1)
    rows: list[dict[str, Any]] = []
    times: list[int] = []
    for token, boxes in results["results"].items():
        stamp = stamps.get(token)
        if stamp is None or not middles[0] - period <= stamp <= middles[-1] + period:
            continue
        rows += boxes
        times += [stamp] * len(boxes)
    if not rows:
        return nothing()
    try:
        poses = RigidTransform(
            np.array([row["rotation"] for row in rows], dtype=np.float64),
            np.array([row["translation"] for row in rows], dtype=np.float64),
        )
        sizes = np.array([row["size"] for row in rows], dtype=np.float64)[:, [1, 0, 2]]
        names = tuple(str(next(row[key] for key in _NAMES if key in row)) for row in rows)
        scores = np.array([float(next(row[key] for key in _SCORES if key in row)) for row in rows])
    except (KeyError, ValueError, TypeError, IndexError, StopIteration) as error:
        raise FormatError(
            "a box of the results lacks translation, size, rotation, name or score", where=path
        ) from error
    stamped = np.array(times, dtype=np.int64)
    return Detected(frames_of(recording, stamped), stamped, names, poses, sizes, scores)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise FormatError("not readable JSON", where=path) from error
