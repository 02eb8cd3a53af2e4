"""A whole rig refined from boards: six cameras with all their numbers, some 50 boards, 22,000 residuals.

Beside us is pyceres with the same residuals and analytic Jacobians, one vectorised cost function a photo: what one
would write with it for these camera models.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from benchmarks.report import Peer, Report, peer_version, run
from calibration import Rig, RigidTransform, Sensor, SensorKind
from calibration.bundle import BoardSight, Knowledge, Observations, adjust_rig
from calibration.bundle.starting import pose_of_board
from calibration.camera import BrownConrady
from calibration.quaternion import FloatArray, to_matrix

CAMERAS, BOARDS, COLUMNS, ROWS, SQUARE_M = 6, 52, 9, 7, 0.1
NOISE_PX, TARGET_RATIO = 0.2, 3.0
_NAMES = ("fx_px", "fy_px", "cx_px", "cy_px", "k1", "k2", "p1", "p2", "k3")


def true_rig() -> Rig:
    """Six cameras in an arc, that see much in common."""
    looking = RigidTransform.from_matrix(
        np.array([[0.0, 0.0, 1.0, 0.0], [-1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    )
    sensors = []
    for number in range(CAMERAS):
        yaw = np.deg2rad(12.0 * (number - 0.5 * (CAMERAS - 1)))
        place = RigidTransform.from_yaw(yaw, [0.3, 0.15 * (number - 2.5), 0.05 * (number % 2)])
        model = BrownConrady(1280, 960, 700.0 + 5.0 * number, 702.0, 640.0, 478.0, -0.25, 0.08, 0.001, -0.0005, -0.01)
        sensors.append(Sensor(f"camera_{number}", SensorKind.CAMERA, place * looking, model))
    return Rig(tuple(sensors))


def board_points() -> FloatArray:
    """(63, 3) metres, the middle of the board at 0."""
    x, y = np.meshgrid(np.arange(COLUMNS) - 0.5 * (COLUMNS - 1), np.arange(ROWS) - 0.5 * (ROWS - 1))
    return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1) * SQUARE_M


def sights(rig: Rig, rng: np.random.Generator) -> tuple[BoardSight, ...]:
    """Every camera's corners of every board that it sees whole, with noise."""
    points, found = board_points(), []
    for board in range(BOARDS):
        facing = RigidTransform.from_matrix(
            np.array([[0.0, 0.0, 1.0, 0.0], [-1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
        )
        place = [rng.uniform(1.4, 2.6), rng.uniform(-0.7, 0.7), rng.uniform(-0.5, 0.5)]
        turn = RigidTransform.exp(np.concatenate([np.zeros(3), rng.uniform(-0.6, 0.6, 3)]))
        pose = RigidTransform.from_yaw(0.0, place) * facing * turn
        for sensor in rig:
            pixels, valid = sensor.model.project((sensor.ego_from_sensor.inverse() * pose).apply(points))
            if np.all(valid) and np.all(sensor.model.contains(pixels)):
                found.append(
                    BoardSight(sensor.name, board, points, pixels + rng.normal(0.0, NOISE_PX, pixels.shape), NOISE_PX)
                )
    return tuple(found)


def disturbed(rig: Rig, rng: np.random.Generator) -> Rig:
    """A degree and 3 cm off, and 1 % in focal length; the first camera is where the ego is."""
    sensors = []
    for number, sensor in enumerate(rig):
        step = (
            np.concatenate([rng.normal(0.0, 0.03, 3), rng.normal(0.0, np.deg2rad(1.0), 3)]) if number else np.zeros(6)
        )
        model = sensor.model
        assert isinstance(model, BrownConrady)
        model = replace(model, fx_px=model.fx_px * 1.01, fy_px=model.fy_px * 1.01)
        sensors.append(replace(sensor, ego_from_sensor=sensor.ego_from_sensor * RigidTransform.exp(step), camera=model))
    return Rig(tuple(sensors))


def known(rig: Rig) -> dict[str, Knowledge]:
    """All mountings but the first, all numbers of all cameras."""
    held = rig.sensors[0].name
    loose = {sensor.name: Knowledge(free=_NAMES) for sensor in rig}
    return loose | {held: Knowledge(sigma_m=0.0, sigma_rad=0.0, free=_NAMES)}


def pyceres_solve(start: Rig, seen: Observations) -> Callable[[], tuple[float, float]]:
    """A function that solves, and returns its seconds in `solve` alone and the RMS that it reached."""
    pyceres = importlib.import_module("pyceres")

    def solve() -> tuple[float, float]:
        places = {s.name: s.ego_from_sensor.translation.copy() for s in start}
        turns = {s.name: s.ego_from_sensor.rotation.copy() for s in start}
        numbers = {s.name: np.array([getattr(s.model, name) for name in _NAMES]) for s in start}
        first = {}
        for sight in seen.sights:
            if sight.board not in first:
                sensor = start[sight.camera]
                pose = sensor.ego_from_sensor * pose_of_board(sensor.model, sight.points_m, sight.pixels)
                first[sight.board] = (pose.rotation.copy(), pose.translation.copy())
        problem = pyceres.Problem()
        for sight in seen.sights:
            turn, place = first[sight.board]
            cost = _cost(pyceres, sight)
            problem.add_residual_block(
                cost, None, [turns[sight.camera], places[sight.camera], numbers[sight.camera], turn, place]
            )
        for name in turns:
            problem.set_manifold(turns[name], pyceres.QuaternionManifold())
        for turn, _ in first.values():
            problem.set_manifold(turn, pyceres.QuaternionManifold())
        held = start.sensors[0].name
        problem.set_parameter_block_constant(turns[held])
        problem.set_parameter_block_constant(places[held])
        options, summary = pyceres.SolverOptions(), pyceres.SolverSummary()
        options.linear_solver_type = pyceres.LinearSolverType.DENSE_SCHUR
        options.minimizer_progress_to_stdout = False
        options.num_threads = 1
        options.function_tolerance = 1e-9
        began = time.perf_counter()
        pyceres.solve(options, problem, summary)
        seconds = time.perf_counter() - began
        corners = sum(len(sight.pixels) for sight in seen.sights)
        return seconds, float(np.sqrt(2.0 * summary.final_cost / corners)) * NOISE_PX

    return solve


def _cost(pyceres: object, sight: BoardSight) -> object:
    """Of one photo: quaternion and place of the camera, its numbers, quaternion and place of the board."""
    base = pyceres.CostFunction  # type: ignore[attr-defined]
    points, pixels = sight.points_m, sight.pixels

    class Photo(base):  # type: ignore[misc,valid-type]
        def __init__(self) -> None:
            base.__init__(self)
            self.set_num_residuals(2 * len(points))
            self.set_parameter_block_sizes([4, 3, 9, 4, 3])

        def Evaluate(  # noqa: N802
            self, parameters: list[FloatArray], residuals: FloatArray, jacobians: list[FloatArray] | None
        ) -> bool:
            turn_c, place_c, numbers, turn_b, place_b = parameters
            camera = BrownConrady(1280, 960, *(float(each) for each in numbers))
            rotation_c, rotation_b = to_matrix(turn_c), to_matrix(turn_b)
            in_ego = points @ rotation_b.T + place_b
            inside = (in_ego - place_c) @ rotation_c
            predicted, _, by_point, by_numbers = camera.project_with_jacobians(inside)
            residuals[:] = ((predicted - pixels) / NOISE_PX).ravel()
            if jacobians is not None:
                by_ego = by_point @ rotation_c.T / NOISE_PX
                if jacobians[0] is not None:
                    away = in_ego - place_c
                    jacobians[0][:] = (by_point / NOISE_PX @ _by_turn(turn_c * [1, -1, -1, -1], away, -1.0)).ravel()
                if jacobians[1] is not None:
                    jacobians[1][:] = (-by_ego).ravel()
                if jacobians[2] is not None:
                    jacobians[2][:] = (by_numbers / NOISE_PX).ravel()
                if jacobians[3] is not None:
                    jacobians[3][:] = (by_ego @ _by_turn(turn_b, points, 1.0)).ravel()
                if jacobians[4] is not None:
                    jacobians[4][:] = by_ego.ravel()
            return True

    return Photo()


def _by_turn(q: FloatArray, p: FloatArray, sign: float) -> FloatArray:
    """(N, 3, 4) slopes of R(q) p by q = w, x, y, z; sign -1: by the conjugate of q."""
    w, v = q[0], q[1:]
    by_w = 2.0 * (w * p + np.cross(v, p))
    dots = p @ v
    cross = np.zeros((len(p), 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -p[:, 2], p[:, 1], -p[:, 0]
    cross -= np.swapaxes(cross, 1, 2)
    by_v = 2.0 * (
        dots[:, None, None] * np.eye(3)
        + v[None, :, None] * p[:, None, :]
        - p[:, :, None] * v[None, None, :]
        - w * cross
    )
    return np.concatenate([by_w[:, :, None], sign * by_v], axis=2)


def measure(options: argparse.Namespace, command: str) -> Report:
    """Both from the same start, in turns."""
    rng = np.random.default_rng(0)
    truth = true_rig()
    seen = Observations(sights=sights(truth, rng), known=known(truth))
    start = disturbed(truth, rng)
    found = adjust_rig(start, seen)
    theirs = pyceres_solve(start, seen)
    theirs()
    ours_s, theirs_s, rms = [], [], 0.0
    for _ in range(options.repetitions):
        began = time.perf_counter()
        found = adjust_rig(start, seen)
        ours_s.append(time.perf_counter() - began)
        seconds, rms = theirs()
        theirs_s.append(seconds)
    off = [(truth[s.name].ego_from_sensor.inverse() * s.ego_from_sensor).log() for s in found.rig]
    figures = {
        "parameters": float(found.covariance.shape[0] + 6 * len(found.boards)),
        "residuals": float(2 * sum(len(sight.pixels) for sight in seen.sights)),
        "ms": 1e3 * float(np.median(ours_s)),
        "pyceres_ms": 1e3 * float(np.median(theirs_s)),
        "iterations": float(found.iterations),
        "rms_px": float(np.sqrt(np.mean([rms**2 for rms in found.rms_px.values()]))),
        "pyceres_rms_px": rms,
        "rotation_error_deg_max": float(np.rad2deg(max(np.linalg.norm(each[3:]) for each in off))),
        "translation_error_mm_max": 1e3 * float(max(np.linalg.norm(each[:3]) for each in off)),
    }
    ratio = figures["pyceres_ms"] / figures["ms"]
    return Report(
        name="rig_bundle",
        title="A whole rig refined: mountings, cameras and boards at once",
        figures=figures,
        ratio=ratio,
        target=f"at most {TARGET_RATIO:g} times pyceres's bare solve, to the same residuals",
        met=ratio >= 1.0 / TARGET_RATIO and abs(figures["rms_px"] - figures["pyceres_rms_px"]) < 1e-3,
        peer=Peer("pyceres, one vectorised cost function a photo", peer_version("pyceres")),
        command=command,
        notes=("pyceres is timed in `solve` alone; ours with its start, its covariance, and all checks",),
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repetitions", type=int, default=7)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("rig_bundle", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
