"""Shelves and what lies on them."""

from __future__ import annotations

import numpy as np

from fusion.scenario.solids.materials import CARDBOARD, MATERIALS, ROBOT_ORANGE, SIGNAL_BLUE, STEEL, WHITE, Surface
from fusion.scenario.solids.meshes import Mesh, box, cylinder

Size = tuple[float, float, float]
_GOODS = (CARDBOARD, CARDBOARD, CARDBOARD, WHITE, MATERIALS["plastic"], SIGNAL_BLUE)


def rack(size_m: Size, rng: np.random.Generator, *, levels: int, uprights: Surface = SIGNAL_BLUE) -> list[Mesh]:
    """A rack on z = 0 with goods on `levels` boards; bays of at most 2.8 m along x."""
    length, width, height = size_m
    bays = max(int(np.ceil(length / 2.8)), 1)
    parts: list[Mesh] = []
    for k in range(bays + 1):
        parts += _frame(-0.5 * length + k * length / bays, size_m, uprights)
    for k in range(levels):
        z = 0.1 + k * (height - 0.1) / levels
        clear = (height - 0.1) / levels - 0.12
        parts += _board(length, width, z)
        parts += goods((-0.5 * length + 0.08, 0.5 * length - 0.08), 0.5 * width - 0.06, (z, clear), rng)
    return parts


def _frame(x_m: float, size_m: Size, surface: Surface) -> list[Mesh]:
    """Two posts at x, with a brace between them."""
    length, width, height = size_m
    t = min(0.08, 0.06 * length)
    x = float(np.clip(x_m, -0.5 * length + 0.5 * t, 0.5 * length - 0.5 * t))
    b = 0.5 * width
    posts = [
        box((x - 0.5 * t, x + 0.5 * t, y - 0.5 * t, y + 0.5 * t), (0.0, height), surface)
        for y in (-b + 0.5 * t, b - 0.5 * t)
    ]
    brace = cylinder((x, -b + t, 0.15 * height), (x, b - t, 0.85 * height), 0.25 * t, STEEL, sides=4)
    return [*posts, brace]


def _board(length_m: float, width_m: float, z_m: float) -> list[Mesh]:
    """A board between two beams."""
    a, b = 0.5 * length_m, 0.5 * width_m
    beams = [box((-a, a, y - 0.02, y + 0.02), (z_m - 0.09, z_m), ROBOT_ORANGE) for y in (-b + 0.025, b - 0.025)]
    return [box((-a, a, -b + 0.045, b - 0.045), (z_m - 0.03, z_m - 0.005), STEEL), *beams]


def goods(
    x_m: tuple[float, float], half_width_m: float, z_m: tuple[float, float], rng: np.random.Generator
) -> list[Mesh]:
    """Cartons and bins side by side on a board; z_m: height of the board and clear height above it."""
    z, clear = z_m
    parts, x = [], x_m[0]
    while x < x_m[1] - 0.2:
        wide = float(min(rng.uniform(0.25, 0.7), x_m[1] - x))
        if rng.random() < 0.85:
            tall = float(clear * rng.uniform(0.4, 0.95))
            deep = float(half_width_m * rng.uniform(0.75, 1.0))
            surface = _GOODS[rng.integers(len(_GOODS))]
            parts.append(box((x + 0.02, x + wide - 0.02, -deep, deep), (z, z + tall), surface))
        x += wide
    return parts
