"""How a camera sees, estimated from photos of a board."""

from calibration.intrinsics.boards import Board, board_of
from calibration.intrinsics.calibrating import Calibrated, View, calibrate
from calibration.intrinsics.detecting import Seen, find_board

__all__ = ["Board", "Calibrated", "Seen", "View", "board_of", "calibrate", "find_board"]
