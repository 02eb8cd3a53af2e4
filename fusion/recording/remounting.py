"""Another rig for a recording: what was measured stays, where it was measured from does not."""

from __future__ import annotations

from collections.abc import Callable

from calibration import Rig, RigidTransform, Sensor
from calibration.errors import CalibrationError
from fusion.samples import PointFrame


def check_fits(own: Rig, other: Rig, point_frame: Callable[[str], PointFrame | None]) -> None:
    """Whether a rig can take the place of the one that a recording came with.

    point_frame: of a LiDAR with sweeps, None for any other sensor. Raises CalibrationError for other sensors, for
    images of another size, and for another mounting of a LiDAR whose points are stored in the world.
    """
    kinds, wanted = ({each.name: each.kind for each in rig} for rig in (other, own))
    if kinds != wanted:
        named = ", ".join(sorted(name for name in kinds | wanted if kinds.get(name) != wanted.get(name)))
        raise CalibrationError("the rig does not have the recording's sensors", do="give all, by name", where=named)
    for sensor in own:
        _check_sensor(sensor, other[sensor.name], point_frame(sensor.name))


def _check_sensor(own: Sensor, other: Sensor, frame: PointFrame | None) -> None:
    sizes = [None if each.camera is None else (each.camera.width_px, each.camera.height_px) for each in (own, other)]
    if sizes[0] != sizes[1]:
        raise CalibrationError(f"the images are {sizes[0]} pixels, not {sizes[1]}", where=own.name)
    if frame is PointFrame.WORLD and not own.ego_from_sensor.almost_equal(other.ego_from_sensor):
        raise CalibrationError(
            "the points of this LiDAR are stored in the world, so another mounting cannot move them",
            do="keep its mounting and correct the other sensors against it",
            where=own.name,
        )


def own_from_new(own: Rig, new: Rig, sensor: str) -> RigidTransform | None:
    """The sensor as it is mounted now, in the sensor as the source believed it; None where nothing changed."""
    before, after = own[sensor].ego_from_sensor, new[sensor].ego_from_sensor
    return None if before.almost_equal(after) else before.inverse() * after


def new_from_own_ego(own: Rig, new: Rig, sensor: str) -> RigidTransform | None:
    """Moves points that the source brought into the ego frame to where they belong; None where nothing changed."""
    before, after = own[sensor].ego_from_sensor, new[sensor].ego_from_sensor
    return None if before.almost_equal(after) else after * before.inverse()
