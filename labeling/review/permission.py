"""Who may change which labels."""

from __future__ import annotations

from calibration.errors import ForbiddenError
from labeling.editing.edits import AdoptRig, Edit
from labeling.editing.layers import GOLD, layer_of
from labeling.review.board import TaskState
from labeling.review.people import People, Person, Role
from labeling.review.service import ReviewService


class LabelPermission:
    """The label service's hook: a lead may change everything; others labels, but no rig and no gold; and where a
    recording has tasks, an annotator only while they hold one of them. Undo is a change like any other, so what was
    submitted stays as it was submitted."""

    def __init__(self, people: People, review: ReviewService) -> None:
        self._people = people
        self._review = review

    def __call__(self, actor: str, recording: str, edit: Edit) -> None:
        """Raises ForbiddenError."""
        person = self._people.named(actor)
        if person is None:
            raise ForbiddenError(f"there is nobody called {actor!r}", where=recording)
        if person.role is Role.LEAD:
            return
        if isinstance(edit, AdoptRig) or not may_see(person, recording):
            raise ForbiddenError(f"{person.name} is {person.role}, and this takes a lead", where=recording)
        tasks = self._review.board(recording).tasks.values()
        held = [each for each in tasks if each.state is TaskState.IN_PROGRESS and each.annotators[-1] == actor]
        if tasks and not held and person.role is Role.ANNOTATOR:
            raise ForbiddenError("take a task first: what nobody holds, and what was submitted, stays", where=recording)


def may_see(person: Person, recording: str) -> bool:
    """Whether somebody may look at a recording's labels or at a layer of them: gold is a lead's, and an annotator sees
    no other annotator's layer."""
    layer = layer_of(recording)
    if person.role is Role.LEAD or not layer:
        return True
    return layer != GOLD and (person.role is Role.REVIEWER or layer == person.name)
