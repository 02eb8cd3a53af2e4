"""Who asks, and whether they may see what they ask for."""

from __future__ import annotations

from fastapi import Request

from calibration.errors import ForbiddenError
from labeling.review import Person, may_see


def asking(request: Request) -> Person:
    """The person whose token the request carries."""
    person: Person = request.state.person
    return person


def check_sight(request: Request) -> None:
    """A dependency of all routers: raises ForbiddenError for a layer that is not this person's to see."""
    name = request.path_params.get("name", "")
    if not may_see(asking(request), name):
        raise ForbiddenError("these labels are not yours to see", where=name)
