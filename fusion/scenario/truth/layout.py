"""Names inside a truth file; `docs/synthetic-worlds.md` is the same in words."""

from __future__ import annotations

FORMAT = "boxwright-truth"
VERSION = 1
SUFFIX = ".truth.h5"

SCENE = "scene"
SENSORS = "sensors"
INSTANCES = "instances"
EGO_TIMES = "ego/times_ns"
EGO_POSES = "ego/world_from_ego"
ACTORS = "actors"

POSE_RATE_HZ = 100
