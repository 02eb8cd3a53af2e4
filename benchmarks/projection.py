"""Cuboids from the world into a photo: ours beside nuscenes-devkit, same boxes, same camera, same run."""

from __future__ import annotations

import argparse
import functools
import importlib
import importlib.util
import sys
import types
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.drive import camera_model, ego_from_camera
from benchmarks.report import MissingPeerError, Peer, Report, peer_version, run
from benchmarks.timing import Timing, interleaved
from calibration import CameraModel, Pinhole, RigidTransform
from calibration.errors import InputError
from calibration.quaternion import FloatArray
from labeling.project import Project
from labeling.projection import Outlines, project_cuboids

TARGET_RATIO = 50.0
_OURS, _PINHOLE, _ROLLING, _PEER = "ours", "ours_pinhole", "ours_rolling", "peer"
_READOUT_S = 0.03
# What ego and objects do meanwhile: forward and turning left, in m/s and rad/s.
_EGO_TWIST, _OBJECT_TWIST = np.array([20.0, 0, 0, 0, 0, 0.5]), np.array([10.0, 0, 0, 0, 0, 0.2])
_OURS_IN_VIEW, _PEER_IN_VIEW = "ours_in_view", "peer_in_view"


@dataclass(frozen=True, slots=True)
class View:
    """Boxes in the world and one camera. world_from_object: batch (N,); sizes_m: (N, 3) length, width, height."""

    camera: CameraModel
    world_from_ego: RigidTransform
    ego_from_camera: RigidTransform
    world_from_object: RigidTransform
    sizes_m: FloatArray

    @property
    def pinhole(self) -> CameraModel:
        """The camera without its distortion: all that the peer knows."""
        c = self.camera
        return Pinhole(c.width_px, c.height_px, c.fx_px, c.fy_px, c.cx_px, c.cy_px)

    def part(self, rows: npt.NDArray[np.int64]) -> View:
        """Some of the boxes."""
        return replace(self, world_from_object=self.world_from_object[rows], sizes_m=self.sizes_m[rows])


def synthetic_view(boxes: int) -> View:
    """Boxes all round within 80 m, as a labelled frame has them, and the front camera."""
    rng = np.random.default_rng(3)
    angle, radius = rng.uniform(-np.pi, np.pi, boxes), rng.uniform(3.0, 80.0, boxes)
    places = np.stack([radius * np.cos(angle), radius * np.sin(angle), rng.normal(0.9, 0.3, boxes)], axis=1)
    world_from_ego = RigidTransform.from_yaw(0.7, [1200.0, -350.0, 12.0])
    ego_from_object = RigidTransform.from_yaw(rng.uniform(-np.pi, np.pi, boxes), places)
    sizes = rng.uniform([0.5, 0.5, 1.2], [10.0, 2.6, 3.4], (boxes, 3))
    return View(camera_model(), world_from_ego, ego_from_camera(0), world_from_ego * ego_from_object, sizes)


def recorded_view(root: Path, name: str, boxes: int) -> View:
    """The tracks of a recording at the exposures of its first camera, frame after frame, until there are enough.

    The camera stays at its first photo, so that one view sees all of them. Raises InputError without tracks or photos.
    """
    project = Project.open(root)
    labels = project.labels()
    tracks = list(labels.tracks(name).values())
    labels.close()
    with project.recording(name) as recording:
        if not recording.cameras() or not tracks:
            raise InputError("the recording has no photos or no tracks", where=name)
        camera = recording.cameras()[0]
        times = recording.times_ns(camera)
        poses = [track.at(times) for track in tracks]
        world_from_ego = recording.world_from_sensor(camera, 0) * recording.rig[camera].ego_from_sensor.inverse()
        rotations = np.concatenate([each.rotation for each in poses])[:boxes]
        places = np.concatenate([each.translation for each in poses])[:boxes]
        sizes = np.repeat([track.size_m for track in tracks], len(times), axis=0)[:boxes]
        sensor = recording.rig[camera]
    return View(sensor.model, world_from_ego, sensor.ego_from_sensor, RigidTransform(rotations, places), sizes)


def ours(view: View, camera: CameraModel) -> Outlines:
    """Frame changes, clipping, curved outlines and 2D boxes."""
    camera_from_world = view.ego_from_camera.inverse() * view.world_from_ego.inverse()
    return project_cuboids(camera, camera_from_world * view.world_from_object, view.sizes_m)


def ours_rolling(view: View, camera: CameraModel) -> Outlines:
    """The same with a rolling shutter, from a moving ego, of moving objects."""
    seconds = _READOUT_S * np.array([[-0.5], [0.0], [0.5]])
    world_from_ego = view.world_from_ego * RigidTransform.exp(seconds * _EGO_TWIST)
    world_from_camera = world_from_ego * view.ego_from_camera
    camera_from_world = RigidTransform.stack([world_from_camera[k : k + 1].inverse() for k in range(3)])
    moved = RigidTransform.exp(seconds * _OBJECT_TWIST)
    world_from_object = RigidTransform.stack([view.world_from_object * moved[k] for k in range(3)])
    return project_cuboids(camera, camera_from_world * world_from_object, view.sizes_m)


class Devkit:
    """What `NuScenes.get_sample_data` and `Box.render` do to each annotation, without drawing."""

    def __init__(self, view: View) -> None:
        self._boxes, self._geometry = _devkit_modules()
        self._view = view
        self._records = [
            (place.tolist(), [width, length, height], rotation.tolist())
            for place, rotation, (length, width, height) in zip(
                view.world_from_object.translation, view.world_from_object.rotation, view.sizes_m, strict=True
            )
        ]
        c = view.camera
        self._intrinsic = np.array([[c.fx_px, 0.0, c.cx_px], [0.0, c.fy_px, c.cy_px], [0.0, 0.0, 1.0]])

    def project(self) -> dict[int, FloatArray]:
        """Corners (2, 8) in pixels of each box of which the image shows a corner."""
        view, quaternion = self._view, self._boxes.Quaternion
        steps = [
            (-pose.translation, quaternion(pose.rotation).inverse)
            for pose in (view.world_from_ego, view.ego_from_camera)
        ]
        image_size, visibility = (view.camera.width_px, view.camera.height_px), self._geometry.BoxVisibility.ANY
        corners = {}
        for index, (place, size, rotation) in enumerate(self._records):
            box = self._boxes.Box(place, size, quaternion(rotation))
            for shift, turn in steps:
                box.translate(shift)
                box.rotate(turn)
            if self._geometry.box_in_image(box, self._intrinsic, image_size, vis_level=visibility):
                corners[index] = self._geometry.view_points(box.corners(), self._intrinsic, normalize=True)[:2]
        return corners


@functools.cache
def _devkit_modules() -> tuple[Any, Any]:
    """Its two modules about boxes; its package's own import would ask for scikit-learn and a data set's schema."""
    found = importlib.util.find_spec("nuscenes")
    if found is None:
        raise MissingPeerError("nuscenes-devkit is not installed", do="run `make bench`, which installs it")
    bare = types.ModuleType("nuscenes")
    bare.__spec__ = found
    bare.__path__ = list(found.submodule_search_locations or ())
    sys.modules.setdefault("nuscenes", bare)
    try:
        names = ("nuscenes.utils.data_classes", "nuscenes.utils.geometry_utils")
        boxes, geometry = (importlib.import_module(name) for name in names)
    except ImportError as error:
        raise MissingPeerError(f"nuscenes-devkit cannot be imported ({error})", do="run `make bench`") from error
    return boxes, geometry


def disagreement_px(view: View, peer: dict[int, FloatArray]) -> float:
    """Largest difference of 2D boxes where both must give the same: pinhole, all corners inside the image."""
    boxes = ours(view, view.pinhole).boxes_px
    last = np.array([[view.camera.width_px - 1.0], [view.camera.height_px - 1.0]])
    whole = {index: corners for index, corners in peer.items() if np.all(corners >= 0) and np.all(corners <= last)}
    differences = [
        np.abs(boxes[index] - np.concatenate([corners.min(axis=1), corners.max(axis=1)])).max()
        for index, corners in whole.items()
    ]
    return float(max(differences, default=0.0))


def measure(options: argparse.Namespace, command: str) -> Report:
    """Time ours with distortion, ours without, and the devkit."""
    if options.recording is None:
        view = synthetic_view(options.boxes)
    else:
        view = recorded_view(options.recording, options.name, options.boxes)
    devkit = Devkit(view)
    near = view.part(np.array(sorted(devkit.project()), dtype=np.int64))
    near_devkit = Devkit(near)
    actions = {
        _OURS: lambda _: ours(view, view.camera),
        _PINHOLE: lambda _: ours(view, view.pinhole),
        _ROLLING: lambda _: ours_rolling(view, view.camera),
        _PEER: lambda _: devkit.project(),
        _OURS_IN_VIEW: lambda _: ours(near, near.camera),
        _PEER_IN_VIEW: lambda _: near_devkit.project(),
    }
    timings = interleaved(actions, options.repetitions)
    return _report(view, devkit, timings, command)


def _report(view: View, devkit: Devkit, timings: dict[str, Timing], command: str) -> Report:
    count = len(view.sizes_m)
    shown = devkit.project()
    rates = {name: 1e3 * count / timings[name].median_ms for name in (_OURS, _PINHOLE, _ROLLING, _PEER)}
    figures = {
        "boxes": float(count),
        "ours_boxes_per_s": rates[_OURS],
        "ours_pinhole_boxes_per_s": rates[_PINHOLE],
        "ours_rolling_boxes_per_s": rates[_ROLLING],
        "peer_boxes_per_s": rates[_PEER],
        "ratio_pinhole": rates[_PINHOLE] / rates[_PEER],
        "ratio_in_view": timings[_PEER_IN_VIEW].median_ms / timings[_OURS_IN_VIEW].median_ms,
        "visible_ours": float(ours(view, view.pinhole).visible.sum()),
        "visible_peer": float(len(shown)),
        "disagreement_px": disagreement_px(view, shown),
    }
    ratio = rates[_OURS] / rates[_PEER]
    return Report(
        name="projection",
        title="Cuboids from the world into a camera",
        figures=figures,
        ratio=ratio,
        target=f"{TARGET_RATIO:.0f} times nuscenes-devkit, with distortion and clipping",
        met=ratio >= TARGET_RATIO,
        peer=Peer("nuscenes-devkit", peer_version("nuscenes-devkit")),
        command=command,
        notes=(
            f"ours: {_lens(view.camera)}, outlines clipped, 2D boxes. peer: pinhole, eight corners, box_in_image ANY",
            "rolling: the same with 30 ms of readout, every point where its row sees it; the peer knows no such thing",
            "ratio_in_view: only boxes of which the peer shows a corner, our dearest case",
        ),
    )


def _lens(camera: CameraModel) -> str:
    return "lens distortion" if any(camera.distortion) else "a camera without distortion"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--boxes", type=int, default=2000, help="how many boxes a repetition projects")
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--recording", type=Path, metavar="DIR", help="a project, to take boxes and camera from")
    parser.add_argument("--name", default="drive", help="the recording in the project")


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("projection", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
