"""The two streams of motion that a command was called with: files, or names in a recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from calibration.errors import UsageError
from fusion.motion_streams import MotionStream, angular_speeds, motion_of, read_motion
from labeling.project import Project
from viewer.cli.calibrating.pages import Series
from viewer.cli.console import progress_bar


@dataclass(frozen=True, slots=True)
class TwoStreams:
    """a, b: paths of files, or names of streams of the recording."""

    a: str
    b: str
    project: Path | None
    recording: str | None

    def read(self) -> tuple[MotionStream, MotionStream]:
        """Raises UsageError, InputError."""
        if (self.project is None) != (self.recording is None):
            raise UsageError("a recording needs both --project and --recording")
        if self.a == self.b:
            raise UsageError("these are one stream twice", where=self.a)
        return self._one(self.a), self._one(self.b)

    def _one(self, name: str) -> MotionStream:
        path = Path(name)
        if path.is_file():
            return read_motion(path)
        if self.project is None or self.recording is None:
            raise UsageError(
                "there is no such file", do="name files, or streams with --project and --recording", where=name
            )
        with Project.open(self.project).recording(self.recording) as recording, progress_bar(name) as progress:
            return motion_of(recording, name, progress)


def speeds(a: MotionStream, b: MotionStream, offset_ns: float) -> list[Series]:
    """Of both, b by a's clock, over the seconds of a."""
    seconds_a, speeds_a = angular_speeds(a.turning)
    seconds_b, speeds_b = angular_speeds(b.turning)
    later = (float(b.turning.times_ns[0] - a.turning.times_ns[0]) + offset_ns) * 1e-9
    return [(a.name, seconds_a, speeds_a), (b.name, seconds_b + later, speeds_b)]
