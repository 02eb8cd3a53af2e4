"""Residuals of each kind of observation, in standard deviations, and how they grow with what is estimated.

Mountings and boards are moved from the right: T exp(step). A point q in the frame of a sensor moves by -(v + w x q)
with the sensor, one p on a board by R (v + w x p) with the board.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from calibration.bundle.observations import BoardPlane, BoardSight, Knowledge, LidarPick, Observations, Relation
from calibration.bundle.state import Layout, State
from calibration.camera import CameraModel
from calibration.quaternion import FloatArray, to_matrix
from calibration.transform import RigidTransform

OUTSIDE = 1e3
"""Standard deviations of a point that the camera cannot see."""
_SMALL = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Of one kind and one sensor. residuals: (N, R); columns (C,), by_sensors (N, R, C); boards (N,) and by_boards
    (N, R, 6) where there are some. robust: whether single ones may be wrong."""

    residuals: FloatArray
    columns: npt.NDArray[np.int64]
    by_sensors: FloatArray
    boards: npt.NDArray[np.int64] | None = None
    by_boards: FloatArray | None = None
    robust: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _Stack:
    """All that one sensor saw of boards: points (N, 3), pixels (N, 2) or (N, 0), boards (N,), sigmas (N,)."""

    points: FloatArray
    pixels: FloatArray
    boards: npt.NDArray[np.int64]
    sigmas: FloatArray

    @staticmethod
    def of_sights(sights: Sequence[BoardSight]) -> _Stack:
        points, pixels = np.concatenate([s.points_m for s in sights]), np.concatenate([s.pixels for s in sights])
        counts = [len(each.points_m) for each in sights]
        return _Stack(
            np.asarray(points, dtype=np.float64),
            np.asarray(pixels, dtype=np.float64),
            np.repeat([each.board for each in sights], counts),
            np.repeat([each.sigma_px for each in sights], counts),
        )

    @staticmethod
    def of_planes(planes: Sequence[BoardPlane]) -> _Stack:
        counts = [len(each.points_m) for each in planes]
        return _Stack(
            np.concatenate([each.points_m for each in planes]),
            np.empty((sum(counts), 0)),
            np.repeat([each.board for each in planes], counts),
            np.repeat([each.sigma_m for each in planes], counts),
        )


class Gathered:
    """Observations, put together by sensor once, so that each is asked in one go."""

    def __init__(self, seen: Observations) -> None:
        self._seen = seen
        cameras, lidars = {each.camera for each in seen.sights}, {each.lidar for each in seen.planes}
        self._sights = {
            name: _Stack.of_sights([each for each in seen.sights if each.camera == name]) for name in sorted(cameras)
        }
        self._planes = {
            name: _Stack.of_planes([each for each in seen.planes if each.lidar == name]) for name in sorted(lidars)
        }

    def blocks(self, state: State, layout: Layout, start: State) -> Iterator[Block]:
        """All of them at a state. start: where what is known beforehand has the sensors."""
        for camera, stack in self._sights.items():
            yield _sights(state, layout, camera, stack)
        for lidar, stack in self._planes.items():
            yield _planes(state, layout, lidar, stack)
        for pick in self._seen.picks:
            yield _pick(state, layout, pick)
        for relation in self._seen.relations:
            yield _relation(state, layout, relation)
        for name, told in self._seen.known.items():
            if told.moves and (np.isfinite(told.sigma_m) or np.isfinite(told.sigma_rad)):
                yield _knowledge(state, layout, start, name, told)

    def sight_residuals_px(self, state: State) -> dict[str, FloatArray]:
        """(N, 2) of each camera, seen less predicted, NaN for corners that it cannot see there."""
        found = {}
        for camera, stack in self._sights.items():
            sensor = state.rig[camera]
            camera_from_board = (sensor.ego_from_sensor.inverse() * state.boards)[stack.boards]
            found[camera] = stack.pixels - sensor.model.project(camera_from_board.apply(stack.points[:, None])[:, 0])[0]
        return found


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _by_motion(by_point: FloatArray, points: FloatArray, slopes: FloatArray) -> None:
    """Slopes (N, R, 6) by v and w of points (N, 3) that move by v + w x p, from those by the point (N, R, 3)."""
    for n in range(points.shape[0]):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        for r in range(by_point.shape[1]):
            a, b, c = by_point[n, r, 0], by_point[n, r, 1], by_point[n, r, 2]
            slopes[n, r, 0], slopes[n, r, 1], slopes[n, r, 2] = a, b, c
            slopes[n, r, 3], slopes[n, r, 4], slopes[n, r, 5] = c * y - b * z, a * z - c * x, b * x - a * y


def _moving(by_point: FloatArray, points: FloatArray) -> FloatArray:
    slopes = np.empty((*by_point.shape[:2], 6))
    _by_motion(np.ascontiguousarray(by_point), np.ascontiguousarray(points, dtype=np.float64), slopes)
    return slopes


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _turned(by_point: FloatArray, turns: FloatArray, slopes: FloatArray) -> None:
    """Slopes (N, R, 3) by points before they were turned by (N, 3, 3)."""
    for n in range(by_point.shape[0]):
        for r in range(by_point.shape[1]):
            for j in range(3):
                slopes[n, r, j] = (
                    by_point[n, r, 0] * turns[n, 0, j]
                    + by_point[n, r, 1] * turns[n, 1, j]
                    + by_point[n, r, 2] * turns[n, 2, j]
                )


def _before_turn(by_point: FloatArray, turns: FloatArray) -> FloatArray:
    slopes = np.empty_like(by_point)
    _turned(by_point, turns, slopes)
    return slopes


def _seen(
    model: CameraModel, points: FloatArray, pixels: FloatArray, sigmas: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Residuals (N, 2), and their slopes by the point (N, 2, 3) and by the camera's numbers (N, 2, P)."""
    predicted, valid, by_point, by_numbers = model.project_with_jacobians(points)
    scale = 1.0 / sigmas
    residuals = np.where(valid[:, None], (predicted - pixels) * scale[:, None], OUTSIDE)
    by_point = np.where(valid[:, None, None], by_point, 0.0) * scale[:, None, None]
    return residuals, by_point, np.where(valid[:, None, None], by_numbers, 0.0) * scale[:, None, None]


def _sights(state: State, layout: Layout, camera: str, stack: _Stack) -> Block:
    sensor = state.rig[camera]
    camera_from_board = sensor.ego_from_sensor.inverse() * state.boards
    turns = to_matrix(camera_from_board.rotation)[stack.boards]
    points = np.einsum("nij,nj->ni", turns, stack.points) + camera_from_board.translation[stack.boards]
    residuals, by_point, by_numbers = _seen(sensor.model, points, stack.pixels, stack.sigmas)
    by_mounting = -_moving(by_point, points)
    by_board = _moving(_before_turn(by_point, turns), stack.points)
    by_sensors = np.concatenate([by_mounting, by_numbers], axis=2)
    return Block(residuals, layout.columns[camera], by_sensors, stack.boards, by_board)


def _planes(state: State, layout: Layout, lidar: str, stack: _Stack) -> Block:
    """Heights over the board: z of board_from_lidar * p."""
    board_from_lidar = state.boards.inverse() * state.rig[lidar].ego_from_sensor
    turns = to_matrix(board_from_lidar.rotation)[stack.boards]
    on_board = np.einsum("nij,nj->ni", turns, stack.points) + board_from_lidar.translation[stack.boards]
    upwards = np.zeros((len(on_board), 1, 3))
    upwards[:, 0, 2] = 1.0 / stack.sigmas
    by_mounting = _moving(_before_turn(upwards, turns), stack.points)
    by_board = -_moving(upwards, on_board)
    residuals = on_board[:, 2:] / stack.sigmas[:, None]
    return Block(residuals, layout.columns[lidar], by_mounting, stack.boards, by_board)


def _pick(state: State, layout: Layout, pick: LidarPick) -> Block:
    sensor = state.rig[pick.camera]
    camera_from_lidar = sensor.ego_from_sensor.inverse() * state.rig[pick.lidar].ego_from_sensor
    points = camera_from_lidar.apply(pick.points_m)
    sigmas = np.full(len(points), pick.sigma_px)
    residuals, by_point, by_numbers = _seen(sensor.model, points, pick.pixels, sigmas)
    by_camera = np.concatenate([-_moving(by_point, points), by_numbers], axis=2)
    by_lidar = _moving(by_point @ to_matrix(camera_from_lidar.rotation), pick.points_m)
    columns = np.concatenate([layout.columns[pick.camera], layout.columns[pick.lidar][:6]])
    return Block(residuals, columns, np.concatenate([by_camera, by_lidar], axis=2))


def _relation(state: State, layout: Layout, relation: Relation) -> Block:
    whitening = np.linalg.inv(np.linalg.cholesky(relation.covariance))
    a, b = state.rig[relation.a].ego_from_sensor, state.rig[relation.b].ego_from_sensor

    def error(step_a: FloatArray, step_b: FloatArray) -> FloatArray:
        now = (a * RigidTransform.exp(step_a)).inverse() * (b * RigidTransform.exp(step_b))
        return np.asarray((relation.a_from_b.inverse() * now).log() @ whitening.T)

    columns = np.concatenate([layout.columns[relation.a][:6], layout.columns[relation.b][:6]])
    slopes = np.empty((6, 12))
    for number in range(12):
        step = np.zeros(12)
        step[number] = _SMALL
        slopes[:, number] = (error(step[:6], step[6:]) - error(-step[:6], -step[6:])) / (2.0 * _SMALL)
    return Block(error(np.zeros(6), np.zeros(6))[None], columns, slopes[None], robust=False)


def _knowledge(state: State, layout: Layout, start: State, name: str, told: Knowledge) -> Block:
    """Of the mounting: along and about the sensor's axes. For so small errors the logarithm's slope is one."""
    off = (start.rig[name].ego_from_sensor.inverse() * state.rig[name].ego_from_sensor).log()
    sigmas = np.repeat([told.sigma_m, told.sigma_rad], 3)
    scale = np.where(np.isfinite(sigmas), 1.0 / sigmas, 0.0)
    return Block((off * scale)[None], layout.columns[name][:6], np.diag(scale)[None], robust=False)
