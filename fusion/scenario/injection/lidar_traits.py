"""How a LiDAR of a recording measures, found from what it measured: noise, losses, strength of echoes, reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.scenario.injection.missing_rays import Repetition
from fusion.scenario.injection.real_objects import RealObject, on_vehicles
from fusion.scenario.injection.sensor_motion import MeasuredSweep

_PLANE_POINTS = 12
_PLANES = 600
_WIDEST_PLANE_M = 0.6
_TYPICAL_SIGMA_M = 0.015
_SIGMA_BOUNDS_M = (0.003, 0.04)
_BRIGHT_ECHO = 87.0
"""Intensity that 90 of 100 echoes of a simulated street stay below; a recording's own is brought to the same place."""
_VEHICLE_ECHO = 45.0
"""Median intensity of the echoes of a simulated car."""
_FEWEST_ECHOES = 300
_LEAST_MAX_RANGE_M = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class LidarTraits:
    """range_sigma_m: of each distance. dropout: chance that any pulse is lost. max_range_m: of what is reported.

    intensity_scale: of what a simulated echo has in 0..255. intensity_bounds: least and largest ever seen.
    """

    range_sigma_m: float
    dropout: float
    max_range_m: float
    intensity_scale: float
    intensity_bounds: tuple[float, float]

    @staticmethod
    def of(measured: MeasuredSweep, repetition: Repetition, objects: Sequence[RealObject]) -> LidarTraits:
        """From one sweep, how sweeps repeat, and labelled objects, whose echoes show what to expect of the actors'."""
        intensity = np.asarray(measured.sweep.intensity, dtype=np.float64)
        return LidarTraits(
            range_sigma_m=_range_sigma(measured),
            dropout=min(repetition.dropout, 0.2),
            max_range_m=max(float(np.percentile(measured.ranges_m, 99.9)), _LEAST_MAX_RANGE_M),
            intensity_scale=_intensity_scale(measured, intensity, objects),
            intensity_bounds=(float(intensity.min()), float(intensity.max())),
        )

    def intensities(self, albedos: Float32Array, cosines: Float32Array, ranges_m: FloatArray) -> FloatArray:
        """(N,) float64 in the recording's own unit; receivers make up for most of the distance, not for all."""
        far = np.minimum(ranges_m, 1e3) / 120.0
        simulated = 255.0 * albedos * (0.25 + 0.75 * cosines) / (1.0 + far**2)
        return np.asarray(np.clip(self.intensity_scale * simulated, *self.intensity_bounds))

    def losses(self, albedos: Float32Array, cosines: Float32Array, ranges_m: FloatArray) -> FloatArray:
        """(N,) chance that an echo is lost: at random, or dark, at a grazing angle and far."""
        power = albedos * cosines / 0.02 * (self.max_range_m / np.maximum(ranges_m, 1.0)) ** 2
        return np.asarray(1.0 - (1.0 - self.dropout) * power**2 / (1.0 + power**2))


def _intensity_scale(measured: MeasuredSweep, intensity: FloatArray, objects: Sequence[RealObject]) -> float:
    """By the echoes of real vehicles (paint sends most light elsewhere), else by the brighter of all echoes."""
    near = (measured.ranges_m > 5.0) & (measured.ranges_m < 40.0)
    own = intensity[near & on_vehicles(measured.points_in_world, int(np.median(measured.times_ns)), objects)]
    if len(own) < _FEWEST_ECHOES:
        return float(np.percentile(intensity, 90)) / _BRIGHT_ECHO
    half_a_step = 0.5 if np.issubdtype(measured.sweep.intensity.dtype, np.integer) else 0.0
    return float(np.median(own) + half_a_step) / _VEHICLE_ECHO


def _range_sigma(measured: MeasuredSweep) -> float:
    """How far points scatter about planes through their neighbours, along the ray, where they lie on planes at all."""
    points = measured.points_in_sensor
    near = np.flatnonzero((measured.ranges_m > 4.0) & (measured.ranges_m < 30.0))
    if len(near) < 200:
        return _TYPICAL_SIGMA_M
    chosen = near[:: max(1, len(near) // _PLANES)]
    distances, around = cKDTree(points[near]).query(points[chosen], k=np.arange(1, _PLANE_POINTS + 1))
    flat = np.asarray(distances)[:, -1] < _WIDEST_PLANE_M
    if flat.sum() < 30:
        return _TYPICAL_SIGMA_M
    patches = points[near][np.asarray(around)[flat]]
    centred = patches - patches.mean(axis=1, keepdims=True)
    values, axes = np.linalg.eigh(np.einsum("nki,nkj->nij", centred, centred) / (_PLANE_POINTS - 3))
    facing = np.abs(np.einsum("ni,ni->n", axes[:, :, 0], measured.directions[chosen[flat]]))
    steep = facing > 0.3
    if steep.sum() < 30:
        return _TYPICAL_SIGMA_M
    sigmas = np.sqrt(np.maximum(values[steep, 0], 0.0)) / facing[steep]
    return float(np.clip(np.percentile(sigmas, 30), *_SIGMA_BOUNDS_M))
