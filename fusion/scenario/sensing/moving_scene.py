"""A world ready to be hit by rays, each at its own moment: motion distortion and rolling shutters are exact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.scenario.sensing.meeting import by_actor, candidates, into_mesh, keep_nearest
from fusion.scenario.sensing.moments import Moments
from fusion.scenario.sensing.pieces import CastActor, Facets, Piece, StandingProps, SurfaceRows
from fusion.scenario.sensing.ray_caster import BoolArray
from fusion.scenario.sensing.rays import NOBODY, Alone, Hits, Rays
from fusion.scenario.solids.materials import Surface, SurfaceTable
from fusion.scenario.world import World
from fusion.timeline import Int64Array

_GUIDE_STEP_NS = 10_000_000
_SLACK_M = 0.02


_NO_SURFACE = Surface((0.0, 0.0, 0.0))
"""Of an empty world: no ray ever meets it."""


class MovingScene:
    """Built once, cast many times. nthreads: of the ray caster, 0 for all; results do not depend on it."""

    def __init__(self, world: World, *, nthreads: int = 0) -> None:
        rows: SurfaceRows = {}
        self.world = world
        self._props = StandingProps(world.props, rows, nthreads) if world.props else None
        self._actors = tuple(CastActor.of(actor, rows, nthreads) for actor in world.actors)
        self.surfaces = SurfaceTable.of(tuple(rows) or (_NO_SURFACE,))

    def cast(
        self, world_from_sensor: RigidTransform, times_ns: Int64Array, directions_in_sensor: FloatArray
    ) -> tuple[Rays, Hits]:
        """S shots at times (S,) from poses (S,) along unit directions (S, B, 3); ray s * B + b is beam b of shot s."""
        rays = Rays.fired(world_from_sensor, directions_in_sensor)
        return rays, self.first_hits(rays, self.moments(times_ns))

    def moments(self, times_ns: Int64Array) -> Moments:
        """For several casts at the same times (S,) int64 ns."""
        return Moments(self._actors, times_ns)

    def first_hits(self, rays: Rays, moments: Moments, *, reach_m: float = np.inf, only: int | None = None) -> Hits:
        """What rays meet first; rays.shots are indices of the moments.

        reach_m: actors that are farther may be left out. only: with everything else gone but this actor.
        """
        hits = _nothing(len(rays))
        if len(rays) == 0:
            return hits
        if self._props is not None and only is None:
            distances, triangles, props = self._props.first(rays)
            everyone = np.arange(len(rays))
            scratch = np.full(len(rays), np.inf)
            poses = self._props.world_from_mesh
            _take(hits, rays, everyone, poses, props, distances, triangles, self._props.facets, NOBODY, scratch)
        alone = [
            self._take_actor(hits, rays, moments, index, chosen)
            for index, chosen in self._candidates(rays, moments, reach_m)
            if only is None or index == only
        ]
        return _with_alone(hits, alone)

    def blocked(self, rays: Rays, moments: Moments) -> BoolArray:
        """Whether anything at all lies on each ray (N,)."""
        blocked = self._props.blocked(rays) if self._props is not None and len(rays) else np.zeros(len(rays), bool)
        for index, chosen in self._candidates(rays, moments, np.inf):
            open_rays = chosen[~blocked[chosen]]
            if len(open_rays):
                for piece, poses, pose_of_ray in moments.pieces(index, rays.shots[open_rays]):
                    kept, local, _ = _into(piece, rays, open_rays, poses, pose_of_ray)
                    blocked[open_rays[kept]] |= piece.caster.blocked(local)
        return blocked

    def _take_actor(
        self, hits: Hits, rays: Rays, moments: Moments, index: int, chosen: Int64Array
    ) -> tuple[int, Int64Array, FloatArray]:
        alone_m = np.full(len(chosen), np.inf)
        for piece, poses, pose_of_ray in moments.pieces(index, rays.shots[chosen]):
            kept, local, starts = _into(piece, rays, chosen, poses, pose_of_ray)
            if len(kept):
                distances, triangles = piece.caster.first(local)
                met, at = chosen[kept], pose_of_ray[kept]
                nearest_m = alone_m[kept]
                _take(hits, rays, met, poses, at, distances + starts, triangles, piece.facets, index, nearest_m)
                alone_m[kept] = nearest_m
        seen = np.flatnonzero(np.isfinite(alone_m))
        return index, chosen[seen], alone_m[seen]

    def _candidates(self, rays: Rays, moments: Moments, reach_m: float) -> Iterator[tuple[int, Int64Array]]:
        """Actors, each with the rays (ascending) that may meet it."""
        if not self._actors or not len(rays):
            return
        centres, radii = moments.guides
        pairs = candidates(rays.origins_m, rays.directions, rays.shots, centres, radii, reach_m)
        chosen, begins = by_actor(pairs, len(self._actors))
        for index in np.flatnonzero(np.diff(begins)):
            yield int(index), chosen[begins[index] : begins[index + 1]]


def _into(
    piece: Piece, rays: Rays, chosen: Int64Array, poses: FloatArray, pose_of_ray: Int64Array
) -> tuple[Int64Array, Float32Array, FloatArray]:
    kept, local, starts = into_mesh(
        rays.origins_m, rays.directions, chosen, pose_of_ray, poses, piece.centre, piece.radius_m
    )
    return kept, local, starts


def _take(
    hits: Hits,
    rays: Rays,
    met: Int64Array,
    poses: FloatArray,
    pose_of_ray: Int64Array,
    distances_m: npt.NDArray[np.floating],
    triangles: npt.NDArray[np.uint32],
    facets: Facets,
    actor: int,
    alone_m: FloatArray,
) -> None:
    keep_nearest(
        rays.origins_m,
        rays.directions,
        met,
        poses,
        pose_of_ray,
        np.asarray(distances_m, dtype=np.float64),
        triangles,
        facets.planes,
        facets.surfaces,
        actor,
        hits.ranges_m,
        hits.actors,
        hits.surfaces,
        hits.points_in_mesh,
        hits.normals_in_mesh,
        hits.normals,
        alone_m,
    )


def _nothing(count: int) -> Hits:
    """All rays go on for ever."""

    def vectors() -> Float32Array:
        return np.zeros((count, 3), dtype=np.float32)

    nobody = Alone(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0))
    actors, surfaces = np.full(count, NOBODY, np.int32), np.full(count, -1, np.int32)
    return Hits(np.full(count, np.inf), actors, surfaces, vectors(), vectors(), vectors(), nobody)


def _with_alone(hits: Hits, alone: list[tuple[int, Int64Array, FloatArray]]) -> Hits:
    if not alone:
        return hits
    actors = np.repeat([index for index, _, _ in alone], [len(rays) for _, rays, _ in alone]).astype(np.int32)
    rays, ranges_m = (np.concatenate([each[column] for each in alone]) for column in (1, 2))
    return replace(hits, alone=Alone(rays, actors, ranges_m))
