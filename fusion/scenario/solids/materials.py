"""What surfaces are made of: colour, pattern, gloss, and what a LiDAR gets back from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from calibration import InputError
from fusion.samples import Float32Array
from fusion.scenario.solids.colours import linear_from_srgb


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
    ASPHALT = 9
    FLOOR = 10
    WINDOW_BAND = 11
    HAZARD = 12
    CARTON = 13


@dataclass(frozen=True, slots=True)
class Surface:
    """One material.

    colour: linear red, green, blue in 0..1. reflectivity: at 905 nm, 0..1. gloss: share of mirrored sky, 0..1.
    transparency: chance that a LiDAR pulse goes through to what is behind. see_through: share of light that does.
    extent_m: size of the thing that the pattern is laid out on.
    """

    colour: tuple[float, float, float]
    reflectivity: float = 0.3
    pattern: Pattern = Pattern.PLAIN
    gloss: float = 0.0
    transparency: float = 0.0
    see_through: float = 0.0
    extent_m: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceTable:
    """S surfaces as columns: colours (S, 3), extents_m (S, 3), the others (S,)."""

    colours: Float32Array
    extents_m: Float32Array
    reflectivities: Float32Array
    glosses: Float32Array
    transparencies: Float32Array
    see_throughs: Float32Array
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
            see_throughs=np.array([surface.see_through for surface in surfaces], dtype=np.float32),
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
HEADLIGHT = Surface((0.85, 0.86, 0.82), reflectivity=0.7, gloss=0.4)
TAIL_LIGHT = Surface((0.55, 0.02, 0.02), reflectivity=0.75, gloss=0.3)
INDICATOR = Surface((0.75, 0.28, 0.02), reflectivity=0.7, gloss=0.3)
PLATE = Surface((0.75, 0.74, 0.66), reflectivity=0.95)
"""Number plates throw light back to where it came from."""
REFLECTOR = Surface((0.80, 0.80, 0.74), reflectivity=0.98)
DARK = Surface((0.02, 0.02, 0.022), reflectivity=0.08)
SEAT = Surface((0.035, 0.034, 0.036), reflectivity=0.15)
HI_VIS = Surface((0.55, 0.80, 0.02), reflectivity=0.8)
MARKING = Surface((0.72, 0.72, 0.70), reflectivity=0.85)
BARE_ASPHALT = Surface((0.115, 0.115, 0.12), reflectivity=0.12, pattern=Pattern.ASPHALT)
GLASS_PANE = Surface((0.55, 0.62, 0.60), reflectivity=0.1, gloss=0.9, transparency=0.85, see_through=0.85)
"""A wall of glass: what stands behind is seen by both kinds of sensors."""
WIRE = Surface((0.30, 0.32, 0.32), reflectivity=0.4, transparency=0.75, see_through=0.75)
"""Wire mesh, as one sheet."""
BRASS = Surface((0.55, 0.36, 0.10), reflectivity=0.5, gloss=0.4)
WOOD = Surface((0.36, 0.22, 0.11), reflectivity=0.55)
CARDBOARD = Surface((0.42, 0.27, 0.14), reflectivity=0.6)
CARTON = Surface((0.42, 0.27, 0.14), reflectivity=0.6, pattern=Pattern.CARTON)
"""A whole stack of cartons on one face."""
ROBOT_ORANGE = Surface((0.80, 0.20, 0.01), reflectivity=0.65, gloss=0.3)
WARNING_YELLOW = Surface((0.80, 0.48, 0.01), reflectivity=0.7)
SIGNAL_RED = Surface((0.60, 0.03, 0.02), reflectivity=0.7)
SIGNAL_BLUE = Surface((0.02, 0.10, 0.45), reflectivity=0.7)
WHITE = Surface((0.74, 0.74, 0.72), reflectivity=0.8)

MATERIALS: dict[str, Surface] = {
    "asphalt": BARE_ASPHALT,
    "concrete": Surface((0.36, 0.35, 0.33), reflectivity=0.35),
    "paving": PAVING,
    "gravel": Surface((0.30, 0.28, 0.25), reflectivity=0.3, pattern=Pattern.GRASS),
    "soil": Surface((0.16, 0.11, 0.07), reflectivity=0.25, pattern=Pattern.GRASS),
    "grass": GRASS,
    "snow": Surface((0.82, 0.84, 0.88), reflectivity=0.85),
    "brick": Surface((0.33, 0.13, 0.09), reflectivity=0.3, pattern=Pattern.TILES),
    "plaster": Surface((0.62, 0.60, 0.55), reflectivity=0.6),
    "facade": Surface((0.50, 0.46, 0.40), reflectivity=0.35, pattern=Pattern.FACADE),
    "floor": Surface((0.33, 0.33, 0.32), reflectivity=0.35, gloss=0.15, pattern=Pattern.FLOOR),
    "steel": STEEL,
    "mirror": Surface((0.30, 0.31, 0.32), reflectivity=0.02, gloss=1.0),
    "glass": GLASS_PANE,
    "wire": WIRE,
    "wood": WOOD,
    "bark": BARK,
    "foliage": FOLIAGE,
    "carton": CARTON,
    "paper": Surface((0.72, 0.70, 0.66), reflectivity=0.75),
    "plastic": Surface((0.30, 0.32, 0.35), reflectivity=0.45, gloss=0.15),
    "rubber": RUBBER,
    "fabric": Surface((0.22, 0.20, 0.24), reflectivity=0.4),
    "paint": Surface((0.50, 0.50, 0.50), reflectivity=0.5, gloss=0.4),
    "hazard": Surface((0.80, 0.48, 0.01), reflectivity=0.7, pattern=Pattern.HAZARD),
    "marking": MARKING,
    "black": Surface((0.008, 0.008, 0.008), reflectivity=0.02),
}
"""What a `material` in a scenario may name."""


def surface_of(
    material: str | None,
    color: str | None,
    default: Surface,
    extent_m: tuple[float, float, float] | None = None,
) -> Surface:
    """The named material, or the default, in the sRGB colour '#rrggbb' if one is given.

    extent_m: size of the thing it covers, for patterns that are laid out on it. Raises InputError for an unknown name.
    """
    if material is not None and material not in MATERIALS:
        raise InputError(f"no material {material!r}", do=f"one of {', '.join(MATERIALS)}")
    surface = default if material is None else MATERIALS[material]
    if color is not None:
        surface = replace(surface, colour=linear_from_srgb(color))
    return surface if extent_m is None else replace(surface, extent_m=extent_m)


def cloth(red: float, green: float, blue: float) -> Surface:
    """Matt textile."""
    return Surface((red, green, blue), reflectivity=0.35)
