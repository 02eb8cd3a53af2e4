"""Names of the entities and timelines in the Rerun scene. One entity for each track makes a click a track."""

from __future__ import annotations

import rerun as rr

FRAME_TIMELINE = "frame"
WORLD = "/world"
POINTS = "/world/points"
GROUND = "/world/ground"
HEADINGS = "/world/headings"


def track_entity(track_id: str) -> str:
    """The cuboid of a track."""
    return f"{WORLD}/tracks/{rr.escape_entity_path_part(track_id)}"


def camera_entity(camera: str) -> str:
    """A camera; its photo and the outlines in it lie below."""
    return f"{WORLD}/cameras/{rr.escape_entity_path_part(camera)}"


def image_entity(camera: str) -> str:
    """The photo."""
    return f"{camera_entity(camera)}/image"


def outlines_entity(camera: str) -> str:
    """All outlines in a photo; instance k belongs to the k-th owner."""
    return f"{camera_entity(camera)}/outlines"
