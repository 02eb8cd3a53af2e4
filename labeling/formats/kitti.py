"""KITTI tracking labels: 17 columns of text, h w l, bottom centre and one angle in the camera frame.

Columns: Geiger, Lenz, Urtasun, development kit of "Are we ready for autonomous driving?", CVPR 2012, `readme.txt` of
tracking. Identities are numbers there: a file `NAME.ids.json` beside the labels keeps ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform, quaternion
from calibration.errors import FormatError, UsageError
from calibration.quaternion import FloatArray
from fusion import CuboidTable
from fusion.recording import Recording
from labeling.formats.report import ExportReport, unsayable
from labeling.frame_labels import FrameLabels, frame_labels
from labeling.frame_times import FrameTimes
from labeling.from_table import tracks_from_table
from labeling.ontology import Ontology
from labeling.projection import Outlines
from labeling.track import PresenceKind, Track

_COLUMNS = 17
_IGNORED = "DontCare"
_TILT_RAD = 1e-3
_GREY_LEFT, _KITTI_CAMERAS = "image_00", ("image_00", "image_01", "image_02", "image_03")
# Axes of a cuboid (x forward, y left, z up) with rotation_y 0, in the camera's (x right, y down, z forward).
_CAMERA_FROM_UPRIGHT: FloatArray = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True, slots=True)
class KittiRow:
    """One line. box_px: left, top, right, bottom; size_hwl_m; bottom_m: x, y, z of the bottom's centre."""

    frame: int
    number: int
    kind: str
    truncated: float
    occluded: int
    alpha_rad: float
    box_px: tuple[float, float, float, float]
    size_hwl_m: tuple[float, float, float]
    bottom_m: tuple[float, float, float]
    rotation_y_rad: float

    def line(self) -> str:
        """As text."""
        numbers = (self.alpha_rad, *self.box_px, *self.size_hwl_m, *self.bottom_m, self.rotation_y_rad)
        head = f"{self.frame} {self.number} {self.kind} {self.truncated:g} {self.occluded}"
        return " ".join([head, *(f"{value:.6f}" for value in numbers)])


def parse_rows(path: Path) -> list[KittiRow]:
    """All lines but `DontCare`. Raises FormatError with the number of the first line that is broken."""
    return parse_scored_rows(path)[0]


def parse_scored_rows(path: Path) -> tuple[list[KittiRow], FloatArray]:
    """The same, and the score of each line: the 18th column of a tracker's file, 1 where there is none."""
    rows, scores = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        try:
            row = _parse(words)
            score = float(words[_COLUMNS]) if len(words) > _COLUMNS else 1.0
        except (ValueError, IndexError) as error:
            raise FormatError(
                f"line {number} is not a KITTI tracking label of {_COLUMNS} columns", where=path
            ) from error
        if row.kind != _IGNORED:
            rows.append(row)
            scores.append(score)
    return rows, np.array(scores)


def _parse(words: list[str]) -> KittiRow:
    v = [float(word) for word in words[5:_COLUMNS]]
    if not np.all(np.isfinite(v)) or (words[2] != _IGNORED and min(v[5:8]) <= 0.0):
        raise ValueError("a number is not finite or a size not positive")
    return KittiRow(
        frame=int(words[0]),
        number=int(words[1]),
        kind=words[2],
        truncated=float(words[3]),
        occluded=int(float(words[4])),
        alpha_rad=v[0],
        box_px=(v[1], v[2], v[3], v[4]),
        size_hwl_m=(v[5], v[6], v[7]),
        bottom_m=(v[8], v[9], v[10]),
        rotation_y_rad=v[11],
    )


def write(recording: Recording, tracks: Mapping[str, Track], path: Path) -> ExportReport:
    """Cuboids in view of the first camera, each at that photo's own exposure. Raises UsageError without a camera."""
    camera = labelled_camera(recording)
    camera_from_rect = camera_from_rectified(recording, camera)
    numbers = {track_id: number for number, track_id in enumerate(tracks)}
    rows: list[KittiRow] = []
    unseen, tilted = 0, set()
    times = FrameTimes(recording)
    for labels in frame_labels(recording, times, tracks, range(len(recording.frames))):
        index = recording.sample_of(camera, labels.frame)
        if index is None:
            unseen += len(labels.track_ids)
            continue
        exposure = int(recording.times_ns(camera)[index])
        rect_from_world = (recording.world_from_sensor(camera, index) * camera_from_rect).inverse()
        for row, track_id in enumerate(labels.track_ids):
            if not labels.outlines[camera].visible[row]:
                unseen += 1
                continue
            camera_from_object = rect_from_world * tracks[track_id].at(exposure)
            rows.append(
                _row(numbers[track_id], tracks[track_id], labels, row, labels.outlines[camera], camera_from_object)
            )
            if _tilt_rad(camera_from_object) > _TILT_RAD:
                tilted.add(track_id)
    path.write_text("".join(row.line() + "\n" for row in rows), encoding="utf-8")
    _ids_path(path).write_text(json.dumps({str(n): track_id for track_id, n in numbers.items()}, indent=1), "utf-8")
    losses = unsayable(tracks, presence=False)
    if unseen:
        losses.append(f"{unseen} cuboids that {camera} does not see")
    if tilted:
        losses.append(f"roll and pitch against {camera} of {len(tilted)} tracks: KITTI has one angle")
    return ExportReport(len(rows), len({row.number for row in rows}), tuple(losses))


def labelled_camera(recording: Recording) -> str:
    """The camera whose photos KITTI's labels are about. Raises UsageError without a camera."""
    cameras = recording.cameras()
    if not cameras:
        raise UsageError("KITTI labels need a camera and this recording has none", where=recording.name)
    front = [name for name in cameras if name.startswith("front") or "front_center" in name]
    exact = [name for name in front if name in ("front", "front_camera", "ring_front_center")]
    return (exact or front or list(cameras))[0]


def _ids_path(path: Path) -> Path:
    return path.with_suffix(path.suffix + ".ids.json")


def _row(
    number: int, track: Track, labels: FrameLabels, row: int, outlines: Outlines, camera_from_object: RigidTransform
) -> KittiRow:
    length, width, height = track.size_m
    rotation = quaternion.to_matrix(camera_from_object.rotation)
    forward, up = rotation[:, 0], rotation[:, 2]
    x, y, z = (camera_from_object.translation - 0.5 * height * up).tolist()
    rotation_y = float(-np.arctan2(forward[2], forward[0]))
    left, top, right, bottom = outlines.boxes_px[row].tolist()
    occluded = 0 if labels.presence[row] is PresenceKind.OBSERVED else 2
    return KittiRow(
        frame=labels.frame,
        number=number,
        kind=track.class_name.replace(" ", "_"),
        truncated=_truncation(outlines.boxes_px[row], outlines.amodal_px[row]),
        occluded=occluded,
        alpha_rad=_wrapped(rotation_y - float(np.arctan2(x, z))),
        box_px=(left, top, right, bottom),
        size_hwl_m=(height, width, length),
        bottom_m=(x, y, z),
        rotation_y_rad=rotation_y,
    )


def _truncation(box: FloatArray, amodal: FloatArray) -> float:
    whole = float(np.prod(amodal[2:] - amodal[:2]))
    return round(float(np.clip(1.0 - np.prod(box[2:] - box[:2]) / whole, 0.0, 1.0)), 2) if whole > 0 else 1.0


def _wrapped(angle: float) -> float:
    return float((angle + np.pi) % (2 * np.pi) - np.pi)


def _tilt_rad(camera_from_object: RigidTransform) -> float:
    """Angle between the cuboid's up axis and the camera's."""
    return float(np.arccos(np.clip(-quaternion.to_matrix(camera_from_object.rotation)[1, 2], -1.0, 1.0)))


def read(recording: Recording, path: Path, ontology: Ontology) -> list[Track]:
    """Tracks of a label file of this recording; identities come from `NAME.ids.json` where it is there."""
    camera = labelled_camera(recording)
    rows = parse_rows(path)
    samples = [sample_in(recording, camera, row.frame, path) for row in rows]
    if not rows:
        return []
    world_from_camera = RigidTransform.stack([recording.world_from_sensor(camera, index) for index in samples])
    world_from_rect = world_from_camera * camera_from_rectified(recording, camera)
    names = {name.replace(" ", "_"): name for name in ontology.names}
    identities = _identities(path, {row.number for row in rows})
    return tracks_from_table(
        CuboidTable(
            track_ids=tuple(identities[row.number] for row in rows),
            classes=tuple(names.get(row.kind, row.kind) for row in rows),
            times_ns=recording.times_ns(camera)[samples],
            frames=np.array([row.frame for row in rows], dtype=np.int64),
            world_from_object=world_from_rect * camera_from_objects(rows),
            sizes_m=np.array([row.size_hwl_m[::-1] for row in rows]),
        )
    )


def camera_from_objects(rows: Iterable[KittiRow]) -> RigidTransform:
    """Poses (N,) of the cuboids' centres in the camera frame."""
    rows = list(rows)
    angles = np.array([row.rotation_y_rad for row in rows])
    turn = quaternion.to_matrix(quaternion.from_yaw(-angles))  # about the camera's y, which points down
    bottoms = np.array([row.bottom_m for row in rows])
    lift: npt.NDArray[np.float64] = np.array([[0.0, -0.5 * row.size_hwl_m[0], 0.0] for row in rows])
    return RigidTransform(quaternion.from_matrix(_CAMERA_FROM_UPRIGHT @ turn), bottoms + lift)


def camera_from_rectified(recording: Recording, camera: str) -> RigidTransform:
    """KITTI's labels are in the frame of the grey left camera, also where photos are those of the colour one."""
    mountings = {sensor.name: sensor.ego_from_sensor for sensor in recording.rig}
    if _GREY_LEFT not in mountings or camera not in _KITTI_CAMERAS:
        return RigidTransform.identity()
    return mountings[camera].inverse() * mountings[_GREY_LEFT]


def sample_in(recording: Recording, camera: str, frame: int, path: Path) -> int:
    """The index of the camera's photo in a frame. Raises FormatError if there is none."""
    index = recording.sample_of(camera, frame) if 0 <= frame < len(recording.frames) else None
    if index is None:
        raise FormatError(f"the recording has no photo of {camera} in frame {frame}", where=path)
    return index


def _identities(path: Path, numbers: set[int]) -> dict[int, str]:
    kept: dict[str, str] = {}
    if _ids_path(path).is_file():
        try:
            kept = json.loads(_ids_path(path).read_text(encoding="utf-8"))
        except ValueError as error:
            raise FormatError(
                "not readable JSON", do="delete it to get new identities", where=_ids_path(path)
            ) from error
    return {number: kept.get(str(number), f"kitti-{number}") for number in numbers}
