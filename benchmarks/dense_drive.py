"""Synthetic recordings with as many LiDAR points a frame as one likes: a street between two rows of houses."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from calibration import Rig, RigidTransform, Sensor, SensorKind
from calibration.quaternion import FloatArray
from fusion import EgoMotion, PointFrame, Sweep, Timeline
from fusion.recording import RecordingSource, SourceStream, write_recording

START_NS = 1_700_000_000_000_000_000
PERIOD_NS = 100_000_000
_LIDAR_HEIGHT_M = 1.8
_STREET_M, _REACH_M = 9.0, 90.0
_SPEED_MPS = 5.0


def write_dense(path: Path, frames: int, points: int) -> None:
    """`frames` sweeps of about `points` points each, one after another; compressed as any recording is."""
    times = START_NS + PERIOD_NS * np.arange(frames, dtype=np.int64)
    rig = Rig((Sensor("lidar", SensorKind.LIDAR, RigidTransform.from_yaw(0.0, [0.0, 0.0, _LIDAR_HEIGHT_M])),))
    kept: dict[int, Sweep] = {}

    def sweep(index: int) -> Sweep:
        seed = index % 4  # a few different ones are enough, and long recordings are written sooner
        kept.setdefault(seed, _sweep(points, seed))
        return kept[seed]

    stream = SourceStream("lidar", Timeline(times), sweep, point_frame=PointFrame.SENSOR)
    write_recording(RecordingSource(path.stem, rig, _motion(frames), (stream,), reference="lidar"), path)


def _motion(frames: int) -> EgoMotion:
    times = START_NS + PERIOD_NS * np.arange(-2, frames + 2, dtype=np.int64)
    x = _SPEED_MPS * (times - START_NS) * 1e-9
    return EgoMotion(Timeline(times), RigidTransform.from_yaw(0.0 * x, np.stack([x, 0.0 * x, 0.0 * x], axis=1)))


def _sweep(points: int, seed: int) -> Sweep:
    """Column after column, as a spinning LiDAR fires, with rows a thirtieth as many as columns."""
    rng = np.random.default_rng(seed)
    rows = max(8, round(math.sqrt(points / 30.0)))
    columns = points // rows
    azimuth = np.repeat(np.linspace(-math.pi, math.pi, columns, endpoint=False), rows)
    pitch = np.tile(np.linspace(math.radians(-24.0), math.radians(12.0), rows), columns)
    beams = np.stack([np.cos(pitch) * np.cos(azimuth), np.cos(pitch) * np.sin(azimuth), np.sin(pitch)], axis=1)
    ranges = _ranges(beams) + rng.normal(0.0, 0.015, len(beams))
    hit = ranges < _REACH_M
    offsets = (PERIOD_NS * (azimuth / (2.0 * math.pi) - 0.5)).astype(np.int32)
    intensity = rng.integers(5, 90, len(beams), dtype=np.uint8)
    return Sweep((beams * ranges[:, None])[hit].astype(np.float32), intensity[hit], offsets[hit])


def _ranges(beams: FloatArray) -> FloatArray:
    """To the ground, the houses, and a box every 15 m along the kerbs: whatever comes first; metres."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ground = np.where(beams[:, 2] < 0.0, -_LIDAR_HEIGHT_M / beams[:, 2], np.inf)
        houses = _STREET_M / np.abs(beams[:, 1])
        kerb = 0.45 * _STREET_M / np.abs(beams[:, 1])
    at_kerb = beams * kerb[:, None]
    parked = (np.abs((at_kerb[:, 0] % 15.0) - 7.5) < 2.2) & (np.abs(at_kerb[:, 2] + 1.0) < 0.8)
    houses[houses * beams[:, 2] > 9.0] = np.inf
    return np.minimum(np.minimum(ground, houses), np.where(parked, kerb, np.inf))
