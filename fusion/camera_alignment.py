"""A camera of a recording aligned to a LiDAR of it, by what both saw in some of its frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration import Rig
from calibration.targetless import Aligned, align
from fusion.camera_scenes import camera_scenes
from fusion.progress import Progress, silent
from fusion.recording import Recording


@dataclass(frozen=True, slots=True, eq=False)
class CameraAligned:
    """rig: with the camera where it was found. rotation_deg, translation_m: how far that is from where it was. frames:
    those that were looked at. aligned: how clear it is."""

    rig: Rig
    camera: str
    rotation_deg: float
    translation_m: float
    frames: tuple[int, ...]
    aligned: Aligned


def align_camera(
    recording: Recording,
    camera: str,
    *,
    frames: Sequence[int] | None = None,
    reach_deg: float = 2.0,
    progress: Progress = silent,
) -> CameraAligned:
    """Find where a camera sits on the ego, from the first LiDAR's returns at the photos' own times.

    frames: by default twelve all through the recording. reach_deg: how far off the rig may be. Raises CalibrationError
    where there is no LiDAR or too little in view.
    """
    scenes = camera_scenes(recording, camera, frames, progress)
    found = align(scenes.pairs, scenes.photos, scenes.matrix, scenes.camera_from_lidar, reach_deg=reach_deg)
    ego_from_camera = recording.rig[camera].ego_from_sensor
    mounted = recording.rig[recording.lidars()[0]].ego_from_sensor * found.camera_from_lidar.inverse()
    off = ego_from_camera.inverse() * mounted
    sensors = tuple(replace(each, ego_from_sensor=mounted) if each.name == camera else each for each in recording.rig)
    return CameraAligned(
        Rig(sensors),
        camera,
        float(np.rad2deg(2.0 * np.arccos(np.clip(abs(off.rotation[0]), 0.0, 1.0)))),
        float(np.linalg.norm(off.translation)),
        scenes.frames,
        found,
    )
