"""What the product makes of a simulated recording, as scores against its truth. Later work adds its own lines here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.cloud import Cloud, sweep_in_world
from fusion.recording import Recording
from fusion.scenario.truth.reader import Truth
from labeling.frame_labels import FrameLabels, frame_labels
from labeling.frame_times import FrameTimes
from labeling.object_clouds import object_deskewed
from labeling.photo_view import PhotoView
from labeling.track import Track, poses_of

_MARGIN_M = 0.05
_SMALLEST_PX = 100
_SECOND_NS = 1_000_000_000
_MOST_FRAMES = 60


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One simulated recording in a project, its tracks and its truth; frames: those that are looked at."""

    recording: Recording
    tracks: dict[str, Track]
    truth: Truth

    @property
    def frames(self) -> list[int]:
        """Spread evenly over the recording."""
        count = len(self.recording.frames)
        return np.unique(np.linspace(0, count - 1, min(count, _MOST_FRAMES)).astype(int)).tolist()

    def labels(self) -> list[FrameLabels]:
        """What the product shows in those frames."""
        return frame_labels(self.recording, FrameTimes(self.recording), self.tracks, self.frames)


def points_in_cuboids(judged: Judged, labels: list[FrameLabels]) -> float | None:
    """Share of the points of labelled actors, brought into the world by the product, that lie in the shown cuboid."""
    return _share_inside(judged, labels, lambda cloud, _frame: cloud)


def points_in_cuboids_own_time(judged: Judged, labels: list[FrameLabels]) -> float | None:
    """The same, with the points on every track brought to the moment at which the frame shows it."""
    tracks, times = list(judged.tracks.values()), FrameTimes(judged.recording)
    return _share_inside(judged, labels, lambda cloud, frame: object_deskewed(cloud, tracks, times, frame))


def _share_inside(judged: Judged, labels: list[FrameLabels], brought: Callable[[Cloud, int], Cloud]) -> float | None:
    inside = total = 0
    for shown in labels:
        for lidar in judged.recording.lidars():
            index = judged.recording.sample_of(lidar, shown.frame)
            if index is not None:
                cloud = brought(sweep_in_world(judged.recording, lidar, index), shown.frame)
                found, counted = _inside(judged, shown, lidar, index, cloud)
                inside, total = inside + found, total + counted
    return inside / total if total else None


def _inside(judged: Judged, shown: FrameLabels, lidar: str, index: int, cloud: Cloud) -> tuple[int, int]:
    instances = judged.truth.instances(lidar, judged.truth.firing_of(lidar, index))
    points = cloud.points_in_world.astype(np.float64)
    inside = total = 0
    for number, actor in enumerate(judged.truth.actors):
        mine = points[instances == number]
        if actor.track_id not in shown.track_ids or not len(mine):
            continue
        row = shown.track_ids.index(actor.track_id)
        local = np.abs(shown.world_from_object[row].inverse().apply(mine))
        inside += int(np.all(local <= 0.5 * shown.sizes_m[row] + _MARGIN_M, axis=1).sum())
        total += len(mine)
    return inside, total


def outline_iou(judged: Judged, labels: list[FrameLabels]) -> float | None:
    """Mean IoU of the drawn outline's box with the true cuboid's, from the camera's true place at the true time."""
    found: list[float] = []
    for shown in labels:
        for camera, outlines in shown.outlines.items():
            sample = judged.recording.sample_of(camera, shown.frame)
            if sample is not None:
                found += _ious(judged, shown, camera, judged.truth.firing_of(camera, sample), outlines.boxes_px)
    return float(np.mean(found)) if found else None


def _ious(judged: Judged, shown: FrameLabels, camera: str, firing: int, boxes: FloatArray) -> list[float]:
    view, seen = _true_view(judged, camera, firing), judged.truth.sensors[camera].visible[firing]
    ious = []
    for number, actor in enumerate(judged.truth.actors):
        if actor.track_id in shown.track_ids and seen[number] >= _SMALLEST_PX:
            true_box = view.outlines(actor.motion.at(view.times_ns[None]), [actor.size_m]).boxes_px[0]
            ious.append(_iou(np.nan_to_num(boxes[shown.track_ids.index(actor.track_id)]), true_box))
    return ious


def _true_view(judged: Judged, camera: str, firing: int) -> PhotoView:
    sensor, true = judged.recording.rig[camera], judged.truth.sensors[camera]
    half_ns = sensor.readout_ns // 2
    times_ns = true.true_ns[firing] + (np.array([-half_ns, 0, half_ns]) if half_ns else np.zeros(1, np.int64))
    world_from_camera = judged.truth.ego_motion.at(times_ns) * true.ego_from_sensor[firing]
    return PhotoView(sensor.model, times_ns, world_from_camera.inverse())


def _iou(a: FloatArray, b: FloatArray) -> float:
    overlap = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0.0))
    return float(overlap / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - overlap))


def keyframe_error_m(judged: Judged, _labels: list[FrameLabels]) -> float | None:
    """Median over the moving tracks of the largest error when only one knot a second is kept."""
    errors = [error for track in judged.tracks.values() if (error := _error_of_keyframes(track)) is not None]
    return float(np.median(errors)) if errors else None


def _error_of_keyframes(track: Track) -> float | None:
    moved = np.linalg.norm(np.ptp(track.positions_m, axis=0))
    kept = _one_a_second(track.times_ns)
    if moved < 1.0 or len(kept) < 2 or len(kept) == len(track.times_ns):
        return None
    sparse = track.with_knots([track.knots[index] for index in kept.tolist()])
    asked = track.times_ns[(track.times_ns >= sparse.times_ns[0]) & (track.times_ns <= sparse.times_ns[-1])]
    poses = poses_of([sparse], asked[None])
    truth = poses_of([track], asked[None])
    return float(np.linalg.norm(poses.translation - truth.translation, axis=-1).max())


def _one_a_second(times_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Indices of knots that are at least a second apart, from the first to the last."""
    wanted = np.arange(times_ns[0], times_ns[-1] + _SECOND_NS // 2, _SECOND_NS)
    return np.unique(np.clip(np.searchsorted(times_ns, wanted), 0, len(times_ns) - 1)).astype(np.int64)


CAPABILITIES: dict[str, Callable[[Judged, list[FrameLabels]], float | None]] = {
    "points_in_cuboids": points_in_cuboids,
    "points_in_cuboids_own_time": points_in_cuboids_own_time,
    "outline_iou": outline_iou,
    "keyframe_error_m": keyframe_error_m,
}
"""Name -> score; None where the scenario has nothing to judge it by."""
