"""Faults of where a labelled object is: turned, drifting, late, off the ground."""

from __future__ import annotations

import numpy as np

from calibration import RigidTransform
from fusion.faults import Planted
from labeling.faults.draft import Draft

_DRIFT_M = 0.02  # a frame
_MOVING_M = 0.15  # a frame: slower, a frame's delay would not show
_LONG = 1.2  # a box as long as wide has no heading to be wrong
_HALF_TURN = RigidTransform(np.array([0.0, 0.0, 0.0, 1.0]), np.zeros(3))


def yaw_flip(draft: Draft, rng: np.random.Generator) -> Planted | str:
    """The heading is turned by half a turn in a run of frames, at most half of them and 10."""
    victims = [each for each in draft.victims(4) if _is_long(draft, each)]
    if not victims:
        return f"no object is seen in 4 frames and {_LONG:g} times as long as wide"
    victim = victims[rng.integers(len(victims))]
    rows = draft.rows_of[victim]
    length = int(rng.integers(1, min(len(rows) // 2, 10) + 1))
    runs = [rows[first : first + length] for first in range(len(rows) - length + 1)]
    runs = [each for each in runs if draft.seen(each)]
    run = runs[rng.integers(len(runs))]
    draft.set_poses(run, draft.poses(run) * _HALF_TURN)
    draft.touch(victim)
    return draft.planted("yaw_flip", [victim], run, {"turn_deg": 180.0, "frames": float(length)})


def _is_long(draft: Draft, track_id: str) -> bool:
    """Whether front and rear can be told from the sides at all."""
    length, width, _ = np.median(draft.sizes[draft.rows_of[track_id]], axis=0)
    return bool(length >= _LONG * width)


def drift(draft: Draft, rng: np.random.Generator) -> Planted | str:
    """From some frame of the first half on, the cuboid leaves the object by 2 cm a frame, in one level direction."""
    victims = draft.victims(8)
    if not victims:
        return "no object is seen in 8 frames"
    victim = victims[rng.integers(len(victims))]
    rows = draft.rows_of[victim]
    run = rows[int(rng.integers(0, len(rows) // 2)) :]
    angle = rng.uniform(-np.pi, np.pi)
    direction = np.array([np.cos(angle), np.sin(angle), 0.0])
    steps = draft.frames[run] - draft.frames[run[0]] + 1
    draft.positions[run] += _DRIFT_M * steps[:, None] * direction
    draft.touch(victim)
    amount: dict[str, float | str] = {
        "metres_per_frame": _DRIFT_M,
        "most_m": _DRIFT_M * float(steps[-1]),
        "direction_x": float(direction[0]),
        "direction_y": float(direction[1]),
    }
    return draft.planted("drift", [victim], run, amount)


def frame_offset(draft: Draft, rng: np.random.Generator) -> Planted | str:
    """Every frame shows the pose of the next (+1) or the one before (-1); where there is none, the motion goes on."""
    victims = [
        each
        for each in draft.victims(5, moving_m=_MOVING_M)
        if np.all(np.diff(draft.frames[draft.rows_of[each]]) == 1)  # the pose of a frame that it misses is unknown
    ]
    if not victims:
        return f"no object is seen in 5 frames, misses none and moves {_MOVING_M:g} m a frame"
    victim = victims[rng.integers(len(victims))]
    rows = draft.rows_of[victim]
    offset = int(rng.choice([-1, 1]))
    poses = draft.poses(rows)
    edge, inner = (-1, -2) if offset > 0 else (0, 1)
    beyond = poses[edge] * (poses[inner].inverse() * poses[edge])
    shifted = np.roll(np.arange(len(rows)), -offset)
    moved = poses[shifted]
    rotation, translation = moved.rotation.copy(), moved.translation.copy()
    rotation[edge], translation[edge] = beyond.rotation, beyond.translation
    draft.set_poses(rows, RigidTransform(rotation, translation))
    draft.touch(victim)
    amount: dict[str, float | str] = {"frames": float(offset), "mean_error_m": _step_m(poses)}
    return draft.planted("frame_offset", [victim], rows, amount)


def _step_m(poses: RigidTransform) -> float:
    """Mean distance in metres from one pose of a batch (N,) to the next."""
    return float(np.linalg.norm(np.diff(poses.translation, axis=0), axis=1).mean())


def floating(draft: Draft, rng: np.random.Generator) -> Planted | str:
    """The cuboid stands above the ground, or in it, by 0.3 to 0.8 m, in every frame."""
    victims = draft.victims(3)
    if not victims:
        return "no object is seen in 3 frames"
    victim = victims[rng.integers(len(victims))]
    rows = draft.rows_of[victim]
    lift_m = float(rng.uniform(0.3, 0.8)) * float(rng.choice([-1.0, 1.0]))
    draft.positions[rows, 2] += lift_m
    draft.touch(victim)
    return draft.planted("floating", [victim], rows, {"lift_m": lift_m})
