"""Motions that are known exactly, for hand-eye and clocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from calibration import RigidTransform, quaternion

A_FROM_B = RigidTransform.exp([0.5, -0.3, 0.8, 0.4, -1.2, 2.0])
WORLDS = RigidTransform.exp([10.0, -3.0, 2.0, 0.3, 0.2, -2.5])


def smooth_motion(
    rng: np.random.Generator, axes: tuple[float, float, float] = (1.0, 1.0, 1.0)
) -> Callable[[np.ndarray], RigidTransform]:
    """world_from_a at seconds (N,): a sum of sines, turning about the given axes only."""
    frequency, phase = rng.uniform(0.05, 0.8, 12), rng.uniform(0.0, 2.0 * np.pi, (12, 6))
    amplitude = rng.normal(0.0, 1.0, (12, 6)) / np.sqrt(12) * np.array([2.0, 2.0, 2.0, *(0.6 * np.array(axes))])

    def at(seconds: np.ndarray) -> RigidTransform:
        waves = np.sin(2.0 * np.pi * frequency[:, None] * seconds[:, None, None] + phase)
        value = (waves * amplitude).sum(axis=1)
        return RigidTransform(quaternion.from_rotation_vector(value[:, 3:]), value[:, :3])

    return at


def noisy(rng: np.random.Generator, poses: RigidTransform, metres: float, radians: float) -> RigidTransform:
    errors = np.concatenate([rng.normal(0, metres, (len(poses), 3)), rng.normal(0, radians, (len(poses), 3))], axis=1)
    return poses * RigidTransform.exp(errors)


def summed(rng: np.random.Generator, poses: RigidTransform, metres: float, radians: float) -> RigidTransform:
    """The same as odometry sees them: noise in every step."""
    every = np.arange(len(poses))
    steps = noisy(rng, poses[every[:-1]].inverse() * poses[every[1:]], metres, radians)
    way = [poses[0]]
    for step in every[:-1]:
        way.append(way[-1] * steps[int(step)])
    return RigidTransform.stack(way)


def ns(seconds: np.ndarray) -> np.ndarray:
    return 1_700_000_000_000_000_000 + np.rint(seconds * 1e9).astype(np.int64)
