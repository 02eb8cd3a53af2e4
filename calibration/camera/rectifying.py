"""Photos as a camera without distortion would have taken them: where each of its pixels comes from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from calibration.camera.kinds import Pinhole
from calibration.camera.model import CameraModel
from calibration.errors import CalibrationError

Float32Array = npt.NDArray[np.float32]
_WIDEST_RAD = np.deg2rad(80.0)


def pinhole_like(camera: CameraModel, *, scale: float = 1.0, field_of_view_rad: float | None = None) -> Pinhole:
    """The pinhole with the same centre and size, times `scale`.

    With the same focal length, unless a field of view across the width is asked for: then with what shows it. Raises
    CalibrationError for more than 160 degrees, which no plane shows.
    """
    width, height = round(camera.width_px * scale), round(camera.height_px * scale)
    cx, cy = ((centre + 0.5) * scale - 0.5 for centre in (camera.cx_px, camera.cy_px))
    fx, fy = camera.fx_px * scale, camera.fy_px * scale
    if field_of_view_rad is not None:
        if not 0.0 < field_of_view_rad <= 2.0 * _WIDEST_RAD:
            raise CalibrationError("a plane shows more than 0 and at most 160 degrees")
        wider = 0.5 * width / float(np.tan(0.5 * field_of_view_rad))
        fx, fy = wider, wider * fy / fx
    return Pinhole(width, height, fx, fy, cx, cy)


def rectification_maps(camera: CameraModel, target: CameraModel) -> tuple[Float32Array, Float32Array]:
    """Columns and rows, each (H, W) of the target, in photos of `camera`, as OpenCV's `remap` takes them.

    Both look from the same place in the same direction. Where the camera or the target is not valid it is -1: outside
    of the photo, and beyond the model's domain no pixel is made up.
    """
    u, v = np.meshgrid(np.arange(target.width_px), np.arange(target.height_px))
    rays, seen = target.unproject(np.stack([u, v], axis=-1))
    pixels, valid = camera.project(np.where(seen[..., None], rays, [0.0, 0.0, -1.0]))
    maps = np.where((valid & seen)[..., None], pixels, -1.0).astype(np.float32)
    return np.ascontiguousarray(maps[..., 0]), np.ascontiguousarray(maps[..., 1])
