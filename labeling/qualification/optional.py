"""What may be labelled or not: objects that hardly any LiDAR point shows cannot be held against anybody."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import starmap

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from labeling.accuracy.segment import Sightings
from labeling.interior_points import count_interior_points
from labeling.overlap import Overlap, overlap_matrix

FEWEST_POINTS = 10
_ABOUT_IT = 0.1

BoolArray = npt.NDArray[np.bool_]


def seen_well(points_in_world: npt.NDArray[np.floating], cuboids: FloatArray) -> BoolArray:
    """(N,) whether at least ten points lie in each cuboid (N, 7)."""
    poses = RigidTransform.from_yaw(cuboids[:, 6], cuboids[:, :3])
    return count_interior_points(points_in_world, poses, cuboids[:, 3:6]) >= FEWEST_POINTS


def without_optional(true: Sightings, said: Sightings, needed: Sequence[BoolArray]) -> tuple[Sightings, Sightings]:
    """Both without what is not needed: true cuboids outside of the masks, and what is said about those."""
    about = list(starmap(_is_about_needed, zip(true.cuboids, said.cuboids, needed, strict=True)))
    return _taking(true, needed), _taking(said, about)


def _is_about_needed(true: FloatArray, said: FloatArray, needed: BoolArray) -> BoolArray:
    """Of each cuboid whether the true one that it overlaps most is needed; what overlaps none is held against it."""
    overlaps = overlap_matrix(true, said, Overlap.IOU_3D)
    if not len(true):
        return np.ones(len(said), bool)
    return np.asarray(needed[overlaps.argmax(axis=0)] | (overlaps.max(axis=0, initial=0.0) < _ABOUT_IT))


def _taking(sightings: Sightings, masks: Sequence[BoolArray]) -> Sightings:
    rows = [np.flatnonzero(mask).tolist() for mask in masks]
    return Sightings(
        tuple(tuple(ids[row] for row in kept) for ids, kept in zip(sightings.ids, rows, strict=True)),
        tuple(tuple(names[row] for row in kept) for names, kept in zip(sightings.classes, rows, strict=True)),
        tuple(cuboids[kept] for cuboids, kept in zip(sightings.cuboids, rows, strict=True)),
    )
