"""Where a photo ends: at the sides of its image, or, for some wide lenses, before them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from calibration import CameraModel
from calibration.camera.lens import ANGLE, COS, SIN
from calibration.quaternion import FloatArray

_MARGIN = 1.05  # tangential distortion lets the image reach a little beyond its corners
_RIM_POINTS = 360
_WIDEST_RAD = np.deg2rad(89.9)
_SIDE_POINTS = 17


class CameraBorder:
    """What the kernel needs to know about a camera: parameters, lens, image limits, and border rays.

    limits: (7,) left, top, right and bottom of the image, the widest radius in it (of a camera with a lens the widest
    angle off the axis, radians), whether it bends straight lines, and whether the lens ends inside the image.
    """

    def __init__(self, camera: CameraModel) -> None:
        width, height = camera.width_px - 0.5, camera.height_px - 0.5
        corners = np.array([[-0.5, -0.5], [width, -0.5], [-0.5, height], [width, height]])
        rays, valid = camera.unproject(corners)
        self.parameters, self.lens = camera.parameters, _drawable(camera)
        self.border_rays, self.border_px = rays[valid], corners[valid]
        if valid.all():
            away = np.linalg.norm(rays[:, :2], axis=1)
            widest = _MARGIN * float((away if self.lens is None else np.arctan2(away, rays[:, 2])).max())
        else:
            widest = min(camera.max_radius, 1e6) if self.lens is None else camera.max_angle_rad
            self.border_rays, self.border_px = _rim(camera)
        if self.lens is not None:
            widest = min(widest, float(self.lens[ANGLE]))
        bends, ends = float(any(camera.distortion)), float(not valid.all())
        self.limits = np.array([-0.5, -0.5, width, height, widest, bends, ends])


def _drawable(camera: CameraModel) -> FloatArray | None:
    """The lens; one that is described up to the image plane ends just before it, where pixels are still numbers."""
    lens = camera.lens
    if lens is None:
        return None
    lens = lens.copy()
    if camera.is_perspective and lens[ANGLE] > _WIDEST_RAD:
        lens[ANGLE], lens[COS], lens[SIN] = _WIDEST_RAD, np.cos(_WIDEST_RAD), np.sin(_WIDEST_RAD)
    return lens


def _rim(camera: CameraModel) -> tuple[FloatArray, FloatArray]:
    """Rays (R, 3) and pixels (R, 2) along the edge of what a lens that ends inside its image can see.

    The image's sides, the circle where the lens ends, and where they cross.
    """
    u, v = (np.linspace(-0.5, size - 0.5, _SIDE_POINTS) for size in (camera.width_px, camera.height_px))
    sides_px = np.array([(x, y) for x in u for y in v if x in (u[0], u[-1]) or y in (v[0], v[-1])])
    sides, seen = camera.unproject(sides_px)
    angles = np.linspace(-np.pi, np.pi, _RIM_POINTS + 1)

    def at(angle: FloatArray) -> tuple[FloatArray, npt.NDArray[np.bool_], FloatArray]:
        off_axis = camera.max_angle_rad * (1.0 - 1e-9)
        away, along = np.sin(off_axis), np.full_like(angle, np.cos(off_axis))
        rays = np.stack([away * np.cos(angle), away * np.sin(angle), along], axis=-1)
        pixels, valid = camera.project(rays)
        return rays, valid & camera.contains(pixels), pixels

    inside = at(angles)[1]
    crossings = np.flatnonzero(inside[1:] != inside[:-1])
    kept, lost = angles[crossings + ~inside[crossings]], angles[crossings + inside[crossings]]
    for _ in range(40):
        middle = 0.5 * (kept + lost)
        within = at(middle)[1]
        kept, lost = np.where(within, middle, kept), np.where(within, lost, middle)
    rays, _, pixels = at(np.concatenate([angles[inside], kept]))
    return np.concatenate([sides[seen], rays]), np.concatenate([sides_px[seen], pixels])
