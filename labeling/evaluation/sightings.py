"""Who was where in which frame, whoever says so."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.timeline import Int64Array

UNKNOWN = -1
"""A number of points that nobody counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """N cuboids. frames: (N,) int64, numbers or timestamps; ids, classes: (N,) texts; cuboids: (N, 7) upright x y z
    length width height yaw in one frame of reference, metres; ranges_m: (N,) distance from the sensors in the plane,
    NaN where it is not known; scores: (N,). points: (N,) LiDAR points in it, -1 where not known; occlusions: (N,) names
    of how much is hidden, empty where not known."""

    frames: Int64Array
    ids: npt.NDArray[np.str_]
    classes: npt.NDArray[np.str_]
    cuboids: FloatArray
    ranges_m: FloatArray
    scores: FloatArray
    points: Int64Array
    occlusions: npt.NDArray[np.str_]

    def taking(self, kept: npt.NDArray[np.bool_]) -> Sightings:
        """Those of a mask (N,)."""
        return Sightings(*(getattr(self, each.name)[kept] for each in fields(self)))
