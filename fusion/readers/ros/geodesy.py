"""Satellite fixes to a local level frame."""

from __future__ import annotations

import numpy as np

from calibration.quaternion import FloatArray

# WGS 84: NIMA TR8350.2, "Department of Defense World Geodetic System 1984".
_A_M = 6_378_137.0
_F = 1 / 298.257223563
_E2 = _F * (2 - _F)


def earth_centred(geodetic: FloatArray) -> FloatArray:
    """(N, 3) latitude, longitude in degrees and height in metres to earth-centred x y z in metres."""
    latitude, longitude = np.radians(geodetic[:, 0]), np.radians(geodetic[:, 1])
    height = geodetic[:, 2]
    radius = _A_M / np.sqrt(1 - _E2 * np.sin(latitude) ** 2)
    across = (radius + height) * np.cos(latitude)
    up = (radius * (1 - _E2) + height) * np.sin(latitude)
    return np.stack([across * np.cos(longitude), across * np.sin(longitude), up], axis=1)


def east_north_up(geodetic: FloatArray) -> FloatArray:
    """(N, 3) metres east, north and up of the first fix."""
    latitude, longitude = np.radians(geodetic[0, :2])
    sin_lat, cos_lat, sin_lon, cos_lon = np.sin(latitude), np.cos(latitude), np.sin(longitude), np.cos(longitude)
    level_from_earth = np.array(
        [
            [-sin_lon, cos_lon, 0.0],
            [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
            [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
        ]
    )
    earth = earth_centred(geodetic)
    return np.asarray((earth - earth[0]) @ level_from_earth.T)


def course_rad(places_m: FloatArray, *, least_m: float = 0.5) -> FloatArray:
    """(N,) heading of the way from each place (N, 3) to the next that is at least so far; held while standing."""
    heading = np.full(len(places_m), np.nan)
    anchor = 0
    for index in range(1, len(places_m)):
        way = places_m[index, :2] - places_m[anchor, :2]
        if np.hypot(*way) >= least_m:
            heading[anchor:index] = np.arctan2(way[1], way[0])
            anchor = index
    known = heading[np.isfinite(heading)]
    heading[anchor:] = known[-1] if len(known) else 0.0
    return heading
