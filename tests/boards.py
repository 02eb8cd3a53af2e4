"""A recording of a chessboard that is held up before two cameras and a LiDAR: photos by homography, exact returns."""

from __future__ import annotations

import cv2
import numpy as np

from calibration import Pinhole, Rig, RigidTransform, Sensor, SensorKind
from fusion.ego_motion import EgoMotion
from fusion.recording import RecordingSource, SourceStream
from fusion.recording.source import PoseSource
from fusion.samples import EncodedImage, PointFrame, Sweep
from fusion.timeline import Timeline

SQUARE_M, COLUMNS, ROWS = 0.12, 7, 5
_PX = 40
_LOOKING = RigidTransform.from_matrix(np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]], dtype=float))
TRUE = Rig(
    (
        Sensor("top", SensorKind.LIDAR, RigidTransform.from_yaw(0.0, [0.0, 0.0, 0.4])),
        Sensor(
            "left",
            SensorKind.CAMERA,
            RigidTransform.from_yaw(-0.05, [0.1, 0.2, 0.0]) * _LOOKING,
            Pinhole(800, 600, 520.0, 520.0, 399.5, 299.5),
        ),
        Sensor(
            "right",
            SensorKind.CAMERA,
            RigidTransform.from_yaw(0.05, [0.1, -0.2, 0.05]) * _LOOKING,
            Pinhole(800, 600, 540.0, 540.0, 395.0, 305.0),
        ),
    )
)


def _picture() -> np.ndarray:
    """A board with a white border of one square: inner corner (0, 0) lies at pixel (2, 2) squares."""
    squares = np.full((ROWS + 3, COLUMNS + 3), 255, np.uint8)
    inner = (np.indices((ROWS + 1, COLUMNS + 1)).sum(axis=0) % 2) * 255
    squares[1:-1, 1:-1] = inner
    return np.kron(squares, np.ones((_PX, _PX), np.uint8))


def board_source(rig: Rig, frames: int = 8) -> RecordingSource:
    """What `TRUE` records, told to be of another rig."""
    rng = np.random.default_rng(0)
    poses = []
    for _ in range(frames):
        turn = RigidTransform.exp(np.concatenate([np.zeros(3), rng.uniform(-0.4, 0.4, 3)]))
        place = [rng.uniform(1.6, 2.2), rng.uniform(-0.15, 0.15), rng.uniform(-0.1, 0.1)]
        middle = RigidTransform(
            np.array([1.0, 0, 0, 0]), -SQUARE_M * np.array([0.5 * (COLUMNS - 1), 0.5 * (ROWS - 1), 0])
        )
        poses.append(RigidTransform.from_yaw(0.0, place) * _LOOKING * turn * middle)
    times = 10**9 + 100_000_000 * np.arange(frames, dtype=np.int64)

    def photo(name: str, index: int) -> EncodedImage:
        sensor, picture = TRUE[name], _picture()
        model = sensor.model
        camera_from_board = sensor.ego_from_sensor.inverse() * poses[index]
        matrix = np.array([[model.fx_px, 0, model.cx_px], [0, model.fy_px, model.cy_px], [0, 0, 1]])
        flat = camera_from_board.matrix[:3][:, [0, 1, 3]]
        scale = SQUARE_M / _PX
        board_from_picture = np.array(
            [[scale, 0, -(2 * _PX - 0.5) * scale], [0, scale, -(2 * _PX - 0.5) * scale], [0, 0, 1]]
        )
        image = cv2.warpPerspective(
            picture, matrix @ flat @ board_from_picture, (model.width_px, model.height_px), borderValue=110
        )
        image = cv2.GaussianBlur(image, (0, 0), 0.8)
        return EncodedImage(cv2.imencode(".png", image)[1].tobytes(), "image/png")

    def sweep(index: int) -> Sweep:
        own = np.random.default_rng(index)
        on_board = np.column_stack(
            [own.uniform(-0.2, 1.0, 400), own.uniform(-0.2, 0.7, 400), own.normal(0, 0.004, 400)]
        )
        wall = np.column_stack([np.full(600, 6.0), own.uniform(-4, 4, 600), own.uniform(-1, 2, 600)])
        in_ego = np.concatenate([poses[index].apply(on_board), wall])
        points = TRUE["top"].ego_from_sensor.inverse().apply(in_ego).astype(np.float32)
        return Sweep(points, np.full(len(points), 50, np.uint8), np.zeros(len(points), np.int32))

    return RecordingSource(
        "boards",
        rig,
        EgoMotion.standing_still(),
        (
            SourceStream("top", Timeline(times), sweep, point_frame=PointFrame.SENSOR),
            SourceStream("left", Timeline(times), lambda index: photo("left", index)),
            SourceStream("right", Timeline(times), lambda index: photo("right", index)),
        ),
        "top",
        pose_source=PoseSource.NONE,
    )
