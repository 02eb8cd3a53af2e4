"""Rooms of boxes that sensors look into, by exact rays: two sensors never hit the same spots."""

from __future__ import annotations

import numpy as np

from calibration import RigidTransform


def boxes(rng: np.random.Generator, count: int = 12) -> np.ndarray:
    """(B, 2, 3) low and high corners of boxes on the floor of a hall of 24 x 16 x 6 m; the hall itself is the first."""
    hall = np.array([[[-12.0, -8.0, -2.0], [12.0, 8.0, 4.0]]])
    middle = rng.uniform([-10.0, -7.0], [10.0, 7.0], (3 * count, 2))
    middle = middle[np.linalg.norm(middle, axis=1) > 3.0][:count]
    size = rng.uniform([0.4, 0.4, 0.5], [2.0, 2.0, 3.0], (len(middle), 3))
    low = np.column_stack([middle - 0.5 * size[:, :2], np.full(len(middle), -2.0)])
    return np.concatenate([hall, np.stack([low, low + size], axis=1)])


def looked(world: np.ndarray, world_from_sensor: RigidTransform, rays: np.ndarray) -> np.ndarray:
    """(N,) distance of the first surface along unit rays (N, 3) in the sensor's frame."""
    origin, directions = world_from_sensor.translation, world_from_sensor.rotate(rays)
    nearest = np.full(len(rays), np.inf)
    for number, (low, high) in enumerate(world):
        first, second = (low - origin) / directions, (high - origin) / directions
        enter, leave = np.minimum(first, second).max(axis=1), np.maximum(first, second).min(axis=1)
        hit = leave if number == 0 else np.where((enter < leave) & (enter > 0.0), enter, np.inf)
        nearest = np.minimum(nearest, hit)
    return nearest


def spinning(beams: int = 24, steps: int = 700, half_deg: float = 18.0) -> np.ndarray:
    """(N, 3) unit rays of a spinning LiDAR."""
    elevation = np.deg2rad(np.linspace(-half_deg, half_deg, beams))[:, None]
    azimuth = np.linspace(-np.pi, np.pi, steps, endpoint=False)[None] + 1e-3
    x, y = np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth)
    return np.stack([x, y, np.sin(elevation) + 0.0 * azimuth], axis=-1).reshape(-1, 3)


def imaging(width: int = 120, height: int = 90, half_deg: float = 32.0) -> np.ndarray:
    """(N, 3) unit rays of a depth camera, z forward."""
    reach = np.tan(np.deg2rad(half_deg))
    x, y = np.meshgrid(np.linspace(-reach, reach, width), np.linspace(-0.75 * reach, 0.75 * reach, height))
    rays = np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3)
    return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))


def points(
    rng: np.random.Generator, world: np.ndarray, world_from_sensor: RigidTransform, rays: np.ndarray, noise_m: float
) -> np.ndarray:
    """(N, 3) metres in the sensor's frame."""
    reach = looked(world, world_from_sensor, rays) + rng.normal(0.0, noise_m, len(rays))
    return np.asarray(rays * reach[:, None])
