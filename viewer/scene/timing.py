"""The clocks of a recording as a picture: the interval before every sample of every stream, over time."""

from __future__ import annotations

import rerun as rr
import rerun.blueprint as rrb

from fusion.recording import Recording
from fusion.timing import intervals_ms
from viewer.scene.stream import SceneStream

INTERVALS = "/times/intervals_ms"


def log_intervals(stream: SceneStream, recording: Recording) -> None:
    """Log milliseconds since the sample before. A gap is a spike, a stream that works a flat line."""
    for sensor in recording.streams:
        times_ns = recording.times_ns(sensor)
        if len(times_ns) < 2 or not len(recording.frames):
            continue
        frames = recording.frames.nearest(times_ns[1:])
        when = [
            rr.TimeColumn("time", timestamp=times_ns[1:] * 1e-9),
            rr.TimeColumn("frame", sequence=frames),
        ]
        values = rr.Scalars.columns(scalars=intervals_ms(times_ns))
        rr.send_columns(f"{INTERVALS}/{sensor}", when, values, recording=stream.rerun)


def interval_view() -> rrb.TimeSeriesView:
    """Where they are drawn."""
    return rrb.TimeSeriesView(origin=INTERVALS, name="Milliseconds between samples")
