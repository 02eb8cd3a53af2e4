"""The axis that a spinning LiDAR turns about, which is seldom quite that of its recorded mounting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.quaternion import FloatArray

_MOST_POINTS = 12_000
_BIN = 1.0e-3
_STEPS = ((0.06, 0.01), (0.012, 0.002), (0.0024, 0.0004))
"""Reach and step, radians, of a search that grows finer."""


@dataclass(frozen=True, slots=True, eq=False)
class SpinAxis:
    """spin_from_sensor: (3, 3) rotation into a frame whose z is the axis."""

    spin_from_sensor: FloatArray

    @staticmethod
    def of(directions: FloatArray) -> SpinAxis:
        """The axis about which unit directions (N, 3) of far points lie in the sharpest rings."""
        chosen = directions[:: max(1, len(directions) // _MOST_POINTS)]
        tilt = np.zeros(2)
        for reach, step in _STEPS:
            offsets = np.arange(-reach, reach + 0.5 * step, step)
            tried = tilt + np.stack(np.meshgrid(offsets, offsets, indexing="ij"), axis=-1).reshape(-1, 2)
            tilt = tried[int(np.argmax([_sharpness(chosen, each) for each in tried]))]
        return SpinAxis(_rotation(tilt))

    def turned(self, directions: FloatArray, angle_rad: float) -> FloatArray:
        """Directions (..., 3) turned about the axis to the left."""
        c, s = np.cos(angle_rad), np.sin(angle_rad)
        about_z = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        return np.asarray(directions @ (self.spin_from_sensor.T @ about_z @ self.spin_from_sensor).T)

    def azimuths(self, directions: FloatArray) -> FloatArray:
        """(...,) radians about the axis."""
        spun = directions @ self.spin_from_sensor.T
        return np.asarray(np.arctan2(spun[..., 1], spun[..., 0]))


def _sharpness(directions: FloatArray, tilt: FloatArray) -> float:
    heights = directions @ _rotation(tilt)[2]
    return float(np.square(np.bincount(np.floor((heights + 1.0) / _BIN).astype(np.int64)), dtype=np.float64).sum())


def _rotation(tilt: FloatArray) -> FloatArray:
    """Whose last row is the axis (tilt x, tilt y, 1), scaled to unit length."""
    axis = np.array([tilt[0], tilt[1], 1.0])
    axis /= np.linalg.norm(axis)
    across = np.array([1.0, 0.0, 0.0]) - axis[0] * axis
    across /= np.linalg.norm(across)
    return np.stack([across, np.cross(axis, across), axis])
