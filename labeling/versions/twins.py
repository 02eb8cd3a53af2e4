"""Objects that two people found, each under an identity of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array
from labeling.overlap import Overlap, overlap_rows, upright_rows
from labeling.track import PresenceKind, Track

_LEAST_OVERLAP = 0.5
_LEAST_SHARED = 0.5


def twins(ours: Sequence[Track], theirs: Sequence[Track]) -> dict[str, str]:
    """Of each of theirs that is one of ours: which. Two are one if they overlap by half (mean IoU in space) over at
    least half of the knots of both."""
    if not ours or not theirs:
        return {}
    overlaps = np.array([[_overlap(mine, other) for other in theirs] for mine in ours])
    rows, columns = linear_sum_assignment(-overlaps)
    return {
        theirs[column].id: ours[row].id
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if overlaps[row, column] >= _LEAST_OVERLAP
    }


def _overlap(mine: Track, other: Track) -> float:
    """Mean IoU where both are present; 0 where that is too seldom."""
    times = np.union1d(mine.times_ns, other.times_ns).astype(np.int64)
    shared = times[_present(mine, times) & _present(other, times)]
    if not len(shared) or len(shared) < _LEAST_SHARED * len(times):
        return 0.0
    middle = shared[len(shared) // 2 :][:1]
    if np.linalg.norm(mine.at(middle).translation - other.at(middle).translation) > max(mine.size_m):
        return 0.0
    return float(overlap_rows(_rows(mine, shared), _rows(other, shared), Overlap.IOU_3D).mean())


def _present(track: Track, times_ns: Int64Array) -> np.ndarray:
    return np.array([track.presence_at(each) is not PresenceKind.ABSENT for each in times_ns.tolist()], bool)


def _rows(track: Track, times_ns: Int64Array) -> FloatArray:
    return upright_rows(track.at(times_ns), np.array(track.size_m))
