"""Points as lines of numbers: the ascii variants of PCD and PLY."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from calibration.errors import FormatError
from fusion.readers.clouds.table import Column, check_room
from fusion.readers.folder_files import parsing

Field = tuple[str, np.dtype[np.generic], int]


def text_columns(body: bytes, fields: list[Field], count: int, where: Path) -> dict[str, Column]:
    """Columns by name from `count` rows. fields: name, type and how many numbers, in the order of the row.

    A name that is `_` is padding. Raises FormatError if rows are missing, ragged or not numbers.
    """
    width = sum(number for _, _, number in fields)
    check_room(2 * count * width - 1 if count else 0, len(body), where)
    kind = np.dtype([(f"f{i}", _wide(dtype), (number,)) for i, (_, dtype, number) in enumerate(fields) if number])
    if count == 0:
        table = np.empty(0, kind)
    else:
        with parsing("the rows of points are not numbers, or of different length", where):
            text = io.TextIOWrapper(io.BytesIO(body), encoding="ascii")
            table = np.atleast_1d(np.loadtxt(text, dtype=kind, comments=None, max_rows=count))
    if len(table) != count:
        raise FormatError(f"the file declares {count} points and has {len(table)}", where=where)
    columns: dict[str, Column] = {}
    for i, (name, dtype, number) in enumerate(fields):
        if number and name != "_":
            values = table[f"f{i}"].astype(dtype)
            columns.setdefault(name, values[:, 0] if number == 1 else values)
    return columns


def _wide(dtype: np.dtype[np.generic]) -> type[np.generic]:
    return {"f": np.float64, "i": np.int64, "u": np.uint64}[dtype.kind]
