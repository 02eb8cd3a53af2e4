"""Hand-eye, refined: mounting, worlds and time offset together, at the precision that the poses turn out to have.

The noise of all six numbers of a pose is estimated along with the mounting, as a multivariate t distribution (K. Lange,
R. Little, J. Taylor, "Robust statistical modeling using the t distribution", 1989): so nobody needs to say how good
metres are against radians, and poses that are wrong lose their say. At the end those are left out, and the others
count in full.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from calibration.camera import BoolArray
from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray
from calibration.transform import RigidTransform

_FREEDOM = 4.0
_ROUNDS = 40
_SMALL = np.array([1e-6] * 12 + [1e3])  # metres, radians; nanoseconds
_FEW = 120  # poses: fewer do not tell a full covariance of six numbers
_INLIER = float(chi2.ppf(0.9995, 6))
_MEDIAN = float(chi2.ppf(0.5, 6))
_STEP_SHARE = 30


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is known of a_from_b beforehand: standard deviations along and about b's axes."""

    a_from_b: RigidTransform
    sigma_m: float
    sigma_rad: float


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """a: poses (N,); b: poses (N,) for an offset in ns. start_ns: None where the offset is known to be 0."""

    a: RigidTransform
    b: Callable[[float], RigidTransform]
    drifting: bool
    prior: Prior | None
    start_ns: float | None = None

    @property
    def unknowns(self) -> list[int]:
        """Which of 6 of the mounting, 6 of the worlds, and the offset."""
        return (
            list(range(6)) + ([] if self.drifting else list(range(6, 12))) + ([12] if self.start_ns is not None else [])
        )

    def errors(self, at: _State) -> FloatArray:
        """(N, 6) in b's frame: translation, then rotation."""
        b = self.b(at.offset_ns)
        if not self.drifting:
            return ((self.a * at.a_from_b).inverse() * (at.worlds * b)).log()
        stride = max(1, min(len(self.a) // _STEP_SHARE, 10))
        first = np.arange(0, len(self.a) - stride, stride)
        step_a = self.a[first].inverse() * self.a[first + stride]
        step_b = b[first].inverse() * b[first + stride]
        return ((step_a * at.a_from_b).inverse() * at.a_from_b * step_b).log()


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    a_from_b: RigidTransform
    worlds: RigidTransform
    offset_ns: float

    def moved(self, step: FloatArray) -> _State:
        """By 13 numbers."""
        return _State(
            self.a_from_b * RigidTransform.exp(step[:6]),
            self.worlds * RigidTransform.exp(step[6:12]),
            self.offset_ns + float(step[12]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Refined:
    """covariance: of the unknowns, the mounting's six first. used: which errors agree with the others."""

    a_from_b: RigidTransform
    world_a_from_world_b: RigidTransform
    offset_ns: float
    offset_sigma_ns: float
    covariance: FloatArray
    rms_m: float
    rms_rad: float
    used: BoolArray


def refine(problem: Problem, start: RigidTransform) -> Refined:
    """From a start in whose valley the truth lies. Raises CalibrationError where nothing is told at all."""
    offset = problem.start_ns or 0.0
    state = _State(start, _worlds(problem.a, problem.b(offset), start), offset)
    scatter = _first_scatter(problem.errors(state))
    for _ in range(_ROUNDS):
        errors = problem.errors(state)
        squares = _squares(errors, scatter)
        weights = (_FREEDOM + 6.0) / (_FREEDOM + squares)
        scatter = _scatter(errors, weights)
        state, moved, _ = _step(problem, state, errors, weights, scatter)
        if moved < 1e-6:
            break
    return _counted(problem, state, scatter)


def _counted(problem: Problem, state: _State, scatter: FloatArray) -> Refined:
    """Poses that do not agree are left out, the others say all they can."""
    errors = problem.errors(state)
    squares = _squares(errors, scatter)
    squares = squares * (_MEDIAN / max(float(np.median(squares)), 1e-12))
    used = squares < _INLIER
    unknowns = len(problem.unknowns)
    for _ in range(3):
        errors = problem.errors(state)
        freed = used.sum() / max(used.sum() - unknowns / 6.0, 1.0)
        scatter = _scatter(errors[used], np.ones(int(used.sum()))) * freed
        state, _, covariance = _step(problem, state, errors, used.astype(np.float64), scatter)
    errors = problem.errors(state)[used]
    offset_sigma = float(np.sqrt(covariance[-1, -1])) if problem.start_ns is not None else 0.0
    worlds = state.worlds
    if problem.drifting:
        worlds = _worlds(problem.a, problem.b(state.offset_ns), state.a_from_b)
    return Refined(
        state.a_from_b,
        worlds,
        state.offset_ns,
        offset_sigma,
        covariance,
        float(np.sqrt(np.mean(np.sum(errors[:, :3] ** 2, axis=1)))),
        float(np.sqrt(np.mean(np.sum(errors[:, 3:] ** 2, axis=1)))),
        used,
    )


def _step(
    problem: Problem, state: _State, errors: FloatArray, weights: FloatArray, scatter: FloatArray
) -> tuple[_State, float, FloatArray]:
    """One of Gauss and Newton; how far it went in standard deviations, and the covariance of the unknowns."""
    unknowns = problem.unknowns
    jacobian = np.empty((*errors.shape, len(unknowns)))
    for column, number in enumerate(unknowns):
        step = np.zeros(13)
        step[number] = _SMALL[number]
        ahead, behind = problem.errors(state.moved(step)), problem.errors(state.moved(-step))
        jacobian[:, :, column] = (ahead - behind) / (2.0 * _SMALL[number])
    scaled = np.linalg.solve(scatter, jacobian)
    normal = np.einsum("nij,nik,n->jk", jacobian, scaled, weights)
    gradient = np.einsum("nij,ni,n->j", scaled, errors, weights)
    if problem.prior is not None:
        known, off = _known(problem.prior, state)
        normal[:6, :6] += known
        gradient[:6] += known @ off
    scale = 1.0 / np.sqrt(np.maximum(np.diag(normal), 1e-300))
    try:
        covariance = np.linalg.inv(normal * np.outer(scale, scale)) * np.outer(scale, scale)
    except np.linalg.LinAlgError as error:
        raise CalibrationError("this motion does not tell the mounting", do="turn about two axes") from error
    change = -covariance @ gradient
    step = np.zeros(13)
    step[unknowns] = change
    moved = float(np.max(np.abs(change) / np.sqrt(np.maximum(np.diag(covariance), 1e-300))))
    return state.moved(step), moved, covariance


def _known(prior: Prior, state: _State) -> tuple[FloatArray, FloatArray]:
    """Information (6, 6) of the prior, and how far the mounting is from it."""
    sigmas = np.array([prior.sigma_m] * 3 + [prior.sigma_rad] * 3)
    return np.diag(sigmas**-2.0), (prior.a_from_b.inverse() * state.a_from_b).log()


def _worlds(a: RigidTransform, b: RigidTransform, a_from_b: RigidTransform) -> RigidTransform:
    """world_a_from_world_b: the middle of what the poses say one by one."""
    each = a * a_from_b * b.inverse()
    middle = each[len(a) // 2]
    for _ in range(10):
        off = (middle.inverse() * each).log()
        middle = middle * RigidTransform.exp(np.median(off, axis=0))
    return middle


def _squares(errors: FloatArray, scatter: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("ni,ni->n", errors, np.linalg.solve(scatter, errors.T).T))


def _first_scatter(errors: FloatArray) -> FloatArray:
    middle = np.median(np.abs(errors), axis=0) * 1.4826
    return np.diag(np.maximum(middle, 1e-9) ** 2)


def _scatter(errors: FloatArray, weights: FloatArray) -> FloatArray:
    """(6, 6); of few poses only how large metres and radians are."""
    scatter = (errors * weights[:, None]).T @ errors / len(errors)
    if len(errors) < _FEW:
        scatter = np.diag(np.repeat([np.trace(scatter[:3, :3]) / 3.0, np.trace(scatter[3:, 3:]) / 3.0], 3))
    return np.asarray(scatter + np.diag([1e-18] * 6))
