"""Depth images as points, without the pixels that fly between a thing and what is behind it, and against a LiDAR.

At an edge a depth camera mixes near and far. A mixed pixel lies in mid-air: few of its eight neighbours are about as
far away as it is. How much neighbours on one surface may differ follows from the pixel's width at that distance, the
slant that is still believed, and the image's own noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numba
import numpy as np
import numpy.typing as npt

from calibration import CameraModel
from calibration.camera import BoolArray
from calibration.quaternion import FloatArray
from fusion.cloud import sweep_in_world
from fusion.recording import Recording
from fusion.samples import DepthImage, Float32Array

_STEEPEST = np.tan(np.deg2rad(80.0))
_LEAST_NEIGHBOURS = 4
_NOISE_BINS = 24
_NOISE_TIMES = 3.0
_LEAST_SHARE = 0.002
_APART_SHARE, _APART_M = 0.15, 0.3
_MOST_FRAMES = 20
_CAMERAS_REMEMBERED = 8
_LEAST_AHEAD = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class DepthPoints:
    """points_in_camera: (N, 3) float32, metres, z forward. pixels: (N,) int64, row * width + column of each."""

    points_in_camera: Float32Array
    pixels: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DepthAgreement:
    """How far a depth camera's surfaces lie behind a LiDAR's (positive: farther away), where both see the same one.

    pairs: how many points were compared. median_m and mad_m: median of the differences, and their median distance from
    it. median_share: median of difference / distance: a wrong scale shows here, a wrong offset in metres.
    """

    camera: str
    lidar: str
    pairs: int
    median_m: float
    mad_m: float
    median_share: float

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.camera} against {self.lidar}: {self.median_m * 100:+.1f} cm ({self.median_share * 100:+.2f} %), "
            f"spread {self.mad_m * 100:.1f} cm, {self.pairs} points"
        )


def depth_points(image: DepthImage, camera: CameraModel, *, keep_flying: bool = False) -> DepthPoints:
    """The measured pixels as points, those that the camera model does not describe left out, flying ones too."""
    depth_m = image.depth_m.astype(np.float32)
    kept = depth_m > 0.0 if keep_flying else solid_pixels(depth_m, camera)
    rays, valid = _rays(camera, *depth_m.shape)
    pixels = np.flatnonzero(kept & valid)
    planes = rays[:, pixels] * depth_m.ravel()[pixels]
    return DepthPoints(planes.T, pixels)


@lru_cache(maxsize=_CAMERAS_REMEMBERED)
def _rays(camera: CameraModel, height: int, width: int) -> tuple[Float32Array, BoolArray]:
    """Rays (3, H * W) scaled to z = 1 through the pixels of a depth image, and whether the model is valid (H, W).

    An image may be a fraction of the size that the camera was calibrated at.
    """
    rows, columns = np.divmod(np.arange(height * width), width)
    scale = np.array([camera.width_px / width, camera.height_px / height])
    rays, valid = camera.unproject((np.column_stack([columns, rows]) + 0.5) * scale - 0.5)
    ahead = rays[:, 2] > _LEAST_AHEAD  # depth is measured along the axis: beside and behind there is none
    rays = rays / np.where(ahead, rays[:, 2], np.nan)[:, None]
    return np.ascontiguousarray(rays.T, dtype=np.float32), (valid & ahead).reshape(height, width)


def solid_pixels(depth_m: Float32Array, camera: CameraModel) -> BoolArray:
    """(H, W) which pixels of a depth image (H, W), metres, 0 where nothing was measured, lie on a surface.

    Source of the rule: the shadow-point filters of ROS `laser_filters`, made two-dimensional.
    """
    distances_m, noise_m = _noise(depth_m)
    pixel_rad = camera.width_px / depth_m.shape[1] / min(camera.fx_px, camera.fy_px)
    allowed_m = depth_m * np.float32(pixel_rad * _STEEPEST)
    allowed_m += np.float32(_NOISE_TIMES * np.sqrt(2.0)) * np.interp(depth_m, distances_m, noise_m).astype(np.float32)
    kept = np.zeros(depth_m.shape, np.bool_)
    _supported(depth_m, allowed_m, kept)
    return kept


def _noise(depth_m: Float32Array) -> tuple[FloatArray, FloatArray]:
    """Distances (B,) in metres, and the noise's standard deviation there (B,): of the second differences along rows.

    Second differences vanish on planes, nearly so at any slant; their median does not see edges.
    """
    left, middle, right = depth_m[:, :-2], depth_m[:, 1:-1], depth_m[:, 2:]
    measured = np.flatnonzero((left > 0.0) & (middle > 0.0) & (right > 0.0))
    if len(measured) < 10 * _NOISE_BINS:
        return np.array([0.0, 1.0]), np.array([0.0, _LEAST_SHARE])
    measured = measured[:: max(1, len(measured) // 40_000)]
    at, bend = middle.ravel()[measured], np.abs(left + right - 2.0 * middle).ravel()[measured]
    order = np.argsort(at)
    distances_m = np.array([np.median(part) for part in np.array_split(at[order], _NOISE_BINS)])
    bends_m = np.array([np.median(part) for part in np.array_split(bend[order], _NOISE_BINS)])
    return distances_m, np.maximum(1.4826 * bends_m / np.sqrt(6.0), _LEAST_SHARE * distances_m)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _supported(depth_m: Float32Array, allowed_m: Float32Array, kept: BoolArray) -> None:
    height, width = depth_m.shape
    for v in range(height):
        for u in range(width):
            here, allowed = depth_m[v, u], allowed_m[v, u]
            if not here > 0.0:
                continue
            near = -1  # the pixel itself
            for row in range(max(v - 1, 0), min(v + 2, height)):
                for column in range(max(u - 1, 0), min(u + 2, width)):
                    there = depth_m[row, column]
                    near += there > 0.0 and abs(there - here) <= allowed
            kept[v, u] = near >= _LEAST_NEIGHBOURS


def depth_lidar_agreement(recording: Recording, camera: str, lidar: str) -> DepthAgreement | None:
    """A depth camera against a LiDAR over the frames that have both, at most 20 of them; None if nothing compares.

    LiDAR points, each at its own time, are compared with the pixel they fall on, where that lies on a smooth surface
    and neither is hidden from the other: farther apart than 0.3 m and 15 % is another surface.
    """
    frames = range(len(recording.frames))
    pairs = [(recording.sample_of(camera, frame), recording.sample_of(lidar, frame)) for frame in frames]
    both = [(image, sweep) for image, sweep in pairs if image is not None and sweep is not None]
    chosen = both[:: max(1, -(-len(both) // _MOST_FRAMES))]
    parts = [_differences(recording, camera, image, lidar, sweep) for image, sweep in chosen]
    seen = np.concatenate([np.empty((0, 2)), *parts])
    if not len(seen):
        return None
    distance_m, difference_m = seen.T
    median = float(np.median(difference_m))
    return DepthAgreement(
        camera=camera,
        lidar=lidar,
        pairs=len(seen),
        median_m=median,
        mad_m=float(np.median(np.abs(difference_m - median))),
        median_share=float(np.median(difference_m / distance_m)),
    )


def _differences(recording: Recording, camera: str, image: int, lidar: str, sweep: int) -> FloatArray:
    """(M, 2) the LiDAR's distance along the camera's axis, and how much farther the depth image says it is."""
    depth, model = recording.depth(camera, image), recording.rig[camera].model
    depth_m = depth.depth_m.astype(np.float32)
    depth_m[~_smooth(solid_pixels(depth_m, model))] = 0.0
    cloud = sweep_in_world(recording, lidar, sweep).points_in_world
    points = recording.world_from_sensor(camera, image).inverse().apply(cloud)
    pixels, valid = model.project(points)
    inside = valid & (points[:, 2] > 0.0) & model.contains(np.where(valid[:, None], pixels, -9.0))
    height, width = depth_m.shape
    columns = ((pixels[inside, 0] + 0.5) * width / model.width_px).astype(int).clip(0, width - 1)
    rows = ((pixels[inside, 1] + 0.5) * height / model.height_px).astype(int).clip(0, height - 1)
    there, distance = depth_m[rows, columns].astype(np.float64), points[inside, 2]
    same = (there > 0.0) & (np.abs(there - distance) <= np.maximum(_APART_M, _APART_SHARE * distance))
    return np.asarray(np.column_stack([distance, there - distance])[same])


def _smooth(solid: BoolArray) -> BoolArray:
    """(H, W) solid pixels all of whose neighbours are solid too: no edge is near."""
    padded = np.pad(solid, 1)
    height, width = solid.shape
    windows = [padded[dv : dv + height, du : du + width] for dv in range(3) for du in range(3)]
    return np.asarray(np.logical_and.reduce(windows))
