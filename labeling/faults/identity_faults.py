"""Faults of which object is which, and of how long it is there."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import numpy as np

from fusion.faults import Planted
from fusion.timeline import Int64Array
from labeling.faults.draft import VISIBILITY, Draft

_NEAR_M = 10.0  # further apart, nobody takes one object for the other
_MOVING_M = 0.1  # a frame
_SIDE = 3  # rows of both objects before a swap, and from it on


def new_identity(rng: np.random.Generator) -> str:
    """An identity that looks like any other and is the same for the same dice."""
    return str(uuid.UUID(bytes=rng.bytes(16), version=4))


def missing_object(draft: Draft, rng: np.random.Generator) -> Planted | str:
    """An object that is seen has no label at all."""
    victims = draft.victims(3)
    if not victims:
        return "no object is seen in 3 frames"
    victim = victims[rng.integers(len(victims))]
    rows = draft.rows_of[victim]
    draft.kept[rows] = False
    draft.touch(victim)
    return draft.planted("missing_object", [victim], rows, {"frames": float(len(rows))})


def id_change(draft: Draft, rng: np.random.Generator) -> Planted | str:
    """After a gap or an occlusion, or lacking those in the middle, the object goes on under a new identity."""
    victims = draft.victims(6)
    if not victims:
        return "no object is seen in 6 frames"
    broken = [each for each in victims if _breaks(draft, draft.rows_of[each])]
    victim = (broken or victims)[rng.integers(len(broken or victims))]
    rows = draft.rows_of[victim]
    breaks = _breaks(draft, rows)
    cut = breaks[rng.integers(len(breaks))] if breaks else len(rows) // 2
    fresh = new_identity(rng)
    draft.rename(rows[cut:].tolist(), fresh)
    draft.touch(victim, fresh)
    note = "after a gap or an occlusion" if breaks else "in the middle"
    return draft.planted("id_change", [victim, fresh], rows[cut:], {"new_id": fresh}, note)


def _breaks(draft: Draft, rows: Int64Array) -> list[int]:
    """Where an object comes back: not seen, or not there, and then seen, with two rows on either side at least."""
    seen = [draft.attributes[row].get(VISIBILITY) != "occluded" for row in rows]
    gap = np.diff(draft.frames[rows]) > 1
    return [each for each in range(2, len(rows) - 1) if seen[each] and (gap[each - 1] or not seen[each - 1])]


def early_end(draft: Draft, rng: np.random.Generator) -> Planted | str:
    """The label ends 3 frames or more before the object leaves, but after half of them at the earliest."""
    return _cut(draft, rng, "early_end", lambda rows, length: rows[-length:])


def late_start(draft: Draft, rng: np.random.Generator) -> Planted | str:
    """The label starts 3 frames or more after the object has come, but before half of them at the latest."""
    return _cut(draft, rng, "late_start", lambda rows, length: rows[:length])


def _cut(
    draft: Draft, rng: np.random.Generator, kind: str, part: Callable[[Int64Array, int], Int64Array]
) -> Planted | str:
    lengths = {each: _cuts(draft, draft.rows_of[each], part) for each in draft.victims(8)}
    victims = [each for each, possible in lengths.items() if possible]
    if not victims:
        return "no object is seen in 8 frames, 3 of them at that end"
    victim = victims[rng.integers(len(victims))]
    lost = part(draft.rows_of[victim], lengths[victim][rng.integers(len(lengths[victim]))])
    draft.kept[lost] = False
    draft.touch(victim)
    return draft.planted(kind, [victim], lost, {"frames": float(len(lost))})


def _cuts(draft: Draft, rows: Int64Array, part: Callable[[Int64Array, int], Int64Array]) -> list[int]:
    """How many rows can go, the object being seen in three of them."""
    return [length for length in range(3, len(rows) // 2 + 1) if draft.seen(part(rows, length)) >= 3]


def identity_swap(draft: Draft, rng: np.random.Generator) -> Planted | str:
    """Two objects of one class, at least one of them moving, exchange identities where they come nearest."""
    pairs = _crossings(draft)
    if not pairs:
        return f"no two objects of one class, one of them moving, come within {_NEAR_M:g} m of each other in mid-way"
    one, other, frame, distance_m = pairs[rng.integers(len(pairs))]
    later = [rows[draft.frames[rows] >= frame] for rows in (draft.rows_of[one], draft.rows_of[other])]
    draft.rename(later[0].tolist(), other)
    draft.rename(later[1].tolist(), one)
    draft.touch(one, other)
    amount: dict[str, float | str] = {"distance_m": distance_m}
    return draft.planted("identity_swap", [one, other], np.concatenate(later), amount)


def _crossings(draft: Draft) -> list[tuple[str, str, int, float]]:
    """Pairs, the first frame of the swap and their distance then: the nearest, and such that both move if there are."""
    objects = sorted(draft.victims(2 * _SIDE))
    moving = {each for each in objects if draft.step_m(each) >= _MOVING_M}
    found = []
    for one, other in _neighbours(draft, objects):
        same = draft.classes[draft.rows_of[one][0]] == draft.classes[draft.rows_of[other][0]]
        nearest = _nearest(draft, one, other) if same and {one, other} & moving else None
        if nearest is not None:
            found.append((one, other, *nearest))
    best = [each for each in found if {each[0], each[1]} <= moving] or found
    return sorted(best, key=lambda each: each[3])[: max(len(best) // 4, 3)]


def _neighbours(draft: Draft, objects: list[str]) -> Iterator[tuple[str, str]]:
    """Pairs whose ways, each in its rectangle, come near: most pairs of a long drive never meet."""
    ways = [draft.positions[draft.rows_of[each], :2] for each in objects]
    low = np.array([way.min(axis=0) for way in ways]).reshape(-1, 2) - _NEAR_M
    high = np.array([way.max(axis=0) for way in ways]).reshape(-1, 2)
    for index, one in enumerate(objects):
        near = np.all((low[index] <= high) & (low <= high[index]), axis=1)
        yield from ((one, objects[other]) for other in np.flatnonzero(near) if other > index)


def _nearest(draft: Draft, one: str, other: str) -> tuple[int, float] | None:
    """The frame in which two objects are nearest, if that is near, and both are there long enough before and after."""
    frames, mine, theirs = _together(draft, one, other)
    if len(frames) < 2 * _SIDE:
        return None
    distances = np.linalg.norm(draft.positions[mine] - draft.positions[theirs], axis=1)
    inner = slice(_SIDE, len(frames) - _SIDE + 1)
    best = _SIDE + int(np.argmin(distances[inner]))
    distance_m = float(distances[best])
    # What is nearest at an end of the time together is no crossing.
    near = distance_m <= min(_NEAR_M, float(distances.min()) + 1e-9)
    return (int(frames[best]), distance_m) if near else None


def _together(draft: Draft, one: str, other: str) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Frames with both, and the rows of each in them."""
    mine, theirs = draft.rows_of[one], draft.rows_of[other]
    frames, a, b = np.intersect1d(draft.frames[mine], draft.frames[theirs], return_indices=True)
    return frames, mine[a], theirs[b]
