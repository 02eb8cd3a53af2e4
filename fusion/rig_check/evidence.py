"""What a recording offers to judge its rig by: a few photos, each with the edges of the sweeps of its frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from calibration import CameraModel, RigidTransform
from calibration.alignment import ImageEdges, Peak, SweepEdges, agreement, image_edges, peak, sweep_edges
from fusion.cloud import sweep_in_world
from fusion.recording import Recording
from fusion.rig_check.photos import GreyImage, grey_image

_REACH_PX = 72
_NEAR_RAD = np.deg2rad(2.5)
_LEAST_EDGES = 120  # in view, over all photos
_LARGEST_REDUCTION = 16
_WIDEST_PX = 1300


@dataclass(frozen=True, slots=True, eq=False)
class FrameEdges:
    """Edges of all sweeps of one frame in the world, by LiDAR."""

    frame: int
    by_lidar: dict[str, SweepEdges]
    world_from_lidar: dict[str, RigidTransform]


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One photo of a camera: its index and time, where the recording says the camera was, its edges and itself."""

    index: int
    time_ns: int
    world_from_ego: RigidTransform
    world_from_camera: RigidTransform
    edges: FrameEdges
    image: ImageEdges
    grey: GreyImage

    @property
    def ego_from_camera(self) -> RigidTransform:
        """The mounting that the recording's poses amount to for this photo."""
        return self.world_from_ego.inverse() * self.world_from_camera


Pose = Callable[[Shot], RigidTransform]
"""`world_from_camera` of a shot under some hypothesis."""

Change = Callable[[FrameEdges], list[SweepEdges]]
"""The edges of a frame in the world under some hypothesis."""


def as_recorded(edges: FrameEdges) -> list[SweepEdges]:
    """All LiDARs where the recording says they are."""
    return list(edges.by_lidar.values())


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """How well something fits. peak: None where too little is in view; shift_deg: how far its peak is from no turn."""

    peak: Peak | None
    in_view: int
    shift_deg: float

    @property
    def height(self) -> float:
        """Of the peak; 0 without evidence."""
        return self.peak.height if self.peak else 0.0

    @property
    def score(self) -> float:
        """To rank what fits nearly alike: a peak, and that it is where it belongs."""
        return self.peak.height + 0.5 * self.peak.centre if self.peak else 0.0


def fit(shots: list[Shot], camera: CameraModel, pose: Pose, change: Change = as_recorded) -> Fit:
    """Of a camera's photos under a hypothesis."""
    surface, in_view = np.zeros(1, np.float32), 0
    for shot in shots:
        camera_from_world = pose(shot).inverse()
        for edges in change(shot.edges):
            found = agreement(edges, shot.image, camera, camera_from_world)
            surface, in_view = surface + found.surface, in_view + found.in_view
    if in_view < _LEAST_EDGES:
        return Fit(None, in_view, 0.0)
    focal_px = camera.fx_px * shots[0].image.scale
    best = peak(surface, int(np.clip(round(focal_px * _NEAR_RAD), 2, 0.7 * (len(surface) // 2))))
    return Fit(best, in_view, float(np.rad2deg(np.arctan(best.shift_px / focal_px))))


def spread_frames(recording: Recording, most: int) -> list[int]:
    """Frames over the whole recording in which a LiDAR and a camera delivered."""
    lidars, cameras = recording.lidars(), recording.cameras()

    def delivered(names: tuple[str, ...], frame: int) -> bool:
        return any(recording.sample_of(name, frame) is not None for name in names)

    frames = [f for f in range(len(recording.frames)) if delivered(lidars, f) and delivered(cameras, f)]
    if not frames:
        return []
    picked = np.unique(np.linspace(0, len(frames) - 1, min(most, len(frames))).astype(int))
    return [frames[int(each)] for each in picked]


def frame_edges(recording: Recording, frame: int) -> FrameEdges:
    """Edges of the sweeps of one frame."""
    found: dict[str, SweepEdges] = {}
    poses: dict[str, RigidTransform] = {}
    for lidar in recording.lidars():
        index = recording.sample_of(lidar, frame)
        if index is None:
            continue
        cloud = sweep_in_world(recording, lidar, index)
        poses[lidar] = recording.world_from_sensor(lidar, index)
        points_in_lidar = poses[lidar].inverse().apply(cloud.points_in_world)
        found[lidar] = sweep_edges(points_in_lidar, cloud.intensity).moved(poses[lidar])
    return FrameEdges(frame, found, poses)


def camera_shots(recording: Recording, camera: str, frames: list[FrameEdges]) -> list[Shot]:
    """The camera's photos in those frames; none of frames whose photo is missing or cannot be decoded."""
    shots = (_shot(recording, camera, edges) for edges in frames)
    return [shot for shot in shots if shot is not None]


def _shot(recording: Recording, camera: str, edges: FrameEdges) -> Shot | None:
    index = recording.sample_of(camera, edges.frame)
    if index is None:
        return None
    model = recording.rig[camera].model
    reduction = _reduction(model.width_px)
    grey = grey_image(recording.image(camera, index), reduction)
    if grey is None or min(grey.shape) < 16:
        return None
    time_ns = int(recording.times_ns(camera)[index])
    return Shot(
        index=index,
        time_ns=time_ns,
        world_from_ego=recording.ego_motion.at(time_ns),
        world_from_camera=recording.world_from_sensor(camera, index),
        edges=edges,
        image=image_edges(grey, 1.0 / reduction, _REACH_PX),
        grey=grey,
    )


def coarser(shot: Shot) -> Shot:
    """The shot with its photo half as large: to try many things quickly."""
    rows, columns = (size // 2 for size in shot.grey.shape)
    halved = shot.grey[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).mean(axis=(1, 3)).astype(np.uint8)
    image = image_edges(halved, 0.5 * shot.image.scale, shot.image.reach_px // 2)
    return replace(shot, image=image, grey=halved)


def _reduction(width_px: int) -> int:
    """Images of 650 to 1300 pixels: what a camera is said to be like must not decide how its photos are looked at."""
    reduction = 1
    while width_px / reduction > _WIDEST_PX and reduction < _LARGEST_REDUCTION:
        reduction *= 2
    return reduction
