"""Faults of what a labelled object is said to be: its size, its class, its states."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from calibration.quaternion import FloatArray
from fusion.faults import Planted
from fusion.timeline import Int64Array
from labeling.faults.draft import VISIBILITY, Draft

_CREEP = 1.01  # a frame
_LIKELY_CLASSES = 3  # a class is mistaken for one of so many that are nearest in size


def size_creep(draft: Draft, rng: np.random.Generator) -> Planted | str:
    """From some frame of the first half on, every side is 1 % longer a frame. Only rows have sizes of their own."""
    victims = draft.victims(8)
    if not victims:
        return "no object is seen in 8 frames"
    victim = victims[rng.integers(len(victims))]
    rows = draft.rows_of[victim]
    run = rows[int(rng.integers(0, len(rows) // 2)) :]
    factors = _CREEP ** (draft.frames[run] - draft.frames[run[0]] + 1).astype(np.float64)
    draft.sizes[run] *= factors[:, None]
    draft.touch(victim)
    return draft.planted("size_creep", [victim], run, {"factor_per_frame": _CREEP, "most_factor": float(factors[-1])})


def wide_box(draft: Draft, rng: np.random.Generator) -> Planted | str:
    """The cuboid is 15 to 25 % wider than the object, about the same centre, in every frame."""
    victims = draft.victims(3)
    if not victims:
        return "no object is seen in 3 frames"
    victim = victims[rng.integers(len(victims))]
    rows = draft.rows_of[victim]
    factor = float(rng.uniform(1.15, 1.25))
    draft.sizes[rows, 1] *= factor
    draft.touch(victim)
    return draft.planted("wide_box", [victim], rows, {"width_factor": factor})


def wrong_class(draft: Draft, rng: np.random.Generator) -> Planted | str:
    """The object has the name of one of the three other classes here that are nearest in size."""
    sizes = _class_sizes(draft)
    if len(sizes) < 2:
        return "all objects are of one class"
    victims = draft.victims(3)
    if not victims:
        return "no object is seen in 3 frames"
    victim = victims[rng.integers(len(victims))]
    rows = draft.rows_of[victim]
    right = draft.classes[rows[0]]
    own = np.median(draft.sizes[rows], axis=0)
    others = sorted(set(sizes) - {right}, key=lambda each: (float(np.linalg.norm(np.log(sizes[each] / own))), each))
    wrong = others[rng.integers(min(len(others), _LIKELY_CLASSES))]
    for row in rows:
        draft.classes[row] = wrong
    draft.touch(victim)
    return draft.planted("wrong_class", [victim], rows, {"right": right, "wrong": wrong})


def _class_sizes(draft: Draft) -> dict[str, FloatArray]:
    """Median length, width, height of each class, by name."""
    rows_of: dict[str, list[int]] = {}
    for row in np.flatnonzero(draft.kept):
        rows_of.setdefault(draft.classes[row], []).append(int(row))
    return {name: np.median(draft.sizes[rows], axis=0) for name, rows in sorted(rows_of.items())}


def wrong_state(draft: Draft, rng: np.random.Generator) -> Planted | str:
    """One attribute or state has another value that it takes elsewhere, for as long as it had its right one."""
    values = _values(draft)
    victims = [(each, name) for each in draft.victims(3) for name in _changeable(draft, each, values)]
    if not victims:
        return "no object has an attribute or state that takes two values here"
    victim, name = victims[rng.integers(len(victims))]
    runs = [run for run in _runs(draft, draft.rows_of[victim], name) if name in draft.attributes[run[0]]]
    run = runs[rng.integers(len(runs))]
    right = draft.attributes[run[0]][name]
    others = [each for each in values[draft.classes[draft.rows_of[victim][0]], name] if each != right]
    wrong = others[rng.integers(len(others))]
    for row in run:
        draft.attributes[row] = draft.attributes[row] | {name: wrong}
    draft.touch(victim)
    return draft.planted("wrong_state", [victim], run, {"name": name, "right": right, "wrong": wrong})


def _values(draft: Draft) -> dict[tuple[str, str], list[str]]:
    """For every class and name of an attribute the values that objects of the class have."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in np.flatnonzero(draft.kept):
        for name, value in draft.attributes[row].items():
            found.setdefault((draft.classes[row], name), set()).add(value)
    return {key: sorted(values) for key, values in found.items()}


def _changeable(draft: Draft, track_id: str, values: dict[tuple[str, str], list[str]]) -> list[str]:
    rows = draft.rows_of[track_id]
    names = sorted({name for row in rows for name in draft.attributes[row]} - {VISIBILITY})
    return [name for name in names if len(values.get((draft.classes[rows[0]], name), ())) > 1]


def _runs(draft: Draft, rows: Int64Array, name: str) -> list[Int64Array]:
    """Rows of an object in runs of one value of the attribute."""
    had = [draft.attributes[row].get(name) for row in rows]
    cuts = [index + 1 for index, (one, other) in enumerate(pairwise(had)) if one != other]
    return list(np.split(rows, cuts))
