"""Which file is which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from calibration.errors import FormatError, InputError
from fusion.recording import Recording
from labeling.automation.detections import argoverse2, kitti, nuscenes, openlabel, own_json
from labeling.automation.detections.detected import Detected

DETECTION_FORMATS: dict[str, Callable[[Recording, Path], Detected]] = {
    "boxwright": own_json.read,
    "kitti": kitti.read,
    "nuscenes": nuscenes.read,
    "argoverse2": argoverse2.read,
    "openlabel": openlabel.read,
}
_HEAD_BYTES = 4096


def read_detections(recording: Recording, path: Path, format_name: str | None = None) -> Detected:
    """Detections of a recording, from a file in any of the formats; guessed if none is named.

    Raises InputError where there is no file or no such format, FormatError for a broken one.
    """
    if not path.exists():
        raise InputError("there is no such file of detections", do="check the path", where=path)
    name = format_name or _guess(path)
    if name not in DETECTION_FORMATS:
        raise InputError(f"unknown format {name!r}", do=f"one of {', '.join(DETECTION_FORMATS)}", where=path)
    try:
        return DETECTION_FORMATS[name](recording, path)
    except FormatError as error:
        if str(path) in str(error):
            raise
        raise FormatError(str(error), where=path) from error


def _guess(path: Path) -> str:
    if path.is_dir() or path.suffix == ".txt":
        return "kitti"
    if path.suffix == ".feather":
        return "argoverse2"
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    for mark, name in ((b'"openlabel"', "openlabel"), (b'"results"', "nuscenes"), (b'"meta"', "nuscenes")):
        if mark in head:
            return name
    return "boxwright"
