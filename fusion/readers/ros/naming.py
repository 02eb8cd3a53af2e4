"""What topics say about sensors: their names, which calibration is whose, and which topics are one camera twice."""

from __future__ import annotations

import re
from collections.abc import Iterable

from calibration.errors import FormatError

LEAVE_OUT = "-"

_TRANSPORTS = ("compressed", "compressedDepth", "theora", "ffmpeg", "zstd")
_IMAGES = ("image_raw", "image", "image_color", "image_rect_color", "image_rect", "image_rect_raw", "image_mono")
_GENERIC = {
    *_TRANSPORTS,
    *_IMAGES,
    *("image_rect_compressed", "image_compressed", "raw", "rgb_raw", "sensors", "sensor", "sensing", "data", "driver"),
    *("points", "points_raw", "pointcloud", "pointcloud_raw", "point_cloud", "pointcloud2", "cloud", "packets"),
}
_ENDINGS = ("_points", "_pointcloud", "_cloud", "_image", "_raw")
_FRAME_ENDINGS = ("_optical_frame", "_optical_link", "_optical", "_frame", "_link", "_frame_id")
_FORBIDDEN = re.compile(r"[^A-Za-z0-9_.+-]+")


def guessed_name(topic: str, frame_id: str, kind: str) -> str:
    """A sensor's name: what is special in its topic, else in its frame, else its kind."""
    parts = [part for part in topic.split("/") if part and part not in _GENERIC]
    name = _without(_ENDINGS, "_".join(parts))
    if name in ("", "points", "image", "camera", "lidar"):
        name = _without(_FRAME_ENDINGS, frame_id.replace("/", "_")) or name
    return _FORBIDDEN.sub("_", name).strip("_.") or kind


def checked_name(name: str) -> str:
    """A name that somebody gave. Raises FormatError if it cannot be one."""
    if not name or _FORBIDDEN.search(name) or name.startswith("."):
        raise FormatError(f"a sensor cannot be called {name!r}", do="use letters, digits, dots, dashes")
    return name


def unique_name(name: str, taken: Iterable[str]) -> str:
    """The name, with a number behind it where it is taken."""
    used = set(taken)
    number = 2
    unique = name
    while unique in used:
        unique = f"{name}_{number}"
        number += 1
    return unique


def _without(endings: tuple[str, ...], name: str) -> str:
    for ending in endings:
        if name.endswith(ending) and name != ending:
            return name.removesuffix(ending)
    return name


def camera_base(topic: str) -> str:
    """What all topics of one camera share: `/front` for `/front/image_raw/compressed`."""
    parts = topic.split("/")
    while len(parts) > 1 and (parts[-1] in _TRANSPORTS or parts[-1] in _IMAGES):
        parts.pop()
    return "/".join(parts)


def preference(topic: str, *, packed: bool) -> tuple[int, bool, str]:
    """Order of the topics of one camera, the best first: as recorded before rectified, packed before raw."""
    words = topic.split("/")
    rank = next((i for i, word in enumerate(_IMAGES) if word in words), len(_IMAGES))
    return rank, not packed, topic


def is_rectified(topic: str) -> bool:
    """Whether image_proc has undistorted the images; `image_rect_raw` is a depth camera's own."""
    return any("rect" in part and part != "image_rect_raw" for part in topic.split("/")[-3:])


def calibration_topic(topic: str, frame_id: str, calibrations: dict[str, str]) -> str | None:
    """The calibration of a camera: the nearest in its namespace, else the only one of its frame.

    calibrations: topic -> frame of each.
    """
    parts = topic.split("/")
    for length in range(len(parts), 0, -1):
        base = "/".join(parts[:length])
        inside = [each for each in calibrations if each.rpartition("/")[0] == base]
        if len(inside) == 1 and (base or len(calibrations) == 1):
            return inside[0]
    same = [each for each, frame in calibrations.items() if frame == frame_id and frame]
    return same[0] if len(same) == 1 else None
