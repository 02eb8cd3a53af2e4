"""The registry of label formats; the next one is one file and one entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from calibration.errors import FormatError
from fusion.recording import Recording
from labeling.formats import argoverse2, boxwright_json, kitti
from labeling.formats.report import ExportReport
from labeling.ontology import Ontology
from labeling.track import Track

Export = Callable[[Recording, Mapping[str, Track], Path], ExportReport]
Read = Callable[[Recording, Path, Ontology], list[Track]]


@dataclass(frozen=True, slots=True)
class LabelFormat:
    """A format of labels. suffix: how its files end. write: raises OSError; read: raises FormatError."""

    title: str
    suffix: str
    write: Export
    read: Read


LABEL_FORMATS: dict[str, LabelFormat] = {
    "argoverse2": LabelFormat("Argoverse 2 annotations.feather", ".feather", argoverse2.write, argoverse2.read),
    "kitti": LabelFormat("KITTI tracking label text", ".txt", kitti.write, kitti.read),
    "boxwright": LabelFormat("Boxwright tracks JSON, lossless", ".json", boxwright_json.write, boxwright_json.read),
}


def guess_label_format(path: Path, format_name: str | None) -> LabelFormat:
    """The format of a label file, by name or by its ending. Raises FormatError if there is none."""
    known = ", ".join(LABEL_FORMATS)
    if format_name is not None and format_name not in LABEL_FORMATS:
        raise FormatError(f"unknown label format {format_name!r}", do=f"one of {known}", where=path)
    if format_name is not None:
        return LABEL_FORMATS[format_name]
    for each in LABEL_FORMATS.values():
        if path.suffix == each.suffix:
            return each
    raise FormatError("no label format has files that end so", do=f"name one of {known} with --format", where=path)
