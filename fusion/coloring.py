"""Colours of points from photos: every point asks the camera that saw it best, unless something stood in between.

What hides a point are the other points: a buffer of the nearest depth in cells about as fine as a LiDAR's beams.
Between beams a near thing has gaps, and on a road seen at a slant the next cell down is much nearer without hiding
anything. So a point is hidden if something nearer lies in its own cell, or a few cells away on *both* sides, left and
right or above and below. (The idea of asking in which directions the view is free: Pintus, Gobbetti, Agus, "Real-time
rendering of massive unstructured raw point clouds using screen-space operators", VAST 2011.)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from calibration import CameraModel
from calibration.camera import BoolArray, distort
from calibration.camera.lens import see, within
from calibration.errors import RecordingError
from calibration.quaternion import FloatArray
from fusion.photos import RgbImage, decode_photo
from fusion.recording import Recording
from fusion.samples import Float32Array
from fusion.timeline import Int64Array

LEAST_WIDTH_PX = 900
"""Photos are decoded no larger than needed: a LiDAR point covers several pixels."""

_CELL_RAD = np.deg2rad(0.1)
_REACH_CELLS = 6
_HIDDEN_SHARE, _HIDDEN_M = 0.08, 0.25
_SHUTTER_BANDS = 32
_CENTRAL_NS = 50_000_000
"""A point at the middle of the long side's end is as good as one at the centre of a photo this much later."""


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A decoded photo and how it was taken.

    rgb: (H, W, 3) uint8, the camera's image or a whole fraction of it. time_ns: exposure of its middle.
    camera_from_world: (K, 3, 4), poses when each of K equal bands of rows was exposed; K is 1 for a global shutter.
    """

    rgb: RgbImage
    camera: CameraModel
    time_ns: int
    camera_from_world: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PointColors:
    """rgb: (N, 3) uint8, 0 where no photo shows the point. photo: (N,) int16, which photo it is from, -1 for none."""

    rgb: npt.NDArray[np.uint8]
    photo: npt.NDArray[np.int16]

    @property
    def has_color(self) -> BoolArray:
        """(N,) bool."""
        return np.asarray(self.photo >= 0)


def read_photo(recording: Recording, camera: str, index: int, *, least_width_px: int | None = LEAST_WIDTH_PX) -> Photo:
    """One photo of a recording. Raises RecordingError if it cannot be decoded."""
    sensor, time_ns = recording.rig[camera], int(recording.times_ns(camera)[index])
    rgb = decode_photo(recording.image(camera, index), least_width_px=least_width_px, where=f"{camera} {index}")
    return Photo(rgb, sensor.model, time_ns, _shutter_poses(recording, camera, index, sensor.readout_ns))


def frame_photos(
    recording: Recording, frame: int, *, least_width_px: int | None = LEAST_WIDTH_PX
) -> tuple[list[Photo], tuple[str, ...]]:
    """The photos of a frame that can be decoded, and why there are no more, a line each."""
    photos, notes = [], []
    for camera in recording.cameras():
        index = recording.sample_of(camera, frame)
        if index is None:
            notes.append(f"{camera} has no photo of frame {frame}")
            continue
        try:
            photos.append(read_photo(recording, camera, index, least_width_px=least_width_px))
        except RecordingError as error:
            notes.append(str(error))
    return photos, tuple(notes) if recording.cameras() else ("the recording has no photos",)


def _shutter_poses(recording: Recording, camera: str, index: int, readout_ns: int) -> FloatArray:
    """(K, 3, 4) camera_from_world of bands of rows."""
    pose = recording.world_from_sensor(camera, index)
    if readout_ns == 0:
        return pose.inverse().matrix[None, :3]
    bands = _SHUTTER_BANDS
    offsets = (readout_ns * ((np.arange(bands) + 0.5) / bands - 0.5)).astype(np.int64)
    mounting, time_ns = recording.rig[camera].ego_from_sensor, recording.times_ns(camera)[index]
    # A pose of the stream's own holds for the timestamp; how the camera moves around it, the ego motion knows.
    moved = (recording.ego_motion.at(time_ns) * mounting).inverse() * (
        recording.ego_motion.at(time_ns + offsets) * mounting
    )
    return (pose * moved).inverse().matrix[:, :3]


def color_points(points_in_world: Float32Array, times_ns: Int64Array, photos: Iterable[Photo]) -> PointColors:
    """Colours of points (N, 3) in metres, seen by their sensor at times (N,) int64 ns.

    Of the photos that show a point, the one nearest in time to it and most central is taken. Points of things that move
    are where they were at their own time, not at the photo's: at 15 m/s and 50 ms the colour slips by 0.75 m.
    """
    columns = np.ascontiguousarray(points_in_world.T, dtype=np.float32)
    count = columns.shape[1]
    rgb, chosen = np.zeros((count, 3), np.uint8), np.full(count, -1, np.int16)
    cost, seen = np.full(count, np.inf, np.float32), np.empty((3, count), np.float32)
    for number, photo in enumerate(photos):
        cells = np.full(_cell_shape(photo.camera), np.inf, np.float32)
        camera = photo.camera
        _see(columns, photo.camera_from_world, camera.parameters, camera.lens, _size(camera), seen, cells)
        late = times_ns - photo.time_ns
        _paint(seen, late, cells, _size(photo.camera), photo.rgb, number, cost, rgb, chosen)
    return PointColors(rgb, chosen)


def _size(camera: CameraModel) -> FloatArray:
    """(3,) width, height and the edge of a cell of the depth buffer, in pixels."""
    return np.array([camera.width_px, camera.height_px, max(1.0, _CELL_RAD * camera.fx_px)])


def _cell_shape(camera: CameraModel) -> tuple[int, int]:
    width, height, cell = _size(camera)
    return int(np.ceil(height / cell)), int(np.ceil(width / cell))


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _project_one(x: float, y: float, z: float, m: FloatArray, p: FloatArray) -> tuple[float, float, float]:
    """Pixel and depth by a pose (3, 4) and the camera's parameters; depth 0 where the camera cannot see."""
    depth = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3]
    if not depth > 0.05:
        return 0.0, 0.0, 0.0
    right = (m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3]) / depth
    down = (m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3]) / depth
    if not right * right + down * down <= p[9] * p[9]:
        return 0.0, 0.0, 0.0
    bent_right, bent_down = distort(right, down, p)
    return p[0] * bent_right + p[2], p[1] * bent_down + p[3], depth


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _project_wide(
    x: float, y: float, z: float, m: FloatArray, p: FloatArray, lens: FloatArray
) -> tuple[float, float, float]:
    """The same through any lens, with the distance as depth: it may see what lies beside and behind it."""
    right = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3]
    down = m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3]
    ahead = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3]
    away2 = right * right + down * down
    distance = np.sqrt(away2 + ahead * ahead)
    if not (distance > 0.05 and within(lens, away2, ahead)):
        return 0.0, 0.0, 0.0
    u, v = see(p, lens, right, down, ahead)
    return u, v, distance


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _pixel(
    x: float, y: float, z: float, m: FloatArray, p: FloatArray, lens: FloatArray | None
) -> tuple[float, float, float]:
    """By either; numba compiles one of them only."""
    if lens is None:
        u, v, depth = _project_one(x, y, z, m, p)
    else:
        u, v, depth = _project_wide(x, y, z, m, p, lens)
    return u, v, depth


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _see(
    columns: Float32Array,
    poses: FloatArray,
    p: FloatArray,
    lens: FloatArray | None,
    size: FloatArray,
    seen: Float32Array,
    cells: Float32Array,
) -> None:
    """Pixels and depths (3, N) of all points, depth 0 for those out of view, and the nearest depth of each cell."""
    bands = poses.shape[0]
    for i in range(columns.shape[1]):
        x, y, z = columns[0, i], columns[1, i], columns[2, i]
        band = bands // 2
        u, v, depth = _pixel(x, y, z, poses[band], p, lens)
        for _ in range(3):
            following = min(max(int((v + 0.5) / size[1] * bands), 0), bands - 1)
            if depth == 0.0 or following == band:
                break
            band = following
            u, v, depth = _pixel(x, y, z, poses[band], p, lens)
        if not (-0.5 <= u < size[0] - 0.5 and -0.5 <= v < size[1] - 0.5):
            depth = 0.0
        seen[0, i], seen[1, i], seen[2, i] = u, v, depth
        if depth > 0.0:
            row, column = int((v + 0.5) / size[2]), int((u + 0.5) / size[2])
            cells[row, column] = min(cells[row, column], depth)


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _nearer_beside(cells: Float32Array, row: int, column: int, right: int, limit: float) -> bool:
    """Whether anything nearer than the limit lies within reach to one side. In one row only: on a road the next row
    down is nearer."""
    for step in range(1, _REACH_CELLS + 1):
        there = column + step * right
        if 0 <= there < cells.shape[1] and cells[row, there] < limit:
            return True
    return False


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _nearer_along(cells: Float32Array, row: int, column: int, down: int, limit: float) -> bool:
    """Whether anything nearer lies within reach above or below: in three columns, for a beam may miss one."""
    for step in range(1, _REACH_CELLS + 1):
        there = row + step * down
        if not 0 <= there < cells.shape[0]:
            return False
        for beside in range(max(column - 1, 0), min(column + 2, cells.shape[1])):
            if cells[there, beside] < limit:
                return True
    return False


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _hidden(cells: Float32Array, row: int, column: int, depth: float) -> bool:
    limit = depth * (1.0 - _HIDDEN_SHARE) - _HIDDEN_M
    if cells[row, column] < limit:
        return True
    if _nearer_along(cells, row, column, -1, limit) and _nearer_along(cells, row, column, 1, limit):
        return True
    return bool(_nearer_beside(cells, row, column, -1, limit) and _nearer_beside(cells, row, column, 1, limit))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _paint(
    seen: Float32Array,
    late_ns: Int64Array,
    cells: Float32Array,
    size: FloatArray,
    photo: RgbImage,
    number: int,
    cost: Float32Array,
    rgb: npt.NDArray[np.uint8],
    chosen: npt.NDArray[np.int16],
) -> None:
    """Take the photo's colour for the points that no photo before showed better."""
    height, width = photo.shape[:2]
    for i in range(seen.shape[1]):
        depth = seen[2, i]
        if depth == 0.0:
            continue
        u, v = seen[0, i] + 0.5, seen[1, i] + 0.5
        off = ((u - 0.5 * size[0]) ** 2 + (v - 0.5 * size[1]) ** 2) / (0.25 * size[0] * size[0])
        worth = abs(late_ns[i]) / _CENTRAL_NS + off
        if worth >= cost[i] or _hidden(cells, int(v / size[2]), int(u / size[2]), depth):
            continue
        cost[i], chosen[i] = worth, number
        row, column = min(int(v * height / size[1]), height - 1), min(int(u * width / size[0]), width - 1)
        for channel in range(3):
            rgb[i, channel] = photo[row, column, channel]
