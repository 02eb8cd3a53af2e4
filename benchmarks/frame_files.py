"""A baseline of ours, not a product: an editor that stores a box per frame and rewrites the JSON file of each frame
that an edit touches, as tools of that kind save. It is called directly, without HTTP, which flatters it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from fusion.timeline import Int64Array
from labeling.track import Track

Box = dict[str, Any]


class FrameFileEditor:
    """Every frame's boxes in memory and in `FRAME.json`; saved means flushed to the disk."""

    def __init__(self, folder: Path, tracks: list[Track], frame_times_ns: Int64Array) -> None:
        self._folder = folder
        self._frames: list[list[Box]] = [[] for _ in frame_times_ns]
        for track in tracks:
            poses = track.at(frame_times_ns)
            for frame in range(len(frame_times_ns)):
                place, yaw = poses.translation[frame].tolist(), float(poses[frame].yaw_rad)
                self._frames[frame].append(_box(track, place, yaw))
        for frame in range(len(self._frames)):
            self._save(frame)

    def move(self, track: int, frame: int, shift_m: float) -> None:
        """One box of one frame."""
        self._frames[frame][track]["psr"]["position"]["x"] += shift_m
        self._save(frame)

    def resize(self, track: int, length_m: float) -> None:
        """The box of the object in every frame: there is no track to hold its one size."""
        for frame, boxes in enumerate(self._frames):
            boxes[track]["psr"]["scale"]["x"] = length_m
            self._save(frame)

    def _save(self, frame: int) -> None:
        path = self._folder / f"{frame:06d}.json"
        partial = path.with_suffix(".partial")
        with partial.open("w") as file:
            json.dump(self._frames[frame], file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)


def _box(track: Track, place: list[float], yaw: float) -> Box:
    length, width, height = track.size_m
    return {
        "obj_id": track.id,
        "obj_type": track.class_name,
        "psr": {
            "position": dict(zip("xyz", place, strict=True)),
            "rotation": {"x": 0.0, "y": 0.0, "z": yaw},
            "scale": {"x": length, "y": width, "z": height},
        },
    }
