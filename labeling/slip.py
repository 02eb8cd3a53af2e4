"""How far a cuboid slips off in a photo when it is drawn at the LiDAR's time, as others do it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fusion.progress import Progress, silent
from fusion.recording import Recording
from labeling.cuboid import CORNER_SIGNS
from labeling.frame_times import FrameTimes
from labeling.photo_view import PhotoView, photo_view
from labeling.track import PresenceKind, Track

_MOVING_MPS = 0.5


@dataclass(frozen=True, slots=True)
class CameraSlip:
    """One camera. offset_ms: median of exposure minus the frame's LiDAR timestamp. slip_px: the largest distance that a
    corner in view is drawn beside its place, and for which track in which frame; None where nothing moves in view."""

    camera: str
    offset_ms: float
    slip_px: float | None
    track_id: str | None
    frame: int | None


def camera_slips(recording: Recording, tracks: list[Track], progress: Progress = silent) -> list[CameraSlip]:
    """For every camera of the recording."""
    times = FrameTimes(recording)
    moving = [track for track in tracks if track.speed_mps() > _MOVING_MPS]
    slips = []
    for done, camera in enumerate(recording.cameras(), start=1):
        slips.append(_camera_slip(recording, camera, moving, times))
        progress(done, len(recording.cameras()))
    return slips


def _camera_slip(recording: Recording, camera: str, tracks: list[Track], times: FrameTimes) -> CameraSlip:
    offsets, worst = [], (-1.0, "", -1)
    for frame in range(len(recording.frames)):
        index = recording.sample_of(camera, frame)
        if index is None:
            continue
        view = photo_view(recording, camera, index)
        frame_ns = int(recording.frames.times_ns[frame])
        offsets.append(view.time_ns - frame_ns)
        for track in tracks:
            if times.shown(track, frame)[1] is not PresenceKind.ABSENT:
                worst = max(worst, (corner_slip_px(view, track, frame_ns), track.id, frame))
    offset = float(np.median(offsets) / 1e6) if offsets else 0.0
    slip, track_id, frame = worst
    return CameraSlip(camera, offset, *((slip, track_id, frame) if slip >= 0 else (None, None, None)))


def corner_slip_px(view: PhotoView, track: Track, other_ns: int) -> float:
    """Largest distance in pixels between a corner as its row saw it and as it would if the object stood where it is at
    another time, over corners inside the photo; -1: none. The camera moves alike in both."""
    corners = 0.5 * CORNER_SIGNS * np.array(track.size_m)
    seen, valid = view.pixels(track.at(view.times_ns).apply(corners))
    slipped, also = view.pixels(track.at(other_ns).apply(corners))
    distances = np.linalg.norm(seen - slipped, axis=1)[valid & also & view.camera.contains(seen)]
    return float(distances.max()) if len(distances) else -1.0
