"""How the scene is laid out: the cloud large, every camera beside it, the eye behind the ego."""

from __future__ import annotations

import rerun as rr
import rerun.blueprint as rrb

from fusion.recording import Recording
from viewer.scene.entities import WORLD, camera_entity
from viewer.scene.sensors import log_cameras
from viewer.scene.stream import SceneStream

_EYE_IN_EGO = (-14.0, 0.0, 11.0)
_TARGET_IN_EGO = (9.0, 0.0, 0.0)
_BACKGROUND = (13, 16, 22)


def log_static(stream: SceneStream, recording: Recording) -> None:
    """Log what holds for the whole recording."""
    stream.log(WORLD, rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
    log_cameras(stream, recording)


def log_blueprint(stream: SceneStream, recording: Recording, *, below: rrb.View | None = None) -> None:
    """Send the layout and the first view: the ego's surroundings, not the origin. below: one more view under all."""
    depth = [f"+ {camera_entity(name)}/**" for name in recording.depth_cameras()]
    cloud = rrb.Spatial3DView(
        origin=WORLD,
        # Photos have views of their own; hung up around the ego they would hide the cloud.
        contents=["+ $origin/**", f"- {WORLD}/cameras/**", *depth],
        name="Cloud",
        background=rrb.Background(color=_BACKGROUND, kind=rrb.BackgroundKind.SolidColor),
        line_grid=rrb.LineGrid3D(visible=False),
        eye_controls=_eye(recording),
    )
    cameras = [
        rrb.Spatial2DView(origin=camera_entity(name), contents=[f"{camera_entity(name)}/**"], name=name)
        for name in (*recording.cameras(), *recording.depth_cameras())
    ]
    layout = rrb.Vertical(cloud, _camera_rows(cameras), row_shares=[3, 2]) if cameras else cloud
    layout = layout if below is None else rrb.Vertical(layout, below, row_shares=[5, 1])
    stream.rerun.send_blueprint(rrb.Blueprint(layout, collapse_panels=True, auto_views=False))


def _camera_rows(cameras: list[rrb.Spatial2DView]) -> rrb.Grid:
    return rrb.Grid(*cameras, grid_columns=min(len(cameras), 3))


def _eye(recording: Recording) -> rrb.EyeControls3D:
    world_from_ego = recording.ego_motion.at(recording.frame_middle_ns(0))
    return rrb.EyeControls3D(
        kind=rrb.Eye3DKind.Orbital,
        position=world_from_ego.apply(_EYE_IN_EGO),
        look_target=world_from_ego.apply(_TARGET_IN_EGO),
        eye_up=(0.0, 0.0, 1.0),
        speed=20.0,
    )
