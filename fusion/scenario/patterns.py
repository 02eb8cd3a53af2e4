"""Procedural patterns: what colour a surface has at a point of it, so that edges in photos mean something.

Every pattern takes and returns linear colours (N, 3) at points (N, 3), metres, with normals (N, 3), both in the mesh's
own frame, and the extents (N, 3) of the thing that the pattern is laid out on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fusion.samples import Float32Array
from fusion.scenario.materials import Pattern, SurfaceTable
from fusion.scenario.ray_caster import groups_of

BoolArray = npt.NDArray[np.bool_]

_MARKING = np.array([0.72, 0.72, 0.70], dtype=np.float32)
_GLASS = np.array([0.035, 0.045, 0.055], dtype=np.float32)
_LIT_WINDOW = np.array([0.55, 0.42, 0.22], dtype=np.float32)
_FRAME = np.array([0.62, 0.60, 0.57], dtype=np.float32)
_HEADLIGHT = np.array([0.85, 0.86, 0.82], dtype=np.float32)
_TAIL_LIGHT = np.array([0.55, 0.02, 0.02], dtype=np.float32)
_PLATE = np.array([0.75, 0.74, 0.66], dtype=np.float32)
_DARK = np.array([0.02, 0.02, 0.022], dtype=np.float32)
_STRIPE = np.array([0.05, 0.16, 0.42], dtype=np.float32)
_STOREY_M, _BAY_M = 3.1, 2.7
_NOISE_REACH_M = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """N points of surfaces with one pattern. distances_m: (N,) from the viewer, where fine grain fades out."""

    points_m: Float32Array
    normals: Float32Array
    extents_m: Float32Array
    distances_m: Float32Array
    colours: Float32Array

    @property
    def normalised(self) -> Float32Array:
        """Points from -1 to 1 across the extents."""
        return np.asarray(self.points_m / (0.5 * self.extents_m))

    def grain(self, cell_m: float, strength: float) -> Float32Array:
        """(N, 1) brightness factors around 1 that differ from cell to cell, and fade with distance."""
        fade = strength * np.exp(-self.distances_m / _NOISE_REACH_M)
        return np.asarray(1.0 + fade * (2.0 * lattice_noise(self.points_m, cell_m) - 1.0))[:, None]


def lattice_noise(points_m: Float32Array, cell_m: float) -> Float32Array:
    """One number in 0..1 for each cubic cell, the same in every run: an integer hash of the cell's indices."""
    # The small shift keeps faces that lie exactly on a cell's border inside one cell.
    cells = np.floor(points_m / np.float32(cell_m) + np.float32(0.013)).astype(np.int32).astype(np.uint32)
    mixed = cells[:, 0] * np.uint32(73856093) ^ cells[:, 1] * np.uint32(19349663) ^ cells[:, 2] * np.uint32(83492791)
    mixed = (mixed ^ (mixed >> np.uint32(15))) * np.uint32(2246822519)
    mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(3266489917)
    mixed = (mixed ^ (mixed >> np.uint32(16))) >> np.uint32(8)
    return np.asarray(mixed.astype(np.float32) / np.float32(1 << 24))


def paint(
    table: SurfaceTable,
    surfaces: npt.NDArray[np.int64],
    points_m: Float32Array,
    normals: Float32Array,
    distances_m: Float32Array,
) -> Float32Array:
    """Colours (N, 3) of points (N, 3) on surfaces (N,), with points and normals in the frame of their mesh."""
    colours = table.colours[surfaces]
    for pattern, chosen in groups_of(table.patterns[surfaces]):
        if pattern in PATTERNS:
            pattern_of = PATTERNS[Pattern(pattern)]
            extents = table.extents_m[surfaces[chosen]]
            patch = Patch(points_m[chosen], normals[chosen], extents, distances_m[chosen], colours[chosen])
            colours[chosen] = pattern_of(patch)
    return colours


def _within(values: Float32Array, low: float, high: float) -> BoolArray:
    return np.asarray((values >= low) & (values < high))


def road(patch: Patch) -> Float32Array:
    """Asphalt with a dashed centre line, parking lines, a zebra crossing, patches and gutters."""
    x, y = patch.points_m[:, 0], patch.points_m[:, 1]
    side = np.abs(y)
    colours = patch.colours * patch.grain(0.05, 0.10) * (0.95 + 0.10 * lattice_noise(patch.points_m, 7.3))[:, None]
    dashed = (side < 0.07) & (np.mod(x, 6.0) < 3.0)
    edge = _within(side, 3.5, 3.6)
    bays = _within(side, 3.5, 5.6) & (np.mod(x, 6.2) < 0.09)
    zebra = _within(x, 40.0, 43.0) & (np.mod(y + 0.25, 1.0) < 0.5) & (side < 3.4)
    colours[dashed | edge | bays | zebra] = _MARKING
    colours[_within(side, 5.45, 6.0)] *= np.float32(0.72)
    return colours


def tiles(patch: Patch) -> Float32Array:
    """Slabs of 0.75 m with joints."""
    near = np.mod(patch.points_m[:, :2], 0.75) < 0.035
    shade = (0.92 + 0.16 * lattice_noise(patch.points_m, 0.75)) * np.where(near.any(axis=1), 0.72, 1.0)
    return np.asarray(patch.colours * shade.astype(np.float32)[:, None])


def grass(patch: Patch) -> Float32Array:
    """Tufts."""
    return patch.colours * patch.grain(0.2, 0.5)


def foliage(patch: Patch) -> Float32Array:
    """Clumps of leaves, lighter and darker."""
    clumps = 0.75 + 0.5 * lattice_noise(patch.points_m, 0.17)
    return np.asarray(patch.colours * clumps[:, None] * patch.grain(0.11, 0.5))


def facade(patch: Patch) -> Float32Array:
    """Walls with a grid of framed windows, shop fronts on the ground floor, and a cornice."""
    along = np.where(np.abs(patch.normals[:, 1]) > 0.5, 0, 1)
    rows = np.arange(len(along))
    width, height = patch.extents_m[rows, along], patch.extents_m[:, 2]
    across = patch.points_m[rows, along] + 0.5 * width
    above = patch.points_m[:, 2] + 0.5 * height
    bays = np.maximum(np.rint(width / _BAY_M), 1.0)
    bay, storey = across / (width / bays), above / _STOREY_M
    u, v, ground = np.mod(bay, 1.0), np.mod(storey, 1.0), storey < 1.0
    top = above > height - 0.55
    wall = (np.abs(patch.normals[:, 2]) < 0.5) & ~top
    shop_front, window = _within(u, 0.06, 0.94) & (v < 0.86), _within(u, 0.24, 0.76) & _within(v, 0.24, 0.86)
    framed = wall & np.where(ground, shop_front, window)
    glazed = framed & np.where(ground, _within(u, 0.1, 0.9) & _within(v, 0.13, 0.8), _windows(u, v))
    cell = np.stack([np.floor(bay), np.floor(storey), along + np.floor(width)], axis=1).astype(np.float32)
    lit = glazed & (lattice_noise(cell, 1.0) > 0.9)
    colours = patch.colours * (0.96 + 0.08 * lattice_noise(patch.points_m, 0.9))[:, None]
    colours[(patch.normals[:, 2] > 0.5)] *= np.float32(0.45)
    colours[top | (wall & ~ground & _within(v, 0.0, 0.07))] *= np.float32(0.78)
    colours[framed] = _FRAME
    colours[glazed] = _GLASS
    colours[lit] = _LIT_WINDOW
    return colours


def _windows(u: Float32Array, v: Float32Array) -> BoolArray:
    """Two panes with a bar between them."""
    return _within(v, 0.28, 0.82) & (_within(u, 0.27, 0.485) | _within(u, 0.515, 0.73))


def car_body(patch: Patch) -> Float32Array:
    """Paint with lights, grille, number plates, door seams and a dark sill."""
    x, y, z = patch.normalised.T
    side = np.abs(y)
    colours = patch.colours.copy()
    colours[z < -0.66] = _DARK
    seams = (side > 0.85) & (np.abs(patch.normals[:, 0]) < 0.5) & (z > -0.6)
    metres = patch.points_m[:, 0]
    at_seam = np.min(np.abs(metres[:, None] - np.array([-1.0, 0.12, 1.15], dtype=np.float32)), axis=1) < 0.012
    colours[seams & at_seam] *= np.float32(0.25)
    colours[(x > 0.955) & (side < 0.5) & _within(z, -0.5, -0.26)] = _DARK
    colours[(x > 0.9) & _within(side, 0.58, 0.97) & _within(z, -0.3, -0.08)] = _HEADLIGHT
    colours[(x < -0.955) & _within(side, 0.6, 1.1) & _within(z, -0.18, 0.1)] = _TAIL_LIGHT
    colours[(np.abs(x) > 0.955) & (side < 0.27) & _within(z, -0.42, -0.26)] = _PLATE
    return colours


def cabin(patch: Patch) -> Float32Array:
    """Glass all around, with pillars in the body's colour at the corners and between the side windows."""
    x, y, z = patch.normalised.T
    on_side = np.abs(patch.normals[:, 1]) > 0.5
    pillars = on_side & (np.abs(x + 0.12) < 0.02)
    edges = ~on_side & (np.abs(y) > 0.86 - 0.28 * z)
    frame = on_side & ((z > 0.86) | (z < 0.23))
    glazed = ~(pillars | edges | frame)
    colours = patch.colours.copy()
    colours[glazed] = _GLASS
    return colours


def cargo(patch: Patch) -> Float32Array:
    """White panels with ribs, a stripe, and doors and lights at the back."""
    x, y, z = patch.normalised.T
    colours = patch.colours.copy()
    on_side, on_back = np.abs(patch.normals[:, 1]) > 0.5, patch.normals[:, 0] < -0.5
    back = on_back | (x < -0.985)
    colours[on_side & (np.mod(patch.points_m[:, 0], 0.8) < 0.03)] *= np.float32(0.72)
    colours[on_side & _within(z, 0.05, 0.35)] = _STRIPE
    colours[back & ((np.abs(y) < 0.012) | (np.abs(np.abs(y) - 0.95) < 0.02))] *= np.float32(0.35)
    colours[back & (np.abs(y) > 0.8) & _within(z, -0.41, -0.33)] = _TAIL_LIGHT
    return colours


PATTERNS: dict[Pattern, Callable[[Patch], Float32Array]] = {
    Pattern.ROAD: road,
    Pattern.TILES: tiles,
    Pattern.GRASS: grass,
    Pattern.FOLIAGE: foliage,
    Pattern.FACADE: facade,
    Pattern.CAR_BODY: car_body,
    Pattern.CABIN: cabin,
    Pattern.CARGO: cargo,
}
