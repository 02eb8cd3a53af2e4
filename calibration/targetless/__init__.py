"""Where a camera sits beside a LiDAR, from what both saw of any scene: no board, no picks."""

from calibration.targetless.aligning import Aligned, align
from calibration.targetless.drift import PROFILE_DEG, PROFILE_MS, Drift, estimate_drift
from calibration.targetless.pairs import Pairs, joined, pairs_of

__all__ = [
    "PROFILE_DEG",
    "PROFILE_MS",
    "Aligned",
    "Drift",
    "Pairs",
    "align",
    "estimate_drift",
    "joined",
    "pairs_of",
]
