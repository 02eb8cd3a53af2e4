"""KITTI's calibration: projections of rectified cameras, and where Velodyne and IMU sit.

Source: Geiger, Lenz, Stiller, Urtasun, "Vision meets Robotics: The KITTI Dataset", IJRR 2013, section 4; the readme
files of the development kits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration import Pinhole, RigidTransform
from calibration.errors import FormatError
from calibration.quaternion import IDENTITY, FloatArray
from fusion.readers.folder_files import finite, parsing, read_lines
from fusion.readers.rigid import rigid

# The tracking benchmark's files name two matrices in another way than the object benchmark's.
_ALIASES = {"R_rect": "R0_rect", "Tr_velo_cam": "Tr_velo_to_cam", "Tr_imu_velo": "Tr_imu_to_velo"}
# The roof of the car: ego frames without an IMU are put on the road below the Velodyne.
VELODYNE_HEIGHT_M = 1.73
# Photos of each recording day were cut to a size of their own, which goes with the focal length.
_SIZES_PX = {721.5377: (1242, 375), 707.0493: (1224, 370), 718.856: (1241, 376), 707.0912: (1226, 370)}


@dataclass(frozen=True, slots=True, eq=False)
class KittiCalibration:
    """projections: 3x4 of each rectified camera by its number. rect_from_velo: from the Velodyne to the rectified frame
    of camera 0. velo_from_imu: None where the file has none. where: the file, for messages."""

    projections: dict[str, FloatArray]
    rect_from_velo: RigidTransform
    velo_from_imu: RigidTransform | None
    where: Path

    @property
    def ego_from_velo(self) -> RigidTransform:
        """The ego is the IMU, or where there is none the road below the Velodyne."""
        if self.velo_from_imu is not None:
            return self.velo_from_imu.inverse()
        return RigidTransform(IDENTITY, np.array([0.0, 0.0, VELODYNE_HEIGHT_M]))

    def ego_from_camera(self, number: str) -> RigidTransform:
        """Of a rectified camera."""
        velo_from_rect = self.rect_from_velo.inverse()
        return self.ego_from_velo * velo_from_rect * self.camera_from_rect(number).inverse()

    def camera_from_rect(self, number: str) -> RigidTransform:
        """A rectified camera differs from camera 0 by a translation: P = K [I | t]."""
        projection = self._projection(number)
        return RigidTransform(
            IDENTITY, np.asarray(np.linalg.solve(projection[:, :3], projection[:, 3]), dtype=np.float64)
        )

    def _projection(self, number: str) -> FloatArray:
        if number not in self.projections:
            raise FormatError(f"the calibration has no camera {number}", where=self.where)
        return self.projections[number]

    def model(self, number: str, size_px: tuple[int, int] | None) -> Pinhole:
        """size_px: of the photos; None where there are none, then what goes with the focal length."""
        k = self._projection(number)
        guessed = (round(2 * k[0, 2]), round(2 * k[1, 2]))
        width, height = size_px or _SIZES_PX.get(round(float(k[0, 0]), 4), guessed)
        return Pinhole(width, height, k[0, 0], k[1, 1], k[0, 2], k[1, 2])


def read_numbers(path: Path) -> dict[str, FloatArray]:
    """Lines `NAME: numbers` as flat arrays; lines that are no numbers (dates) are left out."""
    found: dict[str, FloatArray] = {}
    for line in read_lines(path):
        name, *words = line.split()
        try:
            values = [float(word) for word in words]
        except ValueError:
            continue
        found[name.rstrip(":")] = finite(values, path)
    return found


def read_calibration(path: Path) -> KittiCalibration:
    """One file of the object or tracking benchmark. Raises FormatError if it is missing or malformed."""
    numbers = {_ALIASES.get(name, name): values for name, values in read_numbers(path).items()}
    with parsing("the calibration lacks a matrix, or one is malformed", path):
        projections = {name[1:]: numbers[name].reshape(3, 4) for name in ("P0", "P1", "P2", "P3") if name in numbers}
        rectification = rigid(np.column_stack([numbers["R0_rect"].reshape(3, 3), np.zeros(3)]), path)
        rect_from_velo = rectification * rigid(numbers["Tr_velo_to_cam"].reshape(3, 4), path)
        imu = numbers.get("Tr_imu_to_velo")
        velo_from_imu = None if imu is None else rigid(imu.reshape(3, 4), path)
    return checked(KittiCalibration(projections, rect_from_velo, velo_from_imu, path), path)


def checked(calibration: KittiCalibration, path: Path) -> KittiCalibration:
    """The same. Raises FormatError unless every projection is one of a pinhole without skew."""
    for number, p in calibration.projections.items():
        ordered = p[0, 0] > 0 and p[1, 1] > 0 and abs(p[2, 2] - 1) < 1e-6 and not np.any(p[[0, 1, 2, 2], [1, 0, 0, 1]])
        if not ordered:
            raise FormatError(f"P{number} is not the projection of a rectified camera", where=path)
    return calibration
