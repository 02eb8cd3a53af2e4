"""How much cuboids overlap: intersection over union from above, in space, and of any two poses."""

from labeling.overlap.any_pose import iou_any_pose
from labeling.overlap.upright import Overlap, overlap_matrix, overlap_rows, upright_rows

__all__ = ["Overlap", "iou_any_pose", "overlap_matrix", "overlap_rows", "upright_rows"]
