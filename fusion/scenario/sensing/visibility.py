"""How much of each actor a sensor sees, and how much it would see if nothing else were there."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from calibration.quaternion import FloatArray
from fusion.scenario.sensing.ray_caster import BoolArray, Int32Array
from fusion.scenario.sensing.rays import NOBODY, Alone
from fusion.timeline import Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class Visibility:
    """Of A actors of the world, in its order.

    visible, whole: (A,) rays of a LiDAR within its range, or pixels, that meet the actor; whole: if nothing else were
    there. boxes_px, whole_boxes_px: (A, 4) float64 u, v minimum and maximum of those pixels, from their outer borders;
    NaN where there are none; None for a LiDAR. Who stands behind glass that belongs to nobody is visible.
    """

    visible: Int64Array
    whole: Int64Array
    boxes_px: FloatArray | None = None
    whole_boxes_px: FloatArray | None = None


def visibility_of(
    found: Int32Array, alone: Alone, counts: BoolArray, actors: int, width_px: int | None = None
) -> Visibility:
    """Of who was found on each ray (N,), -1 for nobody, among those who would be met alone.

    counts: (K,) which of `alone` are within what the sensor can see. width_px: of the image that the rays fill row by
    row; None for a LiDAR.
    """
    rays, whole = alone.rays[counts], alone.actors[counts]
    seen = found[rays] == whole
    if width_px is None:
        return rays_seen(whole[seen], whole, actors)
    instances = np.full(len(found), NOBODY, dtype=np.int32)
    instances[rays[seen]] = whole[seen]
    return pixels_seen(instances, rays, whole, actors, width_px)


def rays_seen(visible: Int32Array, whole: Int32Array, actors: int) -> Visibility:
    """Of a LiDAR: visible (N,), whole (M,) actor of each ray, -1 for none."""
    return Visibility(_counts(visible, actors), _counts(whole, actors))


def pixels_seen(
    instances: Int32Array, whole_pixels: Int64Array, whole_actors: Int32Array, actors: int, width_px: int
) -> Visibility:
    """Of a camera: instances (H * W,) actor of each pixel, -1 for none; whole_pixels (M,) with their actors (M,)."""
    pixels = np.flatnonzero(instances >= 0)
    visible, whole = np.full((actors, 4), np.nan), np.full((actors, 4), np.nan)
    _stretch(pixels, instances[pixels], width_px, visible)
    _stretch(whole_pixels, whole_actors, width_px, whole)
    return Visibility(_counts(instances, actors), _counts(whole_actors, actors), visible, whole)


def _counts(labels: Int32Array, actors: int) -> Int64Array:
    return np.bincount(labels[labels >= 0], minlength=actors).astype(np.int64)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _stretch(pixels: Int64Array, actors: Int32Array, width_px: int, boxes: FloatArray) -> None:
    """Boxes (A, 4) around the outer borders of pixels (M,)."""
    for i in range(len(pixels)):
        u, v, box = pixels[i] % width_px, pixels[i] // width_px, boxes[actors[i]]
        if not box[0] <= u - 0.5:
            box[0] = u - 0.5
        if not box[1] <= v - 0.5:
            box[1] = v - 0.5
        if not box[2] >= u + 0.5:
            box[2] = u + 0.5
        if not box[3] >= v + 0.5:
            box[3] = v + 0.5
