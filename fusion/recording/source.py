"""What a reader hands to the writer: a rig, ego motion, and one lazily loaded stream for each sensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from calibration import Rig, RigidTransform
from calibration.quaternion import FloatArray
from fusion.cuboid_table import CuboidTable
from fusion.ego_motion import EgoMotion
from fusion.samples import PointFrame, Sample
from fusion.timeline import Timeline


@dataclass(frozen=True, slots=True, eq=False)
class SourceStream:
    """All samples of one sensor.

    timeline: one time per sample. load(i): the sample, or None where the time is listed but the data is missing.
    world_from_sensor: a pose for each sample, where the source has better ones than ego motion times mounting.
    point_frame: for LiDARs, the frame of the points. frame_samples: (frames,) index of the sample that belongs to each
    frame, -1 for none, where the source itself says so; else the nearest in time is taken.
    """

    sensor: str
    timeline: Timeline
    load: Callable[[int], Sample | None]
    world_from_sensor: RigidTransform | None = None
    point_frame: PointFrame = PointFrame.SENSOR
    frame_samples: npt.NDArray[np.int64] | None = None


class PoseSource(StrEnum):
    """Where a recording's ego motion comes from."""

    POSES = "poses"  # given by the recording
    GPS_IMU = "gps+imu"
    TF = "tf"
    ODOMETRY = "odometry"  # estimated from the LiDAR
    NONE = "none"  # nothing known: the ego is taken to stand still


def no_cuboids() -> CuboidTable | None:
    """Of a source that brings no labels."""
    return None


@dataclass(frozen=True, slots=True, eq=False)
class RecordingSource:
    """Everything to write into one recording file, and the labels that came with it.

    cuboids(): the labels, asked for when all samples have been loaded; None where there are none.
    reference: the sensor whose samples define the frames. frame_times_ns: times of the frames, by default those of the
    reference stream. origin_m: what was subtracted from the source's world coordinates to keep numbers small.
    pose_source: where the ego motion comes from. notes: what the reader merged, guessed or left out, one line each, for
    the user to see.
    """

    name: str
    rig: Rig
    ego_motion: EgoMotion
    streams: tuple[SourceStream, ...]
    reference: str
    frame_times_ns: npt.NDArray[np.int64] | None = None
    origin_m: FloatArray = field(default_factory=lambda: np.zeros(3))
    cuboids: Callable[[], CuboidTable | None] = no_cuboids
    notes: tuple[str, ...] = ()
    pose_source: PoseSource = PoseSource.POSES

    @property
    def sample_count(self) -> int:
        """Number of samples over all streams."""
        return sum(len(stream.timeline) for stream in self.streams)
