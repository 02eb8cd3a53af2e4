"""What a camera and a LiDAR of a recording saw at the same moments, for calibrating one against the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration import Pinhole, RigidTransform
from calibration.camera import pinhole_like, rectification_maps
from calibration.camera.rectifying import Float32Array
from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray
from calibration.targetless import Pairs, joined, pairs_of
from fusion.cloud import fused_cloud
from fusion.photos import decode_photo
from fusion.progress import Progress, silent
from fusion.recording import Recording

MOST_FRAMES = 12
_WIDEST_PX = 1300
"""Photos are made smaller: a hundredth of a degree is not told from so much more."""
_HALF_NS = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class CameraScenes:
    """P photos of a camera, each with what the first LiDAR saw, from where the LiDAR was when the photo was taken.

    frames: of the photos. pairs: their LiDAR steps. photos: (P, H, W) uint8 grey, as a camera without distortion would
    have taken them; matrix: (4,) its fx, fy, cx, cy, pixels. motions: (P, 6) of the LiDAR, along and about its own
    axes, metres and radians a second. camera_from_lidar: as the rig has it.
    """

    camera: str
    frames: tuple[int, ...]
    pairs: Pairs
    photos: npt.NDArray[np.uint8]
    matrix: FloatArray
    motions: FloatArray
    camera_from_lidar: RigidTransform

    def taking(self, chosen: Sequence[int]) -> CameraScenes:
        """Some of the photos, by their number here."""
        rows = np.asarray(chosen, dtype=np.int64)
        number = np.full(len(self.frames), -1)
        number[rows] = np.arange(len(rows))
        kept = self.pairs.taking(number[self.pairs.photos] >= 0)
        pairs = Pairs(kept.points_m, kept.classes, number[kept.photos])
        frames = tuple(self.frames[row] for row in rows)
        return CameraScenes(
            self.camera, frames, pairs, self.photos[rows], self.matrix, self.motions[rows], self.camera_from_lidar
        )


def camera_scenes(
    recording: Recording, camera: str, frames: Sequence[int] | None = None, progress: Progress = silent
) -> CameraScenes:
    """Of some frames, by default twelve all through the recording.

    Raises CalibrationError where there is no LiDAR, or no frame with both.
    """
    lidars = recording.lidars()
    if not lidars:
        raise CalibrationError("a camera is aligned to a LiDAR, and there is none", where=recording.name)
    asked = range(len(recording.frames)) if frames is None else frames
    usable = [frame for frame in asked if _usable(recording, camera, lidars[0], frame)]
    if not usable:
        raise CalibrationError(f"no frame has both a photo of {camera} and a sweep", where=recording.name)
    chosen = _spread(usable) if frames is None else usable
    sensor, ego_from_lidar = recording.rig[camera], recording.rig[lidars[0]].ego_from_sensor
    target = pinhole_like(sensor.model, scale=min(1.0, _WIDEST_PX / sensor.model.width_px))
    maps = rectification_maps(sensor.model, target)
    photos: list[npt.NDArray[np.uint8]] = []
    parts: list[Pairs] = []
    motions: list[FloatArray] = []
    for done, frame in enumerate(chosen, start=1):
        parts.append(_pairs(recording, camera, ego_from_lidar, frame, len(photos)))
        motions.append(_motion(recording, camera, ego_from_lidar, frame))
        photos.append(_photo(recording, camera, frame, target, maps))
        progress(done, len(chosen))
    matrix = np.array([target.fx_px, target.fy_px, target.cx_px, target.cy_px])
    before = sensor.ego_from_sensor.inverse() * ego_from_lidar
    return CameraScenes(camera, tuple(chosen), joined(parts), np.stack(photos), matrix, np.array(motions), before)


def _usable(recording: Recording, camera: str, lidar: str, frame: int) -> bool:
    return recording.sample_of(camera, frame) is not None and recording.sample_of(lidar, frame) is not None


def _spread(frames: Sequence[int]) -> list[int]:
    rows = np.unique(np.linspace(0, len(frames) - 1, min(len(frames), MOST_FRAMES)).astype(int))
    return [frames[row] for row in rows.tolist()]


def _time_ns(recording: Recording, camera: str, frame: int) -> int:
    index = recording.sample_of(camera, frame)
    assert index is not None
    return int(recording.times_ns(camera)[index])


def _pairs(recording: Recording, camera: str, ego_from_lidar: RigidTransform, frame: int, photo: int) -> Pairs:
    """Returns where they were seen, from where the LiDAR was when the photo was taken."""
    cloud = fused_cloud(recording, frame)
    own = cloud.counts[0] if cloud.counts else len(cloud)
    world_from_lidar = recording.ego_motion.at(_time_ns(recording, camera, frame)) * ego_from_lidar
    points = world_from_lidar.inverse().apply(cloud.points_in_world[:own].astype(np.float64))
    return pairs_of(points, cloud.intensity[:own], photo)


def _motion(recording: Recording, camera: str, ego_from_lidar: RigidTransform, frame: int) -> FloatArray:
    moment = _time_ns(recording, camera, frame)
    poses = recording.ego_motion.at(np.array([moment - _HALF_NS, moment + _HALF_NS])) * ego_from_lidar
    return np.asarray((poses[0].inverse() * poses[1]).log() / (2e-9 * _HALF_NS))


def _photo(
    recording: Recording, camera: str, frame: int, target: Pinhole, maps: tuple[Float32Array, Float32Array]
) -> npt.NDArray[np.uint8]:
    """Grey, as a camera without distortion would have seen it."""
    index = recording.sample_of(camera, frame)
    assert index is not None
    grey = cv2.cvtColor(decode_photo(recording.image(camera, index)), cv2.COLOR_RGB2GRAY)
    blurred = cv2.GaussianBlur(grey, (0, 0), max(0.5 * grey.shape[1] / target.width_px - 0.4, 0.01))
    return np.asarray(cv2.remap(blurred, *maps, cv2.INTER_LINEAR), dtype=np.uint8)
