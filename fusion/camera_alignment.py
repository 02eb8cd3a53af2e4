"""A camera of a recording aligned to a LiDAR of it, by what both saw in some of its frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from calibration import CameraModel, Rig, RigidTransform
from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray
from calibration.targetless import Aligned, Pairs, align, joined, pairs_of
from fusion.cloud import fused_cloud
from fusion.photos import decode_photo
from fusion.progress import Progress, silent
from fusion.recording import Recording

_MOST_FRAMES = 12
_WIDEST_PX = 1300
"""Photos are made smaller: a hundredth of a degree is not told from so much more."""


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
    lidars = recording.lidars()
    if not lidars:
        raise CalibrationError("a camera is aligned to a LiDAR, and there is none", where=recording.name)
    usable = [frame for frame in range(len(recording.frames)) if _usable(recording, camera, lidars[0], frame)]
    chosen = list(frames) if frames is not None else _spread(usable)
    sensor, ego_from_lidar = recording.rig[camera], recording.rig[lidars[0]].ego_from_sensor
    matrix = _target(sensor.model)
    photos: list[npt.NDArray[np.uint8]] = []
    parts: list[Pairs] = []
    for done, frame in enumerate(chosen, start=1):
        if frame in usable:
            parts.append(_pairs(recording, camera, ego_from_lidar, frame, len(photos)))
            photos.append(_photo(recording, camera, frame, matrix))
        progress(done, len(chosen))
    if not parts:
        raise CalibrationError(f"no frame has both a photo of {camera} and a sweep", where=recording.name)
    before = sensor.ego_from_sensor.inverse() * ego_from_lidar
    found = align(joined(parts), np.stack(photos), matrix[0], before, reach_deg=reach_deg)
    mounted = ego_from_lidar * found.camera_from_lidar.inverse()
    off = sensor.ego_from_sensor.inverse() * mounted
    sensors = tuple(replace(each, ego_from_sensor=mounted) if each.name == camera else each for each in recording.rig)
    return CameraAligned(
        Rig(sensors),
        camera,
        float(np.rad2deg(2.0 * np.arccos(np.clip(abs(off.rotation[0]), 0.0, 1.0)))),
        float(np.linalg.norm(off.translation)),
        tuple(frame for frame in chosen if frame in usable),
        found,
    )


def _usable(recording: Recording, camera: str, lidar: str, frame: int) -> bool:
    return recording.sample_of(camera, frame) is not None and recording.sample_of(lidar, frame) is not None


def _spread(frames: Sequence[int]) -> list[int]:
    rows = np.unique(np.linspace(0, max(len(frames) - 1, 0), min(len(frames), _MOST_FRAMES)).astype(int))
    return [frames[row] for row in rows.tolist()] if frames else []


def _pairs(recording: Recording, camera: str, ego_from_lidar: RigidTransform, frame: int, photo: int) -> Pairs:
    """Returns where they were seen, from where the LiDAR was when the photo was taken."""
    index = recording.sample_of(camera, frame)
    assert index is not None
    cloud = fused_cloud(recording, frame)
    own = cloud.counts[0] if cloud.counts else len(cloud)
    world_from_lidar = recording.ego_motion.at(int(recording.times_ns(camera)[index])) * ego_from_lidar
    points = world_from_lidar.inverse().apply(cloud.points_in_world[:own].astype(np.float64))
    return pairs_of(points, cloud.intensity[:own], photo)


def _target(model: CameraModel) -> tuple[FloatArray, tuple[int, int]]:
    """fx, fy, cx, cy and the size of a photo without distortion, not wider than it must be."""
    scale = min(1.0, _WIDEST_PX / model.width_px)
    width, height = round(model.width_px * scale), round(model.height_px * scale)
    centre = (np.array([model.cx_px, model.cy_px]) + 0.5) * scale - 0.5
    return np.array([model.fx_px * scale, model.fy_px * scale, *centre]), (width, height)


def _photo(
    recording: Recording, camera: str, frame: int, target: tuple[FloatArray, tuple[int, int]]
) -> npt.NDArray[np.uint8]:
    """Grey, as a camera without distortion would have seen it."""
    index = recording.sample_of(camera, frame)
    assert index is not None
    grey = cv2.cvtColor(decode_photo(recording.image(camera, index)), cv2.COLOR_RGB2GRAY)
    (fx, fy, cx, cy), (width, height) = target[0].tolist(), target[1]
    u, v = np.meshgrid(np.arange(width), np.arange(height))
    rays = np.stack([(u - cx) / fx, (v - cy) / fy, np.ones(u.shape)], axis=-1)
    pixels, valid = recording.rig[camera].model.project(rays)
    maps = np.where(valid[..., None], pixels, -1.0).astype(np.float32)
    blurred = cv2.GaussianBlur(grey, (0, 0), max(0.5 * grey.shape[1] / width - 0.4, 0.01))
    return np.asarray(cv2.remap(blurred, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR), dtype=np.uint8)
