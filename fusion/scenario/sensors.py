"""The rig of the synthetic ego vehicle, and when each of its sensors fires."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration import BrownConrady, Pinhole, Rig, RigidTransform, Sensor, SensorKind
from calibration.quaternion import FloatArray
from fusion.scenario.trajectory import START_NS
from fusion.timeline import Int64Array

PERIOD_NS = 100_000_000
LIDAR = "lidar_top"
CAMERA_FRONT = "camera_front"
CAMERA_FRONT_LEFT = "camera_front_left"
DEPTH_FRONT = "depth_front"

CLOCK_OFFSETS_NS = {LIDAR: 0, CAMERA_FRONT: -37_000_000, CAMERA_FRONT_LEFT: -71_000_000, DEPTH_FRONT: -18_500_000}
"""When a sensor fires, relative to the frame's timestamp, which is the end of the LiDAR's sweep."""


@dataclass(frozen=True, slots=True)
class SpinningLidar:
    """A LiDAR that turns clockwise, seen from above, once a period, from its back to its back again.

    elevations_rad: one for each beam. columns: azimuth steps of a turn. range: of what it can measure, metres.
    """

    elevations_rad: tuple[float, ...]
    columns: int
    min_range_m: float
    max_range_m: float

    @property
    def time_offsets_ns(self) -> Int64Array:
        """(columns,) time of each column minus that of the end of the sweep: negative."""
        middles = (np.arange(self.columns) + 0.5) / self.columns
        return np.asarray(np.rint((middles - 1.0) * PERIOD_NS).astype(np.int64))

    def azimuth_rad(self, time_offset_ns: FloatArray) -> FloatArray:
        """Where it looks, in its own frame, at times before the end of the sweep: from pi down to -pi."""
        return -np.pi - 2.0 * np.pi * time_offset_ns / PERIOD_NS

    def time_offset_ns(self, azimuth_rad: FloatArray) -> FloatArray:
        """Inverse of `azimuth_rad` for angles in [-pi, pi]."""
        return -(np.pi + azimuth_rad) * PERIOD_NS / (2.0 * np.pi)


# Denser towards the horizon, where distant actors are.
_ELEVATIONS_DEG = np.concatenate([np.linspace(-26.0, -8.5, 9), np.linspace(-7.2, 2.4, 19), np.linspace(3.5, 9.0, 4)])
SPINNING_LIDAR = SpinningLidar(
    elevations_rad=tuple(np.deg2rad(_ELEVATIONS_DEG).tolist()), columns=600, min_range_m=1.6, max_range_m=60.0
)


def sample_times_ns(sensor: str, frames: int) -> Int64Array:
    """(frames,) int64: when a sensor delivers its samples."""
    frame_times = START_NS + PERIOD_NS * np.arange(1, frames + 1, dtype=np.int64)
    return np.asarray(frame_times + CLOCK_OFFSETS_NS[sensor])


def street_rig() -> Rig:
    """One LiDAR, two cameras of which one bends straight lines, and a short-range depth camera."""
    front = Pinhole(640, 400, fx_px=188.0, fy_px=188.0, cx_px=319.5, cy_px=190.0)
    left = BrownConrady(
        640, 400, fx_px=345.0, fy_px=344.0, cx_px=317.2, cy_px=203.6, k1=-0.28, k2=0.08, p1=0.0008, p2=-0.0005
    )
    depth = Pinhole(320, 200, fx_px=210.0, fy_px=210.0, cx_px=159.5, cy_px=99.5)
    return Rig(
        (
            Sensor(LIDAR, SensorKind.LIDAR, RigidTransform.from_yaw(0.004, [1.2, 0.0, 1.9])),
            Sensor(CAMERA_FRONT, SensorKind.CAMERA, _ego_from_camera([1.7, 0.05, 1.55], 0.006, 0.02), front),
            Sensor(CAMERA_FRONT_LEFT, SensorKind.CAMERA, _ego_from_camera([1.5, 0.55, 1.55], 0.92, 0.05), left),
            Sensor(DEPTH_FRONT, SensorKind.DEPTH, _ego_from_camera([2.1, 0.0, 1.1], 0.0, 0.06), depth),
        )
    )


def _ego_from_camera(position_m: list[float], yaw_rad: float, pitch_rad: float) -> RigidTransform:
    """Camera (z forward, x right, y down) looking to the left by yaw and down by pitch."""
    cosine, sine = np.cos(pitch_rad), np.sin(pitch_rad)
    level_from_camera = np.array([[0.0, -sine, cosine], [-1.0, 0.0, 0.0], [0.0, -cosine, -sine]])
    turn = RigidTransform.from_yaw(yaw_rad, np.zeros(3)).matrix[:3, :3]
    matrix = np.column_stack([turn @ level_from_camera, np.asarray(position_m)])
    return RigidTransform.from_matrix(matrix)
