"""People who sit on something: trunk, head, arms to the handlebars and legs to the rests, in one fixed posture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration import RigidTransform
from fusion.scenario.bodies import figures
from fusion.scenario.bodies.figures import Clothes
from fusion.scenario.bodies.gait import Proportions
from fusion.scenario.bodies.joints import Limb, hinged, two_links
from fusion.scenario.solids.materials import Surface
from fusion.scenario.solids.meshes import Mesh

Point = tuple[float, float, float]
_LENGTHS = Proportions.of(1.75, 0.46)
_HEAD_M = 0.24


@dataclass(frozen=True, slots=True)
class Posture:
    """hip_m: middle between the hips; grip_m: where the left hand is. A person of 1.75 m, in the ground frame."""

    hip_m: Point
    lean_rad: float
    grip_m: Point
    helmet: Surface | None = None
    full_helmet: bool = False


def upper_body(clothes: Clothes, posture: Posture) -> list[Mesh]:
    """Trunk, head and arms."""
    trunk = hinged(np.array([posture.hip_m]), np.array([-posture.lean_rad]))
    neck = trunk.apply(np.array([[0.0, 0.0, _LENGTHS.neck]]))[0]
    head = hinged(neck, np.array([-0.2 * posture.lean_rad]))[0]
    parts = [
        figures.trunk(_LENGTHS, clothes).placed(trunk[0]),
        *(mesh.placed(head) for mesh in _head(clothes, posture)),
    ]
    return parts + [mesh for side in (1.0, -1.0) for mesh in _arm(side, trunk, clothes, posture.grip_m)]


def _head(clothes: Clothes, posture: Posture) -> list[Mesh]:
    if posture.helmet is None:
        return [figures.head(_HEAD_M, clothes)]
    if posture.full_helmet:
        return figures.full_helmet(0.5 * _HEAD_M, posture.helmet)
    return [figures.head(_HEAD_M, clothes), *figures.helmet(0.5 * _HEAD_M, posture.helmet)]


def _arm(side: float, trunk: RigidTransform, clothes: Clothes, grip_m: Point) -> list[Mesh]:
    shoulder = trunk.apply(np.array([[0.0, side * _LENGTHS.shoulder_half, _LENGTHS.shoulder]]))[0]
    links = (_LENGTHS.upper_arm, _LENGTHS.forearm + 0.06)
    x, z = grip_m[0] - shoulder[:, 0], grip_m[2] - shoulder[:, 2]
    upper, lower = Limb(shoulder, *two_links(x, z, links, knee=-1.0), links).poses()
    return [figures.upper_arm(_LENGTHS, clothes).placed(upper[0]), figures.forearm(_LENGTHS, clothes).placed(lower[0])]


def legs(clothes: Clothes, posture: Posture, ankle_m: Point) -> list[Mesh]:
    """Both legs; ankle_m: of the left one."""
    return [mesh for side in (1.0, -1.0) for mesh in _leg(side, clothes, posture, ankle_m)]


def _leg(side: float, clothes: Clothes, posture: Posture, ankle_m: Point) -> list[Mesh]:
    hip = np.array([[posture.hip_m[0], side * ankle_m[1], posture.hip_m[2]]])
    links = (_LENGTHS.thigh, _LENGTHS.shank)
    x, z = ankle_m[0] - hip[:, 0], ankle_m[2] - hip[:, 2]
    limb = Limb(hip, *two_links(x, z, links), links)
    upper, lower = limb.poses()
    return [
        figures.thigh(_LENGTHS, clothes).placed(upper[0]),
        figures.shank(_LENGTHS, clothes).placed(lower[0]),
        figures.foot(_LENGTHS).placed(RigidTransform.from_yaw(0.0, limb.end_m[0])),
    ]
