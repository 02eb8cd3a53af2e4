"""The routes under /api that repair a camera's mounting: picks, and the preview of a correction."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from calibration import Rig, RigidTransform
from calibration.errors import CalibrationError, RecordingError
from calibration.picks import FEWEST_PICKS, PickSolution
from fusion.camera_scenes import MOST_FRAMES, camera_scenes
from fusion.rig_health import HealthState, RigHealth, drift_of, judged
from labeling.editing.edits import AdoptRig, Number, Vector
from labeling.rig_picks import Pick, corrected_rig, snapped, solve_camera
from labeling.track_record import Identifier
from viewer.scene import SceneStream
from viewer.scene.rig_preview import clear_rig_preview, log_rig_preview
from viewer.server.asking import check_sight
from viewer.server.schemas import Message
from viewer.server.workspace import OpenRecording, Workspace

MOST_PICKS = 200
_MEASURING = threading.Lock()

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
    """The nearest LiDAR point; null where there is none near."""

    position_m: Vector | None


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
    """A photo under the rig that picks or a drift (turn_rad) lead to; without either the preview is taken away."""

    frame: Annotated[int, Field(ge=0)]
    camera: Identifier
    picks: Annotated[list[PickMessage], Field(max_length=MOST_PICKS)]
    turn_rad: Vector | None = None


class DriftRequest(Message):
    """Frames to look at: those that are being labelled; without any, some all through the recording."""

    camera: Identifier
    frames: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=MOST_FRAMES)]


class DriftReply(Message):
    """How a camera's photos and the LiDAR disagree. turn_rad: (3,) by which its points are to be turned. edit: what
    turns it back, where it has drifted."""

    state: Literal["good", "drifted", "wrong time", "wrong", "unknown"]
    line: str
    turn_rad: Vector | None = None
    edit: AdoptRig | None = None


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
    point = snapped(opened.cloud(body.frame), body.position_m)
    if point is None:
        return SnapReply(position_m=None)
    x, y, z = point.tolist()
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
    rig = _proposed(opened, body)
    if rig is None:
        stream.rerun.set_time("frame", sequence=body.frame)
        clear_rig_preview(stream, body.camera)
    else:
        with workspace.project.recording_as_it_came(name) as proposed:
            proposed.set_rig(rig)
            both = (opened.recording, proposed)
            log_rig_preview(
                stream, body.camera, body.frame, both, opened.cloud(body.frame), workspace.labels.tracks(name)
            )
    return Response(
        stream.read(), media_type="application/octet-stream", headers={"cache-control": "private, no-store"}
    )


@router.post("/drift")
def drift(request: Request, name: str, body: DriftRequest) -> DriftReply:
    """Measure one camera against the LiDAR, some seconds long; one at a time, and nothing is stored."""
    workspace, _ = _opened(request, name, body.frames)
    with _MEASURING, workspace.project.recording(name) as recording:  # with a handle of its own: it takes a while
        if body.camera not in recording.cameras():
            raise RecordingError(f"there is no camera {body.camera!r}", where=name)
        mounted = recording.rig[body.camera].ego_from_sensor
        try:
            measured = drift_of(camera_scenes(recording, body.camera, body.frames or None))
        except CalibrationError as error:
            return DriftReply(state="unknown", line=str(error))
        if not measured.is_clear:
            return DriftReply(state="unknown", line="photos and LiDAR agree no better than beside: see boxwright info")
        health = judged(body.camera, mounted, measured)
        x, y, z = health.turn_rad.tolist()
        edit = None
        if health.state is HealthState.DRIFTED:
            rig = RigHealth((health,)).corrected(recording.rig)
            edit = AdoptRig(rig.to_record(), f"{body.camera} turned back by its drift: {health.line}")
        return DriftReply(state=health.state.value, line=health.line, turn_rad=(x, y, z), edit=edit)


def _proposed(opened: OpenRecording, body: PreviewRequest) -> Rig | None:
    """The rig to show, None for none."""
    if len(body.picks) >= FEWEST_PICKS:
        return _solved(opened, body.camera, body.picks)[1]
    if body.turn_rad is None:
        return None
    back = RigidTransform.exp(np.concatenate([np.zeros(3), -np.array(body.turn_rad)]))
    rig = opened.recording.rig
    return Rig(
        tuple(
            replace(each, ego_from_sensor=each.ego_from_sensor * back) if each.name == body.camera else each
            for each in rig
        )
    )


def _solved(opened: OpenRecording, camera: str, asked: list[PickMessage]) -> tuple[PickSolution, Rig]:
    given = [Pick(each.frame, each.position_m, each.pixel) for each in asked]
    solution = solve_camera(opened.recording, camera, given)
    return solution, corrected_rig(opened.recording.rig, camera, solution)
