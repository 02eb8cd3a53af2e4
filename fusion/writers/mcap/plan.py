"""What a recording becomes in an MCAP file: topics, frames, and what ROS has no words for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration import SensorKind
from fusion.readers.ros.extras import Extras, StreamExtras
from fusion.readers.ros.naming import unique_name
from fusion.recording import Recording

_TOPICS = {
    SensorKind.LIDAR: ("points", ""),
    SensorKind.CAMERA: ("image/compressed", "camera_info"),
    SensorKind.DEPTH: ("depth/image_raw", "depth/camera_info"),
}


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics of one sensor; empty where it has none of the kind."""

    samples: str
    lens: str
    poses: str


@dataclass(frozen=True, slots=True)
class Plan:
    """world_frame, ego_frame: names that no sensor has. topics: by sensor."""

    world_frame: str
    ego_frame: str
    topics: dict[str, Topics]


def plan(recording: Recording) -> Plan:
    """Names for everything. A sensor's frame is called as the sensor."""
    taken = [sensor.name for sensor in recording.rig]
    topics = {}
    for name in recording.streams:
        samples, lens = _TOPICS[recording.rig[name].kind]
        poses = f"/{name}/pose" if recording.own_poses(name) is not None else ""
        topics[name] = Topics(f"/{name}/{samples}", f"/{name}/{lens}" if lens else "", poses)
    return Plan(unique_name("world", taken), unique_name("base_link", taken), topics)


def extras(recording: Recording, names: Plan) -> Extras:
    """Everything beside the messages, so that reading the file gives this recording again."""
    return Extras(
        source=recording.source,
        reference=recording.reference,
        rig=recording.rig,
        origin_m=recording.origin_m,
        pose_source=recording.pose_source,
        notes=recording.notes,
        world_frame=names.world_frame,
        ego_frame=names.ego_frame,
        frame_times_ns=recording.frames.times_ns,
        streams={sensor: _stream_extras(recording, sensor, topics) for sensor, topics in names.topics.items()},
    )


def _stream_extras(recording: Recording, sensor: str, topics: Topics) -> StreamExtras:
    times = recording.times_ns(sensor)
    missing = [index for index in range(len(times)) if not recording.has(sensor, index)]
    return StreamExtras(
        topic=topics.samples,
        poses=topics.poses,
        point_frame=recording.point_frame(sensor),
        missing_ns=times[np.array(missing, dtype=np.int64)],
        frame_samples=recording.listed_samples(sensor),
        count=len(times),
        metres_per_unit=_scales(recording, sensor),
    )


def _scales(recording: Recording, sensor: str) -> tuple[float, ...]:
    """Of each depth image; a missing one has a scale, which nobody uses."""
    if recording.rig[sensor].kind is not SensorKind.DEPTH:
        return ()
    count = len(recording.times_ns(sensor))
    there = [recording.depth(sensor, i).metres_per_unit if recording.has(sensor, i) else None for i in range(count)]
    usual = next((scale for scale in there if scale is not None), 0.001)
    return tuple(usual if scale is None else scale for scale in there)
