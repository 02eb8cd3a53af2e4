"""Rays against triangle meshes, by open3d's RaycastingScene (Embree); open3d is imported when the first ray is cast."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration import BoxwrightError, RigidTransform, UsageError
from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.scenario.materials import SurfaceTable
from fusion.scenario.meshes import Mesh, join

_DEBIAN_PACKAGES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libgomp.so.1": "libgomp1",
    "libX11.so.6": "libx11-6",
    "libusb-1.0.so.0": "libusb-1.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
}
_INSTALL = "pip install 'boxwright[simulation]'"


def missing_part(package: str, error: ImportError | OSError) -> BoxwrightError:
    """What to tell a user when `package` cannot be imported: which pip extra or which Debian package is missing."""
    found = re.search(r"(lib[\w.+-]+\.so(?:\.\d+)*)", str(error))
    if found is None and isinstance(error, OSError):
        return BoxwrightError(f"{package} cannot be loaded ({error})", do="see its installation notes")
    if found is None:
        return UsageError(f"synthetic worlds need {package}, which is not installed", do=_INSTALL)
    library = found.group(1)
    debian = _DEBIAN_PACKAGES.get(library)
    remedy = f"apt-get install {debian}" if debian else "install the system package that provides it"
    return BoxwrightError(f"{package} needs the system library {library}, which is missing", do=remedy)


@cache
def open3d() -> Any:
    """The open3d package. Raises UsageError if it is not installed, BoxwrightError if a system library is missing."""
    try:
        import open3d as package
    except (ImportError, OSError) as error:
        raise missing_part("open3d", error) from error
    return package


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Where N rays ended.

    distances_m: (N,) float32, infinite for a ray that met nothing; then bodies and surfaces are -1.
    bodies: (N,) which mesh; surfaces: (N,) row of the caster's surface table; normals: (N, 3) facing the viewer.
    """

    distances_m: Float32Array
    bodies: npt.NDArray[np.int64]
    surfaces: npt.NDArray[np.int64]
    normals: Float32Array


class RayCaster:
    """Meshes standing still in one frame, ready to be hit by rays in that frame."""

    def __init__(self, meshes: Sequence[Mesh], frame_from_mesh: Sequence[RigidTransform]) -> None:
        whole = join([mesh.placed(pose) for mesh, pose in zip(meshes, frame_from_mesh, strict=True)])
        tensor = open3d().core.Tensor
        self._scene = open3d().t.geometry.RaycastingScene()
        self._scene.add_triangles(
            tensor(whole.vertices_m.astype(np.float32)), tensor(whole.triangles.astype(np.uint32))
        )
        self._surface_of_triangle = whole.surface_of_triangle
        self._body_of_triangle = np.repeat(np.arange(len(meshes)), [len(mesh.triangles) for mesh in meshes])
        self._frame_from_mesh = tuple(frame_from_mesh)
        self.surfaces = SurfaceTable.of(whole.surfaces)

    def cast(self, origins_m: npt.ArrayLike, directions: npt.NDArray[Any]) -> Hits:
        """First hits of rays from origins (N, 3) or (3,) along unit directions (N, 3)."""
        rays = _rays(origins_m, directions)
        answer = self._scene.cast_rays(open3d().core.Tensor.from_numpy(rays))
        distances = answer["t_hit"].numpy()
        hit = np.isfinite(distances)
        triangles = np.where(hit, answer["primitive_ids"].numpy(), 0)
        normals = answer["primitive_normals"].numpy()
        away = np.einsum("ij,ij->i", normals, rays[:, 3:]) > 0.0
        return Hits(
            distances_m=distances,
            bodies=np.where(hit, self._body_of_triangle[triangles], -1),
            surfaces=np.where(hit, self._surface_of_triangle[triangles], -1),
            normals=np.where(away[:, None], -normals, normals),
        )

    def blocked(self, origins_m: npt.NDArray[Any], direction: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether anything lies between points (N, 3) and infinity along one direction (3,)."""
        rays = _rays(origins_m, np.broadcast_to(direction, origins_m.shape))
        return np.asarray(self._scene.test_occlusions(open3d().core.Tensor.from_numpy(rays)).numpy())

    def in_mesh(
        self, bodies: npt.NDArray[np.int64], points_m: Float32Array, normals: Float32Array
    ) -> tuple[Float32Array, Float32Array]:
        """Points and normals (N, 3) in the frames of the meshes (N,) that they lie on."""
        local_points, local_normals = points_m.copy(), normals.copy()
        for body, chosen in groups_of(bodies):
            matrix = self._frame_from_mesh[body].inverse().matrix.astype(np.float32)
            local_points[chosen] = points_m[chosen] @ matrix[:3, :3].T + matrix[:3, 3]
            local_normals[chosen] = normals[chosen] @ matrix[:3, :3].T
        return local_points, local_normals


def groups_of(labels: npt.NDArray[Any]) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Each label (0 to 32767) that occurs among (N,), with the indices at which it does."""
    # 16-bit labels are sorted by radix: ten times faster than one comparison for each label.
    order = np.argsort(labels.astype(np.int16), kind="stable")
    counts = np.bincount(labels)
    ends = np.cumsum(counts)
    for label in np.flatnonzero(counts):
        yield int(label), order[ends[label] - counts[label] : ends[label]]


def _rays(origins_m: npt.ArrayLike, directions: npt.NDArray[Any]) -> Float32Array:
    rays = np.empty((len(directions), 6), dtype=np.float32)
    rays[:, :3] = origins_m
    rays[:, 3:] = directions
    return rays
