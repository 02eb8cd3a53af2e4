"""Finding and reading the files of a dataset folder, with one clear line for whatever is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from calibration.errors import CalibrationError, FormatError, UnsafeInputError
from calibration.quaternion import FloatArray

_LONGEST_TEXT = 256 << 20
_FAULTS = (ValueError, LookupError, TypeError, OverflowError, AttributeError, RecursionError, OSError, CalibrationError)


@contextmanager
def parsing(what: str, where: Path) -> Iterator[None]:
    """What goes wrong in here is the file's fault: FormatError("what: why", where)."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            yield
    except _FAULTS as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise FormatError(f"{what} ({reason})", where=where) from error


def inside(root: Path, name: str | Path) -> Path:
    """`root / name`. Raises UnsafeInputError where `..`, an absolute name or a link leads out of `root`."""
    path = root / name
    with parsing("an impossible file name", root):
        outside = not path.resolve().is_relative_to(root.resolve())
    if outside:
        raise UnsafeInputError(
            "a name leads out of the folder that is imported", do="put the file itself there", where=path
        )
    return path


def read_bytes(path: Path) -> bytes:
    """A file's bytes. Raises FormatError if it is missing or cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise FormatError("a file is missing", do="complete the download", where=path) from error
    except OSError as error:
        raise FormatError(f"a file cannot be read ({error.strerror})", where=path) from error


def read_text(path: Path) -> str:
    """A text file. Raises FormatError if it is missing, not UTF-8, or not what anybody would call a text file."""
    if path.is_file() and path.stat().st_size > _LONGEST_TEXT:
        raise FormatError(f"a text file of more than {_LONGEST_TEXT >> 20} MB", where=path)
    with parsing("not a text file", path):
        return read_bytes(path).decode("utf-8")


def read_lines(path: Path) -> list[str]:
    """The lines that say something: stripped, without empty ones and comments (#)."""
    stripped = (line.strip() for line in read_text(path).splitlines())
    return [line for line in stripped if line and not line.startswith("#")]


def read_table(path: Path, columns: int) -> FloatArray:
    """(N, columns) float64: numbers between spaces or commas. Raises FormatError if a row has another length."""
    rows = [line.replace(",", " ").split() for line in read_lines(path)]
    for number, row in enumerate(rows, start=1):
        if len(row) != columns:
            raise FormatError(f"row {number} has {len(row)} numbers, not {columns}", where=path)
    return finite(rows, path).reshape(-1, columns)


def finite(values: object, where: Path) -> FloatArray:
    """Float64 of nested lists of numbers or of their text. Raises FormatError unless all are finite."""
    with parsing("something that is not a number", where):
        array = np.asarray(values, dtype=np.float64)
    if not np.all(np.isfinite(array)):
        raise FormatError("a number is not finite", where=where)
    return array


def files_by_stem(root: Path, folder: str | Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """Files of a sub-folder by name without suffix, sorted; empty where there is no such folder.

    Raises UnsafeInputError for a link that leads out of `root`, FormatError if the folder cannot be listed.
    """
    path = inside(root, folder)
    if not path.is_dir():
        return {}
    try:
        with os.scandir(path) as entries:
            found = sorted((e.name, e.is_symlink()) for e in entries if e.name.lower().endswith(suffixes))
    except OSError as error:
        raise FormatError(f"a folder cannot be listed ({error.strerror})", where=path) from error
    files = {}
    for name, linked in found:
        files[name.rsplit(".", 1)[0]] = inside(root, path.relative_to(root) / name) if linked else path / name
    return files


def folders_in(path: Path) -> list[Path]:
    """Sub-folders, sorted; links are not followed."""
    try:
        return sorted(each for each in path.iterdir() if each.is_dir() and not each.is_symlink())
    except OSError:
        return []


def candidates(path: Path, is_one: Callable[[Path], bool], depth: int = 2) -> list[Path]:
    """The folder itself if it is one, else what is one among its sub-folders, at most `depth` levels down."""
    if is_one(path):
        return [path]
    if depth == 0 or not path.is_dir():
        return []
    return [found for folder in folders_in(path) for found in candidates(folder, is_one, depth - 1)]


def the_only(path: Path, found: list[Path], what: str) -> Path:
    """The one that was found. Raises FormatError that lists them where there are several, or none."""
    if len(found) == 1:
        return found[0]
    if not found:
        raise FormatError(f"there is no {what} here", where=path)
    names = ", ".join(str(each.relative_to(path)) for each in found[:12]) + (", ..." if len(found) > 12 else "")
    raise FormatError(f"{len(found)} of them ({what}): {names}", do="give the path of one", where=path)
