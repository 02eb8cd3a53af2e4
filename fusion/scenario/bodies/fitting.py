"""From meshes drawn about right to bodies of exactly the size asked for, standing on the ground."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibration import RigidTransform
from fusion.scenario.bodies.body import Colour, Size
from fusion.scenario.solids.materials import Surface
from fusion.scenario.solids.meshes import Mesh, join
from fusion.scenario.world import Part


def standing(meshes: Sequence[Mesh], size_m: Size) -> tuple[Part, ...]:
    """One rigid part that touches a cuboid of size_m on all sides and stands on z = 0, its middle above the origin."""
    (fitted,) = fitted_together([join(meshes)], size_m)
    return (Part(fitted),)


def fitted_together(meshes: Sequence[Mesh], size_m: Size) -> list[Mesh]:
    """Meshes in one frame, stretched and moved together until all of them are as in `standing`."""
    low = np.min([mesh.vertices_m.min(axis=0) for mesh in meshes], axis=0)
    high = np.max([mesh.vertices_m.max(axis=0) for mesh in meshes], axis=0)
    scale = np.asarray(size_m) / (high - low)
    origin = np.array([0.5 * (low[0] + high[0]), 0.5 * (low[1] + high[1]), low[2]])
    return [
        Mesh((mesh.vertices_m - origin) * scale, mesh.triangles, mesh.surface_of_triangle, mesh.surfaces)
        for mesh in meshes
    ]


def paint(colour: Colour) -> Surface:
    """Glossy lacquer; a LiDAR gets more from light colours."""
    return Surface(colour, reflectivity=0.2 + 0.6 * max(colour), gloss=0.5)


def plastic(colour: Colour) -> Surface:
    """Slightly glossy, of one colour."""
    return Surface(colour, reflectivity=0.2 + 0.5 * max(colour), gloss=0.12)


def moved(mesh: Mesh, x_m: float = 0.0, y_m: float = 0.0, z_m: float = 0.0) -> Mesh:
    """The mesh elsewhere, in the same orientation."""
    return mesh.placed(RigidTransform.from_yaw(0.0, [x_m, y_m, z_m]))
