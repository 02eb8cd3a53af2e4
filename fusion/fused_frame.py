"""Everything that a frame's LiDARs and depth cameras measured, in one cloud, with a colour from the photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration.camera import BoolArray
from fusion.cloud import fused_cloud
from fusion.coloring import LEAST_WIDTH_PX, color_points, frame_photos
from fusion.depth import depth_points
from fusion.recording import Recording
from fusion.samples import Float32Array
from fusion.timeline import Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class FusedFrame:
    """N points of one frame, all arrays read-only.

    points_in_world: (N, 3) float32, metres. source: (N,) uint8, index into `sources`, the LiDARs and depth cameras that
    delivered something. times_ns: (N,) int64, when each point was measured. intensity: (N,) float32 as the LiDAR gave
    it, NaN for depth cameras. color_rgb: (N, 3) uint8, 0 where `has_color` (N,) is false. notes: why colours
    are missing.
    """

    points_in_world: Float32Array
    sources: tuple[str, ...]
    source: npt.NDArray[np.uint8]
    times_ns: Int64Array
    intensity: Float32Array
    color_rgb: npt.NDArray[np.uint8]
    has_color: BoolArray
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        columns = (self.source, self.times_ns, self.intensity, self.color_rgb, self.has_color)
        if any(len(column) != len(self.points_in_world) for column in columns):
            raise ValueError("a fused frame has one of everything for each point")
        for column in (self.points_in_world, *columns):
            column.flags.writeable = False

    def __len__(self) -> int:
        return len(self.points_in_world)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What one sensor brought."""

    sensor: str
    points_in_world: Float32Array
    times_ns: Int64Array
    intensity: npt.NDArray[Any]


def fused_frame(
    recording: Recording,
    frame: int,
    *,
    depth: bool = True,
    colors: bool = True,
    photo_width_px: int | None = LEAST_WIDTH_PX,
) -> FusedFrame:
    """The frame's LiDARs and (with `depth`) depth cameras; empty where none delivered.

    LiDAR points are deskewed by the ego motion; pixels of a depth camera share their image's time, and those that fly
    between two surfaces are gone. colors: by the frame's photos; one that cannot be decoded is noted and left out.
    photo_width_px: photos may be decoded smaller than they are, but not below this width; None for their full size.
    """
    parts = [*_lidar_parts(recording, frame), *(_depth_parts(recording, frame) if depth else ())]
    points, times_ns = _joined([part.points_in_world for part in parts], 3), _times(parts)
    photos, notes = (
        frame_photos(recording, frame, least_width_px=photo_width_px) if colors and len(points) else ([], ())
    )
    painted = color_points(points, times_ns, photos)
    return FusedFrame(
        points_in_world=points,
        sources=tuple(part.sensor for part in parts),
        source=np.repeat(np.arange(len(parts), dtype=np.uint8), [len(part.times_ns) for part in parts]),
        times_ns=times_ns,
        intensity=_joined([part.intensity.astype(np.float32) for part in parts]),
        color_rgb=painted.rgb,
        has_color=painted.has_color,
        notes=notes,
    )


def depth_image_in_world(recording: Recording, camera: str, index: int) -> Float32Array:
    """(N, 3) float32 points of one depth image in the world, metres, without flying pixels."""
    seen = depth_points(recording.depth(camera, index), recording.rig[camera].model)
    world_from_camera = recording.world_from_sensor(camera, index)
    return world_from_camera.apply(seen.points_in_camera).astype(np.float32)


def _lidar_parts(recording: Recording, frame: int) -> list[_Part]:
    cloud = fused_cloud(recording, frame)
    ends = np.cumsum(cloud.counts)
    spans = [slice(end - count, end) for end, count in zip(ends, cloud.counts, strict=True)]
    return [
        _Part(lidar, cloud.points_in_world[span], cloud.times_ns[span], cloud.intensity[span])
        for lidar, span in zip(cloud.sources, spans, strict=True)
    ]


def _depth_parts(recording: Recording, frame: int) -> list[_Part]:
    parts = []
    for camera in recording.depth_cameras():
        index = recording.sample_of(camera, frame)
        if index is not None:
            points = depth_image_in_world(recording, camera, index)
            times_ns = np.full(len(points), recording.times_ns(camera)[index], dtype=np.int64)
            parts.append(_Part(camera, points, times_ns, np.full(len(points), np.nan, np.float32)))
    return parts


def _times(parts: Sequence[_Part]) -> Int64Array:
    return np.concatenate([np.empty(0, np.int64), *(part.times_ns for part in parts)])


def _joined(columns: Sequence[Float32Array], width: int | None = None) -> Float32Array:
    """One after another; columns of points as planes in memory, which is how everything here walks over them."""
    if width is None:
        return np.concatenate([np.empty(0, np.float32), *columns])
    planes = [np.empty((width, 0), np.float32), *(column.T for column in columns)]
    return np.concatenate(planes, axis=1).T
