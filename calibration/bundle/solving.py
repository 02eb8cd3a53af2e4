"""Levenberg and Marquardt's method over a whole rig (D. Marquardt, SIAM 1963), with Huber's loss for observations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from calibration.bundle.normal import Normal
from calibration.bundle.observations import Observations
from calibration.bundle.residuals import Gathered
from calibration.bundle.starting import pose_of_board
from calibration.bundle.state import Layout, State
from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray
from calibration.rig import Rig
from calibration.transform import RigidTransform

_ITERATIONS = 60
_STUCK = 1e8
_HUBER = 2.5
_SETTLED = 1e-9
_OPEN = 1e-10
"""Of the least information in any direction, of that of a rig without gaps, each number by its own measure."""


@dataclass(frozen=True, slots=True, eq=False)
class RigAdjusted:
    """rig: put right. boards: (K,) ego_from_board. sigmas: for each sensor that was estimated, of translation along
    and rotation about its axes, then of its camera's numbers that were free, as named in `numbers`. covariance: (S, S)
    of all of them, in the rig's order. rms_px: of corners for each camera. noise: by how much all was noisier than it
    was said to be."""

    rig: Rig
    boards: RigidTransform
    sigmas: Mapping[str, FloatArray]
    numbers: Mapping[str, tuple[str, ...]]
    covariance: FloatArray
    rms_px: Mapping[str, float]
    noise: float
    cost_before: float
    cost: float
    iterations: int


def adjust_rig(rig: Rig, seen: Observations, boards: RigidTransform | None = None) -> RigAdjusted:
    """From a rig in whose valley the truth lies. boards: (K,) ego_from_board where that is known, else each from the
    photo that shows most of it.

    Raises CalibrationError where a sensor is unknown, and where observations leave something open: it says what.
    """
    _check(rig, seen)
    start = State(rig, _boards(rig, seen) if boards is None else boards)
    layout, gathered = Layout.of(rig, seen.known), Gathered(seen)
    if layout.size == 0:
        raise CalibrationError("nothing is to be estimated", do="say what of which sensor is not exact")
    state, damping, iterations = start, 1e-4, 0
    normal, cost = _normal(gathered, state, layout, start)
    cost_before = cost
    while iterations < _ITERATIONS and damping < _STUCK:
        iterations += 1
        try:
            tried = state.moved(layout, *normal.step(damping))
        except (CalibrationError, np.linalg.LinAlgError):  # a camera that cannot be
            damping *= 10.0
            continue
        there, lower = _normal(gathered, tried, layout, start)
        if not lower < cost:
            damping *= 10.0
            continue
        settled = cost - lower < _SETTLED * cost
        state, normal, cost, damping = tried, there, lower, max(damping / 10.0, 1e-12)
        if settled:
            break
    return _told(gathered, state, layout, normal, (cost_before, cost), iterations)


def _check(rig: Rig, seen: Observations) -> None:
    names = {sensor.name for sensor in rig}
    asked = {each.camera for each in seen.sights} | {each.lidar for each in seen.planes}
    asked |= (
        {name for each in seen.picks for name in (each.camera, each.lidar)}
        | set(seen.known)
        | {name for each in seen.relations for name in (each.a, each.b)}
    )
    if asked - names:
        raise CalibrationError(
            f"the rig has no sensor {', '.join(sorted(asked - names))}", do=f"it has {', '.join(sorted(names))}"
        )
    for name, told in seen.known.items():
        camera = rig[name].camera
        unknown = set(told.free) - set(() if camera is None else camera.parameter_names)
        if unknown:
            raise CalibrationError(f"{name} has no {', '.join(sorted(unknown))} to estimate")


def _boards(rig: Rig, seen: Observations) -> RigidTransform:
    poses = []
    for board in range(seen.boards):
        sights = [each for each in seen.sights if each.board == board]
        if not sights:
            raise CalibrationError(f"no camera saw board {board}", do="leave it out, or give its pose")
        best = max(sights, key=lambda each: len(each.pixels))
        sensor = rig[best.camera]
        poses.append(sensor.ego_from_sensor * pose_of_board(sensor.model, best.points_m, best.pixels))
    if not poses:
        return RigidTransform(np.empty((0, 4)), np.empty((0, 3)))
    return RigidTransform(np.stack([each.rotation for each in poses]), np.stack([each.translation for each in poses]))


def _huber(residuals: FloatArray, *, robust: bool) -> tuple[FloatArray, float]:
    """Weights (N,) and the cost."""
    away = np.linalg.norm(residuals, axis=1)
    if not robust:
        return np.ones(len(away)), float(0.5 * np.sum(away**2))
    weights = np.minimum(1.0, _HUBER / np.maximum(away, 1e-12))
    return weights, float(np.sum(np.where(away <= _HUBER, 0.5 * away**2, _HUBER * (away - 0.5 * _HUBER))))


def _normal(gathered: Gathered, state: State, layout: Layout, start: State) -> tuple[Normal, float]:
    normal, cost = Normal.empty(layout.size, len(state.boards)), 0.0
    for block in gathered.blocks(state, layout, start):
        weights, part = _huber(block.residuals, robust=block.robust)
        normal.add(block.residuals, weights, block.columns, block.by_sensors, block.boards, block.by_boards)
        cost += part
    return normal, cost


def _told(
    gathered: Gathered, state: State, layout: Layout, normal: Normal, costs: tuple[float, float], iterations: int
) -> RigAdjusted:
    information = normal.information()
    scale = 1.0 / np.sqrt(np.maximum(np.diag(information), 1e-300))
    values, vectors = np.linalg.eigh(information * np.outer(scale, scale))
    if values[0] < _OPEN:
        raise CalibrationError(_open(state.rig, layout, vectors[:, 0]), do="observe more, or say what is known")
    residuals = gathered.sight_residuals_px(state)
    rms = {name: float(np.sqrt(np.nanmean((each**2).sum(axis=1)))) for name, each in residuals.items()}
    count = sum(block.residuals.size for block in gathered.blocks(state, layout, state))
    noise = float(np.sqrt(2.0 * costs[1] / max(count - layout.size - 6 * len(state.boards), 1)))
    inverse = (vectors / values) @ vectors.T
    covariance = inverse * np.outer(scale, scale) * max(noise, 1e-12) ** 2
    deviations = np.append(np.sqrt(np.diag(covariance)), 0.0)
    sigmas, numbers = {}, {}
    for sensor in state.rig:
        own = layout.columns[sensor.name]
        if np.any(own >= 0):
            names = () if sensor.camera is None else sensor.camera.parameter_names
            numbers[sensor.name] = tuple(name for name, column in zip(names, own[6:], strict=True) if column >= 0)
            sigmas[sensor.name] = deviations[np.concatenate([own[:6], own[6:][own[6:] >= 0]])]
    return RigAdjusted(state.rig, state.boards, sigmas, numbers, covariance, rms, noise, costs[0], costs[1], iterations)


def _open(rig: Rig, layout: Layout, direction: FloatArray) -> str:
    """Whose number the observations leave open."""
    column = int(np.argmax(np.abs(direction)))
    for sensor in rig:
        own = layout.columns[sensor.name]
        if column in own:
            row = int(np.flatnonzero(own == column)[0])
            axes = [f"{what} {axis}" for what in ("translation along", "rotation about") for axis in "xyz"]
            names = [*axes, *(() if sensor.camera is None else sensor.camera.parameter_names)]
            return f"nothing tells the {names[row]} of {sensor.name}"
    return "something is left open"
