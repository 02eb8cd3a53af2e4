"""What surfaces are made of: colour, pattern, gloss, and what a LiDAR gets back from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from fusion.samples import Float32Array


class Pattern(IntEnum):
    """Which procedural pattern modulates the colour."""

    PLAIN = 0
    ROAD = 1
    TILES = 2
    FACADE = 3
    CAR_BODY = 4
    CABIN = 5
    CARGO = 6
    FOLIAGE = 7
    GRASS = 8


@dataclass(frozen=True, slots=True)
class Surface:
    """One material.

    colour: linear red, green, blue in 0..1. reflectivity: at 905 nm, 0..1. gloss: share of mirrored sky, 0..1.
    transparency: chance that a LiDAR pulse is lost. extent_m: size of the thing that the pattern is laid out on.
    """

    colour: tuple[float, float, float]
    reflectivity: float = 0.3
    pattern: Pattern = Pattern.PLAIN
    gloss: float = 0.0
    transparency: float = 0.0
    extent_m: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceTable:
    """S surfaces as columns: colours (S, 3), extents_m (S, 3), the others (S,)."""

    colours: Float32Array
    extents_m: Float32Array
    reflectivities: Float32Array
    glosses: Float32Array
    transparencies: Float32Array
    patterns: npt.NDArray[np.int32]

    @staticmethod
    def of(surfaces: Sequence[Surface]) -> SurfaceTable:
        """One row for each surface."""
        return SurfaceTable(
            colours=np.array([surface.colour for surface in surfaces], dtype=np.float32),
            extents_m=np.array([surface.extent_m for surface in surfaces], dtype=np.float32),
            reflectivities=np.array([surface.reflectivity for surface in surfaces], dtype=np.float32),
            glosses=np.array([surface.gloss for surface in surfaces], dtype=np.float32),
            transparencies=np.array([surface.transparency for surface in surfaces], dtype=np.float32),
            patterns=np.array([surface.pattern for surface in surfaces], dtype=np.int32),
        )


ASPHALT = Surface((0.115, 0.115, 0.12), reflectivity=0.12, pattern=Pattern.ROAD)
PAVING = Surface((0.34, 0.325, 0.30), reflectivity=0.3, pattern=Pattern.TILES)
KERB = Surface((0.42, 0.41, 0.39), reflectivity=0.35)
GRASS = Surface((0.10, 0.19, 0.05), reflectivity=0.45, pattern=Pattern.GRASS)
FOLIAGE = Surface((0.08, 0.20, 0.04), reflectivity=0.5, pattern=Pattern.FOLIAGE, transparency=0.25)
BARK = Surface((0.13, 0.085, 0.05), reflectivity=0.35)
STEEL = Surface((0.26, 0.28, 0.29), reflectivity=0.5, gloss=0.2)
LAMP = Surface((0.8, 0.8, 0.75), reflectivity=0.5)
RUBBER = Surface((0.02, 0.02, 0.021), reflectivity=0.06)
RIM = Surface((0.30, 0.31, 0.32), reflectivity=0.45, gloss=0.3)
CHASSIS = Surface((0.03, 0.03, 0.032), reflectivity=0.08)
GLASS = Surface((0.035, 0.045, 0.055), reflectivity=0.08, gloss=0.9, transparency=0.7)
SKIN = Surface((0.52, 0.32, 0.22), reflectivity=0.5)
HAIR = Surface((0.05, 0.03, 0.02), reflectivity=0.3)
SHOE = Surface((0.04, 0.035, 0.03), reflectivity=0.2)


def cloth(red: float, green: float, blue: float) -> Surface:
    """Matt textile."""
    return Surface((red, green, blue), reflectivity=0.35)
