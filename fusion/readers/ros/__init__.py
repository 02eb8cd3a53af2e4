"""MCAP files and ROS bags: clouds, images, calibrations, transforms and poses as ROS 1, ROS 2 or Foxglove say them."""

from __future__ import annotations

from pathlib import Path

from fusion.readers.options import ReaderOptions
from fusion.readers.ros.recognising import recognises_bag, recognises_mcap
from fusion.recording.source import RecordingSource

__all__ = ["read", "recognises_bag", "recognises_mcap"]


def read(path: Path, options: ReaderOptions) -> RecordingSource:
    """Open a log; see `fusion.readers.ros.reader.read`."""
    # ROS's message types and OpenCV take a moment to load: only who reads a log waits for them.
    from fusion.readers.ros import reader

    return reader.read(path, options)
