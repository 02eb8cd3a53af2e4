"""The routes under /api."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from calibration.errors import EditError, InputError, RecordingError
from labeling.automation.click_to_track import grow
from labeling.automation.one_click import Click, PointClick, pixel_click
from labeling.editing.edits import AdoptRig
from labeling.editing.layers import recording_of
from labeling.track import PresenceKind, Track
from labeling.track_record import Identifier, TrackRecord
from viewer import __version__
from viewer.server import frames
from viewer.server.asking import asking, check_sight
from viewer.server.schemas import (
    CameraReply,
    EditRequest,
    FrameReply,
    Health,
    LabelsHead,
    OutcomeReply,
    PixelRequest,
    PlaceReply,
    PlaceRequest,
    PoseReply,
    Problem,
    ProjectReply,
    RecordingReply,
    RecordingSummary,
    StepRequest,
    TrackReply,
)
from viewer.server.workspace import OpenRecording, Workspace

MAX_LABEL_FRAMES = 64
MAX_CROP_RADIUS_M = 60.0

_PROBLEMS: dict[int | str, dict[str, Any]] = {code: {"model": Problem} for code in (401, 403, 404, 409, 422)}
router = APIRouter(prefix="/api", responses=_PROBLEMS, dependencies=[Depends(check_sight)])

TrackIds = Annotated[list[Identifier] | None, Query()]
Coordinate = Annotated[float, Query(ge=-1e7, le=1e7, allow_inf_nan=False)]


def _workspace(request: Request) -> Workspace:
    workspace: Workspace = request.app.state.workspace
    return workspace


def _opened(request: Request, name: str, frame: int = 0) -> OpenRecording:
    opened = _workspace(request).recording(name)
    if not 0 <= frame < len(opened.recording.frames):
        raise RecordingError(f"there is no frame {frame}, the last is {len(opened.recording.frames) - 1}", where=name)
    return opened


def _bytes(content: bytes) -> Response:
    return Response(content, media_type="application/octet-stream", headers={"cache-control": "private, no-store"})


@router.get("/health")
def health() -> Health:
    """The server is there."""
    return Health(ok=True, version=__version__)


@router.get("/project")
def project(request: Request) -> ProjectReply:
    """Recordings and classes."""
    workspace = _workspace(request)
    recordings = [
        RecordingSummary(name=name, frames=count, tracks=workspace.labels.count(name))
        for name, count in workspace.frame_counts(asking(request)).items()
    ]
    return ProjectReply(
        name=workspace.project.name, version=__version__, recordings=recordings, ontology=workspace.ontology
    )


@router.get("/recordings/{name}")
def recording(request: Request, name: str) -> RecordingReply:
    """Frames, cameras and all tracks."""
    opened, labels = _opened(request, name).recording, _workspace(request).labels
    revision, versions = labels.versions(name)
    can_undo, can_redo = labels.can(name, asking(request).name)
    frame_list = [
        FrameReply(time_ns=int(time_ns), middle_ns=opened.frame_middle_ns(frame))
        for frame, time_ns in enumerate(opened.frames.times_ns)
    ]
    cameras = [
        CameraReply(name=each, width_px=opened.rig[each].model.width_px, height_px=opened.rig[each].model.height_px)
        for each in opened.cameras()
    ]
    return RecordingReply(
        name=name,
        reference=opened.reference,
        frames=frame_list,
        cameras=cameras,
        lidars=list(opened.lidars()),
        revision=revision,
        tracks=[TrackReply.of(version) for version in versions.values()],
        can_undo=can_undo,
        can_redo=can_redo,
        rig_number=labels.rig_number(recording_of(name)),
    )


@router.get("/recordings/{name}/scene.rrd")
def scene(request: Request, name: str) -> Response:
    """Layout and what does not change, for Rerun."""
    return _bytes(frames.scene_bytes(_workspace(request), name))


@router.get("/recordings/{name}/frames/{frame}/sensors.rrd")
def sensors(request: Request, name: str, frame: int) -> Response:
    """Cloud and photos of a frame, for Rerun."""
    return _bytes(frames.sensor_bytes(_opened(request, name, frame).recording, frame))


@router.get(
    "/recordings/{name}/labels", responses={200: {"model": LabelsHead, "description": "the head of the packet"}}
)
def labels(
    request: Request, name: str, first: int, last: int, track: TrackIds = None, selected: str | None = None
) -> Response:
    """Cuboids and outlines of frames first..last: uint32 length of a JSON head, the head, bytes for Rerun."""
    _opened(request, name, first)
    _opened(request, name, last)
    if not 0 <= last - first < MAX_LABEL_FRAMES:
        raise EditError(f"ask for 1 to {MAX_LABEL_FRAMES} frames at once", where=f"{first}..{last}")
    return _bytes(frames.label_packet(_workspace(request), name, range(first, last + 1), track, selected))


@router.get("/recordings/{name}/frames/{frame}/points")
def points(request: Request, name: str, frame: int) -> dict[str, int]:
    """Number of LiDAR points in each cuboid of a frame."""
    opened = _opened(request, name, frame)
    return frames.points_in_cuboids(opened, _workspace(request).labels.tracks(name), frame)


@router.get("/recordings/{name}/frames/{frame}/pose")
def pose(request: Request, name: str, frame: int, track: Identifier) -> PoseReply:
    """Where a track is in a frame, whether it is present or not."""
    return frames.pose_in_frame(_opened(request, name, frame), _track(request, name, track), frame)


@router.get("/recordings/{name}/frames/{frame}/crop")
def crop(
    request: Request,
    name: str,
    frame: int,
    x: Coordinate,
    y: Coordinate,
    z: Coordinate,
    radius_m: Annotated[float, Query(gt=0, le=MAX_CROP_RADIUS_M)],
) -> Response:
    """Points around a place: float32 rows dx, dy, dz, shade."""
    return _bytes(frames.crop(_opened(request, name, frame), frame, (x, y, z), radius_m))


@router.post("/recordings/{name}/place")
def place(request: Request, name: str, body: PlaceRequest) -> PlaceReply:
    """What stands at a clicked place, found in all frames; or, where nothing does, a cuboid. Nothing is stored."""
    opened = _opened(request, name, body.frame)
    ontology = _workspace(request).ontology
    plain = frames.suggest_track(opened, ontology, body.frame, body.position_m, body.class_name, str(uuid.uuid4()))
    try:
        return _grown(request, name, body.frame, PointClick(body.position_m), body.class_name)
    except InputError:
        return PlaceReply(track=plain)


@router.post("/recordings/{name}/place-in-photo")
def place_in_photo(request: Request, name: str, body: PixelRequest) -> PlaceReply:
    """What is seen at a clicked pixel, found in all frames; nothing is stored."""
    opened = _opened(request, name, body.frame)
    frames.check_class(_workspace(request).ontology, body.class_name)
    recording = opened.recording
    index = recording.sample_of(body.camera, body.frame) if body.camera in recording.cameras() else None
    if index is None:
        raise InputError(f"frame {body.frame} has no photo of {body.camera}", where=name)
    return _grown(request, name, body.frame, pixel_click(recording, body.camera, index, body.pixel), body.class_name)


def _is_there(opened: OpenRecording, track: Track, frame: int) -> bool:
    start, end = map(int, opened.recording.frame_spans_ns[frame])
    return any(
        each.kind is not PresenceKind.ABSENT and each.start_ns <= end and each.end_ns >= start
        for each in track.presence
    )


def _grown(request: Request, name: str, frame: int, click: Click, class_name: str) -> PlaceReply:
    """Raises InputError where nothing stands."""
    opened = _opened(request, name, frame)
    with opened.fitting.lock:
        found = grow(opened.fitting.sights, opened.fitting.solver, frame, click, class_name, str(uuid.uuid4()))
    middle = found.fit.cuboid.world_from_object.translation[None]
    for track in _workspace(request).labels.tracks(name).values():
        if track.cuboid_at(opened.times.time_of(track, frame)).contains(middle)[0] and _is_there(opened, track, frame):
            return PlaceReply(track=None, known=track.id)
    return PlaceReply(
        track=TrackRecord.of(found.track),
        grown=True,
        confidence=found.confidence,
        suggested_frame=found.suggested_frame,
        stands=found.stands,
    )


@router.post("/recordings/{name}/edits")
def edit(request: Request, name: str, body: EditRequest) -> OutcomeReply:
    """Apply an edit; the answer comes when it is on disk."""
    _opened(request, name)
    kept = recording_of(name) if isinstance(body.edit, AdoptRig) else name  # the layers of a recording share its rig
    outcome = _workspace(request).labels.apply_edit(
        kept, body.edit, actor=asking(request).name, key=body.key, expected=body.expected
    )
    return OutcomeReply.of(outcome)


@router.post("/recordings/{name}/undo")
def undo(request: Request, name: str, body: StepRequest) -> OutcomeReply:
    """Take back the newest edit."""
    _opened(request, name)
    return OutcomeReply.of(_workspace(request).labels.undo(name, actor=asking(request).name, key=body.key))


@router.post("/recordings/{name}/redo")
def redo(request: Request, name: str, body: StepRequest) -> OutcomeReply:
    """Do again what was taken back."""
    _opened(request, name)
    return OutcomeReply.of(_workspace(request).labels.redo(name, actor=asking(request).name, key=body.key))


def _track(request: Request, name: str, track_id: str) -> Track:
    tracks = _workspace(request).labels.tracks(name)
    if track_id not in tracks:
        raise EditError("there is no such track, it may have been deleted", where=track_id)
    return tracks[track_id]
