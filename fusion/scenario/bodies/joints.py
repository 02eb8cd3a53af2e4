"""Hinges and limbs: poses of parts from angles, and the angles of two links from where they must end.

All angles are in the x-z plane of a body: a limb hangs down at 0 and swings forward with positive angles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from calibration import RigidTransform, quaternion
from calibration.quaternion import FloatArray
from fusion.scenario.world import PoseAt
from fusion.timeline import Int64Array

_Y_AXIS = np.array([0.0, 1.0, 0.0])


def hinged(joint_m: FloatArray, forward_rad: FloatArray) -> RigidTransform:
    """`body_from_part` (S,) of parts with their origin at joints (S, 3), swung forward by angles (S,)."""
    vector = -np.asarray(forward_rad)[..., None] * _Y_AXIS
    return RigidTransform(quaternion.from_rotation_vector(vector), joint_m)


def hanging(joint_m: FloatArray, forward_rad: FloatArray, length_m: float) -> FloatArray:
    """(S, 3) where a link from joints (S, 3) ends."""
    reach = np.stack([np.sin(forward_rad), np.zeros_like(forward_rad), -np.cos(forward_rad)], axis=-1)
    return np.asarray(joint_m + length_m * reach)


def two_links(
    target_x_m: FloatArray, target_z_m: FloatArray, lengths_m: tuple[float, float], *, knee: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """Angles (S,) of an upper and a lower link that end at targets (S,) relative to the upper joint.

    knee: 1 if the joint between them bends forward (a knee), -1 if backward (an elbow). Targets out of reach are
    approached on the straight line. Law of cosines.
    """
    upper, lower = lengths_m
    longest, shortest = 0.9995 * (upper + lower), 1.0005 * abs(upper - lower)
    distance = np.clip(np.hypot(target_x_m, target_z_m), max(shortest, 1e-6), longest)
    towards = np.arctan2(target_x_m, -np.asarray(target_z_m))
    at_hip = np.arccos(np.clip((upper**2 + distance**2 - lower**2) / (2.0 * upper * distance), -1.0, 1.0))
    at_foot = np.arccos(np.clip((lower**2 + distance**2 - upper**2) / (2.0 * lower * distance), -1.0, 1.0))
    return np.asarray(towards + knee * at_hip), np.asarray(towards - knee * at_foot)


@dataclass(frozen=True, slots=True, eq=False)
class Limb:
    """Two links in a plane y = const. root: (S, 3) of the upper joint; upper, lower: angles (S,), absolute."""

    root_m: FloatArray
    upper_rad: FloatArray
    lower_rad: FloatArray
    lengths_m: tuple[float, float]

    @property
    def middle_m(self) -> FloatArray:
        """(S, 3) knee or elbow."""
        return hanging(self.root_m, self.upper_rad, self.lengths_m[0])

    @property
    def end_m(self) -> FloatArray:
        """(S, 3) ankle or wrist."""
        return hanging(self.middle_m, self.lower_rad, self.lengths_m[1])

    def poses(self) -> tuple[RigidTransform, RigidTransform]:
        """`body_from_part` (S,) of the upper and the lower link, each with its origin at its upper joint."""
        return hinged(self.root_m, self.upper_rad), hinged(self.middle_m, self.lower_rad)


def pose_of_link(limb_at: Callable[[Int64Array], Limb], link: int) -> PoseAt:
    """The pose of one link (0 upper, 1 lower) of a limb that moves."""
    return lambda time_ns: limb_at(time_ns).poses()[link]


def smooth(share: FloatArray) -> FloatArray:
    """Cubic smoothstep of (S,), 0 up to 0, 1 from 1 on."""
    u = np.clip(share, 0.0, 1.0)
    return np.asarray(u * u * (3.0 - 2.0 * u))
