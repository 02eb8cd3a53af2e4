"""How a person walks, stands and sits: where the joints are at any nanosecond.

A foot on the ground stays where it is: its way through a stride follows from the distance travelled, the ankle from the
roll over heel and toes, the pelvis from the reach of both legs (an inverted pendulum), the knee from two links. Phases
and angles are round figures after D. A. Winter, "Biomechanics and Motor Control of Human Movement", 4th ed., chapter 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.scenario.bodies.body import Signals
from fusion.scenario.bodies.joints import Limb, hinged, smooth, two_links
from fusion.timeline import Int64Array

_STANCE = 0.58
_PUSH_OFF_RAD, _HEEL_STRIKE_RAD = 0.62, -0.28
_PUSH_OFF_FROM, _HEEL_STRIKE_TO = 0.36, 0.08
_FULL_STRIDE_MPS = 0.55
_SITTING_LEAN_RAD = 0.55


@dataclass(frozen=True, slots=True)
class Proportions:
    """Lengths in metres of one person."""

    thigh: float
    shank: float
    ankle: float
    heel: float
    toe: float
    trunk: float
    neck: float
    upper_arm: float
    forearm: float
    hip_half: float
    shoulder_half: float
    stride: float

    @staticmethod
    def of(height_m: float, width_m: float, *, legs: float = 1.0) -> Proportions:
        """Those of a person of that height and width across the arms; legs: 1 for an adult, less for a child."""
        s = height_m / 1.75
        leg = 0.845 * legs * s
        return Proportions(
            thigh=0.51 * leg,
            shank=0.49 * leg,
            ankle=0.075 * s,
            heel=0.065 * s,
            toe=0.195 * s,
            trunk=0.52 * s + 0.62 * (0.845 * s - leg),
            neck=0.60 * s + 0.80 * (0.845 * s - leg),
            upper_arm=0.30 * s,
            forearm=0.26 * s,
            hip_half=0.09 * s,
            shoulder_half=0.5 * width_m - 0.055 * s,
            stride=1.62 * leg,
        )

    @property
    def shoulder(self) -> float:
        """Height of the shoulder joints above the hips: below the top of the trunk, which slopes."""
        return 0.87 * self.trunk

    @property
    def leg(self) -> float:
        """From the hip to the ankle."""
        return self.thigh + self.shank


@dataclass(frozen=True, slots=True, eq=False)
class Foot:
    """Ankle in the ground frame, (S,) each, and how far the toes point down, (S,) radians."""

    ankle_x_m: FloatArray
    ankle_z_m: FloatArray
    toes_down_rad: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Gait:
    """One person in motion. Sides are 1 (left) and -1 (right); times are (S,) int64 ns, the frame is the ground frame.

    phase: at distance 0, in strides. The joint `sit` goes from 0, standing, to 1, with thighs horizontal: the
    feet stay, the pelvis goes back by the length of a thigh.
    """

    lengths: Proportions
    signals: Signals
    phase: float = 0.0

    def sitting(self, time_ns: Int64Array) -> FloatArray:
        """(S,) 0 standing, 1 sitting."""
        return smooth(self.signals.joint("sit", time_ns))

    def swing(self, time_ns: Int64Array) -> FloatArray:
        """(S,) how much of a full stride is made: nothing when standing still."""
        return smooth(np.abs(self.signals.speed_mps(time_ns)) / _FULL_STRIDE_MPS) * (1.0 - self.sitting(time_ns))

    def foot(self, side: float, time_ns: Int64Array) -> Foot:
        """Where a foot is."""
        strides = self.signals.distance_m(time_ns) / self.lengths.stride + self.phase + (0.5 if side > 0 else 0.0)
        x_flat, down, lift = self._step(np.mod(strides, 1.0))
        swing = self.swing(time_ns)
        x, z = self._ankle(swing * x_flat, swing * down)
        return Foot(x, z + swing * lift, swing * down)

    def _step(self, phase: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Way of a flat foot's ankle from the hip (S,), toes down (S,), lift (S,), at phases (S,) of a stride."""
        half = 0.5 * _STANCE * self.lengths.stride
        in_swing = np.clip((phase - _STANCE) / (1.0 - _STANCE), 0.0, 1.0)
        eased = smooth(in_swing)
        strike = np.clip(1.0 - phase / _HEEL_STRIKE_TO, 0.0, 1.0)
        push = np.clip((phase - _PUSH_OFF_FROM) / (_STANCE - _PUSH_OFF_FROM), 0.0, 1.0)
        on_ground = _HEEL_STRIKE_RAD * strike + _PUSH_OFF_RAD * push**2
        swinging = _PUSH_OFF_RAD + eased * (_HEEL_STRIKE_RAD - _PUSH_OFF_RAD)
        x = np.where(phase < _STANCE, half - phase * self.lengths.stride, -half + 2.0 * half * eased)
        lift = 0.06 * self.lengths.leg * np.sin(np.pi * in_swing)
        return x, np.where(phase < _STANCE, on_ground, swinging), lift

    def _ankle(self, flat_x_m: FloatArray, down_rad: FloatArray) -> tuple[FloatArray, FloatArray]:
        """x, z (S,) of the ankle of a foot that has rolled over its toes or its heel from where it stood flat."""
        contact = np.where(down_rad > 0.0, self.lengths.toe, -self.lengths.heel)
        cosine, sine = np.cos(down_rad), np.sin(down_rad)
        x = flat_x_m + contact - contact * cosine + self.lengths.ankle * sine
        return x, np.asarray(contact * sine + self.lengths.ankle * cosine)

    def pelvis_m(self, time_ns: Int64Array) -> FloatArray:
        """(S, 3) the middle between the hips."""
        reach = 0.995 * self.lengths.leg
        feet = [self.foot(side, time_ns) for side in (1.0, -1.0)]
        heights = [f.ankle_z_m + np.sqrt(np.maximum(reach**2 - f.ankle_x_m**2, 0.0)) for f in feet]
        upright = np.minimum(np.minimum(*heights), self.lengths.ankle + reach)
        sitting = self.sitting(time_ns)
        z = upright + sitting * (self.lengths.ankle + 0.99 * self.lengths.shank - upright)
        return np.stack([-0.97 * self.lengths.thigh * sitting, np.zeros_like(z), z], axis=-1)

    def leg(self, side: float, time_ns: Int64Array) -> Limb:
        """Thigh and shank."""
        pelvis, foot = self.pelvis_m(time_ns), self.foot(side, time_ns)
        root = pelvis + np.array([0.0, side * self.lengths.hip_half, 0.0])
        links = (self.lengths.thigh, self.lengths.shank)
        upper, lower = two_links(foot.ankle_x_m - root[:, 0], foot.ankle_z_m - root[:, 2], links)
        return Limb(root, upper, lower, links)

    def foot_pose(self, side: float, time_ns: Int64Array) -> RigidTransform:
        """`ground_from_foot` (S,), origin at the ankle at the end of the shank."""
        return hinged(self.leg(side, time_ns).end_m, -self.foot(side, time_ns).toes_down_rad)

    def lean_rad(self, time_ns: Int64Array) -> FloatArray:
        """(S,) how far the trunk leans forward: a little when walking, much half-way down to a seat."""
        half_way = np.sin(np.pi * self.sitting(time_ns)) ** 2
        return np.asarray(0.05 * self.swing(time_ns) + _SITTING_LEAN_RAD * half_way)

    def trunk_pose(self, time_ns: Int64Array) -> RigidTransform:
        """`ground_from_trunk` (S,), origin between the hips."""
        return hinged(self.pelvis_m(time_ns), -self.lean_rad(time_ns))

    def head_pose(self, time_ns: Int64Array) -> RigidTransform:
        """`ground_from_head` (S,), origin at the top of the neck; eyes stay level more than the trunk does."""
        neck = self.trunk_pose(time_ns).apply(np.array([[0.0, 0.0, self.lengths.neck]]))[:, 0]
        return hinged(neck, -0.4 * self.lean_rad(time_ns))

    def arm(self, side: float, time_ns: Int64Array) -> Limb:
        """Upper arm and forearm: they swing against the leg of their side, and lie on the thighs when sitting."""
        shoulder = np.array([[0.0, side * self.lengths.shoulder_half, self.lengths.shoulder]])
        root = self.trunk_pose(time_ns).apply(shoulder)[:, 0]
        swung = -0.75 * self.foot(side, time_ns).ankle_x_m / self.lengths.leg
        sitting = self.sitting(time_ns)
        upper = swung + sitting * 0.40
        bend = 0.16 + 0.5 * np.maximum(swung + 0.2, 0.0) * self.swing(time_ns) + sitting * 0.85
        return Limb(root, upper, upper + bend, (self.lengths.upper_arm, self.lengths.forearm))
