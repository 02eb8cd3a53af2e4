"""What is cast at: all props as one piece, the fixed parts of an actor as one, and each part that moves on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.scenario.sensing.meeting import relative_rays, rows_of
from fusion.scenario.sensing.ray_caster import BoolArray, Int32Array, RayCaster
from fusion.scenario.sensing.rays import Rays
from fusion.scenario.solids.materials import Surface
from fusion.scenario.solids.meshes import Mesh, join
from fusion.scenario.world import Actor, PoseAt, Prop

_CELL_M = 512.0
_CELLS_KEPT = 4

SurfaceRows = dict[Surface, int]
"""Row of the scene's surface table for each surface, in order of appearance."""


@dataclass(frozen=True, slots=True, eq=False)
class Facets:
    """The triangles of a mesh. planes: (T, 4) float64 unit normal and offset in its frame; surfaces: (T,) rows."""

    planes: FloatArray
    surfaces: Int32Array

    @staticmethod
    def of(mesh: Mesh, rows: SurfaceRows) -> Facets:
        """New surfaces get the next rows."""
        corners = mesh.vertices_m[mesh.triangles]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
        offsets = np.einsum("ij,ij->i", normals, corners[:, 0])
        new = np.array([rows.setdefault(surface, len(rows)) for surface in mesh.surfaces], dtype=np.int32)
        return Facets(np.column_stack([normals, offsets]), new[mesh.surface_of_triangle])


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A mesh of an actor that is rigid. centre (3,), radius_m: a sphere about it; object_from_part as in `Part`."""

    caster: RayCaster
    facets: Facets
    centre: FloatArray
    radius_m: float
    object_from_part: PoseAt | None

    @staticmethod
    def of(mesh: Mesh, object_from_part: PoseAt | None, rows: SurfaceRows, nthreads: int) -> Piece:
        """Ready to be cast at."""
        centre = 0.5 * (mesh.vertices_m.min(axis=0) + mesh.vertices_m.max(axis=0))
        radius = float(np.linalg.norm(mesh.vertices_m - centre, axis=1).max()) + 1e-6
        caster = RayCaster(mesh.vertices_m, mesh.triangles, nthreads)
        return Piece(caster, Facets.of(mesh, rows), centre, radius, object_from_part)


@dataclass(frozen=True, slots=True, eq=False)
class CastActor:
    """An actor as pieces. radius_m: of a sphere about its origin that holds it at all times."""

    actor: Actor
    pieces: tuple[Piece, ...]
    radius_m: float

    @staticmethod
    def of(actor: Actor, rows: SurfaceRows, nthreads: int) -> CastActor:
        """Parts that are fixed are joined to one piece."""
        fixed = [part.mesh for part in actor.parts if part.object_from_part is None]
        bodies: list[tuple[Mesh, PoseAt | None]] = [(join(fixed), None)] if fixed else []
        bodies += [(part.mesh, part.object_from_part) for part in actor.parts if part.object_from_part is not None]
        reach = [float(np.linalg.norm(mesh.vertices_m, axis=1).max()) for mesh in fixed]
        radius = max([0.5 * float(np.linalg.norm(actor.size_m)), *reach]) + 0.01
        return CastActor(actor, tuple(Piece.of(mesh, pose, rows, nthreads) for mesh, pose in bodies), radius)


class StandingProps:
    """All props, in the world. Rays are cast relative to a point near them, where float32 is fine enough."""

    def __init__(self, props: Sequence[Prop], rows: SurfaceRows, nthreads: int) -> None:
        self._nthreads = nthreads
        self._placed = join([prop.mesh.placed(prop.world_from_mesh) for prop in props])
        facets = [Facets.of(prop.mesh, rows) for prop in props]
        self.facets = Facets(
            np.concatenate([each.planes for each in facets]), np.concatenate([each.surfaces for each in facets])
        )
        self.world_from_mesh = np.stack([prop.world_from_mesh.matrix for prop in props])
        self._prop_of_triangle = np.repeat(np.arange(len(props)), [len(prop.mesh.triangles) for prop in props])
        self._caster_at = lru_cache(maxsize=_CELLS_KEPT)(self._relative_to)

    def first(self, rays: Rays) -> tuple[Float32Array, npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
        """Distances (N,), triangles (N,) and the props that they belong to (N,)."""
        caster, near = self._near(rays)
        distances, triangles = caster.first(near)
        return distances, triangles, rows_of(triangles, self._prop_of_triangle)

    def blocked(self, rays: Rays) -> BoolArray:
        """Whether each ray meets any prop (N,)."""
        caster, near = self._near(rays)
        return caster.blocked(near)

    def _near(self, rays: Rays) -> tuple[RayCaster, Float32Array]:
        """A caster whose origin is the middle of the cell of the first ray, and the rays relative to it."""
        base = (np.floor(rays.origins_m[0] / _CELL_M) + 0.5) * _CELL_M
        caster = self._caster_at(float(base[0]), float(base[1]), float(base[2]))
        return caster, relative_rays(rays.origins_m, rays.directions, base)

    def _relative_to(self, x_m: float, y_m: float, z_m: float) -> RayCaster:
        near = self._placed.vertices_m - np.array([x_m, y_m, z_m])
        return RayCaster(near, self._placed.triangles, self._nthreads)
