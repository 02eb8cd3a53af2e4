"""calibrate intrinsics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from calibration import CameraModel, Rig
from calibration.errors import InputError, UsageError
from calibration.intrinsics import Calibrated, board_of, calibrate
from calibration.intrinsics.detecting import Gray
from calibration.intrinsics.photos import Looked, look
from calibration.intrinsics.report import report_html
from fusion.photos import decode_photo
from fusion.progress import Progress
from labeling.project import Project
from viewer.cli.calibrating.adopting import adopt_rig
from viewer.cli.console import print_json, progress_bar, results

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pgm"})


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of photos, or a camera of a recording."""

    images: Path | None
    project: Path | None
    recording: str | None
    camera: str | None
    every: int

    def photos(self, progress: Progress) -> Iterator[tuple[str, Gray]]:
        """Name and grey image. Raises UsageError, InputError."""
        if (self.images is None) == (self.project is None):
            raise UsageError("say which photos: with --images, or with --project, --recording and --camera")
        return self._of_folder(self.images, progress) if self.images is not None else self._of_recording(progress)

    def _of_folder(self, folder: Path, progress: Progress) -> Iterator[tuple[str, Gray]]:
        if not folder.is_dir():
            raise InputError("there is no such folder of photos", do="check the path", where=folder)
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in _SUFFIXES)
        if not files:
            raise InputError(f"no photos here: {', '.join(sorted(_SUFFIXES))}", where=folder)
        for done, file in enumerate(files, start=1):
            photo = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_GRAYSCALE)
            if photo is None:
                raise InputError("not a photo that can be read", do="remove it or convert it", where=file)
            yield file.name, np.asarray(photo, dtype=np.uint8)
            progress(done, len(files))

    def _of_recording(self, progress: Progress) -> Iterator[tuple[str, Gray]]:
        if self.project is None or self.recording is None or self.camera is None:
            raise UsageError("a recording's photos need --project, --recording and --camera")
        with Project.open(self.project).recording(self.recording) as recording:
            if self.camera not in recording.cameras():
                known = ", ".join(recording.cameras()) or "none"
                raise UsageError(f"there is no camera {self.camera!r}", do=f"cameras: {known}", where=self.recording)
            indices = range(0, len(recording.times_ns(self.camera)), self.every)
            for done, index in enumerate(indices, start=1):
                colour = decode_photo(recording.image(self.camera, index))
                yield f"{self.camera} {index}", np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
                progress(done, len(indices))


def intrinsics(
    source: Source, size: str, kind: str, square_m: float, report: Path | None, *, adopt: bool, as_json: bool
) -> None:
    """Look, estimate, tell."""
    board = board_of(size, square_m, kind)
    if adopt and source.project is None:
        raise UsageError("only a recording has a rig to adopt it in", do="give --project, --recording and --camera")
    with progress_bar("looking for the board") as progress:
        looked = look(source.photos(progress), board)
    looked.check(board)
    found = calibrate(looked.seen, board, *looked.size_px)
    if report is not None:
        title = f"Intrinsics of {source.camera or (source.images.name if source.images else 'a camera')}"
        try:
            report.write_text(report_html(found, looked.failures, title), encoding="utf-8")
        except OSError as error:
            raise InputError(f"cannot write the report ({error.strerror})", where=report) from error
    if adopt:
        _adopt(source, found)
    if as_json:
        print_json(to_record(found, looked))
    else:
        _print(found, looked)


def _adopt(source: Source, found: Calibrated) -> None:
    assert source.project is not None
    assert source.recording is not None
    project = Project.open(source.project)
    with project.recording(source.recording) as recording:
        rig = recording.rig
    sensors = tuple(_with(each, found.camera) if each.name == source.camera else each for each in rig)
    how = f"intrinsics of {source.camera} from {sum(view.used for view in found.views)} photos of a board"
    adopt_rig(project, source.recording, Rig(sensors), how)


def _with(sensor: Any, camera: CameraModel) -> Any:
    return replace(sensor, camera=camera)


def to_record(found: Calibrated, looked: Looked) -> dict[str, Any]:
    """As plain JSON values."""
    return {
        "camera": found.camera.to_record(),
        "model": found.model,
        "rms_px": found.rms_px,
        "sigmas": dict(found.sigmas),
        "validation_px": dict(found.validation_px),
        "views": {
            view.name: {"rms_px": view.rms_px, "used": view.used, "outlier": view.outlier} for view in found.views
        },
        "failures": looked.failures,
    }


def _print(found: Calibrated, looked: Looked) -> None:
    record = found.camera.to_record()
    used = sum(view.used for view in found.views)
    results.print(f"{found.model}: RMS {found.rms_px:.3f} px over {used} photos")
    for name, sigma in found.sigmas.items():
        results.print(f"  {name:6} {record[name]:12.5f} +- {sigma:.5f}")
    for view in found.views:
        if view.outlier:
            results.print(f"! {view.name} does not agree with the others: RMS {view.rms_px:.2f} px")
    for name, why in looked.failures.items():
        results.print(f"? {name}: {why}")
