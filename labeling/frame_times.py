"""At which moment does a frame show an object?

A frame is not a moment: its LiDAR takes a tenth of a second to go round. A cuboid is compared with points, and
edited, at the moment when the beam passed it. Where a knot was set for the frame, its time is that moment; else the
sweep itself says.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fusion.frame_clock import FrameClock
from fusion.recording import Recording
from labeling.track import PresenceKind, Track


class FrameTimes:
    """The moments of a recording's frames."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._half_period_ns = max(recording.frames.period_ns, 1) // 2
        self._clock = FrameClock(recording)

    def time_of(self, track: Track, frame: int) -> int:
        """int64 ns at which the frame shows the track."""
        middle = self._recording.frame_middle_ns(frame)
        index = int(np.searchsorted(track.times_ns, middle))
        near = track.times_ns[max(index - 1, 0) : index + 1]
        distance = np.abs(near - middle)
        if distance.min() <= self._half_period_ns:
            return int(near[distance.argmin()])
        return self.time_at(track.at(middle).translation, frame)

    def time_at(self, position_in_world: npt.ArrayLike, frame: int) -> int:
        """int64 ns at which the frame's LiDAR looked at a point (3,)."""
        return int(self._clock.time_at(np.asarray(position_in_world)[None], frame)[0])

    def shown(self, track: Track, frame: int) -> tuple[int, PresenceKind]:
        """The moment, and whether the object is there then."""
        time_ns = self.time_of(track, frame)
        return time_ns, track.presence_at(time_ns)
