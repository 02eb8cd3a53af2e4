"""Answers about frames: bytes for Rerun, and the numbers beside them."""

from __future__ import annotations

import struct

import numpy as np

from calibration import RigidTransform
from calibration.errors import EditError
from fusion.recording import Recording
from labeling.frame_labels import FrameLabels, frame_labels
from labeling.object_clouds import interior_counts
from labeling.ontology import Ontology
from labeling.track import Knot, Maker, Presence, Track
from labeling.track_record import TrackRecord
from viewer.scene import SceneStream, log_blueprint, log_labels, log_sensors, log_static, log_styles
from viewer.scene.colors import brightness
from viewer.server.schemas import CuboidReply, FrameLabelsReply, LabelsHead, PoseReply
from viewer.server.workspace import OpenRecording, Workspace

_GROUND_REACH_M = 1.5
_GROUND_PERCENTILE = 10


def scene_bytes(workspace: Workspace, name: str) -> bytes:
    """Layout, how the cuboids look, and what does not change."""
    recording = workspace.recording(name).recording
    stream = SceneStream(recording.name)
    log_static(stream, recording)
    log_styles(stream, workspace.labels.tracks(name), workspace.ontology)
    log_blueprint(stream, recording)
    return stream.read()


def sensor_bytes(recording: Recording, frame: int) -> bytes:
    """One frame's cloud and photos."""
    stream = SceneStream(recording.name)
    log_sensors(stream, recording, frame)
    return stream.read()


def label_packet(workspace: Workspace, name: str, frames: range, only: list[str] | None, selected: str | None) -> bytes:
    """uint32 length of the JSON head, the head, and the cuboids and outlines as .rrd bytes."""
    opened = workspace.recording(name)
    revision, versions = workspace.labels.versions(name)
    tracks = {each: version.track for each, version in versions.items() if version.track is not None}
    with opened.lock:
        shown = frame_labels(opened.recording, opened.times, tracks, frames)
    head = (
        LabelsHead(revision=revision, frames=[_frame_reply(opened.recording, tracks, each) for each in shown])
        .model_dump_json()
        .encode()
    )
    stream = SceneStream(opened.recording.name)
    log_labels(stream, tracks, workspace.ontology, shown, only=only, selected=selected)
    return struct.pack("<I", len(head)) + head + stream.read()


def _frame_reply(recording: Recording, tracks: dict[str, Track], labels: FrameLabels) -> FrameLabelsReply:
    ego = recording.ego_motion.at(recording.frame_middle_ns(labels.frame)).translation
    distances = np.linalg.norm(labels.world_from_object.translation - ego, axis=1)
    cuboids = []
    for row, track_id in enumerate(labels.track_ids):
        time_ns = int(labels.times_ns[row])
        index = tracks[track_id].knot_index(time_ns)
        cuboids.append(
            CuboidReply(
                track_id=track_id,
                time_ns=time_ns,
                position_m=labels.world_from_object.translation[row].tolist(),
                rotation_wxyz=labels.world_from_object.rotation[row].tolist(),
                presence=labels.presence[row],
                distance_m=round(float(distances[row]), 2),
                at_knot=index is not None,
                maker=None if index is None else tracks[track_id].makers[index],
            )
        )
    owners = {
        camera: [labels.track_ids[owner] for owner in outlines.owners] for camera, outlines in labels.outlines.items()
    }
    return FrameLabelsReply(frame=labels.frame, cuboids=cuboids, outlines=owners)


def points_in_cuboids(opened: OpenRecording, tracks: dict[str, Track], frame: int) -> dict[str, int]:
    """How many LiDAR points lie in each cuboid that the frame shows, each point asked at its own time."""
    cloud = opened.cloud(frame)
    with opened.lock:
        return interior_counts(cloud, tracks, opened.times, frame)


def pose_in_frame(opened: OpenRecording, track: Track, frame: int) -> PoseReply:
    """Where the trajectory is in a frame, also where the object is absent."""
    with opened.lock:
        time_ns, presence = opened.times.shown(track, frame)
    pose = track.at(time_ns)
    return PoseReply(
        time_ns=time_ns,
        position_m=pose.translation.tolist(),
        rotation_wxyz=pose.rotation.tolist(),
        presence=presence,
    )


def crop(opened: OpenRecording, frame: int, centre: tuple[float, float, float], radius_m: float) -> bytes:
    """float32 rows dx, dy, dz, shade of the points within a radius of a place in the world."""
    cloud = opened.cloud(frame)
    offsets = cloud.points_in_world - np.array(centre, dtype=np.float32)
    near = np.flatnonzero(np.einsum("ij,ij->i", offsets, offsets) <= radius_m * radius_m)
    rows = np.column_stack([offsets[near], brightness(cloud)[near]])
    return rows.astype("<f4").tobytes()


def suggest_track(
    opened: OpenRecording,
    ontology: Ontology,
    frame: int,
    position: tuple[float, float, float],
    class_name: str,
    track_id: str,
) -> TrackRecord:
    """A cuboid of the class's default size that stands on the ground at the clicked place, heading like the ego.

    Raises EditError for a class that the ontology does not have.
    """
    check_class(ontology, class_name)
    size = ontology.of(class_name).size_m
    ground = _ground_height(opened, frame, position)
    centre = np.array([position[0], position[1], ground + 0.5 * size[2]])
    with opened.lock:
        time_ns = opened.times.time_at(centre, frame)
    heading = float(opened.recording.ego_motion.at(time_ns).yaw_rad)
    start, end = map(int, opened.recording.frame_spans_ns[frame])
    knot = Knot.of(time_ns, RigidTransform.from_yaw(heading, centre), Maker.HUMAN)
    presence = Presence(min(start, time_ns), max(end, time_ns))
    return TrackRecord.of(Track.from_knots(track_id, class_name, size, [knot], [presence]))


def check_class(ontology: Ontology, class_name: str) -> None:
    """Raises EditError for a class that the ontology does not have."""
    if class_name not in ontology.names:
        raise EditError(f"the ontology has no class {class_name!r}", where=", ".join(ontology.names))


def _ground_height(opened: OpenRecording, frame: int, position: tuple[float, float, float]) -> float:
    """Low percentile of the heights around the place; the place's own where there are no points."""
    points = opened.cloud(frame).points_in_world
    offsets = points[:, :2] - np.array(position[:2], dtype=np.float32)
    near = points[np.einsum("ij,ij->i", offsets, offsets) <= _GROUND_REACH_M**2, 2]
    return float(np.percentile(near, _GROUND_PERCENTILE)) if len(near) else position[2]
