"""Intersection over union of cuboids that lean: exact, for any two poses.

The intersection is convex, and its surface consists of what each cuboid's faces show inside the other. Its volume is
a third of the sum over those faces of their distance from any point times their area (divergence theorem). A face of
the second that lies in a face of the first is counted with the first alone.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray

_MOST_CORNERS = 16  # of a face after six cuts: four, and one more with each cut
_TIE = 1e-12  # share of the cuboids' size: what lies nearer than that to a plane lies in it


def iou_any_pose(
    world_from_first: RigidTransform,
    first_sizes_m: npt.ArrayLike,
    world_from_second: RigidTransform,
    second_sizes_m: npt.ArrayLike,
) -> FloatArray:
    """(N,) intersection over union in space of N pairs; poses are batches (N,), sizes (N, 3) length, width, height."""
    apart = world_from_second.translation - world_from_first.translation
    toward = world_from_first.inverse()
    rotations = (RigidTransform(toward.rotation, np.zeros(3)) * world_from_second).matrix[..., :3, :3]
    centres = toward.rotate(apart)
    sizes = [np.ascontiguousarray(each, dtype=np.float64).reshape(-1, 3) for each in (first_sizes_m, second_sizes_m)]
    result = np.empty(len(sizes[0]))
    _ious(np.ascontiguousarray(rotations), np.ascontiguousarray(centres), *sizes, result)
    return result


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _ious(
    rotations: FloatArray, centres: FloatArray, first: FloatArray, second: FloatArray, result: FloatArray
) -> None:
    still, nowhere = np.eye(3), np.zeros(3)
    for i in range(len(first)):
        reach = 0.5 * (np.sqrt((first[i] ** 2).sum()) + np.sqrt((second[i] ** 2).sum()))
        if (centres[i] ** 2).sum() >= reach * reach:
            result[i] = 0.0
            continue
        back = np.ascontiguousarray(rotations[i].T)
        tie = _TIE * reach
        common = _shown(nowhere, still, first[i], centres[i], back, second[i], tie, False)
        common += _shown(centres[i], rotations[i], second[i], nowhere, still, first[i], tie, True)
        common = max(common / 3.0, 0.0)
        union = first[i, 0] * first[i, 1] * first[i, 2] + second[i, 0] * second[i, 1] * second[i, 2] - common
        result[i] = common / union if union > 0.0 else 0.0


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _shown(
    centre: FloatArray,
    turn: FloatArray,
    size: FloatArray,
    other_centre: FloatArray,
    other_back: FloatArray,
    other: FloatArray,
    tie: float,
    leave_ties: bool,
) -> float:
    """Sum over a cuboid's faces of distance from the origin times the area inside the other cuboid.

    turn: columns are the cuboid's axes; other_back: rows are the other's axes. Everything in one frame.
    """
    total = 0.0
    face, spare = np.empty((_MOST_CORNERS, 3)), np.empty((_MOST_CORNERS, 3))
    for axis in range(3):
        one, two = (axis + 1) % 3, (axis + 2) % 3
        for sign in (-1.0, 1.0):
            for c in range(4):
                u = -0.5 if c in (0, 3) else 0.5
                v = -0.5 if c < 2 else 0.5
                for k in range(3):
                    outward = 0.5 * sign * size[axis] * turn[k, axis]
                    face[c, k] = centre[k] + outward + u * size[one] * turn[k, one] + v * size[two] * turn[k, two]
            count, tied = _cut(face, spare, other_centre, other_back, other, tie)
            if count < 3 or (leave_ties and tied):
                continue
            distance = 0.0
            for k in range(3):
                distance += sign * turn[k, axis] * face[0, k]
            total += distance * _area(face, count)
    return total


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _cut(
    face: FloatArray, spare: FloatArray, centre: FloatArray, back: FloatArray, size: FloatArray, tie: float
) -> tuple[int, bool]:
    """Clip a face of four corners by a cuboid, in place: the corners left, and whether it lies in one of its sides."""
    count, tied = 4, False
    rooms = np.empty(_MOST_CORNERS)
    for axis in range(3):
        for sign in (-1.0, 1.0):
            flat = True
            for c in range(count):
                along = 0.0
                for k in range(3):
                    along += back[axis, k] * (face[c, k] - centre[k])
                rooms[c] = 0.5 * size[axis] - sign * along
                flat = flat and abs(rooms[c]) <= tie
            if flat:
                tied = True
                continue
            kept = 0
            for c in range(count):
                before = c - 1 if c > 0 else count - 1
                if (rooms[c] >= 0.0) != (rooms[before] >= 0.0):
                    share = rooms[before] / (rooms[before] - rooms[c])
                    spare[kept] = face[before] + share * (face[c] - face[before])
                    kept += 1
                if rooms[c] >= 0.0:
                    spare[kept] = face[c]
                    kept += 1
            count = kept
            face[:count] = spare[:count]
            if count < 3:
                return 0, tied
    return count, tied


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _area(face: FloatArray, count: int) -> float:
    x = y = z = 0.0
    for c in range(1, count - 1):
        a, b = face[c] - face[0], face[c + 1] - face[0]
        x += a[1] * b[2] - a[2] * b[1]
        y += a[2] * b[0] - a[0] * b[2]
        z += a[0] * b[1] - a[1] * b[0]
    area: float = 0.5 * np.sqrt(x * x + y * y + z * z)
    return area
