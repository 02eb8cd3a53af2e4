"""Where a rig may begin: poses of boards from single photos, and mountings from boards that two cameras saw."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import cv2
import numpy as np

from calibration.bundle.observations import BoardSight
from calibration.camera import CameraModel
from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray
from calibration.rig import Rig
from calibration.transform import RigidTransform

_FEWEST = 4
_AHEAD = 0.15
"""Cosine of the angle off the axis up to which corners make a start, also of fisheyes."""


def pose_of_board(camera: CameraModel, points_m: FloatArray, pixels: FloatArray) -> RigidTransform:
    """camera_from_board from one photo of a flat board (z = 0). Raises CalibrationError for too little of it."""
    rays, valid = camera.unproject(pixels)
    length = np.linalg.norm(rays, axis=1)
    usable = valid & (rays[:, 2] > _AHEAD * length)
    if usable.sum() < _FEWEST:
        raise CalibrationError(f"{int(usable.sum())} corners of a board are too few for its pose")
    flat = np.ascontiguousarray(rays[usable, :2] / rays[usable, 2:])
    points = np.ascontiguousarray(points_m[usable])
    _, turn, place = cv2.solvePnP(points, flat, np.eye(3), None, flags=cv2.SOLVEPNP_IPPE)
    turn, place = cv2.solvePnPRefineLM(points, flat, np.eye(3), None, turn, place)
    if not np.all(np.isfinite([*np.ravel(turn), *np.ravel(place)])) or not float(place[2, 0]) > 0.0:
        raise CalibrationError("no pose of a board explains these corners")
    return RigidTransform.from_matrix(np.block([[cv2.Rodrigues(turn)[0], place.reshape(3, 1)], [np.eye(4)[3:]]]))


def start_from_boards(rig: Rig, sights: Collection[BoardSight], unknown: Collection[str]) -> Rig:
    """Mountings of cameras of which nothing is known, by boards that others saw too, one after the other.

    Raises CalibrationError for cameras that share no board with any other.
    """
    left, found = set(unknown), rig
    seen = {
        (each.camera, each.board): pose_of_board(rig[each.camera].model, each.points_m, each.pixels) for each in sights
    }
    while left:
        shared = {
            name: [board for camera, board in seen if camera == name and _known(found, seen, board, left) is not None]
            for name in left
        }
        name = max(sorted(left), key=lambda each: len(shared[each]))
        if not shared[name]:
            raise CalibrationError(
                "a camera saw no board that another one saw", do="show it one", where=", ".join(sorted(left))
            )
        poses = []
        for board in shared[name]:
            ego_from_board = _known(found, seen, board, left)
            assert ego_from_board is not None
            poses.append(ego_from_board * seen[name, board].inverse())
        mounted = _middle(poses)
        found = Rig(tuple(replace(each, ego_from_sensor=mounted) if each.name == name else each for each in found))
        left.remove(name)
    return found


def _known(rig: Rig, seen: dict[tuple[str, int], RigidTransform], board: int, left: set[str]) -> RigidTransform | None:
    """ego_from_board by the first camera whose mounting is known."""
    for (camera, number), camera_from_board in seen.items():
        if number == board and camera not in left:
            return rig[camera].ego_from_sensor * camera_from_board
    return None


def _middle(poses: list[RigidTransform]) -> RigidTransform:
    middle = poses[0]
    for _ in range(10):
        off = np.array([(middle.inverse() * each).log() for each in poses])
        middle = middle * RigidTransform.exp(np.median(off, axis=0))
    return middle
