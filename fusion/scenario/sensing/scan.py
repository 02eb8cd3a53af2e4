"""Where a LiDAR looks, shot by shot."""

from __future__ import annotations

import numpy as np

from calibration.quaternion import FloatArray
from fusion.scenario.language.sensors import RasterScan, RosetteScan, Scan, SpinningScan
from fusion.timeline import Int64Array

_BEAM_SPREAD = 0.1
"""Share of a rosette's field of view that the beams of one shot lie apart."""


def shots(scan: Scan, sweep_index: int, period_ns: int) -> tuple[Int64Array, FloatArray]:
    """Times (S,) relative to the end of the sweep, negative, and unit directions (S, B, 3) in the sensor frame.

    Sensor frame: x forward, y left, z up. Only a rosette differs from sweep to sweep.
    """
    if isinstance(scan, SpinningScan):
        return _offsets(scan.columns, period_ns), _spinning(scan)
    if isinstance(scan, RasterScan):
        return _offsets(scan.columns, period_ns), _raster(scan)
    offsets = _offsets(scan.shots, period_ns)
    seconds = np.asarray((sweep_index * period_ns + offsets) * 1e-9, dtype=np.float64)
    return offsets, _rosette(scan, seconds)


def _offsets(count: int, period_ns: int) -> Int64Array:
    """(S,) each shot is in the middle of its share of the period."""
    return np.asarray(np.rint(((np.arange(count) + 0.5) / count - 1.0) * period_ns).astype(np.int64))


def _spinning(scan: SpinningScan) -> FloatArray:
    turned = 2.0 * np.pi * (np.arange(scan.columns) + 0.5) / scan.columns
    azimuths = np.deg2rad(scan.start_azimuth_deg) + (-turned if scan.clockwise else turned)
    return _directions(azimuths[:, None], np.deg2rad(np.asarray(scan.elevations_deg))[None, :])


def _raster(scan: RasterScan) -> FloatArray:
    width, height = np.deg2rad(scan.fov_deg)
    azimuths = width * (0.5 - (np.arange(scan.columns) + 0.5) / scan.columns)
    elevations = height * (0.5 - (np.arange(scan.rows) + 0.5) / scan.rows)
    return _directions(azimuths[:, None], elevations[None, :])


def _rosette(scan: RosetteScan, seconds: FloatArray) -> FloatArray:
    """Two prisms of equal strength bend the beams one after the other: the sum of two turning vectors."""
    fov = np.deg2rad(scan.fov_deg)
    beam_angles = fov * _BEAM_SPREAD * ((np.arange(scan.beams) + 0.5) / scan.beams - 0.5)
    strength = 0.25 * fov * (1.0 - _BEAM_SPREAD)
    first, second = (2.0 * np.pi * turns * seconds for turns in scan.turns_per_s)
    aside = strength * (np.cos(first) + np.cos(second))
    above = strength * (np.sin(first) + np.sin(second))
    return _directions(aside[:, None], above[:, None] + beam_angles[None, :])


def _directions(azimuths_rad: FloatArray, elevations_rad: FloatArray) -> FloatArray:
    planar = np.cos(elevations_rad)
    parts = (planar * np.cos(azimuths_rad), planar * np.sin(azimuths_rad), np.sin(elevations_rad))
    return np.stack(np.broadcast_arrays(*parts), axis=-1)
