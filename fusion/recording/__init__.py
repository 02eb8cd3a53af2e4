"""The recording file: everything the sensors delivered, written once, read at random. Labels never live in it."""

from fusion.recording.reader import Recording
from fusion.recording.source import RecordingSource, SourceStream
from fusion.recording.writer import write_recording

__all__ = ["Recording", "RecordingSource", "SourceStream", "write_recording"]
