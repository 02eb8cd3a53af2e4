"""The world that stands still: all frames merged into one cloud, without the points on tracks that move."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from calibration.camera import BoolArray
from fusion.cloud import Cloud, fused_cloud
from fusion.progress import Progress, silent
from fusion.recording import Recording
from fusion.voxels import MergedCloud, VoxelMerger
from labeling.track import PresenceKind, Track

MOVES_MPS = 0.3
"""A track that is ever faster than this, over half a second, is not part of the static world."""

_MARGIN_M = 0.15
"""Cuboids are drawn tightly; mirrors, wheels and noise reach out of them."""


def static_cloud(
    recording: Recording,
    tracks: Iterable[Track],
    *,
    voxel_m: float = 0.1,
    frames: Sequence[int] | None = None,
    most_points: int = 10_000_000,
    progress: Progress = silent,
) -> MergedCloud:
    """LiDAR points of all `frames` (by default every frame) in voxels, what moves left out.

    A point belongs to a moving track if it lies in its cuboid, 15 cm enlarged, where that was at the point's own time.
    Memory is bounded by `most_points`, 36 bytes each and as much again while it grows, and one frame: with more, voxels
    become twice as long. Raises ValueError for a voxel size that is not positive.
    """
    chosen = range(len(recording.frames)) if frames is None else frames
    moving = [track for track in tracks if track.speed_mps() > MOVES_MPS]
    origin = recording.ego_motion.world_from_ego.translation[0]
    merger = VoxelMerger(voxel_m, most_points=most_points, origin_in_world=origin)
    for done, frame in enumerate(chosen, start=1):
        cloud = fused_cloud(recording, frame)
        standing = ~on_tracks(cloud, moving)
        merger.add(cloud.points_in_world[standing], cloud.intensity[standing])
        progress(done, len(chosen))
    return merger.merged()


def on_tracks(cloud: Cloud, tracks: Iterable[Track], *, margin_m: float = _MARGIN_M) -> BoolArray:
    """(N,) which points lie in the cuboid of a track that is present, each at its own time."""
    found = np.zeros(len(cloud), dtype=np.bool_)
    if not len(cloud):
        return found
    start_ns, end_ns = int(cloud.times_ns.min()), int(cloud.times_ns.max())
    for track in tracks:
        near = _near(cloud, track, start_ns, end_ns, margin_m)
        if len(near):
            found[near] |= _inside(cloud, track, near, margin_m)
    return found


def _near(cloud: Cloud, track: Track, start_ns: int, end_ns: int, margin_m: float) -> npt.NDArray[np.intp]:
    """Indices of the points that the track can have reached within the frame; none if it is absent."""
    moments = np.linspace(start_ns, end_ns, 3).astype(np.int64)
    if all(track.presence_at(int(moment)) is PresenceKind.ABSENT for moment in moments):
        return np.empty(0, dtype=np.intp)
    places = track.at(moments).translation
    centre = 0.5 * (places.min(axis=0) + places.max(axis=0))
    reach = np.linalg.norm(np.ptp(places, axis=0)) + 0.5 * np.linalg.norm(track.size_m) + 2.0 * margin_m
    x, y = cloud.points_in_world[:, 0], cloud.points_in_world[:, 1]
    return np.flatnonzero((np.abs(x - np.float32(centre[0])) < reach) & (np.abs(y - np.float32(centre[1])) < reach))


def _inside(cloud: Cloud, track: Track, near: npt.NDArray[np.intp], margin_m: float) -> BoolArray:
    """(K,) of the points at K indices."""
    poses = track.at(cloud.times_ns[near])
    offsets = cloud.points_in_world[near] - poses.translation
    object_from_world = np.swapaxes(poses.matrix[:, :3, :3], 1, 2)
    places = np.abs(np.einsum("kij,kj->ki", object_from_world, offsets))
    return np.asarray(np.all(places <= 0.5 * np.asarray(track.size_m) + margin_m, axis=1))
