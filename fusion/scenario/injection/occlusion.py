"""Which pixels of a photo show something that stands in front of the injected actors, and which show the ground.

Points say it where there are any; between them the answer spreads as far as the photo's own colours do not change
(D. Min et al., "Fast global image smoothing based on weighted least squares", 2014, as joint interpolation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.samples import Float32Array
from fusion.scenario.injection.photo_crop import PhotoCrop
from fusion.scenario.injection.real_objects import RealObject
from fusion.scenario.injection.real_scene import ScenePoints
from fusion.scenario.injection.rendering import ActorImage, opencv

_IN_FRONT_M, _IN_FRONT_SHARE = 0.3, 0.01
_GROUND_WEIGHT = 0.5
_CUBOID_WEIGHT, _ABOUT_WEIGHT, _SKY_WEIGHT = 0.006, 0.001, 4e-3
_ABOUT_PX = 9.0
_SMOOTHNESS, _COLOUR_SIGMA = 900.0, 2.2
_SHARPNESS, _EDGE_PX = 8.0, 0.7

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class RealCover:
    """Of a crop (H, W), all float32 in 0..1. front: how much of each pixel hides the actors. ground: shows ground."""

    front: Float32Array
    ground: Float32Array


def real_cover(
    photo: Image,
    image: ActorImage,
    points: ScenePoints,
    objects: Sequence[RealObject],
    crop: PhotoCrop,
    pose: RigidTransform,
) -> RealCover:
    """photo: (H, W, 3) of the crop; pose: `world_from_camera`."""
    cv2 = opencv()
    if not np.isfinite(image.ranges_m).any():
        empty = np.zeros(image.coverage.shape, dtype=np.float32)
        return RealCover(empty, empty)
    actor_m = _extended(cv2, image.ranges_m)
    u, v = np.clip(np.rint(points.pixels), 0, [crop.width_px - 1, crop.height_px - 1]).astype(int).T
    nearer = points.ranges_m < actor_m[v, u] * (1.0 - _IN_FRONT_SHARE) - _IN_FRONT_M
    front = _sparse((v, u), (nearer & ~points.on_ground).astype(float), _weights(points), image.coverage.shape)
    _add_prior(cv2, front, _objects_in_front(cv2, objects, actor_m, crop, pose))
    ground = _sparse((v, u), points.on_ground.astype(float), np.ones(len(u)), image.coverage.shape)
    smoother = cv2.ximgproc.createFastGlobalSmootherFilter(photo, _SMOOTHNESS, _COLOUR_SIGMA)
    return RealCover(_sharpened(cv2, _spread(smoother, front)), _spread(smoother, ground))


def with_own_body(cover: RealCover, corners_px: Sequence[tuple[float, float]], crop: PhotoCrop) -> RealCover:
    """The same, with a polygon (u, v in the whole photo) in front of everything."""
    if not corners_px:
        return cover
    front, ground = cover.front.copy(), cover.ground.copy()
    inside = np.zeros(front.shape, dtype=np.uint8)
    corners = np.rint(np.array(corners_px) - (crop.left_px, crop.top_px)).astype(np.int32)
    opencv().fillPoly(inside, [corners], 1)
    front[inside == 1], ground[inside == 1] = 1.0, 0.0
    return RealCover(front, ground)


@dataclass(frozen=True, slots=True, eq=False)
class _Sparse:
    """Sums of weighted answers and of weights (H, W), float32."""

    answers: Float32Array
    weights: Float32Array


def _sparse(
    place: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]], answers: FloatArray, weights: FloatArray, shape: Any
) -> _Sparse:
    found = _Sparse(np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32))
    np.add.at(found.answers, place, (answers * weights).astype(np.float32))
    np.add.at(found.weights, place, weights.astype(np.float32))
    return found


def _weights(points: ScenePoints) -> FloatArray:
    return np.where(points.on_ground, _GROUND_WEIGHT, 1.0)


def _add_prior(cv2: Any, front: _Sparse, cuboids: npt.NDArray[np.bool_]) -> None:
    """Where no point says anything: a labelled thing in front hides, else what is about hides, and the sky does not."""
    answers, weights = (cv2.GaussianBlur(each, (0, 0), _ABOUT_PX) for each in (front.answers, front.weights))
    front.answers[:] += np.float32(_ABOUT_WEIGHT) * answers / (weights + np.float32(_SKY_WEIGHT))
    front.weights[:] += np.float32(_ABOUT_WEIGHT)
    front.answers[cuboids] += np.float32(_CUBOID_WEIGHT)
    front.weights[cuboids] += np.float32(_CUBOID_WEIGHT)


def _objects_in_front(
    cv2: Any, objects: Sequence[RealObject], actor_m: FloatArray, crop: PhotoCrop, pose: RigidTransform
) -> npt.NDArray[np.bool_]:
    """(H, W) within the outlines of labelled cuboids all of which is nearer than the actor."""
    inside = np.zeros(actor_m.shape, dtype=np.uint8)
    nearest_m = float(actor_m.min())
    time_ns = np.array([crop.time_ns])
    for thing in objects:
        if not thing.is_there(crop.time_ns):
            continue
        corners = _corners(thing.size_m)
        in_camera = (pose.inverse() * thing.at(time_ns)[0]).apply(corners)
        pixels, valid = crop.camera.project(in_camera)
        if valid.all() and np.linalg.norm(in_camera, axis=1).max() < nearest_m:
            hull = cv2.convexHull(np.clip(pixels, -1e4, 1e4).round().astype(np.int32))
            cv2.fillConvexPoly(inside, hull, 1)
    return inside.astype(np.bool_)


def _corners(size_m: tuple[float, float, float]) -> FloatArray:
    signs = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    return np.asarray(signs * np.asarray(size_m))


def _extended(cv2: Any, ranges_m: FloatArray) -> FloatArray:
    """(H, W) distances of the actor, beyond its outline those of the nearest pixel on it."""
    outside = (~np.isfinite(ranges_m)).astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    of_label = np.zeros(int(nearest.max()) + 1)
    on = outside == 0
    of_label[nearest[on]] = ranges_m[on]
    return np.asarray(of_label[nearest])


def _spread(smoother: Any, sparse: _Sparse) -> Float32Array:
    answers, weights = smoother.filter(sparse.answers), smoother.filter(sparse.weights)
    return np.asarray(np.clip(answers / np.maximum(weights, 1e-9), 0.0, 1.0), dtype=np.float32)


def _sharpened(cv2: Any, cover: Float32Array) -> Float32Array:
    """Nothing hides by half, but along an edge."""
    decided = np.clip((cover - 0.5) * np.float32(_SHARPNESS) + 0.5, 0.0, 1.0)
    return np.asarray(cv2.GaussianBlur(decided, (0, 0), _EDGE_PX))
