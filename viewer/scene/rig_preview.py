"""What a correction of a camera would do: outlines and LiDAR points in its photo, as they are and as they would be."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import rerun as rr

from fusion.cloud import Cloud
from fusion.recording import Recording
from labeling.frame_labels import frame_labels
from labeling.frame_times import FrameTimes
from labeling.track import Track
from viewer.scene.entities import camera_entity
from viewer.scene.stream import SceneStream

_BEFORE, _AFTER = (255, 140, 60), (60, 220, 255)
_MOST_POINTS = 6000
_FARTHEST_M = 60.0


def log_rig_preview(
    stream: SceneStream,
    camera: str,
    frame: int,
    recordings: tuple[Recording, Recording],
    cloud: Cloud,
    tracks: Mapping[str, Track],
) -> None:
    """recordings: with the present rig, and with the proposed one."""
    stream.rerun.set_time("frame", sequence=frame)
    entity = f"{camera_entity(camera)}/preview"
    for name, recording, color in zip(("before", "after"), recordings, (_BEFORE, _AFTER), strict=True):
        pixels = _pixels(recording, camera, frame, cloud)
        points = rr.Points2D(pixels + 0.5, colors=color, radii=rr.Radius.ui_points(1.0), draw_order=30.0)
        stream.log(f"{entity}/points_{name}", points)
    outlines = frame_labels(recordings[1], FrameTimes(recordings[1]), tracks, [frame])[0].outlines.get(camera)
    segments = np.empty((0, 2, 2), np.float32) if outlines is None else outlines.segments_px + np.float32(0.5)
    lines = rr.LineStrips2D(segments, colors=_AFTER, radii=rr.Radius.ui_points(1.2), draw_order=31.0)
    stream.log(f"{entity}/outlines_after", lines)


def clear_rig_preview(stream: SceneStream, camera: str) -> None:
    """Take the preview away, in every frame."""
    for name in ("points_before", "points_after", "outlines_after"):
        stream.log(f"{camera_entity(camera)}/preview/{name}", rr.Clear(recursive=False))


def _pixels(recording: Recording, camera: str, frame: int, cloud: Cloud) -> np.ndarray:
    index = recording.sample_of(camera, frame)
    if index is None:
        return np.empty((0, 2))
    points = recording.world_from_sensor(camera, index).inverse().apply(cloud.points_in_world)
    away = np.linalg.norm(points, axis=1)
    points = points[(away > 0.5) & (away < _FARTHEST_M)]
    pixels, valid = recording.rig[camera].model.project(points)
    shown = pixels[valid & recording.rig[camera].model.contains(pixels)]
    return shown[:: max(1, len(shown) // _MOST_POINTS)]
