"""At which moment does a frame show an object?

A frame is not a moment: its LiDAR takes a tenth of a second to go round. A cuboid is compared with points, and
edited, at the moment when the beam passed it. Where a knot was set for the frame, its time is that moment; else the
sweep itself says.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from calibration.errors import RecordingError
from fusion.frame_clock import FrameClock
from fusion.recording import Recording
from labeling.track import PresenceKind, Track, poses_of


def frame_span(recording: Recording, first: int, last: int) -> tuple[int, int]:
    """int64 ns from the start of one frame to the end of another; frames meet halfway between their middles.

    Raises RecordingError if there is no such frame.
    """
    count = len(recording.frames)
    if not 0 <= first <= last < count:
        raise RecordingError(f"there are no frames {first} to {last}, the last is {count - 1}", where=recording.name)
    half = max(recording.frames.period_ns, 1) // 2
    return recording.frame_middle_ns(first) - half, recording.frame_middle_ns(last) + half


class FrameTimes:
    """The moments of a recording's frames."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._half_period_ns = max(recording.frames.period_ns, 1) // 2
        self._clock = FrameClock(recording)

    def time_of(self, track: Track, frame: int) -> int:
        """int64 ns at which the frame shows the track."""
        return self.times_of([track], frame)[0]

    def times_of(self, tracks: Sequence[Track], frame: int) -> list[int]:
        """int64 ns at which the frame shows each of the tracks."""
        middle = self._recording.frame_middle_ns(frame)
        knots = [self._knot_near(track, middle) for track in tracks]
        between = [track for track, knot in zip(tracks, knots, strict=True) if knot is None]
        if not between:
            return [knot for knot in knots if knot is not None]
        places = poses_of(between, np.full((len(between), 1), middle)).translation[:, 0]
        swept = iter(self._clock.time_at(places, frame).tolist())
        return [next(swept) if knot is None else knot for knot in knots]

    def _knot_near(self, track: Track, middle_ns: int) -> int | None:
        index = int(np.searchsorted(track.times_ns, middle_ns))
        near = track.times_ns[max(index - 1, 0) : index + 1].tolist()
        nearest = min(near, key=lambda time_ns: abs(time_ns - middle_ns))
        return int(nearest) if abs(nearest - middle_ns) <= self._half_period_ns else None

    def time_at(self, position_in_world: npt.ArrayLike, frame: int) -> int:
        """int64 ns at which the frame's LiDAR looked at a point (3,)."""
        return int(self._clock.time_at(np.asarray(position_in_world)[None], frame)[0])

    def shown(self, track: Track, frame: int) -> tuple[int, PresenceKind]:
        """The moment, and whether the object is there then."""
        time_ns = self.time_of(track, frame)
        return time_ns, track.presence_at(time_ns)
