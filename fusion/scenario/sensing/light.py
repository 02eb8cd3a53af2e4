"""What lights a world: sun, sky, lamps, and the air in between, from its weather."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.quaternion import FloatArray
from fusion.scenario.language.place import Weather
from fusion.scenario.sensing.air import Air

_SUN = np.array([1.75, 1.62, 1.40])
_LOW_SUN = np.array([1.85, 1.25, 0.70])
_SKY_LIGHT, _GROUND_LIGHT = np.array([0.46, 0.54, 0.68]), np.array([0.20, 0.18, 0.16])
_ZENITH, _HORIZON = np.array([0.16, 0.34, 0.70]), np.array([0.66, 0.76, 0.88])
_CLOUD, _CLOUD_LIGHT = np.array([0.62, 0.65, 0.69]), np.array([0.95, 0.98, 1.02])
_STREET_MIRRORED = np.array([0.16, 0.155, 0.15])
_STREET_LAMPS, _CEILING_LAMPS = np.array([0.16, 0.125, 0.078]), np.array([0.92, 0.94, 0.93])
_CITY_GLOW = np.array([0.016, 0.014, 0.013])
_DUSK = 0.25
"""At less light than this street lamps go on."""
_ADAPTATION = 0.56
"""How far a camera makes up for the dark: 1 would make night as bright as day."""


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """Linear red, green, blue (3,) of everything that shines.

    towards_sun: (3,) unit vector in the world. sun: of direct light, zero if there is none. sky, ground: of what comes
    from above and from below. zenith, horizon: of the sky as it is seen. mirrored: what is mirrored below the horizon.
    lamps: of light from above at the foot of a lamp. glow: of things that shine themselves. extinction_per_m: of the
    air. gain: of the camera's automatic exposure.
    """

    towards_sun: FloatArray
    sun: FloatArray
    sky: FloatArray
    ground: FloatArray
    zenith: FloatArray
    horizon: FloatArray
    mirrored: FloatArray
    lamps: FloatArray
    glow: float
    extinction_per_m: float
    gain: float
    indoors: bool

    @staticmethod
    def of(weather: Weather) -> Light:
        """Daylight scaled by `light`, softened by clouds and fog; street lamps in the dark; ceiling lamps indoors."""
        return _indoors(weather) if weather.indoors else _outdoors(weather)

    @property
    def has_shadows(self) -> bool:
        """Whether the sun shines."""
        return bool(self.sun.max() > 0.01 * (self.sky.max() + self.lamps.max()))

    @property
    def parameters(self) -> FloatArray:
        """(12, 3) for the compiled kernels: rows in the order of `SUN`, `SKY` and so on in `shading`."""
        scalars = [[self.glow, self.extinction_per_m, self.gain], [float(self.indoors), float(self.has_shadows), 0.0]]
        colours = [self.towards_sun, self.sun, self.sky, self.ground, self.zenith, self.horizon]
        return np.array([*colours, self.mirrored, self.lamps, *scalars])


def _outdoors(weather: Weather) -> Light:
    air = Air.of(weather)
    milky = 1.0 - np.exp(-60.0 * air.extinction_per_m)
    overcast = max(weather.clouds, milky)
    elevation, azimuth = np.deg2rad([weather.sun_elevation_deg, weather.sun_azimuth_deg])
    planar = np.cos(elevation)
    low = np.exp(-weather.sun_elevation_deg / 9.0)
    sun = (_SUN + low * (_LOW_SUN - _SUN)) * (1.0 - overcast) ** 2
    dark = max(1.0 - weather.light / _DUSK, 0.0)
    lamps = _STREET_LAMPS * dark
    level = weather.light + lamps.mean()
    # Lamps light the street and not the sky, which looks the darker for them.
    sky = weather.light * (1.0 - 0.6 * dark)
    return Light(
        towards_sun=np.array([planar * np.cos(azimuth), planar * np.sin(azimuth), np.sin(elevation)]),
        sun=sun * weather.light,
        sky=_mixed(_SKY_LIGHT, _CLOUD_LIGHT, overcast) * weather.light,
        ground=_GROUND_LIGHT * (1.0 + overcast) * weather.light + 0.12 * lamps,
        zenith=_mixed(_ZENITH, _CLOUD, overcast) * sky + _CITY_GLOW * dark * 0.4,
        horizon=_mixed(_HORIZON, _CLOUD, overcast) * sky + _CITY_GLOW * dark,
        mirrored=_STREET_MIRRORED * weather.light + 0.25 * lamps,
        lamps=lamps,
        glow=0.35,
        extinction_per_m=air.haze_per_m,
        gain=float(level**-_ADAPTATION),
        indoors=False,
    )


def _indoors(weather: Weather) -> Light:
    lamps = _CEILING_LAMPS * weather.light
    return Light(
        towards_sun=np.array([0.0, 0.0, 1.0]),
        sun=np.zeros(3),
        sky=0.28 * lamps,
        ground=0.20 * lamps,
        zenith=0.9 * lamps,
        horizon=0.45 * lamps,
        mirrored=0.18 * lamps,
        lamps=lamps,
        glow=0.35,
        extinction_per_m=Air.of(weather).extinction_per_m,
        gain=float(weather.light**-_ADAPTATION),
        indoors=True,
    )


def _mixed(first: FloatArray, second: FloatArray, share: float) -> FloatArray:
    return first + share * (second - first)
