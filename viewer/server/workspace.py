"""One project being served: recordings stay open, clouds around the current frame stay warm."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from fusion.cloud import Cloud, fused_cloud
from fusion.recording import Recording
from labeling.automation.one_click import Sights
from labeling.automation.solving import TrackSolver
from labeling.editing.layers import layer_key, layer_of, recording_of
from labeling.editing.service import LabelService
from labeling.frame_times import FrameTimes
from labeling.ontology import Ontology
from labeling.project import Project
from labeling.quality.live import LiveChecks
from labeling.quality.verdicts import VerdictLog
from labeling.review import LabelPermission, People, Person, ReviewService, may_see

_WARM_CLOUDS = 8
_WARM_POINTS = 12_000_000  # 21 bytes each


@dataclass(frozen=True, slots=True)
class Fitting:
    """Both remember what they read, so one request at a time uses them: hold the lock."""

    sights: Sights
    solver: TrackSolver
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(slots=True)
class OpenRecording:
    """A recording and what is remembered of it; the lock guards the memory, not the file."""

    recording: Recording
    times: FrameTimes
    rig_number: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    _clouds: OrderedDict[int, Cloud] = field(default_factory=OrderedDict)
    _fitting: Fitting | None = None

    @property
    def fitting(self) -> Fitting:
        """What fits cuboids and solves tracks, made when first asked for."""
        with self.lock:
            if self._fitting is None:
                self._fitting = Fitting(Sights(self.recording), TrackSolver(self.recording))
            return self._fitting

    def cloud(self, frame: int) -> Cloud:
        """The frame's cloud, read at most once while it is among the last few."""
        with self.lock:
            if frame not in self._clouds:
                self._clouds[frame] = fused_cloud(self.recording, frame)
                self._forget_old_clouds()
            self._clouds.move_to_end(frame)
            return self._clouds[frame]

    def _forget_old_clouds(self) -> None:
        """The newest always stays, however large it is."""
        while len(self._clouds) > 1:
            if len(self._clouds) <= _WARM_CLOUDS and sum(map(len, self._clouds.values())) <= _WARM_POINTS:
                return
            self._clouds.popitem(last=False)


class Workspace:
    """A project with its door to the labels, shared by all requests."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.people: People = project.people()
        self.review: ReviewService = project.review()
        self.labels: LabelService = project.labels(LabelPermission(self.people, self.review))
        self.verdicts: VerdictLog = project.verdicts()
        self.checks = LiveChecks()
        self.ontology: Ontology = project.ontology()
        self._open: dict[str, OpenRecording] = {}
        self._left: list[OpenRecording] = []  # with an earlier rig; a request may still be reading them
        self._lock = threading.Lock()

    def recording(self, name: str) -> OpenRecording:
        """The recording of that name, or of that layer, with the rig in force. Raises RecordingError if there is
        none."""
        layer_key(recording_of(name), layer_of(name))
        name = recording_of(name)
        number = self.labels.rig_number(name)
        with self._lock:
            opened = self._open.get(name)
            if opened is None or opened.rig_number < number:
                if opened is not None:
                    self._left.append(opened)
                recording = self.project.recording(name)
                opened = self._open[name] = OpenRecording(recording, FrameTimes(recording), number)
            return opened

    def frame_counts(self, person: Person) -> dict[str, int]:
        """Number of frames of every recording, and of every layer that somebody may see."""
        known = self.project.recording_names()
        layers = (each for each in self.labels.layers() if recording_of(each) in known and may_see(person, each))
        return {name: len(self.recording(name).recording.frames) for name in sorted({*known, *layers})}

    def close(self) -> None:
        """Release files."""
        self.checks.close()
        for service in (self.labels, self.review, self.people, self.verdicts):
            service.close()
        for each in (*self._open.values(), *self._left):
            each.recording.close()
