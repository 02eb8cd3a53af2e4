"""The flesh and clothes of people: trunks, heads, limbs, feet, each in the frame of its joint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fusion.scenario.bodies.body import BodyRequest, Colour
from fusion.scenario.bodies.gait import Proportions
from fusion.scenario.solids.lofts import loft
from fusion.scenario.solids.materials import DARK, HI_VIS, REFLECTOR, SHOE, SIGNAL_BLUE, Surface, cloth
from fusion.scenario.solids.meshes import Mesh, box, cylinder, ellipsoid, join, tapered

_TROUSERS: tuple[Colour, ...] = ((0.05, 0.06, 0.08), (0.06, 0.09, 0.20), (0.16, 0.13, 0.10), (0.22, 0.22, 0.22))
_SKINS: tuple[Colour, ...] = ((0.52, 0.32, 0.22), (0.60, 0.40, 0.30), (0.30, 0.16, 0.09), (0.13, 0.07, 0.04))
_HAIRS: tuple[Colour, ...] = ((0.05, 0.03, 0.02), (0.02, 0.02, 0.02), (0.25, 0.14, 0.05), (0.40, 0.38, 0.36))


@dataclass(frozen=True, slots=True)
class Clothes:
    """What somebody wears and looks like. girth: 1 for the average."""

    top: Surface
    trousers: Surface
    skin: Surface
    hair: Surface
    girth: float = 1.0
    long_hair: bool = False
    backpack: bool = False
    hi_vis: bool = False
    helmet: Surface | None = None

    @staticmethod
    def chosen(request: BodyRequest, *, worker: bool = False, child: bool = False) -> Clothes:
        """The top in the colour asked for, the rest by chance; a child has no grey hair."""
        rng = request.rng
        return Clothes(
            top=cloth(*request.colour),
            trousers=cloth(*_TROUSERS[rng.integers(len(_TROUSERS))]),
            skin=Surface(_SKINS[rng.integers(len(_SKINS))], reflectivity=0.5),
            hair=Surface(_HAIRS[rng.integers(len(_HAIRS) - child)], reflectivity=0.3),
            girth=float(rng.uniform(0.9, 1.18)),
            long_hair=bool(rng.random() < 0.4),
            backpack=bool(rng.random() < 0.25) and not worker,
            hi_vis=worker,
            helmet=SIGNAL_BLUE if worker else None,
        )


def trunk(lengths: Proportions, clothes: Clothes) -> Mesh:
    """Hips to neck, origin between the hips."""
    t, wide = lengths.trunk, lengths.shoulder_half
    deep = 0.115 * t / 0.52 * clothes.girth
    chest = HI_VIS if clothes.hi_vis else clothes.top
    parts = [
        _column(
            ((-0.16, 0.8, 1.55), (0.0, 1.0, 1.85), (0.16, 0.95, 1.75)), t, deep, lengths.hip_half, clothes.trousers
        ),
        _column(((0.12, 1.02, 0.80), (0.45, 0.95, 0.72), (0.74, 1.05, 0.90), (0.92, 0.85, 0.97)), t, deep, wide, chest),
        _column(((0.92, 0.85, 0.97), (1.00, 0.70, 0.74), (1.09, 0.45, 0.26)), t, deep, wide, clothes.top),
        cylinder((0.0, 0.0, t), (0.01, 0.0, lengths.neck + 0.06 * t), 0.10 * t, clothes.skin, sides=8),
    ]
    if clothes.hi_vis:
        parts += [_column(((z, 1.1, 0.86), (z + 0.09, 1.1, 0.88)), t, deep, wide, REFLECTOR) for z in (0.28, 0.52)]
    if clothes.backpack:
        parts.append(box((-2.1 * deep, -0.8 * deep, -0.28 * t, 0.28 * t), (0.35 * t, 1.0 * t), clothes.trousers))
    return join(parts)


def _column(
    rings: Sequence[tuple[float, float, float]], tall_m: float, deep_m: float, wide_m: float, surface: Surface
) -> Mesh:
    """Elliptic rings: height in trunks, half depth in deep_m, half width in wide_m."""
    around = 2.0 * np.pi * np.arange(12) / 12
    sections = [
        np.stack([depth * deep_m * np.cos(around), width * wide_m * np.sin(around), np.full(12, z * tall_m)], axis=-1)
        for z, depth, width in rings
    ]
    return loft(np.stack(sections), [surface], caps=surface)


def head(height_m: float, clothes: Clothes) -> Mesh:
    """Skull, hair, nose; origin at the top of the neck, the crown height_m above it."""
    r = 0.5 * height_m
    face = ellipsoid((0.12 * r, 0.0, 0.96 * r), (0.80 * r, 0.64 * r, 1.0 * r), clothes.skin, rings=7)
    nose = tapered((0.85 * r, 0.0, 0.85 * r), (1.08 * r, 0.0, 0.78 * r), (0.10 * r, 0.08 * r), clothes.skin, sides=5)
    hair = ellipsoid((-0.10 * r, 0.0, 1.18 * r), (0.78 * r, 0.68 * r, 0.82 * r), clothes.hair, rings=6)
    parts = [face, nose, hair]
    if clothes.long_hair:
        parts.append(ellipsoid((-0.42 * r, 0.0, 0.55 * r), (0.42 * r, 0.6 * r, 0.9 * r), clothes.hair, rings=5))
    if clothes.helmet is not None:
        parts += helmet(r, clothes.helmet)
    return join(parts)


def helmet(half_head_m: float, surface: Surface) -> list[Mesh]:
    """A hard shell over the head, with a brim."""
    r = half_head_m
    brim = cylinder((0.0, 0.0, 1.25 * r), (0.0, 0.0, 1.33 * r), 0.98 * r, surface, sides=12)
    return [ellipsoid((0.0, 0.0, 1.25 * r), (0.92 * r, 0.8 * r, 0.78 * r), surface, rings=6), brim]


def full_helmet(half_head_m: float, surface: Surface) -> list[Mesh]:
    """A motorcyclist's helmet with its visor; no head is seen in it."""
    r = half_head_m
    visor = ellipsoid((0.30 * r, 0.0, 1.12 * r), (0.86 * r, 0.80 * r, 0.34 * r), DARK, rings=6)
    return [ellipsoid((0.05 * r, 0.0, 1.0 * r), (1.06 * r, 0.88 * r, 1.06 * r), surface, rings=7), visor]


def thigh(lengths: Proportions, clothes: Clothes) -> Mesh:
    """From the hip down to the knee."""
    return _segment(lengths.thigh, (0.168 * clothes.girth, 0.115), clothes.trousers)


def shank(lengths: Proportions, clothes: Clothes) -> Mesh:
    """From the knee down to the ankle."""
    return _segment(lengths.shank, (0.125, 0.09), clothes.trousers)


def upper_arm(lengths: Proportions, clothes: Clothes) -> Mesh:
    """From the shoulder to the elbow."""
    return _segment(lengths.upper_arm, (0.17 * clothes.girth, 0.13), clothes.top)


def forearm(lengths: Proportions, clothes: Clothes) -> Mesh:
    """From the elbow over the wrist to the finger tips."""
    length = lengths.forearm
    sleeve = _segment(length, (0.15, 0.115), clothes.top)
    hand = ellipsoid(
        (0.02 * length, 0.0, -1.22 * length), (0.13 * length, 0.10 * length, 0.34 * length), clothes.skin, rings=4
    )
    return join([sleeve, hand])


def _segment(length_m: float, radii: tuple[float, float], surface: Surface) -> Mesh:
    """A limb hanging from the origin; radii: shares of the length at its ends, rounded there."""
    upper, lower = (share * length_m for share in radii)
    return join(
        [
            tapered((0.0, 0.0, 0.0), (0.0, 0.0, -length_m), (upper, lower), surface, sides=8),
            ellipsoid((0.0, 0.0, 0.0), (upper, upper, upper), surface, rings=3),
            ellipsoid((0.0, 0.0, -length_m), (lower, lower, lower), surface, rings=3),
        ]
    )


def foot(lengths: Proportions) -> Mesh:
    """A shoe, flat on the ground if the ankle is where the gait puts it."""
    wide, sole = 0.17 * (lengths.heel + lengths.toe), -lengths.ankle
    sections = [
        [(x, -y, sole), (x, y, sole), (x, 0.8 * y, top), (x, -0.8 * y, top)]
        for x, y, top in (
            (-lengths.heel, 0.8 * wide, 0.3 * lengths.ankle),
            (0.25 * lengths.toe, 0.95 * wide, 0.35 * lengths.ankle),
            (0.6 * lengths.toe, 1.1 * wide, -0.45 * lengths.ankle),
            (lengths.toe, 0.7 * wide, -0.65 * lengths.ankle),
        )
    ]
    return loft(sections, [SHOE], caps=SHOE)
