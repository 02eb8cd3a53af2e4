"""Light: sun with hard shadows, sky light, mirrored sky in paint and glass, haze; from hits to colours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.scenario.patterns import paint
from fusion.scenario.ray_caster import Hits, RayCaster

_TOWARDS_SUN: FloatArray = np.array([-0.48, -0.36, 0.80])
_SUN = np.array([1.75, 1.62, 1.40], dtype=np.float32)
_SKY_LIGHT = np.array([0.46, 0.54, 0.68], dtype=np.float32)
_GROUND_LIGHT = np.array([0.20, 0.18, 0.16], dtype=np.float32)
_ZENITH = np.array([0.16, 0.34, 0.70], dtype=np.float32)
_HORIZON = np.array([0.66, 0.76, 0.88], dtype=np.float32)
_STREET_MIRRORED = np.array([0.16, 0.155, 0.15], dtype=np.float32)
_HAZE_REACH_M = 320.0
_SHADOW_LIFT_M = 0.004
_EXPOSURE = 0.62


def shade(caster: RayCaster, hits: Hits, origin_m: FloatArray, directions: Float32Array) -> Float32Array:
    """Linear colours (N, 3) seen from origin (3,) along unit directions (N, 3), all in the world."""
    colours = np.empty_like(directions)
    missed, hit = np.flatnonzero(hits.bodies < 0), np.flatnonzero(hits.bodies >= 0)
    colours[missed] = sky(directions[missed])
    bodies, surfaces, normals = hits.bodies[hit], hits.surfaces[hit], hits.normals[hit]
    distances, rays = hits.distances_m[hit], directions[hit]
    points = (origin_m.astype(np.float32) + distances[:, None] * rays).astype(np.float32)
    local_points, local_normals = caster.in_mesh(bodies, points, normals)
    albedo = paint(caster.surfaces, surfaces, local_points, local_normals, distances)
    lit = albedo * (_sky_light(normals) + _sun_light(caster, points, normals))
    lit = _mirror(lit, caster.surfaces.glosses[surfaces], normals, rays)
    haze = (1.0 - np.exp(-distances / _HAZE_REACH_M))[:, None]
    colours[hit] = lit + haze * (_HORIZON - lit)
    return colours


def to_srgb(colours: Float32Array) -> npt.NDArray[np.uint8]:
    """Linear colours to 8 bits: a filmic curve (K. Narkowicz's fit to ACES, 2016), then a gamma of 2.2."""
    x = np.float32(_EXPOSURE) * colours
    toned = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)
    return np.asarray(np.rint(255.0 * np.clip(toned, 0.0, 1.0) ** np.float32(1.0 / 2.2)).astype(np.uint8))


def sky(directions: Float32Array) -> Float32Array:
    """A gradient from the horizon to the zenith, with a glow around the sun."""
    height = np.clip(directions[:, 2], 0.0, 1.0)[:, None] ** np.float32(0.55)
    glow = np.clip(directions @ _TOWARDS_SUN.astype(np.float32), 0.0, 1.0)[:, None] ** 24
    return np.asarray(_HORIZON + height * (_ZENITH - _HORIZON) + np.float32(0.4) * glow)


def _sky_light(normals: Float32Array) -> Float32Array:
    up = 0.5 + 0.5 * normals[:, 2:3]
    return np.asarray(_GROUND_LIGHT + up * (_SKY_LIGHT - _GROUND_LIGHT))


def _sun_light(caster: RayCaster, points_m: Float32Array, normals: Float32Array) -> Float32Array:
    cosine = normals @ _TOWARDS_SUN.astype(np.float32)
    facing = np.flatnonzero(cosine > 0.0)
    lifted = points_m[facing] + np.float32(_SHADOW_LIFT_M) * normals[facing]
    in_sun = np.zeros(len(points_m), dtype=np.float32)
    in_sun[facing] = np.where(caster.blocked(lifted, _TOWARDS_SUN), 0.0, cosine[facing])
    return np.asarray(in_sun[:, None] * _SUN)


def _mirror(colours: Float32Array, glosses: Float32Array, normals: Float32Array, rays: Float32Array) -> Float32Array:
    """Add the sky, or the street below the horizon, by Schlick's approximation of Fresnel's equations."""
    glossy = np.flatnonzero(glosses > 0.0)
    normal, ray = normals[glossy], rays[glossy]
    cosine = np.einsum("ij,ij->i", normal, ray)
    mirrored = ray - 2.0 * cosine[:, None] * normal
    seen = np.where(mirrored[:, 2:3] > 0.12, sky(mirrored), _STREET_MIRRORED)
    share = glosses[glossy] * (0.07 + 0.93 * (1.0 - np.abs(cosine)) ** 5)
    colours[glossy] += share[:, None] * (seen - colours[glossy])
    return colours
