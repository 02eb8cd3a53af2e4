"""What the sensors delivered in a frame: cloud, photos, where the cameras were."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt
import rerun as rr

from calibration import CameraModel, RigidTransform
from fusion.cloud import Cloud, fused_cloud
from fusion.coloring import color_points, frame_photos
from fusion.level_store import keep_level, read_level
from fusion.levels import SCENE_POINTS, thinned
from fusion.recording import Recording
from fusion.timeline import Int64Array
from viewer.scene.colors import ColorBy, cloud_colors, intensity_colors, photo_colors, source_colors
from viewer.scene.entities import GROUND, POINTS, camera_entity, image_entity
from viewer.scene.stream import SceneStream

_GROUND_REACH_M = 120.0
_ONE_AT_A_TIME = threading.Lock()
"""Of clouds being read to be thinned: several of ten million points at once would take gigabytes."""


def log_sensors(
    stream: SceneStream,
    recording: Recording,
    frame: int,
    *,
    color_by: ColorBy = ColorBy.HEIGHT,
    budget: int = SCENE_POINTS,
    focus: npt.ArrayLike = (),
) -> None:
    """Log one frame's cloud and photos.

    A cloud of more than `budget` points is thinned, evenly as seen from the ego. focus: (F, 4) spheres x, y, z, radius
    in the world, metres, in which more points stay.
    """
    stream.at_frame(frame, int(recording.frames.times_ns[frame]))
    world_from_ego = recording.ego_motion.at(recording.frame_middle_ns(frame))
    cloud = scene_cloud(recording, frame, budget=budget, focus=focus)
    colors = _colors(recording, frame, cloud, color_by, float(world_from_ego.translation[2]))
    stream.log(POINTS, rr.Points3D(cloud.points_in_world, colors=colors, radii=rr.Radius.ui_points(1.4)))
    _log_ground(stream, world_from_ego)
    for camera in recording.cameras():
        _log_camera(stream, recording, camera, frame)
    for camera in recording.depth_cameras():
        _log_depth(stream, recording, camera, frame)


def scene_cloud(recording: Recording, frame: int, *, budget: int = SCENE_POINTS, focus: npt.ArrayLike = ()) -> Cloud:
    """The frame's LiDARs, thinned to at most `budget` points; without a focus it is done once and kept on disk."""
    plain = np.size(focus) == 0
    kept = read_level(recording, frame, budget) if plain else None
    if kept is not None:
        return kept
    with _ONE_AT_A_TIME:
        cloud = fused_cloud(recording, frame)
        if len(cloud) <= budget:
            return cloud
        eye = recording.ego_motion.at(recording.frame_middle_ns(frame)).translation
        level = _chosen(cloud, thinned(cloud.points_in_world, eye, budget=budget, focus=focus))
    if plain:
        keep_level(recording, frame, budget, level)
    return level


def _chosen(cloud: Cloud, kept: Int64Array) -> Cloud:
    """The points at increasing indices."""
    ends = np.searchsorted(kept, np.cumsum(cloud.counts))
    counts = tuple(np.diff(ends, prepend=0).tolist())
    points = cloud.points_in_world[kept]
    return Cloud(points, cloud.intensity[kept], cloud.times_ns[kept], cloud.sources, counts)


def _colors(
    recording: Recording, frame: int, cloud: Cloud, color_by: ColorBy, ground_z_m: float
) -> npt.NDArray[np.uint8]:
    """(N, 3)."""
    if color_by is ColorBy.CAMERA:
        photos = frame_photos(recording, frame)[0] if len(cloud) else []
        return photo_colors(color_points(cloud.points_in_world, cloud.times_ns, photos))
    if color_by is ColorBy.SOURCE:
        return source_colors(cloud)
    return intensity_colors(cloud) if color_by is ColorBy.INTENSITY else cloud_colors(cloud, ground_z_m)


def _log_ground(stream: SceneStream, world_from_ego: RigidTransform) -> None:
    """A plane under the ego, hardly seen, so that a click between the points also has a place."""
    r = _GROUND_REACH_M
    corners = world_from_ego.apply([[-r, -r, -0.15], [r, -r, -0.15], [r, r, -0.15], [-r, r, -0.15]])
    triangles = [[0, 1, 2], [0, 2, 3]]
    stream.log(
        GROUND, rr.Mesh3D(vertex_positions=corners, triangle_indices=triangles, albedo_factor=[120, 130, 150, 12])
    )


def _log_camera(stream: SceneStream, recording: Recording, camera: str, frame: int) -> None:
    index = recording.sample_of(camera, frame)
    if index is None:
        stream.log(image_entity(camera), rr.Clear(recursive=False))
        return
    image = recording.image(camera, index)
    pose = recording.world_from_sensor(camera, index)
    stream.log(camera_entity(camera), transform(pose))
    stream.log(image_entity(camera), rr.EncodedImage(contents=image.data, media_type=image.media_type))


def _log_depth(stream: SceneStream, recording: Recording, camera: str, frame: int) -> None:
    index = recording.sample_of(camera, frame)
    if index is None:
        stream.log(image_entity(camera), rr.Clear(recursive=False))
        return
    depth = recording.depth(camera, index)
    stream.log(camera_entity(camera), transform(recording.world_from_sensor(camera, index)))
    stream.log(image_entity(camera), rr.DepthImage(depth.values, meter=1.0 / depth.metres_per_unit, colormap="viridis"))


def log_cameras(stream: SceneStream, recording: Recording) -> None:
    """Log how the cameras see, which does not change. Distortion is not Rerun's: outlines come already bent."""
    for camera in (*recording.cameras(), *recording.depth_cameras()):
        stream.log(camera_entity(camera), pinhole(recording.rig[camera].model), static=True)


def pinhole(model: CameraModel) -> rr.Pinhole:
    """Rerun counts pixels from the corner, we from the centre of the first pixel: half a pixel."""
    return rr.Pinhole(
        resolution=[model.width_px, model.height_px],
        focal_length=[model.fx_px, model.fy_px],
        principal_point=[model.cx_px + 0.5, model.cy_px + 0.5],
        camera_xyz=rr.ViewCoordinates.RDF,
        image_plane_distance=1.5,
        line_width=0.005,
    )


def transform(pose: RigidTransform) -> rr.Transform3D:
    """Rerun's quaternions are x, y, z, w."""
    return rr.Transform3D(translation=pose.translation, quaternion=np.roll(pose.rotation, -1))
