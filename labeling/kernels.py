"""The compiled kernels, ready before anybody waits for them."""

from __future__ import annotations

import numpy as np

from calibration import Pinhole, RigidTransform
from fusion import EgoMotion, Timeline
from fusion.deskew import to_world
from fusion.levels import thinned
from labeling.interior_points import count_interior_points
from labeling.projection import project_cuboids
from labeling.shutter import project_rolling
from labeling.track import Knot, Track


def compile_kernels() -> None:
    """Compile what numba has not cached yet: seconds after an installation, a fraction of one later."""
    camera = Pinhole(4, 4, 4.0, 4.0, 1.5, 1.5)
    ahead = RigidTransform(np.array([[1.0, 0.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 5.0]]))
    sizes = np.ones((1, 3))
    project_cuboids(camera, ahead, sizes)  # of both shutters: they share the kernel
    project_rolling(camera, np.zeros((3, 1, 3)))
    count_interior_points(np.zeros((1, 3)), ahead, sizes)
    points = np.zeros((2, 3), np.float32)
    thinned(points, np.zeros(3), budget=1)
    still = EgoMotion(Timeline(np.array([0, 1])), RigidTransform.exp(np.zeros((2, 6))))
    to_world(points, np.zeros(2, np.int64), still, RigidTransform.identity())
    Track.from_knots("a", "a", (1.0, 1.0, 1.0), [Knot(0, (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0))]).at(0)
