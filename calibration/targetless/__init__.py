"""Where a camera sits beside a LiDAR, from what both saw of any scene: no board, no picks."""

from calibration.targetless.aligning import Aligned, align
from calibration.targetless.pairs import Pairs, joined, pairs_of

__all__ = ["Aligned", "Pairs", "align", "joined", "pairs_of"]
