"""Colours that read well on a dark ground and do not need full colour vision."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from fusion.cloud import Cloud
from fusion.coloring import PointColors

SELECTED = (255, 255, 255, 255)
_HEIGHT_RANGE_M = (-0.5, 4.0)

# Okabe, Ito, "Color universal design", 2008: told apart by colour-blind eyes; without black, which a dark ground hides.
_SOURCE_COLORS = np.array(
    [[86, 180, 233], [230, 159, 0], [0, 158, 115], [240, 228, 66], [204, 121, 167], [213, 94, 0], [0, 114, 178]]
)
_UNSEEN = (70, 74, 84)


class ColorBy(StrEnum):
    """What the colour of a point tells."""

    HEIGHT = "height"  # over the ego's ground, shaded by intensity
    INTENSITY = "intensity"
    CAMERA = "camera"  # as in the photos, dark grey where no photo shows the point
    SOURCE = "source"  # which LiDAR


# Anchors of cividis (Nuñez, Anderton, Renslow, 2018: the same for colour-blind eyes), lightened for a black ground.
_ANCHORS = np.array([[60, 92, 150], [92, 116, 150], [128, 138, 138], [176, 166, 120], [224, 200, 98], [255, 234, 120]])


def _table() -> npt.NDArray[np.uint8]:
    at = np.linspace(0.0, len(_ANCHORS) - 1.0, 256)
    return np.stack([np.interp(at, np.arange(len(_ANCHORS)), _ANCHORS[:, c]) for c in range(3)], axis=1).astype(
        np.uint8
    )


_TABLE = _table()


def brightness(cloud: Cloud) -> npt.NDArray[np.float32]:
    """(N,) 0..1 from intensity, stretched to its 98th percentile and lifted by a square root: raw values look black."""
    if not len(cloud):
        return np.zeros(0, dtype=np.float32)
    values = np.asarray(cloud.intensity, dtype=np.float32)
    top = max(float(np.percentile(values[:: max(1, len(values) // 5000)], 98)), 1e-6)
    return np.asarray(np.sqrt(np.clip(values / top, 0.0, 1.0)))


def cloud_colors(cloud: Cloud, ground_z_m: float) -> npt.NDArray[np.uint8]:
    """(N, 3) by height over the ego's ground, shaded by intensity."""
    low, high = _HEIGHT_RANGE_M
    height = (cloud.points_in_world[:, 2] - np.float32(ground_z_m) - low) / (high - low)
    base = _TABLE[np.clip(height * 255.0, 0, 255).astype(np.uint8)]
    shade = 0.55 + 0.45 * brightness(cloud)
    return np.asarray(base * shade[:, None], dtype=np.uint8)


def intensity_colors(cloud: Cloud) -> npt.NDArray[np.uint8]:
    """(N, 3) by intensity alone."""
    return np.asarray(_TABLE[(brightness(cloud) * 255.0).astype(np.uint8)])


def source_colors(cloud: Cloud) -> npt.NDArray[np.uint8]:
    """(N, 3): a colour for each LiDAR, shaded by intensity."""
    base = np.repeat(
        _SOURCE_COLORS[np.arange(len(cloud.counts)) % len(_SOURCE_COLORS)], np.array(cloud.counts, int), axis=0
    )
    return np.asarray(base * (0.55 + 0.45 * brightness(cloud))[:, None], dtype=np.uint8)


def photo_colors(painted: PointColors) -> npt.NDArray[np.uint8]:
    """(N, 3) as in the photos."""
    unseen = np.array(_UNSEEN, dtype=np.uint8)
    return np.asarray(np.where(painted.has_color[:, None], painted.rgb, unseen))
