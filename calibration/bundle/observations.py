"""What can be observed of a rig, each kind with its noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray
from calibration.transform import RigidTransform


@dataclass(frozen=True, slots=True, eq=False)
class BoardSight:
    """Corners of a board in one photo. board: which of the poses that boards had (a moved board is another one).

    points_m: (N, 3) on the board; pixels: (N, 2).
    """

    camera: str
    board: int
    points_m: FloatArray
    pixels: FloatArray
    sigma_px: float = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class BoardPlane:
    """Returns of a LiDAR, (N, 3) metres in its frame, that lie on the plane z = 0 of a board."""

    lidar: str
    board: int
    points_m: FloatArray
    sigma_m: float = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class LidarPick:
    """Points of a LiDAR (N, 3), metres in its frame, and the pixels (N, 2) at which a camera sees them."""

    camera: str
    lidar: str
    points_m: FloatArray
    pixels: FloatArray
    sigma_px: float = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """How two sensors lie to each other, as hand-eye, registration, or an alignment without targets found it.

    covariance: (6, 6) along and about b's axes, translation first: the truth is `a_from_b * exp(error)`.
    """

    a: str
    b: str
    a_from_b: RigidTransform
    covariance: FloatArray


@dataclass(frozen=True, slots=True)
class Knowledge:
    """How well a sensor's mounting is known beforehand (standard deviations), and which numbers of its camera are to
    be estimated: names of `CameraModel.parameter_names`. Infinity: not at all; 0: exactly."""

    sigma_m: float = float("inf")
    sigma_rad: float = float("inf")
    free: tuple[str, ...] = ()

    @property
    def moves(self) -> bool:
        """Whether the mounting is to be estimated."""
        return self.sigma_m > 0.0 and self.sigma_rad > 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """All that was seen. known: for each sensor by its name; those that are not in it are exact.

    Raises CalibrationError where arrays do not fit.
    """

    sights: tuple[BoardSight, ...] = ()
    planes: tuple[BoardPlane, ...] = ()
    picks: tuple[LidarPick, ...] = ()
    relations: tuple[Relation, ...] = ()
    known: Mapping[str, Knowledge] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with_pixels: tuple[BoardSight | LidarPick, ...] = (*self.sights, *self.picks)
        for seen in with_pixels:
            if seen.points_m.shape != (len(seen.pixels), 3) or seen.pixels.shape[1:] != (2,):
                raise CalibrationError("points (N, 3) and pixels (N, 2) do not fit", where=seen.camera)
        for plane in self.planes:
            if plane.points_m.ndim != 2 or plane.points_m.shape[1] != 3:
                raise CalibrationError("points on a board are (N, 3)", where=plane.lidar)
        for each in self.relations:
            if each.covariance.shape != (6, 6) or not np.all(np.linalg.eigvalsh(each.covariance) > 0.0):
                raise CalibrationError("a relation needs a covariance (6, 6)", where=f"{each.a}, {each.b}")

    @property
    def boards(self) -> int:
        """How many poses of boards there are."""
        return 1 + max([*(each.board for each in self.sights), *(each.board for each in self.planes), -1])
