"""First hits of rays among triangles, by open3d's RaycastingScene (Embree); open3d is imported when it is needed."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration import BoxwrightError, UsageError
from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.scenario.solids.meshes import IndexArray

Int32Array = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

DEBIAN_PACKAGES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libgomp.so.1": "libgomp1",
    "libX11.so.6": "libx11-6",
    "libusb-1.0.so.0": "libusb-1.0-0",
    "libudev.so.1": "libudev1",
    "libidn2.so.0": "libidn2-0",
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
    debian = DEBIAN_PACKAGES.get(library)
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


class RayCaster:
    """Triangles standing still in one frame. Rays are (N, 6) float32: origin, then unit direction, in that frame."""

    def __init__(self, vertices_m: FloatArray, triangles: IndexArray, nthreads: int = 0) -> None:
        tensor = open3d().core.Tensor
        self._nthreads = nthreads
        # Built by one thread: the tree, and with it which of two triangles a ray through their edge meets, is the same.
        self._scene = open3d().t.geometry.RaycastingScene(nthreads=1)
        self._scene.add_triangles(tensor(vertices_m.astype(np.float32)), tensor(triangles.astype(np.uint32)))

    def first(self, rays: Float32Array) -> tuple[Float32Array, npt.NDArray[np.uint32]]:
        """Distances (N,), infinite where nothing is met, and indices of the triangles met (N,)."""
        answer = self._scene.cast_rays(open3d().core.Tensor.from_numpy(rays), nthreads=self._nthreads)
        return answer["t_hit"].numpy(), answer["primitive_ids"].numpy()

    def blocked(self, rays: Float32Array) -> BoolArray:
        """Whether each ray meets anything at all (N,)."""
        tensor = open3d().core.Tensor.from_numpy(rays)
        return np.asarray(self._scene.test_occlusions(tensor, nthreads=self._nthreads).numpy())
