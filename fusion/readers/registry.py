"""The registry of readers: which there are, and which one a folder is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from calibration.errors import FormatError
from fusion.readers import argoverse2, pandaset
from fusion.readers.options import ReaderOptions
from fusion.recording.source import RecordingSource


@dataclass(frozen=True, slots=True)
class Reader:
    """A dataset format. recognises(path): whether the folder or file looks like one; read(path, options): a lazy
    source."""

    title: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, ReaderOptions], RecordingSource]


READERS: dict[str, Reader] = {
    "pandaset": Reader("PandaSet sequence folder", pandaset.recognises, pandaset.read),
    "argoverse2": Reader("Argoverse 2 sensor log folder", argoverse2.recognises, argoverse2.read),
}


def read_source(path: Path, format_name: str | None = None, options: ReaderOptions | None = None) -> RecordingSource:
    """Open a dataset folder or file, guessing the format unless it is given.

    Raises FormatError if the path is missing, the format unknown, or nobody recognises the folder.
    """
    known = ", ".join(READERS)
    if not path.exists():
        raise FormatError("there is nothing to import", do="check the path", where=path)
    if format_name is not None and format_name not in READERS:
        raise FormatError(f"unknown format {format_name!r}", do=f"one of {known}", where=path)
    names = [format_name] if format_name else [name for name, reader in READERS.items() if reader.recognises(path)]
    if not names:
        raise FormatError("no reader recognises this folder", do=f"name one of {known} with --format", where=path)
    return READERS[names[0]].read(path, options or ReaderOptions())
