"""ASAM OpenLABEL 1.0: cuboids of its frames. Their numbers are the recording's frames; `val` is x, y, z, a quaternion
x, y, z, w or three angles, and the size along x, y, z; the score is a number attribute `score` or `confidence`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from calibration import RigidTransform
from calibration.errors import FormatError
from fusion.recording import Recording
from labeling.automation.detections.detected import Detected, frames_of, middles_ns, nothing

_WORLD = frozenset({"world", "odom", "map", "scene", ""})
_EGO = frozenset({"ego", "base_link", "vehicle", "vehicle-iso8855"})
_SCORES = ("score", "confidence")


def read(recording: Recording, path: Path) -> Detected:
    """Raises FormatError where the file does not follow the format."""
    try:
        root = json.loads(path.read_bytes())["openlabel"]
        rows = list(_cuboids(root))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"not an OpenLABEL file: {error}", where=path) from error
    if not rows:
        return nothing()
    middles = middles_ns(recording)
    if max(row[0] for row in rows) >= len(middles) or min(row[0] for row in rows) < 0:
        raise FormatError("it has frames that the recording has not", do=f"0 to {len(middles) - 1}", where=path)
    times = middles[[row[0] for row in rows]]
    sensors = {sensor.name: sensor.ego_from_sensor for sensor in recording.rig}
    poses, sizes = [], []
    for (_, _, cuboid), time_ns in zip(rows, times.tolist(), strict=True):
        pose, size = _pose(cuboid, path)
        system = str(cuboid.get("coordinate_system", ""))
        if system not in _WORLD:
            if system not in _EGO and system not in sensors:
                raise FormatError(f"there is no coordinate system {system!r}", do="name a sensor or `ego`", where=path)
            mounted = sensors.get(system, RigidTransform.identity())
            pose = recording.ego_motion.at(time_ns) * mounted * pose
        poses.append(pose)
        sizes.append(size)
    return Detected(
        frames_of(recording, times),
        times,
        tuple(row[1] for row in rows),
        RigidTransform.stack(poses),
        np.array(sizes, dtype=np.float64),
        np.array([_score(row[2]) for row in rows]),
    )


def _cuboids(root: dict[str, Any]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Frame, class and cuboid, all through the frames."""
    named = {str(key): str(each["type"]) for key, each in root.get("objects", {}).items()}
    for frame, content in root.get("frames", {}).items():
        for key, each in content.get("objects", {}).items():
            for cuboid in each["object_data"].get("cuboid", []):
                yield int(frame), named[str(key)], cuboid


def _pose(cuboid: dict[str, Any], path: Path) -> tuple[RigidTransform, list[float]]:
    values = [float(each) for each in cuboid.get("val") or []]
    if len(values) == 10:
        x, y, z, w = values[3:7]
        return RigidTransform(np.array([w, x, y, z]), np.array(values[:3])), values[7:]
    if len(values) == 9:
        x, y, z, w = Rotation.from_euler("xyz", values[3:6]).as_quat().tolist()
        return RigidTransform(np.array([w, x, y, z]), np.array(values[:3])), values[6:]
    raise FormatError(f"a cuboid has {len(values)} values", do="9 (angles) or 10 (quaternion)", where=path)


def _score(cuboid: dict[str, Any]) -> float:
    numbers = cuboid.get("attributes", {}).get("num", [])
    return next((float(each["val"]) for each in numbers if each.get("name") in _SCORES), 1.0)
