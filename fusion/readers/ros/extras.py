"""What our own MCAP files say beside their messages, because ROS has no words for it: the attachment `boxwright.json`.

Everything in it is checked against the messages; a file from which somebody cut parts is read without the part of it
that no longer fits.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from calibration import CalibrationError, Rig
from calibration.quaternion import FloatArray
from fusion.recording.source import PoseSource
from fusion.samples import PointFrame
from fusion.timeline import Int64Array

FORMAT = "boxwright-mcap"
VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class StreamExtras:
    """topic: where the samples are. poses: topic of the samples' own poses, empty for none.

    missing_ns: times that are listed without data. frame_samples: (F,) sample of each frame, -1 for none. count: how
    many samples there are, missing ones included. metres_per_unit: (count,) of a depth stream, empty for others.
    """

    topic: str
    poses: str
    point_frame: PointFrame
    missing_ns: Int64Array
    frame_samples: Int64Array
    count: int
    metres_per_unit: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Extras:
    """The whole of it. streams: by sensor."""

    source: str
    reference: str
    rig: Rig
    origin_m: FloatArray
    pose_source: PoseSource
    notes: tuple[str, ...]
    world_frame: str
    ego_frame: str
    frame_times_ns: Int64Array
    streams: dict[str, StreamExtras]

    def to_bytes(self) -> bytes:
        """As JSON; nanoseconds are decimal strings."""
        record = {
            "format": FORMAT,
            "version": VERSION,
            "source": self.source,
            "reference": self.reference,
            "rig": self.rig.to_record(),
            "origin_m": self.origin_m.tolist(),
            "pose_source": str(self.pose_source),
            "notes": list(self.notes),
            "world_frame": self.world_frame,
            "ego_frame": self.ego_frame,
            "frame_times_ns": [str(each) for each in self.frame_times_ns],
            "streams": {sensor: _stream_record(stream) for sensor, stream in self.streams.items()},
        }
        return json.dumps(record).encode()


def _stream_record(stream: StreamExtras) -> dict[str, Any]:
    scales = list(stream.metres_per_unit)
    return {
        "topic": stream.topic,
        "poses": stream.poses,
        "point_frame": str(stream.point_frame),
        "missing_ns": [str(each) for each in stream.missing_ns],
        "frame_samples": stream.frame_samples.tolist(),
        "count": stream.count,
        "metres_per_unit": scales[:1] if len(set(scales)) == 1 else scales,
    }


def parse_extras(data: bytes) -> Extras | None:
    """Inverse of `to_bytes`; None for anything that is not so, or of a later version."""
    try:
        record = json.loads(data)
        if record["format"] != FORMAT or record["version"] != VERSION:
            return None
        return Extras(
            source=str(record["source"]),
            reference=str(record["reference"]),
            rig=Rig.from_record(record["rig"]),
            origin_m=_finite(record["origin_m"]),
            pose_source=PoseSource(record["pose_source"]),
            notes=tuple(map(str, record["notes"])),
            world_frame=str(record["world_frame"]),
            ego_frame=str(record["ego_frame"]),
            frame_times_ns=_int64(record["frame_times_ns"]),
            streams={str(sensor): _stream(each) for sensor, each in record["streams"].items()},
        )
    except (CalibrationError, KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        return None


def _stream(record: dict[str, Any]) -> StreamExtras:
    count = int(record["count"])
    scales = [float(each) for each in record["metres_per_unit"]]
    return StreamExtras(
        topic=str(record["topic"]),
        poses=str(record["poses"]),
        point_frame=PointFrame(record["point_frame"]),
        missing_ns=_int64(record["missing_ns"]),
        frame_samples=_int64(record["frame_samples"]),
        count=count,
        metres_per_unit=tuple(scales),
    )


def _int64(values: Any) -> Int64Array:
    return np.array([int(each) for each in values], dtype=np.int64)


def _finite(values: Any) -> FloatArray:
    array = np.array(values, dtype=np.float64).reshape(3)
    if not np.isfinite(array).all():
        raise ValueError("an origin must be finite")
    return array
