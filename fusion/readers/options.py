"""What a user may tell a reader that it cannot guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """streams: from what the source calls a stream (a topic, a folder) to the sensor's name, or "-" to leave it out.

    sequence: which one, where the source holds several. ego_frame: the frame that moves with the vehicle (`base_link`).
    odometry: estimate the ego motion from the LiDAR even where the source has poses. Readers that have no use for an
    option ignore it.
    """

    streams: Mapping[str, str] = field(default_factory=dict)
    sequence: str | None = None
    ego_frame: str | None = None
    odometry: bool = False
