"""A project folder: an ontology, recordings, and the labels of all of them.

DIR/ontology.yaml          classes, sizes, colours, attributes
DIR/recordings/NAME.h5     what the sensors delivered, one file a recording
DIR/labels.db              tracks, adopted rigs, and the journal of both (SQLite)
DIR/truth/NAME.truth.h5    the exact truth of a synthetic recording; nothing that labels reads it
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from calibration import Rig
from calibration.errors import BoxwrightError, InputError, UsageError
from fusion.recording import Recording, layout
from fusion.scenario.truth.layout import SUFFIX as TRUTH_SUFFIX
from labeling.editing.service import LabelService, Permission, everybody_may
from labeling.editing.store import Store
from labeling.ontology import Ontology, default_ontology, read_ontology, write_ontology
from labeling.quality.verdicts import VerdictLog
from labeling.review import People, ReviewService
from labeling.versions import VersionService

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Project:
    """A project folder that exists. No path outside of it is ever built from a user's name."""

    root: Path

    @staticmethod
    def create(root: Path) -> Project:
        """Make the folder, or complete one. Raises InputError if it cannot be written."""
        project = Project(root)
        try:
            project._recordings.mkdir(parents=True, exist_ok=True)
            if not project._ontology.exists():
                write_ontology(default_ontology(), project._ontology)
        except OSError as error:
            raise InputError(
                f"cannot write the project folder ({error.strerror})", do="choose a writable folder", where=root
            ) from error
        project.labels().close()
        return project

    @staticmethod
    def open(root: Path) -> Project:
        """Open a folder. Raises InputError if it is no project."""
        project = Project(root)
        if not project._ontology.is_file():
            raise InputError("not a Boxwright project", do="make one with `boxwright init DIR`", where=root)
        return project

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.root.resolve().name

    @property
    def _recordings(self) -> Path:
        return self.root / "recordings"

    @property
    def _ontology(self) -> Path:
        return self.root / "ontology.yaml"

    @property
    def _labels(self) -> Path:
        return self.root / "labels.db"

    def recording_names(self) -> tuple[str, ...]:
        """Names of the recordings, sorted."""
        return tuple(sorted(path.stem for path in self._recordings.glob(f"*{layout.SUFFIX}")))

    def recording_path(self, name: str) -> Path:
        """Where a recording of that name is or would be. Raises UsageError for a name that could leave the folder."""
        if not _NAME.fullmatch(name):
            raise UsageError(f"a recording cannot be called {name!r}", do="use letters, digits, dots, dashes")
        return self._recordings / f"{name}{layout.SUFFIX}"

    def truth_path(self, name: str) -> Path:
        """Where the truth of a synthetic recording is or would be. Raises UsageError as `recording_path` does."""
        return self.root / "truth" / f"{self.recording_path(name).stem}{TRUTH_SUFFIX}"

    def recording(self, name: str) -> Recording:
        """Open a recording, with the rig in force. Raises RecordingError if there is none of that name."""
        recording = self.recording_as_it_came(name)
        try:
            rig = self._adopted_rig(name)
            if rig is not None:
                recording.set_rig(rig)
        except BoxwrightError:
            recording.close()
            raise
        return recording

    def recording_as_it_came(self, name: str) -> Recording:
        """Open a recording with the rig that its source had. Raises as `recording` does."""
        return Recording.open(self.recording_path(name))

    def _adopted_rig(self, name: str) -> Rig | None:
        if not self._labels.is_file():
            return None
        labels = self.labels()
        try:
            return labels.rig(name)
        finally:
            labels.close()

    def _check_rig(self, name: str, rig: Rig) -> None:
        with self.recording_as_it_came(name) as recording:
            recording.set_rig(rig)

    def ontology(self) -> Ontology:
        """The classes."""
        return read_ontology(self._ontology)

    def save_ontology(self, ontology: Ontology) -> None:
        """Replace the classes."""
        write_ontology(ontology, self._ontology)

    def labels(self, permission: Permission = everybody_may) -> LabelService:
        """The door to the labels."""
        return LabelService(Store.open(self._labels), permission, self._check_rig)

    def people(self) -> People:
        """Who works on it."""
        return People(Store.open(self._labels))

    def review(self) -> ReviewService:
        """The door to tasks and comments."""
        return ReviewService(Store.open(self._labels))

    def verdicts(self) -> VerdictLog:
        """What people said of findings."""
        return VerdictLog(Store.open(self._labels))

    def versions(self) -> VersionService:
        """Names for points of the labels' history."""
        return VersionService(Store.open(self._labels))
