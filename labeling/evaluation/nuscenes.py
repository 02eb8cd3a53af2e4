"""nuScenes: results of its detection and tracking tasks, and its tables as truth, in the global frame.

Sample tokens say nothing of time: the table `sample.json` must lie beside results. The classes are those of the
detection task, made of the categories as its development kit does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from calibration import quaternion
from calibration.errors import FormatError
from labeling.evaluation.sightings import UNKNOWN, Sightings

_TASK_CLASSES = {
    "movable_object.barrier": "barrier",
    "vehicle.bicycle": "bicycle",
    "vehicle.bus.bendy": "bus",
    "vehicle.bus.rigid": "bus",
    "vehicle.car": "car",
    "vehicle.construction": "construction_vehicle",
    "vehicle.motorcycle": "motorcycle",
    "human.pedestrian.adult": "pedestrian",
    "human.pedestrian.child": "pedestrian",
    "human.pedestrian.construction_worker": "pedestrian",
    "human.pedestrian.police_officer": "pedestrian",
    "movable_object.trafficcone": "traffic_cone",
    "vehicle.trailer": "trailer",
    "vehicle.truck": "truck",
}
_NS_PER_US = 1000
Row = dict[str, Any]


def read_results(path: Path) -> Sightings:
    """A file of results. Raises FormatError for anything else, and where `sample.json` is not beside it."""
    content = _json(path)
    if not isinstance(content, dict) or not isinstance(content.get("results"), dict):
        raise FormatError("not nuScenes results: there is no `results`", where=path)
    samples = _samples(path.with_name("sample.json"))
    rows = [(samples.get(token), box) for token, boxes in content["results"].items() for box in boxes]
    lost = next((token for token in content["results"] if token not in samples), None)
    if lost is not None:
        raise FormatError(f"`sample.json` has no sample {lost!r}", do="give the tables of these results", where=path)
    boxes = [box for _, box in rows]
    keys = [sample for sample, _ in rows if sample is not None]
    try:
        names = [str(_first(box, "tracking_name", "detection_name")) for box in boxes]
        scores = np.array([float(_first(box, "tracking_score", "detection_score")) for box in boxes])
        # Detections have no identity: each is one of its own.
        ids = [
            f"{scene}/{box.get('tracking_id', number)}"
            for number, ((_, scene), box) in enumerate(zip(keys, boxes, strict=True))
        ]
        away = np.array([box.get("ego_translation", [np.nan, np.nan])[:2] for box in boxes], dtype=float).reshape(-1, 2)
        points = np.array([int(box.get("num_pts", UNKNOWN)) for box in boxes], dtype=np.int64)
        return Sightings(
            np.array([stamp for stamp, _ in keys], dtype=np.int64),
            np.array(ids, dtype=np.str_),
            np.array(names, dtype=np.str_),
            _cuboids(boxes, path),
            np.hypot(away[:, 0], away[:, 1]),
            scores,
            points,
            np.full(len(boxes), "", dtype=np.str_),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise FormatError(f"a box of the results is not as the task asks: {error}", where=path) from error


def read_tables(folder: Path) -> Sightings:
    """All annotations of a version's tables that belong to a class of the task."""
    samples = _samples(folder / "sample.json")
    try:
        categories = {row["token"]: row["name"] for row in _rows(folder / "category.json")}
        kinds = {row["token"]: categories[row["category_token"]] for row in _rows(folder / "instance.json")}
        rows = [
            row for row in _rows(folder / "sample_annotation.json") if kinds[row["instance_token"]] in _TASK_CLASSES
        ]
        levels = {row["token"]: row["level"] for row in _rows(folder / "visibility.json")}
        poses = {row["token"]: row["translation"] for row in _rows(folder / "ego_pose.json")}
        egos = {
            row["sample_token"]: poses[row["ego_pose_token"]]
            for row in _rows(folder / "sample_data.json")
            if row["is_key_frame"]
        }
        cuboids = _cuboids(rows, folder)
        away = cuboids[:, :2] - np.array([egos[row["sample_token"]][:2] for row in rows], dtype=float).reshape(-1, 2)
        keys = [samples[row["sample_token"]] for row in rows]
        return Sightings(
            np.array([stamp for stamp, _ in keys], dtype=np.int64),
            np.array(
                [f"{scene}/{row['instance_token']}" for (_, scene), row in zip(keys, rows, strict=True)], dtype=np.str_
            ),
            np.array([_TASK_CLASSES[kinds[row["instance_token"]]] for row in rows], dtype=np.str_),
            cuboids,
            np.hypot(away[:, 0], away[:, 1]),
            np.ones(len(rows)),
            np.array([int(row["num_lidar_pts"]) for row in rows], dtype=np.int64),
            np.array([levels.get(row.get("visibility_token"), "") for row in rows], dtype=np.str_),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise FormatError(f"the tables do not fit each other: {error}", where=folder) from error


def _first(box: Row, *keys: str) -> Any:
    return next((box[key] for key in keys if key in box), None) or box[keys[-1]]


def _cuboids(rows: Sequence[Row], where: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(N, 7) from translation, size (width, length, height) and rotation (w, x, y, z)."""
    places = np.array([row["translation"] for row in rows], dtype=np.float64).reshape(-1, 3)
    sizes = np.array([row["size"] for row in rows], dtype=np.float64).reshape(-1, 3)[:, [1, 0, 2]]
    turns = np.array([row["rotation"] for row in rows], dtype=np.float64).reshape(-1, 4)
    yaws = quaternion.to_yaw(turns) if len(turns) else np.empty(0)
    cuboids = np.column_stack([places, sizes, yaws])
    if not np.all(np.isfinite(cuboids)) or np.any(sizes <= 0.0):
        raise FormatError("a cuboid's number is not finite or a size not positive", where=where)
    return cuboids


def _samples(path: Path) -> dict[str, tuple[int, str]]:
    """Moment (ns) and scene of every sample."""
    if not path.is_file():
        raise FormatError("nuScenes files need the table `sample.json` beside them", do="copy it there", where=path)
    try:
        return {
            str(row["token"]): (int(row["timestamp"]) * _NS_PER_US, str(row.get("scene_token", "")))
            for row in _rows(path)
        }
    except (KeyError, ValueError, TypeError) as error:
        raise FormatError(f"not nuScenes' table of samples: {error}", where=path) from error


def _rows(path: Path) -> list[Row]:
    rows = _json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FormatError("a nuScenes table is a list of objects", where=path)
    return rows


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise FormatError("there is no such table", do="complete the download", where=path) from error
    except ValueError as error:
        raise FormatError("not readable JSON", where=path) from error
