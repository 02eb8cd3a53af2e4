"""How much work labels were: time and actions, from the journal."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import numpy as np

from labeling.project import Project

_PAUSE_S = 60.0
"""A longer gap between two actions is a pause, and counts as this long."""


@dataclass(frozen=True, slots=True)
class Work:
    """seconds: at work; actions: edits, undone ones too; undone: how many were taken back."""

    seconds: float
    actions: int
    undone: int


def work_of(project: Project, name: str, who: str) -> Work:
    """What somebody did in a recording, from taking its task on."""
    with closing(project.versions()) as versions:
        entries = [each for each in versions.journal(name) if each.who == who]
    gaps = np.diff([each.at_ns for each in entries]) * 1e-9
    return Work(
        seconds=float(np.minimum(gaps, _PAUSE_S).sum()),
        actions=sum(each.kind == "edit" for each in entries),
        undone=sum(each.kind == "undo" for each in entries),
    )
