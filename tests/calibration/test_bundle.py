"""A whole rig at once: what is found is right, and as sure as it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration import Rig, RigidTransform, Sensor, SensorKind
from calibration.bundle import (
    BoardPlane,
    BoardSight,
    Knowledge,
    LidarPick,
    Observations,
    Relation,
    adjust_rig,
    start_from_boards,
)
from calibration.camera import BrownConrady, KannalaBrandt
from calibration.errors import CalibrationError

LOOKING = RigidTransform.from_matrix(
    np.array([[0.0, 0.0, 1.0, 0.0], [-1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
)
LEFT = Sensor(
    "left",
    SensorKind.CAMERA,
    RigidTransform.from_yaw(0.1, [0.2, 0.3, 0.0]) * LOOKING,
    BrownConrady(960, 720, 600.0, 602.0, 480.0, 355.0, -0.2, 0.05, 0.001, -0.001, 0.0),
)
RIGHT = Sensor(
    "right",
    SensorKind.CAMERA,
    RigidTransform.from_yaw(-0.1, [0.2, -0.3, 0.05]) * LOOKING,
    KannalaBrandt(960, 720, 380.0, 381.0, 478.0, 362.0, 0.01, -0.003, 0.0, 0.0),
)
LIDAR = Sensor("top", SensorKind.LIDAR, RigidTransform.exp([0.1, 0.0, 0.5, 0.02, -0.03, 0.2]))
RIG = Rig((LEFT, RIGHT, LIDAR))
GRID = (
    np.stack([*(each.ravel() for each in np.meshgrid(np.arange(-4, 5), np.arange(-3, 4))), np.zeros(63)], axis=1) * 0.1
)


def board_poses(rng: np.random.Generator, count: int) -> list[RigidTransform]:
    """ego_from_board, before the cameras, tilted."""
    poses = []
    for _ in range(count):
        place = [rng.uniform(1.2, 2.2), rng.uniform(-0.4, 0.4), rng.uniform(-0.3, 0.3)]
        turn = RigidTransform.exp(np.concatenate([np.zeros(3), rng.uniform(-0.6, 0.6, 3)]))
        poses.append(RigidTransform.from_yaw(0.0, place) * LOOKING * turn)
    return poses


def sights(rng: np.random.Generator, boards: list[RigidTransform], sigma_px: float = 0.2) -> tuple[BoardSight, ...]:
    found = []
    for number, pose in enumerate(boards):
        for sensor in (LEFT, RIGHT):
            pixels, valid = sensor.model.project((sensor.ego_from_sensor.inverse() * pose).apply(GRID))
            inside = valid & sensor.model.contains(pixels)
            noisy = pixels[inside] + rng.normal(0.0, sigma_px, (int(inside.sum()), 2))
            found.append(BoardSight(sensor.name, number, GRID[inside], noisy, sigma_px))
    return tuple(found)


def planes(rng: np.random.Generator, boards: list[RigidTransform], sigma_m: float = 0.01) -> tuple[BoardPlane, ...]:
    found = []
    for number, pose in enumerate(boards):
        on_board = np.column_stack([rng.uniform(-0.45, 0.45, 150), rng.uniform(-0.35, 0.35, 150), np.zeros(150)])
        on_board[:, 2] = rng.normal(0.0, sigma_m, 150)
        found.append(BoardPlane("top", number, (LIDAR.ego_from_sensor.inverse() * pose).apply(on_board), sigma_m))
    return tuple(found)


def disturbed(rng: np.random.Generator, names: tuple[str, ...]) -> Rig:
    sensors = []
    for sensor in RIG:
        step = np.concatenate([rng.normal(0.0, 0.02, 3), rng.normal(0.0, 0.01, 3)])
        moved = replace(sensor, ego_from_sensor=sensor.ego_from_sensor * RigidTransform.exp(step))
        sensors.append(moved if sensor.name in names else sensor)
    return Rig(tuple(sensors))


def error(found: Rig, name: str) -> np.ndarray:
    """(6,) so that the truth is found * exp(error)."""
    return np.asarray((found[name].ego_from_sensor.inverse() * RIG[name].ego_from_sensor).log())


def test_mountings_and_numbers_of_two_cameras_and_a_lidar() -> None:
    """Errors are as large as they are said to be, over seeds."""
    whitened = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        boards = board_poses(rng, 12)
        known = {
            "left": Knowledge(0.0, 0.0, free=LEFT.model.parameter_names),
            "right": Knowledge(free=RIGHT.model.parameter_names[:4]),
            "top": Knowledge(),
        }
        seen = Observations(sights=sights(rng, boards), planes=planes(rng, boards), known=known)
        found = adjust_rig(disturbed(rng, ("right", "top")), seen)
        assert found.cost < found.cost_before
        assert found.noise == pytest.approx(1.0, abs=0.1)
        assert found.rms_px["left"] == pytest.approx(0.2 * np.sqrt(2.0), rel=0.1)
        assert abs(error(found.rig, "top")[:3]).max() < 0.02
        assert abs(error(found.rig, "right")[3:]).max() < 6e-3
        for name in ("right", "top"):
            whitened.extend((error(found.rig, name) / found.sigmas[name][:6]).tolist())
        model = found.rig["left"].model
        whitened.append((model.fx_px - 600.0) / found.sigmas["left"][6 + found.numbers["left"].index("fx_px")])
    assert 0.7 < float(np.sqrt(np.mean(np.square(whitened)))) < 1.35


def test_picks_move_the_camera_that_is_not_exact() -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform([4.0, -3.0, -1.0], [20.0, 3.0, 2.0], (40, 3))  # in the ego
    pixels, valid = LEFT.model.project(LEFT.ego_from_sensor.inverse().apply(points))
    inside = valid & LEFT.model.contains(pixels)
    in_lidar = LIDAR.ego_from_sensor.inverse().apply(points[inside])
    clicked = pixels[inside] + rng.normal(0.0, 1.0, (int(inside.sum()), 2))
    clicked[0] += 80.0  # one is wrong
    seen = Observations(
        picks=(LidarPick("left", "top", in_lidar, clicked, 1.0),), known={"left": Knowledge(0.1, np.deg2rad(5.0))}
    )
    found = adjust_rig(disturbed(rng, ("left",)), seen)
    assert np.rad2deg(np.linalg.norm(error(found.rig, "left")[3:])) < 0.2


def test_relations_are_weighed_by_their_covariance() -> None:
    rng = np.random.default_rng(0)
    true = RIG["left"].ego_from_sensor.inverse() * RIG["top"].ego_from_sensor
    good, bad = np.diag([1e-3] * 3 + [1e-4] * 3) ** 2, np.diag([0.1] * 3 + [0.05] * 3) ** 2
    off = RigidTransform.exp([0.1, 0.0, 0.0, 0.0, 0.05, 0.0])
    seen = Observations(
        relations=(Relation("left", "top", true, good), Relation("left", "top", true * off, bad)),
        known={"top": Knowledge()},
    )
    found = adjust_rig(disturbed(rng, ("top",)), seen)
    assert np.linalg.norm(error(found.rig, "top")[:3]) < 1e-3
    assert np.linalg.norm(error(found.rig, "top")[3:]) < 1e-4


def test_a_camera_of_which_nothing_is_known_begins_at_what_others_saw() -> None:
    rng = np.random.default_rng(1)
    boards = board_poses(rng, 6)
    seen = sights(rng, boards)
    lost = Rig(tuple(replace(s, ego_from_sensor=RigidTransform.identity()) if s.name == "right" else s for s in RIG))
    begun = start_from_boards(lost, seen, ["right"])
    assert np.linalg.norm(error(begun, "right")) < 0.05
    found = adjust_rig(begun, Observations(sights=seen, known={"right": Knowledge()}))
    assert np.linalg.norm(error(found.rig, "right")[3:]) < 1e-3
    with pytest.raises(CalibrationError, match="saw no board that another"):
        start_from_boards(lost, [each for each in seen if each.camera == "right"], ["right"])


def test_what_nothing_tells_is_named() -> None:
    rng = np.random.default_rng(2)
    boards = board_poses(rng, 1)
    one = Observations(sights=sights(rng, boards), planes=planes(rng, boards), known={"top": Knowledge()})
    with pytest.raises(CalibrationError, match=r"nothing tells the .* of top"):
        adjust_rig(RIG, one)
    with pytest.raises(CalibrationError, match="nothing is to be estimated"):
        adjust_rig(RIG, Observations(sights=one.sights))
    with pytest.raises(CalibrationError, match="no sensor nose"):
        adjust_rig(RIG, Observations(sights=one.sights, known={"nose": Knowledge()}))
    with pytest.raises(CalibrationError, match="left has no k9"):
        adjust_rig(RIG, Observations(sights=one.sights, known={"left": Knowledge(free=("k9",))}))
    with pytest.raises(CalibrationError, match="no camera saw board 0"):
        adjust_rig(RIG, Observations(planes=one.planes, known={"top": Knowledge()}))
