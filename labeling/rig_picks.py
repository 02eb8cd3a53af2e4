"""Picks of a recording: a place in the cloud and a pixel in a photo, and the rig that they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration import Rig
from calibration.errors import CalibrationError
from calibration.picks import PickSolution, solve_picks
from calibration.quaternion import FloatArray
from fusion.cloud import Cloud
from fusion.recording import Recording

_SNAP_M = 0.5


@dataclass(frozen=True, slots=True)
class Pick:
    """point_in_world: metres, a LiDAR point of the frame. pixel: (u, v), (0, 0) the centre of the first pixel."""

    frame: int
    point_in_world: tuple[float, float, float]
    pixel: tuple[float, float]


def snapped(cloud: Cloud, place: Sequence[float]) -> FloatArray | None:
    """(3,) the nearest point of the raw cloud; None if there is none within half a metre."""
    offsets = cloud.points_in_world - np.array(place, dtype=np.float32)
    distances = np.einsum("ij,ij->i", offsets, offsets)
    nearest = int(np.argmin(distances)) if len(distances) else -1
    if nearest < 0 or distances[nearest] > _SNAP_M**2:
        return None
    return np.asarray(cloud.points_in_world[nearest], dtype=np.float64)


def solve_camera(recording: Recording, camera: str, picks: Sequence[Pick]) -> PickSolution:
    """The correction of a camera. Raises CalibrationError where picks are too few, or a frame has no photo of it."""
    points = [_in_camera(recording, camera, each) for each in picks]
    return solve_picks(
        np.array(points).reshape(-1, 3), np.array([each.pixel for each in picks]), recording.rig[camera].model
    )


def corrected_rig(rig: Rig, camera: str, solution: PickSolution) -> Rig:
    """The rig with the camera where the picks say it is."""
    ego_from_camera = rig[camera].ego_from_sensor * solution.corrected_from_camera.inverse()
    return Rig(tuple(replace(each, ego_from_sensor=ego_from_camera) if each.name == camera else each for each in rig))


def _in_camera(recording: Recording, camera: str, pick: Pick) -> FloatArray:
    index = recording.sample_of(camera, pick.frame)
    if index is None:
        raise CalibrationError(f"frame {pick.frame} has no photo of this camera", where=camera)
    return recording.world_from_sensor(camera, index).inverse().apply(pick.point_in_world)
