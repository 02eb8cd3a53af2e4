"""A label where nothing is: the size and the way of an object that is there, beside it on free ground."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform, quaternion
from calibration.quaternion import FloatArray
from fusion.faults import Planted
from labeling.faults.draft import Draft
from labeling.faults.free_ground import Ground
from labeling.faults.identity_faults import new_identity

_TRIES = 400
_BESIDE_M = (3.0, 30.0)  # from the object whose double it is
_MARGIN_M = 0.5  # to any other cuboid


def phantom(draft: Draft, rng: np.random.Generator, ground: Ground | None) -> Planted | str:
    """The double of an object drives, walks or stands beside it, in every frame clear of all cuboids."""
    models = draft.victims(5)
    if not models:
        return "no object is seen in 5 frames, to take size and motion from"
    for _ in range(_TRIES):
        model = models[rng.integers(len(models))]
        angle, distance = rng.uniform(-np.pi, np.pi), rng.uniform(*_BESIDE_M)
        centres = _beside(draft, model, distance * np.array([np.cos(angle), np.sin(angle)]), ground)
        if centres is not None:
            return _appended(draft, rng, model, centres)
    return f"no free ground was found beside any object in {_TRIES} tries"


def _appended(draft: Draft, rng: np.random.Generator, model: str, centres: FloatArray) -> Planted:
    identity = new_identity(rng)
    rows = draft.append_copy(draft.rows_of[model], identity, centres)
    draft.touch(identity)
    shift = float(np.linalg.norm((centres[0] - draft.positions[draft.rows_of[model][0]])[:2]))
    amount: dict[str, float | str] = {"like": model, "beside_m": shift}
    return draft.planted("phantom", [identity], rows, amount, "size and motion of the object named")


def _beside(draft: Draft, model: str, shift: FloatArray, ground: Ground | None) -> FloatArray | None:
    """(N, 3) centres of the double, or None where it would touch something."""
    rows = draft.rows_of[model]
    centres: FloatArray = draft.positions[rows] + np.array([*shift, 0.0])
    # The ground there is about as high as under the nearest object, until it is measured.
    middle = len(rows) // 2
    centres[:, 2] += _floor_m(draft, centres[middle], int(draft.frames[rows[middle]])) - _bottom_m(draft, rows[middle])
    size = draft.sizes[rows[middle]]
    if any(_touches(draft, row, centre) for row, centre in zip(rows.tolist(), centres, strict=True)):
        return None
    if ground is None:
        return centres
    return ground.settle(RigidTransform(draft.rotations[rows], centres), size, draft.frames[rows])


def _bottom_m(draft: Draft, row: int) -> float:
    return float(draft.positions[row, 2] - 0.5 * draft.sizes[row, 2])


def _floor_m(draft: Draft, place: FloatArray, frame: int) -> float:
    """Height under the object nearest to a place (3,) in a frame."""
    rows = np.flatnonzero(draft.frames == frame)
    nearest = rows[np.argmin(np.linalg.norm(draft.positions[rows, :2] - place[:2], axis=1))]
    return _bottom_m(draft, int(nearest))


def _touches(draft: Draft, row: int, centre: FloatArray) -> bool:
    """Whether a double of the row's cuboid at a centre (3,) comes too near to any cuboid of its frame, seen from above.

    Also to those whose labels have been taken away: the things are still there.
    """
    others = np.flatnonzero(draft.frames == draft.frames[row])
    reach = 0.5 * np.linalg.norm(draft.sizes[others, :2], axis=1) + 0.5 * np.linalg.norm(draft.sizes[row, :2])
    near = np.linalg.norm(draft.positions[others, :2] - centre[:2], axis=1) < reach + 2.0 * _MARGIN_M
    if not near.any():
        return False
    others = others[near]
    mine = _footprints(draft.rotations[[row]], centre[None], draft.sizes[[row]] + 2.0 * _MARGIN_M)
    theirs = _footprints(draft.rotations[others], draft.positions[others], draft.sizes[others])
    return bool(np.any(_overlap(np.broadcast_to(mine, theirs.shape), theirs)))


def _footprints(rotations: FloatArray, centres: FloatArray, sizes: FloatArray) -> FloatArray:
    """(B, 4, 2) corners on the ground, going round; heading only."""
    yaw = quaternion.to_yaw(rotations)
    ahead = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1) * 0.5 * sizes[:, :1]
    left = np.stack([-np.sin(yaw), np.cos(yaw)], axis=-1) * 0.5 * sizes[:, 1:2]
    corners = np.stack([ahead + left, ahead - left, -ahead - left, left - ahead], axis=1)
    return np.asarray(centres[:, None, :2] + corners)


def _overlap(one: FloatArray, other: FloatArray) -> npt.NDArray[np.bool_]:
    """(B,) whether rectangles (B, 4, 2) share an inner point: no side of either separates them (Gottschalk 1996)."""
    apart = np.zeros(len(one), dtype=np.bool_)
    for corners in (one, other):
        for start in (0, 1):
            axis = corners[:, start + 1] - corners[:, start]
            a, b = np.einsum("bkd,bd->bk", one, axis), np.einsum("bkd,bd->bk", other, axis)
            apart |= (a.max(axis=1) <= b.min(axis=1)) | (b.max(axis=1) <= a.min(axis=1))
    return ~apart
