"""Label lines of KITTI's object (15 columns) and tracking (17) benchmarks as cuboids of the rectified camera 0.

Columns: Geiger, Lenz, Urtasun, "Are we ready for autonomous driving?", CVPR 2012; the development kits' readme files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform, quaternion
from calibration.quaternion import FloatArray
from fusion.cuboid_table import CuboidTable
from fusion.readers.folder_files import finite, parsing, read_lines

_IGNORED = "DontCare"
_OBJECT_COLUMNS = 15
_OCCLUSION = {0: "fully visible", 1: "partly occluded", 2: "largely occluded"}
# Axes of a cuboid (x forward, y left, z up) with rotation_y 0, in the camera's (x right, y down, z forward).
_CAMERA_FROM_UPRIGHT = quaternion.from_matrix(np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]))


@dataclass(frozen=True, slots=True, eq=False)
class KittiLabels:
    """N rows. frames, numbers: (N,) int64, numbers are identities. rect_from_object: batch (N,), centres, in the
    rectified frame of camera 0. sizes_m: (N, 3) length, width, height. ignored: how many rows were `DontCare`."""

    frames: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    rect_from_object: RigidTransform
    sizes_m: FloatArray
    attributes: tuple[dict[str, str], ...]
    ignored: int

    def __len__(self) -> int:
        return len(self.frames)

    def table(
        self, track_ids: tuple[str, ...], times_ns: npt.NDArray[np.int64], world_from_rect: RigidTransform
    ) -> CuboidTable:
        """times_ns: (N,), of the photo of each row. world_from_rect: batch (N,)."""
        return CuboidTable(
            track_ids=track_ids,
            classes=self.classes,
            times_ns=times_ns,
            frames=self.frames,
            world_from_object=world_from_rect * self.rect_from_object,
            sizes_m=self.sizes_m,
            attributes=self.attributes,
        )


def read_tracking_labels(path: Path) -> KittiLabels:
    """A file of a sequence: frame and identity stand first. Raises FormatError if a line is malformed."""
    return _labels([line.split() for line in read_lines(path)], path)


def read_object_labels(path: Path, frame: int) -> KittiLabels:
    """A file of one frame; identities count its lines. Raises FormatError if a line is malformed."""
    return _labels([[str(frame), str(row), *line.split()] for row, line in enumerate(read_lines(path))], path)


def _labels(lines: list[list[str]], path: Path) -> KittiLabels:
    with parsing("a line is not a KITTI label", path):
        kept = [words for words in lines if words[2] != _IGNORED]
        if any(len(words) - 2 not in (_OBJECT_COLUMNS, _OBJECT_COLUMNS + 1) for words in kept):
            raise ValueError("a wrong number of columns")
        values = finite([words[3:17] for words in kept], path).reshape(-1, 14)
        frames, numbers = (np.array([int(words[column]) for words in kept], dtype=np.int64) for column in (0, 1))
        sizes = values[:, [9, 8, 7]]  # h w l there
        if np.any(sizes <= 0) or np.any(frames < 0):
            raise ValueError("a size is not positive, or a frame negative")
    return KittiLabels(
        frames=frames,
        numbers=numbers,
        classes=tuple(words[2] for words in kept),
        rect_from_object=_poses(values[:, 10:13], values[:, 13], sizes[:, 2]),
        sizes_m=sizes,
        attributes=tuple(_attributes(truncation, occlusion) for truncation, occlusion in values[:, :2].tolist()),
        ignored=len(lines) - len(kept),
    )


def _poses(bottoms_m: FloatArray, rotations_y: FloatArray, heights_m: FloatArray) -> RigidTransform:
    """The bottom's centre lies half the height below, along the camera's y, about which rotation_y turns."""
    turned = quaternion.multiply(
        np.broadcast_to(_CAMERA_FROM_UPRIGHT, (len(bottoms_m), 4)), quaternion.from_yaw(-rotations_y)
    )
    return RigidTransform(turned, bottoms_m - 0.5 * heights_m[:, None] * np.array([0.0, 1.0, 0.0]))


def _attributes(truncation: float, occlusion: float) -> dict[str, str]:
    attributes = {"truncation": f"{truncation:g}"} if truncation >= 0 else {}
    if occlusion in _OCCLUSION:
        attributes["occlusion"] = _OCCLUSION[int(occlusion)]
    return attributes
