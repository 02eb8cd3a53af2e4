"""Compiled steps of casting rays at moving things: who may be met, rays in a mesh's own frame, the nearest hit."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.scenario.sensing.ray_caster import Int32Array

_BLOCK = 64
"""So many neighbouring rays are ruled out together."""
_HALF_PI = 0.5 * np.pi
_EDGE_ON_M = 0.5
"""Where the plane of the selected triangle is met farther than this from where Embree says, it is seen edge on."""
_RUN_UP_M = 0.05
"""Rays that are cast in a mesh's frame start this far before its bounding sphere, where float32 is finest."""


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _block_cone(origins: FloatArray, directions: FloatArray, start: int, end: int, cone: FloatArray) -> None:
    """Cone about rays start to end: cone = origin (3), axis (3), half-angle, radius of the origins."""
    cone[:] = 0.0
    for ray in range(start, end):
        for i in range(3):
            cone[i] += origins[ray, i] / (end - start)
            cone[3 + i] += directions[ray, i]
    norm = max(np.sqrt(cone[3] ** 2 + cone[4] ** 2 + cone[5] ** 2), 1e-12)
    for i in range(3):
        cone[3 + i] /= norm
    cosine, spread = 1.0, 0.0
    for ray in range(start, end):
        dot, apart = 0.0, 0.0
        for i in range(3):
            dot += cone[3 + i] * directions[ray, i]
            apart += (origins[ray, i] - cone[i]) ** 2
        cosine, spread = min(cosine, dot), max(spread, apart)
    cone[6], cone[7] = np.arccos(min(max(cosine, -1.0), 1.0)), np.sqrt(spread)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _may_meet(
    cone: FloatArray, centres: FloatArray, actor: int, first: int, last: int, radius: float, reach_m: float
) -> Any:
    """Whether any ray in a cone can come within `radius` of an actor on its first `reach_m` metres.

    centres: (S, A, 3); the cone's rays belong to shots `first` to `last`.
    """
    distance, along, moved = 0.0, 0.0, 0.0
    for i in range(3):
        to_centre = centres[first, actor, i] - cone[i]
        distance += to_centre * to_centre
        along += to_centre * cone[3 + i]
        moved += abs(centres[last, actor, i] - centres[first, actor, i])
    distance, grown = np.sqrt(distance), radius + cone[7] + moved
    if distance <= grown:
        return True
    if distance - grown >= reach_m or (cone[6] < _HALF_PI and along < -grown):
        return False
    return np.arccos(min(max(along / distance, -1.0), 1.0)) <= cone[6] + np.arcsin(grown / distance)


@numba.njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _meets(x: float, y: float, z: float, along: float, radius: float) -> Any:
    """Whether a ray passes through a sphere at x, y, z from its origin; along: how far ahead that is."""
    distance = x * x + y * y + z * z
    return distance - along * along <= radius * radius and (along >= 0.0 or distance <= radius * radius)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def candidates(
    origins: FloatArray,
    directions: FloatArray,
    shots: Int32Array,
    centres: FloatArray,
    radii: FloatArray,
    reach_m: float,
) -> Any:
    """Pairs (M, 2) int32 of actor and ray that may meet: centres (S, A, 3) of their bounding spheres, radii (A,)."""
    count, actors = len(shots), len(radii)
    pairs, used = np.empty((count + 1024, 2), dtype=np.int32), 0
    cone, near = np.empty(8), np.empty(actors, dtype=np.int32)
    for start in range(0, count, _BLOCK):
        end = min(start + _BLOCK, count)
        _block_cone(origins, directions, start, end, cone)
        first, last, nearby = shots[start], shots[end - 1], 0
        for actor in range(actors):
            if _may_meet(cone, centres, actor, first, last, radii[actor], reach_m):
                near[nearby] = actor
                nearby += 1
        if used + nearby * _BLOCK > len(pairs):
            grown = np.empty((2 * len(pairs) + nearby * _BLOCK, 2), dtype=np.int32)
            grown[:used] = pairs[:used]
            pairs = grown
        for ray in range(start, end):
            shot = shots[ray]
            for i in range(nearby):
                x = centres[shot, near[i], 0] - origins[ray, 0]
                y = centres[shot, near[i], 1] - origins[ray, 1]
                z = centres[shot, near[i], 2] - origins[ray, 2]
                along = x * directions[ray, 0] + y * directions[ray, 1] + z * directions[ray, 2]
                if _meets(x, y, z, along, radii[near[i]]):
                    pairs[used, 0], pairs[used, 1] = near[i], ray
                    used += 1
    return pairs[:used]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def by_actor(pairs: Int32Array, actors: int) -> Any:
    """Rays (M,) of `candidates`, ascending for one actor after another; and where each actor's begin (A + 1,)."""
    begins = np.zeros(actors + 1, dtype=np.int64)
    for pair in range(len(pairs)):
        begins[pairs[pair, 0] + 1] += 1
    for actor in range(actors):
        begins[actor + 1] += begins[actor]
    rays, filled = np.empty(len(pairs), dtype=np.int64), begins.copy()
    for pair in range(len(pairs)):
        actor = pairs[pair, 0]
        rays[filled[actor]] = pairs[pair, 1]
        filled[actor] += 1
    return rays, begins


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def into_mesh(
    origins: FloatArray,
    directions: FloatArray,
    chosen: npt.NDArray[np.int64],
    pose_of_ray: npt.NDArray[np.int64],
    poses: FloatArray,
    centre: FloatArray,
    radius: float,
) -> Any:
    """Of the chosen rays (C,), those (K,) that pass through a mesh's bounding sphere, in its frame.

    pose_of_ray: (C,) row of poses (P, 4, 4), world_from_mesh. Returns indices into `chosen` (K,), rays (K, 6) float32
    that start near the sphere, and by how much they start later (K,).
    """
    kept, starts = np.empty(len(chosen), dtype=np.int64), np.empty(len(chosen))
    local, used = np.empty((len(chosen), 6), dtype=np.float32), 0
    origin, direction = np.empty(3), np.empty(3)
    for c in range(len(chosen)):
        _into_frame(poses[pose_of_ray[c]], origins[chosen[c]], directions[chosen[c]], origin, direction)
        x, y, z = centre[0] - origin[0], centre[1] - origin[1], centre[2] - origin[2]
        along = x * direction[0] + y * direction[1] + z * direction[2]
        if not _meets(x, y, z, along, radius):
            continue
        start = max(along - radius - _RUN_UP_M, 0.0)
        for i in range(3):
            local[used, i] = origin[i] + start * direction[i]
            local[used, 3 + i] = direction[i]
        kept[used], starts[used] = c, start
        used += 1
    return kept[:used], local[:used], starts[:used]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _into_frame(
    pose: FloatArray, origin: FloatArray, direction: FloatArray, local_origin: FloatArray, local_direction: FloatArray
) -> None:
    """A ray of the world in the frame of world_from_frame (4, 4)."""
    x, y, z = origin[0] - pose[0, 3], origin[1] - pose[1, 3], origin[2] - pose[2, 3]
    for i in range(3):
        local_origin[i] = pose[0, i] * x + pose[1, i] * y + pose[2, i] * z
        local_direction[i] = pose[0, i] * direction[0] + pose[1, i] * direction[1] + pose[2, i] * direction[2]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def keep_nearest(
    origins: FloatArray,
    directions: FloatArray,
    rays: npt.NDArray[np.int64],
    poses: FloatArray,
    pose_of_ray: npt.NDArray[np.int64],
    selected_m: FloatArray,
    triangles: npt.NDArray[np.uint32],
    planes: FloatArray,
    surface_of_triangle: Int32Array,
    actor: int,
    ranges_m: FloatArray,
    actors: Int32Array,
    surfaces: Int32Array,
    points: Float32Array,
    local_normals: Float32Array,
    normals: Float32Array,
    alone_m: FloatArray,
) -> None:
    """Take rays (K,) with the triangles that they met into the hits, where they are nearer than what is known.

    Distances are worked out anew in float64 from the triangles' planes (T, 4), unit normal and offset. selected_m: (K,)
    as Embree has them; infinite for a miss. alone_m: (K,) is lowered to the distance.
    """
    origin, direction = np.empty(3), np.empty(3)
    for k in range(len(rays)):
        if not np.isfinite(selected_m[k]):
            continue
        ray, pose, plane = rays[k], poses[pose_of_ray[k]], planes[triangles[k]]
        _into_frame(pose, origins[ray], directions[ray], origin, direction)
        facing = plane[0] * direction[0] + plane[1] * direction[1] + plane[2] * direction[2]
        height = plane[3] - plane[0] * origin[0] - plane[1] * origin[1] - plane[2] * origin[2]
        distance = height / facing if abs(facing) > 1e-9 else selected_m[k]
        # A triangle that Embree met edge on has a plane that the ray may meet anywhere.
        if abs(distance - selected_m[k]) > _EDGE_ON_M:
            distance = selected_m[k]
        alone_m[k] = min(alone_m[k], distance)
        if not distance < ranges_m[ray]:
            continue
        ranges_m[ray], actors[ray], surfaces[ray] = distance, actor, surface_of_triangle[triangles[k]]
        sign = -1.0 if facing > 0.0 else 1.0
        for i in range(3):
            points[ray, i] = origin[i] + distance * direction[i]
            local_normals[ray, i] = sign * plane[i]
            normals[ray, i] = sign * (pose[i, 0] * plane[0] + pose[i, 1] * plane[1] + pose[i, 2] * plane[2])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def relative_rays(origins: FloatArray, directions: FloatArray, base: FloatArray) -> Any:
    """Rays (N, 6) float32 with origins counted from a base (3,) near them."""
    rays = np.empty((len(origins), 6), dtype=np.float32)
    for ray in range(len(origins)):
        for i in range(3):
            rays[ray, i] = origins[ray, i] - base[i]
            rays[ray, 3 + i] = directions[ray, i]
    return rays


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def product(first: FloatArray, second: FloatArray) -> Any:
    """Products (P, 4, 4) of rigid matrices (P or 1, 4, 4)."""
    count = max(len(first), len(second))
    result = np.zeros((count, 4, 4))
    for p in range(count):
        a, b = first[p if len(first) > 1 else 0], second[p if len(second) > 1 else 0]
        for i in range(3):
            for j in range(4):
                result[p, i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j]
            result[p, i, 3] += a[i, 3]
        result[p, 3, 3] = 1.0
    return result


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def rows_of(triangles: npt.NDArray[np.uint32], row_of_triangle: npt.NDArray[np.int64]) -> Any:
    """Row (K,) of the triangle that each ray met, 0 for a miss."""
    rows = np.zeros(len(triangles), dtype=np.int64)
    for k in range(len(triangles)):
        if triangles[k] < len(row_of_triangle):
            rows[k] = row_of_triangle[triangles[k]]
    return rows
