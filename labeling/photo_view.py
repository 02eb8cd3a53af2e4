"""How a camera saw the world while it took one photo: the one place that knows which pose belongs to which row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import CameraModel, RigidTransform
from calibration.camera import BoolArray
from calibration.quaternion import FloatArray
from fusion.recording import Recording
from fusion.timeline import Int64Array
from labeling.projection import Outlines, project_cuboids
from labeling.shutter import project_rolling


@dataclass(frozen=True, slots=True, eq=False)
class PhotoView:
    """One photo.

    times_ns: (M,) int64, the moments at which to ask where things are. M is 1 for a global shutter; for a rolling one
    it is 3: when the image's upper border, its middle and its lower border are exposed. camera_from_world: batch (M,).
    """

    camera: CameraModel
    times_ns: Int64Array
    camera_from_world: RigidTransform

    @property
    def time_ns(self) -> int:
        """The photo's timestamp: the exposure of its middle row."""
        return int(self.times_ns[len(self.times_ns) // 2])

    def outlines(self, world_from_object: RigidTransform, sizes_m: npt.ArrayLike) -> Outlines:
        """Outlines of N cuboids, sizes_m (N, 3): world_from_object is a batch (N, M), each cuboid at `times_ns`."""
        pose = world_from_object
        rotation, translation = np.swapaxes(pose.rotation, 0, 1), np.swapaxes(pose.translation, 0, 1)
        if len(self.times_ns) == 1:
            poses = self.camera_from_world * RigidTransform(rotation[0], translation[0])
        else:
            poses = _widened(self.camera_from_world) * RigidTransform(rotation, translation)
        return project_cuboids(self.camera, poses, sizes_m)

    def pixels(self, points_in_world: npt.ArrayLike) -> tuple[FloatArray, BoolArray]:
        """Pixels (N, 2) of points that may move, and where the model is valid (N,).

        points_in_world: (M, N, 3) metres, each point at `times_ns`; (N, 3) for points that stand still.
        """
        points = self.camera_from_world.apply(points_in_world)
        return self.camera.project(points[0]) if len(points) == 1 else project_rolling(self.camera, points)


def photo_view(recording: Recording, camera: str, index: int) -> PhotoView:
    """The view of a camera's photo: its timestamp is the exposure of the image's middle."""
    sensor = recording.rig[camera]
    time_ns, world_from_camera = int(recording.times_ns(camera)[index]), recording.world_from_sensor(camera, index)
    if sensor.readout_ns == 0:
        camera_from_world = _widened(world_from_camera.inverse())
        return PhotoView(sensor.model, np.array([time_ns]), camera_from_world)
    half_ns = sensor.readout_ns // 2
    times_ns = time_ns + np.array([-half_ns, 0, half_ns])
    # A stream may have a better pose of its own, but only for the timestamp: how the camera moves before and after it,
    # the ego motion knows.
    world_from_mounted = recording.ego_motion.at(times_ns) * sensor.ego_from_sensor
    middle_from_moment = world_from_mounted[1].inverse() * world_from_mounted
    return PhotoView(sensor.model, times_ns, (world_from_camera * middle_from_moment).inverse())


def _widened(transform: RigidTransform) -> RigidTransform:
    """A batch (..., 1) of a batch (...)."""
    return RigidTransform(transform.rotation[..., None, :], transform.translation[..., None, :])
