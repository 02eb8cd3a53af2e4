"""From linear colours to a developed photo: bloom, streaks of rain and snow, tone curve, noise, 8 bits."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.scenario.language.place import Weather
from fusion.scenario.sensing.ray_caster import BoolArray

Photo = npt.NDArray[np.uint8]
"""(H, W, 3) red, green, blue."""

_EXPOSURE = 0.62
_CURVE_STEPS = 1 << 14
_EDGE_CONTRAST = 17
_BLOOM_SHARE, _BLOOM_REACH_PX = 0.35, 6.0
_STREAKS_PER_PIXEL = 6e-5
_BLACK_NOISE = 0.35
"""Share of mid grey's noise that is left in black."""


def _curve() -> Photo:
    """8-bit values of toned light 0..1 in steps: a gamma of 2.2, indexed by its square root, finer in the dark."""
    return np.rint(255.0 * (np.arange(_CURVE_STEPS) / (_CURVE_STEPS - 1)) ** (2.0 / 2.2)).astype(np.uint8)


_CURVE = _curve()


def developed(colours: Float32Array, gain: float) -> Photo:
    """Linear colours (N, 3) as 8 bits (N, 3): a filmic curve (K. Narkowicz's fit to ACES, 2016), then gamma."""
    values = np.empty(colours.shape, dtype=np.uint8)
    _develop(colours, _EXPOSURE * gain, _CURVE, values)
    return values


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _develop(colours: Float32Array, gain: float, curve: Photo, values: Photo) -> None:
    last = len(curve) - 1
    for i in range(colours.shape[0]):
        for channel in range(3):
            x = gain * max(colours[i, channel], 0.0)
            toned = min(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 1.0)
            values[i, channel] = curve[int(np.sqrt(toned) * last + 0.5)]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def at_edges(photo: Photo) -> BoolArray:
    """(H, W) pixels that differ from a neighbour so much that one ray does not do them justice."""
    height, width, _ = photo.shape
    edges = np.zeros((height, width), dtype=np.bool_)
    for v in range(height):
        for u in range(width):
            for channel in range(3):
                level = np.int64(photo[v, u, channel])
                if u + 1 < width and abs(level - np.int64(photo[v, u + 1, channel])) > _EDGE_CONTRAST:
                    edges[v, u] = edges[v, u + 1] = True
                if v + 1 < height and abs(level - np.int64(photo[v + 1, u, channel])) > _EDGE_CONTRAST:
                    edges[v, u] = edges[v + 1, u] = True
    return edges


def bloom(colours: Float32Array, gain: float) -> None:
    """Add to an image (H, W, 3) the halo of what is much too bright, in place."""
    excess = np.minimum(np.maximum(colours * np.float32(gain) - 1.5, 0.0), 8.0).astype(np.float32)
    if excess.max(initial=0.0) > 0.0:
        keep = np.float32(np.exp(-1.0 / _BLOOM_REACH_PX))
        for turned in (excess, excess.transpose(1, 0, 2)):
            _smear(turned, keep)
        colours += np.float32(_BLOOM_SHARE / gain) * excess


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _smear(image: Any, keep: float) -> None:
    """Spread along the first axis, there and back, by an exponential filter that keeps the sum."""
    rows, columns, channels = image.shape
    for u in range(columns):
        for channel in range(channels):
            for v in range(1, rows):
                image[v, u, channel] = (1.0 - keep) * image[v, u, channel] + keep * image[v - 1, u, channel]
            for v in range(rows - 2, -1, -1):
                image[v, u, channel] = (1.0 - keep) * image[v, u, channel] + keep * image[v + 1, u, channel]


def fall(colours: Float32Array, weather: Weather, air_light: FloatArray, rng: np.random.Generator) -> None:
    """Draw streaks of rain and blurred flakes of snow over an image (H, W, 3), in place."""
    height, width, _ = colours.shape
    for amount, snow in ((weather.rain_mm_per_h, False), (3.0 * weather.snow_mm_per_h, True)):
        count = int(_STREAKS_PER_PIXEL * height * width * amount**0.7)
        if count:
            nearness = rng.random(count) ** 3
            places = np.column_stack([rng.random(count) * width, rng.random(count) * height, nearness])
            _draw(colours, places, height / 400.0, snow, air_light)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _draw(colours: Float32Array, places: FloatArray, scale: float, snow: bool, air_light: FloatArray) -> None:
    height, width, _ = colours.shape
    for i in range(len(places)):
        nearness = places[i, 2]
        across = (0.6 + 3.0 * nearness if snow else 0.5 + 0.4 * nearness) * scale
        down = across if snow else (6.0 + 40.0 * nearness) * scale
        strength = 0.75 if snow else 0.22
        for v in range(max(int(places[i, 1] - 2 * down), 0), min(int(places[i, 1] + 2 * down) + 1, height)):
            for u in range(max(int(places[i, 0] - 2 * across), 0), min(int(places[i, 0] + 2 * across) + 1, width)):
                off = ((u - places[i, 0]) / across) ** 2 + ((v - places[i, 1]) / down) ** 2
                share = strength * np.exp(-off)
                for channel in range(3):
                    colours[v, u, channel] += share * (1.15 * air_light[channel] - colours[v, u, channel])


def with_noise(photo: Photo, sigma: float, rng: np.random.Generator) -> Photo:
    """Noise that grows with the root of the signal; sigma: in mid grey, 8-bit values."""
    if sigma == 0.0:
        return photo
    noisy: Photo = _noisy(photo, sigma, rng.standard_normal(photo.shape, dtype=np.float32))
    return noisy


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _noisy(photo: Photo, sigma: float, normals: Float32Array) -> Photo:
    result = np.empty_like(photo)
    for v in range(photo.shape[0]):
        for u in range(photo.shape[1]):
            for channel in range(3):
                level = float(photo[v, u, channel])
                spread = sigma * (_BLACK_NOISE + (1.0 - _BLACK_NOISE) * np.sqrt(level / 128.0))
                value = level + spread * normals[v, u, channel]
                result[v, u, channel] = int(min(max(value + 0.5, 0.0), 255.0))
    return result
