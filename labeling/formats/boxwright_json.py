"""Our own tracks as JSON: everything, losslessly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from calibration.errors import EditError, FormatError
from fusion.recording import Recording
from labeling.formats.report import ExportReport
from labeling.ontology import Ontology
from labeling.track import Track
from labeling.track_record import tracks_from_json, tracks_to_json


def write(recording: Recording, tracks: Mapping[str, Track], path: Path) -> ExportReport:
    """All tracks, knots with their makers, presence, states and attributes."""
    path.write_bytes(tracks_to_json(list(tracks.values())))
    return ExportReport(sum(map(len, tracks.values())), len(tracks))


def read(recording: Recording, path: Path, ontology: Ontology) -> list[Track]:
    """Inverse of `write`. Raises FormatError with the first thing that is wrong."""
    try:
        return tracks_from_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise FormatError(
            f"not a Boxwright track file ({first['msg']} at {place or 'the start'})", where=path
        ) from error
    except EditError as error:
        raise FormatError(f"a track in the file makes no sense ({error})", where=path) from error
