"""A whole rig refined at once: everything that anybody observed of where its sensors sit and how its cameras see."""

from calibration.bundle.observations import BoardPlane, BoardSight, Knowledge, LidarPick, Observations, Relation
from calibration.bundle.solving import RigAdjusted, adjust_rig
from calibration.bundle.starting import pose_of_board, start_from_boards

__all__ = [
    "BoardPlane",
    "BoardSight",
    "Knowledge",
    "LidarPick",
    "Observations",
    "Relation",
    "RigAdjusted",
    "adjust_rig",
    "pose_of_board",
    "start_from_boards",
]
