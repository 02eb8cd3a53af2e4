"""Cubes of scene updates as labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from calibration import RigidTransform
from fusion.cuboid_table import CuboidTable
from fusion.readers.ros.frames import Frames
from fusion.readers.ros.log import DamageError, Log
from fusion.readers.ros.motion import Motion
from fusion.readers.ros.survey import SceneLog
from fusion.readers.ros.values import Box, Scene, pose_transform, usable_pose
from fusion.timeline import Int64Array, Timeline

FRAME_FACT = "boxwright.frame"
CLASS_FACT = "class"

_CLASS_FACTS = (CLASS_FACT, "label", "category", "category_name", "type", "name", "classification")
_UNKNOWN_CLASS = "object"
_VISIBILITY, _VISIBILITIES = "visibility", ("observed", "occluded")


def cuboid_table(
    log: Log, scenes: dict[str, SceneLog], frames: Frames, motion: Motion, frame_times_ns: Int64Array
) -> CuboidTable | None:
    """One row for each cube and time, None where there are none. The first row of an object and a time counts."""
    rows: dict[tuple[str, int], tuple[Box, RigidTransform]] = {}
    for scene in scenes.values():
        for time_ns, box in _boxes(log, scene):
            placed = _in_world(box, time_ns, frames, motion)
            if placed is not None:
                rows.setdefault((box.name, time_ns), (box, placed))
    if not rows:
        return None
    times = np.array([time_ns for _, time_ns in rows], dtype=np.int64)
    boxes = [box for box, _ in rows.values()]
    nearest = Timeline(frame_times_ns).nearest(times)
    return CuboidTable(
        track_ids=tuple(box.name for box in boxes),
        classes=tuple(_class_of(box) for box in boxes),
        times_ns=times,
        frames=np.array(
            [_frame_of(box, int(near), len(frame_times_ns)) for box, near in zip(boxes, nearest, strict=True)],
            dtype=np.int64,
        ),
        world_from_object=RigidTransform.stack([placed for _, placed in rows.values()]),
        sizes_m=np.stack([box.size_m for box in boxes]),
        attributes=tuple(_attributes(box) for box in boxes),
    )


def _boxes(log: Log, scene: SceneLog) -> Iterator[tuple[int, Box]]:
    for index, log_ns in enumerate(scene.track.log_ns):
        try:
            value = scene.decode(log.fetch(scene.track.place(index)))
        except DamageError:
            continue  # the survey has counted it
        if isinstance(value, Scene):
            for box in value.boxes:
                if usable_pose(box.pose) and np.isfinite(box.size_m).all() and (box.size_m > 0).all():
                    yield box.stamp_ns or int(log_ns), box


def _in_world(box: Box, time_ns: int, frames: Frames, motion: Motion) -> RigidTransform | None:
    """`world_from_object`, None where the log does not say where the cube's frame is."""
    frame_from_object = pose_transform(box.pose)
    times = np.array([time_ns], dtype=np.int64)
    if box.frame_id in ("", motion.world_frame):
        placed = frame_from_object
    elif motion.world_frame and frames.connected(motion.world_frame, box.frame_id):
        placed = frames.target_from_source(motion.world_frame, box.frame_id, times)[0] * frame_from_object
    elif box.frame_id == motion.ego_frame or frames.connected(motion.ego_frame, box.frame_id):
        mounted = frames.target_from_source(motion.ego_frame, box.frame_id, times)[0]
        return motion.ego_motion.at(time_ns) * mounted * frame_from_object
    else:
        return None
    return RigidTransform(placed.rotation, placed.translation - motion.origin_m)


def _class_of(box: Box) -> str:
    facts = dict(box.facts)
    return next((facts[name] for name in _CLASS_FACTS if facts.get(name)), _UNKNOWN_CLASS)


def _attributes(box: Box) -> dict[str, str]:
    facts = {key: value for key, value in box.facts if key != FRAME_FACT and key not in _CLASS_FACTS and value}
    if facts.get(_VISIBILITY, _VISIBILITIES[0]) not in _VISIBILITIES:  # somebody else's word for something else
        facts["visibility_level"] = facts.pop(_VISIBILITY)
    return facts


def _frame_of(box: Box, nearest: int, count: int) -> int:
    told = dict(box.facts).get(FRAME_FACT, "")
    return int(told) if told.isdecimal() and len(told) < 10 and int(told) < count else nearest
