"""What a person points with: a point of the cloud, a pixel of a photo, or a box drawn by eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.errors import InputError
from calibration.quaternion import FloatArray
from fusion.recording import Recording
from fusion.samples import Float32Array
from labeling.automation.one_click.sight import FrameSight
from labeling.cuboid import Cuboid

NEAREST_M = 1.5
"""A click farther than this from every point means nothing."""
_RAY_SPREAD_RAD, _RAY_SPREAD_M = 0.004, 0.05
_GROUND_M = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class PointClick:
    """A place (3,) in the world, metres: a point of the cloud, or near one."""

    point_in_world: npt.ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
class RayClick:
    """A ray in the world: what is seen first along it is meant. origin, direction: (3,)."""

    origin_in_world: FloatArray
    direction_in_world: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class RoughBox:
    """A cuboid in about the right place: what it holds is meant, and its heading is tried first."""

    cuboid: Cuboid


Click = PointClick | RayClick | RoughBox


def pixel_click(recording: Recording, camera: str, index: int, pixel: tuple[float, float]) -> RayClick:
    """The ray of a pixel (u, v) of a photo, (0, 0) being the centre of the top-left one.

    Raises InputError for a pixel that the camera's model cannot see.
    """
    world_from_camera = recording.world_from_sensor(camera, index)
    model = recording.rig[camera].model
    if model is None:
        raise InputError("this sensor has no pixels", do="name a camera", where=camera)
    rays, valid = model.unproject(np.array([pixel], dtype=np.float64))
    if not valid[0]:
        raise InputError("no ray leads to this pixel", do="click within the image", where=f"{camera} {pixel}")
    return RayClick(world_from_camera.translation, world_from_camera.rotate(rays[0]))


def seed_of(click: Click, sight: FrameSight) -> int:
    """Index of the point of the frame that is meant. Raises InputError if there is none."""
    if len(sight):
        match click:
            case PointClick():
                found = _nearest(sight, np.asarray(click.point_in_world, dtype=np.float32))
            case RayClick():
                found = _first_along(sight, click)
            case RoughBox():
                found = _within(sight, click.cuboid)
        if found is not None:
            return found
    raise InputError("no LiDAR point is there in this frame", do="click on a thing that has points", where=sight.frame)


def _nearest(sight: FrameSight, place: Float32Array) -> int | None:
    offsets = sight.points - place[:, None]
    distances = np.einsum("ij,ij->j", offsets, offsets)
    index = int(np.argmin(distances))
    return index if distances[index] <= NEAREST_M**2 else None


def _first_along(sight: FrameSight, click: RayClick) -> int | None:
    """The nearest of the points that stand on the ground and that the ray touches."""
    ray = click.direction_in_world / np.linalg.norm(click.direction_in_world)
    offsets = sight.points.T - click.origin_in_world
    along = offsets @ ray
    across2 = np.einsum("ij,ij->i", offsets, offsets) - along * along
    touched = (along > 0.5) & (across2 <= (_RAY_SPREAD_M + _RAY_SPREAD_RAD * along) ** 2)
    standing = np.flatnonzero(touched)
    if sight.ground is not None and len(standing):
        places = sight.points[:, standing].T
        standing = standing[places[:, 2] - sight.ground.height_at(places) > _GROUND_M]
    return int(standing[np.argmin(along[standing])]) if len(standing) else None


def _within(sight: FrameSight, cuboid: Cuboid) -> int | None:
    """The point nearest to the middle of those in the box, its lowest part left out, where the ground is."""
    inside = np.flatnonzero(cuboid.contains(sight.points.T, margin_m=0.2))
    bottom = cuboid.world_from_object.translation[2] - 0.5 * cuboid.size_m[2]
    standing = inside[sight.points[2, inside] > bottom + _GROUND_M]
    inside = standing if len(standing) else inside
    if not len(inside):
        return None
    middle = np.median(sight.points[:, inside], axis=1)
    return int(inside[np.argmin(np.linalg.norm(sight.points[:, inside].T - middle, axis=1))])
