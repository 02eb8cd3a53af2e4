"""What fog, rain and snow do to light, and to the pulses of a LiDAR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.quaternion import FloatArray
from fusion.scenario.language.place import Weather

_CONTRAST_LEFT = 0.05
_PER_M_OF_DB_PER_KM = np.log(10.0) / 10.0 / 1000.0
_HAZE_PER_M = 1.0 / 320.0
_FALSE_ECHO_ALBEDO = 0.08


@dataclass(frozen=True, slots=True)
class Air:
    """extinction_per_m: of light on its way. false_echoes: chance that a pulse is answered by a drop or flake, the
    distances of which fall off with the scale `false_echo_m`.
    """

    extinction_per_m: float
    false_echoes: float
    false_echo_m: float

    @staticmethod
    def of(weather: Weather) -> Air:
        """Koschmieder's law for fog; ITU-R P.1814 (2007) for rain and dry snow, in dB per kilometre."""
        fog = -np.log(_CONTRAST_LEFT) / weather.fog_visibility_m if weather.fog_visibility_m else 0.0
        rain = 1.076 * weather.rain_mm_per_h**0.67 * _PER_M_OF_DB_PER_KM
        snow = 5.5 * weather.snow_mm_per_h**1.38 * _PER_M_OF_DB_PER_KM
        false = 0.3 * fog + 0.0016 * weather.rain_mm_per_h**0.6 + 0.02 * weather.snow_mm_per_h**0.6
        return Air(float(fog + rain + snow), float(1.0 - np.exp(-false)), 3.0 if fog > 0.0 else 5.0)

    @property
    def haze_per_m(self) -> float:
        """Extinction for photos: clear air is a little hazy too."""
        return _HAZE_PER_M + self.extinction_per_m

    def left_of_pulses(self, ranges_m: FloatArray) -> FloatArray:
        """Share (N,) of pulses that is left on the way there and back (Beer and Lambert)."""
        return np.asarray(np.exp(-2.0 * self.extinction_per_m * ranges_m))

    def echo_ranges_m(self, count: int, min_range_m: float, rng: np.random.Generator) -> FloatArray:
        """(N,) where drops or flakes answer pulses, infinite for most."""
        if self.false_echoes == 0.0:
            return np.full(count, np.inf)
        answered = rng.random(count) < self.false_echoes
        return np.where(answered, min_range_m + self.false_echo_m * rng.standard_exponential(count), np.inf)

    def echo_intensities(self, count: int, rng: np.random.Generator) -> FloatArray:
        """(N,) in 0..255: false echoes are faint."""
        return np.asarray(255.0 * _FALSE_ECHO_ALBEDO * rng.random(count))
