"""Triangle meshes, and the few solids that everything in a scenario is built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.scenario.solids.materials import Surface

IndexArray = npt.NDArray[np.int64]
Rectangle = tuple[float, float, float, float]
"""min x, max x, min y, max y."""

_BOX_QUADS = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """vertices_m: (V, 3) float64; triangles: (T, 3) vertex indices; surface_of_triangle: (T,) index into surfaces."""

    vertices_m: FloatArray
    triangles: IndexArray
    surface_of_triangle: IndexArray
    surfaces: tuple[Surface, ...]

    def placed(self, target_from_mesh: RigidTransform) -> Mesh:
        """The same mesh in another frame."""
        return Mesh(target_from_mesh.apply(self.vertices_m), self.triangles, self.surface_of_triangle, self.surfaces)

    def fitted(self, size_m: tuple[float, float, float]) -> Mesh:
        """Centred on the origin and stretched along each axis until it touches a cuboid of that size on all sides."""
        low, high = self.vertices_m.min(axis=0), self.vertices_m.max(axis=0)
        scale = np.asarray(size_m) / (high - low)
        centred = (self.vertices_m - 0.5 * (low + high)) * scale
        return Mesh(centred, self.triangles, self.surface_of_triangle, self.surfaces)


def _solid(vertices_m: npt.ArrayLike, triangles: npt.ArrayLike, surface: Surface) -> Mesh:
    indices = np.asarray(triangles, dtype=np.int64)
    return Mesh(np.asarray(vertices_m, dtype=np.float64), indices, np.zeros(len(indices), dtype=np.int64), (surface,))


def join(meshes: Sequence[Mesh]) -> Mesh:
    """All meshes, already in one frame, as one; equal surfaces are listed once."""
    surfaces = tuple(dict.fromkeys(surface for mesh in meshes for surface in mesh.surfaces))
    vertices_before = np.cumsum([0] + [len(mesh.vertices_m) for mesh in meshes])
    row_of = {surface: row for row, surface in enumerate(surfaces)}
    renumbered = [np.array([row_of[surface] for surface in mesh.surfaces]) for mesh in meshes]
    return Mesh(
        np.concatenate([mesh.vertices_m for mesh in meshes]),
        np.concatenate([mesh.triangles + before for mesh, before in zip(meshes, vertices_before, strict=False)]),
        np.concatenate([new[mesh.surface_of_triangle] for mesh, new in zip(meshes, renumbered, strict=True)]),
        surfaces,
    )


def frustum(bottom: Rectangle, top: Rectangle, z_m: tuple[float, float], surface: Surface) -> Mesh:
    """Six-sided solid between two axis-aligned rectangles at heights z_m[0] and z_m[1]."""
    vertices = [
        (x, y, height)
        for (x0, x1, y0, y1), height in ((bottom, z_m[0]), (top, z_m[1]))
        for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    ]
    triangles = [corners for a, b, c, d in _BOX_QUADS for corners in ((a, b, c), (a, c, d))]
    return _solid(vertices, triangles, surface)


def box(footprint: Rectangle, z_m: tuple[float, float], surface: Surface) -> Mesh:
    """Axis-aligned box."""
    return frustum(footprint, footprint, z_m, surface)


def limb(
    bottom: tuple[float, float],
    top: tuple[float, float],
    z_m: tuple[float, float],
    widths: tuple[float, float],
    surface: Surface,
) -> Mesh:
    """Slanted square column between centres bottom and top (x, y), with the widths at either end."""
    rectangles = [
        (x - 0.5 * width, x + 0.5 * width, y - 0.5 * width, y + 0.5 * width)
        for (x, y), width in zip((bottom, top), widths, strict=True)
    ]
    return frustum(rectangles[0], rectangles[1], z_m, surface)


def cylinder(
    start_m: tuple[float, float, float],
    end_m: tuple[float, float, float],
    radius_m: float,
    surface: Surface,
    *,
    sides: int = 16,
) -> Mesh:
    """Closed cylinder along any axis."""
    return tapered(start_m, end_m, (radius_m, radius_m), surface, sides=sides)


def tapered(
    start_m: tuple[float, float, float],
    end_m: tuple[float, float, float],
    radii_m: tuple[float, float],
    surface: Surface,
    *,
    sides: int = 16,
) -> Mesh:
    """Closed frustum of a cone along any axis, with the radii at start and end."""
    start, end = np.asarray(start_m), np.asarray(end_m)
    axis = (end - start) / np.linalg.norm(end - start)
    across = np.cross(axis, [1.0, 0.0, 0.0] if abs(axis[0]) < 0.9 else [0.0, 1.0, 0.0])
    across /= np.linalg.norm(across)
    angles = 2.0 * np.pi * np.arange(sides) / sides
    ring = np.cos(angles)[:, None] * across + np.sin(angles)[:, None] * np.cross(axis, across)
    vertices = np.concatenate([start + radii_m[0] * ring, end + radii_m[1] * ring, [start], [end]])
    triangles = []
    for i in range(sides):
        j = (i + 1) % sides
        triangles += [(i, j, sides + i), (j, sides + j, sides + i)]
        triangles += [(2 * sides, j, i), (2 * sides + 1, sides + i, sides + j)]
    return _solid(vertices, triangles, surface)


def ellipsoid(
    centre_m: tuple[float, float, float], radii_m: tuple[float, float, float], surface: Surface, *, rings: int = 8
) -> Mesh:
    """Ellipsoid of `rings` bands and twice as many slices."""
    slices = 2 * rings
    polar = np.pi * np.arange(rings + 1) / rings
    around = 2.0 * np.pi * np.arange(slices) / slices
    unit = np.stack(
        [
            np.outer(np.sin(polar), np.cos(around)),
            np.outer(np.sin(polar), np.sin(around)),
            np.outer(np.cos(polar), np.ones(slices)),
        ],
        axis=-1,
    )
    triangles = []
    for i in range(rings):
        for j in range(slices):
            a, b = i * slices + j, i * slices + (j + 1) % slices
            # At a pole all vertices of the ring coincide, and one of the two has no area.
            triangles += [(a, a + slices, b)] if i > 0 else []
            triangles += [(b, a + slices, b + slices)] if i < rings - 1 else []
    return _solid(unit.reshape(-1, 3) * np.asarray(radii_m) + np.asarray(centre_m), triangles, surface)
