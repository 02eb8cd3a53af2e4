"""Plant faults into a table of cuboids: how many of which kind, in which order, and what could not be planted."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from calibration import UsageError
from fusion import CuboidTable
from fusion.faults import Ledger, Planted, Skipped
from labeling.faults import description_faults, identity_faults, trajectory_faults
from labeling.faults.draft import Draft
from labeling.faults.free_ground import Ground
from labeling.faults.phantom import phantom

_Plant = Callable[[Draft, np.random.Generator], Planted | str]

# In the order of planting: a phantom looks at things where they really are, and the choosy come before the others.
_KINDS: dict[str, _Plant] = {
    "phantom": partial(phantom, ground=None),
    "identity_swap": identity_faults.identity_swap,
    "frame_offset": trajectory_faults.frame_offset,
    "wrong_state": description_faults.wrong_state,
    "id_change": identity_faults.id_change,
    "size_creep": description_faults.size_creep,
    "drift": trajectory_faults.drift,
    "early_end": identity_faults.early_end,
    "late_start": identity_faults.late_start,
    "yaw_flip": trajectory_faults.yaw_flip,
    "missing_object": identity_faults.missing_object,
    "wrong_class": description_faults.wrong_class,
    "wide_box": description_faults.wide_box,
    "floating": trajectory_faults.floating,
}

LABEL_FAULTS: tuple[str, ...] = tuple(_KINDS)
TRACK_FAULTS: tuple[str, ...] = tuple(kind for kind in _KINDS if kind != "size_creep")  # a track has one size

Wanted = Mapping[str, int | None]


def wanted_counts(kinds: Wanted, share: float | None, objects: int) -> dict[str, int]:
    """How many faults of each kind.

    A number is taken as it is. Kinds with None get together round(share * objects) faults, but one each at least,
    spread evenly, the first of them getting what is left over; without a share one each. Raises UsageError for an
    unknown kind, a negative number, or a share that is not between 0 and 1.
    """
    for kind, count in kinds.items():
        if kind not in _KINDS:
            raise UsageError(f"unknown label fault {kind!r}", do=f"one of {', '.join(LABEL_FAULTS)}")
        if count is not None and count < 0:
            raise UsageError(f"{count} faults of kind {kind} cannot be planted", do="give a number from 0 on")
    if share is not None and not 0.0 <= share <= 1.0:
        raise UsageError(f"a share of {share:g} of the objects makes no sense", do="give a number from 0 to 1")
    shared = [kind for kind, count in kinds.items() if count is None]
    total = max(round((share or 0.0) * objects), len(shared))
    spread = {kind: total // len(shared) + (at < total % len(shared)) for at, kind in enumerate(shared)}
    return {kind: spread[kind] if count is None else count for kind, count in kinds.items()}


def plant_in_table(
    table: CuboidTable,
    kinds: Wanted | None = None,
    *,
    share: float | None = None,
    seed: int = 0,
    source: str = "",
    ground: Ground | None = None,
) -> tuple[CuboidTable, Ledger]:
    """The table with faults in it, and what was planted.

    kinds: how many of each (see `wanted_counts`); None is LABEL_FAULTS by the share. An object gets one fault at most;
    rows of objects without one stay as they are, bit for bit and in their order, rows of phantoms come last. ground:
    says where a phantom could stand; without it, it only keeps clear of other cuboids. The same table, kinds and seed
    (0 or more) are the same result. What could not be planted is in the ledger's `skipped`, with the reason.
    Raises UsageError like `wanted_counts`.
    """
    draft = Draft(table)
    chosen: Wanted = dict.fromkeys(LABEL_FAULTS) if kinds is None else kinds
    counts = wanted_counts(chosen, share, len(draft.rows_of))
    plants = _KINDS | {"phantom": partial(phantom, ground=ground)}
    entries, skipped = _plant_all(draft, {kind: plants[kind] for kind in _KINDS if counts.get(kind)}, counts, seed)
    return draft.table(), Ledger(seed, source, tuple(entries), tuple(skipped))


def _plant_all(
    draft: Draft, plants: dict[str, _Plant], counts: dict[str, int], seed: int
) -> tuple[list[Planted], list[Skipped]]:
    """In rounds of one of each kind, so that a scarcity of victims hits no kind alone."""
    dice = {kind: np.random.default_rng([seed, zlib.crc32(kind.encode())]) for kind in plants}
    entries: list[Planted] = []
    skipped: dict[str, Skipped] = {}
    for number in range(max((counts[kind] for kind in plants), default=0)):
        for kind, plant in plants.items():
            if number >= counts[kind] or kind in skipped:
                continue
            result = plant(draft, dice[kind])
            if isinstance(result, str):
                skipped[kind] = Skipped(kind, counts[kind], number, result)
            else:
                entries.append(result)
    return sorted(entries, key=lambda entry: LABEL_FAULTS.index(entry.kind)), list(skipped.values())
