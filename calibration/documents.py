"""Files that people write: YAML, checked against a type, with one clear line for the first thing that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from calibration.errors import FormatError, InputError

T = TypeVar("T")

_LARGEST_BYTES = 1_000_000


def read_document(path: Path, adapter: TypeAdapter[T], what: str) -> T:
    """Read and check a file; `what` is its name in messages ("scenario").

    Raises InputError if it cannot be read, FormatError if it is too large, no YAML, or breaks the type.
    """
    return checked(_content(path, what), adapter, what, path)


def checked(content: object, adapter: TypeAdapter[T], what: str, where: object) -> T:
    """What was parsed from YAML or JSON, as a value of the type. Raises FormatError with the first wrong place."""
    try:
        return adapter.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise FormatError(f"the {what} is wrong at {place or 'the start'}: {first['msg']}", where=where) from error


def _content(path: Path, what: str) -> object:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise FormatError(f"a {what} file of more than a megabyte", where=path)
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise FormatError("not text in UTF-8", do="save it as UTF-8", where=path) from error
    except OSError as error:
        raise InputError(f"cannot read the {what} ({error.strerror})", where=path) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise FormatError(f"not valid YAML ({' '.join(str(error).split())})", where=path) from error
