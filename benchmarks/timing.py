"""Interleaved repetitions: whatever disturbs the machine disturbs all contestants alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of each repetition."""

    seconds: tuple[float, ...]

    @property
    def median_ms(self) -> float:
        return 1e3 * float(np.median(self.seconds))

    @property
    def p95_ms(self) -> float:
        return 1e3 * float(np.percentile(self.seconds, 95))

    def __add__(self, other: Timing) -> Timing:
        """Repetition by repetition: two steps of one action."""
        return Timing(tuple(a + b for a, b in zip(self.seconds, other.seconds, strict=True)))


Action = Callable[[int], object]


def interleaved(
    actions: Mapping[str, Action], repetitions: int, *, warm_up: int = 1, block: int = 1
) -> dict[str, Timing]:
    """Time every action with the repetition's number; they take turns in the order given, `block` repetitions a turn.

    The first `warm_up` repetitions are thrown away: numba compiles, caches of the page and of the library fill.
    """
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for start in range(-warm_up, repetitions, block):
        for name, action in actions.items():
            for repetition in range(start, min(start + block, repetitions)):
                elapsed = _seconds(action, max(repetition, 0))
                if repetition >= 0:
                    seconds[name].append(elapsed)
    return {name: Timing(tuple(each)) for name, each in seconds.items()}


def _seconds(action: Action, repetition: int) -> float:
    start = time.perf_counter()
    result = action(repetition)
    elapsed = time.perf_counter() - start
    del result  # freeing is nobody's work
    return elapsed
