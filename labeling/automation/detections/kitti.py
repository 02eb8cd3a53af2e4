"""KITTI detections: tracking text with a score in the 18th column, object text, or comma-separated rows.

Object text is one file a frame. The rows are how PointRCNN's are passed round: frame, class (1 pedestrian, 2 car,
3 cyclist), box, score, h w l, x y z, rotation_y, alpha (X. Weng et al., AB3DMOT, IROS 2020).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from calibration import RigidTransform
from calibration.errors import FormatError
from calibration.quaternion import FloatArray
from fusion.recording import Recording
from labeling.automation.detections.detected import Detected, frames_of, nothing
from labeling.formats.kitti import (
    KittiRow,
    camera_from_objects,
    camera_from_rectified,
    labelled_camera,
    parse_scored_rows,
    sample_in,
)

_CLASSES = {1: "Pedestrian", 2: "Car", 3: "Cyclist"}
_COLUMNS = 15


def read(recording: Recording, path: Path) -> Detected:
    """Raises FormatError with the number of the first line that is broken."""
    if path.is_dir():
        rows, scores = _objects(path)
    else:
        first = path.read_text(encoding="utf-8", errors="replace").lstrip().partition("\n")[0]
        rows, scores = _comma_separated(path) if "," in first else parse_scored_rows(path)
    if not rows:
        return nothing()
    camera = labelled_camera(recording)
    samples = [sample_in(recording, camera, row.frame, path) for row in rows]
    world_from_camera = RigidTransform.stack([recording.world_from_sensor(camera, index) for index in samples])
    times = recording.times_ns(camera)[samples]
    return Detected(
        frames_of(recording, times),
        times,
        tuple(row.kind for row in rows),
        world_from_camera * camera_from_rectified(recording, camera) * camera_from_objects(rows),
        np.array([row.size_hwl_m[::-1] for row in rows]),
        scores,
    )


def _objects(folder: Path) -> tuple[list[KittiRow], FloatArray]:
    """`000012.txt`: the objects of frame 12, sixteen columns."""
    rows: list[KittiRow] = []
    scores: list[float] = []
    for file in sorted(folder.glob("*.txt")):
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            words = line.split()
            if not words or words[0] == "DontCare":
                continue
            try:
                values = [float(word) for word in words[1:]]
                rows.append(_row(int(file.stem), words[0], values[3:7], values[7:10], values[10:13], values[13]))
                scores.append(values[14] if len(values) > 14 else 1.0)
            except (ValueError, IndexError) as error:
                raise FormatError(f"line {number} is not a KITTI object", where=file) from error
    return rows, np.array(scores)


def _comma_separated(path: Path) -> tuple[list[KittiRow], FloatArray]:
    rows: list[KittiRow] = []
    scores: list[float] = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            values = [float(word) for word in line.split(",")]
            if len(values) != _COLUMNS:
                raise ValueError(f"{len(values)} columns")
            kind = _CLASSES[int(values[1])]
            rows.append(_row(int(values[0]), kind, values[2:6], values[7:10], values[10:13], values[13]))
        except (ValueError, KeyError) as error:
            raise FormatError(f"line {number} is not a detection of {_COLUMNS} numbers", where=path) from error
        scores.append(values[6])
    return rows, np.array(scores)


def _row(
    frame: int, kind: str, box: list[float], size_hwl: list[float], bottom: list[float], rotation_y: float
) -> KittiRow:
    (left, top, right, below), (height, width, length), (x, y, z) = box, size_hwl, bottom
    return KittiRow(
        frame, -1, kind, 0.0, 0, 0.0, (left, top, right, below), (height, width, length), (x, y, z), rotation_y
    )
