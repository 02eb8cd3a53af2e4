"""Scenes as bytes of an .rrd file."""

from __future__ import annotations

from collections.abc import Iterable

import rerun as rr


class SceneStream:
    """A Rerun recording that is written to memory. Streams of one name merge in the viewer, in any order."""

    def __init__(self, name: str) -> None:
        # Rerun keeps what dropped streams have logged until it is told to let go: megabytes for every frame served.
        rr.bindings.flush_and_cleanup_orphaned_recordings()
        self.rerun = rr.RecordingStream("boxwright", recording_id=f"boxwright-{name}", send_properties=False)
        self._bytes = self.rerun.binary_stream()

    def read(self) -> bytes:
        """Everything logged so far and not read yet."""
        return self._bytes.read(flush=True) or b""

    def at_frame(self, frame: int, time_ns: int) -> None:
        """What is logged next belongs to this frame."""
        self.rerun.set_time("frame", sequence=frame)
        self.rerun.set_time("time", timestamp=time_ns * 1e-9)

    def log(self, entity: str, *archetypes: rr.AsComponents, static: bool = False) -> None:
        """Log archetypes to an entity."""
        self.rerun.log(entity, *archetypes, static=static)

    def log_columns(self, entity: str, frames: list[int], columns: Iterable[rr.ComponentColumn]) -> None:
        """Log one entity at many frames at once."""
        rr.send_columns(entity, [rr.TimeColumn("frame", sequence=frames)], columns, recording=self.rerun)
