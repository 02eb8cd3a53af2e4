"""The routes under /api that fit: a cuboid to its points, a track to all frames. They propose; the page stores."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from calibration.errors import EditError, RecordingError
from labeling.automation.refitting import refit
from labeling.automation.solving import check_human_knots
from labeling.editing.edits import ApplyPatches
from labeling.editing.patch import difference
from labeling.editing.service import Version
from labeling.track import Track
from labeling.track_record import Identifier
from viewer.server.asking import check_sight
from viewer.server.schemas import Message
from viewer.server.workspace import OpenRecording, Workspace

router = APIRouter(prefix="/api/recordings/{name}/fitting", dependencies=[Depends(check_sight)])


class RefitRequest(Message):
    """A track, and the frame in which its cuboid is to fit."""

    track_id: Identifier
    frame: Annotated[int, Field(ge=0)]


class SolveRequest(Message):
    """A track that is to be found in all frames."""

    track_id: Identifier


class FitReply(Message):
    """A proposal: the edit that stores it, made for a revision of the track; null where nothing would change.

    confidence: 0 to 1, of the fit, or of the least sure frame that saw it. suggested_frame: the one worth a look next.
    stands: whether one pose is the whole track.
    """

    revision: int
    edit: ApplyPatches | None
    confidence: float
    suggested_frame: int | None = None
    stands: bool = False


def _version(request: Request, name: str, track_id: str) -> tuple[OpenRecording, Version, Track]:
    workspace: Workspace = request.app.state.workspace
    opened = workspace.recording(name)
    _, versions = workspace.labels.versions(name)
    version = versions.get(track_id)
    if version is None or version.track is None:
        raise EditError("there is no such track, it may have been deleted", where=track_id)
    return opened, version, version.track


def _edit(before: Track, after: Track) -> ApplyPatches | None:
    patch = difference(before.id, before, after)
    changes = patch.set_knots or patch.removed_knots or patch.presence is not None or patch.size_m is not None
    return ApplyPatches((patch,)) if changes else None


@router.post("/refit")
def refit_cuboid(request: Request, name: str, body: RefitRequest) -> FitReply:
    """Fit a track's cuboid to the points of a frame; nothing is stored."""
    opened, version, track = _version(request, name, body.track_id)
    if body.frame >= len(opened.recording.frames):
        raise RecordingError(f"there is no frame {body.frame}", where=name)
    with opened.fitting.lock:
        found = refit(opened.fitting.sights, opened.times, track, body.frame)
    return FitReply(revision=version.revision, edit=_edit(track, found.track), confidence=found.fit.confidence)


@router.post("/solve")
def solve_track(request: Request, name: str, body: SolveRequest) -> FitReply:
    """Find a track in all frames, from the poses that people set; nothing is stored."""
    opened, version, track = _version(request, name, body.track_id)
    with opened.fitting.lock:
        solution = opened.fitting.solver.solve(track)
    check_human_knots(track, solution.track)
    seen = solution.confidence[solution.points > 0]
    return FitReply(
        revision=version.revision,
        edit=_edit(track, solution.track),
        confidence=float(seen.min()) if len(seen) else 0.0,
        suggested_frame=solution.suggested_frame,
        stands=solution.stands,
    )
