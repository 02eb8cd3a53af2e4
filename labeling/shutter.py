"""Rolling shutters: every row of a photo has its own moment, and sees what moves where it is then.

A place in the camera frame is known when the image's upper border, its middle and its lower border are exposed, at
s = -1, 0 and 1, and is the quadratic c0 + c1 s + c2 s^2 through the three in between. The row that sees it is a fixed
point (the row depends on the place, the place on the row's moment), found by Newton's method inside a bracket. Above
and below the image nothing is exposed: what lies far out is put where it is at s = -1.1 or 1.1.

How far is the quadratic from the truth? For a motion with third derivative j m/s^3, at most 0.0642 j (readout / 2)^3
(the remainder of Lagrange's interpolation through three points). In the camera frame j is about w^3 d + 3 w^2 v for a
camera that turns at w rad/s with a relative speed of v m/s at d metres: 30 deg/s, 20 m/s, 100 m and 50 ms give 0.03 mm.
Where a trajectory has a kink, as between two ego poses, a jump in speed of dv adds at most 0.193 dv of half the
readout (the kink at s = 0.577): 0.1 m/s and 50 ms give 0.5 mm.

Cf. M. Meingast, C. Geyer, S. Sastry, "Geometric models of rolling-shutter cameras", OMNIVIS 2005.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from calibration import CameraModel
from calibration.camera import BoolArray, distort
from calibration.quaternion import FloatArray
from labeling.camera_border import CameraBorder
from labeling.chords import NEAR_M, cone_interval, edge_chords, near_interval
from labeling.wide_chords import wide_chords
from labeling.wide_shutter import evenly_turned, wide_beside, wide_in_view, wide_lead

# Newton needs three or four steps. Where an image moves down faster than the rows are read, a point is seen several
# times and halving the bracket finds one of them: that takes more.
_MOST_STEPS = 36
# So that an outline that leaves the image has its bend, from moving rows to none, well outside of it.
_BEYOND = 1.1
_CLOSE_PX = 3e-3  # so small a step of Newton leaves an error of its square: below 1e-6 px, the tests say
_STRAIGHT_PX = 0.05  # pieces of an edge; the chords of a lens have their own tolerance
_LONGEST, _SHORTEST = 1 / 4, 1 / 32  # of an edge, a piece
MAX_PIECES = 34  # and what lies before and after the part in view


def motion_of(at_top: FloatArray, at_middle: FloatArray, at_bottom: FloatArray) -> FloatArray:
    """Coefficients c0, c1, c2, stacked along a new first axis, of three equally shaped arrays."""
    return np.stack([at_middle, 0.5 * (at_bottom - at_top), 0.5 * (at_bottom + at_top) - at_middle])


def project_rolling(camera: CameraModel, points_in_camera: npt.ArrayLike) -> tuple[FloatArray, BoolArray]:
    """Pixels (..., 2) of moving points, and where the model is valid (...,): `CameraModel.project`, rolling.

    points_in_camera: (3, ..., 3) metres, each point when the image's upper border, its middle and its lower border are
    exposed. A pixel far above or below the image is where the point is at s = -1.1 or 1.1.
    """
    points = np.asarray(points_in_camera, dtype=np.float64)
    if points.ndim < 2 or points.shape[0] != 3 or points.shape[-1] != 3:
        raise ValueError(f"points of a rolling shutter are (3, ..., 3), not {points.shape}")
    paths = np.ascontiguousarray(np.moveaxis(motion_of(*points), 0, -2).reshape(-1, 3, 3))
    seen = np.empty((len(paths), 3))
    border = CameraBorder(camera)
    _see(paths, border.parameters, border.limits, border.lens, seen)
    return camera.project(seen.reshape(points.shape[1:]))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _see(paths: FloatArray, p: FloatArray, limits: FloatArray, lens: FloatArray | None, seen: FloatArray) -> None:
    for i in range(paths.shape[0]):
        _place(paths[i], moment_of(paths[i], p, limits, lens)[0], seen[i])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def row_moment(v: float, limits: FloatArray) -> float:
    """s at which a row of the image is exposed."""
    moment: float = 2.0 * (v + 0.5) / (limits[3] + 0.5) - 1.0
    return moment


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def moment_of(path: FloatArray, p: FloatArray, limits: FloatArray, lens: FloatArray | None = None) -> tuple[float, int]:
    """s in [-1.1, 1.1] at which a row sees the point of a path (3, 3) of c0, c1, c2; and the steps taken.

    lens: None for plain cameras, for which numba compiles a version of its own, here and in all that follows.
    """
    rows = 0.5 * (limits[3] + 0.5)  # for each unit of s
    low, high, s = -2.0 * _BEYOND, 2.0 * _BEYOND, 0.0
    for step in range(_MOST_STEPS):
        lead, slope = _lead(path, s, p, rows) if lens is None else wide_lead(path, s, p, lens, rows)
        if lead > 0.0:
            high = s
        else:
            low = s
        if high == -_BEYOND or low == _BEYOND:
            return s, step
        following = s - lead / slope if slope != 0.0 else 9.0
        if abs(following - s) * rows < _CLOSE_PX:
            return following, step + 1
        following = min(max(following, -_BEYOND), _BEYOND)
        if not low < following < high:
            following = 0.5 * (max(low, -_BEYOND) + min(high, _BEYOND))
        s = following
    return s, _MOST_STEPS


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _lead(path: FloatArray, s: float, p: FloatArray, rows: float) -> tuple[float, float]:
    """How far s is ahead of the moment of the row in which the point lies at s, and the slope for Newton's step.

    The slope is that of the lead times z, over z: without a lens that is a cubic in s, and Newton's way is not bent by
    the pole at z = 0. Points behind the near plane or beyond the lens are brought to its border: they have a moment
    too, and no jump.
    """
    z, dz = path[0, 2] + s * (path[1, 2] + s * path[2, 2]), path[1, 2] + 2.0 * s * path[2, 2]
    if not z > NEAR_M:
        z, dz = NEAR_M, 0.0
    x, y = (path[0, 0] + s * (path[1, 0] + s * path[2, 0])) / z, (path[0, 1] + s * (path[1, 1] + s * path[2, 1])) / z
    dx = (path[1, 0] + 2.0 * s * path[2, 0] - x * dz) / z
    dy = (path[1, 1] + 2.0 * s * path[2, 1] - y * dz) / z
    r2 = x * x + y * y
    if r2 > p[9] * p[9]:
        scale = p[9] / np.sqrt(r2)
        x, y, dx, dy, r2 = scale * x, scale * y, scale * dx, scale * dy, p[9] * p[9]
    yd = distort(x, y, p)[1]
    radial = 1.0 + r2 * (p[4] + r2 * (p[5] + r2 * p[8]))
    steep = 2.0 * (p[4] + r2 * (2.0 * p[5] + r2 * 3.0 * p[8]))
    by_x = x * y * steep + 2.0 * p[6] * x + 2.0 * p[7] * y
    by_y = radial + y * y * steep + 6.0 * p[6] * y + 2.0 * p[7] * x
    lead = s - ((p[1] * yd + p[3] + 0.5) / rows - 1.0)
    return lead, 1.0 - p[1] * (by_x * dx + by_y * dy) / rows + lead * dz / z


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _place(path: FloatArray, s: float, place: FloatArray) -> None:
    for axis in range(3):
        place[axis] = path[0, axis] + s * (path[1, axis] + s * path[2, axis])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def pose_at(motion: FloatArray, s: float, pose: FloatArray) -> None:
    """Write the pose (3, 4) at s of a motion (3, 3, 4)."""
    for row in range(3):
        for column in range(4):
            c0, c1, c2 = motion[0, row, column], motion[1, row, column], motion[2, row, column]
            pose[row, column] = c0 + s * (c1 + s * c2)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def reach_of(motion: FloatArray, radius: float) -> float:
    """Metres that no point of a sphere around an object moves beyond, against the middle of the readout."""
    reach = 0.0
    for order in range(1, 3):
        turn, shift = 0.0, 0.0
        for row in range(3):
            shift += motion[order, row, 3] ** 2
            for column in range(3):
                turn += motion[order, row, column] ** 2
        reach += _BEYOND**order * (np.sqrt(shift) + radius * np.sqrt(turn))
    return reach


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def rolled_chords(
    a: FloatArray,
    b: FloatArray,
    p: FloatArray,
    limits: FloatArray,
    buffer: npt.NDArray[np.float32],
    used: int,
    whole: FloatArray,
    lens: FloatArray | None,
) -> int:
    """`edge_chords` of an edge whose ends move along a and b (3, 3) of c0, c1, c2.

    Every point of the edge is put where its row sees it. What comes out is a curve in front of the camera, and it is
    cut into pieces so short that each is as good as an edge that stands still: clipped and bent by the lens like any.
    """
    path, start, end = np.empty((3, 3)), np.empty(3), np.empty(3)
    low, high = _ever_in_view(a, b, limits, lens, start, end)
    if not low < high:
        low, high = 0.0, 0.0
    _seen(a, b, 0.0, p, limits, lens, path, start)
    if low > 0.0:
        _seen(a, b, low, p, limits, lens, path, end)
        used = _straight(start, end, p, limits, buffer, used, whole, lens)
        start[:] = end
    if low < high:
        used = _pieces(a, b, low, high, p, limits, buffer, used, whole, lens, path, start, end)
    if high < 1.0:
        _seen(a, b, 1.0, p, limits, lens, path, end)
        used = _straight(start, end, p, limits, buffer, used, whole, lens)
    return used


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _pieces(
    a: FloatArray,
    b: FloatArray,
    low: float,
    high: float,
    p: FloatArray,
    limits: FloatArray,
    buffer: npt.NDArray[np.float32],
    used: int,
    whole: FloatArray,
    lens: FloatArray | None,
    path: FloatArray,
    start: FloatArray,
    end: FloatArray,
) -> int:
    """From `start`, which lies at `low`, to `high`; leaves `start` there."""
    done, step, between = 0.0, 1.0, np.empty(3)
    while done < 1.0:
        _seen(a, b, _share(a, b, low, high, done + step, lens), p, limits, lens, path, end)
        if step > _SHORTEST:
            bend = 0.0
            for k in range(1, 4):
                _seen(a, b, _share(a, b, low, high, done + 0.25 * k * step, lens), p, limits, lens, path, between)
                if lens is None:
                    bend = max(bend, _beside(between, start, end, p, limits))
                else:
                    bend = max(bend, wide_beside(between, start, end, p, lens, limits))
            # As with the lens: three points see little of a long edge.
            if bend > (_STRAIGHT_PX if step <= _LONGEST else 0.5 * _STRAIGHT_PX):
                step = min(0.5 * step, _LONGEST)
                continue
        used = _straight(start, end, p, limits, buffer, used, whole, lens)
        start[:] = end
        done += step
        step = min(2.0 * step, _LONGEST, 1.0 - done)
    return used


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _straight(
    start: FloatArray,
    end: FloatArray,
    p: FloatArray,
    limits: FloatArray,
    buffer: npt.NDArray[np.float32],
    used: int,
    whole: FloatArray,
    lens: FloatArray | None,
) -> int:
    """The chords of an edge that stands still."""
    if lens is None:
        written: int = edge_chords(start, end, p, limits, buffer, used, whole)
    else:
        written = wide_chords(start, end, p, lens, limits, buffer, used, whole)
    return written


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _share(a: FloatArray, b: FloatArray, low: float, high: float, share: float, lens: FloatArray | None) -> float:
    """The parameter at a share of what is seen of an edge from low to high in the middle of the readout."""
    if lens is None:
        found: float = _evenly(a, b, low, high, share)
    else:
        found = evenly_turned(a, b, low, high, share)
    return found


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _evenly(a: FloatArray, b: FloatArray, low: float, high: float, share: float) -> float:
    """The parameter at a share of the way from low to high as a pinhole sees it in the middle of the readout."""
    if share >= 1.0:
        return high
    dz = b[0, 2] - a[0, 2]
    z_low, z_high = max(a[0, 2] + low * dz, NEAR_M), max(a[0, 2] + high * dz, NEAR_M)
    fraction: float = share * z_low / (share * z_low + (1.0 - share) * z_high)
    return low + (high - low) * fraction


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _seen(
    a: FloatArray,
    b: FloatArray,
    t: float,
    p: FloatArray,
    limits: FloatArray,
    lens: FloatArray | None,
    path: FloatArray,
    place: FloatArray,
) -> None:
    """Where its row sees the edge's point at t."""
    for order in range(3):
        for axis in range(3):
            path[order, axis] = a[order, axis] + t * (b[order, axis] - a[order, axis])
    _place(path, moment_of(path, p, limits, lens)[0], place)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _beside(point: FloatArray, start: FloatArray, end: FloatArray, p: FloatArray, limits: FloatArray) -> float:
    """Pixels, without the lens, from a point to the line through two others; 0 for a point out of view.

    The line is the plane through it and the camera: so its ends may lie behind the camera.
    """
    x, y, z = point[0], point[1], point[2]
    if z < NEAR_M or x * x + y * y > (limits[4] * z) ** 2:
        return 0.0
    nx = start[1] * end[2] - start[2] * end[1]
    ny = start[2] * end[0] - start[0] * end[2]
    nz = start[0] * end[1] - start[1] * end[0]
    length = np.sqrt((nx / p[0]) ** 2 + (ny / p[1]) ** 2)
    if length == 0.0:
        return 0.0
    distance: float = abs(nx * x + ny * y + nz * z) / (z * length)
    return distance


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _ever_in_view(
    a: FloatArray, b: FloatArray, limits: FloatArray, lens: FloatArray | None, first: FloatArray, last: FloatArray
) -> tuple[float, float]:
    """The part of an edge that is near the image at the first row, in the middle or at the last row."""
    low, high = 1.0, 0.0
    for s in range(-1, 2):
        _place(a, float(s), first)
        _place(b, float(s), last)
        if lens is None:
            near, far = near_interval(first, last)
            near, far = cone_interval(first, last, limits[4], near, far)
            if near < far:
                low, high = min(low, near), max(high, far)
        else:
            low, high = wide_in_view(first, last, lens, limits, low, high)
    return low, high
