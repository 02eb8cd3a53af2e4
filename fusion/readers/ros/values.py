"""What messages say, whatever schema and encoding they came in.

Stamps are int64 nanoseconds, 0 where the sender left them out. Poses are (7,) float64: x y z in metres, then the
quaternion w x y z, as they came: `pose_transform` says whether they are usable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray


@dataclass(frozen=True, slots=True)
class PointField:
    """One column of a cloud. dtype: with its byte order; offset: bytes from the start of a point."""

    name: str
    offset: int
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """A point cloud as bytes. frame_from_cloud: Foxglove's pose of the cloud in its frame, None for none."""

    stamp_ns: int
    frame_id: str
    fields: tuple[PointField, ...]
    height: int
    width: int
    point_step: int
    row_step: int
    data: memoryview
    frame_from_cloud: RigidTransform | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RawImage:
    """Pixels. encoding: ROS's name (`rgb8`, `bayer_rggb8`, `16UC1`); step: bytes in a row."""

    stamp_ns: int
    frame_id: str
    height: int
    width: int
    encoding: str
    big_endian: bool
    step: int
    data: memoryview


@dataclass(frozen=True, slots=True, eq=False)
class PackedImage:
    """An image file as it came. format: what the sender says it is."""

    stamp_ns: int
    frame_id: str
    format: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Lens:
    """A camera's calibration. d: distortion of `model`; k: 9 numbers; p: 12 numbers of the rectified image."""

    stamp_ns: int
    frame_id: str
    width: int
    height: int
    model: str
    d: tuple[float, ...]
    k: tuple[float, ...]
    p: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """Where one frame sits in another: pose is `parent_from_child`."""

    stamp_ns: int
    parent: str
    child: str
    pose: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Several of them in one message."""

    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Place3d:
    """A pose that was measured: `parent_from_child`; child is empty where the message does not say whose pose it is."""

    stamp_ns: int
    parent: str
    child: str
    pose: FloatArray


@dataclass(frozen=True, slots=True)
class Fix:
    """A satellite fix in WGS 84 degrees and metres above the ellipsoid."""

    stamp_ns: int
    frame_id: str
    latitude_deg: float
    longitude_deg: float
    altitude_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Attitude:
    """An IMU's orientation against east, north, up. rotation: (4,) w x y z."""

    stamp_ns: int
    frame_id: str
    rotation: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """One cube of a scene. size_m: (3,); facts: key and value pairs of its entity."""

    stamp_ns: int
    frame_id: str
    name: str
    pose: FloatArray
    size_m: FloatArray
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All cubes of a message."""

    boxes: tuple[Box, ...]


Value = Cloud | RawImage | PackedImage | Lens | Links | Place3d | Fix | Attitude | Scene


def pose_transform(rows: npt.ArrayLike) -> RigidTransform:
    """From rows (..., 7). Raises ValueError for a rotation that is none."""
    array = np.asarray(rows, dtype=np.float64)
    return RigidTransform(array[..., 3:], array[..., :3])


def usable_pose(row: FloatArray) -> bool:
    """Whether a (7,) row is finite and its quaternion not zero: drivers send zeros until they know better."""
    return bool(np.all(np.isfinite(row)) and np.abs(row[3:]).max() > 1e-6)
