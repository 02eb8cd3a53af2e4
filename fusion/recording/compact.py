"""Compact sweeps: whole millimetres, in an order in which neighbours in the file are neighbours in the scene.

Points are sorted by how steeply the beam that measured them looked up (a spinning LiDAR's rings), and within that by
time; each coordinate is stored as its difference from the point before it, in zigzag form (0, -1, 1, -2, ... become
0, 1, 2, 3, ...), so that most bytes are zero. Source of the zigzag form: Protocol Buffers, "Encoding".
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from fusion.recording.layout import STEP_M
from fusion.samples import Float32Array, Sweep

Steps = npt.NDArray[np.uint32]

_RING_RAD = np.deg2rad(0.16)
_LARGEST_M = 1_000_000.0  # in millimetres well within an int32


def fits(sweep: Sweep) -> bool:
    """Whether all coordinates can be said in millimetres of 32 bits."""
    return bool(len(sweep) == 0 or np.abs(sweep.points_m).max() < _LARGEST_M)


def reordered(sweep: Sweep, frame_from_sensor: RigidTransform) -> Sweep:
    """The same points by ring and time. frame_from_sensor: the sensor's pose in the frame of the points."""
    seen = frame_from_sensor.inverse().apply(sweep.points_m.astype(np.float64))
    steepness = np.arctan2(seen[:, 2], np.hypot(seen[:, 0], seen[:, 1]))
    order = np.lexsort((sweep.time_offset_ns, np.rint(steepness / _RING_RAD)))
    return Sweep(sweep.points_m[order], sweep.intensity[order], sweep.time_offset_ns[order])


def encoded_points(points_m: Float32Array) -> Steps:
    """(3, N) uint32 of points (N, 3), metres: rounded to millimetres."""
    return encoded(np.rint(points_m.T.astype(np.float64) / STEP_M).astype(np.int32))


def encoded(rows: npt.NDArray[np.int32]) -> Steps:
    """(K, N) uint32 of rows (K, N): differences along each, in zigzag form."""
    steps = np.diff(rows, axis=1, prepend=np.int32(0))
    return np.asarray(((steps << 1) ^ (steps >> 31)).astype(np.uint32))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def decode(steps: Steps, unit: float, rows: npt.NDArray[Any]) -> None:
    """Write the values (K, N), times the unit, of steps (K, N)."""
    for row in range(steps.shape[0]):
        value = np.int64(0)
        for i in range(steps.shape[1]):
            step = np.int64(steps[row, i])
            value += (step >> 1) ^ -(step & 1)
            rows[row, i] = value * unit
