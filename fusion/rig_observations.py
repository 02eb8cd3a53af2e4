"""What a recording tells of where its sensors sit: boards in its photos and sweeps, and alignments without any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from calibration import Rig, RigidTransform
from calibration.bundle import BoardPlane, BoardSight, Relation, pose_of_board
from calibration.errors import CalibrationError
from calibration.intrinsics.boards import Board
from calibration.intrinsics.detecting import find_board
from calibration.quaternion import FloatArray
from fusion.camera_scenes import camera_scenes
from fusion.cloud import sweep_in_world
from fusion.photos import decode_photo
from fusion.progress import Progress, silent
from fusion.range_alignment import align_range_sensor
from fusion.recording import Recording
from fusion.rig_health import drift_of

_SIGHT_PX, _RETURN_M = 0.3, 0.02
_NEAR_M, _INLIER_M, _TILT_RAD = 0.3, 0.04, np.deg2rad(20.0)
"""How far the LiDAR may be off: returns so far in front of or behind the board may be its; and its plane so tilted."""
_FEWEST_RETURNS, _MOST_RETURNS = 30, 400
_TRIES = 200
_PLACE_SIGMA_M = 0.1
_TURN_SIGMA_RAD = np.deg2rad(0.06)
"""Of alignments without targets: a shift is not looked for, and a turn is no surer than rigs show."""


@dataclass(frozen=True, slots=True, eq=False)
class BoardsSeen:
    """frames: of each board, by its number. failures: why there is none, by photo."""

    sights: tuple[BoardSight, ...]
    planes: tuple[BoardPlane, ...]
    frames: tuple[int, ...]
    failures: dict[str, str]


def boards_seen(
    recording: Recording, board: Board, cameras: Sequence[str], every: int = 5, progress: Progress = silent
) -> BoardsSeen:
    """Look for the board in every so manieth frame: it must stand still while a frame's photos and sweeps are taken.

    Returns of LiDARs count where they lie on a plane near the board, by the rig as it is.
    """
    sights: list[BoardSight] = []
    planes: list[BoardPlane] = []
    frames: list[int] = []
    failures: dict[str, str] = {}
    points, chosen = board.points_m, range(0, len(recording.frames), every)
    for done, frame in enumerate(chosen, start=1):
        number, found = len(frames), []
        for camera in cameras:
            index = recording.sample_of(camera, frame)
            if index is None:
                continue
            grey = cv2.cvtColor(decode_photo(recording.image(camera, index)), cv2.COLOR_RGB2GRAY)
            seen = find_board(np.asarray(grey, dtype=np.uint8), board)
            if isinstance(seen, str):
                failures[f"{camera} {index}"] = seen
            else:
                found.append(BoardSight(camera, number, points[seen.numbers], seen.pixels, _SIGHT_PX))
        if found:
            sights += found
            planes += _planes(recording, frame, number, found[0], points)
            frames.append(frame)
        progress(done, len(chosen))
    return BoardsSeen(tuple(sights), tuple(planes), tuple(frames), failures)


def _planes(recording: Recording, frame: int, number: int, sight: BoardSight, points: FloatArray) -> list[BoardPlane]:
    sensor = recording.rig[sight.camera]
    ego_from_board = sensor.ego_from_sensor * pose_of_board(sensor.model, sight.points_m, sight.pixels)
    found = []
    for lidar in recording.lidars():
        index = recording.sample_of(lidar, frame)
        if index is None:
            continue
        cloud = sweep_in_world(recording, lidar, index)
        moment = int(recording.times_ns(lidar)[index])
        ego_from_world = recording.ego_motion.at(moment).inverse()
        in_ego = ego_from_world.apply(cloud.points_in_world.astype(np.float64))
        on_plane = plane_points(ego_from_board.inverse().apply(in_ego), points)
        if on_plane is not None:
            in_lidar = recording.rig[lidar].ego_from_sensor.inverse().apply(in_ego[on_plane])
            found.append(BoardPlane(lidar, number, in_lidar, _RETURN_M))
    return found


def plane_points(on_board: FloatArray, corners: FloatArray) -> np.ndarray | None:
    """Which of N points (N, 3), in the frame of a board as it is believed, lie on its plane: indices, or None where too
    few do. corners: (M, 3) of the board."""
    low, high = corners.min(axis=0)[:2], corners.max(axis=0)[:2]
    inside = np.all((on_board[:, :2] > low) & (on_board[:, :2] < high), axis=1) & (np.abs(on_board[:, 2]) < _NEAR_M)
    rows = np.flatnonzero(inside)
    if len(rows) < _FEWEST_RETURNS:
        return None
    rng = np.random.default_rng(0)
    near = on_board[rows]
    best = np.zeros(len(rows), dtype=bool)
    for _ in range(_TRIES):
        a, b, c = near[rng.choice(len(near), 3, replace=False)]
        normal = np.cross(b - a, c - a)
        length = np.linalg.norm(normal)
        if length < 1e-6 or abs(normal[2]) < np.cos(_TILT_RAD) * length:
            continue
        on_plane = np.abs((near - a) @ (normal / length)) < _INLIER_M
        if on_plane.sum() > best.sum():
            best = on_plane
    kept = rows[best]
    if len(kept) < _FEWEST_RETURNS:
        return None
    return kept[:: max(1, len(kept) // _MOST_RETURNS)]


def relations_without_targets(
    recording: Recording, reference: str, sensors: Sequence[str], progress: Progress = silent
) -> tuple[tuple[Relation, ...], dict[str, str]]:
    """Each camera turned, and each LiDAR and depth camera laid, to where it agrees with the reference LiDAR.

    And why not, for those that do not.
    """
    found: list[Relation] = []
    failures: dict[str, str] = {}
    cameras = recording.cameras()
    for number, name in enumerate(sensors):

        def step(done: int, of: int, base: int = 10 * number) -> None:
            progress(base + 9 * done // max(of, 1), 10 * len(sensors))

        try:
            found.append(_turned(recording, name, step) if name in cameras else _laid(recording, name, reference, step))
        except CalibrationError as error:
            failures[name] = str(error)
        progress(10 * number + 10, 10 * len(sensors))
    return tuple(found), failures


def _turned(recording: Recording, camera: str, progress: Progress) -> Relation:
    lidar = recording.lidars()[0]
    drift = drift_of(camera_scenes(recording, camera, None, progress))
    if not drift.is_clear:
        raise CalibrationError("photos and LiDAR agree no better than beside")
    rig = recording.rig
    right = rig[camera].ego_from_sensor * RigidTransform.exp(np.concatenate([np.zeros(3), -drift.turn_rad]))
    covariance = np.diag(np.repeat([_PLACE_SIGMA_M, _TURN_SIGMA_RAD], 3) ** 2)
    covariance[3:, 3:] += drift.covariance[:3, :3]
    return Relation(lidar, camera, rig[lidar].ego_from_sensor.inverse() * right, covariance)


def _laid(recording: Recording, sensor: str, reference: str, progress: Progress) -> Relation:
    found = align_range_sensor(recording, sensor, reference, progress=progress).registered
    return Relation(reference, sensor, found.target_from_source, found.covariance + 1e-12 * np.eye(6))


def without(rig: Rig, name: str) -> list[str]:
    """All sensors but one."""
    return [sensor.name for sensor in rig if sensor.name != name]
