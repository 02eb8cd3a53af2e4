"""A straight edge around a wide camera, as chords in its image: what `chords` does for lenses that see more than that.

Such a lens may see beyond 90 degrees, so there is no near plane but a near sphere, and the cone of what it sees need
not be convex. The edge is cut where it passes the cone in which the lens is described, the one around the image, and
the sphere; a part counts if its middle does. Seen from the camera a part is an arc of a great circle: its directions
are turned evenly, whatever their distance, so no part of it may lie in front.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from calibration.camera.lens import ANGLE, see
from calibration.quaternion import FloatArray
from labeling.chords import COARSE, NEAR_M, TOLERANCE_PX, chord, distance_to_line, grow

MAX_WIDE_CHORDS = 3 * 256
_LONGEST, _SHORTEST = 1 / 4, 1 / 256  # of a part, a chord
_MOST_CUTS = 8
_INSIDE = 1.0 - 1e-9


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def wide_chords(
    a: FloatArray,
    b: FloatArray,
    p: FloatArray,
    lens: FloatArray,
    limits: FloatArray,
    buffer: npt.NDArray[np.float32],
    used: int,
    whole: FloatArray,
) -> int:
    """Append the chords of the edge from a to b (3,) that lie in the image; `whole` grows by all of them.

    p, lens, limits: see `CameraBorder`. Returns how much of the buffer is used.
    """
    cuts, first, last = np.empty(_MOST_CUTS), np.empty(3), np.empty(3)
    count = cuts_of(a, b, lens, limits, cuts)
    for k in range(count - 1):
        low, high = cuts[k], cuts[k + 1]
        angle = seen_angle(a, b, 0.5 * (low + high))
        if not high > low or angle > lens[ANGLE]:
            continue
        apart = _arc(a, b, low, high, first, last)
        if angle <= limits[4]:
            used = _bent(first, last, apart, p, lens, limits, buffer, used, whole)
        else:
            for step in range(COARSE + 1):
                u, v = _pixel(first, last, apart * step / COARSE, p, lens)
                grow(whole, u, v)
    return used


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def seen_angle(a: FloatArray, b: FloatArray, t: float) -> float:
    """How far off the axis the edge's point at t lies; infinite inside the near sphere."""
    x, y, z = a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2])
    if x * x + y * y + z * z < NEAR_M * NEAR_M:
        return np.inf
    return float(np.arctan2(np.sqrt(x * x + y * y), z))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def cuts_of(a: FloatArray, b: FloatArray, lens: FloatArray, limits: FloatArray, cuts: FloatArray) -> int:
    """Where the edge, from 0 to 1, passes one of the cones or the near sphere, with both ends, in order."""
    dx, dy, dz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    across = np.array([dx * dx + dy * dy, a[0] * dx + a[1] * dy, a[0] * a[0] + a[1] * a[1]])
    along = np.array([dz * dz, a[2] * dz, a[2] * a[2]])
    cuts[0], cuts[1] = 0.0, 1.0
    count: int = _roots(across[0] + along[0], across[1] + along[1], across[2] + along[2] - NEAR_M**2, cuts, 2)
    for angle in (lens[ANGLE], limits[4]):
        c2, s2 = np.cos(angle * _INSIDE) ** 2, np.sin(angle * _INSIDE) ** 2
        count = _roots(
            c2 * across[0] - s2 * along[0], c2 * across[1] - s2 * along[1], c2 * across[2] - s2 * along[2], cuts, count
        )
    cuts[:count].sort()
    return count


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _roots(qa: float, qb: float, qc: float, cuts: FloatArray, count: int) -> int:
    """Append those of qa t^2 + 2 qb t + qc between 0 and 1."""
    discriminant = qb * qb - qa * qc
    if discriminant < 0.0:
        return count
    root = -(qb + np.copysign(np.sqrt(discriminant), qb))
    if qa != 0.0 and 0.0 < root / qa < 1.0:
        cuts[count] = root / qa
        count += 1
    if root != 0.0 and 0.0 < qc / root < 1.0:
        cuts[count] = qc / root
        count += 1
    return count


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _arc(a: FloatArray, b: FloatArray, low: float, high: float, first: FloatArray, aside: FloatArray) -> float:
    """The direction of the edge at `low`, the one at right angles to it towards `high`, and the angle between."""
    for axis in range(3):
        first[axis] = a[axis] + low * (b[axis] - a[axis])
        aside[axis] = a[axis] + high * (b[axis] - a[axis])
    first /= np.sqrt(first[0] ** 2 + first[1] ** 2 + first[2] ** 2)
    aside /= np.sqrt(aside[0] ** 2 + aside[1] ** 2 + aside[2] ** 2)
    along = first[0] * aside[0] + first[1] * aside[1] + first[2] * aside[2]
    for axis in range(3):
        aside[axis] -= along * first[axis]
    length = np.sqrt(aside[0] ** 2 + aside[1] ** 2 + aside[2] ** 2)
    if length > 0.0:
        aside /= length
    return float(np.arctan2(length, along))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _pixel(first: FloatArray, aside: FloatArray, angle: float, p: FloatArray, lens: FloatArray) -> tuple[float, float]:
    """Of the direction at an angle along an arc."""
    along, away = np.cos(angle), np.sin(angle)
    u, v = see(
        p,
        lens,
        along * first[0] + away * aside[0],
        along * first[1] + away * aside[1],
        along * first[2] + away * aside[2],
    )
    return u, v


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _bent(
    first: FloatArray,
    aside: FloatArray,
    apart: float,
    p: FloatArray,
    lens: FloatArray,
    limits: FloatArray,
    buffer: npt.NDArray[np.float32],
    used: int,
    whole: FloatArray,
) -> int:
    """An arc around the image, in chords as short as the lens asks for."""
    start, done, step = _pixel(first, aside, 0.0, p, lens), 0.0, 1.0
    while done < 1.0:
        end = _pixel(first, aside, (done + step) * apart, p, lens)
        if step > _SHORTEST:
            gap = 0.0
            for k in range(1, 4):
                between = _pixel(first, aside, (done + 0.25 * k * step) * apart, p, lens)
                gap = max(gap, distance_to_line(between, start, end))
            # Three points see little of a long arc.
            if gap > (TOLERANCE_PX if step <= _LONGEST else 0.5 * TOLERANCE_PX):
                step = min(0.5 * step, _LONGEST)
                continue
        used = chord(start, end, limits, buffer, used, whole)
        start, done = end, done + step
        step = min(2.0 * step, _LONGEST, 1.0 - done)
    return used
