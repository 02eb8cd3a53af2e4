"""Colours as people write them and as light adds up."""

from __future__ import annotations

import numpy as np


def linear_from_srgb(color: str) -> tuple[float, float, float]:
    """Linear red, green, blue in 0..1 of an sRGB colour such as '#c03020' (IEC 61966-2-1).

    Raises ValueError for anything but '#' and six hexadecimal digits.
    """
    if len(color) != 7 or color[0] != "#":
        raise ValueError(f"a colour is '#rrggbb', not {color!r}")
    encoded = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return (float(linear[0]), float(linear[1]), float(linear[2]))
