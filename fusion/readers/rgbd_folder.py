"""RGB-D folders: 7-Scenes' files a frame, and TUM's lists with times.

7-Scenes: `frame-000100.color.jpg` (or .png), `.depth.png` (16 bit, millimetres), `.pose.txt` (4x4, world_from_camera),
and `camera-intrinsics.txt` or `intrinsics.txt` (3x3). TUM RGB-D: `rgb.txt` and `depth.txt` (time, file name),
`groundtruth.txt` (time tx ty tz qx qy qz qw), 5000 depth units a metre; intrinsics by the name of the sequence
(freiburg1, 2, 3), or from the same file as above.
Source: J. Sturm et al., "A benchmark for the evaluation of RGB-D SLAM systems", IROS 2012, and its file format page.

The ego is the camera with its axes turned: x forward, z up. The world is levelled by `gravity-direction.txt` (three
numbers in the axes of the poses), TUM's is level already; else the first photo is taken to be upright. One model serves
colour and depth: TUM registers depth to colour.

What the data itself shows, `rgbd_7scenes`: depth 0 and 65535 mean that nothing was measured. Colour and depth are not
registered to each other: towards the left and right border depth edges lie up to 15 px beside those of the photo. The
intrinsics that come with it are the depth camera's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration import BrownConrady, CameraModel, Pinhole, Rig, RigidTransform, Sensor, SensorKind
from calibration.errors import FormatError
from calibration.quaternion import FloatArray
from fusion.ego_motion import EgoMotion
from fusion.readers.depth_png import decode_depth_png
from fusion.readers.folder_files import (
    candidates,
    files_by_stem,
    finite,
    inside,
    parsing,
    read_bytes,
    read_lines,
    read_table,
    the_only,
)
from fusion.readers.image_header import first_header
from fusion.readers.options import ReaderOptions
from fusion.readers.rigid import EGO_FROM_OPTICAL, levelled, quaternion_poses, rigid
from fusion.readers.streams import SECOND_NS, Load, frame_stream, photo_loader, reference_stream, timeline
from fusion.recording.source import PoseSource, RecordingSource, SourceStream
from fusion.samples import DepthImage, Sample
from fusion.timeline import Int64Array, Timeline

COLOUR, DEPTH = "color", "depth"
_RATE_HZ = 30
_NOTHING = 65535
_MILLIMETRES, _TUM_UNITS = 1e-3, 1 / 5000
_INTRINSICS = ("camera-intrinsics.txt", "intrinsics.txt")
_KINECT = (525.0, 525.0, 319.5, 239.5)
# fx fy cx cy k1 k2 p1 p2 k3 of the colour cameras, from the dataset's page.
_TUM_LENSES = {
    "freiburg1": (517.3, 516.5, 318.6, 255.3, 0.2624, -0.9531, -0.0054, 0.0026, 1.1633),
    "freiburg2": (520.9, 521.0, 325.1, 249.7, 0.2312, -0.7849, -0.0033, -0.0001, 0.9172),
    "freiburg3": (535.4, 539.2, 320.1, 247.6, 0.0, 0.0, 0.0, 0.0, 0.0),
}


@dataclass(frozen=True, slots=True, eq=False)
class _Images:
    """What a folder holds, in either layout. synced: one photo and one depth image a frame."""

    photos: list[Path | None]
    depths: list[Path | None]
    photo_times: Int64Array
    depth_times: Int64Array
    synced: bool


def recognises(path: Path) -> bool:
    """Whether the folder is one sequence, or holds one."""
    return bool(candidates(path, _is_sequence, depth=1))


def _is_tum(path: Path) -> bool:
    return (path / "rgb.txt").is_file() and (path / "depth.txt").is_file()


def _is_sequence(path: Path) -> bool:
    return _is_tum(path) or next(path.glob("frame-*.depth.png"), None) is not None


def read(path: Path, _options: ReaderOptions) -> RecordingSource:
    """Open one sequence. Raises FormatError where lists, poses or intrinsics are missing or malformed."""
    path = the_only(path, candidates(path, _is_sequence, depth=1), "RGB-D sequence")
    tum = _is_tum(path)
    images = _tum_images(path) if tum else _numbered_images(path)
    ego_motion, pose_source, note = _tum_motion(path) if tum else _numbered_motion(path)
    model, lens_note = _model(path, images)
    rig = Rig(
        (
            Sensor(COLOUR, SensorKind.CAMERA, EGO_FROM_OPTICAL, model),
            Sensor(DEPTH, SensorKind.DEPTH, EGO_FROM_OPTICAL, model),
        )
    )
    scale = _TUM_UNITS if tum else _MILLIMETRES
    apart = "" if tum else "colour and depth are not registered to each other: edges differ by up to 15 px"
    return RecordingSource(
        name=f"rgbd-{path.resolve().name}",
        rig=rig,
        ego_motion=ego_motion,
        streams=_streams(path, images, model, scale),
        reference=DEPTH,
        notes=tuple(each for each in (note, lens_note, apart) if each),
        pose_source=pose_source,
    )


def _streams(path: Path, images: _Images, model: CameraModel, scale: float) -> tuple[SourceStream, ...]:
    load_depth, load_photo = _depth_loader(model, scale), photo_loader(model)
    depth = reference_stream(DEPTH, images.depth_times, images.depths, load_depth, path)
    if images.synced:
        return (frame_stream(COLOUR, images.photo_times, images.photos, load_photo, path), depth)

    def load(index: int) -> Sample | None:
        file = images.photos[index]
        return None if file is None else load_photo(file, 0)

    return (SourceStream(COLOUR, timeline(images.photo_times, path), load), depth)


def _depth_loader(model: CameraModel, scale: float) -> Load:
    def load(file: Path, _time_ns: int) -> Sample:
        values = decode_depth_png(read_bytes(file), file)
        if values.shape != (model.height_px, model.width_px):
            raise FormatError(
                f"a depth image of {values.shape[1]} x {values.shape[0]} pixels for photos of "
                f"{model.width_px} x {model.height_px}",
                where=file,
            )
        values[values == _NOTHING] = 0
        return DepthImage(values, scale)

    return load


def _numbered(path: Path, kind: str) -> dict[int, Path]:
    suffixes = {"color": (".color.jpg", ".color.png"), "depth": (".depth.png",), "pose": (".pose.txt",)}[kind]
    files = {stem: file for stem, file in files_by_stem(path, ".", suffixes).items() if stem.startswith("frame-")}
    with parsing("a frame's number is none", path):
        return {int(stem.removeprefix("frame-").removesuffix(f".{kind}")): file for stem, file in files.items()}


def _numbered_images(path: Path) -> _Images:
    photos, depths = _numbered(path, "color"), _numbered(path, "depth")
    numbers = sorted({*photos, *depths})
    times = _frame_times(numbers)
    return _Images([photos.get(n) for n in numbers], [depths.get(n) for n in numbers], times, times, True)


def _frame_times(numbers: list[int]) -> Int64Array:
    """A Kinect takes 30 images a second."""
    return np.array(numbers, dtype=np.int64) * SECOND_NS // _RATE_HZ


def _numbered_motion(path: Path) -> tuple[EgoMotion, PoseSource, str]:
    files = _numbered(path, "pose")
    if not files:
        return EgoMotion.standing_still(), PoseSource.NONE, "there are no poses: the camera is taken to stand still"
    poses = []
    for file in files.values():
        poses.append(rigid(read_table(file, 4), file))
    source_from_camera = RigidTransform.stack(poses)
    up, note = _up(path, source_from_camera[0])
    world_from_ego = levelled(up) * source_from_camera * EGO_FROM_OPTICAL.inverse()
    numbers = sorted(files)
    return EgoMotion(Timeline(_frame_times(numbers)), world_from_ego), PoseSource.POSES, note


def _up(path: Path, source_from_camera: RigidTransform) -> tuple[FloatArray, str]:
    """The way up in the source's world."""
    file = path / "gravity-direction.txt"
    camera_up = source_from_camera.rotate([0.0, -1.0, 0.0])
    if not file.is_file():
        return camera_up, "the world is levelled by the first photo, taken to be upright"
    direction = finite(" ".join(read_lines(file)).split(), file)
    if direction.shape != (3,) or not 0.5 < np.linalg.norm(direction) < 20:
        raise FormatError("the direction of gravity must be three numbers", where=file)
    # Whether it points down or up, a camera that is not upside down tells.
    return direction * np.sign(direction @ camera_up or 1.0), "the world is levelled by gravity-direction.txt"


def _tum_list(path: Path, name: str) -> tuple[Int64Array, list[Path]]:
    """Times and files of a list; names that lead out of the folder are refused."""
    file = path / name
    rows = [line.split() for line in read_lines(file)]
    with parsing("a line is not a time and a file name", file):
        times = np.array([_exact_ns(row[0]) for row in rows], dtype=np.int64)
        files = [inside(path, row[1]) for row in rows]
    if not rows:
        raise FormatError("the list is empty", where=file)
    return times, files


def _exact_ns(seconds: str) -> int:
    """Decimal seconds to nanoseconds without going through a float."""
    whole, _, fraction = seconds.partition(".")
    return int(whole) * SECOND_NS + int((fraction + "0" * 9)[:9])


def _tum_images(path: Path) -> _Images:
    photo_times, photos = _tum_list(path, "rgb.txt")
    depth_times, depths = _tum_list(path, "depth.txt")
    present: list[list[Path | None]] = [
        [each if each.is_file() else None for each in part] for part in (photos, depths)
    ]
    return _Images(present[0], present[1], photo_times, depth_times, False)


def _tum_motion(path: Path) -> tuple[EgoMotion, PoseSource, str]:
    file = path / "groundtruth.txt"
    if not file.is_file():
        return EgoMotion.standing_still(), PoseSource.NONE, "there are no poses: the camera is taken to stand still"
    rows = [line.split() for line in read_lines(file)]
    with parsing("a line is not a time and a pose", file):
        times = np.array([_exact_ns(row[0]) for row in rows], dtype=np.int64)
        values = finite([row[1:8] for row in rows], file).reshape(-1, 7)
        if not len(rows):
            raise ValueError("no poses")
    world_from_camera = quaternion_poses(values[:, [6, 3, 4, 5]], values[:, :3], file)
    motion = EgoMotion(timeline(times, file), world_from_camera * EGO_FROM_OPTICAL.inverse())
    return motion, PoseSource.POSES, ""


def _model(path: Path, images: _Images) -> tuple[CameraModel, str]:
    header = first_header([each for each in (*images.photos, *images.depths) if each is not None])
    if header is None:
        raise FormatError("an RGB-D folder without images", where=path)
    size = (header.width_px, header.height_px)
    file = next((path / name for name in _INTRINSICS if (path / name).is_file()), None)
    if file is not None:
        k = read_table(file, 3)
        with parsing("the intrinsics are no 3x3 matrix of a camera", file):
            return Pinhole(*size, k[0, 0], k[1, 1], k[0, 2], k[1, 2]), ""
    known = next((lens for name, lens in _TUM_LENSES.items() if name in path.resolve().name), None)
    if known is not None:
        return BrownConrady(*size, *known), ""
    return Pinhole(*size, *_KINECT), f"no {_INTRINSICS[0]}: the lens is taken to be a Kinect's, 525 px"
