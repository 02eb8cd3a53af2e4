"""Solids between cross-sections: hulls, prisms, rings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.scenario.solids.materials import Surface
from fusion.scenario.solids.meshes import IndexArray, Mesh

_NO_AREA_M2 = 1e-9


def loft(
    sections_m: npt.ArrayLike,
    surfaces: Sequence[Surface],
    surface_of_quad: npt.ArrayLike | None = None,
    *,
    closed: bool = True,
    caps: Surface | None = None,
) -> Mesh:
    """The skin between sections (S, P, 3), metres, each a line of P points.

    surface_of_quad: (S - 1, P), or (S - 1, P - 1) if not closed: index into surfaces; all 0 without it. closed: the
    last point of each section is joined to its first. caps: surface of flat ends (of convex sections), None for open
    ones.
    """
    sections = np.asarray(sections_m, dtype=np.float64)
    count, points, _ = sections.shape
    across = points if closed else points - 1
    s, p = np.meshgrid(np.arange(count - 1), np.arange(across), indexing="ij")
    a, b = s * points + p, s * points + (p + 1) % points
    quads = np.stack([np.stack([a, a + points, b], -1), np.stack([b, a + points, b + points], -1)], axis=2)
    of_quad = np.zeros((count - 1, across), np.int64) if surface_of_quad is None else np.asarray(surface_of_quad)
    sides = (sections.reshape(-1, 3), quads.reshape(-1, 3), np.repeat(of_quad.reshape(-1).astype(np.int64), 2))
    listed = tuple(surfaces)
    if caps is None:
        return _with_area(Mesh(*sides, listed))
    return _with_area(_capped(sections, sides, (*listed, caps)))


def _capped(
    sections_m: FloatArray, sides: tuple[FloatArray, IndexArray, IndexArray], surfaces: tuple[Surface, ...]
) -> Mesh:
    """Both ends closed by fans around the middle of the section."""
    vertices, triangles, rows = sides
    count, points, _ = sections_m.shape
    around = np.arange(points)
    following = (around + 1) % points
    last = (count - 1) * points
    first_middle = np.full(points, len(vertices))
    fans = [
        np.stack([first_middle, around, following], axis=-1),
        np.stack([first_middle + 1, last + following, last + around], axis=-1),
    ]
    middles = np.stack([sections_m[0].mean(axis=0), sections_m[-1].mean(axis=0)])
    return Mesh(
        np.concatenate([vertices, middles]),
        np.concatenate([triangles, *fans]),
        np.concatenate([rows, np.full(2 * points, len(surfaces) - 1)]),
        surfaces,
    )


def _with_area(mesh: Mesh) -> Mesh:
    """Without the triangles of which two corners coincide."""
    corners = mesh.vertices_m[mesh.triangles]
    doubled = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    kept = doubled > 2.0 * _NO_AREA_M2
    return Mesh(mesh.vertices_m, mesh.triangles[kept], mesh.surface_of_triangle[kept], mesh.surfaces)


def prism(profile_m: Sequence[tuple[float, float]], y_m: tuple[float, float], surface: Surface) -> Mesh:
    """A convex side view (x, z) extruded from y_m[0] to y_m[1]."""
    flat = np.asarray(profile_m, dtype=np.float64)
    sections = [np.stack([flat[:, 0], np.full(len(flat), y), flat[:, 1]], axis=-1) for y in y_m]
    return loft(np.stack(sections), [surface], caps=surface)


def ring(
    centre_m: tuple[float, float, float], radius_m: float, tube_m: float, surface: Surface, *, sides: int = 20
) -> Mesh:
    """A tyre about the y axis: outer radius, and radius of the tube, which is square."""
    around = 2.0 * np.pi * np.arange(sides + 1) / sides
    corners = np.array([(0.0, -tube_m), (0.0, tube_m), (-2.0 * tube_m, tube_m), (-2.0 * tube_m, -tube_m)])
    radii = radius_m + corners[:, 0]
    sections = np.stack(
        [
            np.cos(around)[:, None] * radii,
            np.broadcast_to(corners[:, 1], (sides + 1, 4)),
            np.sin(around)[:, None] * radii,
        ],
        axis=-1,
    )
    return loft(sections + np.asarray(centre_m), [surface])


def tube(points_m: Sequence[tuple[float, float, float]], radius_m: float, surface: Surface, *, sides: int = 6) -> Mesh:
    """A bent pipe through points; it keeps its thickness where it bends gently."""
    line = np.asarray(points_m, dtype=np.float64)
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    reference = np.array([0.0, 1.0, 0.0]) if abs(along[:, 1]).max() < 0.9 else np.array([0.0, 0.0, 1.0])
    first = np.cross(along, reference)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(along, first)
    angles = 2.0 * np.pi * np.arange(sides) / sides
    circle = np.cos(angles)[None, :, None] * first[:, None] + np.sin(angles)[None, :, None] * second[:, None]
    return loft(line[:, None] + radius_m * circle, [surface], caps=surface)
