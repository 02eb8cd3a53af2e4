"""`tracklet_labels.xml` of KITTI raw drives. Format: the raw development kit's readme and `readTracklets`.

Poses are those of the bottom's centre, in the Velodyne's frame. The XML parser is the standard library's; a document
type is refused, so no entity is ever expanded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform, quaternion
from calibration.errors import FormatError, UnsafeInputError
from calibration.quaternion import FloatArray
from fusion.readers.folder_files import finite, parsing, read_text

_OCCLUSION = {0: "visible", 1: "partly", 2: "fully"}
_TRUNCATION = {0: "in image", 1: "truncated", 2: "out of image", 3: "behind image"}
_FULLY = 2


@dataclass(frozen=True, slots=True, eq=False)
class Tracklets:
    """N rows. frames: (N,) int64 as the drive counts them. velo_from_object: batch (N,) of the centres. sizes_m: (N, 3)
    length, width, height."""

    track_ids: tuple[str, ...]
    classes: tuple[str, ...]
    frames: npt.NDArray[np.int64]
    velo_from_object: RigidTransform
    sizes_m: FloatArray
    attributes: tuple[dict[str, str], ...]


def read_tracklets(drive: Path) -> Tracklets | None:
    """Of the file in or beside the drive; None where there is none. Raises FormatError if it is malformed."""
    places = (drive / "tracklet_labels.xml", drive / "tracklets" / "tracklet_labels.xml")
    path = next((each for each in places if each.is_file()), None)
    if path is None:
        return None
    text = read_text(path)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise UnsafeInputError("the XML defines entities", do="remove its document type", where=path)
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise FormatError("not readable XML", where=path) from error
    with parsing("a tracklet is malformed", path):
        rows = [row for number, item in enumerate(root.findall("tracklets/item")) for row in _rows(item, number, path)]
    return _table(rows) if rows else None


def _table(rows: list[dict[str, Any]]) -> Tracklets:
    return Tracklets(
        track_ids=tuple(row["id"] for row in rows),
        classes=tuple(row["class"] for row in rows),
        frames=np.array([row["frame"] for row in rows], dtype=np.int64),
        velo_from_object=RigidTransform(
            np.stack([row["rotation"] for row in rows]), np.stack([row["centre"] for row in rows])
        ),
        sizes_m=np.stack([row["size"] for row in rows]),
        attributes=tuple(row["attributes"] for row in rows),
    )


def _rows(item: ElementTree.Element, number: int, path: Path) -> Iterator[dict[str, Any]]:
    height, width, length = _numbers(item, "hwl", path)
    if min(height, width, length) <= 0:
        raise ValueError("a size is not positive")
    for step, pose in enumerate(item.findall("poses/item")):
        x, y, z, *angles = _numbers(pose, ("tx", "ty", "tz", "rx", "ry", "rz"), path)
        turns = [quaternion.from_rotation_vector(angle * axis) for angle, axis in zip(angles, np.eye(3), strict=True)]
        rotation = quaternion.multiply(quaternion.multiply(turns[2], turns[1]), turns[0])
        up = quaternion.rotate(rotation, np.array([0.0, 0.0, 1.0]))
        yield {
            "id": f"tracklet-{number}",
            "class": (item.findtext("objectType") or "unknown").strip(),
            "frame": int(item.findtext("first_frame") or "") + step,
            "rotation": rotation,
            "centre": np.array([x, y, z]) + 0.5 * height * up,
            "size": np.array([length, width, height]),
            "attributes": _attributes(pose),
        }


def _numbers(element: ElementTree.Element, names: tuple[str, ...] | str, path: Path) -> list[float]:
    return [float(value) for value in finite([element.findtext(name) or "" for name in names], path)]


def _attributes(pose: ElementTree.Element) -> dict[str, str]:
    """Unknown values are left out; what is fully hidden is there and cannot be seen."""
    occlusion, truncation = (int(float(pose.findtext(name) or "-1")) for name in ("occlusion", "truncation"))
    attributes = {"visibility": "occluded"} if occlusion == _FULLY else {}
    if occlusion in _OCCLUSION:
        attributes["occlusion"] = _OCCLUSION[occlusion]
    if truncation in _TRUNCATION:
        attributes["truncation"] = _TRUNCATION[truncation]
    return attributes
