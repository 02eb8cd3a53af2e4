"""Hand-eye and robot-world: where two sensors sit to each other, from how each saw itself move, without a common view.

For poses of both at the same moments, `world_a_from_a * a_from_b = world_a_from_world_b * world_b_from_b` (AX = ZB;
between two moments AX = XB). Closed form start: F. Park, B. Martin, "Robot sensor calibration: solving AX = XB on the
Euclidean group", 1994, after pairs of steps whose angles or pitches differ (screw congruence, H. Chen 1991) are
dropped. Then all is refined together (`calibration.handeye_refinement`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from calibration import quaternion
from calibration.camera import BoolArray
from calibration.errors import CalibrationError
from calibration.handeye_refinement import Prior, Problem, Refined, refine
from calibration.motion import PoseCurve, PoseStream, Turning
from calibration.quaternion import FloatArray
from calibration.timing import time_offset
from calibration.transform import RigidTransform

FEWEST_POSES = 6
_MOST_POSES = 1500
_GAPS = (1, 2, 4, 8, 16, 32, 64, 128)
_LEAST_TURN_RAD = np.deg2rad(1.0)
_CLEAR = 6.0
"""How many times its own noise a turn must be to tell anything: the noise then bends the result by a few per cent."""
_AXES = ("x", "y", "z")
_TRIED_TURNS = 72


@dataclass(frozen=True, slots=True, eq=False)
class HandEye:
    """a_from_b: where b sits on a. world_a_from_world_b: how the worlds lie to each other.

    covariance: (6, 6) of a_from_b, translation then rotation, along and about b's axes: the truth is
    `a_from_b * exp(error)`. rms_m, rms_rad: what is left over in the poses that agree. used: (N,) which do. offset_ns,
    offset_sigma_ns: what a time of b must be given to be one of a; 0 and 0 where it was not asked.
    """

    a_from_b: RigidTransform
    world_a_from_world_b: RigidTransform
    covariance: FloatArray
    rms_m: float
    rms_rad: float
    used: BoolArray
    offset_ns: float = 0.0
    offset_sigma_ns: float = 0.0

    @property
    def sigma_m(self) -> FloatArray:
        """(3,) standard deviations of the place, along b's axes."""
        return np.asarray(np.sqrt(np.diag(self.covariance)[:3]))

    @property
    def sigma_rad(self) -> FloatArray:
        """(3,) standard deviations of the rotation, about b's axes."""
        return np.asarray(np.sqrt(np.diag(self.covariance)[3:]))


def solve_hand_eye(
    world_a_from_a: RigidTransform,
    world_b_from_b: RigidTransform,
    *,
    drifting: bool = False,
    prior: Prior | None = None,
    names: tuple[str, str] = ("a", "b"),
) -> HandEye:
    """From batches (N,) of poses at the same moments; a few that are wrong have no say.

    drifting: the poses of at least one are summed up from step to step (odometry), so only steps are compared; they
    must be in the order of time. prior: what is known of a_from_b beforehand; with one, a motion that leaves something
    open is no error. Raises CalibrationError for too few poses, and for a motion that leaves something open: it says
    what.
    """
    if len(world_a_from_a) != len(world_b_from_b) or len(world_a_from_a) < FEWEST_POSES:
        raise CalibrationError(
            f"{len(world_a_from_a)} and {len(world_b_from_b)} poses: hand-eye needs {FEWEST_POSES} or more of each, "
            "at the same moments"
        )
    start = _start(world_a_from_a, world_b_from_b, prior, names)
    return _told(refine(Problem(world_a_from_a, lambda _: world_b_from_b, drifting, prior), start))


def solve_hand_eye_streams(
    a: PoseStream,
    b: PoseStream,
    *,
    offset_known: bool = False,
    drifting: bool = False,
    prior: Prior | None = None,
    names: tuple[str, str] = ("a", "b"),
    most_offset_ns: float = 2e9,
) -> HandEye:
    """From two streams with clocks of their own: their offset is found first, and refined with everything else.

    offset_known: the clocks are one. Raises CalibrationError as `solve_hand_eye` and `time_offset` do.
    """
    start_ns = 0.0
    if not offset_known:
        start_ns = time_offset(Turning.of_poses(a), Turning.of_poses(b), most_ns=most_offset_ns).offset_ns
    curve = PoseCurve(b)
    margin_ns = 0 if offset_known else 2 * b.period_ns
    ends = np.rint([start_ns - margin_ns, start_ns + margin_ns]).astype(np.int64)
    within = curve.covers(a.times_ns - ends[0]) & curve.covers(a.times_ns - ends[1])
    rows = np.flatnonzero(within)
    rows = rows[:: max(1, -(-len(rows) // _MOST_POSES))]
    if len(rows) < FEWEST_POSES:
        raise CalibrationError("the two streams of poses hardly overlap in time", do="give the same stretch of both")
    times, poses_a = a.times_ns[rows], a.world_from_body[rows]

    def poses_b(offset_ns: float) -> RigidTransform:
        return curve.at(times, -offset_ns)

    start = _start(poses_a, poses_b(start_ns), prior, names)
    return _told(refine(Problem(poses_a, poses_b, drifting, prior, None if offset_known else start_ns), start))


def _told(found: Refined) -> HandEye:
    return HandEye(
        found.a_from_b,
        found.world_a_from_world_b,
        found.covariance[:6, :6],
        found.rms_m,
        found.rms_rad,
        found.used,
        found.offset_ns,
        found.offset_sigma_ns,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """Motions of both between two moments: turns as rotation vectors (M, 3) and translations (M, 3)."""

    a: RigidTransform
    b: RigidTransform

    @property
    def turns(self) -> tuple[FloatArray, FloatArray]:
        """Of a and of b, radians."""
        return quaternion.to_rotation_vector(self.a.rotation), quaternion.to_rotation_vector(self.b.rotation)

    def chosen(self, rows: BoolArray) -> _Steps:
        """Some of them."""
        index = np.flatnonzero(rows)
        return _Steps(self.a[index], self.b[index])


def _steps(a: RigidTransform, b: RigidTransform) -> _Steps:
    """Between moments that lie near and far apart."""
    pairs = [
        (np.arange(0, len(a) - gap), np.arange(gap, len(a)))
        for gap, following in pairwise((*_GAPS, 10**9))
        if gap < len(a) and (gap == 1 or gap * 3 < len(a) or following > len(a))
    ]
    first = np.concatenate([each[0] for each in pairs])
    last = np.concatenate([each[1] for each in pairs])
    return _Steps(a[first].inverse() * a[last], b[first].inverse() * b[last])


def _start(a: RigidTransform, b: RigidTransform, prior: Prior | None, names: tuple[str, str]) -> RigidTransform:
    """a_from_b in closed form; where the motion leaves something open, what is known beforehand."""
    steps, noise = _congruent(_steps(a, b))
    open_axis = _open_axis(steps, noise, names, forgiven=prior is not None)
    if open_axis is None or prior is None:
        rotation = _rotation(steps)
        return RigidTransform(rotation, _translation(steps, rotation))
    return _about(steps, open_axis, prior)


def _about(steps: _Steps, axis: FloatArray, prior: Prior) -> RigidTransform:
    """Turned about the only axis, from what is known, to where the translations agree best."""
    laid = _rotation(steps, prior.a_from_b.rotation)
    best, least = prior.a_from_b, np.inf
    for turn in np.deg2rad(np.arange(0.0, 360.0, 360.0 / _TRIED_TURNS)):
        rotation = quaternion.multiply(quaternion.from_rotation_vector(turn * axis), laid)
        moved = quaternion.rotate(steps.a.rotation, prior.a_from_b.translation) - prior.a_from_b.translation
        apart = moved + steps.a.translation - quaternion.rotate(rotation, steps.b.translation)
        cost = float(np.median(np.linalg.norm(apart, axis=1)))
        if cost < least:
            best, least = RigidTransform(rotation, prior.a_from_b.translation), cost
    return best


def _congruent(steps: _Steps) -> tuple[_Steps, float]:
    """Steps that both saw alike, whatever the mounting is: the same angle. And the noise of an angle, radians."""
    turns_a, turns_b = steps.turns
    apart = np.linalg.norm(turns_a, axis=1) - np.linalg.norm(turns_b, axis=1)
    noise = max(1.4826 * float(np.median(np.abs(apart))), 1e-9)
    alike = np.abs(apart) < 3.0 * noise + 1e-9
    return steps.chosen(alike), noise


def _open_axis(steps: _Steps, noise: float, names: tuple[str, str], *, forgiven: bool) -> FloatArray | None:
    """The only axis (3,) in a about which there are turns, None where there are others.

    Raises CalibrationError for it, unless forgiven; and where there are no turns at all.
    """
    turns, _ = steps.turns
    sizes = np.linalg.norm(turns, axis=1)
    values, vectors = np.linalg.eigh(turns.T @ turns / len(turns))
    extents = np.sqrt(np.maximum(values, 0.0))
    least = max(_CLEAR * noise, 1e-4)
    if extents[2] < least or sizes.max() < _LEAST_TURN_RAD:
        if forgiven:
            return np.array(vectors[:, 2])
        raise CalibrationError(
            f"{names[0]} hardly turns ({np.rad2deg(sizes.max()):.2f} degrees at most): where {names[1]} sits on it "
            "cannot be told",
            do="turn about two axes, by 10 degrees and more",
        )
    if extents[1] >= least:
        return None
    if not forgiven:
        _refuse_one_axis(vectors[:, 2], names)
    return np.array(vectors[:, 2])


def _refuse_one_axis(axis: FloatArray, names: tuple[str, str]) -> None:
    largest = int(np.argmax(np.abs(axis)))
    if abs(axis[largest]) > np.cos(np.deg2rad(10.0)):
        said = _AXES[largest]
        others = " or ".join(each for each in _AXES if each != said)
    else:
        axis = axis * np.sign(axis[largest])
        said, others = f"({axis[0]:.2f}, {axis[1]:.2f}, {axis[2]:.2f})", "another axis"
    raise CalibrationError(
        f"all rotations are about {said} of {names[0]}: the translation of {names[1]} along {said} cannot be told",
        do=f"turn about {others} as well, or give what is known of the mounting",
    )


def _rotation(steps: _Steps, near: FloatArray | None = None) -> FloatArray:
    """(4,) the rotation that lays b's turns on a's, with less and less said by those that do not fit.

    near: (4,) where the turns leave something open, as it is there.
    """
    turns_a, turns_b = steps.turns
    weights = np.ones(len(turns_a))
    rotation = quaternion.IDENTITY
    for _ in range(15):
        together = (turns_a * weights[:, None]).T @ turns_b
        if near is not None:
            together = together + 1e-3 * np.linalg.norm(together) * quaternion.to_matrix(near)
        u, _, vt = np.linalg.svd(together)
        matrix = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
        rotation = quaternion.from_matrix(matrix)
        weights = _geman_mcclure(np.linalg.norm(turns_a - turns_b @ matrix.T, axis=1))
    return rotation


def _translation(steps: _Steps, rotation: FloatArray) -> FloatArray:
    """(3,) metres: (R_a - 1) t = R t_b - t_a, by weighted least squares."""
    matrices = quaternion.to_matrix(steps.a.rotation) - np.eye(3)
    wanted = quaternion.rotate(rotation, steps.b.translation) - steps.a.translation
    weights = np.ones(len(wanted))
    place = np.zeros(3)
    for _ in range(15):
        normal = np.einsum("nij,nik,n->jk", matrices, matrices, weights)
        place = np.linalg.lstsq(normal, np.einsum("nij,ni,n->j", matrices, wanted, weights), rcond=1e-12)[0]
        weights = _geman_mcclure(np.linalg.norm(matrices @ place - wanted, axis=1))
    return np.asarray(place)


def _geman_mcclure(apart: FloatArray) -> FloatArray:
    scale = max(3.0 * float(np.median(apart)), 1e-12)
    return np.asarray(1.0 / (1.0 + (apart / scale) ** 2) ** 2)
