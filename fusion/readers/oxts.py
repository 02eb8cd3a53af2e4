"""Ego motion from KITTI's GPS/IMU records (OXTS): latitude, longitude, altitude, roll, pitch, yaw.

The world is the plane that touches the WGS 84 ellipsoid at the first record: x east, y north, z up, its origin at that
record. The development kit's Mercator projection takes the earth for a ball instead: at KITTI's latitude its metres are
0.2 % too short eastwards and 0.1 % too long northwards.
Source: NIMA TR8350.2, "Department of Defense World Geodetic System 1984".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from calibration import RigidTransform, quaternion
from calibration.errors import FormatError
from calibration.quaternion import FloatArray

_SEMI_MAJOR_M = 6_378_137.0
_FLATTENING = 1 / 298.257223563
_LEAST_COLUMNS = 6


def world_from_imu(rows: FloatArray, where: Path) -> RigidTransform:
    """rows: (N, 6 or more) latitude and longitude in degrees, altitude in metres, roll, pitch, yaw in radians (yaw 0 is
    east, counter-clockwise). Poses (N,). Raises FormatError if a latitude is none."""
    if rows.ndim != 2 or rows.shape[1] < _LEAST_COLUMNS:
        raise FormatError(f"a GPS/IMU record needs {_LEAST_COLUMNS} numbers or more", where=where)
    latitude, longitude = np.radians(rows[:, 0]), np.radians(rows[:, 1])
    if np.any(np.abs(rows[:, 0]) > 90) or np.any(np.abs(rows[:, 1]) > 360) or np.any(np.abs(rows[:, 2:6]) > 1e5):
        raise FormatError("a GPS/IMU record is nowhere on earth", where=where)
    earth_from_level = _earth_from_level(latitude, longitude)
    level_from_imu = _rotation(*rows[:, 3:6].T)
    earth_from_imu = RigidTransform(
        quaternion.multiply(earth_from_level, level_from_imu), _on_earth(latitude, longitude, rows[:, 2])
    )
    earth_from_world = RigidTransform(earth_from_level[0], earth_from_imu.translation[0])
    return earth_from_world.inverse() * earth_from_imu


def _rotation(roll: FloatArray, pitch: FloatArray, yaw: FloatArray) -> FloatArray:
    """Rz(yaw) Ry(pitch) Rx(roll) as quaternions (N, 4)."""
    x, y, z = (
        quaternion.from_rotation_vector(np.outer(angle, axis))
        for angle, axis in zip((roll, pitch, yaw), np.eye(3), strict=True)
    )
    return quaternion.multiply(quaternion.multiply(z, y), x)


def _earth_from_level(latitude: FloatArray, longitude: FloatArray) -> FloatArray:
    """Rotation (N, 4) of the axes east, north, up into the earth's."""
    zero = np.zeros_like(latitude)
    east = np.stack([-np.sin(longitude), np.cos(longitude), zero], axis=-1)
    up = np.stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=-1
    )
    return quaternion.from_matrix(np.stack([east, np.cross(up, east), up], axis=-1))


def _on_earth(latitude: FloatArray, longitude: FloatArray, altitude_m: FloatArray) -> FloatArray:
    """Geodetic coordinates as x, y, z (N, 3) metres from the earth's centre."""
    eccentricity = _FLATTENING * (2 - _FLATTENING)
    normal = _SEMI_MAJOR_M / np.sqrt(1 - eccentricity * np.sin(latitude) ** 2)
    across = (normal + altitude_m) * np.cos(latitude)
    up = (normal * (1 - eccentricity) + altitude_m) * np.sin(latitude)
    return np.stack([across * np.cos(longitude), across * np.sin(longitude), up], axis=-1)
