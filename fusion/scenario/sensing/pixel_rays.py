"""Rays through the pixels of any camera model, each row at its own time if the shutter rolls."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from calibration import CameraModel
from calibration.quaternion import FloatArray
from fusion.scenario.sensing.ray_caster import BoolArray
from fusion.scenario.sensing.rays import Rays
from fusion.scenario.world import PoseAt
from fusion.timeline import Int64Array


class PixelRays:
    """The rays of one camera; those through pixel centres are worked out once.

    shape: height and width. directions: (H * W, 3) float64, unit, in the camera. valid: (H, W) where there is a ray.
    readout_ns: from the first to past the last row; 0 for all rows at once, negative from the bottom up.
    """

    def __init__(self, model: CameraModel, readout_ns: int, world_from_camera: PoseAt) -> None:
        self._model, self._readout_ns, self._world_from_camera = model, readout_ns, world_from_camera
        self.shape = (model.height_px, model.width_px)
        v, u = np.mgrid[0 : model.height_px, 0 : model.width_px]
        self.directions, valid = self._unprojected(np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float64))
        self.valid: BoolArray = valid.reshape(self.shape)
        self._shot_of_pixel = np.zeros(len(valid), np.int32) if readout_ns == 0 else v.ravel().astype(np.int32)

    def times_ns(self, time_ns: int) -> Int64Array:
        """(S,) int64: one moment, or that of the middle of each row, for a photo of `time_ns`."""
        if self._readout_ns == 0:
            return np.array([time_ns], dtype=np.int64)
        height = self.shape[0]
        share = (np.arange(height) + 0.5) / height - 0.5
        return time_ns + np.rint(self._readout_ns * share).astype(np.int64)

    def rays(self, times_ns: Int64Array) -> Rays:
        """(H * W) through pixel centres, row by row, at the moments (S,) of `times_ns`."""
        return Rays.aimed(self._world_from_camera(times_ns), self.directions, self._shot_of_pixel)

    def rays_around(self, pixels: npt.NDArray[np.int64], offsets_px: FloatArray, times_ns: Int64Array) -> Rays:
        """(P * K) K rays less than a pixel beside the centre of each of these pixels (P,); offsets (K, 2) u, v.

        They are extrapolated from the neighbours' rays: as good as exact for colours, and much faster.
        """
        across, down = (self._slope(pixels, axis) for axis in (1, 0))
        aside = offsets_px[:, :1] * across[:, None, :] + offsets_px[:, 1:] * down[:, None, :]
        around = (self.directions[pixels][:, None, :] + aside).reshape(-1, 3)
        around /= np.sqrt(np.einsum("ij,ij->i", around, around))[:, None]
        return Rays.aimed(
            self._world_from_camera(times_ns), around, np.repeat(self._shot_of_pixel[pixels], len(offsets_px))
        )

    def _slope(self, pixels: npt.NDArray[np.int64], axis: int) -> FloatArray:
        """Change of the direction (P, 3) from pixel to pixel down (0) or across (1); 0 beside pixels without a ray."""
        place = list(np.divmod(pixels, self.shape[1]))
        ends, valid = [], np.ones(len(pixels), dtype=np.bool_)
        for step in (1, -1):
            beside = place.copy()
            beside[axis] = np.clip(place[axis] + step, 0, self.shape[axis] - 1)
            ends.append(beside)
            valid &= self.valid[beside[0], beside[1]]
        after, before = (self.directions[v * self.shape[1] + u] for v, u in ends)
        apart = np.maximum(ends[0][axis] - ends[1][axis], 1)
        return np.where(valid[:, None], (after - before) / apart[:, None], 0.0)

    def _unprojected(self, pixels: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Unit directions (N, 3), straight ahead where the model is not valid, and where it is (N,)."""
        rays, valid = self._model.unproject(pixels)
        rays[~valid] = (0.0, 0.0, 1.0)
        return rays / np.linalg.norm(rays, axis=1, keepdims=True), valid
