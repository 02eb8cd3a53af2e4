"""The routes under /api that repair a camera's mounting: picks, and the preview of a correction."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from calibration import Rig
from calibration.errors import RecordingError
from calibration.picks import FEWEST_PICKS, PickSolution
from labeling.editing.edits import AdoptRig, Number, Vector
from labeling.rig_picks import Pick, corrected_rig, snapped, solve_camera
from labeling.track_record import Identifier
from viewer.scene import SceneStream
from viewer.scene.rig_preview import clear_rig_preview, log_rig_preview
from viewer.server.asking import check_sight
from viewer.server.schemas import Message
from viewer.server.workspace import OpenRecording, Workspace

MOST_PICKS = 200

router = APIRouter(prefix="/api/recordings/{name}/calibration", dependencies=[Depends(check_sight)])


class PickMessage(Message):
    """A click in the cloud and one in the photo. pixel: (0, 0) is the centre of the first pixel."""

    frame: Annotated[int, Field(ge=0)]
    position_m: Vector
    pixel: tuple[Number, Number]


class PicksRequest(Message):
    """The picks of one camera."""

    camera: Identifier
    picks: Annotated[list[PickMessage], Field(max_length=MOST_PICKS)]


class SnapRequest(Message):
    """A click in the cloud."""

    frame: Annotated[int, Field(ge=0)]
    position_m: Vector


class SnapReply(Message):
    """The nearest LiDAR point."""

    position_m: Vector


class PickVerdict(Message):
    """How far a pick's point is from its pixel, in pixels, before and after the correction."""

    before_px: float
    after_px: float
    suspicious: bool


class PicksReply(Message):
    """What the picks lead to; null while they are too few. edit: what adopts it."""

    needed: int
    verdicts: list[PickVerdict] = Field(default_factory=list)
    rotation_deg: float | None = None
    rotation_sigma_deg: float | None = None
    translation_m: float | None = None
    translation_sigma_m: float | None = None
    edit: AdoptRig | None = None


class PreviewRequest(Message):
    """A frame's photo under the corrected rig; without picks the preview is taken away."""

    frame: Annotated[int, Field(ge=0)]
    camera: Identifier
    picks: Annotated[list[PickMessage], Field(max_length=MOST_PICKS)]


def _opened(request: Request, name: str, frames: list[int]) -> tuple[Workspace, OpenRecording]:
    workspace: Workspace = request.app.state.workspace
    opened = workspace.recording(name)
    if any(frame >= len(opened.recording.frames) for frame in frames):
        raise RecordingError(f"there is no frame {max(frames)}", where=name)
    return workspace, opened


@router.post("/snap")
def snap(request: Request, name: str, body: SnapRequest) -> SnapReply:
    """The LiDAR point nearest to a click."""
    _, opened = _opened(request, name, [body.frame])
    x, y, z = snapped(opened.cloud(body.frame), body.position_m).tolist()
    return SnapReply(position_m=(x, y, z))


@router.post("/picks")
def picks(request: Request, name: str, body: PicksRequest) -> PicksReply:
    """Solve a camera's picks; nothing is stored."""
    _, opened = _opened(request, name, [each.frame for each in body.picks])
    needed = max(0, FEWEST_PICKS - len(body.picks))
    if needed:
        return PicksReply(needed=needed)
    solution, rig = _solved(opened, body.camera, body.picks)
    verdicts = [
        PickVerdict(before_px=before, after_px=after, suspicious=suspicious)
        for before, after, suspicious in zip(
            solution.before_px.tolist(), solution.after_px.tolist(), solution.suspicious.tolist(), strict=True
        )
    ]
    turn, sigma = np.rad2deg(solution.rotation_rad), np.rad2deg(np.linalg.norm(solution.sigma_rad))
    how = f"{len(body.picks)} picks in {body.camera}: turned by {turn:.2f} +- {sigma:.2f} degrees"
    return PicksReply(
        needed=0,
        verdicts=verdicts,
        rotation_deg=float(turn),
        rotation_sigma_deg=float(sigma),
        translation_m=solution.translation_m,
        translation_sigma_m=float(np.linalg.norm(solution.sigma_m)),
        edit=AdoptRig(rig.to_record(), how),
    )


@router.post("/preview.rrd")
def preview(request: Request, name: str, body: PreviewRequest) -> Response:
    """Outlines and points in a photo before and after, for Rerun."""
    workspace, opened = _opened(request, name, [body.frame, *(each.frame for each in body.picks)])
    stream = SceneStream(opened.recording.name)
    if len(body.picks) < FEWEST_PICKS:
        stream.rerun.set_time("frame", sequence=body.frame)
        clear_rig_preview(stream, body.camera)
    else:
        _, rig = _solved(opened, body.camera, body.picks)
        with workspace.project.recording_as_it_came(name) as proposed:
            proposed.set_rig(rig)
            both = (opened.recording, proposed)
            log_rig_preview(
                stream, body.camera, body.frame, both, opened.cloud(body.frame), workspace.labels.tracks(name)
            )
    return Response(
        stream.read(), media_type="application/octet-stream", headers={"cache-control": "private, no-store"}
    )


def _solved(opened: OpenRecording, camera: str, asked: list[PickMessage]) -> tuple[PickSolution, Rig]:
    given = [Pick(each.frame, each.position_m, each.pixel) for each in asked]
    solution = solve_camera(opened.recording, camera, given)
    return solution, corrected_rig(opened.recording.rig, camera, solution)
