"""Find a board in a photo, to a fraction of a pixel; and say why, where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from calibration.intrinsics.boards import Board, BoardKind
from calibration.quaternion import FloatArray

Gray = npt.NDArray[np.uint8]
_FEWEST_CORNERS = 6
_LARGEST_WINDOW, _SMALLEST_WINDOW, _WINDOW_SHARE = 8, 3, 0.45
"""Half of the window of a corner, in pixels: as large as the neighbouring corners leave room for."""
_PRECISE = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 200, 1e-6)
_BLURRED = 30.0
_NEIGHBOURS = (-1, 0, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """numbers: (N,) which corners of the board; pixels: (N, 2) where, (0, 0) the centre of the first pixel."""

    numbers: npt.NDArray[np.int64]
    pixels: FloatArray


def find_board(photo: Gray, board: Board) -> Seen | str:
    """The corners of the board in a grey photo (H, W), or in a few words why there are none."""
    found = {
        BoardKind.CHESSBOARD: _chessboard,
        BoardKind.CHARUCO: _charuco,
        BoardKind.APRILGRID: _aprilgrid,
    }[board.kind](photo, board)
    if found is not None and len(found.numbers) >= _FEWEST_CORNERS:
        return found
    return _why(photo, board, found)


def _chessboard(photo: Gray, board: Board) -> Seen | None:
    size = (board.columns, board.rows)
    flags = cv2.CALIB_CB_ADAPTIVE_THRESH | cv2.CALIB_CB_NORMALIZE_IMAGE
    found, corners = cv2.findChessboardCorners(photo, size, flags=flags | cv2.CALIB_CB_FAST_CHECK)
    if not found:
        found, corners = cv2.findChessboardCorners(photo, size, flags=flags)
    if not found:
        found, corners = cv2.findChessboardCornersSB(photo, size, flags=cv2.CALIB_CB_EXHAUSTIVE)
    if not found:
        return None
    grid = corners.reshape(board.rows, board.columns, 2)
    return Seen(np.arange(board.columns * board.rows), _refined(photo, corners, _least_gap(grid)))


def _least_gap(grid: FloatArray) -> float:
    across, down = (np.linalg.norm(np.diff(grid, axis=axis), axis=2).min() for axis in (1, 0))
    return float(min(across, down))


def _refined(photo: Gray, corners: npt.NDArray[Any], gap_px: float) -> FloatArray:
    """Where the gradients around each corner all point past it (Förstner and Gülch, 1987; OpenCV's cornerSubPix)."""
    half = int(np.clip(_WINDOW_SHARE * gap_px, _SMALLEST_WINDOW, _LARGEST_WINDOW))
    start = np.ascontiguousarray(corners.reshape(-1, 1, 2), dtype=np.float32)
    return np.asarray(cv2.cornerSubPix(photo, start, (half, half), (-1, -1), _PRECISE), dtype=np.float64).reshape(-1, 2)


def _charuco(photo: Gray, board: Board) -> Seen | None:
    best: Seen | None = None
    for legacy in (False, True):
        made = cv2.aruco.CharucoBoard(
            (board.columns, board.rows), 1.0, board.gap, cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_1000)
        )
        made.setLegacyPattern(legacy)
        corners, numbers, _, _ = cv2.aruco.CharucoDetector(made).detectBoard(photo)
        if numbers is not None and (best is None or len(numbers) > len(best.numbers)):
            best = Seen(numbers.ravel().astype(np.int64), np.asarray(corners, dtype=np.float64).reshape(-1, 2))
    return best


def _aprilgrid(photo: Gray, board: Board) -> Seen | None:
    settings = cv2.aruco.DetectorParameters()
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h11)
    found: Seen | None = None
    for border in (2, 1):  # Kalibr prints its tags with two
        settings.markerBorderBits = border
        corners, tags, _ = cv2.aruco.ArucoDetector(dictionary, settings).detectMarkers(photo)
        if tags is None:
            continue
        mine = [
            (int(tag), each)
            for tag, each in zip(tags.ravel(), corners, strict=True)
            if tag < board.columns * board.rows
        ]
        if not mine or (found is not None and 4 * len(mine) <= len(found.numbers)):
            continue
        # OpenCV goes clockwise from the upper left, the grid anticlockwise from the lower left.
        numbers = np.concatenate([4 * tag + np.array([3, 2, 1, 0]) for tag, _ in mine])
        gap = min(float(np.linalg.norm(each.reshape(4, 2)[1] - each.reshape(4, 2)[0])) for _, each in mine)
        found = Seen(numbers, _refined(photo, np.concatenate([each for _, each in mine]), board.gap * gap))
    return found


def _why(photo: Gray, board: Board, partly: Seen | None) -> str:
    if partly is not None:
        return f"only {len(partly.numbers)} corners"
    sharpness = float(cv2.Laplacian(photo, cv2.CV_64F).var())
    if sharpness < _BLURRED:
        return "too blurred or too dark"
    other = _other_size(photo, board) if board.kind is BoardKind.CHESSBOARD else None
    if other:
        return f"it looks like {other}"
    return "no board, or not all of it"


def _other_size(photo: Gray, board: Board) -> str | None:
    """The size of a chessboard next to the one that was said."""
    sizes = [(board.columns + a, board.rows + b) for a in _NEIGHBOURS for b in _NEIGHBOURS if (a, b) != (0, 0)]
    for columns, rows in sizes:
        if min(columns, rows) >= 3 and cv2.findChessboardCornersSB(photo, (columns, rows))[0]:
            return f"{columns}x{rows}"
    return None
