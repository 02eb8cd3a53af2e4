"""Open a log of any kind and make a source of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from calibration.errors import FormatError
from fusion.readers.options import ReaderOptions
from fusion.readers.ros.bag1_file import Bag1File
from fusion.readers.ros.bag2_folder import BagFolder, SqliteFile
from fusion.readers.ros.extras import parse_extras
from fusion.readers.ros.guessed import guessed_source
from fusion.readers.ros.log import DamageError, Log
from fusion.readers.ros.mcap_file import McapFile
from fusion.readers.ros.naming import LEAVE_OUT
from fusion.readers.ros.survey import survey
from fusion.readers.ros.told import told_source
from fusion.recording.source import RecordingSource

_FILES: dict[str, Callable[[Path], Log]] = {".mcap": McapFile, ".bag": Bag1File, ".db3": SqliteFile}


def read(path: Path, options: ReaderOptions) -> RecordingSource:
    """Open a log.

    The log is walked through once, for times, calibration and poses; clouds and images stay in it until they are
    loaded. Raises FormatError if it is none of ours, damaged from the start, or holds no sensor.
    """
    try:
        log = _open(path)
        found = survey(log, lambda topic: options.streams.get(topic) == LEAVE_OUT)
        extras = None if log.attachment is None else parse_extras(log.attachment)
        source = None if extras is None or options.streams else told_source(path, log, found, extras)
        source = source or guessed_source(path, log, found, options)
    except (OSError, DamageError) as error:
        raise FormatError(f"cannot be read ({error})", where=path) from error
    return replace(source, notes=(*source.notes, *log.notes))


def _open(path: Path) -> Log:
    if path.is_dir():
        return BagFolder(path)
    if path.suffix not in _FILES:
        raise FormatError("neither .mcap nor .bag nor .db3", where=path)
    return _FILES[path.suffix](path)
