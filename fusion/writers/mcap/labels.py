"""Cuboids as Foxglove's SceneUpdate in JSON: one message for each frame, one entity with one cube for each object."""

from __future__ import annotations

import colorsys
import json
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from fusion.cuboid_table import CuboidTable
from fusion.readers.ros.scenes import CLASS_FACT, FRAME_FACT
from fusion.timeline import Int64Array

SCHEMA_NAME = "foxglove.SceneUpdate"
_OPACITY = 0.35


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


_NUMBER, _TEXT, _WHOLE = {"type": "number"}, {"type": "string"}, {"type": "integer"}
_TIME = _object(sec=_WHOLE, nsec=_WHOLE)
_XYZ = _object(x=_NUMBER, y=_NUMBER, z=_NUMBER)
_POSE = _object(position=_XYZ, orientation=_object(x=_NUMBER, y=_NUMBER, z=_NUMBER, w=_NUMBER))
_COLOR = _object(r=_NUMBER, g=_NUMBER, b=_NUMBER, a=_NUMBER)
_EMPTY = ("arrows", "spheres", "cylinders", "lines", "triangles", "texts", "models")
_ENTITY = _object(
    timestamp=_TIME,
    frame_id=_TEXT,
    id=_TEXT,
    lifetime=_TIME,
    frame_locked={"type": "boolean"},
    metadata=_list(_object(key=_TEXT, value=_TEXT)),
    cubes=_list(_object(pose=_POSE, size=_XYZ, color=_COLOR)),
    **{name: _list({"type": "object"}) for name in _EMPTY},
)
_DELETION = _object(timestamp=_TIME, type=_WHOLE, id=_TEXT)


def schema() -> bytes:
    """JSON schema of the messages: the part of Foxglove's that is used."""
    whole = {"title": SCHEMA_NAME} | _object(deletions=_list(_DELETION), entities=_list(_ENTITY))
    return json.dumps(whole).encode()


def scene_updates(table: CuboidTable, frame_times_ns: Int64Array, world_frame: str) -> Iterator[tuple[int, bytes]]:
    """Time and message of each frame with labels. A row without a time of its own has that of its frame."""
    times = frame_times_ns[table.frames] if table.times_ns is None else table.times_ns
    period = int(np.median(np.diff(frame_times_ns))) if len(frame_times_ns) > 1 else 100_000_000
    for frame in np.unique(table.frames):
        rows = np.flatnonzero(table.frames == frame)
        entities = [_entity(table, row, int(times[row]), int(frame), period, world_frame) for row in rows.tolist()]
        yield int(frame_times_ns[frame]), json.dumps({"deletions": [], "entities": entities}).encode()


def _entity(
    table: CuboidTable, row: int, time_ns: int, frame: int, lifetime_ns: int, world_frame: str
) -> dict[str, Any]:
    facts = {CLASS_FACT: table.classes[row], FRAME_FACT: str(frame)} | table.attributes[row]
    x, y, z = table.world_from_object.translation[row].tolist()
    qw, qx, qy, qz = table.world_from_object.rotation[row].tolist()
    length, width, height = table.sizes_m[row].tolist()
    cube = {
        "pose": {"position": {"x": x, "y": y, "z": z}, "orientation": {"x": qx, "y": qy, "z": qz, "w": qw}},
        "size": {"x": length, "y": width, "z": height},
        "color": _color(table.classes[row]),
    }
    return {
        "timestamp": _time(time_ns),
        "frame_id": world_frame,
        "id": table.track_ids[row],
        "lifetime": _time(lifetime_ns),
        "frame_locked": False,
        "metadata": [{"key": key, "value": value} for key, value in facts.items()],
        "cubes": [cube],
        **{name: [] for name in _EMPTY},
    }


def _time(time_ns: int) -> dict[str, int]:
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return {"sec": seconds, "nsec": rest}


def _color(class_name: str) -> dict[str, float]:
    """One hue for each class, the same in every file."""
    hue = zlib.crc32(class_name.encode()) % 360 / 360
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.8, 1.0)
    return {"r": red, "g": green, "b": blue, "a": _OPACITY}
